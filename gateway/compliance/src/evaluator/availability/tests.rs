//! What is said of devices; the pack tests the plain cases.

use crate::{
    AvailabilityRule, Rule,
    testing::{Bench, Event, Player, at, every5, of, t},
};

fn bench() -> Bench {
    Bench::new(Rule::Availability(AvailabilityRule::default()))
}

/// The same value of both points every five seconds.
fn both(from: i64, to: i64, value: impl Into<Option<f64>> + Copy) -> Vec<Event> {
    let second = |event: Event| Event { input: 1, ..event };
    every5(from, to, value).into_iter().flat_map(|event| [event, second(event)]).collect()
}

#[test]
fn every_point_must_have_good_data() {
    assert_eq!(bench().play(&both(0, 60, 1.0), 60).verdicts(), "+0..60");
    let one_bad = [both(0, 30, 1.0), vec![of(1, 30, None)], every5(35, 60, 1.0)].concat();
    let played = bench().play(&one_bad, 60);
    assert_eq!(played.verdicts(), "+0..30 ?30..60");
    assert_eq!(
        played.passed()[1].explanation.en,
        "10:00:30-10:01 a.second has no good data: no answer"
    );
    assert_eq!(played.standings(), "+?");
}

#[test]
fn nothing_is_said_before_anything_is_overdue() {
    let played = bench().play(&every5(0, 10, 1.0), 10);
    assert_eq!((played.verdicts().as_str(), played.standing.verdict), ("", None));
    // The second point never comes.
    let played = bench().play(&every5(0, 60, 1.0), 60);
    assert_eq!(played.verdicts(), "?15..60");
    assert!(played.standing.note.zh.contains("a.second"));
}

#[test]
fn silence_begins_when_the_last_sample_is_too_old() {
    let played = bench().play(&[both(0, 30, 1.0), both(100, 120, 1.0)].concat(), 120);
    assert_eq!(played.verdicts(), "+0..40 ?40..100 +100..120");
    assert_eq!(played.standings(), "+?+");
}

#[test]
fn a_device_that_comes_and_goes_is_told_each_time() {
    let flapping: Vec<Event> =
        (0..10).flat_map(|n| both(n * 5, n * 5 + 5, (n % 2 == 0).then_some(1.0))).collect();
    assert_eq!(bench().play(&flapping, 50).standings(), "+?+?+?+?+?");
}

#[test]
fn old_samples_say_nothing_of_the_device_as_it_is() {
    let late: Vec<Event> = both(0, 60, 1.0).into_iter().map(|event| event.late(20)).collect();
    assert_eq!(bench().play(&late, 80).verdicts(), "?15..80");
}

#[test]
fn the_gateways_own_silence_is_not_counted() {
    let mut player = Player::new(bench().evaluator(t(0)));
    both(0, 60, 1.0).into_iter().for_each(|event| player.observe(event));
    player.evaluator.resume(t(900), t(1_000));
    both(1_005, 1_060, 1.0).into_iter().for_each(|event| player.observe(event));
    let played = player.finish(t(1_060));
    assert_eq!(played.verdicts(), "+0..55 +1005..1060");
    assert_eq!(played.standings(), "+");
}

#[test]
fn a_device_that_stays_away_after_a_restart_is_missed() {
    let mut player = Player::new(bench().evaluator(t(0)));
    both(0, 60, 1.0).into_iter().for_each(|event| player.observe(event));
    player.evaluator.resume(t(900), t(1_000));
    player.fire(t(1_014));
    assert_eq!(player.evaluator.standing().verdict, Some(weir_domain::Verdict::Compliant));
    let played = player.finish(t(1_100));
    assert_eq!(played.verdicts(), "+0..55 ?1015..1100");
    assert_eq!(played.standings(), "+?");
}

#[test]
fn one_that_was_away_before_is_still_away() {
    let mut player = Player::new(bench().evaluator(t(0)));
    player.observe(at(0, 1.0));
    player.fire(t(100));
    player.evaluator.resume(t(900), t(1_000));
    let played = player.finish(t(1_100));
    assert_eq!(played.standings(), "?");
    assert_eq!(played.verdicts(), "?1015..1100");
}
