//! Samples of several inputs in the order of their source times, however they come.

use crate::timeline::{INPUTS_MAX, Moment, Times};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Samples of an input that may wait in order; what comes beyond is not counted.
pub(super) const WAITING_MAX: usize = 8_192;

/// What has been settled, and the samples that wait behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reel {
    /// Everything before has been counted.
    settled: Timestamp,
    /// For each input, the sample that speaks at `settled`, and all after it.
    tracks: Vec<VecDeque<Waiting>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    at: Timestamp,
    value: Option<f64>,
}

impl Reel {
    pub(super) fn new(inputs: usize, settled: Timestamp) -> Self {
        Self { settled, tracks: vec![VecDeque::new(); inputs] }
    }

    pub(super) fn inputs(&self) -> usize {
        self.tracks.len()
    }

    pub(super) fn settled(&self) -> Timestamp {
        self.settled
    }

    /// Puts a sample in its place; the last word on a moment counts.
    pub(super) fn insert(&mut self, input: usize, at: Timestamp, value: Option<f64>) {
        let Some(track) = self.tracks.get_mut(input).filter(|track| track.len() < WAITING_MAX)
        else {
            return;
        };
        match track.iter().rposition(|earlier| earlier.at <= at) {
            Some(found) if track[found].at == at => track[found].value = value,
            Some(found) if found + 1 < track.len() => {
                track.insert(found + 1, Waiting { at, value })
            }
            None if !track.is_empty() => track.push_front(Waiting { at, value }),
            _ => track.push_back(Waiting { at, value }),
        }
        self.prune();
    }

    /// The next moment after `settled` at which an input changes.
    pub(super) fn next(&self, max_gaps: &[Duration]) -> Option<Timestamp> {
        let change = |(track, max_gap): (&VecDeque<Waiting>, &Duration)| {
            let first = track.front()?;
            if first.at > self.settled {
                return Some(first.at);
            }
            let silent = first.at + *max_gap;
            let silent = (first.value.is_some() && silent > self.settled).then_some(silent);
            let following = track.get(1).map(|second| second.at);
            match (silent, following) {
                (Some(silent), Some(following)) => Some(silent.min(following)),
                (one, other) => one.or(other),
            }
        };
        self.tracks.iter().zip(max_gaps).filter_map(change).min()
    }

    /// What the inputs are from `settled` on, and when the samples behind it were taken.
    pub(super) fn moment(&self, max_gaps: &[Duration]) -> (Moment, Times) {
        let (mut moment, mut times) = (Moment::default(), [self.settled; INPUTS_MAX]);
        for (input, (track, max_gap)) in self.tracks.iter().zip(max_gaps).enumerate() {
            let Some(first) = track.front().filter(|first| first.at <= self.settled) else {
                continue;
            };
            if self.settled < first.at + *max_gap {
                moment.set(input, first.value);
            }
            if let Some(time) = times.get_mut(input) {
                *time = first.at;
            }
        }
        (moment, times)
    }

    /// Everything before `to` has been counted.
    pub(super) fn settle(&mut self, to: Timestamp) {
        self.settled = self.settled.max(to);
        self.prune();
    }

    /// Samples that wait, of all inputs.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.tracks.iter().map(VecDeque::len).sum()
    }

    fn prune(&mut self) {
        for track in &mut self.tracks {
            while track.get(1).is_some_and(|second| second.at <= self.settled) {
                track.pop_front();
            }
        }
    }
}
