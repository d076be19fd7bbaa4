//! What a point did in each of the last 48 hours, in a few numbers an hour.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const HOUR: i64 = 3_600_000;
/// Two days, so that a night can be compared with the night before.
const KEPT: usize = 48;
/// An hour with fewer values says nothing of its noise.
const VALUES_MIN: u32 = 20;

/// One hour. Single precision is enough to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Hour {
    /// Hours since 1970.
    pub(super) number: i64,
    pub(super) mean: f32,
    /// Mean change from one value to the next: the noise, where the process is slow.
    pub(super) noise: f32,
    /// Mean temperature beside it; none without such a probe.
    pub(super) temperature: Option<f32>,
    pub(super) values: u32,
}

/// The hour that runs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Running {
    number: i64,
    values: u32,
    changes: u32,
    sum: f64,
    moved: f64,
    temperatures: u32,
    warmth: f64,
    last: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Hours {
    past: VecDeque<Hour>,
    running: Running,
}

impl Hours {
    /// Takes a value in; true if an hour has ended with it.
    #[inline]
    pub(super) fn take(&mut self, t: i64, value: f64, temperature: Option<f64>) -> bool {
        let number = t.div_euclid(HOUR);
        let has_ended = number != self.running.number && self.running.values > 0;
        if number != self.running.number {
            self.close();
            self.running = Running { number, last: self.running.last, ..Running::default() };
        }
        let running = &mut self.running;
        if let Some(last) = running.last.replace(value) {
            running.moved += (value - last).abs();
            running.changes += 1;
        }
        running.sum += value;
        running.values += 1;
        if let Some(temperature) = temperature {
            running.warmth += temperature;
            running.temperatures += 1;
        }
        has_ended
    }

    /// No change is taken across a gap.
    pub(super) fn interrupt(&mut self) {
        self.running.last = None;
    }

    /// The hours that have ended, oldest first.
    pub(super) fn past(&self) -> &VecDeque<Hour> {
        &self.past
    }

    #[expect(clippy::cast_possible_truncation, reason = "enough to compare with")]
    fn close(&mut self) {
        let Running { number, values, changes, sum, moved, temperatures, warmth, .. } =
            self.running;
        if values < VALUES_MIN {
            return;
        }
        if self.past.len() == KEPT {
            self.past.pop_front();
        }
        let of = |sum: f64, n: u32| if n == 0 { 0.0 } else { sum / f64::from(n) };
        self.past.push_back(Hour {
            number,
            mean: of(sum, values) as f32,
            noise: of(moved, changes) as f32,
            temperature: (temperatures > 0).then(|| of(warmth, temperatures) as f32),
            values,
        });
    }
}

/// Greatest minus least.
pub(super) fn span(values: impl Iterator<Item = f32>) -> f32 {
    let (low, high) =
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low <= high { high - low } else { 0.0 }
}

/// Whether the hours follow each other without a hole.
pub(super) fn is_whole<'a>(mut hours: impl DoubleEndedIterator<Item = &'a Hour>) -> bool {
    let Some(mut before) = hours.next() else { return false };
    hours.all(|hour| {
        let follows = hour.number == before.number + 1;
        before = hour;
        follows
    })
}
