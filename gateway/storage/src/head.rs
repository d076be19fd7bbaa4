//! The newest readings, in memory, until they are sealed.
//!
//! There are two heads: readings go into the **active** one; the **frozen** one is being sealed.
//! While there is a frozen head its readings may be in the history already or not yet, so a reader
//! looks at the heads first and at the history second, and lets the head win: then it misses none.

use crate::{merge::merge, run::Run};
use std::{collections::HashMap, mem, sync::Arc};
use weir_domain::{Sample, SeriesId, Timestamp};
use weir_engine::{Record, Row};

/// What a series takes beside its samples.
const RUN_BYTES: usize = 128;

/// Readings by series and source time.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// One for each series, in the order in which they came.
    runs: Vec<Run>,
    by_series: HashMap<SeriesId, usize>,
    /// Where the next reading belongs most likely: a device is read in the same order every time.
    next: usize,
    /// Readings in it.
    pub(crate) rows: u64,
    /// Bytes in memory, nearly.
    bytes: usize,
    /// Readings that were in it until a later one took their place.
    pub(crate) replaced: u64,
}

impl Head {
    /// Puts a reading in.
    pub(crate) fn insert(&mut self, row: &Row) {
        let index = match self.runs.get(self.next) {
            Some(run) if run.series == row.series => self.next,
            _ => *self.by_series.entry(row.series).or_insert_with(|| {
                self.runs.push(Run::new(row.series));
                self.bytes += RUN_BYTES;
                self.runs.len() - 1
            }),
        };
        self.next = index + 1;
        let put = self.runs[index].put(&row.sample);
        self.bytes = self.bytes.saturating_add_signed(put.bytes);
        if put.replaced {
            self.replaced += 1;
        } else {
            self.rows += 1;
        }
    }

    /// The first `limit` samples with `from ≤ source time < to`.
    pub(crate) fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Vec<Sample> {
        let run = self.by_series.get(&series).and_then(|index| self.runs.get(*index));
        run.map(|run| run.range(from, to, limit)).unwrap_or_default()
    }

    /// The samples of every series, in the order of the series.
    pub(crate) fn runs(&self) -> Vec<&Run> {
        let mut runs: Vec<&Run> = self.runs.iter().collect();
        runs.sort_unstable_by_key(|run| run.series);
        runs
    }
}

/// Readings that are or were in chunks, over all time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// In chunks.
    pub(crate) rows: u64,
    /// Dropped with chunks that were older than the retention.
    pub(crate) expired: u64,
    /// Replaced by a later reading of the same point and time.
    pub(crate) duplicates: u64,
}

/// What has to change in one go.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    active: Head,
    frozen: Option<Arc<Frozen>>,
    /// Number of the last record on disk.
    pub(crate) last_seq: u64,
    /// Readings on disk, ever.
    pub(crate) accepted: u64,
    /// Number of the last record that is sealed.
    pub(crate) sealed_seq: u64,
    /// Readings in the history.
    pub(crate) totals: Totals,
}

/// A head that is being sealed.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) head: Head,
    /// Number of the last record that is in it, or before it.
    pub(crate) seq: u64,
}

impl Memory {
    /// Everything is sealed, and nothing in the heads.
    pub(crate) fn new(sealed_seq: u64, accepted: u64, totals: Totals) -> Self {
        Self { last_seq: sealed_seq, accepted, sealed_seq, totals, ..Self::default() }
    }

    /// Takes in records that are on disk; the first has number `last_seq + 1`.
    pub(crate) fn extend(&mut self, records: &[Record]) {
        for record in records {
            self.last_seq += 1;
            if let Record::Reading(row) = record {
                self.accepted += 1;
                self.active.insert(row);
            }
        }
    }

    /// Readings in the heads.
    pub(crate) fn rows(&self) -> u64 {
        self.active.rows + self.frozen.as_ref().map_or(0, |f| f.head.rows)
    }

    /// Readings in the active head.
    pub(crate) fn active_rows(&self) -> u64 {
        self.active.rows
    }

    /// Bytes of both heads in memory, nearly.
    pub(crate) fn bytes(&self) -> usize {
        self.active.bytes + self.frozen.as_ref().map_or(0, |f| f.head.bytes)
    }

    /// Bytes of the active head.
    pub(crate) fn active_bytes(&self) -> usize {
        self.active.bytes
    }

    /// Readings replaced within the heads.
    pub(crate) fn replaced(&self) -> u64 {
        self.active.replaced + self.frozen.as_ref().map_or(0, |f| f.head.replaced)
    }

    /// Freezes the active head, unless one is frozen already; none if there is nothing to seal.
    pub(crate) fn freeze(&mut self) -> Option<Arc<Frozen>> {
        if self.frozen.is_none() && self.last_seq > self.sealed_seq {
            let head = mem::take(&mut self.active);
            self.frozen = Some(Arc::new(Frozen { head, seq: self.last_seq }));
        }
        self.frozen.clone()
    }

    /// The frozen head is in the history: forget it.
    pub(crate) fn sealed(&mut self, totals: Totals) {
        if let Some(frozen) = self.frozen.take() {
            self.sealed_seq = frozen.seq;
        }
        self.totals = totals;
    }

    /// A view on the heads that stays as it is without holding anybody up.
    pub(crate) fn view(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> View {
        View { active: self.active.samples(series, from, to, limit), frozen: self.frozen.clone() }
    }
}

/// See [`Memory::view`].
#[derive(Debug)]
pub(crate) struct View {
    active: Vec<Sample>,
    frozen: Option<Arc<Frozen>>,
}

impl View {
    /// The samples asked for, those of both heads.
    pub(crate) fn samples(
        self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Vec<Sample> {
        let frozen = self.frozen.map(|f| f.head.samples(series, from, to, limit));
        merge(frozen.unwrap_or_default(), self.active).0
    }
}
