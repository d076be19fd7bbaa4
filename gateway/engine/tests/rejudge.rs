//! What turns out otherwise later is judged as if it had been known from the start.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{START, spec};
use proptest::prelude::*;
use std::{cell::RefCell, collections::BTreeMap, sync::Mutex, time::Duration};
use weir_domain::{AreaId, BadReason, PointId, Reading, Sample, SeriesId, Timestamp, Verdict};
use weir_engine::{
    Act, CalibrationCheck, Capacity, Command, Effect, Engine, EngineState, Mark, MarkEvent, MarkId,
    MarkReason, NewMark, Person, Record, Refusal, RejudgeRequest, ReviewOutcome, Row,
    VerdictRecord,
    ports::{
        AlarmFilter, Bucket, History, MarkFilter, Marks, PortError, Records, RejudgeStatus,
        StoredAlarm, StoredFinding, StoredVerdict, Superseded, VerdictFilter, VerdictTally,
    },
    rejudge::{Past, Task, rejudge},
};

const TRC: SeriesId = SeriesId(0);
const DOOR: SeriesId = SeriesId(2);
const EXPOSURE: SeriesId = SeriesId(4);
/// Days after all that happens here.
const LATER: Timestamp = Timestamp::from_millis(START.as_millis() + 5 * 86_400_000);
const EVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A store in memory.
#[derive(Default)]
struct Memory {
    samples: Mutex<BTreeMap<SeriesId, BTreeMap<Timestamp, Sample>>>,
    verdicts: Mutex<Vec<StoredVerdict>>,
    marks: Mutex<BTreeMap<MarkId, Mark>>,
    requests: Mutex<Vec<RejudgeRequest>>,
    starts: Mutex<Vec<Timestamp>>,
}

impl History for Memory {
    fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, PortError> {
        let samples = self.samples.lock().unwrap();
        let of_series = samples.get(&series).into_iter().flat_map(|s| s.range(from..to));
        Ok(of_series.map(|(_, sample)| *sample).take(limit).collect())
    }

    fn buckets(
        &self,
        _: SeriesId,
        _: Timestamp,
        _: Timestamp,
        _: Duration,
    ) -> Result<Vec<Bucket>, PortError> {
        unreachable!("nobody sums up")
    }
}

impl Records for Memory {
    fn verdicts(
        &self,
        filter: VerdictFilter,
        from: Timestamp,
        to: Timestamp,
        area: Option<&AreaId>,
        _: usize,
    ) -> Result<Vec<StoredVerdict>, PortError> {
        let wanted = |v: &&StoredVerdict| {
            v.record.from < to
                && v.record.to > from
                && area.is_none_or(|area| *area == v.record.area)
                && (filter == VerdictFilter::All || v.is_in_force())
        };
        Ok(self.verdicts.lock().unwrap().iter().filter(wanted).cloned().collect())
    }

    fn verdict(&self, _: i64) -> Result<Option<StoredVerdict>, PortError> {
        unreachable!("nobody asks")
    }

    fn tally(&self) -> Result<VerdictTally, PortError> {
        unreachable!("nobody asks")
    }

    fn alarms(&self, _: AlarmFilter, _: usize) -> Result<Vec<StoredAlarm>, PortError> {
        unreachable!("nobody asks")
    }

    fn alarm(&self, _: &str) -> Result<Option<StoredAlarm>, PortError> {
        unreachable!("nobody asks")
    }

    fn alarm_events(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<(Timestamp, u64)>,
        _: usize,
    ) -> Result<Vec<(u64, weir_engine::AlarmEvent)>, PortError> {
        Ok(Vec::new())
    }
}

impl Marks for Memory {
    fn marks(
        &self,
        filter: MarkFilter,
        from: Timestamp,
        to: Timestamp,
        _: Option<&PointId>,
        _: usize,
    ) -> Result<Vec<Mark>, PortError> {
        assert_eq!(filter, MarkFilter::InForce);
        let wanted = |m: &&Mark| !m.is_void() && m.from < to && m.to.is_none_or(|end| end > from);
        Ok(self.marks.lock().unwrap().values().filter(wanted).cloned().collect())
    }

    fn mark(&self, _: &MarkId) -> Result<Option<(Mark, Vec<MarkEvent>)>, PortError> {
        unreachable!("nobody asks")
    }

    fn findings(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: Option<&PointId>,
        _: usize,
    ) -> Result<Vec<StoredFinding>, PortError> {
        unreachable!("nobody asks")
    }

    fn rejudging(&self) -> Result<RejudgeStatus, PortError> {
        unreachable!("nobody asks")
    }
}

/// A gateway: an engine, a store, and what judges again.
struct Gateway {
    engine: RefCell<Engine>,
    store: Memory,
    seq: u64,
}

impl Gateway {
    fn new() -> Self {
        let engine = RefCell::new(Engine::new(spec(), START).0);
        Self { engine, store: Memory::default(), seq: 0 }
    }

    fn handle(&mut self, record: &Record) -> Result<(), Refusal> {
        self.seq += 1;
        match record {
            Record::Reading(row) => {
                let mut samples = self.store.samples.lock().unwrap();
                samples.entry(row.series).or_default().insert(row.sample.source_time, row.sample);
            }
            Record::Command(command) if command.act == Act::Started => {
                self.store.starts.lock().unwrap().push(command.at);
            }
            Record::Command(_) => {}
        }
        let mut effects = Vec::new();
        let result = self.engine.borrow_mut().handle(self.seq, record, &mut effects);
        self.keep(effects);
        result
    }

    fn keep(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Verdict(record) => {
                    let mut verdicts = self.store.verdicts.lock().unwrap();
                    let id = verdicts.len() as i64 + 1;
                    let (revises, revised_for, superseded) = (Vec::new(), None, None);
                    verdicts.push(StoredVerdict { id, record, revises, revised_for, superseded });
                }
                Effect::Mark(event) => {
                    let mark = event.mark;
                    self.store.marks.lock().unwrap().insert(mark.id.clone(), mark);
                }
                Effect::Rejudge(request) => self.store.requests.lock().unwrap().push(*request),
                Effect::Alarm(_) | Effect::Finding(_) => {}
            }
        }
    }

    fn restart(&mut self) {
        let saved = self.engine.borrow().state().to_bytes();
        let mut engine = Engine::new(spec(), START).0;
        assert!(engine.restore(EngineState::from_bytes(&saved).unwrap()).is_empty());
        self.engine = RefCell::new(engine);
    }

    /// What the thread that judges again does.
    fn judge_again(&self) -> usize {
        let requests = std::mem::take(&mut *self.store.requests.lock().unwrap());
        let starts = self.store.starts.lock().unwrap().clone();
        let past = Past {
            history: &self.store,
            records: &self.store,
            marks: &self.store,
            starts: &starts,
            born: START,
            horizon: Timestamp::from_millis(0),
        };
        let site = self.engine.borrow().description().clone();
        let mut count = 0;
        for task in Task::of(&site, &requests) {
            let now = self.engine.borrow().clock();
            let revision = rejudge(&spec(), &task, past, now).unwrap();
            let mut verdicts = self.store.verdicts.lock().unwrap();
            count += revision.verdicts.len();
            let why = requests[0].why.clone();
            for old in &revision.superseded {
                let old = &mut verdicts[usize::try_from(*old).unwrap() - 1];
                assert!(old.is_in_force());
                old.superseded = Some(Superseded { at: EVER, why: why.clone(), by: Vec::new() });
            }
            for (record, revises) in revision.verdicts {
                let id = verdicts.len() as i64 + 1;
                let revised_for = Some(why.clone());
                verdicts.push(StoredVerdict { id, record, revises, revised_for, superseded: None });
            }
        }
        count
    }

    /// Lets time pass until nothing is open any more.
    fn finish(&self) {
        let mut effects = Vec::new();
        self.engine.borrow_mut().tick(LATER, &mut effects);
        self.engine.borrow_mut().finish(&mut effects);
        self.keep(effects);
    }

    /// The verdicts in force of a requirement whose name begins so, as text.
    fn verdicts(&self, requirement: &str) -> String {
        let verdicts = self.store.verdicts.lock().unwrap();
        let in_force = verdicts.iter().filter(|v| v.is_in_force()).map(|v| &v.record);
        let mut stretches: Vec<_> = in_force
            .filter(|v| v.requirement.as_str().starts_with(requirement))
            .map(|v| (v.from, letter(v.verdict), v.to))
            .collect();
        stretches.sort_unstable();
        let text = |(from, letter, to): &(Timestamp, char, Timestamp)| {
            format!("{letter}{}..{}", from.since(START).as_secs(), to.since(START).as_secs())
        };
        stretches.iter().map(text).collect::<Vec<_>>().join(" ")
    }
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Compliant => '+',
        Verdict::NonCompliant => '-',
        Verdict::Indeterminate => '?',
    }
}

fn at(secs: u64) -> Timestamp {
    START + Duration::from_secs(secs)
}

fn row(series: SeriesId, secs: u64, value: f64) -> Record {
    let sample = Sample::at(at(secs), Reading::from_number(value));
    Record::Reading(Row { series, sample })
}

fn command(secs: u64, act: Act) -> Record {
    Record::Command(Box::new(Command { at: at(secs), act }))
}

fn person(role: Capacity) -> Person {
    Person { name: "Wang".into(), role }
}

fn mark(series: SeriesId, from: u64, to: Option<u64>, reason: MarkReason) -> Act {
    let point = spec_point(series);
    Act::Mark(NewMark {
        points: vec![point],
        from: at(from),
        to: to.map(at),
        reason,
        quality: None,
        by: person(Capacity::Operator),
        comment: "why".into(),
        evidence: vec!["order 1".into()],
    })
}

fn spec_point(series: SeriesId) -> PointId {
    let engine = Engine::new(spec(), START).0;
    let points = &engine.description().points;
    points.iter().find(|point| point.series == series).unwrap().id.clone()
}

fn review(mark: &str, role: Capacity, outcome: ReviewOutcome) -> Act {
    let (mark, by) = (MarkId::named(mark), person(role));
    Act::ReviewMark { mark, outcome, by, comment: "seen on site".into() }
}

/// Two hours of good chlorine with an hour of none in the middle.
fn weak_hour() -> Gateway {
    let mut gateway = Gateway::new();
    for second in (0..10_800).step_by(5) {
        let value = if (3_600..7_200).contains(&second) { 1.0 } else { 5.0 };
        gateway.handle(&row(TRC, second, value)).unwrap();
    }
    gateway
}

const CONTACT: &str = "trc-contact";

#[test]
fn a_mark_on_the_past_takes_a_violation_out_of_force_and_its_rejection_puts_it_back() {
    let mut gateway = weak_hour();
    let before = gateway.verdicts(CONTACT);
    assert!(before.contains("-3600..7200"), "{before}");
    let seq = gateway.seq + 1;
    let act = mark(TRC, 3_000, Some(7_300), MarkReason::Calibration);
    gateway.handle(&command(10_800, act)).unwrap();
    gateway.restart();
    assert!(gateway.judge_again() > 0);
    let marked = gateway.verdicts(CONTACT);
    assert!(!marked.contains('-') && marked.contains('?'), "{marked}");
    let id = format!("m{seq}");
    let by_operator = review(&id, Capacity::Operator, ReviewOutcome::Rejected);
    assert_eq!(gateway.handle(&command(10_801, by_operator)), Err(Refusal::NotSupervisor));
    let reject = || review(&id, Capacity::Supervisor, ReviewOutcome::Rejected);
    gateway.handle(&command(10_802, reject())).unwrap();
    assert_eq!(gateway.handle(&command(10_803, reject())), Err(Refusal::AlreadyReviewed));
    assert!(gateway.judge_again() > 0);
    assert_eq!(gateway.verdicts(CONTACT), before);
    assert_eq!(gateway.judge_again(), 0, "nothing is left to be done");
}

#[test]
fn a_revised_verdict_says_which_it_revises() {
    let mut gateway = weak_hour();
    let act = mark(TRC, 3_000, Some(7_300), MarkReason::Maintenance);
    gateway.handle(&command(10_800, act)).unwrap();
    gateway.judge_again();
    let verdicts = gateway.store.verdicts.lock().unwrap();
    let old: Vec<_> = verdicts.iter().filter(|v| !v.is_in_force()).collect();
    assert!(!old.is_empty());
    for old in old {
        let heirs = verdicts.iter().filter(|v| v.revises.contains(&old.id));
        assert!(heirs.count() > 0, "{old:?}");
    }
}

#[test]
fn a_mark_that_goes_on_holds_for_what_comes_until_it_ends() {
    let mut gateway = Gateway::new();
    let open = mark(TRC, 0, None, MarkReason::Maintenance);
    gateway.handle(&command(1, open)).unwrap();
    for second in (5..3_600).step_by(5) {
        gateway.handle(&row(TRC, second, 1.0)).unwrap();
    }
    let by = person(Capacity::Operator);
    let end = Act::EndMark { mark: MarkId::named("m1"), to: at(3_600), by, comment: "".into() };
    gateway.handle(&command(3_600, end.clone())).unwrap();
    assert_eq!(gateway.handle(&command(3_600, end)), Err(Refusal::MarkIsOver));
    for second in (3_600..7_300).step_by(5) {
        gateway.handle(&row(TRC, second, 5.0)).unwrap();
    }
    gateway.finish();
    let verdicts = gateway.verdicts(CONTACT);
    assert!(verdicts.starts_with("?0..3600 +3600..7200"), "{verdicts}");
}

#[test]
fn valid_overrides_no_stored_quality_and_a_supervisor_goes_before_an_operator() {
    let mut gateway = Gateway::new();
    gateway.handle(&command(0, mark(TRC, 0, None, MarkReason::Fault))).unwrap();
    let Act::Mark(valid) = mark(TRC, 0, None, MarkReason::Valid) else { unreachable!() };
    let valid = NewMark { by: person(Capacity::Supervisor), ..valid };
    gateway.handle(&command(0, Act::Mark(valid))).unwrap();
    gateway.handle(&command(0, mark(TRC, 0, None, MarkReason::Maintenance))).unwrap();
    for second in (0..3_600).step_by(5) {
        gateway.handle(&row(TRC, second, 5.0)).unwrap();
    }
    for second in (3_600..7_200).step_by(5) {
        let reading = Reading::Bad(None, BadReason::DeviceFailure);
        let sample = Sample::at(at(second), reading);
        gateway.handle(&Record::Reading(Row { series: TRC, sample })).unwrap();
    }
    gateway.finish();
    let verdicts = gateway.verdicts(CONTACT);
    assert!(verdicts.starts_with("+0..3600 ?3600.."), "{verdicts}");
}

#[test]
fn a_failed_check_invalidates_back_to_the_last_passed_one_and_on_to_the_next() {
    let mut gateway = weak_hour();
    let check = |done_at, passed| {
        let (reference, reading) = (5.0, if passed { 5.0 } else { 3.0 });
        Act::CalibrationCheck(CalibrationCheck {
            point: spec_point(TRC),
            done_at: at(done_at),
            passed,
            reference: weir_domain::Value::new(reference).unwrap(),
            reading: weir_domain::Value::new(reading).unwrap(),
            by: person(Capacity::Operator),
            comment: String::new(),
            evidence: Vec::new(),
        })
    };
    gateway.handle(&command(10_800, check(1_800, true))).unwrap();
    gateway.handle(&command(10_800, check(9_000, false))).unwrap();
    gateway.judge_again();
    let verdicts = gateway.verdicts(CONTACT);
    assert!(verdicts.starts_with("?0..3600 ?3600..7200"), "{verdicts}");
    gateway.handle(&command(10_900, check(10_850, true))).unwrap();
    let marks = gateway.store.marks.lock().unwrap();
    let mark = marks.values().next().unwrap();
    assert_eq!((mark.from, mark.to), (at(1_800), Some(at(10_850))));
}

#[test]
fn readings_that_come_after_an_outage_are_judged_once_in_one_go() {
    let mut gateway = Gateway::new();
    for second in (0..14_400).step_by(5) {
        if !(3_600..7_200).contains(&second) {
            gateway.handle(&row(TRC, second, 5.0)).unwrap();
        }
    }
    gateway.judge_again();
    let before = gateway.verdicts(CONTACT);
    assert!(before.contains('?'), "{before}");
    for second in (3_600..7_200).step_by(5) {
        let sample = Sample {
            source_time: at(second),
            received_time: at(14_400 + (second - 3_600) / 600),
            reading: Reading::from_number(1.0),
        };
        gateway.handle(&Record::Reading(Row { series: TRC, sample })).unwrap();
    }
    gateway.restart();
    for second in (14_410..14_500).step_by(5) {
        gateway.handle(&row(TRC, second, 5.0)).unwrap();
    }
    assert_eq!(gateway.store.requests.lock().unwrap().len(), 1, "one request for the burst");
    gateway.judge_again();
    let after = gateway.verdicts(CONTACT);
    assert!(after.contains("-3600..7200 +7200"), "{after}");
}

#[test]
fn what_the_site_does_not_have_cannot_be_marked() {
    let mut gateway = Gateway::new();
    let Act::Mark(good) = mark(TRC, 10, Some(20), MarkReason::Other) else { unreachable!() };
    let acts = [
        (
            NewMark { points: vec!["no.such".parse().unwrap()], ..good.clone() },
            Refusal::UnknownPoint,
        ),
        (NewMark { points: Vec::new(), ..good.clone() }, Refusal::UnknownPoint),
        (NewMark { to: Some(good.from), ..good.clone() }, Refusal::BadStretch),
        (NewMark { from: Timestamp::from_millis(0), ..good }, Refusal::BadStretch),
    ];
    for (new, refusal) in acts {
        assert_eq!(gateway.handle(&command(30, Act::Mark(new))), Err(refusal));
    }
    let unknown = review("m77", Capacity::Supervisor, ReviewOutcome::Confirmed);
    assert_eq!(gateway.handle(&command(31, unknown)), Err(Refusal::UnknownMark));
    assert!(gateway.store.marks.lock().unwrap().is_empty());
}

/// What a person does at some time.
#[derive(Debug, Clone)]
enum Deed {
    Mark { series: SeriesId, from: u64, length: Option<u64>, reason: MarkReason },
    Review { nth: usize, outcome: ReviewOutcome },
    End { nth: usize },
    Restart,
    JudgeAgain,
}

fn deeds() -> impl Strategy<Value = Vec<(u64, Deed)>> {
    let series = prop_oneof![2 => Just(TRC), 1 => Just(DOOR), 1 => Just(EXPOSURE)];
    let reason = prop_oneof![
        Just(MarkReason::Calibration),
        Just(MarkReason::Fault),
        Just(MarkReason::Valid)
    ];
    let outcome = prop_oneof![Just(ReviewOutcome::Confirmed), Just(ReviewOutcome::Rejected)];
    let deed = prop_oneof![
        5 => (series, 0..20_000u64, prop::option::of(1..9_000u64), reason).prop_map(
            |(series, from, length, reason)| Deed::Mark { series, from, length, reason }
        ),
        3 => (0..4usize, outcome).prop_map(|(nth, outcome)| Deed::Review { nth, outcome }),
        1 => (0..4usize).prop_map(|nth| Deed::End { nth }),
        1 => Just(Deed::Restart),
        2 => Just(Deed::JudgeAgain),
    ];
    prop::collection::vec((0..20_000u64, deed), 0..10)
}

/// Stretches of a value, of one series: (length in seconds, value; none: no data).
type Course = Vec<(u64, Option<f64>)>;

fn courses() -> impl Strategy<Value = Course> {
    let value = prop_oneof![4 => Just(Some(5.0)), 3 => Just(Some(1.0)), 1 => Just(Some(0.0)), 1 => Just(None)];
    prop::collection::vec((5..4_000u64, value), 3..10)
}

fn played(series: SeriesId, course: &[(u64, Option<f64>)], step: u64) -> Vec<Record> {
    let mut records = Vec::new();
    let mut t = 0;
    for (length, value) in course {
        let end = t + length;
        while t < end && t < 20_000 {
            records.extend(value.map(|value| row(series, t, value)));
            t += step;
        }
    }
    records
}

fn time(record: &Record) -> Timestamp {
    match record {
        Record::Reading(row) => row.sample.received_time,
        Record::Command(command) => command.at,
    }
}

/// The verdicts in force, as they would be told.
fn told<'a>(verdicts: impl Iterator<Item = &'a VerdictRecord>) -> Vec<String> {
    let mut told: Vec<_> = verdicts
        .filter(|v| v.from < v.to)
        .map(|v| {
            let (from, to) = (v.from.since(START).as_millis(), v.to.since(START).as_millis());
            let value = v.value.map(|value| (value * 1e6).round() / 1e6);
            format!(
                "{} {} {from:>9} {to:>9} {} {value:?}",
                v.requirement,
                v.points[0],
                letter(v.verdict)
            )
        })
        .collect();
    told.sort_unstable();
    told
}

/// Plays all this with marks as they are made, judges again, and holds that against an engine that
/// knew the marks from the start.
fn judged_late_is_judged_well(
    trc: Course,
    door: Course,
    exposure: Course,
    deeds: Vec<(u64, Deed)>,
) {
    let mut readings = played(TRC, &trc, 20);
    readings.extend(played(DOOR, &door, 15));
    readings.extend(played(EXPOSURE, &exposure, 15));
    readings.sort_by_key(time);
    let mut deeds = deeds;
    deeds.sort_by_key(|(t, _)| *t);

    let mut gateway = Gateway::new();
    let mut made = Vec::new();
    let mut next = deeds.into_iter().peekable();
    for record in &readings {
        while let Some((t, deed)) = next.next_if(|(t, _)| at(*t) <= time(record)) {
            let named = |nth: usize| made.get(nth).cloned().unwrap_or(MarkId::named("none"));
            let act = match deed {
                Deed::Restart => {
                    gateway.restart();
                    continue;
                }
                Deed::JudgeAgain => {
                    gateway.judge_again();
                    continue;
                }
                Deed::Mark { series, from, length, reason } => {
                    made.push(MarkId::of_record(gateway.seq + 1));
                    mark(series, from, length.map(|length| from + length), reason)
                }
                Deed::Review { nth, outcome } => {
                    review(named(nth).as_str(), Capacity::Supervisor, outcome)
                }
                Deed::End { nth } => {
                    let by = person(Capacity::Operator);
                    Act::EndMark { mark: named(nth), to: at(t), by, comment: String::new() }
                }
            };
            // Some are refused, as people do the wrong thing.
            let _ = gateway.handle(&command(t, act));
        }
        gateway.handle(record).unwrap();
    }
    gateway.finish();
    while gateway.judge_again() > 0 {}

    let mut engine = Engine::new(spec(), START).0;
    engine.know_marks(gateway.store.marks.lock().unwrap().values().cloned());
    let mut effects = Vec::new();
    for (seq, record) in (1..).zip(&readings) {
        engine.handle(seq, record, &mut effects).unwrap();
    }
    engine.tick(LATER, &mut effects);
    engine.finish(&mut effects);
    let must = effects.iter().filter_map(|effect| match effect {
        Effect::Verdict(verdict) => Some(verdict),
        _ => None,
    });
    let must = told(must);
    let verdicts = gateway.store.verdicts.lock().unwrap();
    let is = told(verdicts.iter().filter(|v| v.is_in_force()).map(|v| &v.record));
    assert_eq!(is, must);
}

#[test]
fn what_begins_with_the_first_reading_after_a_mark_is_judged_again() {
    let on = |length| vec![(length, Some(5.0))];
    // Exposed with an open door, which is not known any more before the mark on the exposure ends.
    let (from, length, reason) = (0, Some(3_301), MarkReason::Calibration);
    let deeds = vec![(9_961, Deed::Mark { series: EXPOSURE, from, length, reason })];
    judged_late_is_judged_well(on(15), on(3_260), on(13_250), deeds);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn marks_made_late_are_as_good_as_marks_known_from_the_start(
        trc in courses(),
        door in courses(),
        exposure in courses(),
        deeds in deeds(),
    ) {
        judged_late_is_judged_well(trc, door, exposure, deeds);
    }
}
