//! A probe in a bottle or in a cup of tap water: the level has no course any more, neither of the
//! hours nor of the day, and where there is a temperature beside it, it is that of a room.
//!
//! A pool at night is as quiet, so a stretch is compared with every other stretch of its length in
//! the two days before: it must be far quieter than each of them.

use super::hours::{Hour, Hours, is_whole, span};
use crate::validity::{
    point::Point,
    said::{FindingKind, FindingSaid, text},
};
use serde::Deserialize;
use weir_domain::Timestamp;

/// Stretches looked at, hours: a part of the day, and a whole one.
const STRETCHES: [usize; 2] = [6, 24];
/// Hours before the stretch that must be known: with a night like this one.
const REFERENCE_MIN: [usize; 2] = [36, 24];
/// It is far quieter than the quietest stretch before it by this factor.
const QUIETER: f32 = 8.0;
/// A part of a day must also begin with a step: away from each of the hours before it by this share
/// of the level, or five steps of the resolution.
const STEP_SHARE: f32 = 0.05;
const STEP_HOURS: usize = 2;
/// A room is so warm, °C, and keeps its temperature within so many K.
const ROOM: (f32, f32) = (12.0, 30.0);
const ROOM_SPAN: f32 = 4.0;

/// When a probe may be in a bottle.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BottleSign {
    /// The hourly means stay within so many steps of the resolution,
    pub steps: f64,
    /// or within this share of the level, whichever is more.
    pub share: f64,
}

impl BottleSign {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_sound = self.steps > 0.0 && (0.0..1.0).contains(&self.share);
        (!is_sound).then_some("bottle needs steps above 0 and a share below 1")
    }

    pub(super) fn judge(
        &self,
        hours: &Hours,
        is_told: &mut bool,
        point: &Point,
        t: i64,
    ) -> Option<FindingSaid> {
        let past: Vec<&Hour> = hours.past().iter().collect();
        let found = STRETCHES.iter().find_map(|length| self.stretch(&past, *length, point));
        let Some((recent, moved, before)) = found else {
            *is_told = false;
            return None;
        };
        if std::mem::replace(is_told, true) {
            return None;
        }
        let (first, length) = (recent.first()?, recent.len());
        let mean = recent.iter().map(|hour| f64::from(hour.mean)).sum::<f64>() / length as f64;
        let warmth: Vec<f32> = recent.iter().filter_map(|hour| hour.temperature).collect();
        let mut numbers = vec![
            ("level".into(), mean),
            ("moved".into(), f64::from(moved)),
            ("moved_before".into(), f64::from(before)),
        ];
        let (mut zh, mut en, mut confidence) = (String::new(), String::new(), 0.5);
        if !warmth.is_empty() {
            let celsius = f64::from(warmth.iter().sum::<f32>()) / warmth.len() as f64;
            numbers.push(("celsius".into(), celsius));
            zh = format!("，温度约 {celsius:.1} °C，接近室温");
            en = format!(", at {celsius:.1} °C, as warm as a room");
            confidence = 0.7;
        }
        let (level, moved) = (point.number(mean), point.difference(f64::from(moved)));
        let usual = point.difference(f64::from(before));
        Some(FindingSaid {
            kind: FindingKind::Bottle,
            from: Timestamp::from_millis(first.number * 3_600_000),
            to: Timestamp::from_millis(t),
            numbers,
            explanation: text(
                format!(
                    "{length} h 内小时均值停在 {level}，只变化 {moved}，此前同样长的时段至少变化 {usual}{zh}；探头可能被放入瓶中或自来水中"
                ),
                format!(
                    "for {length} h the hourly means stay at {level} within {moved}, before they moved by {usual} at least{en}; the probe may be in a bottle or in tap water"
                ),
            ),
            confidence,
        })
    }

    /// The last hours, how far they moved, and how far any before them moved at least.
    fn stretch<'h>(
        &self,
        past: &'h [&'h Hour],
        length: usize,
        point: &Point,
    ) -> Option<(&'h [&'h Hour], f32, f32)> {
        let known = if length < 24 { REFERENCE_MIN[0] } else { REFERENCE_MIN[1] };
        let split = past.len().checked_sub(length).filter(|before| *before >= known)?;
        let (reference, recent) = past.split_at(split);
        let moved = |hours: &[&Hour]| span(hours.iter().map(|hour| hour.mean));
        let level = f64::from(recent.first()?.mean).abs();
        let allowed = (self.steps * point.step).max(self.share * level);
        let now = moved(recent);
        let stretches = reference.windows(length).filter(|hours| is_whole(hours.iter().copied()));
        let quietest = stretches.map(moved).fold(f32::INFINITY, f32::min);
        let warmth = || recent.iter().filter_map(|hour| hour.temperature);
        let is_room = warmth().all(|celsius| (ROOM.0..=ROOM.1).contains(&celsius))
            && span(warmth()) <= ROOM_SPAN;
        let floor = (point.step * 0.1) as f32;
        // The hour in which it was moved is between.
        let before = &reference[reference.len() - STEP_HOURS - 1..reference.len() - 1];
        let far = (STEP_SHARE * level as f32).max(5.0 * point.step as f32);
        let has_begun =
            length >= 24 || before.iter().all(|hour| (hour.mean - recent[0].mean).abs() > far);
        // What does not move at all is stuck, which is another sign.
        let is_alive = recent.last().is_some_and(|hour| hour.noise > 0.0);
        let is_bottle = has_begun
            && is_alive
            && f64::from(now) <= allowed
            && quietest.is_finite()
            && quietest > QUIETER * now.max(floor)
            && is_room
            && is_whole(recent.iter().copied());
        is_bottle.then_some((recent, now, quietest))
    }
}
