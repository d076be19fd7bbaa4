//! A time-weighted mean that does not depend on how it is taken.
//!
//! Sums are taken of the differences from the first value: so the mean of equal values is that
//! value. The mean is then rounded to nine decimals, for what is beyond is the error of binary
//! fractions, which must not decide whether 0.5 is above 0.5; and it is never outside the values.

use crate::wording;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// What a mean is rounded to.
const DECIMALS: f64 = 1e9;

/// The folded stretches of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sums {
    covered: u64,
    first: f64,
    /// Of (value - first) x milliseconds.
    sum: f64,
    min: f64,
    max: f64,
}

impl Sums {
    /// Milliseconds that were added.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// A value lasted for a time.
    pub(super) fn add(&mut self, value: f64, length: Duration) {
        let millis = wording::millis(length);
        if millis == 0 {
            return;
        }
        if self.covered == 0 {
            *self = Self { covered: 0, first: value, sum: 0.0, min: value, max: value };
        }
        #[expect(clippy::cast_precision_loss, reason = "a stretch is far below 2^53 ms")]
        let weight = millis as f64;
        self.sum += (value - self.first) * weight;
        self.covered += millis;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The mean of all that was added, if anything was.
    pub(super) fn mean(&self) -> Option<f64> {
        if self.covered == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a window is far below 2^53 ms")]
        let mean = self.first + self.sum / self.covered as f64;
        let rounded = (mean * DECIMALS).round() / DECIMALS;
        let mean = if rounded.is_finite() { rounded } else { mean };
        Some(mean.clamp(self.min, self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[(f64, u64)]) -> Option<f64> {
        let mut sums = Sums::default();
        values.iter().for_each(|(value, secs)| sums.add(*value, Duration::from_secs(*secs)));
        sums.mean()
    }

    #[test]
    fn values_weigh_as_long_as_they_last() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[(5.0, 0)]), None);
        assert_eq!(mean(&[(1.0, 10), (4.0, 20)]), Some(3.0));
        assert_eq!(mean(&[(-1.0, 10), (1.0, 10)]), Some(0.0));
    }

    #[test]
    fn equal_values_are_their_own_mean() {
        for value in [0.1, 0.3, 1e300, -1e-300, 123_456.789_012_345_67] {
            assert_eq!(mean(&[(value, 5), (value, 7), (value, 3)]), Some(value));
        }
    }

    #[test]
    fn decimals_are_taken_as_they_are_written() {
        assert_eq!(mean(&[(0.1, 5), (0.2, 5), (0.6, 5)]), Some(0.3));
        assert_eq!(mean(&[(0.2, 5), (0.4, 5)]), Some(0.3));
        assert_eq!(mean(&[(0.7, 3), (0.1, 3)]), Some(0.4));
    }
}
