//! How long ago the instrument was last held against a standard, as far as anybody wrote it down.
//!
//! Time counts from the first check that was recorded: a site that keeps its records elsewhere is
//! not reminded of them every week.

use super::{
    point::Point,
    said::{FindingKind, FindingSaid, text},
};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

const DAY: i64 = 86_400_000;

/// How often the instrument is to be checked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationCheck {
    /// Days between two checks.
    pub every_days: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct CalibrationMemory {
    /// The last check that was passed.
    passed: Option<i64>,
    is_told: bool,
}

impl CalibrationMemory {
    /// A check was passed.
    pub(super) fn note_passed(&mut self, t: i64) {
        self.passed = self.passed.max(Some(t));
        self.is_told = false;
    }
}

impl CalibrationCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (self.every_days == 0).then_some("calibration needs every_days above 0")
    }

    #[inline]
    pub(super) fn judge(
        &self,
        memory: &mut CalibrationMemory,
        point: &Point,
        t: i64,
    ) -> Option<FindingSaid> {
        let passed = memory.passed.filter(|_| !memory.is_told)?;
        let due = passed.saturating_add(i64::from(self.every_days) * DAY);
        if t < due {
            return None;
        }
        memory.is_told = true;
        let from = Timestamp::from_millis(passed);
        let (when, days) = (point.when(from), self.every_days);
        Some(FindingSaid {
            kind: FindingKind::CalibrationOverdue,
            from,
            to: Timestamp::from_millis(t),
            numbers: vec![("every_days".into(), f64::from(days))],
            explanation: text(
                format!("上次合格的校准核查为 {when}，已超过 {days} 天"),
                format!(
                    "the last check against a standard that it passed was at {when}, more than {days} days ago"
                ),
            ),
            confidence: 1.0,
        })
    }
}
