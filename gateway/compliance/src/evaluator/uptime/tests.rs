//! The share of data in a month, a day and a stretch without the gateway.

use crate::testing::{Bench, Event, Player, every5, of, rule, t};
use weir_domain::{Sample, Verdict};

fn bench(of: &str) -> Bench {
    let text = format!("availability = {{ per = \"day\", at_least = 0.9, of = \"{of}\" }}");
    let mut bench = Bench::new(rule(&text)).near_midnight();
    bench.area.points.truncate(2);
    bench
}

/// A day that begins at 600 s: good data of both points, but for so many seconds.
fn day(lost: i64, value: Option<f64>) -> Vec<Event> {
    let mut events = Vec::new();
    for second in (0..600 + 86_400).step_by(10) {
        let missing = (10_000..10_000 + lost).contains(&second);
        events.push(of(0, second, 1.0));
        match value {
            _ if !missing => events.push(of(1, second, 1.0)),
            Some(_) => events.push(of(1, second, None)),
            None => {}
        }
    }
    events
}

#[test]
fn the_worst_point_decides_by_its_share_of_the_day() {
    for (lost, verdict, share) in [
        (0, Verdict::Compliant, 100.0),
        (8_630, Verdict::Compliant, 90.0),
        (8_660, Verdict::NonCompliant, 89.9),
    ] {
        let played = bench("valid").play(&day(lost, Some(0.0)), 600 + 86_400 + 60);
        let passed = played.passed().into_iter().find(|passed| passed.from == t(600)).unwrap();
        assert_eq!(passed.verdict, verdict, "{lost}: {}", passed.explanation.en);
        assert!((passed.value.unwrap() - share).abs() < 0.1, "{passed:?}");
    }
    let played = bench("valid").play(&day(20_000, None), 600 + 86_400 + 60);
    let passed = played.passed().into_iter().find(|passed| passed.from == t(600)).unwrap();
    assert!(
        passed.explanation.en.contains("a.second valid data 76 %, less than 90 %"),
        "{passed:?}"
    );
    assert!(passed.explanation.zh.contains("a.second 有效数据率 76 %，低于 90 %"), "{passed:?}");
}

#[test]
fn what_a_device_says_of_itself_was_transmitted_all_the_same() {
    let mut events = day(20_000, None);
    for second in (10_000..30_000).step_by(10) {
        let reading = "bad:calibration"
            .parse()
            .map(|quality| weir_domain::Reading::from_parts(weir_domain::Value::new(0.0), quality));
        events.push(Event {
            now: t(second),
            input: 1,
            sample: Sample::at(t(second), reading.unwrap()),
        });
    }
    events.sort_by_key(|event| event.now);
    let verdict = |of: &str| {
        let played = bench(of).play(&events, 600 + 86_400 + 60);
        played.passed().into_iter().find(|passed| passed.from == t(600)).unwrap().verdict
    };
    assert_eq!(verdict("transmission"), Verdict::Compliant);
    assert_eq!(verdict("valid"), Verdict::NonCompliant);
}

#[test]
fn the_first_day_and_one_without_the_gateway_are_not_judged() {
    let played = bench("valid").play(&every5(0, 900, 1.0), 900);
    assert_eq!(played.passed()[0].verdict, Verdict::Indeterminate);
    let mut player = Player::new(bench("valid").evaluator(t(0)));
    for event in day(0, None).into_iter().filter(|event| event.now < t(3_600)) {
        player.observe(event);
    }
    player.evaluator.resume(t(3_590), t(40_000));
    for event in day(0, None).into_iter().filter(|event| event.now >= t(40_000)) {
        player.observe(event);
    }
    let played = player.finish(t(600 + 86_400 + 1));
    let last = played.passed().into_iter().next_back().unwrap().clone();
    assert_eq!(last.verdict, Verdict::Indeterminate);
    assert!(last.explanation.en.contains("the gateway ran for 57 % only"), "{last:?}");
}
