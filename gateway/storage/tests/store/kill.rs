//! `kill -9` at any moment: what was acknowledged is there, once, and everything adds up.
//!
//! The test starts its own binary as a child that appends, seals, trims and saves the engine's
//! state as fast as it can, and tells every acknowledged submission on its standard output.

use crate::common::{DAY, HandClock, START, assert_conserved, at, pause, row, submit};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    sync::mpsc,
    time::Duration,
};
use tempfile::tempdir;
use weir_domain::SeriesId;
use weir_engine::{
    Record, Row,
    ports::{History, Outbox, Storage},
};
use weir_storage::{Store, StoreOptions};

const CYCLES: u64 = 20;

/// Tells the child where to work and from which number on.
const DIR: &str = "WEIR_STORAGE_KILL_DIR";
const FROM: &str = "WEIR_STORAGE_KILL_FROM";

/// Series of a submission's readings, and how many there are.
const SERIES: [u32; 3] = [1, 2, 3];

/// Submission `i` is one reading of each series.
fn rows(i: i64) -> Vec<Row> {
    SERIES.iter().map(|series| row(*series, START + i, i as f64)).collect()
}

fn options(dir: &Path) -> StoreOptions {
    StoreOptions {
        dir: dir.to_owned(),
        commit_interval: Duration::from_millis(1),
        retention: 365 * DAY,
        clock: HandClock::new(),
        seal_after: Duration::from_millis(7),
        seal_rows: 50,
    }
}

/// Not a test by itself: what the child runs.
#[test]
fn child() {
    let (Some(dir), Some(from)) = (std::env::var_os(DIR), std::env::var(FROM).ok()) else { return };
    let (sender, committed) = mpsc::channel();
    let on_commit = Box::new(move |batch| drop(sender.send(batch)));
    let store = Store::open(options(&PathBuf::from(dir)), on_commit).unwrap();
    store.start(store.load_engine().unwrap().map_or(0, |state| state.seq)).unwrap();
    // The engine: its state is the sum of all values, which shows whether each came once.
    let engine = store.clone();
    std::thread::spawn(move || {
        let mut sum = saved_sum(&engine);
        for batch in committed {
            let batch: weir_engine::Committed = batch;
            sum += batch.records.iter().map(value).sum::<f64>();
            let seq = batch.first_seq + batch.records.len() as u64 - 1;
            engine.save_engine(seq, &sum.to_le_bytes(), &[]).unwrap();
        }
    });
    for i in from.parse::<i64>().unwrap().. {
        submit(&store, rows(i)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {i}").and_then(|()| out.flush()).unwrap();
    }
}

fn saved_sum(store: &Store) -> f64 {
    let state = store.load_engine().unwrap();
    state.map_or(0.0, |s| f64::from_le_bytes(s.state.try_into().unwrap()))
}

fn value(record: &Record) -> f64 {
    match record {
        Record::Reading(row) => row.sample.reading.value().unwrap().get(),
        Record::Command(_) => panic!("no command was submitted"),
    }
}

fn spawn(dir: &Path, from: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled() {
    let dir = tempdir().unwrap();
    let (mut next, mut acknowledged) = (0, Vec::new());
    let mut engine_sum_checked = 0;
    for cycle in 0..CYCLES {
        let mut child = spawn(dir.path(), next);
        let out = BufReader::new(child.stdout.take().unwrap());
        // The plug is pulled in another thread, at a time that has nothing to do with the acks.
        let after = Duration::from_millis(30 + (cycle * 7919) % 170);
        let killer = std::thread::spawn(move || {
            pause(after);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for line in out.lines().map_while(Result::ok) {
            let Some(number) = line.split("ack ").nth(1) else { continue };
            acknowledged.push(number.parse::<i64>().unwrap());
        }
        killer.join().unwrap();
        next = check(dir.path(), &acknowledged);
        engine_sum_checked += 1;
    }
    assert_eq!(engine_sum_checked, CYCLES);
    assert!(acknowledged.len() > 100, "only {} were acknowledged", acknowledged.len());
}

/// Checks everything, and tells with which submission to go on.
fn check(dir: &Path, acknowledged: &[i64]) -> i64 {
    let redelivered = Arc::new(std::sync::Mutex::new(Vec::new()));
    let list = redelivered.clone();
    let store = Store::open(
        StoreOptions { seal_after: DAY, seal_rows: usize::MAX, ..options(dir) },
        Box::new(move |batch: weir_engine::Committed| list.lock().unwrap().extend(batch.records)),
    )
    .unwrap();
    let mut sum = saved_sum(&store);
    store.start(store.load_engine().unwrap().map_or(0, |state| state.seq)).unwrap();
    store.shutdown();

    let mut expected: Option<Vec<i64>> = None;
    for series in SERIES {
        let samples = store.samples(SeriesId(series), at(START), at(i64::MAX), usize::MAX).unwrap();
        let numbers: Vec<i64> = samples.iter().map(|s| s.source_time.as_millis() - START).collect();
        let there: HashSet<i64> = numbers.iter().copied().collect();
        assert!(acknowledged.iter().all(|i| there.contains(i)), "an acknowledged reading is gone");
        assert_eq!(there.len(), numbers.len(), "a reading is there twice");
        // Submissions are whole or not at all.
        assert_eq!(*expected.get_or_insert_with(|| numbers.clone()), numbers);
    }
    let numbers = expected.unwrap_or_default();
    let status = store.status();
    assert_eq!(status.accepted, numbers.len() as u64 * 3, "{status:?}");
    assert_eq!((status.duplicates, status.expired), (0, 0), "{status:?}");
    assert_conserved(&store, dir);
    assert_eq!(store.last_record(), status.accepted);

    sum += redelivered.lock().unwrap().iter().map(value).sum::<f64>();
    let all = numbers.iter().map(|i| *i as f64).sum::<f64>() * SERIES.len() as f64;
    assert_eq!(sum, all, "the engine has handled something twice or never");
    numbers.last().map_or(0, |last| last + 1)
}
