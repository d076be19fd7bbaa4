//! The noise of the instrument is gone: for hours it moves far less than in the quietest hour of
//! the two days before. A signal generator or a filter in its place is quieter than any water.
//!
//! An instrument whose noise is below its resolution stands still in some hour of any day; for such
//! a one the sign is silent, and the check for stuck values watches.

use super::hours::{Hour, Hours, is_whole};
use crate::validity::{
    point::Point,
    said::{FindingKind, FindingSaid, text},
};
use serde::Deserialize;
use weir_domain::Timestamp;

/// Hours that must be known before.
const REFERENCE_MIN: usize = 20;

/// When a value is too stable.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StableSign {
    /// For so many hours in a row.
    pub hours: usize,
    /// The noise is less than this share of the quietest hour before.
    pub share: f64,
}

impl StableSign {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_sound = (1..=12).contains(&self.hours) && self.share > 0.0 && self.share < 1.0;
        (!is_sound).then_some("too_stable needs 1 to 12 hours and a share between 0 and 1")
    }

    pub(super) fn judge(
        &self,
        hours: &Hours,
        is_told: &mut bool,
        point: &Point,
        t: i64,
    ) -> Option<FindingSaid> {
        let past = hours.past();
        let reference = past.len().checked_sub(self.hours).filter(|n| *n >= REFERENCE_MIN)?;
        let recent = || past.iter().skip(reference);
        let least = |hours: &mut dyn Iterator<Item = &Hour>| {
            hours.map(|hour| hour.noise).fold(f32::INFINITY, f32::min)
        };
        let before = f64::from(least(&mut past.iter().take(reference)));
        let now = f64::from(recent().map(|hour| hour.noise).fold(0.0, f32::max));
        // Read twice as often, it moves half as much from one value to the next.
        let rate = |hour: &Hour| f64::from(hour.values);
        let usual = past.iter().take(reference).map(rate).sum::<f64>() / reference as f64;
        let is_paced = recent().all(|hour| (0.7..=1.4).contains(&(rate(hour) / usual)));
        let is_quiet = now < self.share * before && is_paced && is_whole(recent());
        // What does not move at all is stuck, which is another sign.
        if !is_quiet || now == 0.0 {
            *is_told &= is_quiet;
            return None;
        }
        if std::mem::replace(is_told, true) {
            return None;
        }
        let to = Timestamp::from_millis(t);
        let from = Timestamp::from_millis(recent().next()?.number * 3_600_000);
        let (noise, usually) = (point.difference(now), point.difference(before));
        let lasted = self.hours;
        Some(FindingSaid {
            kind: FindingKind::TooStable,
            from,
            to,
            numbers: vec![("noise".into(), now), ("noise_before".into(), before)],
            explanation: text(
                format!(
                    "{lasted} h 内相邻数值平均只变化 {noise}，而此前最安静的一小时也有 {usually}"
                ),
                format!(
                    "for {lasted} h one value differs from the next by {noise} on average; in the quietest hour before it was {usually}"
                ),
            ),
            confidence: 0.6,
        })
    }
}
