//! A weighted mean that does not depend on how it is taken.
//!
//! Sums are taken of the differences from the first value: so the mean of equal values is that
//! value. The mean is then rounded to nine decimals, for what is beyond is the error of binary
//! fractions, which must not decide whether 0.5 is above 0.5; and it is never outside the values.

use serde::{Deserialize, Serialize};

/// What a mean is rounded to.
const DECIMALS: f64 = 1e9;

/// The folded stretches of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sums {
    /// Of weight x milliseconds.
    weight: f64,
    first: f64,
    /// Of (value - first) x weight x milliseconds.
    sum: f64,
    min: f64,
    max: f64,
}

impl Sums {
    /// A value lasted for a time, with a weight above 0.
    pub(super) fn add(&mut self, value: f64, weight: f64, millis: u64) {
        if self.weight == 0.0 {
            *self = Self { weight: 0.0, first: value, sum: 0.0, min: value, max: value };
        }
        #[expect(clippy::cast_precision_loss, reason = "a stretch is far below 2^53 ms")]
        let weight = weight * millis as f64;
        self.sum += (value - self.first) * weight;
        self.weight += weight;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The mean of all that was added, if anything was.
    pub(super) fn mean(&self) -> Option<f64> {
        if self.weight == 0.0 {
            return None;
        }
        Some(rounded(self.first + self.sum / self.weight).clamp(self.min, self.max))
    }
}

/// To nine decimals; what is too large for that has no decimals.
pub(super) fn rounded(value: f64) -> f64 {
    let rounded = (value * DECIMALS).round() / DECIMALS;
    if rounded.is_finite() { rounded } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[(f64, u64)]) -> Option<f64> {
        let mut sums = Sums::default();
        values.iter().for_each(|(value, secs)| sums.add(*value, 1.0, *secs * 1_000));
        sums.mean()
    }

    #[test]
    fn values_weigh_as_long_as_they_last() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[(1.0, 10), (4.0, 20)]), Some(3.0));
        assert_eq!(mean(&[(-1.0, 10), (1.0, 10)]), Some(0.0));
    }

    #[test]
    fn values_weigh_as_much_as_flows() {
        let mut sums = Sums::default();
        sums.add(50.0, 15.0, 1_000);
        sums.add(100.0, 5.0, 1_000);
        assert_eq!(sums.mean(), Some(62.5));
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
