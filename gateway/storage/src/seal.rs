//! The thread that moves readings from the head into the history, and lets old ones expire.
//!
//! Sealing is one transaction in `history.sqlite` that writes the chunks and the number up to which
//! they hold every record. Whatever happens before its commit has not happened; after it the
//! journal's records up to that number are history, whether anything could still be done or not.

use crate::{
    chunk::Encoder,
    database::{checkpoint, lock},
    error::{Doing, StorageError},
    head::{Frozen, Totals},
    history::{self, HISTORY},
    place::place,
    retention::{self, EXPIRE_EVERY, Expiry},
    shared::Shared,
};
use core::time::Duration;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{Condvar, Mutex, PoisonError},
};
use tokio::time::Instant;
use weir_domain::Timestamp;

/// How long to wait before sealing that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The writing side of the history.
#[derive(Debug)]
pub(crate) struct Sealer {
    connection: Connection,
}

impl Sealer {
    pub(crate) fn open(dir: &Path) -> Result<Self, StorageError> {
        Ok(Self { connection: history::SCHEMA.open(dir)? })
    }

    /// The connection, for reading before anything is sealed.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Moves everything in the head into the history.
    pub(crate) fn seal(&mut self, shared: &Shared) -> Result<(), StorageError> {
        let frozen = lock(&shared.memory).freeze();
        let Some(frozen) = frozen else { return Ok(()) };
        shared.step("frozen");
        let result = self.write(&frozen);
        shared.step("sealed");
        match result {
            Ok(totals) => {
                lock(&shared.memory).sealed(totals);
                shared.set_seal_fault(None);
                shared.bell.made_room();
                Ok(())
            }
            Err(error) => {
                shared.set_seal_fault(Some(error.chain()));
                Err(error)
            }
        }
    }

    fn write(&mut self, frozen: &Frozen) -> Result<Totals, StorageError> {
        let transaction = self.connection.transaction().doing("seal readings in", HISTORY)?;
        let (sealed_seq, mut totals) = history::meta(&transaction)?;
        if sealed_seq >= frozen.seq {
            // A commit that was reported as failed did reach the disk.
            return Ok(totals);
        }
        totals.duplicates += frozen.head.replaced;
        let mut encoder = Encoder::default();
        let mut samples = Vec::new();
        for run in frozen.head.runs() {
            samples.clear();
            run.read(&mut samples);
            let tally = place(&transaction, &mut encoder, run.series, &samples)?;
            totals.rows = totals.rows + tally.written - tally.removed;
            totals.duplicates += tally.duplicates;
        }
        history::set_meta(&transaction, frozen.seq, totals)?;
        transaction.commit().doing("seal readings in", HISTORY)?;
        Ok(totals)
    }

    /// Drops readings older than `cutoff`, and tells how many.
    pub(crate) fn expire(
        &mut self,
        shared: &Shared,
        cutoff: Timestamp,
    ) -> Result<u64, StorageError> {
        let before = lock(&shared.memory).totals.expired;
        while let Some(totals) = retention::expire_slice(&mut self.connection, cutoff)? {
            lock(&shared.memory).totals = totals;
        }
        retention::give_pages_back(&self.connection)?;
        Ok(lock(&shared.memory).totals.expired - before)
    }

    fn expire_safely(&mut self, shared: &Shared, expiry: &mut Expiry) -> Result<(), StorageError> {
        let now = shared.clock.now();
        let seen = retention::seen(&self.connection)?;
        if expiry.is_safe(now, Instant::now(), seen) {
            let gone = self.expire(shared, now - shared.retention)?;
            if gone > 0 {
                tracing::info!("{gone} readings have expired");
            }
            retention::set_seen(&self.connection, now)?;
        }
        Ok(())
    }

    /// Empties the write-ahead log into the file.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        checkpoint(&self.connection).doing("tidy up", HISTORY)
    }
}

/// The thread: seals when it is time or when there is much, expires every minute.
pub(crate) fn run(shared: &Shared) {
    let _last_words = LastWords(shared);
    let mut expiry = Expiry::default();
    let mut seal_at = Instant::now() + shared.seal_after;
    // Not at once: a clock is often put right in the first seconds.
    let mut expire_at = Instant::now() + EXPIRE_EVERY;
    let mut told = [None, None];
    loop {
        let now = Instant::now();
        let is_rung = match shared.bell.wait(seal_at.min(expire_at).duration_since(now)) {
            Call::End => return,
            Call::Rung => true,
            Call::Silence => false,
        };
        let now = Instant::now();
        if is_rung || now >= seal_at {
            let result = lock(&shared.sealer).seal(shared);
            let wait = if result.is_ok() { shared.seal_after } else { RETRY_AFTER };
            seal_at = Instant::now() + wait;
            report(result, &mut told[0]);
        }
        if now >= expire_at {
            report(lock(&shared.sealer).expire_safely(shared, &mut expiry), &mut told[1]);
            expire_at = now + EXPIRE_EVERY;
        }
    }
}

/// Should the thread panic, the writer must not wait for room that nobody will make.
struct LastWords<'a>(&'a Shared);

impl Drop for LastWords<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set_seal_fault(Some("its thread has ended with a panic".into()));
        }
    }
}

/// Tells of a failure once, however often it is tried again.
fn report(result: Result<(), StorageError>, told: &mut Option<String>) {
    let fault = result.err().map(|error| error.chain());
    if let Some(fault) = fault.as_ref().filter(|fault| told.as_ref() != Some(fault)) {
        tracing::error!("{fault}");
    }
    *told = fault;
}

/// Wakes the sealing thread, and those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<BellState>,
    rung: Condvar,
    room: Condvar,
}

#[derive(Debug, Default)]
struct BellState {
    is_rung: bool,
    is_ended: bool,
}

enum Call {
    Rung,
    Silence,
    End,
}

impl Bell {
    /// Seal now.
    pub(crate) fn ring(&self) {
        lock(&self.state).is_rung = true;
        self.rung.notify_all();
    }

    /// The thread is to end.
    pub(crate) fn end(&self) {
        lock(&self.state).is_ended = true;
        self.rung.notify_all();
    }

    /// Something was sealed.
    fn made_room(&self) {
        // Under the lock, lest it comes between somebody's look and their wait.
        let _state = lock(&self.state);
        self.room.notify_all();
    }

    /// Waits until something is sealed, but not for longer than this.
    pub(crate) fn wait_for_room(&self, at_most: Duration) {
        let state = lock(&self.state);
        drop(self.room.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner));
    }

    fn wait(&self, at_most: Duration) -> Call {
        let state = lock(&self.state);
        let is_silent = |state: &mut BellState| !state.is_rung && !state.is_ended;
        let waited = self.rung.wait_timeout_while(state, at_most, is_silent);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        match (state.is_ended, core::mem::take(&mut state.is_rung)) {
            (true, _) => Call::End,
            (false, true) => Call::Rung,
            (false, false) => Call::Silence,
        }
    }
}
