//! A jump just after somebody had access: an enclosure opened, or the parameters changed.
//!
//! Only a sign. Whoever cleans a probe opens the door too; the finding says who must explain what.

use super::{
    point::{Point, length, seconds},
    said::{FindingKind, FindingSaid, text},
};
use crate::InputSpec;
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// Noise never jumps so many times its mean.
const NOISE: f64 = 10.0;

/// When a jump is a sign.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JumpCheck {
    /// What shows that somebody has access: on the same device, or else the only one in the area.
    #[serde(deserialize_with = "super::needs::input")]
    pub after: InputSpec,
    /// How soon after, s.
    pub within_secs: u64,
    /// How far at least, as a share of the level before.
    pub share: f64,
    /// And at least so many steps of the instrument's resolution.
    pub least: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct JumpMemory {
    was_on: bool,
    /// Since when, the level before, and whether it was the parameters; until it is explained.
    since: Option<(i64, f64, bool)>,
}

impl JumpCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_sound = self.within_secs > 0 && self.share >= 0.0 && self.least > 0.0;
        (!is_sound).then_some("jump needs within_secs and least above 0")
    }

    /// The parameters were changed.
    pub(super) fn note_change(memory: &mut JumpMemory, t: i64, level: Option<f64>) {
        if let Some(level) = level {
            memory.since = Some((t, level, true));
        }
    }

    pub(super) fn judge(
        &self,
        memory: &mut JumpMemory,
        point: &Point,
        (t, value): (i64, f64),
        is_on: Option<bool>,
        (level, noise): (Option<f64>, f64),
    ) -> Option<FindingSaid> {
        if let Some(is_on) = is_on {
            if let (true, false, Some(level)) = (is_on, memory.was_on, level) {
                memory.since = Some((t, level, false));
            }
            memory.was_on = is_on;
        }
        let (since, before, is_change) = memory.since?;
        // While the door stands open the time does not run.
        if memory.was_on && !is_change {
            memory.since = Some((since.max(t), before, is_change));
        } else if t - since > seconds(self.within_secs) {
            memory.since = None;
            return None;
        }
        let jump = (value - before).abs();
        let least = (self.least * point.step).max(self.share * before.abs()).max(NOISE * noise);
        if jump <= least {
            return None;
        }
        memory.since = None;
        Some(self.finding(point, (t, value), (since, before), is_change))
    }

    fn finding(
        &self,
        point: &Point,
        (t, value): (i64, f64),
        (since, before): (i64, f64),
        is_change: bool,
    ) -> FindingSaid {
        let (from, to) = (Timestamp::from_millis(since), Timestamp::from_millis(t));
        let (kind, zh, en) = if is_change {
            (FindingKind::JumpAfterChange, "参数被更改".to_owned(), "the parameters changed".into())
        } else {
            let name = &self.after.parameter;
            (FindingKind::JumpAfterAccess, format!("{name} 打开"), format!("{name} went on"))
        };
        let (was, is) = (point.number(before), point.number(value));
        let (when, later) = (point.when(from), length(t - since));
        FindingSaid {
            kind,
            from,
            to,
            numbers: vec![("before".into(), before), ("after".into(), value)],
            explanation: text(
                format!("{when} {zh}后 {later}，数值由 {was} 变为 {is}；须有维护记录说明"),
                format!(
                    "{en} at {when}, and within {later} the value went from {was} to {is}; a maintenance record must explain it"
                ),
            ),
            confidence: 0.5,
        }
    }
}
