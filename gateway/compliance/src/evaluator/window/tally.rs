//! What a window has seen so far.

use super::{
    spread::Spread,
    sums::{Sums, rounded},
};
use crate::{limits::Limits, timeline::Moment};
use core::cmp::Ordering;
use serde::{Deserialize, Serialize};

/// What is made of the values of a window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Statistic {
    /// By time.
    Mean,
    /// By time and the third number of the moment, as far as it is above 0.
    WeightedMean,
    /// What is not exceeded for so many percent of the time.
    Percentile(f64),
    /// The integral of what is above the background, which is the third number of the moment.
    Total {
        /// Whether the values are per hour, or per second.
        per_hour: bool,
        background: bool,
    },
}

/// What a window has seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    /// Milliseconds of good data.
    pub(super) covered: u64,
    /// Milliseconds that do not count, because the limit did not apply.
    pub(super) off: u64,
    sums: Sums,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<Box<Spread>>,
    /// Of (value - background) x milliseconds.
    total: f64,
}

impl Tally {
    /// The inputs were these for so many milliseconds: the value, the gate (nothing where there is
    /// none), and what else the statistic asks for.
    pub(super) fn add(
        &mut self,
        moment: &Moment,
        gated: bool,
        statistic: Statistic,
        limits: Limits,
        millis: u64,
    ) {
        match moment.side() {
            Some(0.0) => {
                self.off += millis;
                return;
            }
            None if gated => return,
            _ => {}
        }
        let (value, third) = (moment.main(), moment.get(2));
        if let (Statistic::WeightedMean, Some(..=0.0)) = (statistic, third) {
            self.off += millis;
            return;
        }
        let Some(value) = value else { return };
        match (statistic, third) {
            (Statistic::Mean, _) => self.sums.add(value, 1.0, millis),
            (Statistic::WeightedMean, Some(weight)) => self.sums.add(value, weight, millis),
            (Statistic::Percentile(_), _) => {
                self.spread.get_or_insert_default().add(value, millis, limits);
            }
            (Statistic::Total { background: true, .. }, Some(background)) => {
                self.accumulate(value - background, millis);
            }
            (Statistic::Total { background: false, .. }, _) => self.accumulate(value, millis),
            // Nobody knows the weight, or the background.
            (Statistic::WeightedMean | Statistic::Total { .. }, None) => return,
        }
        self.covered += millis;
    }

    fn accumulate(&mut self, excess: f64, millis: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a stretch is far below 2^53 ms")]
        let millis = millis as f64;
        self.total += excess.max(0.0) * millis;
    }

    /// The statistic, if there is anything to take it of.
    pub(super) fn value(&self, statistic: Statistic, limits: Limits) -> Option<f64> {
        match statistic {
            Statistic::Mean | Statistic::WeightedMean => self.sums.mean(),
            Statistic::Percentile(p) => self.spread.as_ref()?.percentile(p, limits),
            Statistic::Total { per_hour, .. } => Some(self.total(per_hour)),
        }
    }

    /// The integral so far.
    pub(super) fn total(&self, per_hour: bool) -> f64 {
        rounded(self.total / if per_hour { 3_600_000.0 } else { 1_000.0 })
    }

    /// Whether the statistic is within the limits.
    pub(super) fn holds(&self, statistic: Statistic, limits: Limits) -> bool {
        match (statistic, &self.spread) {
            (Statistic::Percentile(p), Some(spread)) => spread.side(p) == Ordering::Equal,
            _ => self.value(statistic, limits).is_some_and(|value| limits.holds(value)),
        }
    }
}
