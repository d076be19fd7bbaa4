//! The store as the gateway sees it: opened, started, shut down. What the other edges use is in
//! [`ports`](crate::ports).

use crate::{
    StoreOptions, acts,
    database::lock,
    error::StorageError,
    journal::{self, JOURNAL, Journal},
    open::open,
    queue::Answer,
    records::{self, EffectNumber, EngineState},
    rejudgements, seal,
    shared::Shared,
    verdicts,
    writer::{OnCommit, Writer},
};
use core::{fmt, ops::ControlFlow};
use std::{
    io,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};
use weir_domain::{PointId, SeriesId, Timestamp};
use weir_engine::{
    Command, Committed, Effect, Record, RejudgeRequest,
    ports::{PortError, PortFuture},
    rejudge::Revision,
};

/// The store. A clone is the same store; when the last one is dropped it is shut down.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// What the writer needs, until it is started.
    waiting: Mutex<Option<(Journal, OnCommit)>>,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    writer: Option<JoinHandle<()>>,
    sealer: Option<JoinHandle<()>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.shared().dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a store, and makes it if there is none. Nothing is delivered to `on_commit`, and
    /// submissions wait, until [`Self::start`].
    ///
    /// # Errors
    /// When another gateway uses the folder, when a file cannot be used or is damaged, or when the
    /// files do not belong together.
    pub fn open(
        options: StoreOptions,
        on_commit: Box<dyn FnMut(Committed) + Send>,
    ) -> Result<Self, StorageError> {
        let (shared, journal) = open(options)?;
        let inner = Inner {
            shared: Arc::new(shared),
            waiting: Mutex::new(Some((journal, on_commit))),
            threads: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Delivers every record after number `from_seq` once more, in the batches and with the
    /// watermarks of the first time, then starts to take submissions. Returns when everything has
    /// been delivered again; waits where the callback waits.
    ///
    /// # Errors
    /// When it was started before, when records after `from_seq` are not in the journal (any
    /// more), when they are damaged, or when no thread can be had. The store takes nothing then.
    pub fn start(&self, from_seq: u64) -> Result<(), StorageError> {
        let waiting = lock(&self.inner.waiting).take();
        let (journal, on_commit) = waiting.ok_or(StorageError::AlreadyStarted)?;
        let started = self.try_start(from_seq, journal, on_commit);
        if started.is_err() {
            self.shared().queue.refuse();
        }
        started
    }

    fn try_start(
        &self,
        from_seq: u64,
        journal: Journal,
        mut on_commit: OnCommit,
    ) -> Result<(), StorageError> {
        let shared = self.shared().clone();
        let first = journal::oldest(journal.connection())?.unwrap_or(1);
        let last = lock(&shared.memory).last_seq;
        if from_seq > last || from_seq + 1 < first {
            let why = format!("record {from_seq} was asked for, {JOURNAL} has {first} to {last}");
            return Err(StorageError::Mismatched { dir: shared.dir.clone(), why });
        }
        journal::walk(journal.connection(), from_seq, |batch| {
            on_commit(batch.committed());
            ControlFlow::Continue(())
        })?;

        let spawn_error = |source: io::Error| {
            let path = shared.dir.clone();
            StorageError::Io { doing: "start a thread for", path, source }
        };
        let mut threads = lock(&self.inner.threads);
        let writer = Writer::new(shared.clone(), journal, on_commit);
        let writer = thread::Builder::new().name("journal".into()).spawn(|| writer.run());
        threads.writer = Some(writer.map_err(spawn_error)?);
        let for_sealer = shared.clone();
        let sealer =
            thread::Builder::new().name("seal".into()).spawn(move || seal::run(&for_sealer));
        threads.sealer = Some(sealer.map_err(spawn_error)?);
        Ok(())
    }

    /// The numbers of points, which they have for ever; points not seen before are given one.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn series(&self, points: &[PointId]) -> Result<Vec<SeriesId>, StorageError> {
        lock(&self.shared().records).series(points)
    }

    /// Every point that ever was given a number, in the order of the numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn points(&self) -> Result<Vec<(SeriesId, PointId)>, StorageError> {
        records::points(&*self.shared().record_readers.get()?)
    }

    /// Writes a command into the journal at once, and resolves with its number when it is on disk.
    pub fn submit_command(&self, command: Command) -> PortFuture<'_, Result<u64, PortError>> {
        Box::pin(async move {
            let records = vec![Record::Command(Box::new(command))];
            self.submit_records(records, true, || format!("append a command to {JOURNAL}")).await
        })
    }

    pub(crate) async fn submit_records(
        &self,
        records: Vec<Record>,
        at_once: bool,
        doing: impl Fn() -> String,
    ) -> Result<u64, PortError> {
        let answer: Answer = self.shared().queue.submit(records, at_once).await;
        answer.map_err(|error| PortError { doing: doing(), source: Some(Box::new(error)) })
    }

    /// The engine's state as it was saved the last time.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn load_engine(&self) -> Result<Option<EngineState>, StorageError> {
        Ok(lock(&self.shared().records).load_engine()?.map(|(state, _)| state))
    }

    /// Saves the engine's state, which covers every record up to number `seq`, and what came of
    /// them, all or nothing. Returns the numbers of the effects in their order. Works after
    /// [`Self::shutdown`] too, for what was handled last.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing of it has happened.
    pub fn save_engine(
        &self,
        seq: u64,
        state: &[u8],
        effects: &[Effect],
    ) -> Result<Vec<EffectNumber>, StorageError> {
        let shared = self.shared();
        let watermark = shared.watermark();
        let mut records = lock(&shared.records);
        let numbers = records.save_engine(seq, watermark, state, effects)?;
        lock(&shared.floors).engine = seq;
        Ok(numbers)
    }

    /// Writes acts down by their numbers in the journal, for replays after it was trimmed. An act
    /// that is there already stays as it is.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing of it has happened.
    pub fn keep_acts(&self, acts: &[(u64, Command)]) -> Result<(), StorageError> {
        lock(&self.shared().records).keep_acts(acts)
    }

    /// Every act that was kept, with its number in the journal, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn acts(&self) -> Result<Vec<(u64, Command)>, StorageError> {
        acts::list(&self.shared().record_readers)
    }

    /// The start of the earliest stretch that was ever judged.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn first_judged(&self) -> Result<Option<Timestamp>, StorageError> {
        verdicts::first(&self.shared().record_readers)
    }

    /// The first `limit` requests to judge a stretch of time again, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rejudge_requests(
        &self,
        limit: usize,
    ) -> Result<Vec<(i64, RejudgeRequest)>, StorageError> {
        rejudgements::waiting(&self.shared().record_readers, limit)
    }

    /// Writes what came of these requests, and takes them off, all or nothing. Returns the numbers
    /// of the new verdicts in their order.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing of it has happened.
    pub fn revise(
        &self,
        requests: &[i64],
        revision: &Revision,
        now: Timestamp,
    ) -> Result<Vec<i64>, StorageError> {
        lock(&self.shared().records).revise(requests, revision, now)
    }

    /// From now on only these sinks hold records back in the journal until they are past them. The
    /// cursors of others, such as sinks that were taken out of the site, are kept, but hold
    /// nothing. Without this call every sink that ever had a cursor does.
    pub fn hold_journal_for(&self, sinks: &[&str]) {
        let sinks = sinks.iter().map(|sink| (*sink).to_owned()).collect();
        lock(&self.shared().floors).holding = Some(sinks);
    }

    /// Moves every reading on disk into the history, now.
    ///
    /// # Errors
    /// When the history cannot be written; then the readings stay where they were.
    pub fn seal_now(&self) -> Result<(), StorageError> {
        lock(&self.shared().sealer).seal(self.shared())
    }

    /// Drops sealed readings that are older than the retention by the clock, now, and tells how
    /// many. In the background this is done every minute, unless the clock has just leapt.
    ///
    /// # Errors
    /// When the history cannot be written; what was dropped by then is dropped.
    pub fn expire_now(&self) -> Result<u64, StorageError> {
        let shared = self.shared();
        let cutoff = shared.clock.now() - shared.retention;
        lock(&shared.sealer).expire(shared, cutoff)
    }

    /// Commits and delivers what was submitted, drops the callback, and tidies up the files. What
    /// is submitted later is refused.
    pub fn shutdown(&self) {
        self.inner.close();
    }

    /// Keeps the journal from growing beyond so many pages; before the start.
    #[cfg(test)]
    pub(crate) fn limit_journal(&self, pages: u32) {
        let waiting = lock(&self.inner.waiting);
        let connection = waiting.as_ref().expect("not started").0.connection();
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .expect("a limit may always be set");
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }
}

impl Inner {
    fn close(&self) {
        self.shared.queue.close();
        let mut threads = lock(&self.threads);
        join(threads.writer.take());
        self.shared.bell.end();
        join(threads.sealer.take());
        self.shared.queue.refuse();
        drop(lock(&self.waiting).take());
        for readers in
            [&self.shared.journal_readers, &self.shared.history, &self.shared.record_readers]
        {
            readers.close();
        }
        let tidied =
            [lock(&self.shared.sealer).checkpoint(), lock(&self.shared.records).checkpoint()];
        for error in tidied.into_iter().filter_map(Result::err) {
            tracing::warn!("{}", error.chain());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Waits for a thread, unless it is the one that asks: the callback may hold the last store.
fn join(thread: Option<JoinHandle<()>>) {
    let Some(thread) = thread.filter(|t| t.thread().id() != thread::current().id()) else { return };
    let name = thread.thread().name().unwrap_or("a").to_owned();
    if thread.join().is_err() {
        tracing::error!("the {name} thread of the store ended with a panic");
    }
}
