//! One value far from those before it: held until the next one confirms or refutes it.
//!
//! A process moves, so a value that the next one stands by is true, however far it jumped; one that
//! nothing stands by is a disturbance of the measurement. While it is held the rules do not see it;
//! it reaches them a sample later, in its order. So the check is only for points that are sampled
//! at least once a minute: rules wait a minute for what is late, and no longer.

use super::point::Point;
use super::said::text;
use serde::{Deserialize, Serialize};
use weir_domain::{Sample, Text, Timestamp};

/// The check is only for points sampled at least this often, and no value is held longer, ms.
pub(super) const HOLD_MAX: i64 = 60_000;
/// Values whose median is the level.
const WINDOW: usize = 5;
/// Values that must have been seen before one is doubted.
const LEARN: u16 = 20;
/// A change that the noise seen so far makes likely is no spike: so many times its mean.
const NOISE: f64 = 8.0;
/// Over how many values more noise is learnt, and less: what stands still for an hour has not lost
/// its noise.
const LOUDER: f64 = 64.0;
const QUIETER: f64 = 4_096.0;

/// How far off a value must be to be held.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikeCheck {
    /// Times the median absolute deviation of the last five values.
    pub mad: f64,
    /// And at least so many steps of the instrument's resolution.
    pub least: f64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct SpikeMemory {
    last: [f64; WINDOW],
    filled: u8,
    next: u8,
    seen: u16,
    /// Mean change from one value to the next.
    pub(super) noise: f64,
    newest: Option<i64>,
    /// The value that waits, and when it is let go.
    pub(super) held: Option<(Sample, Timestamp)>,
}

/// What became of a value that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The next one stands by it.
    Confirmed,
    /// The next one does not.
    Refuted,
    /// No other good value came in time.
    Alone,
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It passes.
    Pass,
    /// It is to be held.
    Hold,
}

impl SpikeCheck {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (!(self.mad > 0.0 && self.least >= 0.0)).then_some("spike needs mad above 0")
    }

    #[inline]
    pub(super) fn judge(
        &self,
        memory: &mut SpikeMemory,
        point: &Point,
        t: i64,
        value: f64,
    ) -> Step {
        let is_dense = memory.newest.is_some_and(|newest| t - newest <= HOLD_MAX);
        if is_dense && usize::from(memory.filled) == WINDOW && memory.seen >= LEARN {
            let level = median(memory.last);
            let off = (value - level).abs();
            let floor = (self.least * point.step).max(NOISE * memory.noise);
            if off > floor && off > self.mad * median(memory.last.map(|v| (v - level).abs())) {
                return Step::Hold;
            }
        }
        memory.accept(t, value);
        Step::Pass
    }
}

impl SpikeMemory {
    /// The level that the process has had.
    pub(super) fn level(&self) -> Option<f64> {
        (usize::from(self.filled) == WINDOW).then(|| median(self.last))
    }

    /// Whether the next value stands by the one that is held.
    pub(super) fn confirms(&self, held: f64, next: f64) -> bool {
        let level = self.level().unwrap_or(held);
        (next - held).abs() < (next - level).abs()
    }

    /// A value was refuted: should that happen often, it is the noise that has grown.
    pub(super) fn learn_refuted(&mut self) {
        self.noise += (NOISE - 1.0) * self.noise / LOUDER;
    }

    /// The process is where the confirmed value says.
    pub(super) fn begin_again(&mut self, t: i64, value: f64) {
        self.filled = 0;
        self.next = 0;
        self.newest = None;
        self.accept(t, value);
    }

    /// There is no telling what it did: nothing is compared across a gap.
    pub(super) fn forget(&mut self) {
        self.filled = 0;
        self.next = 0;
        self.newest = None;
    }

    #[inline]
    fn accept(&mut self, t: i64, value: f64) {
        let before = (usize::from(self.next) + WINDOW - 1) % WINDOW;
        if self.filled > 0 {
            let change = (value - self.last[before]).abs();
            let memory = if change < self.noise { QUIETER } else { LOUDER };
            let weight = memory.min(f64::from(self.seen) + 1.0);
            // One jump must not hide the next: it counts for no more than the noise allows.
            let known = if self.seen < LEARN { change } else { change.min(NOISE * self.noise) };
            // A still instrument learns from nothing, so that it can learn to move.
            let known = if self.noise == 0.0 { change / NOISE } else { known };
            self.noise += (known - self.noise) / weight;
            self.seen = self.seen.saturating_add(1);
        }
        self.last[usize::from(self.next)] = value;
        self.next = (self.next + 1) % WINDOW as u8;
        self.filled = (self.filled + 1).min(WINDOW as u8);
        self.newest = Some(t);
    }

    /// Why a value is suspect.
    pub(super) fn words(&self, point: &Point, value: f64, fate: Fate) -> Text {
        let number = point.number(value);
        let level = self.level().map(|level| point.number(level)).unwrap_or_default();
        if fate == Fate::Refuted {
            text(
                format!("{number} 远离前后数值（约 {level}），下一个值未予证实"),
                format!(
                    "{number}, far from the values around it (about {level}); the next one does not stand by it"
                ),
            )
        } else {
            text(
                format!("{number} 远离此前数值（约 {level}），其后没有数据证实"),
                format!(
                    "{number}, far from the values before it (about {level}); nothing came to confirm it"
                ),
            )
        }
    }
}

/// The median of five.
#[inline]
fn median([a, b, c, d, e]: [f64; WINDOW]) -> f64 {
    let f = a.min(b).max(c.min(d));
    let g = a.max(b).min(c.max(d));
    f.min(g).max(e.min(f.max(g)))
}
