//! Minimum, mean and maximum for each step of time.
//!
//! Chunks and head are gone through once, in order of time. A chunk that lies wholly within a step,
//! and that no reading of the head falls into, is taken from its summary without being decoded.

use crate::{
    error::{Doing, StorageError},
    history::{Chunk, HISTORY, chunks},
    merge::merge,
    shared::Shared,
    summary::Summary,
};
use core::time::Duration;
use rusqlite::Connection;
use weir_domain::{Sample, SeriesId, Timestamp};
use weir_engine::ports::Bucket;

/// See [`weir_engine::ports::History::buckets`].
pub(crate) fn buckets(
    shared: &Shared,
    series: SeriesId,
    from: Timestamp,
    to: Timestamp,
    step: Duration,
) -> Result<Vec<Bucket>, StorageError> {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    if step == 0 {
        return Err(StorageError::NoStep);
    }
    if from >= to {
        return Ok(Vec::new());
    }
    // Heads first, history second: see the head's module.
    let head = shared.heads(series, from, to, usize::MAX);
    let reader = shared.history.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", HISTORY)?;
    let chunks = chunks(&snapshot, series, from, to)?;

    let mut steps = Steps { step, open: None, done: Vec::new() };
    let mut head = head.as_slice();
    for group in overlapping(&chunks) {
        let first = group[0].summary.first;
        let last = group.iter().map(|c| c.summary.last).max().unwrap_or(first);
        let (before, rest) = head.split_at(head.partition_point(|s| s.source_time < first));
        let (inside, after) = rest.split_at(rest.partition_point(|s| s.source_time <= last));
        head = after;
        steps.add_all(before);
        match group {
            [chunk] if inside.is_empty() && from <= first && last < to && steps.fits(chunk) => {
                steps.add_summary(&chunk.summary);
            }
            _ => {
                let samples = decode(&snapshot, group)?;
                let (samples, _) = merge(samples, inside.to_vec());
                let start = samples.partition_point(|s| s.source_time < from);
                let end = samples.partition_point(|s| s.source_time < to);
                steps.add_all(samples.get(start..end).unwrap_or_default());
            }
        }
    }
    steps.add_all(head);
    Ok(steps.finish())
}

/// Groups of chunks that overlap in time. Sealing makes none, but where a chunk is damaged new
/// readings are put beside it.
fn overlapping(chunks: &[Chunk]) -> impl Iterator<Item = &[Chunk]> {
    let mut end = None;
    chunks.chunk_by(move |a, b| {
        let last = end.map_or(a.summary.last, |end: Timestamp| end.max(a.summary.last));
        end = Some(last);
        b.summary.first <= last
    })
}

fn decode(connection: &Connection, group: &[Chunk]) -> Result<Vec<Sample>, StorageError> {
    let mut all = Vec::new();
    for chunk in group {
        all = merge(all, chunk.samples(connection)?).0;
    }
    Ok(all)
}

/// Buckets being filled, in order of time.
#[derive(Debug)]
struct Steps {
    /// Length of a step in milliseconds; not 0.
    step: i64,
    open: Option<Open>,
    done: Vec<Bucket>,
}

/// The bucket being filled.
#[derive(Debug)]
struct Open {
    start: i64,
    good: u64,
    not_good: u64,
    min: f64,
    max: f64,
    sum: f64,
}

impl Steps {
    fn start_of(&self, time: Timestamp) -> i64 {
        time.as_millis().div_euclid(self.step).saturating_mul(self.step)
    }

    /// Whether a chunk's summary can stand for it.
    fn fits(&self, chunk: &Chunk) -> bool {
        let summary = &chunk.summary;
        let is_summed = summary.good == 0 || summary.sum.is_some();
        is_summed && self.start_of(summary.first) == self.start_of(summary.last)
    }

    fn at(&mut self, time: Timestamp) -> &mut Open {
        let start = self.start_of(time);
        if self.open.as_ref().is_some_and(|open| open.start != start) {
            self.close();
        }
        self.open.get_or_insert(Open {
            start,
            good: 0,
            not_good: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
        })
    }

    fn add_all(&mut self, samples: &[Sample]) {
        for sample in samples {
            let open = self.at(sample.source_time);
            match sample.reading.good() {
                Some(value) => open.add(1, value.get(), value.get(), value.get()),
                None => open.not_good += 1,
            }
        }
    }

    fn add_summary(&mut self, summary: &Summary) {
        let open = self.at(summary.first);
        open.not_good += summary.count - summary.good;
        if let (Some(min), Some(max), Some(sum)) = (summary.min, summary.max, summary.sum) {
            open.add(summary.good, min, max, sum);
        }
    }

    fn close(&mut self) {
        self.done.extend(self.open.take().map(Open::bucket));
    }

    fn finish(mut self) -> Vec<Bucket> {
        self.close();
        self.done
    }
}

impl Open {
    fn add(&mut self, good: u64, min: f64, max: f64, sum: f64) {
        self.good += good;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.sum += sum;
    }

    fn bucket(self) -> Bucket {
        let Self { start, good, not_good, min, max, sum } = self;
        // Rounding may put a mean beside the values it is the mean of, and numbers near the end of
        // the scale may have no sum.
        let mean = sum / good as f64;
        let mean = if mean.is_finite() { mean.clamp(min, max) } else { min / 2.0 + max / 2.0 };
        let of_good = |number| (good > 0).then_some(number);
        Bucket {
            t: Timestamp::from_millis(start),
            good,
            not_good,
            min: of_good(min),
            mean: (good > 0).then_some(mean),
            max: of_good(max),
        }
    }
}
