//! The same stretch of values again: a recording played back instead of a measurement.
//!
//! The differences of the last 32 values, in steps of the resolution, are hashed as they come. Some
//! hashes are landmarks: it depends on the hash alone which, so the same stretch has the same
//! landmarks however it is cut. A landmark that was seen before, and another one, and another one,
//! all as far apart as before: that is a recording. Differences, because whoever plays it back may
//! add a constant.
//!
//! A quiet stretch repeats itself by chance; a window must hold enough movement to be told from
//! others. The memory is 64 landmarks, of a day or more.

use crate::validity::{
    point::{Point, length},
    said::{FindingKind, FindingSaid, text},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Differences in a window.
const WINDOW: usize = 32;
/// At least so many of them are neither zero nor what the one before was.
const MOVES_MIN: u32 = 12;
/// Landmarks that are kept.
const LANDMARKS: usize = 64;
/// Landmarks are about so far apart, ms, so that they last for more than a day.
const SPACING: i64 = 1_800_000;
/// The two distances of a pair of landmarks may differ by so much, ms: a gateway polls its own way.
const SLACK: i64 = 2_000;
/// The odd multiplier of the rolling hash, and what its oldest difference is multiplied with.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// When a stretch of values is a repetition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatedSign {
    /// So many landmarks in a row, as far apart as before.
    pub landmarks: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct RepeatedMemory {
    last: Option<(i64, f64)>,
    window: VecDeque<i32>,
    hash: u64,
    moves: u32,
    /// Mean interval of the values, ms.
    interval: f64,
    /// Hash (its upper half) and time in seconds, oldest first.
    landmarks: VecDeque<(u32, u32)>,
    /// How far back the stretch was seen before, how many landmarks fitted, and since when.
    follows: Option<(i64, u32, i64)>,
    is_told: bool,
}

impl RepeatedMemory {
    /// No window reaches across a gap.
    pub(super) fn interrupt(&mut self) {
        self.last = None;
        self.window.clear();
        self.hash = 0;
        self.moves = 0;
    }

    /// Takes a difference in; whether the window is whole and holds enough movement.
    #[inline]
    fn roll(&mut self, difference: i32) -> bool {
        const OLDEST: u64 = pow(FACTOR, WINDOW as u32);
        let before = self.window.back().copied();
        self.moves += u32::from(before.is_some_and(|b| difference != 0 && b != difference));
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(bits(difference));
        self.window.push_back(difference);
        if self.window.len() <= WINDOW {
            return false;
        }
        let gone = self.window.pop_front().unwrap_or_default();
        self.hash = self.hash.wrapping_sub(OLDEST.wrapping_mul(bits(gone)));
        // The first of a window has none before it, and is no move.
        let next = self.window.front().copied().unwrap_or_default();
        self.moves -= u32::from(next != 0 && next != gone);
        self.moves >= MOVES_MIN
    }

    /// Whether the window's hash is a landmark, at the pace of the values.
    #[inline]
    fn is_landmark(&self) -> bool {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1")]
        let apart = (SPACING as f64 / self.interval.max(1.0)).max(1.0) as u64;
        (self.hash ^ (self.hash >> 29)).wrapping_mul(FACTOR) >> 32 < (1 << 32) / apart
    }
}

impl RepeatedSign {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (!(2..=16).contains(&self.landmarks)).then_some("repeated needs 2 to 16 landmarks")
    }

    pub(super) fn observe(
        &self,
        memory: &mut RepeatedMemory,
        point: &Point,
        (t, value): (i64, f64),
    ) -> Option<FindingSaid> {
        let (before, last) = memory.last.replace((t, value))?;
        let past = (t - before).min(SPACING) as f64;
        let started = memory.interval == 0.0;
        memory.interval =
            if started { past } else { memory.interval + (past - memory.interval) / 256.0 };
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let difference = ((value - last) / point.step * FINE).round() as i32;
        if !memory.roll(difference) || !memory.is_landmark() {
            return None;
        }
        self.landmark(memory, point, t)
    }

    /// A landmark: was it seen before, in the same distance as the ones before it?
    fn landmark(&self, memory: &mut RepeatedMemory, point: &Point, t: i64) -> Option<FindingSaid> {
        let hash = (memory.hash >> 32) as u32;
        let seen = memory.landmarks.iter().rev().find(|(known, _)| *known == hash);
        let back = seen.map(|(_, at)| t - i64::from(*at) * 1_000);
        if memory.landmarks.len() == LANDMARKS {
            memory.landmarks.pop_front();
        }
        let second = u32::try_from(t / 1_000).unwrap_or(u32::MAX);
        memory.landmarks.push_back((hash, second));
        memory.follows = match (back, memory.follows) {
            (None, _) => None,
            (Some(back), Some((was, fitted, since))) if (back - was).abs() <= SLACK => {
                Some((was, fitted + 1, since))
            }
            (Some(back), _) => Some((back, 1, t)),
        };
        let (back, fitted, since) = match memory.follows {
            Some(follows) if follows.1 >= self.landmarks => follows,
            Some(_) => return None,
            None => {
                memory.is_told = false;
                return None;
            }
        };
        if std::mem::replace(&mut memory.is_told, true) {
            return None;
        }
        let (from, to) = (Timestamp::from_millis(since), Timestamp::from_millis(t));
        let (first, ago) = (point.when(from - ms(back)), length(back));
        Some(FindingSaid {
            kind: FindingKind::Repeated,
            from,
            to,
            numbers: vec![
                ("back_secs".into(), back as f64 / 1_000.0),
                ("places".into(), f64::from(fitted)),
            ],
            explanation: text(
                format!(
                    "数值的变化与 {ago} 前（{first} 起）逐个相同，{fitted} 处吻合：可能是重放的记录"
                ),
                format!(
                    "value by value it changes as it did {ago} before, from {first} on, found in {fitted} places: it may be a recording"
                ),
            ),
            confidence: 0.9,
        })
    }
}

/// Differences are told apart to this part of a step, so that a float keeps its digits.
const FINE: f64 = 16.0;

fn ms(millis: i64) -> core::time::Duration {
    core::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A difference as something to hash: zero must weigh as well.
#[inline]
fn bits(difference: i32) -> u64 {
    (u64::from(difference.cast_unsigned()) + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

const fn pow(factor: u64, exponent: u32) -> u64 {
    let (mut power, mut n) = (1_u64, 0);
    while n < exponent {
        power = power.wrapping_mul(factor);
        n += 1;
    }
    power
}
