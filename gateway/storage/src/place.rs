//! Where new samples of a series go among its chunks.
//!
//! Chunks of a series do not overlap. Samples that fall into a chunk are merged with it; samples
//! between chunks, as nearly all are, become a chunk of their own, which takes in those before it
//! once there are [`FAN`] of about its size. So small chunks grow together like the digits of a
//! counter: a series has few of them, and a sample is written again only two or three times.

use crate::{
    chunk::Encoder,
    error::StorageError,
    history::{Chunk, chunk_before, chunks, delete, insert},
    merge::{CHUNK_ROWS_MAX, CHUNK_SPAN_MAX, merge, split},
};
use rusqlite::Transaction;
use weir_domain::{Sample, SeriesId, Timestamp};

/// Chunks of about the same size that become one.
const FAN: usize = 8;

/// A chunk this many times as large as what follows it is not about its size.
const ABSORB_RATIO: usize = 2;

/// What became of the samples.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Samples in chunks that were written.
    pub(crate) written: u64,
    /// Samples in chunks that were removed.
    pub(crate) removed: u64,
    /// Samples of removed chunks that new ones took the place of.
    pub(crate) duplicates: u64,
}

/// Puts samples, in strict order of source time, into the history.
pub(crate) fn place(
    transaction: &Transaction<'_>,
    encoder: &mut Encoder,
    series: SeriesId,
    samples: &[Sample],
) -> Result<Tally, StorageError> {
    let mut place = Place { transaction, encoder, series, tally: Tally::default() };
    let ([first, ..], [.., last]) = (samples, samples) else { return Ok(place.tally) };
    let mut rest = samples;
    for chunk in chunks(transaction, series, first.source_time, last.source_time)? {
        let summary = chunk.summary;
        let (before, later) =
            rest.split_at(rest.partition_point(|s| s.source_time < summary.first));
        let (inside, after) =
            later.split_at(later.partition_point(|s| s.source_time <= summary.last));
        place.between(before)?;
        place.within(&chunk, inside)?;
        rest = after;
    }
    place.between(rest)?;
    Ok(place.tally)
}

struct Place<'a> {
    transaction: &'a Transaction<'a>,
    encoder: &'a mut Encoder,
    series: SeriesId,
    tally: Tally,
}

impl Place<'_> {
    /// Samples where no chunk is.
    fn between(&mut self, samples: &[Sample]) -> Result<(), StorageError> {
        let Some(first) = samples.first() else { return Ok(()) };
        let mut start = first.source_time;
        let mut alike = self.alike(samples.len(), start, samples)?;
        if alike.is_empty() {
            return self.write(samples);
        }
        let mut all = samples.to_vec();
        while !alike.is_empty() {
            for chunk in &alike {
                let Some(mut older) = self.take(chunk)? else { return self.write(&all) };
                older.append(&mut all);
                (all, start) = (older, chunk.summary.first);
            }
            alike = self.alike(all.len(), start, &all)?;
        }
        self.write(&all)
    }

    /// The chunks right before `start`, nearest first, that are to become one with `count` samples
    /// from there on; none if they are to be left as they are.
    fn alike(
        &self,
        count: usize,
        start: Timestamp,
        samples: &[Sample],
    ) -> Result<Vec<Chunk>, StorageError> {
        let Some(last) = samples.last() else { return Ok(Vec::new()) };
        let (mut alike, mut total, mut start) = (Vec::new(), count, start);
        while alike.len() + 1 < FAN {
            let Some(left) = chunk_before(self.transaction, self.series, start)? else {
                return Ok(Vec::new());
            };
            let summary = left.summary;
            let rows = usize::try_from(summary.count).unwrap_or(usize::MAX);
            let is_alike = rows <= count.saturating_mul(ABSORB_RATIO);
            let is_before = summary.last < start;
            if !is_alike || !is_before {
                return Ok(Vec::new());
            }
            let is_short = last.source_time.since(summary.first) <= CHUNK_SPAN_MAX;
            if !is_short || total.saturating_add(rows) > CHUNK_ROWS_MAX {
                // As large as chunks become, or nearly.
                let is_worth_it = total >= CHUNK_ROWS_MAX / 2 || !is_short;
                return Ok(if is_worth_it { alike } else { Vec::new() });
            }
            total += rows;
            start = summary.first;
            alike.push(left);
        }
        Ok(alike)
    }

    /// Samples within the time of a chunk.
    fn within(&mut self, chunk: &Chunk, samples: &[Sample]) -> Result<(), StorageError> {
        if samples.is_empty() {
            return Ok(());
        }
        let older = self.take(chunk)?.unwrap_or_default();
        let (all, replaced) = merge(older, samples.to_vec());
        self.tally.duplicates += replaced;
        self.write(&all)
    }

    /// Removes a chunk in order to write its samples again; a damaged one stays where it is, as
    /// evidence, and does not keep new samples from being written.
    fn take(&mut self, chunk: &Chunk) -> Result<Option<Vec<Sample>>, StorageError> {
        match chunk.samples(self.transaction) {
            Ok(samples) => {
                delete(self.transaction, chunk.id)?;
                self.tally.removed += chunk.summary.count;
                Ok(Some(samples))
            }
            Err(error @ StorageError::Damaged { .. }) => {
                tracing::error!("{error}; new readings are stored beside it");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, samples: &[Sample]) -> Result<(), StorageError> {
        for chunk in split(samples) {
            insert(self.transaction, self.encoder, self.series, chunk)?;
        }
        self.tally.written += samples.len() as u64;
        Ok(())
    }
}
