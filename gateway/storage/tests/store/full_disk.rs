//! A disk that is full: nothing is acknowledged that is not on it, the status says why, and the
//! store goes on by itself when there is space.

use crate::common::{HandClock, START, assert_conserved, at, eventually, options, row, submit};
use std::{error::Error, fs, io::Write, path::Path, process::Command};
use tempfile::tempdir;
use weir_domain::SeriesId;
use weir_engine::ports::{History, Outbox, Storage};
use weir_storage::Store;

/// A file system of a few megabytes, as long as it lives.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path, size: &str) -> Option<Self> {
        mount(&["-t", "tmpfs", "-o", size, "tmpfs"], path).then(|| Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    let result = Command::new("mount").args(arguments).arg(path).output();
    result.is_ok_and(|output| output.status.success())
}

/// Told even where the output of tests that pass is not shown.
fn skipped() {
    let words = "\n!!! SKIPPED: no file system may be mounted here, so no disk was filled !!!\n";
    std::io::stderr().write_all(words.as_bytes()).unwrap();
}

#[test]
fn a_full_disk_is_told_and_outlived() {
    let dir = tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(dir.path(), "size=8m") else {
        return skipped();
    };
    let (clock, data) = (HandClock::new(), dir.path().join("data"));
    let store = Store::open(options(&data, &clock), Box::new(drop)).unwrap();
    store.start(0).unwrap();
    fs::write(dir.path().join("ballast"), vec![1; 4 << 20]).unwrap();

    let batch = |i: i64| (1..5000).map(move |t| row(1, START + i * 5000 + t, 1.0 / t as f64));
    let mut acknowledged = 0;
    let refused = loop {
        match submit(&store, batch(acknowledged).collect()) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 1000, "a disk of 8 MiB cannot hold that");
    };
    assert!(acknowledged > 0);
    assert_eq!(refused.to_string(), "could not append 4999 readings to journal.sqlite");
    assert!(refused.source().is_some());
    let fault = store.status().fault.expect("a fault is told");
    assert!(fault.contains("journal.sqlite") && fault.contains("full"), "{fault}");
    assert!(submit(&store, batch(900).collect()).is_err(), "it is still full");
    // Nothing of what was refused is there; everything acknowledged is.
    assert_eq!(store.last_record(), acknowledged as u64 * 4999);

    fs::remove_file(dir.path().join("ballast")).unwrap();
    submit(&store, batch(acknowledged).collect()).unwrap();
    assert_eq!(store.status().fault, None);
    store.seal_now().unwrap();
    store.save_engine(store.last_record(), b"", &[]).unwrap();
    let expected = (acknowledged + 1) * 4999;
    let count = |store: &Store| {
        let all = store.samples(SeriesId(1), at(START), at(i64::MAX), usize::MAX);
        all.unwrap().len() as i64
    };
    assert_eq!(count(&store), expected);
    assert_conserved(&store, &data);
    drop(store);
    let store = Store::open(options(&data, &clock), Box::new(drop)).unwrap();
    assert_eq!(count(&store), expected);
}

/// The same for what the engine saves: all or nothing, and again when there is space.
#[test]
fn an_engine_state_that_does_not_fit_changes_nothing() {
    let dir = tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(dir.path(), "size=4m") else {
        return skipped();
    };
    let store = Store::open(options(dir.path(), &HandClock::new()), Box::new(drop)).unwrap();
    store.save_engine(0, b"small", &[]).unwrap();
    // Nothing in it that deflating could leave out.
    let noise = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).to_le_bytes();
    let large: Vec<u8> =
        (1..=1 << 20).flat_map(|i: u64| noise(i.wrapping_mul(i) ^ (i << 32))).collect();
    assert!(store.save_engine(0, &large, &[]).is_err());
    assert_eq!(store.load_engine().unwrap().unwrap().state, b"small");
    store.save_engine(0, b"small again", &[]).unwrap();
    assert_eq!(store.load_engine().unwrap().unwrap().state, b"small again");
}

/// Needs no mount: a folder that is gone cannot be written.
#[test]
fn sealing_that_fails_keeps_the_readings() {
    let dir = tempdir().unwrap();
    let store = Store::open(options(dir.path(), &HandClock::new()), Box::new(drop)).unwrap();
    store.start(0).unwrap();
    submit(&store, vec![row(1, START, 1.0)]).unwrap();
    let history = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    history.execute_batch("ALTER TABLE chunk RENAME TO elsewhere").unwrap();
    assert!(store.seal_now().is_err());
    submit(&store, vec![row(1, START + 1, 1.0), row(1, START, 2.0)]).unwrap();
    let status = store.status();
    assert_eq!((status.accepted, status.in_journal, status.in_history), (3, 3, 0));
    history.execute_batch("ALTER TABLE elsewhere RENAME TO chunk").unwrap();
    store.seal_now().unwrap();
    store.seal_now().unwrap();
    eventually("all is sealed", || store.status().in_journal == 0);
    assert_conserved(&store, dir.path());
    assert_eq!(store.status().duplicates, 1);
    let samples = store.samples(SeriesId(1), at(0), at(i64::MAX), 9).unwrap();
    assert_eq!(samples[0].reading.value().unwrap().get(), 2.0);
}
