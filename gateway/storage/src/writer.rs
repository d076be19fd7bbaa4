//! The thread that writes the journal and hands out what is on disk, and how far time has come.
//!
//! The first submission starts the commit interval; what has come until its end is written with
//! one `fsync`. A submission that is marked so is written at once, with all that waits. While
//! nothing is written, at least every second an empty batch tells the time.

use crate::{
    database::lock,
    error::StorageError,
    journal::{Batch, Journal},
    queue::{Found, Submission},
    shared::{HEAD_BYTES, Shared},
};
use core::{mem, time::Duration};
use std::sync::{Arc, atomic::Ordering};
use weir_domain::Timestamp;
use weir_engine::{Committed, Record};

/// The engine is told the time at least this often.
const TICK: Duration = Duration::from_secs(1);

/// After so many commits the journal is tidied, even where readings never cease.
const TIDY_EVERY: u32 = 64;

/// Takes what is on disk, in order.
pub(crate) type OnCommit = Box<dyn FnMut(Committed) + Send>;

/// See the module.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    journal: Journal,
    on_commit: OnCommit,
    /// No record handed out later has a received time before this.
    watermark: Timestamp,
    /// Failures of trimming in a row; the first is told.
    tidy_failures: u32,
    commits_since_tidy: u32,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, journal: Journal, on_commit: OnCommit) -> Self {
        let watermark = shared.watermark();
        Self { shared, journal, on_commit, watermark, tidy_failures: 0, commits_since_tidy: 0 }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        // Should the callback panic, nobody must wait for an answer for ever.
        let shared = self.shared.clone();
        let _refusal = Refusal(&shared);
        let tick = shared.commit_interval.min(TICK);
        loop {
            match shared.queue.wait(tick) {
                Found::Nothing => {
                    self.tick();
                    self.tidy();
                }
                Found::Work => {
                    self.gather(shared.commit_interval);
                    if self.has_room() {
                        self.commit();
                    }
                }
                Found::End => break,
            }
        }
        if let Err(error) = self.journal.checkpoint() {
            tracing::warn!("{}", error.chain());
        }
    }

    /// Waits for more to come, telling the time meanwhile.
    fn gather(&mut self, interval: Duration) {
        let mut left = interval;
        while !left.is_zero() {
            let slice = left.min(TICK);
            if self.shared.queue.gather(slice) {
                return;
            }
            left -= slice;
            if !left.is_zero() {
                self.tick();
            }
        }
    }

    /// Whether the heads can take more readings. Waits for sealing if that helps; refuses what
    /// waits in the queue if it does not.
    fn has_room(&mut self) -> bool {
        while self.shared.is_head_full() {
            if let Some(why) = self.shared.seal_fault() {
                let submissions = self.shared.queue.drain();
                self.refuse(submissions, StorageError::HeadFull { why });
                return false;
            }
            self.shared.bell.ring();
            self.shared.bell.wait_for_room(TICK);
            self.tick();
        }
        true
    }

    /// Tells the time; records that wait have not been passed by.
    fn tick(&mut self) {
        let now = self.shared.clock.now();
        let time = self.shared.queue.earliest().map_or(now, |earliest| earliest.min(now));
        self.advance(time);
        let first_seq = lock(&self.shared.memory).last_seq + 1;
        (self.on_commit)(Committed { first_seq, records: Vec::new(), watermark: self.watermark });
    }

    /// Time never goes back, whatever the clock says.
    fn advance(&mut self, time: Timestamp) {
        self.watermark = self.watermark.max(time);
        self.shared.set_watermark(self.watermark);
    }

    fn commit(&mut self) {
        let now = self.shared.clock.now();
        let mut submissions = self.shared.queue.drain();
        let floor = self.watermark;
        let mut records = Vec::new();
        records.reserve_exact(submissions.iter().map(|s| s.records.len()).sum());
        for submission in &mut submissions {
            let taken = mem::take(&mut submission.records);
            records.extend(taken.into_iter().map(|record| clamped(record, floor)));
        }
        let (first, before) = {
            let memory = lock(&self.shared.memory);
            (memory.last_seq + 1, memory.accepted)
        };
        let batch = Batch { first, before, at: floor.max(now), records };
        let trim_to = self.shared.trim_to();
        match self.journal.append(&batch, trim_to) {
            Ok(()) => self.hand_out(batch, submissions),
            Err(error) => self.refuse(submissions, error),
        }
    }

    fn hand_out(&mut self, batch: Batch, submissions: Vec<Submission>) {
        let is_large = {
            let mut memory = lock(&self.shared.memory);
            memory.extend(&batch.records);
            memory.active_rows() >= self.shared.seal_rows || memory.active_bytes() >= HEAD_BYTES
        };
        if is_large {
            self.shared.bell.ring();
        }
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        self.shared.set_fault(None);
        let mut number = batch.first;
        for submission in submissions {
            let count = submission.count;
            submission.answer(Ok(number));
            number += count;
        }
        self.advance(batch.at);
        (self.on_commit)(batch.committed());
        self.commits_since_tidy += 1;
        if self.commits_since_tidy >= TIDY_EVERY {
            self.tidy();
        }
    }

    /// Nothing of it is on disk, and everybody is told so. Time goes on, and where the disk is full
    /// some trimming may help.
    fn refuse(&mut self, submissions: Vec<Submission>, error: StorageError) {
        self.shared.set_fault(Some(error.chain()));
        let error = Arc::new(error);
        for submission in submissions {
            submission.answer(Err(error.clone()));
        }
        self.tick();
        self.tidy();
    }

    /// Trims the journal, and gives back what it does not need any more.
    fn tidy(&mut self) {
        self.commits_since_tidy = 0;
        match self.journal.tidy(self.shared.trim_to()) {
            Ok(()) => self.tidy_failures = 0,
            Err(error) => {
                if self.tidy_failures == 0 {
                    tracing::warn!("{}", error.chain());
                }
                self.tidy_failures = self.tidy_failures.saturating_add(1);
            }
        }
    }
}

/// The record with a received time not before `floor`.
fn clamped(mut record: Record, floor: Timestamp) -> Record {
    let received = match &mut record {
        Record::Reading(row) => &mut row.sample.received_time,
        Record::Command(command) => &mut command.at,
    };
    *received = (*received).max(floor);
    record
}

struct Refusal<'a>(&'a Shared);

impl Drop for Refusal<'_> {
    fn drop(&mut self) {
        self.0.queue.refuse();
    }
}
