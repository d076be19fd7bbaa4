//! Sinks: cursors, what they hold back, and what they put aside.

use crate::common::{HandClock, START, eventually, row, started, submit};
use tempfile::tempdir;
use weir_engine::ports::Outbox;
use weir_storage::Store;

/// Number of the oldest record that can still be read.
fn oldest(store: &Store) -> u64 {
    store.records_after(0, 1).unwrap()[0].0
}

fn fill(store: &Store, batches: i64) {
    for i in 0..batches {
        submit(store, vec![row(1, START + i, 1.0), row(2, START + i, 1.0)]).unwrap();
    }
}

#[test]
fn a_cursor_only_goes_forward_and_stays() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    assert_eq!(store.cursor("influx").unwrap(), 0);
    store.set_cursor("influx", 7).unwrap();
    store.set_cursor("influx", 5).unwrap();
    assert_eq!(store.alarm_cursor("hook").unwrap(), None);
    store.set_alarm_cursor("hook", 0).unwrap();
    assert_eq!(store.alarm_cursor("hook").unwrap(), Some(0));
    store.set_alarm_cursor("hook", 9).unwrap();
    drop(store);
    let store = started(dir.path(), &clock);
    assert_eq!((store.cursor("influx").unwrap(), store.cursor("hook").unwrap()), (7, 0));
    assert_eq!(store.alarm_cursor("hook").unwrap(), Some(9));
}

#[test]
fn the_journal_is_trimmed_to_the_last_that_needs_it() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    store.cursor("slow").unwrap();
    store.set_alarm_cursor("hook", 0).unwrap();
    fill(&store, 20);
    store.save_engine(40, b"", &[]).unwrap();
    store.set_cursor("slow", 21).unwrap();
    let trims_to = |expected| {
        eventually("trimmed", || oldest(&store) == expected);
        // Ten ticks later it still is.
        for _ in 0..10 {
            submit(&store, vec![row(3, START, 1.0)]).unwrap();
        }
        assert_eq!(oldest(&store), expected);
    };
    trims_to(1); // Nothing is sealed.
    store.seal_now().unwrap();
    trims_to(21); // The sink has only the first record of that batch.
    store.set_cursor("slow", 22).unwrap();
    trims_to(23);
    store.set_cursor("slow", 1000).unwrap();
    trims_to(41); // The engine has not saved what came after.
}

#[test]
fn a_sink_that_is_gone_holds_nothing_when_told_so() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    store.cursor("gone").unwrap();
    fill(&store, 5);
    store.seal_now().unwrap();
    store.save_engine(10, b"", &[]).unwrap();
    submit(&store, vec![row(3, START, 1.0)]).unwrap();
    assert_eq!(oldest(&store), 1);
    store.hold_journal_for(&["influx"]);
    eventually("trimmed", || oldest(&store) == 11);
}

#[test]
fn what_is_put_aside_twice_is_one_entry() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    store.quarantine("influx", 3, b"a b=1", "refused").unwrap();
    store.quarantine("influx", 3, b"a b=1", "refused again").unwrap();
    store.quarantine("influx", 4, b"", "refused").unwrap();
    store.quarantine("hook", 3, b"", "refused").unwrap();
    assert_eq!(store.quarantined("influx").unwrap(), 2);
    assert_eq!(store.quarantined("nobody").unwrap(), 0);
}
