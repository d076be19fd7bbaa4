//! What holds for every rule: it does not matter how often the clock is looked at, when the state
//! is stored, or whether samples come twice; and missing data never turn a verdict round.

use crate::{
    AvailabilityRule, Judgement, Rule, Statistic,
    testing::{
        Bench, Event, Played, Player, at, every5, gated, hold, instant, interlock, mean,
        rules_over_time, stored, t,
    },
};
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_domain::{BadReason, Reading, Sample, Timestamp, Verdict};

const END: i64 = 2_000;

fn benches() -> Vec<Bench> {
    let rules = [
        instant(0),
        instant(60),
        gated(30),
        mean(10),
        hold(false),
        hold(true),
        interlock(),
        Rule::Availability(AvailabilityRule::default()),
    ];
    let mut benches: Vec<Bench> = rules.into_iter().map(Bench::new).collect();
    benches.push(Bench::new(instant(60)).deadband(0.1).open("mon-sun 10:05-10:20"));
    benches.extend(rules_over_time().into_iter().map(|rule| Bench::new(rule).near_midnight()));
    benches.push(Bench::new(mean(5)).deadband(0.1).open("mon-sun 10:05-10:20"));
    benches.push(super::cycle::tests::bench());
    benches.extend(super::events::tests::benches());
    benches
}

/// Readings that matter to all rules: inside and outside limits, on and off, hot and cold, bad.
fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        8 => prop::sample::select(vec![0.0, 0.2, 0.3, 0.35, 0.5, 1.0, 1.2, 50.0, 123.0, 126.0])
            .prop_map(Reading::from_number),
        1 => Just(Reading::Bad(None, BadReason::CommFailure)),
    ]
}

/// Samples in order of arrival, some late, no two of one input of the same moment.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..20_i64, 0..4_usize, reading(), prop_oneof![3 => Just(0), 1 => 0..40_i64]);
    prop::collection::vec(event, 0..150).prop_map(|raw| {
        let (mut now, mut seen) = (0, Vec::new());
        let mut events = Vec::new();
        for (wait, input, reading, late) in raw {
            now += wait;
            let source = now - late;
            if now < END && !seen.contains(&(input, source)) {
                seen.push((input, source));
                let sample = Sample { source_time: t(source), received_time: t(now), reading };
                events.push(Event { now: t(now), input, sample });
            }
        }
        events
    })
}

/// The verdict of every second, if there is exactly one; `.` where there is none.
fn labels(played: &Played) -> String {
    let mut labels = vec!['.'; usize::try_from(END).unwrap()];
    for passed in played.passed() {
        let sign = match passed.verdict {
            Verdict::Compliant => '+',
            Verdict::NonCompliant => '-',
            Verdict::Indeterminate => '?',
        };
        for second in crate::testing::seconds(passed.from)..crate::testing::seconds(passed.to) {
            let label = &mut labels[usize::try_from(second).unwrap()];
            assert_eq!(*label, '.', "second {second} was judged twice");
            *label = sign;
        }
    }
    labels.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn looking_at_the_clock_more_often_changes_nothing(
        events in events(),
        looks in prop::collection::btree_set(0..END * 1_000, 0..100),
    ) {
        for bench in benches() {
            let mut player = Player::new(bench.evaluator(t(0)));
            let mut looks = looks.iter().map(|ms| t(0) + Duration::from_millis(ms.unsigned_abs())).peekable();
            for event in &events {
                while let Some(look) = looks.next_if(|look| *look <= event.now) {
                    player.fire(look);
                    player.evaluator.advance(look, &mut player.out);
                }
                player.observe(*event);
            }
            prop_assert_eq!(player.finish(t(END)), bench.play(&events, END));
        }
    }

    #[test]
    fn deadlines_may_be_fired_late_by_the_rules_that_go_by_the_samples(events in events()) {
        for bench in benches() {
            if matches!(bench.requirement.rule, Rule::Availability(_)) {
                continue;
            }
            let mut lazy = Player::new(bench.evaluator(t(0)));
            for Event { now, input, sample } in &events {
                lazy.evaluator.observe(*now, *input, sample, &mut lazy.out);
            }
            prop_assert_eq!(lazy.finish(t(END)).out, bench.play(&events, END).out);
        }
    }

    #[test]
    fn a_state_goes_through_json_at_any_moment(events in events()) {
        for bench in benches() {
            let mut player = Player::new(bench.evaluator(t(0)));
            for event in &events {
                player.observe(*event);
                let mut next = bench.evaluator(t(1_000_000));
                let state = player.evaluator.state();
                prop_assert_eq!(&stored(&state), &state);
                next.restore(stored(&state)).unwrap();
                player.evaluator = next;
            }
            prop_assert_eq!(player.finish(t(END)), bench.play(&events, END));
        }
    }

    #[test]
    fn samples_may_come_twice(events in events(), again in prop::collection::vec(0..8_usize, 150)) {
        let mut doubled = Vec::new();
        for (index, event) in events.iter().enumerate() {
            doubled.push(*event);
            // An earlier one once more, with the clock as it is now.
            let earlier = events[index.saturating_sub(again[index])];
            doubled.push(Event { now: event.now, ..earlier });
        }
        for bench in benches() {
            prop_assert_eq!(bench.play(&doubled, END), bench.play(&events, END));
        }
    }

    #[test]
    fn verdicts_come_in_order_and_never_overlap(events in events()) {
        for bench in benches() {
            let played = bench.play(&events, END);
            labels(&Played { out: played.out.iter().filter(|judgement| match judgement {
                Judgement::Verdict(passed) => passed.from >= t(0) && passed.to <= t(END),
                Judgement::Standing(_) => true,
            }).cloned().collect(), ..played.clone() });
            let ends: Vec<Timestamp> = played.passed().iter().map(|passed| passed.to).collect();
            prop_assert!(ends.is_sorted());
            for passed in played.passed() {
                prop_assert!(passed.from < passed.to);
                prop_assert!((0.0..=1.0).contains(&passed.coverage));
                prop_assert!(passed.value.is_none_or(f64::is_finite));
                prop_assert!(!passed.explanation.zh.is_empty() && !passed.explanation.en.is_empty());
            }
            let standings: Vec<_> = played.out.iter().filter_map(|judgement| match judgement {
                Judgement::Standing(standing) => Some((standing.verdict, &standing.note)),
                Judgement::Verdict(_) => None,
            }).collect();
            prop_assert!(standings.windows(2).all(|pair| pair[0] != pair[1]), "said twice");
        }
    }

    #[test]
    fn lost_data_leave_a_verdict_or_make_it_indeterminate(
        events in events(),
        lost in prop::collection::vec(prop::bool::weighted(0.2), 150),
    ) {
        let mut in_time = events;
        in_time.iter_mut().for_each(|event| event.sample = Sample::at(event.now, event.sample.reading));
        in_time.dedup_by_key(|event| (event.input, event.now));
        let mut holed = in_time.clone();
        for (event, lost) in holed.iter_mut().zip(lost) {
            if lost {
                event.sample.reading = Reading::Bad(None, BadReason::CommFailure);
            }
        }
        for rule in [instant(0), instant(60), interlock()] {
            let bench = Bench::new(rule);
            let (full, less) = (labels(&bench.play(&in_time, END)), labels(&bench.play(&holed, END)));
            for (second, (full, less)) in full.chars().zip(less.chars()).enumerate() {
                prop_assert!(full == less || less == '?' || less == '.', "{second}: {full} became {less}");
            }
        }
    }

    #[test]
    fn an_instant_limit_agrees_with_a_slow_and_simple_judge(
        events in events(),
        persistence in prop_oneof![Just(0), 1..200_i64],
    ) {
        let mut samples = BTreeMap::new();
        for event in &events {
            samples.insert(crate::testing::seconds(event.now), event.sample.reading.good());
        }
        let events: Vec<Event> = samples.iter().map(|(s, v)| at(*s, v.map(weir_domain::Value::get))).collect();
        let bench = Bench::new(instant(persistence.unsigned_abs()));
        prop_assert_eq!(labels(&bench.play(&events, END)), simple_judge(&events, persistence));
    }

    #[test]
    fn the_order_of_arrival_does_not_change_a_mean(
        readings in prop::collection::vec((1..30_i64, reading(), 0..=60_u64), 1..120),
    ) {
        let (mut second, mut in_order) = (0, Vec::new());
        for (wait, reading, late) in readings {
            second += wait;
            let event = Event { now: t(second), input: 0, sample: Sample::at(t(second), reading) };
            in_order.push((event, event.late(late)));
        }
        let on_time: Vec<Event> = in_order.iter().map(|(on_time, _)| *on_time).collect();
        let mut late: Vec<Event> = in_order.iter().map(|(_, late)| *late).collect();
        late.sort_by_key(|event| event.now);
        for bench in [Bench::new(mean(10)), Bench::new(mean(5)).open("mon-sun 10:05-10:20")] {
            let (end, on_time) = (second + 120, &on_time);
            prop_assert_eq!(bench.play(&late, end), bench.play(on_time, end));
        }
    }
}

/// Judges second by second, by looking at all samples for each of them.
fn simple_judge(events: &[Event], persistence: i64) -> String {
    let value = |second: i64| {
        let last = events.iter().rev().find(|event| event.sample.source_time <= t(second))?;
        let speaks = t(second) < last.sample.source_time + crate::testing::MAX_GAP;
        last.sample.reading.good().filter(|_| speaks).map(weir_domain::Value::get)
    };
    let raw: Vec<char> = (0..END)
        .map(|second| match value(second) {
            None => '?',
            Some(value) if (0.3..=1.0).contains(&value) => '+',
            Some(_) => 'o',
        })
        .collect();
    let mut judged = String::new();
    for run in raw.chunk_by(|a, b| a == b) {
        let before = judged.chars().last().unwrap_or('?');
        let after = raw.get(judged.len() + run.len()).unwrap_or(&'?');
        let sign = match run[0] {
            'o' if run.len() as i64 >= persistence => '-',
            'o' if before == '?' || *after == '?' => '?',
            'o' => '+',
            sign => sign,
        };
        judged.extend(run.iter().map(|_| sign));
    }
    judged
}

#[test]
fn a_state_of_another_rule_is_refused() {
    let state = Bench::new(mean(10)).evaluator(t(0)).state();
    for bench in benches() {
        let of_its_kind = match &bench.requirement.rule {
            Rule::Limit(limit) => matches!(limit.statistic, Statistic::Mean { weight: None, .. }),
            _ => false,
        };
        let fits = of_its_kind && bench.requirement.inputs().len() == 1;
        assert_eq!(bench.evaluator(t(0)).restore(state.clone()).is_ok(), fits);
    }
    let with_gate = Bench::new(gated(0)).evaluator(t(0)).state();
    assert!(Bench::new(instant(0)).evaluator(t(0)).restore(with_gate).is_err());
}

#[test]
fn samples_of_the_future_are_taken_as_of_now() {
    let mut ahead = every5(0, 60, 0.5);
    ahead[3].sample.source_time = t(1_000_000);
    for rule in [instant(0), mean(1)] {
        let bench = Bench::new(rule);
        assert_eq!(bench.play(&ahead, 60).out, bench.play(&every5(0, 60, 0.5), 60).out);
    }
}

#[test]
fn samples_of_inputs_that_are_not_there_are_ignored() {
    for bench in benches() {
        let mut event = at(5, 0.5);
        event.input = 7;
        let (mut player, nothing) = (Player::new(bench.evaluator(t(0))), bench.play(&[], 10));
        player.observe(event);
        assert_eq!(player.finish(t(10)), nothing);
    }
}
