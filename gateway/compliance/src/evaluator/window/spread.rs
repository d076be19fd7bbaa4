//! How long values were where: percentiles of time.
//!
//! The verdict is exact: the p-th percentile is at most a limit exactly if the values were at most
//! the limit for p percent of the time, and for that two sums are enough. Its value is read from
//! the times of all values, which are kept one by one while there are few of them, as with any
//! instrument that shows so many digits; where there are many, values that lie close together are
//! kept as one. How close does not depend on their order.

use super::sums::rounded;
use crate::limits::Limits;
use core::cmp::Ordering;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values that are kept one by one.
const VALUES_MAX: usize = 2_048;

/// The times of all values of a window.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spread {
    covered: u64,
    below: u64,
    above: u64,
    /// Bits that are cut off a value.
    coarse: u32,
    /// Milliseconds of each value, by its bits in the order of numbers.
    millis: BTreeMap<u64, u64>,
}

impl Spread {
    pub(super) fn add(&mut self, value: f64, millis: u64, limits: Limits) {
        self.covered += millis;
        match limits.side(value) {
            Ordering::Less => self.below += millis,
            Ordering::Greater => self.above += millis,
            Ordering::Equal => {}
        }
        *self.millis.entry(ordered(value) >> self.coarse).or_default() += millis;
        while self.millis.len() > VALUES_MAX {
            self.coarse += 1;
            let mut fewer = BTreeMap::new();
            for (value, millis) in core::mem::take(&mut self.millis) {
                *fewer.entry(value >> 1).or_default() += millis;
            }
            self.millis = fewer;
        }
    }

    /// On which side of the limits the percentile is: the least value that is not exceeded for p
    /// percent of the time.
    pub(super) fn side(&self, p: f64) -> Ordering {
        let needed = self.needed(p);
        if self.below >= needed {
            Ordering::Less
        } else if self.covered - self.above < needed {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// The percentile, as exactly as the values are kept, and on the right side of the limits.
    pub(super) fn percentile(&self, p: f64, limits: Limits) -> Option<f64> {
        let (needed, mut seen) = (self.needed(p), 0);
        let found = self.millis.iter().find(|(_, millis)| {
            seen += **millis;
            seen >= needed
        });
        let value = rounded(disordered(*found?.0 << self.coarse));
        Some(match (self.side(p), limits.low, limits.high) {
            (Ordering::Equal, low, high) => {
                value.max(low.unwrap_or(value)).min(high.unwrap_or(value))
            }
            (Ordering::Less, Some(low), _) if value >= low => low.next_down(),
            (Ordering::Greater, _, Some(high)) if value <= high => high.next_up(),
            _ => value,
        })
    }

    /// Milliseconds that are p percent of the time, at least one.
    fn needed(&self, p: f64) -> u64 {
        // p has at most one decimal: per mille are exact.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let per_mille = (p * 10.0).round() as u64;
        (self.covered.saturating_mul(per_mille)).div_ceil(1_000).max(1)
    }
}

/// The bits of a number, in the order of numbers.
fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn disordered(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 0 { !ordered } else { ordered & !(1 << 63) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { low: Some(-1.0), high: Some(2.0) };

    /// The least value that is not exceeded for p percent of the time.
    fn simple(values: &[(f64, u64)], p: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let whole: u64 = sorted.iter().map(|(_, millis)| millis).sum();
        let mut seen = 0;
        sorted
            .iter()
            .find(|(_, millis)| {
                seen += millis;
                seen * 1_000 >= whole * (p * 10.0) as u64
            })
            .unwrap()
            .0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_percentile_is_that_of_the_sorted_values(
            values in prop::collection::vec((-30..40_i64, 1..50_u64), 1..60),
            p in prop::sample::select(vec![0.5, 5.0, 50.0, 90.0, 95.0, 99.9, 100.0]),
        ) {
            let values: Vec<(f64, u64)> = values.iter().map(|(v, ms)| (*v as f64 / 10.0, *ms)).collect();
            let mut spread = Spread::default();
            values.iter().for_each(|(value, millis)| spread.add(*value, *millis, LIMITS));
            let found = spread.percentile(p, LIMITS).unwrap();
            prop_assert_eq!(found, simple(&values, p));
            prop_assert_eq!(spread.side(p), LIMITS.side(found));
        }

        #[test]
        fn many_values_stay_few_and_nearly_exact(seed in any::<u32>(), descending in any::<bool>()) {
            let mut values: Vec<(f64, u64)> = (0..6_000_u32)
                .map(|i| (f64::from(i.wrapping_mul(2_654_435_761).wrapping_add(seed)) / 1e9, 5))
                .collect();
            let mut spread = Spread::default();
            values.iter().for_each(|(value, millis)| spread.add(*value, *millis, LIMITS));
            values.sort_by(|a, b| if descending { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) });
            let mut sorted = Spread::default();
            values.iter().for_each(|(value, millis)| sorted.add(*value, *millis, LIMITS));
            prop_assert_eq!(&spread, &sorted);
            prop_assert!(spread.millis.len() <= VALUES_MAX);
            for p in [50.0, 95.0] {
                let (found, exact) = (spread.percentile(p, LIMITS).unwrap(), simple(&values, p));
                prop_assert!((found - exact).abs() <= 0.005 * exact, "{found} {exact}");
                prop_assert_eq!(spread.side(p), LIMITS.side(exact));
            }
        }
    }
}
