//! What an instant limit says, stretch by stretch.

use crate::testing::{Bench, Event, at, every5, gated, instant, of, t};
use weir_domain::Verdict;

fn events(parts: &[(i64, i64, Option<f64>)]) -> Vec<Event> {
    parts.iter().flat_map(|(from, to, value)| every5(*from, *to, *value)).collect()
}

/// Pieces of signal (from, to, value; no value = bad samples), and what is said of them.
fn check(persistence: u64, parts: &[(i64, i64, Option<f64>)], end: i64, verdicts: &str) {
    let played = Bench::new(instant(persistence)).play(&events(parts), end);
    assert_eq!(played.verdicts(), verdicts, "{parts:?}");
}

#[test]
fn closed_intervals() {
    check(0, &[(0, 60, Some(0.3))], 60, "+0..60");
    check(0, &[(0, 60, Some(1.0))], 60, "+0..60");
    check(0, &[(0, 60, Some(0.299_999_9))], 60, "-0..60");
    check(0, &[(0, 60, Some(1.000_000_1))], 60, "-0..60");
}

#[test]
fn a_violation_begins_where_the_excursion_began() {
    let low = Some(0.2);
    check(
        60,
        &[(0, 30, Some(0.5)), (30, 90, low), (90, 100, Some(0.5))],
        100,
        "+0..30 -30..90 +90..100",
    );
    check(60, &[(0, 30, Some(0.5)), (30, 85, low), (85, 100, Some(0.5))], 100, "+0..100");
    check(
        0,
        &[(0, 30, Some(0.5)), (30, 35, low), (35, 50, Some(0.5))],
        50,
        "+0..30 -30..35 +35..50",
    );
}

#[test]
fn an_excursion_may_change_sides_and_go_on() {
    check(
        60,
        &[(0, 30, Some(0.2)), (30, 60, Some(1.2)), (60, 70, Some(0.5))],
        70,
        "-0..60 +60..70",
    );
}

#[test]
fn missing_data_are_indeterminate_from_where_nothing_speaks_any_more() {
    // The last good sample at 25 speaks until 40.
    check(60, &[(0, 30, Some(0.5)), (100, 120, Some(0.5))], 120, "+0..40 ?40..100 +100..120");
    // A bad sample ends it at once.
    check(
        60,
        &[(0, 30, Some(0.5)), (30, 60, None), (60, 70, Some(0.5))],
        70,
        "+0..30 ?30..60 +60..70",
    );
    check(60, &[], 100, "?0..100");
    check(60, &[(50, 60, Some(0.5))], 60, "?0..50 +50..60");
}

#[test]
fn an_excursion_next_to_missing_data_is_nobodys_to_judge() {
    let (low, bad) = (Some(0.2), None);
    check(
        60,
        &[(0, 10, Some(0.5)), (10, 40, low), (40, 50, bad), (50, 60, Some(0.5))],
        60,
        "+0..10 ?10..50 +50..60",
    );
    check(60, &[(0, 20, bad), (20, 50, low), (50, 60, Some(0.5))], 60, "?0..50 +50..60");
    // Two halves do not make a violation, nor are they compliant.
    check(
        60,
        &[(0, 40, low), (40, 45, bad), (45, 85, low), (85, 90, Some(0.5))],
        90,
        "?0..85 +85..90",
    );
    // What persists by itself is one, whatever came before.
    check(
        60,
        &[(0, 40, low), (40, 45, bad), (45, 105, low), (105, 110, Some(0.5))],
        110,
        "?0..45 -45..105 +105..110",
    );
    check(60, &[(0, 70, low), (70, 80, bad), (80, 90, Some(0.5))], 90, "-0..70 ?70..80 +80..90");
}

#[test]
fn an_excursion_at_the_end_of_the_file_is_open() {
    check(60, &[(0, 10, Some(0.5)), (10, 50, Some(0.2))], 50, "+0..10 ?10..50");
    check(60, &[(0, 10, Some(0.5)), (10, 70, Some(0.2))], 70, "+0..10 -10..70");
}

#[test]
fn stretches_are_closed_at_the_full_hour() {
    check(60, &[(0, 7_300, Some(0.5))], 7_300, "+0..3600 +3600..7200 +7200..7300");
    check(60, &[(3_000, 4_000, Some(0.2))], 4_000, "?0..3000 -3000..3600 -3600..4000");
    // An excursion over the hour stays open until it is known what it was.
    let short = [(0, 3_580, Some(0.5)), (3_580, 3_620, Some(0.2)), (3_620, 3_700, Some(0.5))];
    check(60, &short, 3_700, "+0..3580 +3580..3700");
    let long = [(0, 3_580, Some(0.5)), (3_580, 3_640, Some(0.2)), (3_640, 3_700, Some(0.5))];
    check(60, &long, 3_700, "+0..3580 -3580..3640 +3640..3700");
    let unknown = [(0, 3_580, None), (3_580, 3_620, Some(0.2)), (3_620, 3_700, Some(0.5))];
    check(60, &unknown, 3_700, "?0..3620 +3620..3700");
}

#[test]
fn the_worst_value_stands_for_the_stretch() {
    let parts = [(0, 30, Some(0.5)), (30, 50, Some(0.25)), (50, 90, Some(0.9))];
    let played = Bench::new(instant(60)).play(&events(&parts), 90);
    assert_eq!(played.passed()[0].value, Some(0.25));
    assert!(played.passed()[0].explanation.en.contains("but for less than 1 min"));
    let parts = [(0, 30, Some(0.2)), (30, 60, Some(0.1)), (60, 90, Some(0.28))];
    let played = Bench::new(instant(60)).play(&events(&parts), 90);
    assert_eq!(played.passed()[0].value, Some(0.1));
}

#[test]
fn explanations_name_value_limit_and_coverage() {
    let parts = [(0, 60, Some(0.2)), (60, 70, None)];
    let played = Bench::new(instant(60)).play(&events(&parts), 70);
    let explained: Vec<&str> = played.passed().iter().map(|p| &*p.explanation.zh).collect();
    assert_eq!(
        explained,
        [
            "10:00-10:01 最不利值 0.20，低于 0.3，持续 1 min；有效数据 100 %",
            "10:01-10:01:10 数据缺失，无法判定；有效数据 0 %",
        ]
    );
    assert_eq!(
        played.passed()[0].explanation.en,
        "10:00-10:01 worst value 0.20, below 0.3 for 1 min; valid data 100 %"
    );
}

#[test]
fn standing_changes_once_and_says_since_when() {
    let parts = [(0, 30, Some(0.5)), (30, 120, Some(0.2)), (120, 150, Some(0.5)), (150, 160, None)];
    let played = Bench::new(instant(60)).play(&events(&parts), 160);
    assert_eq!(played.standings(), "+-+?");
    let parts = &parts[..2];
    let standing = Bench::new(instant(60)).play(&events(parts), 120).standing;
    assert_eq!(standing.verdict, Some(Verdict::NonCompliant));
    assert_eq!((standing.since, standing.value), (Some(t(30)), Some(0.2)));
}

#[test]
fn the_deadband_holds_the_standing_but_never_the_verdict() {
    let parts =
        [(0, 70, Some(0.2)), (70, 80, Some(0.31)), (80, 90, Some(0.33)), (90, 100, Some(0.31))];
    let played = Bench::new(instant(60)).deadband(0.02).play(&events(&parts), 100);
    assert_eq!(played.verdicts(), "-0..70 +70..100");
    assert_eq!(played.standings(), "-+");
    // Missing data do not make it forget.
    let parts = [(0, 70, Some(0.2)), (70, 80, None), (80, 90, Some(0.31)), (90, 95, Some(0.4))];
    let played = Bench::new(instant(60)).deadband(0.02).play(&events(&parts), 95);
    assert_eq!(played.standings(), "-?-+");
}

#[test]
fn nothing_is_said_outside_opening_hours() {
    // Open 10:01-10:03.
    let bench = Bench::new(instant(60)).open("mon-sun 10:01-10:03");
    let played = bench.play(&events(&[(0, 300, Some(0.2))]), 300);
    assert_eq!(played.verdicts(), "-60..180");
    assert_eq!(played.standings(), "?-0");
    assert_eq!(played.standing.verdict, None);
    // What begins shortly before closing was compliant for all that counts.
    let played = bench.play(&events(&[(0, 150, Some(0.5)), (150, 300, Some(0.2))]), 300);
    assert_eq!(played.verdicts(), "+60..180");
    // Closed, and without data.
    assert_eq!(bench.play(&[], 300).verdicts(), "?60..180");
}

#[test]
fn the_gate_decides_whether_the_limit_applies() {
    let flow = |from: i64, to: i64, on: Option<f64>| {
        (from..to).step_by(5).map(move |second| of(1, second, on)).collect::<Vec<_>>()
    };
    let play = |value: Vec<Event>, gate: Vec<Event>, end| {
        let mut events = [value, gate].concat();
        events.sort_by_key(|event| event.now);
        Bench::new(gated(0)).play(&events, end)
    };
    let played = play(
        every5(0, 100, 0.2),
        [flow(0, 50, Some(0.0)), flow(50, 80, Some(1.0)), flow(80, 100, Some(0.0))].concat(),
        100,
    );
    assert_eq!(played.verdicts(), "-50..80");
    assert_eq!(played.standings(), "0-0");
    // Whether it applied is unknown: so is the verdict.
    let played = play(
        every5(0, 60, 0.5),
        [flow(0, 20, Some(1.0)), flow(20, 40, None), flow(40, 60, Some(1.0))].concat(),
        60,
    );
    assert_eq!(played.verdicts(), "+0..20 ?20..40 +40..60");
    let played = play(every5(0, 60, 0.5), Vec::new(), 60);
    assert_eq!(played.verdicts(), "?0..60");
}

#[test]
fn a_violation_stands_when_its_sample_is_no_longer_awaited() {
    // Reports come once in two minutes: no sample tells that the violation has persisted.
    let mut bench = Bench::new(instant(60));
    bench.area.points[0].max_gap = core::time::Duration::from_secs(600);
    let mut player = crate::testing::Player::new(bench.evaluator(t(0)));
    player.observe(at(0, 0.2));
    player.fire(t(120));
    assert_eq!(player.evaluator.standing().verdict, Some(Verdict::Indeterminate));
    player.fire(t(121));
    assert_eq!(player.evaluator.standing().verdict, Some(Verdict::NonCompliant));
}
