//! What is said of duties, counts, sequences and comparisons.
//!
//! The area lies in a zone whose midnight is at 10:20 in Shanghai, so that a day ends in the
//! middle of a short test.

use crate::{
    CountRule, Edge, EventSpec, ExpectedRule, Number, Often, Pack, Period, ReconcileRule, Rule,
    SequenceRule, SequenceTime, Side, run_tests,
    testing::{Bench, Event, Player, at, of, spec, t},
};
use core::time::Duration;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use weir_domain::Sample;

/// Seconds after 10:00 at which the day of the area begins.
const MIDNIGHT: i64 = 1_200;
const LONG: Duration = Duration::from_secs(400 * 24 * 3_600);

fn event(edge: Edge) -> EventSpec {
    EventSpec { input: spec("thing"), edge, lasting: Duration::ZERO, name: None }
}

fn entry() -> EventSpec {
    event(Edge::Sample { low: None, high: None })
}

fn counter() -> EventSpec {
    event(Edge::Increase { roll_over: None })
}

fn expected(event: EventSpec, often: Often) -> Rule {
    Rule::Expected(ExpectedRule { event, often, grace: Duration::ZERO })
}

fn count(event: EventSpec, at_most: u32) -> CountRule {
    CountRule {
        event,
        at_most,
        per: Period::Day,
        gate: None,
        outside_hours: false,
        coverage_min: 1.0,
        grace: Duration::ZERO,
    }
}

fn sequence(trigger: EventSpec, needs: Vec<EventSpec>, time: SequenceTime) -> Rule {
    Rule::Sequence(SequenceRule { trigger, needs, time, grace: Duration::ZERO })
}

fn reconcile(left: EventSpec, right: EventSpec, ratio: (f64, f64)) -> ReconcileRule {
    let side = |event| Side { event, times: Number::Given(1.0), sum: false, at_least: 0 };
    ReconcileRule {
        left: side(left),
        right: side(right),
        per: Period::Day,
        ratio,
        coverage_min: 1.0,
        grace: Duration::ZERO,
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

impl Bench {
    fn days(mut self) -> Self {
        let offset = i32::try_from(8 * 3_600 - (10 * 3_600 + MIDNIGHT)).unwrap();
        self.area.time_zone = TimeZone::fixed(Offset::from_seconds(offset).unwrap());
        self
    }

    /// Inputs whose points are only sent on occasion.
    fn occasional(mut self, inputs: &[usize]) -> Self {
        for input in inputs {
            let point = &mut self.area.points[*input];
            (point.occasional, point.max_gap) = (true, LONG);
        }
        self
    }
}

fn bench(rule: Rule) -> Bench {
    Bench::new(rule).days()
}

/// One of each kind, for what holds for every rule.
pub(crate) fn benches() -> Vec<Bench> {
    let gated = CountRule { gate: Some((spec("gate"), true)), ..count(event(Edge::On), 1) };
    let outside = CountRule { outside_hours: true, ..count(counter(), 0) };
    let mut outside = bench(Rule::Count(outside)).open("mon-sun 23:50-24:00,00:05-00:10");
    outside.requirement.open_hours_only = false;
    let above = Edge::Above { level: 100.0, hysteresis: 0.2 };
    let lasting = EventSpec { lasting: Duration::from_secs(20), ..event(above) };
    let within = |secs| SequenceTime::Before(Duration::from_secs(secs));
    let after = |reset| SequenceTime::After(Duration::from_secs(60), reset);
    vec![
        bench(expected(event(Edge::On), Often::Per(Period::Day, 2.0))),
        bench(expected(entry(), Often::Per(Period::Day, 3.0))).occasional(&[0]),
        bench(expected(event(Edge::Off), Often::Every(minutes(5)))),
        bench(expected(entry(), Often::Every(minutes(5)))).occasional(&[0]),
        bench(expected(entry(), Often::Every(minutes(5)))).open("mon-sun 23:50-24:00,00:05-00:10"),
        bench(expected(entry(), Often::BeforeOpening(minutes(5), 1.0)))
            .open("mon-sun 23:50-24:00,00:05-00:10"),
        bench(Rule::Count(gated)),
        bench(Rule::Count(count(lasting, 0))),
        outside,
        bench(sequence(event(Edge::On), vec![event(Edge::Off)], within(60))),
        bench(sequence(event(Edge::On), vec![event(Edge::On)], after(None))),
        bench(sequence(entry(), vec![entry()], SequenceTime::SameDay)).occasional(&[1]),
        bench(sequence(counter(), vec![event(Edge::On)], SequenceTime::Since(event(Edge::Off)))),
        bench(Rule::Reconcile(reconcile(counter(), event(Edge::On), (0.5, 20.0)))),
    ]
}

/// A value of one input every five seconds, in pieces: (seconds, value; none = bad).
fn pieces(input: usize, parts: &[(i64, Option<f64>)]) -> Vec<Event> {
    let (mut from, mut events) = (0, Vec::new());
    for (length, value) in parts {
        events.extend((from..from + length).step_by(5).map(|second| of(input, second, *value)));
        from += length;
    }
    events
}

fn both(first: Vec<Event>, second: Vec<Event>) -> Vec<Event> {
    let mut all = [first, second].concat();
    all.sort_by_key(|event| event.now);
    all
}

const ON: Option<f64> = Some(1.0);
const OFF: Option<f64> = Some(0.0);
const BAD: Option<f64> = None;

#[test]
fn a_duty_is_judged_when_its_day_is_over() {
    let play = |times: &[i64]| {
        let entries: Vec<Event> = times.iter().map(|second| at(*second, 1.0)).collect();
        let bench = bench(expected(entry(), Often::Per(Period::Day, 2.0))).occasional(&[0]);
        bench.play(&entries, 90_000)
    };
    // The first day began before anybody looked; the second one was seen.
    for (times, verdicts) in [
        (&[1_300, 4_000][..], "?-85200..1200 +1200..87600"),
        (&[1_300], "?-85200..1200 -1200..87600"),
        (&[300, 600], "+-85200..1200 -1200..87600"),
        (&[1_200, 87_599], "?-85200..1200 +1200..87600"),
        (&[1_199, 87_600], "?-85200..1200 -1200..87600"),
    ] {
        assert_eq!(play(times).verdicts(), verdicts, "{times:?}");
    }
    let played = play(&[1_300]);
    assert_eq!(runs(&played.standings()), "?-");
    assert_eq!(
        played.passed()[1].explanation.zh,
        "2026-11-22 thing 记录 1 次，至少应 2 次；有效数据 100 %"
    );
}

#[test]
fn a_duty_tells_what_is_done_and_what_is_due() {
    let bench = bench(expected(entry(), Often::Per(Period::Day, 2.0))).occasional(&[0]);
    let notes = |times: &[i64], end: i64| {
        let mut player = Player::new(bench.evaluator(t(0)));
        times.iter().for_each(|second| player.observe(at(*second, 1.0)));
        player.fire(t(end));
        player.evaluator.standing()
    };
    let standing = notes(&[1_300], 1_400);
    assert_eq!(standing.note.en, "thing entry: 1 of 2 done, the rest due by 2026-11-23 00:00");
    assert_eq!(standing.note.zh, "thing 记录 已完成 1/2 次，须在 2026-11-23 00:00 前完成");
    let standing = notes(&[1_300, 1_350], 1_400);
    assert_eq!(standing.verdict, Some(weir_domain::Verdict::Compliant));
    // A missed day stands until the duty is done again.
    let verdict = |times: &[i64], end| notes(times, end).verdict;
    assert_eq!(verdict(&[1_300], 90_000), Some(weir_domain::Verdict::NonCompliant));
    assert_eq!(verdict(&[1_300, 88_000], 90_000), Some(weir_domain::Verdict::NonCompliant));
    let done = verdict(&[1_300, 88_000, 89_000], 90_000);
    assert_eq!(done, Some(weir_domain::Verdict::Compliant));
}

#[test]
fn an_entry_may_be_reported_late_but_not_too_late() {
    let play = |late: u64| {
        let rule = ExpectedRule {
            event: entry(),
            often: Often::Per(Period::Day, 1.0),
            grace: Duration::from_secs(600),
        };
        let entries = [at(500, 1.0), at(1_300, 1.0).late(86_400 + late)];
        bench(Rule::Expected(rule)).occasional(&[0]).play(&entries, 90_000).verdicts()
    };
    assert_eq!(play(400), "+-85200..1200 +1200..87600");
    assert_eq!(play(500), "+-85200..1200 +1200..87600");
    assert_eq!(play(501), "+-85200..1200 -1200..87600");
}

#[test]
fn what_may_have_been_entered_while_the_gateway_was_down_is_open() {
    let bench = bench(expected(entry(), Often::Per(Period::Day, 1.0))).occasional(&[0]);
    let mut player = Player::new(bench.evaluator(t(0)));
    player.observe(at(10, 1.0));
    player.fire(t(2_000));
    player.evaluator.resume(t(2_000), t(2_600));
    let played = player.finish(t(90_000));
    assert_eq!(played.verdicts(), "+-85200..1200 ?1200..87600");
}

#[test]
fn before_each_opening() {
    let play = |times: &[i64]| {
        let entries: Vec<Event> = times.iter().map(|second| at(*second, 1.0)).collect();
        // It opens at 10:40 and at 11:40 of the clock in Shanghai.
        let rule = expected(entry(), Often::BeforeOpening(minutes(15), 1.0));
        let mut bench = bench(rule).occasional(&[0]).open("mon-sun 00:20-00:40,01:20-02:00");
        bench.requirement.open_hours_only = false;
        bench.play(&entries, 7_000).verdicts()
    };
    assert_eq!(play(&[1_600]), "+1500..2400 -5100..6000");
    assert_eq!(play(&[2_400, 5_500]), "-1500..2400 +5100..6000");
    assert_eq!(play(&[]), "-1500..2400 -5100..6000");
}

#[test]
fn what_comes_round_is_overdue_until_it_comes() {
    let play = |times: &[i64], end| {
        let entries: Vec<Event> = times.iter().map(|second| at(*second, 1.0)).collect();
        let rule = expected(entry(), Often::Every(minutes(5)));
        bench(rule).occasional(&[0]).play(&entries, end)
    };
    assert_eq!(play(&[100, 300], 500).verdicts(), "?0..100 +100..500");
    let played = play(&[100, 600], 800);
    assert_eq!(played.verdicts(), "?0..100 +100..400 -400..600 +600..800");
    assert_eq!(played.standings(), "+-+");
    assert_eq!(
        played.passed()[2].explanation.en,
        "23:46:40-23:50 no thing entry for more than 5 min (the last at 2026-11-21 23:41:40); \
         valid data 100 %"
    );
    // Nobody knows when it was done last, until it would be overdue in any case.
    assert_eq!(play(&[], 500).verdicts(), "?0..300 -300..500");
    // Records are cut at midnight.
    assert_eq!(play(&[1_100], 1_300).verdicts(), "?0..300 -300..1100 +1100..1200 +1200..1300");
}

#[test]
fn a_round_begins_anew_with_each_opening() {
    let entries: Vec<Event> = [500, 1_500].map(|second| at(second, 1.0)).into();
    let bench = bench(expected(entry(), Often::Every(minutes(5))))
        .occasional(&[0])
        .open("mon-sun 23:50-24:00,00:05-00:12");
    assert_eq!(
        bench.play(&entries, 2_000).verdicts(),
        "+600..900 -900..1200 +1500..1800 -1800..1920"
    );
}

#[test]
fn a_valve_seen_in_the_data_may_have_opened_in_a_gap() {
    let valve = pieces(0, &[(100, OFF), (5, ON), (95, OFF), (60, BAD), (700, OFF)]);
    let played = bench(expected(event(Edge::On), Often::Every(minutes(5)))).play(&valve, 960);
    assert_eq!(played.verdicts(), "?0..100 +100..400 ?400..560 -560..960");
}

#[test]
fn too_many_are_broken_at_once_and_few_enough_when_all_was_seen() {
    let day = |second: i64| (86_400 + MIDNIGHT - second, OFF);
    for (parts, verdicts, standings) in [
        (vec![(1_300, OFF), (5, ON), day(1_305), (60, OFF)], "?-85200..1200 +1200..87600", "+"),
        (
            vec![(1_300, OFF), (5, ON), (5, OFF), (5, ON), day(1_315), (60, OFF)],
            "?-85200..1200 -1200..87600",
            "+-+",
        ),
        (
            vec![(1_300, OFF), (5, ON), (30, BAD), day(1_335), (60, OFF)],
            "?-85200..1200 ?1200..87600",
            "+?+",
        ),
        (
            vec![(1_300, OFF), (5, ON), (5, OFF), (5, ON), (30, BAD), day(1_345), (60, OFF)],
            "?-85200..1200 -1200..87600",
            "+-+",
        ),
    ] {
        let played = bench(Rule::Count(count(event(Edge::On), 1))).play(&pieces(0, &parts), 87_660);
        assert_eq!(played.verdicts(), verdicts, "{parts:?}");
        assert_eq!(runs(&played.standings()), standings, "{parts:?}");
    }
}

/// A row of standings without those that only tell a new number.
fn runs(standings: &str) -> String {
    let mut row: Vec<char> = standings.chars().collect();
    row.dedup();
    row.into_iter().collect()
}

#[test]
fn only_events_while_a_gate_is_on_count_and_only_then_must_they_be_seen() {
    let rule = CountRule { gate: Some((spec("gate"), true)), ..count(event(Edge::On), 0) };
    let day = 86_400;
    let play = |thing: &[(i64, Option<f64>)], gate: &[(i64, Option<f64>)]| {
        let events = both(pieces(0, thing), pieces(1, gate));
        bench(Rule::Count(rule.clone())).play(&events, MIDNIGHT + day + 60).verdicts()
    };
    let (lead, rest) = (MIDNIGHT + 100, day - 40);
    let thing = [(lead, OFF), (5, ON), (rest - 5, OFF)];
    assert!(play(&thing, &[(lead + rest, OFF)]).ends_with("+1200..87600"));
    assert!(
        play(&thing, &[(lead - 20, OFF), (40, ON), (rest - 20, OFF)]).ends_with("-1200..87600")
    );
    assert!(
        play(&thing, &[(lead - 20, OFF), (40, BAD), (rest - 20, OFF)]).ends_with("?1200..87600")
    );
    // What was not seen while the gate was shut does not matter.
    let holed = [(lead, OFF), (60, BAD), (rest - 60, OFF)];
    assert!(play(&holed, &[(lead + rest, OFF)]).ends_with("+1200..87600"));
    assert!(play(&holed, &[(lead, OFF), (60, ON), (rest - 60, OFF)]).ends_with("?1200..87600"));
}

#[test]
fn outside_the_hours_nothing_may_happen() {
    let rule = CountRule { outside_hours: true, ..count(counter(), 0) };
    let mut outside = bench(Rule::Count(rule)).open("mon-sun 08:00-24:00,00:00-01:00");
    outside.requirement.open_hours_only = false;
    let day = 86_400;
    let play = |parts: &[(i64, Option<f64>)]| {
        outside.play(&pieces(0, parts), MIDNIGHT + day + 60).verdicts()
    };
    // An exposure at half past midnight is within the hours, one at two is not.
    let (early, late) = (MIDNIGHT + 1_800, MIDNIGHT + 7_200);
    let end = MIDNIGHT + day + 60;
    assert!(play(&[(early, Some(5.0)), (end - early, Some(6.0))]).ends_with("+1200..87600"));
    assert!(play(&[(late, Some(5.0)), (end - late, Some(6.0))]).ends_with("-1200..87600"));
    // A counter that has not moved over a gap tells that nothing happened in it.
    let gap = |value| [(late, Some(5.0)), (600, BAD), (end - late - 600, Some(value))];
    assert!(play(&gap(5.0)).ends_with("+1200..87600"));
    assert!(play(&gap(7.0)).ends_with("-1200..87600"));
    let reset = [(late, Some(5.0)), (600, BAD), (end - late - 600, Some(0.0))];
    assert!(play(&reset).ends_with("?1200..87600"));
}

#[test]
fn a_test_before_each_discharge() {
    let rule = sequence(
        event(Edge::On),
        vec![EventSpec { input: spec("test"), ..entry() }],
        SequenceTime::Before(minutes(5)),
    );
    let play = |tests: &[i64], valve: &[(i64, Option<f64>)]| {
        let tests = tests.iter().map(|second| of(1, *second, 3.0)).collect();
        bench(rule.clone()).occasional(&[1]).play(&both(pieces(0, valve), tests), 1_100)
    };
    let valve = [(600, OFF), (60, ON), (440, OFF)];
    for (tests, verdicts) in [
        (&[400][..], "+300..600"),
        (&[600], "+300..600"),
        (&[300], "+300..600"),
        (&[299], "-300..600"),
        (&[601], "-300..600"),
        (&[], "-300..600"),
    ] {
        assert_eq!(play(tests, &valve).verdicts(), verdicts, "{tests:?}");
    }
    let again = [(600, OFF), (60, ON), (60, OFF), (380, ON)];
    assert_eq!(play(&[400], &again).verdicts(), "+300..600 -600..720");
    // It opened in a gap: nobody knows whether the test was within five minutes.
    let gap = [(600, OFF), (60, BAD), (440, ON)];
    assert_eq!(play(&[400], &gap).verdicts(), "+360..660");
    assert_eq!(play(&[330], &gap).verdicts(), "?360..660");
    assert_eq!(play(&[299], &gap).verdicts(), "-360..660");
    // Before anybody looked there may have been a test.
    assert_eq!(play(&[], &[(100, OFF), (60, ON)]).verdicts(), "?-200..100");
    let played = play(&[], &valve);
    assert_eq!(played.standings(), "0-");
    assert_eq!(
        played.passed()[0].explanation.zh,
        "2026-11-21 23:50 thing=1：此前 5 min 内没有 test 记录；有效数据 100 %"
    );
    assert_eq!(play(&[900], &valve).standings(), "0-+");
}

#[test]
fn a_retraction_after_each_alarm() {
    let rule = |reset| {
        sequence(
            event(Edge::On),
            vec![event(Edge::Off)],
            SequenceTime::After(Duration::from_secs(10), reset),
        )
    };
    let play = |alarm: &[(i64, Option<f64>)], source: &[(i64, Option<f64>)]| {
        bench(rule(None)).play(&both(pieces(0, alarm), pieces(1, source)), 300).verdicts()
    };
    let alarm = [(100, OFF), (200, ON)];
    assert_eq!(play(&alarm, &[(105, ON), (195, OFF)]), "+100..105");
    assert_eq!(play(&alarm, &[(110, ON), (190, OFF)]), "+100..110");
    assert_eq!(play(&alarm, &[(115, ON), (185, OFF)]), "-100..110");
    assert_eq!(play(&alarm, &[(300, ON)]), "-100..110");
    assert_eq!(play(&alarm, &[(100, ON), (20, BAD), (180, OFF)]), "?100..110");
    // At rest again, alarm again, before the first one was answered: one answer for both.
    let twice = [(100, OFF), (5, ON), (0, OFF)];
    assert_eq!(play(&twice, &[(110, ON), (190, OFF)]), "+100..110");
    // What cancels it.
    let lamp = [(100, OFF), (5, ON), (195, OFF)];
    let cancelled = bench(rule(Some(event(Edge::Off))));
    let events = |lamp: &[(i64, Option<f64>)]| {
        both(both(pieces(0, lamp), pieces(1, &[(300, ON)])), pieces(2, lamp))
    };
    assert_eq!(cancelled.play(&events(&lamp), 300).verdicts(), "");
    assert_eq!(cancelled.play(&events(&alarm), 300).verdicts(), "-100..110");
}

#[test]
fn cups_leave_only_after_a_cycle_since_they_came() {
    let rule =
        sequence(event(Edge::On), vec![event(Edge::On)], SequenceTime::Since(event(Edge::On)));
    let pulse = |input, second: i64, end: i64| {
        pieces(input, &[(second, OFF), (5, ON), (end - second - 5, OFF)])
    };
    let play = |out: i64, cycle: i64, came: i64| {
        let events = both(both(pulse(0, out, 800), pulse(1, cycle, 800)), pulse(2, came, 800));
        bench(rule.clone()).play(&events, 800).verdicts()
    };
    assert_eq!(play(500, 300, 100), "+100..500");
    assert_eq!(play(500, 100, 300), "-300..500");
    assert_eq!(play(500, 600, 300), "-300..500");
    // They may have come before anybody looked; then the cycle may have been before that, too.
    assert_eq!(play(500, 600, 700), "?0..500");
    assert_eq!(play(500, 300, 700), "+0..500");
}

#[test]
fn one_after_the_other() {
    let needs = vec![event(Edge::On), event(Edge::On)];
    let rule = sequence(event(Edge::On), needs, SequenceTime::Before(minutes(5)));
    let pulse = |input, second: i64| pieces(input, &[(second, OFF), (5, ON), (795 - second, OFF)]);
    let play = |wash: i64, rinse: i64| {
        let events = both(both(pulse(0, 500), pulse(1, wash)), pulse(2, rinse));
        bench(rule.clone()).play(&events, 800).verdicts()
    };
    assert_eq!(play(250, 300), "+200..500");
    assert_eq!(play(300, 250), "-200..500");
    assert_eq!(play(150, 300), "-200..500");
}

#[test]
fn two_counts_agree_or_not() {
    let end = MIDNIGHT + 86_400 + 60;
    let play = |rule: ReconcileRule, left: &[(i64, Option<f64>)], right: &[i64]| {
        let right = right.iter().map(|second| of(1, *second, 4.0)).collect();
        let events = both(pieces(0, left), right);
        bench(Rule::Reconcile(rule)).occasional(&[1]).play(&events, end)
    };
    let rule =
        |low, high| reconcile(counter(), EventSpec { input: spec("exam"), ..entry() }, (low, high));
    let steps = |to| [(MIDNIGHT + 100, Some(0.0)), (end - MIDNIGHT - 100, Some(to))];
    let last = |played: crate::testing::Played| {
        played.verdicts().split(' ').next_back().unwrap().to_string()
    };
    let exams = [1_300, 1_400, 1_500];
    assert_eq!(last(play(rule(0.9, 1.1), &steps(3.0), &exams)), "+1200..87600");
    assert_eq!(last(play(rule(0.9, 1.1), &steps(4.0), &exams)), "-1200..87600");
    assert_eq!(last(play(rule(0.9, 1.1), &steps(2.0), &exams)), "-1200..87600");
    assert_eq!(last(play(rule(0.9, f64::INFINITY), &steps(9.0), &exams)), "+1200..87600");
    // Nothing on either side agrees, unless silence says nothing.
    assert_eq!(last(play(rule(0.9, 1.1), &steps(0.0), &[])), "+1200..87600");
    let mut silent = rule(0.9, 1.1);
    silent.right.at_least = 1;
    assert_eq!(last(play(silent, &steps(3.0), &[])), "?1200..87600");
    // The values added up, and each count standing for three: 12 to 12.
    let mut summed = rule(1.0, 1.0);
    (summed.right.sum, summed.left.times) = (true, Number::Given(4.0));
    let played = play(summed, &steps(3.0), &exams);
    assert_eq!(played.passed()[1].value, Some(1.0));
    // More exposures than the gap could explain are too many; too few may lie in it.
    let open = |to| [(MIDNIGHT + 100, Some(0.0)), (86_000, Some(to)), (60, BAD), (300, Some(1.0))];
    assert_eq!(last(play(rule(0.9, 1.1), &open(9.0), &exams)), "-1200..87600");
    assert_eq!(last(play(rule(0.9, 1.1), &open(2.0), &exams)), "?1200..87600");
}

/// Samples of the second day of a bench, in order, with a delay that does not matter.
fn entries() -> impl Strategy<Value = Vec<(i64, u64)>> {
    prop::collection::vec((0..100_000_i64, 0..60_u64), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_in_which_entries_come_changes_no_verdict(entries in entries()) {
        let on_time: Vec<Event> = entries.iter().map(|(second, _)| at(*second, 1.0)).collect();
        let mut late: Vec<Event> = entries.iter().map(|(s, late)| at(*s, 1.0).late(*late)).collect();
        let mut on_time = on_time;
        on_time.sort_by_key(|event| event.now);
        late.sort_by_key(|event| event.now);
        for rule in [
            expected(entry(), Often::Per(Period::Day, 3.0)),
            expected(entry(), Often::Every(minutes(120))),
            Rule::Count(count(entry(), 3)),
            sequence(entry(), vec![entry()], SequenceTime::SameDay),
        ] {
            let inputs = if matches!(rule, Rule::Sequence(_)) { vec![0, 1] } else { vec![0] };
            let bench = bench(rule).occasional(&inputs);
            let verdicts = |events: &[Event]| bench.play(events, 200_000).verdicts();
            prop_assert_eq!(verdicts(&late), verdicts(&on_time));
        }
    }

    #[test]
    fn a_duty_agrees_with_a_slow_and_simple_count(entries in entries(), least in 1..5_u32) {
        let mut times: Vec<i64> = entries.iter().map(|(second, _)| *second).collect();
        times.sort_unstable();
        times.dedup();
        let events: Vec<Event> = times.iter().map(|second| at(*second, 1.0)).collect();
        let rule = expected(entry(), Often::Per(Period::Day, f64::from(least)));
        let played = bench(rule).occasional(&[0]).play(&events, 180_000);
        let days = [(MIDNIGHT - 86_400, MIDNIGHT), (MIDNIGHT, MIDNIGHT + 86_400),
            (MIDNIGHT + 86_400, MIDNIGHT + 2 * 86_400)];
        let simple: Vec<String> = days.iter().map(|(from, to)| {
            let done = times.iter().filter(|t| *from <= **t && **t < *to).count();
            let sign = match done >= least as usize {
                true => '+',
                false if *from < 0 => '?',
                false => '-',
            };
            format!("{sign}{from}..{to}")
        }).collect();
        prop_assert_eq!(played.verdicts(), simple.join(" "));
    }

    #[test]
    fn a_count_agrees_with_a_slow_and_simple_one(
        pulses in prop::collection::btree_set(0..1_200_i64, 0..6),
        holes in prop::collection::btree_set(0..1_200_i64, 0..3),
        most in 0..4_u32,
    ) {
        // Samples every 60 s, each speaking for 60 s, over the second day.
        let end = MIDNIGHT + 86_400;
        let mut bench = bench(Rule::Count(count(event(Edge::On), most)));
        bench.area.points[0].max_gap = Duration::from_secs(60);
        let value = |minute: i64| match () {
            () if holes.contains(&minute) => BAD,
            () if pulses.contains(&minute) => ON,
            () => OFF,
        };
        let minutes = 0..(end + 120) / 60;
        let events: Vec<Event> = minutes.clone().map(|minute| at(minute * 60, value(minute))).collect();
        let (mut sure, mut before, mut seen) = (0, BAD, true);
        for minute in minutes.filter(|minute| *minute * 60 < end) {
            let now = value(minute);
            if minute * 60 >= MIDNIGHT {
                // One that began in a gap over midnight may belong to the day before.
                sure += u32::from(before == OFF && now == ON
                    && (value(minute - 1) != BAD || gap_begins(minute, &value) * 60 >= MIDNIGHT));
                seen &= now != BAD;
            }
            before = now.or(before);
        }
        let verdict = match () {
            () if sure > most => '-',
            () if seen => '+',
            () => '?',
        };
        let played = bench.play(&events, end + 120);
        let second = played.verdicts().split(' ').next_back().unwrap().to_string();
        prop_assert_eq!(second, format!("{verdict}{MIDNIGHT}..{end}"));
    }

    #[test]
    fn a_sequence_agrees_with_a_slow_and_simple_look(
        triggers in prop::collection::btree_set(0..3_000_i64, 0..8),
        needs in prop::collection::btree_set(0..3_000_i64, 0..8),
        span in 1..400_i64,
    ) {
        let events = both(
            triggers.iter().map(|second| at(*second, 1.0)).collect(),
            needs.iter().map(|second| of(1, *second, 1.0)).collect(),
        );
        let within = Duration::from_secs(span.unsigned_abs());
        let signs = |time| {
            let rule = sequence(entry(), vec![entry()], time);
            let played = bench(rule).occasional(&[0, 1]).play(&events, 4_000);
            let passed: Vec<_> = played.passed().iter().map(|passed| (
                crate::testing::seconds(passed.from), crate::testing::seconds(passed.to), passed.verdict,
            )).collect();
            passed
        };
        let before: Vec<_> = triggers.iter().map(|trigger| {
            let met = needs.range(trigger - span..=*trigger).next().is_some();
            match met {
                true => weir_domain::Verdict::Compliant,
                false if trigger - span < 0 => weir_domain::Verdict::Indeterminate,
                false => weir_domain::Verdict::NonCompliant,
            }
        }).collect();
        let found = signs(SequenceTime::Before(within));
        prop_assert_eq!(found.iter().map(|(.., verdict)| *verdict).collect::<Vec<_>>(), before);
        prop_assert!(found.windows(2).all(|pair| pair[0].1 <= pair[1].0), "verdicts overlap");
        let broken: Vec<i64> = triggers.iter().filter(|trigger| {
            needs.range(**trigger..=**trigger + span).next().is_none()
        }).map(|trigger| trigger + span).collect();
        let found = signs(SequenceTime::After(within, None));
        let ends: Vec<i64> = found.iter()
            .filter(|(.., verdict)| *verdict == weir_domain::Verdict::NonCompliant)
            .map(|(_, to, _)| *to).collect();
        prop_assert_eq!(ends, broken);
    }
}

/// The minute at which the gap before `minute` begins.
fn gap_begins(minute: i64, value: &impl Fn(i64) -> Option<f64>) -> i64 {
    (0..minute).rev().find(|earlier| value(*earlier) != BAD).map_or(0, |last| last + 1)
}

#[test]
fn samples_of_the_future_are_taken_as_of_now() {
    let rule = expected(entry(), Often::Per(Period::Day, 1.0));
    let mut ahead = at(1_300, 1.0);
    ahead.sample = Sample { source_time: t(1_000_000), ..ahead.sample };
    let played = bench(rule).occasional(&[0]).play(&[ahead], 90_000);
    assert_eq!(played.verdicts(), "?-85200..1200 +1200..87600");
}

#[test]
fn what_comes_too_late_changes_nothing_that_could_have_been_judged() {
    let after = SequenceTime::After(Duration::from_secs(60), None);
    let bench = bench(sequence(event(Edge::On), vec![event(Edge::On)], after));
    // The second sample is twenty seconds late, five more than may be.
    let (first, late) = (of(0, 0, 0.0), of(0, 10, None).late(20));
    let steady = [first, of(0, 9, 0.0), late];
    let quiet = bench.play(&steady, 100);
    for look in 25..30 {
        let mut player = Player::new(bench.evaluator(t(0)));
        steady[..2].iter().for_each(|event| player.observe(*event));
        player.fire(t(look));
        player.evaluator.advance(t(look), &mut player.out);
        player.observe(late);
        assert_eq!(player.finish(t(100)), quiet, "{look}");
    }
    // It speaks from fifteen seconds before it came.
    assert_eq!(quiet.standing.since, Some(t(15)));
}

/// Every kind of rule of events, as it is written.
const PACK: &str = include_str!("pack.toml");

#[test]
fn a_pack_of_events_passes_its_tests() {
    let pack = Pack::parse(PACK).unwrap();
    for outcome in run_tests(&pack) {
        assert_eq!(outcome.failure, None, "{}", outcome.name);
    }
    let limits: Vec<String> =
        pack.requirements.iter().map(|requirement| requirement.limit_text().en).collect();
    let words = [
        "chlorine test at least 2 times a day",
        "manual_chlorine entry (0.3 to 1 mg/L) at least 1 times within 1 h before opening",
        "drain_open=1 for 1 min at least every 4 h",
        "exposures count outside the hours at most 0 times a day",
        "manual_chlorine entry within 30 min before each valve_open=1",
        "source_out=0 within 5 s after each dose_rate > 10 µSv/h",
        "cycles count to cups_needed entry, ≥ 0.9, a day",
        "134 to 137 °C for 3 min, within 2 K of saturated steam",
        "134 to 137 °C for 4 min, within 2 K of saturated steam",
    ];
    assert_eq!(limits, words);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_hint() {
    for (from, to, word) in [
        ("at_least = 2", "at_least = 0", "at_least is 0"),
        ("per = \"day\"\ngrace_mins", "every_hours = 4\nper = \"day\"\ngrace_mins", "how often"),
        ("grace_mins = 30", "grace_mins = 99999", "longer than a month"),
        ("expected.before_mins = 60", "", "before_mins do not fit"),
        ("expected.every_hours = 4", "expected.every_hours = -1", "no duty comes round"),
        ("low = 0.3, high = 1 }", "low = 3, high = 1 }", "no value can be within"),
        ("edge = \"on\", lasting_secs", "edge = \"sample\", lasting_secs", "only a state lasts"),
        ("edge = \"above\", level = 10", "edge = \"above\"", "edge and level"),
        ("edge = \"increase\", roll_over", "edge = \"on\", roll_over", "only increase"),
        ("sequence.before_secs = 1800", "", "not exactly one time"),
        ("sequence.after_secs = 5", "sequence.same_day = true", "unless has no effect"),
        ("[0.9, inf]", "[1.1, 0.9]", "ratio is no interval"),
        ("times = \"cups_per_cycle\"", "times = \"cups\"", "there is no fact cups"),
        ("steam = { tolerance_k = 2 }", "steam = { tolerance_k = 0 }", "not above 0"),
        ("steam = { tolerance_k = 2 }", "", "pressure does not fit"),
        ("hold_secs = 180 }", "hold_secs = 0 }", "hold_secs is at most a day"),
        ("band_above = 3", "band_above = 3\nthreshold = 121", "not exactly one hold"),
    ] {
        assert!(PACK.contains(from), "{from}");
        let faults = Pack::parse(&PACK.replacen(from, to, 1)).unwrap_err();
        assert!(faults.to_string().contains(word), "{from} -> {to}:\n{faults}");
    }
}
