//! A value that does not move, though this instrument otherwise does.
//!
//! An instrument with a coarse resolution in a quiet process stands still for hours and is right.
//! So a rest counts only if it is longer than `for_mins` **and** something shows that this
//! instrument does not rest like that:
//!
//! * its numbers have digits below its decimals, and not one of them moves (frozen), or
//! * in the day before it never rested longer than a quarter of `for_mins` (lively), or
//! * the rest has become longer than `rest_mins`, which no process keeps up.
//!
//! A concentration of nothing may rest at zero for ever (`rests_at_zero`).

use super::point::{Point, length, minutes};
use super::said::text;
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp};

const DAY: i64 = 86_400_000;
/// A rest goes on across a hole in the data that is no longer than this, ms: a device that fails to
/// answer now and then must not hide that it is stuck.
const HOLE_MAX: i64 = 3_600_000;
/// A rest is out of the ordinary if it is so many times longer than any of the day before.
const LIVELY: i64 = 4;
/// Fewer samples than this show no rest.
const SAMPLES_MIN: u32 = 8;

/// How long a value may stand still.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StuckCheck {
    /// What counts as not moving, in steps of the instrument's resolution.
    #[serde(default = "within")]
    pub within: f64,
    /// How long, of an instrument that otherwise moves, min.
    pub for_mins: u64,
    /// How long, of any instrument, min.
    pub rest_mins: u64,
    /// Whether it may rest at zero.
    #[serde(default)]
    pub rests_at_zero: bool,
}

/// As in the validity profile: a fifth of the resolution.
fn within() -> f64 {
    0.2
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct StuckMemory {
    /// When the value last moved; none before the first.
    pub(super) since: Option<i64>,
    newest: i64,
    low: f64,
    high: f64,
    samples: u32,
    is_frozen: bool,
    /// Whether any value ever had digits below the decimals.
    is_fine: bool,
    is_stuck: bool,
    /// The longest rest of this day and of the day before, ms.
    longest: [i64; 2],
    day: Option<i64>,
    /// Whether a whole day has been seen.
    has_learned: bool,
}

impl StuckCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_sound = self.within >= 0.0 && self.for_mins > 0 && self.for_mins <= self.rest_mins;
        (!is_sound).then_some("stuck needs for_mins above 0 and at most rest_mins")
    }

    /// Whether the value has not moved for too long.
    #[inline]
    pub(super) fn judge(
        &self,
        memory: &mut StuckMemory,
        point: &Point,
        t: i64,
        value: f64,
    ) -> bool {
        let (low, high) = (memory.low.min(value), memory.high.max(value));
        let is_joined =
            t - core::mem::replace(&mut memory.newest, t) <= HOLE_MAX.max(point.max_gap);
        let rests = is_joined && high - low <= self.within * point.step;
        let Some(since) = memory.since.filter(|_| rests) else {
            self.moved(memory, point, t, value);
            return false;
        };
        memory.is_frozen &= low == high;
        (memory.low, memory.high) = (low, high);
        memory.samples = memory.samples.saturating_add(1);
        let rest = t - since;
        if memory.is_stuck || rest < minutes(self.for_mins) {
            return memory.is_stuck;
        }
        let is_lively = memory.has_learned
            && memory.longest[0].max(memory.longest[1]) * LIVELY <= minutes(self.for_mins);
        let is_unusual = memory.is_frozen || is_lively || rest >= minutes(self.rest_mins);
        let is_zero = self.rests_at_zero && value <= point.step;
        memory.is_stuck = is_unusual && !is_zero && memory.samples >= SAMPLES_MIN;
        memory.is_stuck
    }

    fn moved(&self, memory: &mut StuckMemory, point: &Point, t: i64, value: f64) {
        // A rest that was not believed must not teach that such rests are usual.
        if let Some(since) = memory.since.filter(|_| !memory.is_stuck) {
            memory.longest[0] = memory.longest[0].max(t - since);
        }
        let day = *memory.day.get_or_insert(t);
        if t - day >= DAY {
            memory.longest = [0, memory.longest[0]];
            memory.day = Some(t);
            memory.has_learned = true;
        }
        memory.since = Some(t);
        (memory.low, memory.high) = (value, value);
        memory.samples = 1;
        memory.is_fine |= !point.is_on_step(value);
        memory.is_frozen = memory.is_fine;
        memory.is_stuck = false;
    }

    /// Why it is suspect, and since when it stands still.
    pub(super) fn words(
        &self,
        memory: &StuckMemory,
        point: &Point,
        t: Timestamp,
        value: f64,
    ) -> Text {
        let since = Timestamp::from_millis(memory.since.unwrap_or(t.as_millis()));
        let rest = length(t.as_millis() - since.as_millis());
        let (number, when) = (point.number(value), point.when(since));
        let usual = length(memory.longest[0].max(memory.longest[1]));
        let (zh, en) = if memory.is_frozen {
            ("末位数字完全没有变化".to_owned(), "not one digit of it has changed".to_owned())
        } else if memory.has_learned {
            (
                format!("此前一天静止最长 {usual}"),
                format!("in the day before it rested {usual} at most"),
            )
        } else {
            ("任何过程都不会如此稳定".to_owned(), "no process keeps so still".to_owned())
        };
        text(
            format!("自 {when} 起 {rest} 一直为 {number}；{zh}，须核查"),
            format!("{number} since {when}, for {rest}; {en}; to be investigated"),
        )
    }
}
