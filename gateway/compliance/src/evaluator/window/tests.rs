//! What a limit on the mean says, window by window.

use crate::{
    Schedule,
    rules::{AnyJudge, Memory},
    testing::{Bench, Event, Player, at, every5, mean, of, t},
};
use core::time::Duration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use weir_domain::Verdict;

/// Mean and coverage of the first window of an hour.
fn first_hour(events: &[Event]) -> (Option<f64>, f64) {
    let played = Bench::new(mean(60)).play(events, 3_660);
    let passed = played.passed()[0];
    (passed.value, passed.coverage)
}

#[test]
fn samples_count_for_the_time_they_speak_for() {
    let parts = [every5(0, 1_800, 0.4), every5(1_800, 3_600, 0.8)].concat();
    assert_eq!(first_hour(&parts), (Some(0.6), 1.0));
    // One sample in five seconds, then one in fifteen: the time counts, not the number.
    let sparse: Vec<Event> = (1_800..3_600).step_by(15).map(|second| at(second, 0.8)).collect();
    assert_eq!(first_hour(&[every5(0, 1_800, 0.4), sparse].concat()), (Some(0.6), 1.0));
}

#[test]
fn missing_time_counts_for_nothing() {
    let parts = [every5(0, 1_800, 0.4), every5(2_400, 3_600, 0.4)].concat();
    let (value, coverage) = first_hour(&parts);
    assert_eq!(value, Some(0.4));
    assert_eq!(coverage, (3_600.0 - 590.0) / 3_600.0, "the last sample speaks for 15 s");
    let parts = [every5(0, 1_800, 0.4), every5(1_800, 2_400, None), every5(2_400, 3_600, 0.4)];
    assert_eq!(first_hour(&parts.concat()), (Some(0.4), 3_000.0 / 3_600.0));
}

#[test]
fn three_quarters_are_enough_and_less_is_not() {
    let enough =
        Bench::new(mean(60)).play(&[every5(0, 2_685, 0.5), vec![at(2_685, 0.5)]].concat(), 3_660);
    assert_eq!(enough.verdicts(), "+0..3600");
    assert_eq!(enough.passed()[0].coverage, 0.75);
    let less =
        Bench::new(mean(60)).play(&[every5(0, 2_680, 0.5), vec![at(2_684, 0.5)]].concat(), 3_660);
    assert_eq!(less.verdicts(), "?0..3600");
    assert_eq!(less.passed()[0].value, None);
    assert_eq!(less.passed()[0].explanation.zh, "10:00-11:00 有效数据 74 %，不足 75 %，无法判定");
}

#[test]
fn a_mean_of_equal_values_is_that_value_and_a_decimal_limit_is_met() {
    for value in [0.3, 1.0, 0.7] {
        assert_eq!(first_hour(&every5(0, 3_600, value)).0, Some(value));
    }
    // In binary fractions these are a little below 0.3 or above 1.
    for (a, b, mean) in [(0.1, 0.5, 0.3), (0.2, 0.4, 0.3), (0.9, 1.1, 1.0), (0.7, 1.3, 1.0)] {
        let alternating: Vec<Event> = (0..3_600)
            .step_by(5)
            .map(|second| at(second, if second % 10 == 0 { a } else { b }))
            .collect();
        assert_eq!(first_hour(&alternating).0, Some(mean));
    }
}

#[test]
fn a_window_waits_for_late_samples() {
    let mut player = Player::new(Bench::new(mean(60)).evaluator(t(0)));
    every5(0, 3_560, 0.2).into_iter().for_each(|event| player.observe(event));
    // The last forty seconds come backwards, forty seconds after the end of the window.
    for mut event in every5(3_560, 3_600, 9.2).into_iter().rev() {
        event.now = t(3_640);
        player.observe(event);
    }
    player.fire(t(3_659));
    assert!(player.out.is_empty());
    let played = player.finish(t(3_660));
    // What was older than a minute then, before 10:59:40, came too late.
    let passed = played.passed()[0];
    assert_eq!(passed.coverage, (3_555.0 + 15.0 + 20.0) / 3_600.0);
    assert_eq!(passed.value, Some(0.250_139_276));
}

#[test]
fn windows_follow_the_local_clock_and_each_is_judged() {
    let played = Bench::new(mean(10)).play(&every5(0, 1_800, 0.5), 1_900);
    assert_eq!(played.verdicts(), "+0..600 +600..1200 +1200..1800");
    assert_eq!(played.standings(), "+");
    let played = Bench::new(mean(10)).play(&every5(0, 600, 0.5), 1_900);
    assert_eq!(played.verdicts(), "+0..600 ?600..1200 ?1200..1800");
    assert_eq!(played.standings(), "+?");
}

#[test]
fn a_day_may_have_twenty_five_hours() {
    let mut bench = Bench::new(mean(1_440));
    bench.area.time_zone = TimeZone::get("Europe/Berlin").unwrap();
    bench.area.points[0].max_gap = Duration::from_secs(3_600);
    let start: weir_domain::Timestamp = "2026-10-24T22:00:00Z".parse().unwrap();
    let mut player = Player::new(bench.evaluator(start));
    for hour in 0..25 {
        let now = start + Duration::from_secs(hour * 3_600);
        let mut event = at(0, 0.5);
        (event.now, event.sample.source_time) = (now, now);
        player.observe(event);
    }
    let end = start + Duration::from_secs(25 * 3_600);
    let played = player.finish(end + Duration::from_secs(60));
    assert_eq!((played.passed()[0].from, played.passed()[0].to), (start, end));
    assert_eq!(played.passed()[0].coverage, 1.0);
}

#[test]
fn only_opening_hours_count() {
    let bench = Bench::new(mean(60)).open("mon-sun 10:00-10:30");
    // Bad values after closing, and no data at all then, change nothing.
    let played = bench.play(&[every5(0, 1_800, 0.5), every5(1_800, 3_600, 9.0)].concat(), 7_400);
    assert_eq!(played.verdicts(), "+0..3600");
    assert_eq!(played.passed()[0].coverage, 1.0);
    assert_eq!(played.standings(), "+0");
    assert_eq!(bench.play(&every5(0, 1_800, 0.5), 3_700).verdicts(), "+0..3600");
}

#[test]
fn the_end_of_a_file_judges_a_running_window_only_with_enough_data() {
    let bench = Bench::new(mean(60));
    assert_eq!(bench.play(&every5(0, 2_700, 0.5), 2_700).verdicts(), "+0..3600");
    assert_eq!(bench.play(&every5(0, 2_690, 0.5), 2_690).verdicts(), "");
    assert_eq!(bench.play(&every5(0, 3_600, 0.5), 3_600).verdicts(), "+0..3600");
    // A window that is over is judged, whether its lateness is or not.
    assert_eq!(bench.play(&every5(0, 600, 0.5), 3_600).verdicts(), "?0..3600");
}

#[test]
fn a_deadband_holds_the_standing() {
    let events =
        [every5(0, 600, 0.2), every5(600, 1_200, 0.31), every5(1_200, 1_800, 0.4)].concat();
    let played = Bench::new(mean(10)).deadband(0.05).play(&events, 1_860);
    assert_eq!(played.verdicts(), "-0..600 +600..1200 +1200..1800");
    assert_eq!(played.standings(), "-+");
    assert_eq!(played.standing.since, Some(t(1_200)));
}

#[test]
fn before_the_first_window_nothing_is_known() {
    let standing = Bench::new(mean(60)).evaluator(t(0)).standing();
    assert_eq!((standing.verdict, standing.since), (Some(Verdict::Indeterminate), None));
}

#[test]
fn a_day_of_samples_takes_no_more_room_than_the_lateness() {
    let bench = Bench::new(mean(1_440));
    let mut evaluator = bench.evaluator(t(0));
    let mut out = Vec::new();
    for event in every5(0, 40_000, 0.5) {
        evaluator.observe(event.now, 0, &event.sample, &mut out);
    }
    let Memory::Window(state) = evaluator.judge().memory() else {
        panic!("a mean has the state of a mean")
    };
    assert!(state.reel.waiting() <= 60 / 5 + 2, "{} samples wait", state.reel.waiting());
    assert!(serde_json::to_string(&evaluator.state()).unwrap().len() < 2_000);
}

#[test]
fn a_flood_does_not_fill_the_memory() {
    let mut evaluator = Bench::new(mean(60)).evaluator(t(0));
    let mut out = Vec::new();
    for millis in 0..20_000 {
        let mut event = at(0, 0.5);
        event.now = event.now + Duration::from_millis(millis);
        event.sample.source_time = event.now;
        evaluator.observe(event.now, 0, &event.sample, &mut out);
    }
    let AnyJudge::Window(limit) = evaluator.judge() else { panic!("a mean is a mean") };
    assert!(limit.state.reel.waiting() <= super::reel::WAITING_MAX);
}

proptest! {
    /// Against a mean taken second by second.
    #[test]
    fn the_mean_is_that_of_all_seconds(
        samples in prop::collection::btree_map(0..600_i64, prop::option::weighted(0.9, 0.0..2.0), 0..200),
        open in any::<bool>(),
    ) {
        let mut bench = Bench::new(mean(10));
        if open {
            bench.area.schedule = Schedule::parse(&["mon-sun 10:02-10:08".into()]).unwrap();
            bench.requirement.open_hours_only = true;
        }
        let counted: Vec<i64> = if open { (120..480).collect() } else { (0..600).collect() };
        let value = |second: i64| {
            let (at, value) = samples.range(..=second).next_back()?;
            value.filter(|_| second < at + 15)
        };
        let values: Vec<f64> = counted.iter().filter_map(|second| value(*second)).collect();
        let events: Vec<Event> = samples.iter().map(|(second, value)| at(*second, *value)).collect();
        let played = bench.play(&events, 660);
        let passed = played.passed()[0];
        let coverage = values.len() as f64 / counted.len() as f64;
        prop_assert!((passed.coverage - coverage).abs() < 1e-9);
        prop_assert_eq!(passed.value.is_some(), coverage >= 0.75);
        if let Some(mean) = passed.value {
            prop_assert!((mean - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-6);
            let holds = (0.3..=1.0).contains(&mean);
            prop_assert_eq!(passed.verdict == Verdict::Compliant, holds);
        }
    }
}

/// Values by second.
type Series = Vec<(i64, Option<f64>)>;

/// What is known of the two inputs in each of the first 600 seconds, and how old it is.
fn seconds_of(samples: &[Option<Series>]) -> Vec<Vec<(Option<f64>, i64)>> {
    let one = |samples: &Series, second: i64| {
        let (at, value) = *samples.iter().rev().find(|(at, _)| *at <= second)?;
        Some((value.filter(|_| second - at < 15), at))
    };
    let each = |second| {
        let of = |samples: &Option<Vec<_>>| {
            samples.as_ref().and_then(|samples| one(samples, second)).unwrap_or((None, -100))
        };
        samples.iter().map(of).collect()
    };
    (0..600).map(each).collect()
}

/// Samples of two inputs, some late and all in the order in which they come.
fn shuffled(samples: &[Series], late: &[u64]) -> Vec<Event> {
    let mut events = Vec::new();
    for (input, samples) in samples.iter().enumerate() {
        for (index, (second, value)) in samples.iter().enumerate() {
            events.push(of(input, *second, *value).late(late[(index + 7 * input) % late.len()]));
        }
    }
    events.sort_by_key(|event| event.now);
    events
}

fn series() -> impl Strategy<Value = Series> {
    let value =
        prop::option::weighted(0.9, prop::sample::select(vec![0.0, 0.5, 0.8, 1.0, 2.5, 4.0]));
    prop::collection::btree_map(0..600_i64, value, 1..150).prop_map(|map| map.into_iter().collect())
}

/// Verdict, value and coverage of the window, taken second by second.
type Simple = (Verdict, Option<f64>, f64);

fn simple(sum: Option<f64>, covered: usize, counted: usize, high: f64) -> Option<Simple> {
    let coverage = covered as f64 / counted as f64;
    (counted > 0).then(|| match sum.filter(|_| coverage >= 0.75) {
        None => (Verdict::Indeterminate, None, coverage),
        Some(value) if value <= high => (Verdict::Compliant, Some(value), coverage),
        Some(value) => (Verdict::NonCompliant, Some(value), coverage),
    })
}

#[track_caller]
fn same(found: &crate::testing::Played, expected: Option<Simple>, from: i64) {
    let passed = found.passed();
    let window = passed.iter().find(|passed| passed.from == t(from) && passed.to == t(600));
    match (window, expected) {
        (None, None) => {}
        (Some(passed), Some((verdict, value, coverage))) => {
            let close = |a: f64, b: f64| (a - b).abs() < 1e-8;
            assert!(close(passed.coverage, coverage), "{} {coverage}", passed.coverage);
            // Sums may be rounded differently just at the limit.
            if value.is_none_or(|value| !close(value, 1.0)) {
                assert_eq!(passed.verdict, verdict, "{passed:?} {value:?}");
            }
            match (passed.value, value) {
                (Some(found), Some(value)) => assert!(close(found, value), "{found} {value}"),
                (found, value) => assert_eq!(found.is_some(), value.is_some()),
            }
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn windows_are_what_seconds_make_of_them(
        a in series(),
        b in series(),
        late in prop::collection::vec(0..=60_u64, 20),
    ) {
        let seconds = seconds_of(&[Some(a.clone()), Some(b.clone())]);
        let events = shuffled(&[a, b], &late);
        let rules = crate::testing::rules_over_time();
        let play = |rule: usize| {
            Bench::new(rules[rule].clone()).near_midnight().play(&events, 700)
        };
        let pairs = || seconds.iter().map(|both| (both[0].0, both[1].0));

        // A mean while the second is on.
        let counted = pairs().filter(|(_, b)| *b != Some(0.0)).count();
        let values: Vec<f64> = pairs().filter(|(_, b)| b.is_some_and(|b| b != 0.0)).filter_map(|(a, _)| a).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        same(&play(1), simple(mean, values.len(), counted, 1.0), 0);

        // A mean weighted by the second.
        let pieces: Vec<(f64, f64)> = pairs().filter_map(|(a, b)| Some((a?, b.filter(|b| *b > 0.0)?))).collect();
        let weight: f64 = pieces.iter().map(|(_, b)| b).sum();
        let mean = (weight > 0.0).then(|| pieces.iter().map(|(a, b)| a * b).sum::<f64>() / weight);
        same(&play(2), simple(mean, pieces.len(), counted, 1.0), 0);

        // What is not exceeded for 80 % of the time.
        let mut values: Vec<f64> = pairs().filter_map(|(a, _)| a).collect();
        values.sort_by(f64::total_cmp);
        let rank = (values.len() * 8).div_ceil(10).max(1) - 1;
        same(&play(3), simple(values.get(rank).copied(), values.len(), 600, 1.0), 0);
    }

    #[test]
    fn totals_are_what_seconds_make_of_them(
        a in series(),
        b in series(),
        late in prop::collection::vec(0..=60_u64, 20),
        factor in 1.0..2_000.0_f64,
    ) {
        let a: Vec<_> = a.into_iter().map(|(at, value)| (at, value.map(|value| value * factor))).collect();
        let seconds = seconds_of(&[Some(a.clone()), Some(b.clone())]);
        let events = shuffled(&[a, b], &late);
        let bench = Bench::new(crate::testing::rules_over_time().remove(5)).near_midnight();
        let played = bench.play(&events, 700);
        let mut total = 0.0;
        let mut exceeded = None;
        for (second, both) in seconds.iter().enumerate() {
            if let (Some(a), Some(b)) = (both[0].0, both[1].0) {
                total += (a - b).max(0.0) / 3_600.0;
            }
            if total > 2.0 + 1e-9 {
                exceeded.get_or_insert(second as i64);
            }
        }
        let last = played.passed().into_iter().rfind(|passed| passed.to == t(600)).cloned();
        match exceeded {
            Some(second) => {
                let last = last.expect("an exceeded total is judged to its end");
                prop_assert_eq!(last.verdict, Verdict::NonCompliant);
                prop_assert!((last.value.unwrap() - total).abs() < 1e-6);
                // It is known as soon as the stretch in which it happened is settled.
                let first = played.passed()[0].clone();
                prop_assert_eq!(first.verdict, Verdict::NonCompliant);
                prop_assert!(first.to > t(second) && first.to <= t(second + 16), "{first:?} {second}");
            }
            None => {
                // A day of which ten minutes are known at most.
                prop_assert_eq!(last.map(|last| last.verdict), Some(Verdict::Indeterminate));
            }
        }
    }
}

#[test]
fn a_total_above_its_limit_is_non_compliant_at_once_and_for_the_rest_of_the_day() {
    let bench = Bench::new(crate::testing::rules_over_time().remove(5)).near_midnight();
    let mut events = Vec::new();
    for second in (0..600).step_by(5) {
        events.push(of(0, second, 100.0 + 0.5));
        events.push(of(1, second, 0.5));
    }
    let played = bench.play(&events, 700);
    // 100 in an hour: more than 2 after 72 s.
    assert_eq!(played.verdicts(), "--85800..75 -75..600");
    assert!(played.passed()[0].explanation.en.contains("total above background 2.08"));
    assert_eq!(played.standings(), "-");
}

#[test]
fn a_rolling_total_goes_back_over_its_days() {
    let text = r#"limit.input = { parameter = "a", unit = "1" }
                  limit.total = { rolling_days = 7, unit = "1" }
                  limit.high = 169.5"#;
    let bench = Bench::new(crate::testing::rule(text)).near_midnight();
    let day = 86_400;
    // One an hour for seven days, then 1.5 for a day.
    let mut events: Vec<Event> = (0..600 + 7 * day).step_by(10).map(|s| at(s, 1.0)).collect();
    events.extend((600 + 7 * day..600 + 8 * day).step_by(10).map(|s| at(s, 1.5)));
    let played = bench.play(&events, 600 + 8 * day + 3_600);
    // Nothing is known of the days before; 17 hours of the last day make it too much.
    let verdicts = played.verdicts();
    assert!(
        verdicts.ends_with("+432600..519000 +519000..605400 -605400..666610 -666610..691800"),
        "{verdicts}"
    );
    let values: Vec<f64> = played.passed().iter().filter_map(|passed| passed.value).collect();
    assert_eq!(values.last(), Some(&180.0));
}
