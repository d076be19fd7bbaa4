//! The newest readings, in memory, until they are sealed.
//!
//! There are two heads: readings go into the **active** one; the **frozen** one is being sealed.
//! While there is a frozen head its readings may be in the history already or not yet, so a reader
//! looks at the heads first and at the history second, and lets the head win: then it misses none.

use crate::merge::merge;
use std::{collections::BTreeMap, mem, sync::Arc};
use weir_domain::{Sample, SeriesId, Timestamp};
use weir_engine::{Record, Row};

/// Readings by series and source time.
#[derive(Debug, Default)]
pub(crate) struct Head {
    series: BTreeMap<SeriesId, BTreeMap<Timestamp, Sample>>,
    /// Readings in it.
    pub(crate) rows: u64,
    /// Readings that were in it until a later one took their place.
    pub(crate) replaced: u64,
}

impl Head {
    /// Puts a reading in.
    pub(crate) fn insert(&mut self, row: &Row) {
        let samples = self.series.entry(row.series).or_default();
        match samples.insert(row.sample.source_time, row.sample) {
            None => self.rows += 1,
            Some(_) => self.replaced += 1,
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
        if from >= to {
            return Vec::new();
        }
        let samples = self.series.get(&series).into_iter().flat_map(|s| s.range(from..to));
        samples.map(|(_, sample)| *sample).take(limit).collect()
    }

    /// Every series with its samples in order of source time.
    pub(crate) fn series(&self) -> impl Iterator<Item = (SeriesId, Vec<Sample>)> {
        self.series.iter().map(|(series, samples)| (*series, samples.values().copied().collect()))
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
