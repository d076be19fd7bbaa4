//! Submissions on their way to the writer. The queue holds a bounded number of records; who brings
//! more waits until there is room.

use crate::{database::lock, error::StorageError};
use core::{mem, time::Duration};
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use weir_domain::Timestamp;
use weir_engine::Record;

/// Records that may wait for the writer.
const QUEUE_RECORDS_MAX: usize = 131_072;

/// When this many wait they are committed without waiting for more. A commit costs little against
/// writing so many, and what waits is in memory several times over.
const DUE_RECORDS: usize = 16_384;

/// Records that are committed in one go. A larger submission goes alone.
pub(crate) const BATCH_RECORDS_MAX: usize = 65_536;

/// What comes of a submission: the number of its first record.
pub(crate) type Answer = Result<u64, Arc<StorageError>>;

/// Records that are committed together or not at all.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) records: Vec<Record>,
    /// How many records they are.
    pub(crate) count: u64,
    answer: oneshot::Sender<Answer>,
    /// Room in the queue, given back when the submission is done with.
    _room: OwnedSemaphorePermit,
}

impl Submission {
    /// Tells the submitter, who may have stopped listening.
    pub(crate) fn answer(self, answer: Answer) {
        drop(self.answer.send(answer));
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    records: usize,
    /// The earliest received time among them.
    earliest: Option<Timestamp>,
    is_urgent: bool,
    is_closed: bool,
}

impl Waiting {
    fn is_due(&self) -> bool {
        self.is_urgent || self.is_closed || self.records >= DUE_RECORDS
    }
}

/// What the writer finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something to commit.
    Work,
    /// Nothing for all the time.
    Nothing,
    /// Nothing, and nothing will come any more.
    End,
}

impl Queue {
    pub(crate) fn new() -> Self {
        let room = Arc::new(Semaphore::new(QUEUE_RECORDS_MAX));
        Self { waiting: Mutex::default(), changed: Condvar::new(), room }
    }

    /// Resolves when the records are on disk, or when it is certain that they will not be.
    pub(crate) async fn submit(&self, records: Vec<Record>, at_once: bool) -> Answer {
        let closed = || Arc::new(StorageError::ShutDown);
        let room = u32::try_from(records.len().min(QUEUE_RECORDS_MAX)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(room).await.map_err(|_| closed())?;
        let (sender, answer) = oneshot::channel();
        let concerns_writer = {
            let mut waiting = lock(&self.waiting);
            if waiting.is_closed {
                return Err(closed());
            }
            let is_first = waiting.submissions.is_empty();
            let earliest = records.iter().map(received).chain(waiting.earliest).min();
            waiting.earliest = earliest;
            waiting.records += records.len();
            waiting.is_urgent |= at_once;
            let count = records.len() as u64;
            let submission = Submission { records, count, answer: sender, _room: room };
            waiting.submissions.push_back(submission);
            is_first || waiting.is_due()
        };
        // The writer waits for the first one, or for the commit to be due; anything between would
        // only wake it in vain.
        if concerns_writer {
            self.changed.notify_all();
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Waits until there is something to do.
    pub(crate) fn wait(&self, at_most: Duration) -> Found {
        let is_idle = |w: &mut Waiting| w.submissions.is_empty() && !w.is_closed;
        let waiting = self.wait_while(at_most, is_idle);
        match (waiting.submissions.is_empty(), waiting.is_closed) {
            (false, _) => Found::Work,
            (true, true) => Found::End,
            (true, false) => Found::Nothing,
        }
    }

    /// Waits for more to come; true if the commit should not wait any longer.
    pub(crate) fn gather(&self, at_most: Duration) -> bool {
        self.wait_while(at_most, |w| !w.is_due()).is_due()
    }

    fn wait_while(
        &self,
        at_most: Duration,
        condition: impl FnMut(&mut Waiting) -> bool,
    ) -> std::sync::MutexGuard<'_, Waiting> {
        let waiting = lock(&self.waiting);
        let result = self.changed.wait_timeout_while(waiting, at_most, condition);
        result.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The earliest received time of anything that waits.
    pub(crate) fn earliest(&self) -> Option<Timestamp> {
        lock(&self.waiting).earliest
    }

    /// Takes what is to be committed together.
    pub(crate) fn drain(&self) -> Vec<Submission> {
        let mut waiting = lock(&self.waiting);
        let mut taken = Vec::new();
        let mut records = 0;
        while let Some(next) = waiting.submissions.front() {
            records += next.records.len();
            if !taken.is_empty() && records > BATCH_RECORDS_MAX {
                break;
            }
            waiting.records -= next.records.len();
            taken.extend(waiting.submissions.pop_front());
        }
        let left = waiting.submissions.iter().flat_map(|s| &s.records);
        waiting.earliest = left.map(received).min();
        // What is left has waited for as long as what is taken.
        waiting.is_urgent = !waiting.submissions.is_empty();
        taken
    }

    /// Takes no more; what is in it is still committed.
    pub(crate) fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.room.close();
        self.changed.notify_all();
    }

    /// Takes no more, and refuses what is in it: there is no writer (any more).
    pub(crate) fn refuse(&self) {
        self.close();
        let left = mem::take(&mut lock(&self.waiting).submissions);
        let error = Arc::new(StorageError::ShutDown);
        for submission in left {
            submission.answer(Err(error.clone()));
        }
    }
}

/// When the gateway took a record in.
fn received(record: &Record) -> Timestamp {
    match record {
        Record::Reading(row) => row.sample.received_time,
        Record::Command(command) => command.at,
    }
}
