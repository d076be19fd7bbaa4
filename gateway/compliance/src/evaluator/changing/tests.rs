//! Changes and contact times, against looking at every second.

use crate::testing::{Bench, Event, Played, at, rule, rules_over_time, seconds, t};
use proptest::prelude::*;
use weir_domain::Verdict;

fn contact(text: &str) -> Bench {
    Bench::new(rule(&format!(
        "contact_time.flow = {{ parameter = \"q\", unit = \"m³/h\" }}\n{text}"
    )))
}

/// The same flow every ten seconds.
fn steady(from: i64, to: i64, flow: f64) -> Vec<Event> {
    (from..to).step_by(10).map(|second| at(second, flow)).collect()
}

#[test]
fn fourteen_cubic_metres_at_fifteen_an_hour_are_56_minutes() {
    let bench =
        contact("contact_time.volume = \"contact_tank_m3\"\ncontact_time.at_least_mins = 60");
    let played = bench.play(&steady(0, 7_200, 15.0), 7_200);
    // For 56 minutes nobody knows what was in the tank before; from then on it is too short.
    assert_eq!(played.verdicts(), "?0..3360 -3360..3600 -3600..7200");
    let passed = played.passed()[2].clone();
    assert_eq!(passed.value, Some(56.0));
    assert!(passed.explanation.zh.contains("接触时间（有效容积 14 m³） 56.00 min，低于 60 min"));
    assert!(
        passed
            .explanation
            .en
            .contains("contact time (effective volume 14 m³) 56.00 min, below 60 min")
    );
}

#[test]
fn a_slower_flow_is_long_enough_and_none_is_not_judged() {
    let bench =
        contact("contact_time.volume = \"contact_tank_m3\"\ncontact_time.at_least_mins = 60");
    let mut events = steady(0, 7_200, 14.0);
    events.extend(steady(7_200, 9_000, 0.0));
    let played = bench.play(&events, 9_000);
    assert_eq!(played.verdicts(), "?0..3600 +3600..7200");
    assert_eq!(played.standing.verdict, None);
    let short = contact(
        "contact_time.volume = 14\ncontact_time.baffle = 0.5\ncontact_time.at_least_mins = 60",
    );
    let found = short.play(&steady(0, 3_600, 14.0), 3_600);
    assert_eq!(found.verdicts(), "?0..1800 -1800..3600", "half the volume counts");
}

#[test]
fn a_gap_hides_a_long_time_but_not_a_short_one() {
    let text = "contact_time.volume = 10\ncontact_time.at_least_mins = 60";
    let mut events = steady(0, 3_700, 10.0);
    // Five minutes without data, then as before: what is missing could have been a flood.
    events.extend(steady(4_000, 9_000, 10.0));
    let played = contact(text).play(&events, 9_000);
    assert!(played.verdicts().starts_with("?0..3600 +3600..37"), "{}", played.verdicts());
    assert!(played.verdicts().ends_with("?7200..7620 +7620..9000"), "{}", played.verdicts());
    // A flow so strong that the tank is new in less than an hour, whatever was missing.
    let strong: Vec<Event> =
        steady(0, 3_700, 10.0).into_iter().chain(steady(4_000, 6_000, 60.0)).collect();
    let found = contact(text).play(&strong, 6_000);
    assert!(found.verdicts().contains("-4"), "{}", found.verdicts());
}

/// The verdict of every second.
fn labels(played: &Played, end: i64) -> Vec<Option<Verdict>> {
    let mut labels = vec![None; usize::try_from(end).unwrap()];
    for passed in played.passed() {
        for second in seconds(passed.from).max(0)..seconds(passed.to).min(end) {
            labels[usize::try_from(second).unwrap()] = Some(passed.verdict);
        }
    }
    labels
}

/// The value of every second, where one is known.
fn known(events: &[Event], end: i64) -> Vec<Option<f64>> {
    let value = |second: i64| {
        let last = events.iter().rev().find(|event| event.sample.source_time <= t(second))?;
        let speaks = t(second) < last.sample.source_time + crate::testing::MAX_GAP;
        last.sample.reading.good().filter(|_| speaks).map(weir_domain::Value::get)
    };
    (0..end).map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_change_is_that_of_every_second(
        samples in prop::collection::btree_map(0..900_i64, prop::option::weighted(0.95, 0..4_i32), 5..150),
    ) {
        let events: Vec<Event> = samples.iter().map(|(s, v)| at(*s, v.map(f64::from))).collect();
        let text = r#"limit.input = { parameter = "a", unit = "1" }
                      limit.rate = { over_secs = 30, persistence_secs = 0 }
                      limit.high = 2.0"#;
        let found = labels(&Bench::new(rule(text)).play(&events, 900), 900);
        let known = known(&events, 900);
        for second in 0..900_usize {
            let before = second.checked_sub(30).and_then(|before| known[before]);
            let expected = match (before, known[second]) {
                (Some(before), Some(now)) if (now - before).abs() * 2.0 > 2.0 => Verdict::NonCompliant,
                (Some(_), Some(_)) => Verdict::Compliant,
                _ => Verdict::Indeterminate,
            };
            prop_assert_eq!(found[second], Some(expected), "second {}", second);
        }
    }

    #[test]
    fn the_contact_time_is_that_of_every_second(
        samples in prop::collection::btree_map(0..1_800_i64, prop::option::weighted(0.97, prop::sample::select(vec![0.0, 2.0, 5.0, 9.0])), 100..300),
    ) {
        let events: Vec<Event> = samples.iter().map(|(s, v)| at(*s, *v)).collect();
        // Half a cubic metre in five minutes: 6 m³/h.
        let mut rules = rules_over_time();
        let mut contact = rules.remove(7);
        if let crate::Rule::ContactTime(contact) = &mut contact {
            contact.persistence = core::time::Duration::ZERO;
        }
        let found = labels(&Bench::new(contact).play(&events, 1_800), 1_800);
        let known = known(&events, 1_800);
        for second in (600..1_800_usize).step_by(60) {
            let window = &known[second - 300..second];
            let volume: f64 = window.iter().flatten().map(|flow| flow / 3_600.0).sum();
            let expected = match known[second] {
                Some(0.0) => None,
                None => Some(Verdict::Indeterminate),
                Some(_) if volume > 0.5 + 1e-9 => Some(Verdict::NonCompliant),
                Some(_) if window.iter().any(Option::is_none) => Some(Verdict::Indeterminate),
                Some(_) if volume < 0.5 - 1e-9 => Some(Verdict::Compliant),
                Some(_) => continue,
            };
            prop_assert_eq!(found[second], expected, "second {} with {}", second, volume);
        }
    }
}
