//! Crash images: at every step of sealing and trimming the files are copied as they are, which is
//! what a crash at that moment would leave behind. Each image is opened and has to hold everything
//! once. And what else needs a look inside: a limit to the journal's size, which stands in for a
//! full disk, and one to the head's.

use crate::{Store, StoreOptions, database::lock, testing::StoppedClock};
use std::{
    error::Error,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::tempdir;
use weir_domain::{Reading, Sample, SeriesId, Timestamp};
use weir_engine::{
    Row,
    ports::{History, Intake, Outbox, PortError, Storage},
};

fn options(dir: &Path) -> StoreOptions {
    StoreOptions {
        dir: dir.to_owned(),
        commit_interval: Duration::from_millis(5),
        retention: Duration::MAX,
        clock: Arc::new(StoppedClock(Timestamp::from_millis(1000))),
        seal_after: Duration::from_secs(3600),
        seal_rows: 1_000_000,
    }
}

fn open(dir: &Path) -> Store {
    let store = Store::open(options(dir), Box::new(drop)).unwrap();
    store.start(store.load_engine().unwrap().map_or(0, |state| state.seq)).unwrap();
    store
}

fn submit(store: &Store, times: impl IntoIterator<Item = i64>) -> Result<(), PortError> {
    let row = |t: i64| {
        let sample = Sample::at(Timestamp::from_millis(t), Reading::from_number(t as f64));
        Row { series: SeriesId(1), sample }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.submit(times.into_iter().map(row).collect(), true))
}

fn times(store: &Store) -> Vec<i64> {
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let samples = store.samples(SeriesId(1), from, to, usize::MAX).unwrap();
    samples.iter().map(|s| s.source_time.as_millis()).collect()
}

/// What a crash leaves: the files, and the logs that were not moved into them.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".sqlite") || name.ends_with("-wal") {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn assert_conserved(store: &Store) {
    let s = store.status();
    assert_eq!(s.accepted, s.in_journal + s.in_history + s.expired + s.duplicates, "{s:?}");
}

#[test]
fn a_crash_at_any_step_loses_and_doubles_nothing() {
    let root = tempdir().unwrap();
    let live = root.path().join("live");
    let store = open(&live);
    let images = Arc::new(Mutex::new(Vec::new()));
    // Copies are taken with the writer at rest, so that each is of one moment.
    let image = {
        let (root, live, images) = (root.path().to_owned(), live.clone(), images.clone());
        move |step: &str, expected: &[i64]| {
            let number = lock(&images).len();
            let dir = root.join(format!("{number}-{step}"));
            copy(&live, &dir);
            lock(&images).push((dir, expected.to_vec()));
        }
    };
    let mut expected: Vec<i64> = Vec::new();
    for round in 0..4 {
        // Some late, some twice.
        let new: Vec<i64> = (0..40).map(|i| round * 50 + i * 3 % 70).collect();
        submit(&store, new.iter().copied()).unwrap();
        expected.extend(new);
        expected.sort_unstable();
        expected.dedup();
        image("submitted", &expected);
        let (at_step, now) = (image.clone(), expected.clone());
        *lock(&store.shared().on_step) = Some(Box::new(move |step| at_step(step, &now)));
        store.seal_now().unwrap();
        *lock(&store.shared().on_step) = None;
        image("forgotten", &expected);
        store.save_engine(store.last_record(), b"", &[]).unwrap();
        image("saved", &expected);
        submit(&store, [round * 50]).unwrap();
        image("trimmed", &expected);
    }
    store.shutdown();
    assert_eq!(times(&store), expected);

    let images = lock(&images);
    let steps = ["submitted", "frozen", "sealed", "forgotten", "saved", "trimmed"];
    for step in steps {
        let count = images.iter().filter(|(dir, _)| dir.to_str().unwrap().ends_with(step)).count();
        assert_eq!(count, 4, "{step}");
    }
    for (dir, expected) in images.iter() {
        let store = open(dir);
        assert_eq!(times(&store), *expected, "{}", dir.display());
        assert_conserved(&store);
        store.seal_now().unwrap();
        assert_eq!(times(&store), *expected, "{} sealed", dir.display());
        assert_conserved(&store);
        submit(&store, [100_000]).unwrap();
        assert_eq!(times(&store).len(), expected.len() + 1);
    }
}

#[test]
fn a_journal_that_may_not_grow_refuses_and_goes_on_when_it_was_trimmed() {
    let dir = tempdir().unwrap();
    let store = Store::open(options(dir.path()), Box::new(drop)).unwrap();
    store.limit_journal(20);
    store.start(0).unwrap();
    let mut next = 0;
    let refused = loop {
        match submit(&store, next..next + 1000) {
            Ok(()) => next += 1000,
            Err(error) => break error,
        }
        assert!(next < 1_000_000, "20 pages cannot hold that");
    };
    assert!(next > 0);
    let cause = refused.source().unwrap();
    assert_eq!(cause.to_string(), "could not append to journal.sqlite");
    assert!(store.status().fault.unwrap().contains("full"));
    assert_eq!(times(&store).len() as i64, next, "nothing of what was refused is there");

    store.seal_now().unwrap();
    store.save_engine(store.last_record(), b"", &[]).unwrap();
    let mut tries = 0;
    while submit(&store, next..next + 1000).is_err() {
        tries += 1;
        assert!(tries < 100, "{:?}", store.status());
    }
    assert_eq!(store.status().fault, None);
    assert_eq!(times(&store).len() as i64, next + 1000);
    assert_conserved(&store);
}

#[test]
fn a_head_that_is_full_waits_for_sealing() {
    let dir = tempdir().unwrap();
    let store =
        Store::open(StoreOptions { seal_rows: 1000, ..options(dir.path()) }, Box::new(drop));
    let store = store.unwrap();
    store.start(0).unwrap();
    for batch in 0..20 {
        submit(&store, batch * 4000..(batch + 1) * 4000).unwrap();
        assert!(store.status().in_journal <= 5000 + 4000);
    }
    assert_eq!(times(&store).len(), 80_000);
    assert!(store.status().in_history > 0, "sealed by itself");
    assert_conserved(&store);
}

#[test]
fn a_head_that_is_full_and_cannot_be_sealed_refuses() {
    let dir = tempdir().unwrap();
    let store =
        Store::open(StoreOptions { seal_rows: 1000, ..options(dir.path()) }, Box::new(drop));
    let store = store.unwrap();
    let history = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    history.execute_batch("ALTER TABLE chunk RENAME TO elsewhere").unwrap();
    store.start(0).unwrap();
    let (mut next, mut refused) = (0, None);
    while refused.is_none() && next < 100_000 {
        match submit(&store, next..next + 1000) {
            Ok(()) => next += 1000,
            Err(error) => refused = Some(error),
        }
    }
    assert_eq!(next, 5000);
    let cause = refused.unwrap().source().unwrap().to_string();
    assert!(cause.starts_with("too many readings wait for the history"), "{cause}");
    assert_eq!(store.status().fault, Some(cause));
    history.execute_batch("ALTER TABLE elsewhere RENAME TO chunk").unwrap();
    store.seal_now().unwrap();
    submit(&store, next..next + 1000).unwrap();
    assert_eq!(store.status().fault, None);
    assert_eq!(times(&store).len(), 6000);
}
