//! Opening a folder: it is locked, its files are brought up to date and checked against each other,
//! and the head is made again from the journal.

use crate::{
    StoreOptions,
    error::StorageError,
    head::Memory,
    history::{self, HISTORY},
    journal::{self, JOURNAL, Journal},
    outbox,
    records::{RECORDS, Records},
    seal::Sealer,
    shared::{Floors, Found, Shared},
};
use core::ops::ControlFlow;
use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};
use weir_domain::Timestamp;

/// Held locked by the gateway that uses the folder.
const LOCK: &str = "lock";

/// Opens a folder, and makes it if there is none.
pub(crate) fn open(options: StoreOptions) -> Result<(Shared, Journal), StorageError> {
    let dir = options.dir.as_path();
    let in_dir = |doing, source| StorageError::Io { doing, path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(|e| in_dir("create the data folder", e))?;
    let lock = lock_folder(dir)?;
    let journal = Journal::open(dir)?;
    let sealer = Sealer::open(dir)?;
    let records = Records::open(dir)?;
    // New files are only safe when their folder is.
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| in_dir("write the data folder", e))?;

    let newest = journal::newest(journal.connection())?;
    let engine = records.load_engine()?;
    let engine_seq = engine.as_ref().map_or(0, |(state, _)| state.seq);
    let (sealed_seq, totals) = history::meta(sealer.connection())?;
    check(dir, &journal, &[(HISTORY, sealed_seq), (RECORDS, engine_seq)])?;

    let accepted = newest.as_ref().map_or(0, |batch| batch.before + batch.readings());
    let mut memory = Memory::new(sealed_seq, accepted, totals);
    rebuild(&mut memory, &journal)?;
    let times = newest.map(|batch| batch.at).into_iter().chain(engine.map(|(_, at)| at));
    let watermark = times.max().unwrap_or(Timestamp::from_millis(i64::MIN));
    let cursors = outbox::cursors(&records.connection)?;
    let floors = Floors { engine: engine_seq, cursors, holding: None };
    let found = Found { sealer, records, memory, floors, watermark, lock };
    Ok((Shared::new(options, found), journal))
}

/// Locks the folder against other gateways. The lock goes with the process, however it ends.
fn lock_folder(dir: &Path) -> Result<FolderLock, StorageError> {
    let path = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let failed = |source: io::Error| StorageError::Io { doing: "lock", path, source };
    match file.map(|file| (file.try_lock(), file)) {
        Ok((Ok(()), file)) => Ok(FolderLock(file)),
        Ok((Err(TryLockError::WouldBlock), _)) => Err(StorageError::InUse { dir: dir.to_owned() }),
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => Err(failed(error)),
    }
}

/// The folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock(File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being forked has it open too.
        if let Err(error) = self.0.unlock() {
            tracing::warn!("could not unlock the data folder: {error}");
        }
    }
}

/// A file that has reached a number has seen every record up to it, so the journal goes at least
/// that far, and begins at the latest with the next one.
fn check(dir: &Path, journal: &Journal, others: &[(&str, u64)]) -> Result<(), StorageError> {
    let mismatched = |why| StorageError::Mismatched { dir: dir.to_owned(), why };
    let first = journal::oldest(journal.connection())?.unwrap_or(1);
    let last = journal::newest(journal.connection())?.map_or(0, |batch| batch.last());
    for (file, reached) in others {
        if *reached > last {
            let why = format!("{file} has reached record {reached}, and {JOURNAL} ends at {last}");
            return Err(mismatched(why));
        }
        if first > reached + 1 {
            let why =
                format!("{file} has reached record {reached}, and {JOURNAL} begins at {first}");
            return Err(mismatched(why));
        }
    }
    Ok(())
}

/// Puts what is not sealed into the head.
fn rebuild(memory: &mut Memory, journal: &Journal) -> Result<(), StorageError> {
    let mut is_first = true;
    journal::walk(journal.connection(), memory.sealed_seq, |batch| {
        if core::mem::take(&mut is_first) {
            memory.accepted = batch.before;
        }
        memory.extend(&batch.records);
        ControlFlow::Continue(())
    })
}
