//! The folder: held by one, whole, and complaints that name what is wrong.

use crate::common::{HandClock, START, options, row, started, submit};
use rusqlite::Connection;
use std::{error::Error, fs, path::Path};
use tempfile::tempdir;
use weir_domain::{SeriesId, Timestamp};
use weir_engine::ports::{History, Outbox};
use weir_storage::{StorageError, Store};

fn reopen(dir: &Path) -> Result<Store, StorageError> {
    Store::open(options(dir, &HandClock::new()), Box::new(drop))
}

fn execute(dir: &Path, file: &str, sql: &str) {
    assert_eq!(Connection::open(dir.join(file)).unwrap().execute(sql, []).unwrap(), 1, "{sql}");
}

/// A store with three batches, the first two of them sealed, that is shut down.
fn filled(dir: &Path) {
    let store = started(dir, &HandClock::new());
    for i in 0..3 {
        submit(&store, vec![row(1, START + i, 1.0), row(1, START + 100 + i, 2.0)]).unwrap();
        if i == 1 {
            store.seal_now().unwrap();
        }
    }
}

#[test]
fn two_gateways_cannot_use_one_folder() {
    let dir = tempdir().unwrap();
    let store = started(dir.path(), &HandClock::new());
    let error = reopen(dir.path()).unwrap_err();
    assert!(matches!(error, StorageError::InUse { .. }));
    assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
    drop(store);
    reopen(dir.path()).unwrap();
}

#[test]
fn numbers_of_points_stay() {
    let dir = tempdir().unwrap();
    let points = |names: &[&str]| names.iter().map(|n| n.parse().unwrap()).collect::<Vec<_>>();
    let store = reopen(dir.path()).unwrap();
    let first = store.series(&points(&["trc-1.value", "ph-1.value"])).unwrap();
    drop(store);
    let store = reopen(dir.path()).unwrap();
    let second = store.series(&points(&["new.value", "ph-1.value", "trc-1.value"])).unwrap();
    assert_eq!(second[1..], [first[1], first[0]]);
    assert!(!first.contains(&second[0]));
    let known: Vec<_> = store.points().unwrap().into_iter().map(|(_, p)| p.to_string()).collect();
    assert_eq!(known, ["trc-1.value", "ph-1.value", "new.value"]);
}

#[test]
fn a_damaged_batch_is_named() {
    let damages = [
        "UPDATE journal SET payload = CAST(substr(payload, 1, 9) || x'a5' || substr(payload, 11) AS BLOB) WHERE seq = 5",
        "UPDATE journal SET at = at + 1 WHERE seq = 5",
        "UPDATE journal SET before = before + 1 WHERE seq = 5",
    ];
    for damage in damages {
        let dir = tempdir().unwrap();
        filled(dir.path());
        execute(dir.path(), "journal.sqlite", damage);
        let error = reopen(dir.path()).unwrap_err().to_string();
        assert_eq!(error, "journal.sqlite is damaged at record 5: its check sum is wrong");
    }
}

#[test]
fn a_missing_batch_is_named() {
    let dir = tempdir().unwrap();
    filled(dir.path());
    execute(dir.path(), "journal.sqlite", "DELETE FROM journal WHERE seq = 3");
    let store = reopen(dir.path()).unwrap();
    let error = store.records_after(0, 10).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "journal.sqlite is damaged at record 3: it is missing");
}

#[test]
fn a_damaged_chunk_is_named_and_does_not_stop_the_gateway() {
    let dir = tempdir().unwrap();
    filled(dir.path());
    execute(
        dir.path(),
        "history.sqlite",
        "UPDATE chunk SET data = CAST(substr(data, 1, 20) || x'a5' || substr(data, 22) AS BLOB)",
    );
    let store = started(dir.path(), &HandClock::new());
    let all = || {
        let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        store.samples(SeriesId(1), from, to, 100)
    };
    let cause = all().unwrap_err().source().unwrap().to_string();
    assert_eq!(cause, "history.sqlite is damaged at chunk 1: the check sum is wrong");
    submit(&store, vec![row(1, START + 50, 3.0), row(1, START + 900, 4.0)]).unwrap();
    store.seal_now().unwrap();
    let later = store.samples(
        SeriesId(1),
        Timestamp::from_millis(START + 800),
        Timestamp::from_millis(START + 1000),
        9,
    );
    assert_eq!(later.unwrap().len(), 1);
    assert!(all().is_err(), "what is damaged is never passed over");
}

#[test]
fn a_changed_summary_is_found() {
    let dir = tempdir().unwrap();
    filled(dir.path());
    execute(dir.path(), "history.sqlite", "UPDATE chunk SET vmax = 7.0");
    let store = reopen(dir.path()).unwrap();
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let error =
        store.buckets(SeriesId(1), from, to, core::time::Duration::from_secs(86_400)).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert_eq!(cause, "history.sqlite is damaged at chunk 1: its summary's check sum is wrong");
}

#[test]
fn files_of_different_times_are_refused() {
    let cases: [(&[&str], &str); 3] = [
        (&["journal.sqlite"], "has reached record 4, and journal.sqlite ends at 0"),
        (
            &["history.sqlite"],
            "history.sqlite has reached record 0, and journal.sqlite begins at 5",
        ),
        (
            &["records.sqlite"],
            "records.sqlite has reached record 0, and journal.sqlite begins at 5",
        ),
    ];
    for (lost, expected) in cases {
        let dir = tempdir().unwrap();
        filled(dir.path());
        // Trims the journal: the first batches are sealed and the engine is past them.
        let store = started(dir.path(), &HandClock::new());
        store.save_engine(4, b"", &[]).unwrap();
        submit(&store, vec![row(1, START + 7, 1.0)]).unwrap();
        drop(store);
        for file in lost {
            fs::remove_file(dir.path().join(file)).unwrap();
        }
        let error = reopen(dir.path()).unwrap_err();
        assert!(matches!(error, StorageError::Mismatched { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = reopen(&file.join("data")).unwrap_err();
    assert!(error.to_string().starts_with("could not create the data folder"), "{error}");
}
