//! What the threads of the store and its callers have in common.

use crate::{
    database::{Readers, lock},
    head::Memory,
    history, journal,
    open::FolderLock,
    queue::Queue,
    records::{self, Records},
    seal::{Bell, Sealer},
};
use core::time::Duration;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use weir_domain::{Clock, Sample, SeriesId, Timestamp};
use weir_engine::ports::StoreStatus;

/// However early sealing is to begin, the heads may hold this many readings while it goes on.
const HEAD_ROWS_MAX: u64 = if cfg!(test) { 5_000 } else { 2_000_000 };

/// The active head is sealed when it takes this much memory; as much again may come while the
/// frozen one is being sealed.
pub(crate) const HEAD_BYTES: usize = 4 << 20;

/// See the module. A thread that locks more than one of these takes the sealer before the records,
/// and those before anything else.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) commit_interval: Duration,
    pub(crate) retention: Duration,
    pub(crate) seal_after: Duration,
    pub(crate) seal_rows: u64,
    pub(crate) queue: Queue,
    pub(crate) bell: Bell,
    pub(crate) sealer: Mutex<Sealer>,
    pub(crate) records: Mutex<Records>,
    pub(crate) memory: Mutex<Memory>,
    pub(crate) floors: Mutex<Floors>,
    pub(crate) commits: AtomicU64,
    /// No record handed out from now on has a received time before this.
    watermark: AtomicI64,
    /// Why the last commit failed, if it did.
    fault: Mutex<Option<String>>,
    /// Why sealing failed the last time, if it did.
    seal_fault: Mutex<Option<String>>,
    pub(crate) journal_readers: Readers,
    pub(crate) history: Readers,
    pub(crate) record_readers: Readers,
    #[cfg(test)]
    pub(crate) on_step: Mutex<Option<OnStep>>,
    /// Comes last, so that it is dropped last: by then every file is closed.
    _lock: FolderLock,
}

/// Called by tests at the named steps of sealing.
#[cfg(test)]
pub(crate) type OnStep = Box<dyn FnMut(&'static str) + Send>;

/// What opening a store has found.
pub(crate) struct Found {
    pub(crate) sealer: Sealer,
    pub(crate) records: Records,
    pub(crate) memory: Memory,
    pub(crate) floors: Floors,
    pub(crate) watermark: Timestamp,
    pub(crate) lock: FolderLock,
}

impl Shared {
    pub(crate) fn new(options: crate::StoreOptions, found: Found) -> Self {
        let dir = options.dir;
        Self {
            journal_readers: Readers::new(&journal::SCHEMA, &dir),
            history: Readers::new(&history::SCHEMA, &dir),
            record_readers: Readers::new(&records::SCHEMA, &dir),
            dir,
            clock: options.clock,
            commit_interval: options.commit_interval,
            retention: options.retention,
            seal_after: options.seal_after,
            seal_rows: options.seal_rows.max(1) as u64,
            queue: Queue::new(),
            bell: Bell::default(),
            sealer: Mutex::new(found.sealer),
            records: Mutex::new(found.records),
            memory: Mutex::new(found.memory),
            floors: Mutex::new(found.floors),
            commits: AtomicU64::new(0),
            watermark: AtomicI64::new(found.watermark.as_millis()),
            fault: Mutex::default(),
            seal_fault: Mutex::default(),
            #[cfg(test)]
            on_step: Mutex::default(),
            _lock: found.lock,
        }
    }

    /// The samples of both heads with `from ≤ source time < to`, at least the first `limit`.
    pub(crate) fn heads(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Vec<Sample> {
        let view = lock(&self.memory).view(series, from, to, limit);
        view.samples(series, from, to, limit)
    }

    /// Whether the heads can take nothing more until something is sealed.
    pub(crate) fn is_head_full(&self) -> bool {
        let memory = lock(&self.memory);
        let rows_max = HEAD_ROWS_MAX.max(self.seal_rows.saturating_mul(2));
        memory.rows() >= rows_max || memory.bytes() >= 2 * HEAD_BYTES
    }

    pub(crate) fn watermark(&self) -> Timestamp {
        Timestamp::from_millis(self.watermark.load(Ordering::SeqCst))
    }

    pub(crate) fn set_watermark(&self, watermark: Timestamp) {
        self.watermark.store(watermark.as_millis(), Ordering::SeqCst);
    }

    /// Tells of a fault once, and of its end.
    pub(crate) fn set_fault(&self, fault: Option<String>) {
        let mut current = lock(&self.fault);
        match (&*current, &fault) {
            (None, Some(why)) => tracing::error!("readings cannot be taken: {why}"),
            (Some(_), None) => tracing::info!("readings are taken again"),
            _ => {}
        }
        *current = fault;
    }

    pub(crate) fn seal_fault(&self) -> Option<String> {
        lock(&self.seal_fault).clone()
    }

    pub(crate) fn set_seal_fault(&self, fault: Option<String>) {
        *lock(&self.seal_fault) = fault;
    }

    /// Number of the last record that nobody needs in the journal any more.
    pub(crate) fn trim_to(&self) -> u64 {
        let sealed_seq = lock(&self.memory).sealed_seq;
        lock(&self.floors).lowest().min(sealed_seq)
    }

    /// How the store is doing.
    pub(crate) fn status(&self) -> StoreStatus {
        let memory = lock(&self.memory);
        let (accepted, in_journal) = (memory.accepted, memory.rows());
        let (totals, replaced) = (memory.totals, memory.replaced());
        drop(memory);
        StoreStatus {
            accepted,
            in_journal,
            in_history: totals.rows,
            expired: totals.expired,
            duplicates: totals.duplicates + replaced,
            bytes: bytes(&self.dir),
            commits: self.commits.load(Ordering::Relaxed),
            fault: lock(&self.fault).clone(),
        }
    }

    /// Where a test may look in, or pull the plug.
    pub(crate) fn step(&self, name: &'static str) {
        #[cfg(test)]
        if let Some(on_step) = lock(&self.on_step).as_mut() {
            on_step(name);
        }
        let _ = name;
    }
}

/// Bytes of all our files; one that is not there has none.
fn bytes(dir: &Path) -> u64 {
    let size = |name: String| std::fs::metadata(dir.join(name)).map_or(0, |data| data.len());
    [journal::JOURNAL, history::HISTORY, records::RECORDS]
        .iter()
        .flat_map(|file| ["", "-wal", "-shm"].map(|end| format!("{file}{end}")))
        .map(size)
        .sum()
}

/// What holds records in the journal, beside sealing.
#[derive(Debug, Default)]
pub(crate) struct Floors {
    /// The number that the engine's saved state has reached.
    pub(crate) engine: u64,
    /// The numbers that the sinks have reached.
    pub(crate) cursors: BTreeMap<String, u64>,
    /// The sinks that count; all of them if nobody has said.
    pub(crate) holding: Option<BTreeSet<String>>,
}

impl Floors {
    fn lowest(&self) -> u64 {
        let counts = |name: &String| self.holding.as_ref().is_none_or(|h| h.contains(name));
        let cursors = self.cursors.iter().filter(|(name, _)| counts(name)).map(|(_, seq)| *seq);
        cursors.fold(self.engine, u64::min)
    }
}
