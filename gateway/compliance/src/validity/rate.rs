//! A value that changes faster than the process can, over a minute or more.
//!
//! The change is taken over at least a minute, so that noise and a coarse resolution are no rate.
//! It is believed again when the change over the last minute is possible.

use super::point::Point;
use super::said::text;
use serde::{Deserialize, Serialize};
use weir_domain::Text;

/// The change is taken over at least so long, ms.
const BASE: i64 = 60_000;
/// A change of fewer steps of the resolution is none.
const STEPS_MIN: f64 = 5.0;
/// 7.17 − 6.87 is a little more than 0.3 to a computer.
const ROUNDING: f64 = 1e-9;

/// How fast a value can change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateCheck {
    /// In its unit per minute.
    pub per_min: f64,
}

/// Two values to compare with: the older one is at least a minute old as soon as there is one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct RateMemory {
    older: Option<(i64, f64)>,
    newer: Option<(i64, f64)>,
    /// The change that was too fast, per minute.
    pub(super) found: f64,
}

impl RateCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (!(self.per_min > 0.0 && self.per_min.is_finite())).then_some("rate needs per_min above 0")
    }

    #[inline]
    pub(super) fn judge(&self, memory: &mut RateMemory, point: &Point, t: i64, value: f64) -> bool {
        let Some((older_at, older)) = memory.older else {
            memory.older = Some((t, value));
            return false;
        };
        let (newer_at, newer) = *memory.newer.get_or_insert((t, value));
        if t - newer_at >= BASE {
            memory.older = Some((newer_at, newer));
            memory.newer = Some((t, value));
        }
        let (past, change) = (t - older_at, (value - older).abs());
        if past < BASE {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few minutes in milliseconds")]
        let per_min = |change: f64| change * BASE as f64 / past as f64;
        let rate = per_min(change);
        // Each of the two values may be half a step from the truth.
        let is_too_fast = per_min(change - point.step) > self.per_min * (1.0 + ROUNDING)
            && change > STEPS_MIN * point.step;
        if is_too_fast {
            memory.found = rate;
        }
        is_too_fast
    }

    pub(super) fn words(&self, memory: &RateMemory, point: &Point) -> Text {
        let (rate, most) = (point.number(memory.found), point.number(self.per_min));
        text(
            format!("每分钟变化 {rate}，超过过程可能的 {most}"),
            format!("changes by {rate} a minute, the process can do {most}"),
        )
    }
}
