//! What is said of cycles; the packs test the plain cases.

use crate::{
    HoldCycleRule, InputSpec, PowerSpec, ProgramSpec, PulsesSpec, Rule, SteamSpec,
    testing::{Bench, Event, Played, at, hold, of, spec},
};
use core::time::Duration;
use proptest::prelude::*;
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
        "10:00:20-10:02:05 ≥ 125 最长保持 1 min 45 s（10:00:20-10:02:05，126.0 ~ 131.0），不足 5 min；最高 131.00；有效数据 100 %"
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

/// Saturated steam of 134 to 137 °C; a cycle is above 120 and ends below 100.
fn sterilizer(hold_secs: u64) -> HoldCycleRule {
    let Rule::HoldCycle(cabinet) = hold(false) else { unreachable!() };
    HoldCycleRule {
        threshold: 134.0,
        band_above: Some(3.0),
        hold: Duration::from_secs(hold_secs),
        dip_depth: 0.0,
        dip_time: Duration::ZERO,
        starts_above: 120.0,
        ends_below: 100.0,
        pressure: Some(spec("pressure")),
        steam: Some(SteamSpec { tolerance_k: 2.0, gauge: true, atmosphere_kpa: 101.325 }),
        ..cabinet
    }
}

/// One with all that a cycle may have, in the values that the tests of every rule play.
pub(in crate::evaluator) fn bench() -> Bench {
    let Rule::HoldCycle(cabinet) = hold(true) else { unreachable!() };
    let within = Duration::from_secs(120);
    Bench::new(Rule::HoldCycle(HoldCycleRule {
        hold: Duration::from_secs(60),
        band_above: Some(1.0),
        equilibration: Duration::from_secs(7),
        pressure: Some(spec("pressure")),
        pressure_band: (Some(-10.0), None),
        pulses: Some(PulsesSpec { at_least: 1, below: 0.25, above: 0.4, within }),
        power: Some(PowerSpec { input: spec("power"), above: 0.4 }),
        ..cabinet
    }))
}

/// Pieces of several inputs, each from 10:00 on.
fn together(inputs: &[&[(i64, Option<f64>)]]) -> Vec<Event> {
    let mut events = Vec::new();
    for (input, parts) in inputs.iter().enumerate() {
        events.extend(heat(parts).into_iter().map(|event| Event { input, ..event }));
    }
    events.sort_by_key(|event| event.now);
    events
}

fn play(rule: HoldCycleRule, inputs: &[&[(i64, Option<f64>)]]) -> Played {
    let end = inputs[0].iter().map(|(length, _)| length).sum();
    Bench::new(Rule::HoldCycle(rule)).play(&together(inputs), end)
}

/// What is held for a time between a cold beginning and a cold end.
fn plateau(seconds: i64, value: f64) -> [(i64, Option<f64>); 3] {
    [(20, Some(80.0)), (seconds, Some(value)), (20, Some(80.0))]
}

#[test]
fn three_minutes_pass_for_a_dental_sterilizer_and_not_for_a_central_one() {
    let (heat, steam) = (plateau(185, 134.2), plateau(185, 203.0));
    let played = play(sterilizer(180), &[&heat, &steam]);
    assert_eq!(played.verdicts(), "+20..205");
    assert_eq!(
        played.passed()[0].explanation.en,
        "10:00:20-10:03:25 longest hold [134, 137] 3 min 5 s (10:00:20-10:03:25, 134.2 ~ 134.2, \
         203.0 ~ 203.0, T-Tsat +0.2 K), 3 min needed; highest 134.20; valid data 100 %"
    );
    assert_eq!(play(sterilizer(240), &[&heat, &steam]).verdicts(), "-20..205");
}

#[test]
fn air_in_the_steam_is_seen_by_its_pressure() {
    let played = play(sterilizer(180), &[&plateau(400, 134.0), &plateau(400, 235.0)]);
    assert_eq!(played.verdicts(), "-20..420");
    let why = &played.passed()[0].explanation;
    assert!(why.en.contains("steam not saturated (-3.5 K) for 6 min 40 s"), "{}", why.en);
    assert!(why.zh.contains("蒸汽非饱和 (-3.5 K) 6 min 40 s"), "{}", why.zh);
    // Two kelvin either way are allowed: 134 °C is saturated at 202.9 kPa.
    for (kilopascals, verdicts) in [(186.0, "+20..420"), (184.0, "-20..420"), (220.0, "+20..420")] {
        let played = play(sterilizer(180), &[&plateau(400, 134.0), &plateau(400, kilopascals)]);
        assert_eq!(played.verdicts(), verdicts, "{kilopascals}");
    }
    // No water boils in a vacuum like that.
    let vacuum = play(sterilizer(180), &[&plateau(400, 134.0), &plateau(400, -101.3)]);
    assert_eq!(vacuum.verdicts(), "-20..420");
    // With the pressure unknown for a while it is open.
    let hole = [(100, Some(203.0)), (60, BAD), (280, Some(203.0))];
    let open = play(sterilizer(300), &[&plateau(400, 134.0), &hole]);
    assert_eq!(open.verdicts(), "?20..420");
}

#[test]
fn too_hot_is_not_held_either() {
    let steam = |second: f64| {
        [
            (20, Some(80.0)),
            (100, Some(203.0)),
            (10, Some(second)),
            (110, Some(203.0)),
            (20, Some(80.0)),
        ]
    };
    let heat = |second: f64| {
        [
            (20, Some(80.0)),
            (100, Some(134.0)),
            (10, Some(second)),
            (110, Some(134.0)),
            (20, Some(80.0)),
        ]
    };
    let check = |second: f64, kilopascals| {
        play(sterilizer(180), &[&heat(second), &steam(kilopascals)]).verdicts()
    };
    assert_eq!(check(137.0, 230.5), "+20..240");
    assert_eq!(check(137.1, 230.5), "-20..240");
    assert_eq!(check(133.9, 203.0), "-20..240");
    let mut band = sterilizer(180);
    band.pressure_band = (Some(201.7), Some(229.3));
    let played = play(band, &[&heat(134.0), &steam(201.0)]);
    assert_eq!(played.verdicts(), "-20..240");
    assert!(played.passed()[0].explanation.zh.contains("压力超出范围 10 s"));
}

#[test]
fn the_equilibration_is_not_looked_at_and_does_not_count() {
    let mut rule = sterilizer(180);
    rule.equilibration = Duration::from_secs(15);
    let check = |heat: &[(i64, Option<f64>)], steam: &[(i64, Option<f64>)]| {
        play(rule.clone(), &[heat, steam]).verdicts()
    };
    let (long, short) = (plateau(195, 134.2), plateau(190, 134.2));
    assert_eq!(check(&long, &plateau(195, 203.0)), "+20..215");
    assert_eq!(check(&short, &plateau(190, 203.0)), "-20..210");
    // It overshoots at first, and the steam is not what it will be.
    let over = [(20, Some(80.0)), (15, Some(138.0)), (180, Some(134.2)), (20, Some(80.0))];
    let air = [(20, Some(80.0)), (15, Some(150.0)), (180, Some(203.0)), (20, Some(80.0))];
    assert_eq!(check(&over, &air), "+20..215");
    let over = [(20, Some(80.0)), (20, Some(138.0)), (175, Some(134.2)), (20, Some(80.0))];
    assert_eq!(check(&over, &air), "-20..215");
}

#[test]
fn evacuations_are_counted_before_the_plateau() {
    let mut rule = sterilizer(180);
    rule.steam = None;
    let within = Duration::from_secs(600);
    rule.pulses = Some(PulsesSpec { at_least: 3, below: -80.0, above: 0.0, within });
    let check = |pulses: usize, hole: bool| {
        let mut steam = vec![(700, Some(0.0))];
        for _ in 0..pulses {
            steam.extend([(20, Some(-85.0)), (20, Some(50.0))]);
        }
        let lead = 700 + 40 * i64::try_from(pulses).unwrap();
        steam.extend([(20, if hole { BAD } else { Some(100.0) }), (220, Some(203.0))]);
        let heat = [(lead, Some(60.0)), (20, Some(110.0)), (200, Some(134.5)), (20, Some(60.0))];
        let played = play(rule.clone(), &[&heat, &steam]);
        let passed = played.passed();
        (passed[0].verdict, passed[0].explanation.en.clone())
    };
    assert_eq!(check(3, false).0, Verdict::Compliant);
    assert!(check(3, false).1.contains("3 of 3 vacuum pulses"));
    assert_eq!(check(2, false).0, Verdict::NonCompliant);
    assert_eq!(check(2, true).0, Verdict::Indeterminate);
    assert_eq!(check(3, true).0, Verdict::Compliant);
}

#[test]
fn a_cycle_needs_power_and_its_program() {
    let input = |name| -> InputSpec { spec(name) };
    let cabinet = |power: bool, program: bool| {
        let Rule::HoldCycle(rule) = hold(false) else { unreachable!() };
        HoldCycleRule {
            power: power.then(|| PowerSpec { input: input("power"), above: 50.0 }),
            program: program.then(|| ProgramSpec { input: input("program"), low: 2.0, high: 3.0 }),
            ..rule
        }
    };
    let heat = [COLD, hot(400), COLD];
    let check = |rule: &HoldCycleRule, second: &[(i64, Option<f64>)]| {
        play(rule.clone(), &[&heat, second]).verdicts()
    };
    let power = cabinet(true, false);
    assert_eq!(check(&power, &[(40, Some(900.0)), (400, Some(0.0))]), "+20..420");
    assert_eq!(check(&power, &[(440, Some(20.0))]), "-20..420");
    assert_eq!(check(&power, &[(100, Some(20.0)), (20, BAD), (320, Some(20.0))]), "?20..420");
    let program = cabinet(false, true);
    assert_eq!(check(&program, &[(440, Some(2.0))]), "+20..420");
    assert_eq!(check(&program, &[(300, Some(3.0)), (140, Some(0.0))]), "+20..420");
    assert_eq!(check(&program, &[(440, Some(1.0))]), "");
    assert_eq!(check(&program, &[(440, BAD)]), "?20..420");
    assert_eq!(check(&program, &[(100, BAD), (340, Some(2.0))]), "+20..420");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Second by second: whether there is a run of saturated steam in the band that is long enough.
    #[test]
    fn a_sterilizer_agrees_with_a_slow_and_simple_look(
        pieces in prop::collection::vec(
            (1..20_i64, prop::sample::select(vec![133.9, 134.0, 135.0, 137.0, 137.2]),
             prop::sample::select(vec![180.0, 203.0, 212.0, 230.0, 260.0])),
            1..30,
        ),
        hold_secs in 5..120_u64,
    ) {
        let mut heat = vec![(20, Some(80.0))];
        let mut steam = vec![(20, Some(80.0))];
        let mut levels = Vec::new();
        for (length, celsius, kilopascals) in &pieces {
            heat.push((length * 5, Some(*celsius)));
            steam.push((length * 5, Some(*kilopascals)));
            let saturated = crate::expr::t_sat(kilopascals + 101.325).unwrap();
            let held = (134.0..=137.0).contains(celsius) && (celsius - saturated).abs() <= 2.0;
            levels.extend(core::iter::repeat_n(held, usize::try_from(length * 5).unwrap()));
        }
        heat.push((20, Some(80.0)));
        steam.push((20, Some(80.0)));
        let longest = levels.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).max();
        let enough = longest.unwrap_or(0) as u64 >= hold_secs;
        let played = play(sterilizer(hold_secs), &[&heat, &steam]);
        let sign = if enough { '+' } else { '-' };
        prop_assert_eq!(played.verdicts(), format!("{sign}20..{}", 20 + levels.len()));
        let value = crate::testing::seconds(played.passed()[0].to);
        prop_assert_eq!(value, 20 + levels.len() as i64);
    }
}
