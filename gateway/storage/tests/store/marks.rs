//! Marks, findings, acts, and verdicts that are passed once more; and a store written before there
//! were any.

use crate::common::{HandClock, START, at, started};
use std::path::Path;
use tempfile::tempdir;
use weir_domain::{AreaId, Text, Timestamp, Verdict};
use weir_engine::{
    Act, Capacity, CheckName, Command, Effect, Finding, Mark, MarkChange, MarkEvent, MarkId,
    MarkReason, Origin, Person, RejudgeReason, RejudgeRequest, Review, ReviewOutcome,
    VerdictRecord,
    ports::{MarkFilter, Marks, Records, RejudgeStatus, VerdictFilter, VerdictTally},
    rejudge::Revision,
};
use weir_storage::{EffectNumber, Store};

fn open(dir: &Path) -> Store {
    started(dir, &HandClock::new())
}

fn verdict(from: i64, to: i64, verdict: Verdict) -> VerdictRecord {
    VerdictRecord {
        t: at(START + to),
        area: "effluent".parse().unwrap(),
        pack: "gb18466-2005@1".into(),
        requirement: "trc-contact".parse().unwrap(),
        points: vec!["trc-1.total_residual_chlorine".parse().unwrap()],
        verdict,
        from: at(START + from),
        to: at(START + to),
        value: None,
        limit: "[3, 10]".into(),
        clause: "表1".into(),
        explanation: Text { zh: "均值".into(), en: "mean".into() },
        coverage: 1.0,
    }
}

fn person() -> Person {
    Person { name: "Wang".into(), role: Capacity::Operator }
}

fn mark(number: u64, from: i64, to: Option<i64>) -> Mark {
    Mark {
        id: MarkId::of_record(number),
        points: vec!["trc-1.total_residual_chlorine".parse().unwrap()],
        from: at(START + from),
        to: to.map(|to| at(START + to)),
        quality: MarkReason::Calibration.quality(),
        reason: MarkReason::Calibration,
        origin: Origin::Person(person()),
        comment: "two-point".into(),
        evidence: vec!["sheet 4".into()],
        value: None,
        made_at: at(START),
        review: None,
    }
}

fn event(change: MarkChange, mark: Mark) -> Effect {
    Effect::Mark(Box::new(MarkEvent { t: at(START), change, by: Some(person()), mark }))
}

fn save(store: &Store, effects: &[Effect]) -> Vec<EffectNumber> {
    store.save_engine(0, b"state", effects).unwrap()
}

#[test]
fn a_mark_is_as_its_last_change_left_it_and_every_change_stays() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let numbers = save(
        &store,
        &[
            event(MarkChange::Opened, mark(1, 0, None)),
            event(MarkChange::Opened, mark(2, 500, Some(600))),
            event(MarkChange::Ended, mark(1, 0, Some(100))),
        ],
    );
    assert_eq!(numbers, [EffectNumber::Mark(1), EffectNumber::Mark(2), EffectNumber::Mark(3)]);
    let review = Review {
        outcome: ReviewOutcome::Rejected,
        by: Person { name: "Zhao".into(), role: Capacity::Supervisor },
        at: at(START),
        comment: "no".into(),
    };
    let rejected = Mark { review: Some(review), ..mark(2, 500, Some(600)) };
    save(&store, &[event(MarkChange::Voided, rejected.clone())]);
    drop(store);

    let store = open(dir.path());
    let list = |filter, from, to, point: Option<&str>| {
        let point = point.map(|point| point.parse().unwrap());
        let marks = store.marks(filter, at(START + from), at(START + to), point.as_ref(), 9);
        marks.unwrap().into_iter().map(|mark| mark.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(MarkFilter::All, 0, 1_000, None), ["m1", "m2"]);
    assert_eq!(list(MarkFilter::InForce, 0, 1_000, None), ["m1"]);
    assert_eq!(list(MarkFilter::Unreviewed, 0, 1_000, None), ["m1"]);
    assert!(list(MarkFilter::All, 100, 500, None).is_empty(), "it has ended");
    assert_eq!(list(MarkFilter::All, 0, 1_000, Some("trc-1.total_residual_chlorine")).len(), 2);
    assert!(list(MarkFilter::All, 0, 1_000, Some("ph-1.ph")).is_empty());
    let (standing, events) = store.mark(&MarkId::of_record(2)).unwrap().unwrap();
    assert_eq!((standing, events.len()), (rejected, 2));
    assert_eq!(store.mark(&MarkId::named("m9")).unwrap(), None);
}

#[test]
fn findings_are_found_by_their_stretch_and_their_points() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let finding = Finding {
        t: at(START + 100),
        area: "effluent".parse().unwrap(),
        points: vec!["trc-1.total_residual_chlorine".parse().unwrap()],
        check: CheckName { pack: "weir-validity".parse().unwrap(), check: "stable".into() },
        kind: "too_stable".into(),
        from: at(START),
        to: at(START + 100),
        numbers: [("spread".to_owned(), 0.001)].into(),
        explanation: Text { zh: "过稳".into(), en: "too steady".into() },
        confidence: 0.7,
    };
    save(&store, &[Effect::Finding(Box::new(finding.clone()))]);
    let find = |from, to, point: Option<&str>| {
        let point = point.map(|point| point.parse().unwrap());
        store.findings(at(START + from), at(START + to), point.as_ref(), 9).unwrap()
    };
    assert_eq!(find(0, 50, None)[0].finding, finding);
    assert_eq!(find(0, 50, Some("trc-1.total_residual_chlorine"))[0].id, 1);
    assert!(find(0, 50, Some("ph-1.ph")).is_empty() && find(100, 200, None).is_empty());
}

#[test]
fn a_verdict_is_never_changed_and_each_stretch_counts_once() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let why = RejudgeReason::Mark(MarkId::of_record(7));
    let request = RejudgeRequest {
        t: at(START),
        points: Vec::new(),
        from: at(START),
        to: at(START + 60),
        why: why.clone(),
    };
    save(
        &store,
        &[
            Effect::Verdict(verdict(0, 60, Verdict::NonCompliant)),
            Effect::Verdict(verdict(60, 120, Verdict::Compliant)),
            Effect::Rejudge(Box::new(request.clone())),
        ],
    );
    drop(store);
    // What was asked for survives.
    let store = open(dir.path());
    assert_eq!(store.rejudge_requests(9).unwrap(), [(1, request)]);
    let waits = RejudgeStatus { pending: 1, done: 0, oldest: Some(at(START)) };
    assert_eq!(store.rejudging().unwrap(), waits);
    let revision = Revision {
        superseded: vec![1],
        verdicts: vec![
            (verdict(0, 30, Verdict::Indeterminate), vec![1]),
            (verdict(30, 60, Verdict::Compliant), vec![1]),
        ],
    };
    let tally = |compliant, non_compliant, indeterminate, superseded| VerdictTally {
        compliant,
        non_compliant,
        indeterminate,
        superseded,
    };
    assert_eq!(store.tally().unwrap(), tally(1, 1, 0, 0));
    assert_eq!(store.revise(&[1], &revision, at(START + 500)).unwrap(), [3, 4]);
    assert_eq!(store.tally().unwrap(), tally(2, 0, 1, 1));
    assert!(store.rejudge_requests(9).unwrap().is_empty());
    assert_eq!(store.rejudging().unwrap().done, 1);
    let list = |filter| {
        let area: AreaId = "effluent".parse().unwrap();
        let found = store.verdicts(filter, at(START), at(START + 999), Some(&area), 99).unwrap();
        found.into_iter().map(|v| v.id).collect::<Vec<_>>()
    };
    assert_eq!(list(VerdictFilter::InForce), [3, 4, 2]);
    assert_eq!(list(VerdictFilter::All), [1, 3, 4, 2]);
    let old = store.verdict(1).unwrap().unwrap();
    let superseded = old.superseded.clone().unwrap();
    assert_eq!((superseded.by, superseded.at), (vec![3, 4], at(START + 500)));
    assert_eq!((superseded.why, old.record.verdict), (why.clone(), Verdict::NonCompliant));
    let new = store.verdict(4).unwrap().unwrap();
    assert_eq!((new.revises, new.revised_for, new.superseded), (vec![1], Some(why), None));
    assert_eq!(store.first_judged().unwrap(), Some(at(START)));
}

#[test]
fn acts_are_kept_once_each_in_the_order_of_the_journal() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let act = |t, act| Command { at: Timestamp::from_millis(t), act };
    let comment = Act::Comment { alarm: "a~1".into(), by: "li".into(), comment: "seen".into() };
    store.keep_acts(&[(5, act(50, comment.clone())), (2, act(20, Act::Started))]).unwrap();
    store.keep_acts(&[(5, act(99, Act::Started))]).unwrap();
    let kept = store.acts().unwrap();
    assert_eq!(kept, [(2, act(20, Act::Started)), (5, act(50, comment))]);
}

/// The tables that mattered here, as the version before marks wrote them.
const BEFORE: &str = "
    CREATE TABLE series(id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE);
    CREATE TABLE engine(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL,
        watermark INTEGER NOT NULL, crc INTEGER NOT NULL, state BLOB NOT NULL);
    CREATE TABLE verdict(id INTEGER PRIMARY KEY AUTOINCREMENT, area TEXT NOT NULL,
        t_from INTEGER NOT NULL, t_to INTEGER NOT NULL, record TEXT NOT NULL);
    CREATE INDEX verdict_by_start ON verdict(t_from, t_to, area);
    CREATE INDEX verdict_by_area ON verdict(area, t_from, t_to);
    CREATE INDEX verdict_by_length ON verdict(t_to - t_from);
    CREATE TABLE alarm_event(id INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL,
        record TEXT NOT NULL);
    CREATE INDEX alarm_event_by_alarm ON alarm_event(alarm, id);
    CREATE TABLE alarm(alarm TEXT PRIMARY KEY, raised INTEGER NOT NULL, returned_at INTEGER,
        acknowledged_at INTEGER);
    CREATE INDEX alarm_by_raise ON alarm(raised);
    CREATE INDEX alarm_open ON alarm(raised)
        WHERE returned_at IS NULL OR acknowledged_at IS NULL;
    CREATE TABLE cursor(sink TEXT PRIMARY KEY, seq INTEGER NOT NULL);
    CREATE TABLE alarm_cursor(sink TEXT PRIMARY KEY, event INTEGER NOT NULL);
    CREATE TABLE quarantine(id INTEGER PRIMARY KEY, sink TEXT NOT NULL, seq INTEGER NOT NULL,
        at INTEGER NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL, UNIQUE(sink, seq));
    PRAGMA user_version = 1;";

#[test]
fn a_store_from_before_marks_opens_and_its_verdicts_stand() {
    let dir = tempdir().unwrap();
    let old = verdict(0, 60, Verdict::NonCompliant);
    {
        let records = rusqlite::Connection::open(dir.path().join("records.sqlite")).unwrap();
        records.execute_batch(BEFORE).unwrap();
        let json = serde_json::to_string(&old).unwrap();
        records
            .execute(
                "INSERT INTO verdict(area, t_from, t_to, record) VALUES(?1, ?2, ?3, ?4)",
                rusqlite::params![
                    old.area.as_str(),
                    old.from.as_millis(),
                    old.to.as_millis(),
                    json
                ],
            )
            .unwrap();
    }
    let store = open(dir.path());
    let found = store.verdict(1).unwrap().unwrap();
    assert!(found.is_in_force() && found.revises.is_empty());
    assert_eq!(found.record, old);
    assert_eq!(store.tally().unwrap(), VerdictTally { non_compliant: 1, ..Default::default() });
    let filter = VerdictFilter::InForce;
    assert_eq!(store.verdicts(filter, at(START), at(START + 9), None, 9).unwrap().len(), 1);
    save(&store, &[event(MarkChange::Opened, mark(1, 0, None))]);
}
