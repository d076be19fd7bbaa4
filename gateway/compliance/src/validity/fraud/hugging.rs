//! Values that press against a limit from the inside: a clamp between instrument and gateway, or a
//! hand on the trimmer. A process spreads around where it is kept; it does not pile up at the limit
//! and never cross it.

use crate::validity::{
    point::{Point, length},
    said::{FindingKind, FindingSaid, text},
};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

const HOUR: i64 = 3_600_000;
/// Fewer values than this say nothing.
const VALUES_MIN: u32 = 60;
/// Values may be beyond the limit in this share, for noise that is added after the clamp.
const BEYOND_MAX: f64 = 0.01;

/// When values press against a limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HuggingSign {
    /// Looked at in stretches of so many hours.
    pub hours: u32,
    /// A hair: so many steps of the resolution,
    pub steps: f64,
    /// or this share of the limit, whichever is more.
    pub hair: f64,
    /// The share of the values that is within a hair of the limit.
    pub share: f64,
}

/// One limit in the stretch that runs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct HuggingMemory {
    since: Option<i64>,
    values: u32,
    near: u32,
    beyond: u32,
    is_told: bool,
}

impl HuggingSign {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_sound = (1..=24).contains(&self.hours)
            && self.steps >= 0.0
            && (0.0..0.5).contains(&self.hair)
            && self.share > 0.0
            && self.share <= 1.0;
        (!is_sound).then_some("hugging needs 1 to 24 hours, a hair below 0.5 and a share up to 1")
    }

    pub(super) fn observe(
        &self,
        memory: &mut Vec<HuggingMemory>,
        point: &Point,
        (t, value): (i64, f64),
        out: &mut Vec<FindingSaid>,
    ) {
        // Each end of each limit has its own count.
        let lows = point.limits.iter().filter_map(|(low, _)| Some((1.0, (*low)?)));
        let highs = point.limits.iter().filter_map(|(_, high)| Some((-1.0, (*high)?)));
        for (nth, (inward, limit)) in lows.chain(highs).enumerate() {
            if memory.len() == nth {
                memory.push(HuggingMemory::default());
            }
            let memory = &mut memory[nth];
            let since = *memory.since.get_or_insert(t);
            if t - since >= i64::from(self.hours) * HOUR {
                out.extend(self.judge(memory, point, (since, t), (inward, limit)));
                let is_told = memory.is_told;
                *memory = HuggingMemory { since: Some(t), is_told, ..HuggingMemory::default() };
            }
            let hair = (self.steps * point.step).max(self.hair * limit.abs());
            let inside = (value - limit) * inward;
            memory.values += 1;
            memory.near += u32::from((0.0..=hair).contains(&inside));
            memory.beyond += u32::from(inside < 0.0);
        }
    }

    fn judge(
        &self,
        memory: &mut HuggingMemory,
        point: &Point,
        (since, t): (i64, i64),
        (inward, limit): (f64, f64),
    ) -> Option<FindingSaid> {
        let of = |part: u32| f64::from(part) / f64::from(memory.values.max(1));
        let (near, beyond) = (of(memory.near), of(memory.beyond));
        let is_hugging = memory.values >= VALUES_MIN && near >= self.share && beyond <= BEYOND_MAX;
        let was_told = std::mem::replace(&mut memory.is_told, is_hugging);
        if !is_hugging || was_told {
            return None;
        }
        let (number, percent) = (point.number(limit), (near * 100.0).floor());
        let lasted = length(t - since);
        let (side_zh, side_en) =
            if inward > 0.0 { ("下限", "lower") } else { ("上限", "upper") };
        Some(FindingSaid {
            kind: FindingKind::HuggingLimit,
            from: Timestamp::from_millis(since),
            to: Timestamp::from_millis(t),
            numbers: vec![
                ("limit".into(), limit),
                ("share_near".into(), near),
                ("share_beyond".into(), beyond),
            ],
            explanation: text(
                format!(
                    "{lasted} 内 {percent} % 的数值紧贴{side_zh} {number} 的达标一侧，几乎从不越过"
                ),
                format!(
                    "in {lasted}, {percent} % of the values lie close to the {side_en} limit {number} on its compliant side, and hardly any beyond it"
                ),
            ),
            confidence: 0.6,
        })
    }
}
