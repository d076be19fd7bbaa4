//! The engine over the real packs and profiles: verdicts and alarms come out, and neither the way
//! time is chopped nor a restart at any point changes them.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{START, spec};
use proptest::prelude::*;
use std::time::Duration;
use weir_domain::{BadReason, Reading, Sample, SeriesId, Timestamp, Value, Verdict};
use weir_engine::{
    Act, Command, Deed, Effect, Engine, EngineState, Record, Refusal, Row, Transition, alarm_events,
};

const TRC: SeriesId = SeriesId(0);
const DOOR: SeriesId = SeriesId(2);
const LAMP: SeriesId = SeriesId(3);
const EXPOSURE: SeriesId = SeriesId(4);

fn row(series: SeriesId, millis: i64, reading: Reading) -> Record {
    let time = Timestamp::from_millis(START.as_millis() + millis);
    Record::Reading(Row { series, sample: Sample::at(time, reading) })
}

fn number(value: f64) -> Reading {
    Reading::from_number(value)
}

/// Handles records, with ticks in between where `ticks` says so, and restarts where `restarts` does.
fn run(records: &[Record], ticks: &[bool], restarts: &[bool]) -> Vec<Effect> {
    let mut engine = Engine::new(spec(), START).0;
    let mut effects = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let _ = engine.handle(index as u64 + 1, record, &mut effects);
        if let (Some(true), Some(Record::Reading(next))) =
            (ticks.get(index), records.get(index + 1))
        {
            // Time may be told up to the moment of the next record, in pieces.
            let middle = Timestamp::from_millis(
                (engine.clock().as_millis() + next.sample.received_time.as_millis()) / 2,
            );
            engine.tick(middle, &mut effects);
            engine.tick(next.sample.received_time, &mut effects);
        }
        if restarts.get(index) == Some(&true) {
            let saved = engine.state().to_bytes();
            engine = Engine::new(spec(), START).0;
            let afresh = engine.restore(EngineState::from_bytes(&saved).unwrap());
            assert!(afresh.is_empty(), "{afresh:?}");
        }
    }
    engine.finish(&mut effects);
    effects
}

fn steady(series: SeriesId, from: i64, to: i64, value: f64) -> Vec<Record> {
    (from..to).step_by(5).map(|second| row(series, second * 1000, number(value))).collect()
}

fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(|record| match record {
        Record::Reading(row) => row.sample.received_time,
        Record::Command(command) => command.at,
    });
    records
}

#[test]
fn an_hour_of_weak_chlorine_is_a_violation_with_an_alarm() {
    let effects = run(&steady(TRC, 0, 7300, 2.5), &[], &[]);
    let verdicts: Vec<_> = effects
        .iter()
        .filter_map(|e| match e {
            Effect::Verdict(v) if v.requirement.as_str().starts_with("trc-contact") => Some(v),
            _ => None,
        })
        .collect();
    assert_eq!(verdicts[0].verdict, Verdict::NonCompliant);
    assert_eq!(verdicts[0].value, Some(2.5));
    let raised = effects.iter().any(|e| {
        matches!(e, Effect::Alarm(a) if a.transition == Transition::Raised && a.requirement.as_str().starts_with("trc-contact"))
    });
    assert!(raised);
    assert!(effects.is_sorted_by_key(Effect::time), "effects are in the order of time");
}

#[test]
fn an_alarm_is_acknowledged_once_and_comes_back_as_the_same_until_then() {
    let mut engine = Engine::new(spec(), START).0;
    let mut effects = Vec::new();
    let mut seq = 0;
    let mut at = |engine: &mut Engine, effects: &mut Vec<Effect>, record: Record| {
        seq += 1;
        engine.handle(seq, &record, effects)
    };
    for (series, value) in [(DOOR, 1.0), (LAMP, 1.0), (EXPOSURE, 0.0)] {
        at(&mut engine, &mut effects, row(series, 0, number(value))).unwrap();
    }
    for second in [10, 20] {
        at(&mut engine, &mut effects, row(EXPOSURE, second * 1000, number(1.0))).unwrap();
        at(&mut engine, &mut effects, row(EXPOSURE, second * 1000 + 2000, number(0.0))).unwrap();
        at(&mut engine, &mut effects, row(DOOR, second * 1000 + 5000, number(1.0))).unwrap();
    }
    let open = engine.snapshot().alarms;
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!((open[0].raises, open[0].is_active()), (2, false));
    let id = open[0].raised.alarm.clone();

    let act = |second: i64, alarm: &str| {
        let at = Timestamp::from_millis(START.as_millis() + second * 1000);
        let (alarm, by) = (alarm.to_owned(), "Li".to_owned());
        let act = Act::Acknowledge { alarm, by, comment: "seen".into(), seen: None };
        Record::Command(Box::new(Command { at, act }))
    };
    assert_eq!(at(&mut engine, &mut effects, act(30, "nothing~1")), Err(Refusal::UnknownAlarm));
    assert_eq!(at(&mut engine, &mut effects, act(31, &id)), Ok(()));
    assert!(engine.snapshot().alarms[0].latched, "the pack has it stay until somebody resets it");
    let reset = Act::Alarm {
        alarm: id.clone(),
        by: "Li".into(),
        comment: "door closed".into(),
        deed: Deed::Reset,
    };
    let time = Timestamp::from_millis(START.as_millis() + 31_500);
    let reset = Record::Command(Box::new(Command { at: time, act: reset }));
    assert_eq!(at(&mut engine, &mut effects, reset), Ok(()));
    assert!(engine.snapshot().alarms.is_empty(), "returned, acknowledged and reset: closed");
    assert_eq!(at(&mut engine, &mut effects, act(32, &id)), Err(Refusal::UnknownAlarm));

    at(&mut engine, &mut effects, row(EXPOSURE, 40_000, number(1.0))).unwrap();
    // A moment is judged when it is known how the door stood.
    at(&mut engine, &mut effects, row(DOOR, 41_000, number(1.0))).unwrap();
    let again = engine.snapshot().alarms;
    assert_ne!(again[0].raised.alarm, id, "after an acknowledgement it is another alarm");
}

#[test]
fn silence_is_indeterminate_and_the_gateways_own_silence_raises_nothing() {
    let mut engine = Engine::new(spec(), START).0;
    let mut effects = Vec::new();
    let _ = engine.handle(1, &row(TRC, 0, number(5.0)), &mut effects);
    // The gateway itself was away for an hour.
    let back = Timestamp::from_millis(START.as_millis() + 3_600_000);
    let started = Record::Command(Box::new(Command { at: back, act: Act::Started }));
    let _ = engine.handle(2, &started, &mut effects);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Alarm(_))), "{effects:#?}");
    // But from then on the devices must speak.
    engine.tick(back + Duration::from_secs(120), &mut effects);
    let raised = effects
        .iter()
        .filter(|e| matches!(e, Effect::Alarm(a) if a.transition == Transition::Raised));
    assert_eq!(raised.count(), 2, "one for each silent device");
    assert!(engine.snapshot().points.iter().all(|point| point.stale));
    let compliant = effects.iter().any(|e| {
        matches!(e, Effect::Verdict(v) if v.verdict == Verdict::Compliant && v.requirement.as_str().starts_with("trc"))
    });
    assert!(!compliant, "an hour without data is never compliant");
}

fn reading(record: &Record) -> Option<Row> {
    match record {
        Record::Reading(row) => Some(*row),
        Record::Command(_) => None,
    }
}

#[test]
fn an_alarm_hurries_the_commit_when_it_comes_and_not_while_it_stands() {
    let mut engine = Engine::new(spec(), START).0;
    let mut lookout = engine.lookout();
    // (the door, the exposure), and whether a commit is to wait for nothing.
    let scans = [
        ((0.0, 0.0), false),
        ((0.0, 1.0), false),
        ((1.0, 1.0), true),
        ((1.0, 1.0), false),
        ((1.0, 0.0), true),
        ((1.0, 0.0), false),
        ((1.0, 1.0), true),
    ];
    for (second, ((door, exposure), expected)) in (0..).zip(scans) {
        let records = [(DOOR, door), (LAMP, 1.0), (EXPOSURE, exposure)]
            .map(|(series, value)| row(series, second * 1000, number(value)));
        for (seq, record) in (second as u64 * 3 + 1..).zip(&records) {
            engine.handle(seq, record, &mut Vec::new()).unwrap();
        }
        let rows: Vec<Row> = records.iter().filter_map(reading).collect();
        assert_eq!(lookout.hurries(&rows), expected, "second {second}");
        assert!(!engine.lookout().hurries(&rows), "a lookout begins with how things stand");
    }
    // Two devices: it is judged when the other one has spoken too.
    let mut lookout = Engine::new(spec(), START).0.lookout();
    let one = [(DOOR, 1.0, false), (EXPOSURE, 1.0, true), (DOOR, 1.0, true), (DOOR, 1.0, false)];
    for (second, (series, value, expected)) in (10..).zip(one) {
        let rows = reading(&row(series, second * 1000, number(value)));
        assert_eq!(lookout.hurries(rows.as_slice()), expected, "second {second}");
    }
    let weak: Vec<Row> = steady(TRC, 0, 5, 0.1).iter().filter_map(reading).collect();
    assert!(!lookout.hurries(&weak), "a mean is judged when its hour is over");
}

fn readings() -> impl Strategy<Value = Reading> {
    prop_oneof![
        6 => (0.0..12.0f64).prop_map(number),
        3 => Just(number(1.0)),
        3 => Just(number(0.0)),
        1 => Just(Reading::Bad(Value::new(5.0), BadReason::Calibration)),
        1 => Just(Reading::Bad(None, BadReason::CommFailure)),
    ]
}

fn journeys() -> impl Strategy<Value = Vec<Record>> {
    // Two may come at once, and some come late: seconds or hours.
    let late = prop_oneof![9 => Just(0), 1 => 1..90_000i64, 1 => 1..10_000_000i64];
    let gap = prop_oneof![9 => 1..90_000i64, 1 => Just(0)];
    let series = prop_oneof![Just(TRC), Just(DOOR), Just(LAMP), Just(EXPOSURE)];
    let step = (series, gap, late, readings());
    prop::collection::vec(step, 1..250).prop_map(|steps| {
        let mut time = 0;
        let of_step = |(series, gap, late, reading)| {
            time += gap;
            let Record::Reading(mut row) = row(series, time, reading) else { unreachable!() };
            let measured = row.sample.source_time.as_millis() - late;
            row.sample.source_time = Timestamp::from_millis(measured);
            Record::Reading(row)
        };
        steps.into_iter().map(of_step).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_time_is_told_and_restarts_change_nothing(
        records in journeys(),
        ticks in prop::collection::vec(any::<bool>(), 250),
        restarts in prop::collection::vec(prop::bool::weighted(0.05), 250),
    ) {
        let plain = run(&records, &[], &[]);
        prop_assert_eq!(&plain, &run(&records, &ticks, &[]));
        prop_assert_eq!(&plain, &run(&records, &ticks, &restarts));
        prop_assert!(plain.is_sorted_by_key(Effect::time));
    }

    #[test]
    fn no_alarm_that_comes_with_a_reading_is_overlooked(
        scans in prop::collection::vec([readings(), readings(), readings()], 1..60),
        restarts in prop::collection::vec(prop::bool::weighted(0.1), 60),
    ) {
        let mut engine = Engine::new(spec(), START).0;
        let mut lookout = engine.lookout();
        let mut seq = 0;
        for (scan, readings) in (0..).zip(scans) {
            let records = [DOOR, LAMP, EXPOSURE].into_iter().zip(readings);
            let records: Vec<Record> =
                records.map(|(series, reading)| row(series, scan * 1000, reading)).collect();
            let hurries = lookout.hurries(&records.iter().filter_map(reading).collect::<Vec<_>>());
            let mut effects = Vec::new();
            for record in &records {
                seq += 1;
                prop_assert_eq!(engine.handle(seq, record, &mut effects), Ok(()));
            }
            // What else is told of an alarm comes with time: that it is announced again, that it
            // no longer chatters, that its group is told of in a flood.
            let turns = [Transition::Raised, Transition::ReturnedToNormal];
            let came = alarm_events(&effects).any(|event| {
                event.requirement.as_str().starts_with("exposure")
                    && turns.contains(&event.transition)
            });
            prop_assert!(hurries || !came, "scan {}: {:#?}", scan, effects);
            if restarts[scan as usize] {
                lookout = engine.lookout();
            }
        }
    }

    #[test]
    fn verdicts_of_a_requirement_never_overlap(records in journeys()) {
        let mut ends = std::collections::HashMap::new();
        for effect in run(&sorted(records), &[], &[]) {
            if let Effect::Verdict(verdict) = effect {
                prop_assert!(verdict.from <= verdict.to);
                let key = (verdict.requirement.clone(), verdict.points.clone());
                if let Some(end) = ends.insert(key, verdict.to) {
                    prop_assert!(end <= verdict.from, "{:?} begins before {}", verdict, end);
                }
            }
        }
    }
}
