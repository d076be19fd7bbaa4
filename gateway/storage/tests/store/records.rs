//! Engine state, verdicts and alarms.

use crate::common::{HandClock, START, at, started};
use std::path::Path;
use tempfile::tempdir;
use weir_domain::{AreaId, Priority, Text, Verdict};
use weir_engine::{
    AlarmDetail, AlarmEvent, Effect, Transition, VerdictRecord,
    ports::{AlarmFilter, Outbox, Records, VerdictFilter},
};
use weir_storage::{EffectNumber, StorageError, Store};

fn verdict(area: &str, from: i64, to: i64) -> VerdictRecord {
    VerdictRecord {
        t: at(START + to),
        area: area.parse().unwrap(),
        pack: "gb18466-2005@1".into(),
        requirement: "trc-contact".parse().unwrap(),
        points: vec!["trc-1.total_residual_chlorine".parse().unwrap()],
        verdict: Verdict::NonCompliant,
        from: at(START + from),
        to: at(START + to),
        value: Some(0.1 + 0.2),
        limit: "[3, 10]".into(),
        clause: "4.1.3".into(),
        explanation: Text { zh: "低于限值".into(), en: "below the limit".into() },
        coverage: 0.99,
    }
}

fn event(alarm: &str, t: i64, transition: Transition) -> AlarmEvent {
    let by_person = matches!(transition, Transition::Acknowledged | Transition::Commented);
    AlarmEvent {
        t: at(START + t),
        alarm: alarm.into(),
        area: "effluent".parse().unwrap(),
        requirement: "trc-contact".parse().unwrap(),
        pack: "gb18466-2005@1".into(),
        points: vec!["trc-1.total_residual_chlorine".parse().unwrap()],
        transition,
        priority: Priority::High,
        since: at(START + t - 60_000),
        value: Some(2.5),
        limit: "[3, 10]".into(),
        clause: "4.1.3".into(),
        by: by_person.then(|| "li".into()),
        comment: by_person.then(|| format!("said at {t}")),
        detail: AlarmDetail::default(),
    }
}

fn save(store: &Store, effects: &[Effect]) -> Vec<EffectNumber> {
    store.save_engine(0, b"state", effects).unwrap()
}

fn open(dir: &Path) -> Store {
    started(dir, &HandClock::new())
}

#[test]
fn effects_are_numbered_in_their_order_and_stay() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let effects = [
        Effect::Verdict(verdict("effluent", 0, 60)),
        Effect::Alarm(event("a~1", 60, Transition::Raised)),
        Effect::Verdict(verdict("effluent", 60, 120)),
    ];
    let numbers = save(&store, &effects);
    assert_eq!(
        numbers,
        [EffectNumber::Verdict(1), EffectNumber::Alarm(1), EffectNumber::Verdict(2)]
    );
    assert_eq!(save(&store, &effects[..1]), [EffectNumber::Verdict(3)]);
    drop(store);
    let store = open(dir.path());
    let found = store.verdict(2).unwrap().unwrap();
    assert_eq!(found.record, verdict("effluent", 60, 120));
    assert_eq!(store.verdict(9).unwrap(), None);
}

#[test]
fn verdicts_are_found_by_the_stretch_they_judge() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let stretches = [(0, 100), (100, 200), (200, 300), (0, 1000), (150, 150)];
    let verdicts = stretches.map(|(from, to)| Effect::Verdict(verdict("effluent", from, to)));
    save(&store, &verdicts);
    save(&store, &[Effect::Verdict(verdict("pool", 100, 200))]);
    let find = |from, to, area: Option<&str>, limit| {
        let area: Option<AreaId> = area.map(|a| a.parse().unwrap());
        let found = store
            .verdicts(
                VerdictFilter::InForce,
                at(START + from),
                at(START + to),
                area.as_ref(),
                limit,
            )
            .unwrap();
        found.into_iter().map(|v| v.id).collect::<Vec<_>>()
    };
    assert_eq!(find(0, 5000, None, 100), [1, 4, 2, 6, 5, 3]);
    assert_eq!(find(0, 100, None, 100), [1, 4]);
    assert_eq!(find(100, 150, None, 100), [4, 2, 6]);
    assert_eq!(find(150, 151, None, 100), [4, 2, 6, 5]);
    assert_eq!(find(400, 500, None, 100), [4]);
    assert!(find(1000, 5000, None, 100).is_empty());
    assert_eq!(find(0, 5000, Some("pool"), 100), [6]);
    assert_eq!(find(0, 5000, Some("effluent"), 2), [5, 3], "the last two");
}

#[test]
fn an_alarm_is_what_its_events_made_of_it() {
    use Transition::{Acknowledged, Commented, Raised, ReturnedToNormal};
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let events = [
        ("a~1", Raised), // open and over
        ("b~1", Raised), // closed
        ("a~1", ReturnedToNormal),
        ("b~1", Commented),
        ("b~1", Acknowledged),
        ("c~1", Raised), // seen, and holds
        ("c~1", Acknowledged),
        ("d~1", Raised), // came back
        ("d~1", ReturnedToNormal),
        ("d~1", Raised),
        ("b~1", ReturnedToNormal),
        ("ghost~1", ReturnedToNormal),
    ];
    for (t, (alarm, transition)) in (0..).zip(events) {
        save(&store, &[Effect::Alarm(event(alarm, t, transition))]);
    }
    let list = |filter, limit| {
        let alarms = store.alarms(filter, limit).unwrap();
        alarms.into_iter().map(|a| a.raised.alarm).collect::<Vec<_>>()
    };
    assert_eq!(list(AlarmFilter::All, 9), ["d~1", "c~1", "b~1", "a~1"]);
    assert_eq!(list(AlarmFilter::All, 2), ["d~1", "c~1"]);
    assert_eq!(list(AlarmFilter::Active, 9), ["d~1", "c~1"]);
    assert_eq!(list(AlarmFilter::Open, 9), ["d~1", "c~1", "a~1"]);
    assert_eq!(list(AlarmFilter::Closed, 9), ["b~1"]);
    for alarm in store.alarms(AlarmFilter::All, 9).unwrap() {
        let is_listed = |filter| list(filter, 9).contains(&alarm.raised.alarm);
        assert_eq!(alarm.is_active(), is_listed(AlarmFilter::Active), "{alarm:?}");
        assert_eq!(alarm.is_open(), is_listed(AlarmFilter::Open), "{alarm:?}");
    }

    let closed = store.alarm("b~1").unwrap().unwrap();
    assert_eq!(closed.raised, event("b~1", 1, Raised));
    assert_eq!(closed.returned_at, Some(at(START + 10)));
    assert_eq!(closed.acknowledged_at, Some(at(START + 4)));
    assert_eq!(closed.acknowledged_by.as_deref(), Some("li"));
    let said: Vec<_> = closed.comments.iter().map(|(t, by, what)| (*t, &**by, &**what)).collect();
    assert_eq!(said, [(at(START + 3), "li", "said at 3"), (at(START + 4), "li", "said at 4")]);
    let back = store.alarm("d~1").unwrap().unwrap();
    assert_eq!((back.raises, back.returned_at), (2, None));
    assert_eq!(store.alarm("nothing~1").unwrap(), None);
    assert_eq!(store.alarm("ghost~1").unwrap(), None);

    assert_eq!(store.last_alarm_event().unwrap(), 12);
    let after = store.alarm_events_after(9, 2).unwrap();
    let numbers: Vec<_> = after.iter().map(|(id, e)| (*id, &*e.alarm)).collect();
    assert_eq!(numbers, [(10, "d~1"), (11, "b~1")]);
}

#[test]
fn an_alarm_that_is_latched_supervised_or_gone_is_listed_where_it_belongs() {
    use Transition::{Acknowledged, Raised, RequirementRemoved, Reset, ReturnedToNormal};
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let latched = |alarm: &str, t| {
        let mut raised = event(alarm, t, Raised);
        raised.detail.latched = true;
        raised.detail.first_out = true;
        raised
    };
    let events = [
        latched("a~1", 0),
        event("a~1", 1, Acknowledged),
        event("a~1", 2, ReturnedToNormal),
        latched("b~1", 3),
        event("b~1", 4, Acknowledged),
        event("b~1", 5, ReturnedToNormal),
        event("b~1", 6, Reset),
        event("c~1", 7, Raised),
        event("c~1", 8, RequirementRemoved),
        event("b~1", 9, Transition::SupervisorAcknowledged),
        event("d", 10, Transition::Shelved), // held while it is not raised
        event("e~1", 11, Raised),
        event("e~1", 12, ReturnedToNormal),
        event("e~1", 13, Acknowledged),
        latched("e~1", 14), // what people saw was the time before
    ];
    save(&store, &events.map(Effect::Alarm));
    let list = |filter| {
        let alarms = store.alarms(filter, 9).unwrap();
        alarms.into_iter().map(|a| a.raised.alarm).collect::<Vec<_>>()
    };
    assert_eq!(list(AlarmFilter::Open), ["e~1", "a~1"]);
    assert_eq!(list(AlarmFilter::Active), ["e~1"]);
    assert_eq!(list(AlarmFilter::Closed), ["c~1", "b~1"]);
    assert_eq!(list(AlarmFilter::Unsupervised), ["e~1", "c~1", "a~1"]);
    for alarm in store.alarms(AlarmFilter::All, 9).unwrap() {
        let is_listed = |filter| list(filter).contains(&alarm.raised.alarm);
        assert_eq!(alarm.is_active(), is_listed(AlarmFilter::Active), "{alarm:?}");
        assert_eq!(alarm.is_open(), is_listed(AlarmFilter::Open), "{alarm:?}");
        assert_eq!(alarm.supervised.is_none(), is_listed(AlarmFilter::Unsupervised), "{alarm:?}");
    }
    let numbers = |from: i64, to: i64, after: Option<(i64, u64)>, limit| {
        let after = after.map(|(t, id)| (at(START + t), id));
        let events = store.alarm_events(at(START + from), at(START + to), after, limit).unwrap();
        events.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(numbers(3, 6, None, 9), [4, 5, 6]);
    assert_eq!(numbers(3, 9, None, 2), [4, 5]);
    assert_eq!(numbers(3, 9, Some((4, 5)), 2), [6, 7]);
}

#[test]
fn a_store_of_the_format_before_opens_and_its_events_have_times() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    save(&store, &[Effect::Alarm(event("a~1", 1_234, Transition::Raised))]);
    drop(store);
    // Back to the format before: what came with it is taken away again.
    let records = rusqlite::Connection::open(dir.path().join("records.sqlite")).unwrap();
    records
        .execute_batch(
            "DROP TRIGGER verdict_passed; DROP TRIGGER verdict_revised; DROP TABLE tally;
             DROP INDEX alarm_event_by_time; ALTER TABLE alarm_event DROP COLUMN t;
             DROP INDEX alarm_unsupervised; DROP INDEX alarm_open;
             ALTER TABLE alarm DROP COLUMN supervised_at; ALTER TABLE alarm DROP COLUMN latched;
             ALTER TABLE alarm DROP COLUMN removed_at;
             CREATE INDEX alarm_open ON alarm(raised)
                 WHERE returned_at IS NULL OR acknowledged_at IS NULL;",
        )
        .unwrap();
    records.pragma_update(None, "user_version", 2).unwrap();
    drop(records);
    let store = open(dir.path());
    let found = store.alarm_events(at(START + 1_234), at(START + 1_235), None, 9).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, event("a~1", 1_234, Transition::Raised));
    assert_eq!(store.alarms(AlarmFilter::Open, 9).unwrap().len(), 1);
    save(&store, &[Effect::Alarm(event("a~1", 1_300, Transition::ReturnedToNormal))]);
    assert!(store.alarms(AlarmFilter::Active, 9).unwrap().is_empty());
}

#[test]
fn a_damaged_state_is_not_given_to_the_engine() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    save(&store, &[]);
    drop(store);
    let records = rusqlite::Connection::open(dir.path().join("records.sqlite")).unwrap();
    records.execute("UPDATE engine SET state = x'00'", []).unwrap();
    let options = crate::common::options(dir.path(), &HandClock::new());
    let error = Store::open(options, Box::new(drop)).unwrap_err();
    assert!(matches!(error, StorageError::Damaged { .. }));
    let expected = "records.sqlite is damaged at the engine's state: its check sum is wrong";
    assert_eq!(error.to_string(), expected);
}
