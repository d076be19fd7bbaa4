//! What is said of cycles; the packs test the plain cases.

use crate::testing::{Bench, Event, at, hold, of};
use weir_domain::Verdict;

/// Pieces of temperature, one sample every five seconds: (seconds, value; none = bad).
fn heat(parts: &[(i64, Option<f64>)]) -> Vec<Event> {
    let (mut from, mut events) = (0, Vec::new());
    for (length, value) in parts {
        events.extend((from..from + length).step_by(5).map(|second| at(second, *value)));
        from += length;
    }
    events
}

fn check(parts: &[(i64, Option<f64>)], verdicts: &str) {
    let end = parts.iter().map(|(length, _)| length).sum();
    let played = Bench::new(hold(false)).play(&heat(parts), end);
    assert_eq!(played.verdicts(), verdicts, "{parts:?}");
}

const COLD: (i64, Option<f64>) = (20, Some(25.0));
const BAD: Option<f64> = None;

fn hot(seconds: i64) -> (i64, Option<f64>) {
    (seconds, Some(126.0))
}

#[test]
fn a_cycle_is_judged_when_it_is_over() {
    check(&[COLD, hot(300), COLD], "+20..320");
    check(&[COLD, hot(295), COLD], "-20..315");
    check(&[COLD, hot(300), COLD, hot(100), COLD], "+20..320 -340..440");
    check(&[COLD, (300, Some(80.0)), COLD], "");
}

#[test]
fn a_cycle_ends_below_its_own_limit_only() {
    // 70 neither begins a cycle nor ends one.
    check(&[COLD, (50, Some(70.0)), hot(300), (50, Some(70.0)), COLD], "+70..420");
    check(&[COLD, hot(200), (50, Some(70.0)), hot(200), COLD], "-20..470");
}

#[test]
fn what_may_have_been_held_in_a_hole_is_open() {
    check(&[COLD, hot(200), (10, BAD), hot(200), COLD], "?20..430");
    check(&[COLD, hot(100), (10, BAD), hot(100), COLD], "-20..230");
    // The hole and what is around it are just as long as is needed.
    check(&[COLD, hot(100), (100, BAD), hot(100), COLD], "?20..320");
    check(&[COLD, hot(100), (95, BAD), hot(100), COLD], "-20..315");
}

#[test]
fn a_hole_before_the_cycle_may_belong_to_it() {
    check(&[COLD, (250, BAD), hot(100), COLD], "?270..370");
    check(&[COLD, (195, BAD), hot(100), COLD], "-215..315");
    // What was before anybody looked may have been anything.
    check(&[hot(10), COLD], "?0..10");
    check(&[hot(300), COLD], "+0..300");
}

#[test]
fn a_cycle_that_is_lost_for_as_long_as_the_hold_is_over() {
    check(&[COLD, hot(100), (300, BAD), hot(100), COLD], "?20..120 ?420..520");
    check(&[COLD, hot(300), (300, BAD), hot(100), COLD], "+20..320 ?620..720");
    let played = Bench::new(hold(false)).play(&heat(&[COLD, hot(100)]), 1_000);
    // The last sample, at 115, speaks until 130.
    assert_eq!(played.verdicts(), "?20..130");
    assert_eq!(played.standings(), "?");
}

#[test]
fn the_end_of_a_file_leaves_a_cycle_open_unless_it_has_held() {
    check(&[COLD, hot(200)], "?20..220");
    check(&[COLD, hot(300)], "+20..320");
}

#[test]
fn the_door_begins_the_count_anew_and_must_be_known() {
    let play = |door: &[(i64, Option<f64>)]| {
        let mut events = heat(&[COLD, hot(400), COLD]);
        events.extend(heat(door).into_iter().map(|event| Event { input: 1, ..event }));
        events.sort_by_key(|event| (event.now, event.input));
        Bench::new(hold(true)).play(&events, 440).verdicts()
    };
    assert_eq!(play(&[(440, Some(0.0))]), "+20..420");
    assert_eq!(play(&[(200, Some(0.0)), (5, Some(1.0)), (235, Some(0.0))]), "-20..420");
    assert_eq!(play(&[(60, Some(0.0)), (5, Some(1.0)), (375, Some(0.0))]), "+20..420");
    assert_eq!(play(&[(200, Some(0.0)), (40, BAD), (200, Some(0.0))]), "?20..420");
    assert_eq!(play(&[]), "?20..420");
}

#[test]
fn value_and_explanation_tell_what_was_reached() {
    let played =
        Bench::new(hold(false)).play(&heat(&[COLD, hot(100), (5, Some(131.0)), COLD]), 145);
    let passed = played.passed()[0];
    assert_eq!((passed.verdict, passed.value), (Verdict::NonCompliant, Some(131.0)));
    assert_eq!(
        passed.explanation.zh,
        "10:00:20-10:02:05 ≥ 125 最长保持 1 min 45 s，不足 5 min；最高 131.00；有效数据 100 %"
    );
}

#[test]
fn the_last_cycle_stands() {
    let parts = [COLD, hot(100), COLD, hot(300), COLD, hot(300), COLD];
    let played = Bench::new(hold(false)).play(&heat(&parts), 780);
    assert_eq!(played.standings(), "-+");
    assert_eq!(Bench::new(hold(false)).play(&heat(&[COLD]), 20).standing.verdict, None);
}

#[test]
fn an_open_door_from_the_start_holds_nothing() {
    let mut events = heat(&[COLD, hot(400), COLD]);
    events.extend((0..440).step_by(5).map(|second| of(1, second, 1.0)));
    events.sort_by_key(|event| event.now);
    assert_eq!(Bench::new(hold(true)).play(&events, 440).verdicts(), "-20..420");
}
