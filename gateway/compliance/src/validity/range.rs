//! What can physically be. Beyond it there is no measurement, whatever the instrument says.
//!
//! A little below the low end is zero drift and passes (HJ 356: small negatives are valid where the
//! value really is low). An end may have to be left for a while before it counts: a detector that
//! counts nothing for one second is lucky, for a minute it is dead. After a value beyond the range
//! nothing is believed until a minute has passed without another.

use super::point::{Point, seconds};
use super::said::text;
use serde::{Deserialize, Serialize};
use weir_domain::Text;

/// No value is believed for so long after one that cannot be, ms.
const SETTLE: i64 = 60_000;

/// What can physically be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeCheck {
    /// The least value that can be.
    pub low: Option<f64>,
    /// The greatest value that can be.
    pub high: Option<f64>,
    /// How far below `low` is still zero drift.
    #[serde(default)]
    pub drift: f64,
    /// For how long it must be below before it counts, s.
    #[serde(default)]
    pub low_secs: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct RangeMemory {
    below_since: Option<i64>,
    until: Option<i64>,
}

impl RangeCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let rises = self.low.zip(self.high).is_none_or(|(low, high)| low < high);
        let is_some = self.low.is_some() || self.high.is_some();
        (!(rises && is_some && self.drift >= 0.0)).then_some("range needs low below high, or one")
    }

    /// Whether a value is beyond what can be.
    #[inline]
    pub(super) fn is_beyond(&self, value: f64) -> bool {
        self.is_below(value) || self.high.is_some_and(|high| value > high)
    }

    #[inline]
    fn is_below(&self, value: f64) -> bool {
        self.low.is_some_and(|low| value < low - self.drift)
    }

    /// Whether the sample is not to be believed.
    #[inline]
    pub(super) fn judge(&self, memory: &mut RangeMemory, t: i64, value: f64) -> bool {
        if !self.is_beyond(value) {
            memory.below_since = None;
            match memory.until {
                Some(until) if t < until => return true,
                Some(_) => memory.until = None,
                None => {}
            }
            return false;
        }
        if self.is_below(value) {
            let since = *memory.below_since.get_or_insert(t);
            if t - since < seconds(self.low_secs) && memory.until.is_none() {
                return false;
            }
        }
        memory.until = Some(t.saturating_add(SETTLE));
        true
    }

    pub(super) fn words(&self, point: &Point, value: f64) -> Text {
        let number = point.number(value);
        let ends = match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{low} – {high}"),
            (Some(low), None) => format!("≥ {low}"),
            (None, Some(high)) => format!("≤ {high}"),
            (None, None) => String::new(),
        };
        let unit = point.unit.suffix();
        text(
            format!("{number} 超出物理上可能的范围 {ends}{unit}"),
            format!("{number} is beyond what can physically be, {ends}{unit}"),
        )
    }
}
