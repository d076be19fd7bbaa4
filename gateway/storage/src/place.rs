//! Where new samples of a series go among its chunks.
//!
//! Chunks of a series do not overlap. Samples that fall into a chunk are merged with it; samples
//! between chunks, as nearly all are, become a chunk of their own, which first takes in the chunk
//! before it if that is not much larger. So small chunks grow together like the digits of a
//! counter: a series has few of them, and a sample is written again only a few times.

use crate::{
    error::StorageError,
    history::{Chunk, chunk_before, chunks, delete, insert},
    merge::{CHUNK_ROWS_MAX, CHUNK_SPAN_MAX, merge, split},
};
use rusqlite::Transaction;
use weir_domain::{Sample, SeriesId};

/// A chunk this many times as large as what follows it is left alone.
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
    series: SeriesId,
    samples: &[Sample],
) -> Result<Tally, StorageError> {
    let mut place = Place { transaction, series, tally: Tally::default() };
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
    series: SeriesId,
    tally: Tally,
}

impl Place<'_> {
    /// Samples where no chunk is.
    fn between(&mut self, samples: &[Sample]) -> Result<(), StorageError> {
        let Some(first) = samples.first() else { return Ok(()) };
        let mut all = samples.to_vec();
        let mut start = first.source_time;
        while let Some(left) = chunk_before(self.transaction, self.series, start)? {
            if !absorbs(&all, &left) {
                break;
            }
            let Some(older) = self.take(&left)? else { break };
            start = left.summary.first;
            all = merge(older, all).0;
        }
        self.write(&all)
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
            insert(self.transaction, self.series, chunk)?;
        }
        self.tally.written += samples.len() as u64;
        Ok(())
    }
}

fn absorbs(samples: &[Sample], left: &Chunk) -> bool {
    let count = usize::try_from(left.summary.count).unwrap_or(usize::MAX);
    let is_alike = count <= samples.len().saturating_mul(ABSORB_RATIO);
    let is_few = count.saturating_add(samples.len()) <= CHUNK_ROWS_MAX;
    let is_before = samples.first().is_some_and(|s| left.summary.last < s.source_time);
    let is_short =
        samples.last().is_some_and(|s| s.source_time.since(left.summary.first) <= CHUNK_SPAN_MAX);
    is_alike && is_few && is_before && is_short
}
