//! What is committed is delivered in order, exactly once over a restart, and time never goes back.

use crate::common::{
    Delivered, HandClock, START, at, block_on, eventually, options, pause, row, started, submit,
};
use std::time::{Duration, Instant};
use tempfile::tempdir;
use weir_engine::{
    Act, Command, Record,
    ports::{Intake, Outbox, Storage},
};
use weir_storage::{StorageError, Store};

fn values(records: &[(u64, Record)]) -> Vec<(u64, f64)> {
    let value = |record: &Record| match record {
        Record::Reading(row) => row.sample.reading.value().unwrap().get(),
        Record::Command(_) => -1.0,
    };
    records.iter().map(|(seq, record)| (*seq, value(record))).collect()
}

#[test]
fn records_are_numbered_and_delivered_in_order() {
    let (dir, clock, delivered) = (tempdir().unwrap(), HandClock::new(), Delivered::default());
    let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    store.start(0).unwrap();
    submit(&store, vec![row(1, START, 1.0), row(2, START, 2.0)]).unwrap();
    let command = Command { at: at(START), act: Act::Started };
    assert_eq!(block_on(store.submit_command(command)).unwrap(), 3);
    submit(&store, vec![row(1, START + 1, 4.0)]).unwrap();
    store.shutdown();
    let expected = [(1, 1.0), (2, 2.0), (3, -1.0), (4, 4.0)];
    assert_eq!(values(&delivered.records()), expected);
    assert_eq!(values(&store.records_after(0, 100).unwrap()), expected);
    assert_eq!(values(&store.records_after(1, 2).unwrap()), expected[1..3]);
    assert!(store.records_after(4, 2).unwrap().is_empty());
    assert_eq!(store.last_record(), 4);
    assert_eq!(store.status().accepted, 3);
}

#[test]
fn a_restart_delivers_what_the_engine_has_not_saved_and_nothing_else() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let first = {
        let delivered = Delivered::default();
        let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
        store.start(0).unwrap();
        for i in 0..10 {
            clock.set(START + i * 1000);
            let t = START + i * 1000;
            submit(&store, vec![row(1, t, i as f64), row(2, t, i as f64)]).unwrap();
        }
        // In the middle of a batch, which a sink or an engine of another make may do.
        store.save_engine(7, b"state", &[]).unwrap();
        store.shutdown();
        delivered.take()
    };
    let delivered = Delivered::default();
    let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    let state = store.load_engine().unwrap().unwrap();
    assert_eq!((state.seq, state.state.as_slice()), (7, &b"state"[..]));
    assert!(delivered.take().is_empty(), "nothing is delivered before the start");
    store.start(state.seq).unwrap();
    let again = delivered.records();
    submit(&store, vec![row(1, START, 99.0)]).unwrap();
    store.shutdown();

    let all: Vec<_> = first.iter().flat_map(|c| (c.first_seq..).zip(c.records.clone())).collect();
    assert_eq!(again, all[7..], "the same records with the same numbers");
    assert_eq!(values(&delivered.records()).last(), Some(&(21, 99.0)));
    let watermarks = |list: &[weir_engine::Committed]| -> Vec<_> {
        let full = list.iter().filter(|c| !c.records.is_empty() && c.first_seq > 8);
        full.map(|c| (c.first_seq, c.watermark)).take(5).collect()
    };
    assert_eq!(watermarks(&first), watermarks(&delivered.take()), "in the same batches");
}

#[test]
fn submissions_before_the_start_wait_for_it() {
    let (dir, clock, delivered) = (tempdir().unwrap(), HandClock::new(), Delivered::default());
    let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    let early = std::thread::spawn({
        let store = store.clone();
        move || submit(&store, vec![row(1, START, 1.0)])
    });
    pause(Duration::from_millis(50));
    assert!(!early.is_finished() && delivered.records().is_empty());
    store.start(0).unwrap();
    early.join().unwrap().unwrap();
    assert!(matches!(store.start(0), Err(StorageError::AlreadyStarted)));
}

#[test]
fn what_is_not_there_cannot_be_delivered_again() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = Store::open(options(dir.path(), &clock), Box::new(drop)).unwrap();
    let error = store.start(5).unwrap_err();
    assert!(error.to_string().contains("record 5 was asked for"), "{error}");
    assert!(submit(&store, vec![row(1, START, 1.0)]).is_err(), "nobody would write it");
}

#[test]
fn time_never_goes_back_whatever_the_clock_does() {
    let (dir, clock, delivered) = (tempdir().unwrap(), HandClock::new(), Delivered::default());
    let open = || Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    let store = open();
    store.start(0).unwrap();
    for (now, received) in [(0, 0), (5000, 1000), (2000, 2000), (9000, 9500), (9000, 100)] {
        clock.set(START + now);
        submit(&store, vec![row(1, START + received, 1.0)]).unwrap();
    }
    // Time that no record has, only the engine's state.
    clock.set(START + 20_000);
    eventually("told", || delivered.last_watermark() == at(START + 20_000));
    let before = delivered.last_watermark();
    store.save_engine(store.last_record(), b"", &[]).unwrap();
    store.shutdown();
    drop(store);
    clock.set(START - 1_000_000);
    let store = open();
    store.start(store.load_engine().unwrap().unwrap().seq).unwrap();
    submit(&store, vec![row(1, START - 1_000_000, 1.0)]).unwrap();
    store.shutdown();

    let mut watermark = at(i64::MIN);
    for committed in delivered.take() {
        for record in &committed.records {
            let Record::Reading(row) = record else { continue };
            assert!(row.sample.received_time >= watermark, "{row:?} after {watermark}");
        }
        assert!(committed.watermark >= watermark);
        watermark = committed.watermark;
    }
    assert!(watermark >= before, "not even over a restart");
}

#[test]
fn the_source_time_is_never_touched() {
    let (dir, clock, delivered) = (tempdir().unwrap(), HandClock::new(), Delivered::default());
    let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    store.start(0).unwrap();
    clock.set(START + 10_000);
    submit(&store, vec![row(1, START, 1.0)]).unwrap();
    submit(&store, vec![row(1, START + 1, 1.0)]).unwrap();
    store.shutdown();
    let records = delivered.records();
    let [_, (_, Record::Reading(second))] = &records[..] else { panic!("{records:?}") };
    assert_eq!(second.sample.source_time, at(START + 1));
    assert_eq!(second.sample.received_time, at(START + 10_000));
}

#[test]
fn time_is_told_while_nothing_comes() {
    let (dir, clock, delivered) = (tempdir().unwrap(), HandClock::new(), Delivered::default());
    let store = Store::open(options(dir.path(), &clock), delivered.callback()).unwrap();
    store.start(0).unwrap();
    clock.set(START + 77);
    eventually("an empty batch with the time", || {
        let ticks = delivered.take();
        ticks
            .iter()
            .any(|c| c.records.is_empty() && c.first_seq == 1 && c.watermark == at(START + 77))
    });
    assert_eq!(store.status().commits, 0);
}

#[test]
fn readings_are_written_together_and_urgent_ones_at_once() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let mut options = options(dir.path(), &clock);
    options.commit_interval = Duration::from_secs(30);
    let store = Store::open(options, Box::new(drop)).unwrap();
    store.start(0).unwrap();
    let begin = now();
    block_on(async {
        let runtime = tokio::runtime::Handle::current();
        let patient: Vec<_> = (0..20)
            .map(|i| {
                let store = store.clone();
                runtime.spawn(async move { store.submit(vec![row(i, START, 1.0)], false).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(patient.iter().all(|task| !task.is_finished()));
        store.submit(vec![row(1, START + 1, 2.0)], true).await.unwrap();
        for task in patient {
            task.await.unwrap().unwrap();
        }
    });
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(store.status().commits, 1);
}

#[expect(clippy::disallowed_methods, reason = "the test measures how long it takes")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn shutting_down_writes_what_was_submitted_and_refuses_what_comes_later() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let mut options = options(dir.path(), &clock);
    options.commit_interval = Duration::from_secs(30);
    let store = Store::open(options, Box::new(drop)).unwrap();
    store.start(0).unwrap();
    let waiting = std::thread::spawn({
        let store = store.clone();
        move || block_on(store.submit(vec![row(1, START, 1.0)], false))
    });
    pause(Duration::from_millis(50));
    store.shutdown();
    waiting.join().unwrap().unwrap();
    assert!(submit(&store, vec![row(1, START, 1.0)]).is_err());
    store.save_engine(1, b"the last word", &[]).unwrap();
    drop(store);
    let store = started(dir.path(), &clock);
    assert_eq!(store.load_engine().unwrap().unwrap().state, b"the last word");
    assert_eq!(store.last_record(), 1);
}

#[test]
fn more_than_the_queue_holds_waits_and_arrives() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    let rows = |from: i64| (from..from + 90_000).map(|t| row(1, START + t, 0.5)).collect();
    block_on(async {
        let runtime = tokio::runtime::Handle::current();
        let tasks: Vec<_> = (0..5)
            .map(|i| {
                let (store, rows) = (store.clone(), rows(i * 90_000));
                runtime.spawn(async move { store.submit(rows, false).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    let one_more_than_fits = (0..200_001).map(|t| row(2, START + t, 0.5)).collect();
    submit(&store, one_more_than_fits).unwrap();
    let status = store.status();
    assert_eq!((status.accepted, status.duplicates), (650_001, 0));
}

#[test]
fn a_callback_that_panics_leaves_nobody_waiting() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let panics = Box::new(|c: weir_engine::Committed| assert!(c.records.is_empty()));
    let store = Store::open(options(dir.path(), &clock), panics).unwrap();
    store.start(0).unwrap();
    submit(&store, vec![row(1, START, 1.0)]).unwrap();
    assert!(submit(&store, vec![row(1, START, 1.0)]).is_err());
}

#[test]
fn readers_hold_up_no_writer() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    submit(&store, vec![row(1, START, 1.0)]).unwrap();
    let readers = ["journal", "history", "records"].map(|name| {
        let reader = rusqlite::Connection::open(dir.path().join(format!("{name}.sqlite"))).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM sqlite_master").unwrap();
        reader
    });
    submit(&store, vec![row(1, START + 1, 1.0)]).unwrap();
    store.seal_now().unwrap();
    store.save_engine(2, b"", &[]).unwrap();
    assert_eq!(store.status().in_history, 2);
    drop(readers);
}
