//! Sorted samples: merged so that the newer one of a moment wins, and cut into chunks.

use core::time::Duration;
use weir_domain::Sample;

/// Most samples of a chunk. More hardly compresses better and makes small reads slower.
pub(crate) const CHUNK_ROWS_MAX: usize = 8192;

/// Longest time a chunk covers. It bounds how much later than its time the first sample of a slow
/// series expires, and keeps a sample with a mad clock from stretching a chunk over decades.
pub(crate) const CHUNK_SPAN_MAX: Duration = Duration::from_secs(7 * 86_400);

/// Merges two runs, each in strict order of source time. Where both have a moment `newer` wins.
/// Also tells how many of `older` were replaced.
pub(crate) fn merge(older: Vec<Sample>, newer: Vec<Sample>) -> (Vec<Sample>, u64) {
    let (Some(last), Some(first)) = (older.last(), newer.first()) else {
        return (if older.is_empty() { newer } else { older }, 0);
    };
    if last.source_time < first.source_time {
        let mut all = older;
        all.extend(newer);
        return (all, 0);
    }
    let mut all = Vec::with_capacity(older.len() + newer.len());
    let mut replaced = 0;
    let mut newer = newer.into_iter().peekable();
    for sample in older {
        while let Some(earlier) = newer.next_if(|n| n.source_time < sample.source_time) {
            all.push(earlier);
        }
        if newer.peek().is_some_and(|n| n.source_time == sample.source_time) {
            replaced += 1;
        } else {
            all.push(sample);
        }
    }
    all.extend(newer);
    (all, replaced)
}

/// Cuts samples in order of source time into chunks: none longer than [`CHUNK_SPAN_MAX`], and none
/// with more than [`CHUNK_ROWS_MAX`] samples, divided evenly so that no scrap is left over.
pub(crate) fn split(samples: &[Sample]) -> Vec<&[Sample]> {
    let mut chunks = Vec::new();
    let mut rest = samples;
    while let Some(first) = rest.first() {
        let inside = |s: &Sample| s.source_time.since(first.source_time) <= CHUNK_SPAN_MAX;
        let (stretch, later) = rest.split_at(rest.partition_point(inside));
        let pieces = stretch.len().div_ceil(CHUNK_ROWS_MAX);
        chunks.extend(stretch.chunks(stretch.len().div_ceil(pieces)));
        rest = later;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_sample, same_samples};
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;
    use weir_domain::{Reading, Timestamp};

    /// By time, the last one wins; and how many did not.
    fn sorted(samples: &[Sample]) -> (Vec<Sample>, u64) {
        let map: BTreeMap<_, _> = samples.iter().map(|s| (s.source_time, *s)).collect();
        let replaced = samples.len() - map.len();
        (map.into_values().collect(), replaced as u64)
    }

    /// Samples with few distinct times, so that they meet often.
    fn crowded() -> impl Strategy<Value = Vec<Sample>> {
        vec((any_sample(), 0_i64..60), 0..50).prop_map(|list| {
            let at = |(sample, t): (Sample, i64)| Sample {
                source_time: Timestamp::from_millis(t * 100_000_000),
                ..sample
            };
            list.into_iter().map(at).collect()
        })
    }

    proptest! {
        #[test]
        fn merging_is_writing_one_after_the_other(a in crowded(), b in crowded()) {
            let (older, _) = sorted(&a);
            let (newer, _) = sorted(&b);
            let (expected, replaced) = sorted(&[older.clone(), newer.clone()].concat());
            let (all, counted) = merge(older, newer);
            prop_assert!(same_samples(&all, &expected));
            prop_assert_eq!(counted, replaced);
        }

        #[test]
        fn pieces_are_whole_and_within_limits(samples in vec(any_sample(), 0..200)) {
            let (samples, _) = sorted(&samples);
            let chunks = split(&samples);
            prop_assert!(same_samples(&chunks.concat(), &samples));
            for chunk in chunks {
                prop_assert!(!chunk.is_empty());
                prop_assert!(chunk[0].source_time + CHUNK_SPAN_MAX >= chunk[chunk.len() - 1].source_time);
            }
        }
    }

    #[test]
    fn long_runs_are_divided_evenly() {
        let sample = Sample::at(Timestamp::from_millis(0), Reading::from_number(1.0));
        let at = |i: i64| Sample { source_time: Timestamp::from_millis(i), ..sample };
        let samples: Vec<Sample> = (0..CHUNK_ROWS_MAX as i64 + 5).map(at).collect();
        let lengths: Vec<usize> = split(&samples).iter().map(|c| c.len()).collect();
        assert_eq!(lengths, [4099, 4098]);
    }
}
