//! A CT room: patients, door, warning lamp, exposures, and the dose rate outside.
//!
//! Door, lamp and exposure are spans of time known to the millisecond, planned a few minutes
//! ahead; the dose rate is counted second by second.

use crate::{
    calendar::{HOUR, hour_of_day, is_weekend, local_day},
    noise::Noise,
};
use std::ops::Range;

/// Ambient dose rate without rain, µSv/h.
const BACKGROUND: f64 = 0.115;
/// Counts a second for each µSv/h, of a plastic scintillator.
const SENSITIVITY: f64 = 150.0;
/// Time constant of the monitor, s.
const MONITOR_LAG: f64 = 4.0;
/// Leakage behind the wall during an exposure, µSv/h: as built, and through a gap.
const LEAKAGE: (f64, f64) = (0.3, 0.8);
const LEAKAGE_GAP: (f64, f64) = (7.5, 9.5);
/// What an open door adds to the leakage where the monitor hangs, which is not beside the door.
const DOOR_FACTOR: f64 = 1.6;
/// Exposures are planned so far ahead, ms.
const AHEAD_MS: i64 = 8 * 60 * 1_000;
/// Spans are kept so long after their end, ms.
const KEEP_MS: i64 = 10_000;
/// The input module shows a pulse for at least so long, ms, that a scan every second sees it.
const PULSE_MS: i64 = 1_500;

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Door,
    Lamp,
    Exposure,
}

/// A span of milliseconds in which something is open or on.
#[derive(Debug, Clone)]
struct Span {
    thing: Thing,
    ms: Range<i64>,
    /// Spans of one group (a lamp and its exposure) are dropped together.
    group: i64,
}

/// A span that a script orders; nothing else happens in the room meanwhile.
const ORDERED: i64 = -1;
/// Rest before and after an ordered span, ms.
const MARGIN_MS: i64 = 4_000;

#[derive(Debug)]
pub(crate) struct Room {
    chance: Noise,
    counts: Noise,
    rain: Noise,
    /// The patient to come, and when.
    patient: i64,
    patient_at: i64,
    spans: Vec<Span>,
    kept_free: Vec<Range<i64>>,
    rate: f64,
    gap: bool,
}

impl Span {
    /// When the input module shows it.
    fn shown(&self) -> Range<i64> {
        self.ms.start..self.ms.end.max(self.ms.start + PULSE_MS)
    }
}

impl Room {
    pub(crate) fn new(seed: u64, second: i64) -> Self {
        let mut room = Self {
            chance: Noise::new(seed, "radiology/patients"),
            counts: Noise::new(seed, "radiology/counts"),
            rain: Noise::new(seed, "radiology/rain"),
            patient: 0,
            patient_at: second + 45,
            spans: Vec::new(),
            kept_free: Vec::new(),
            rate: BACKGROUND,
            gap: false,
        };
        room.plan(second);
        room
    }

    /// One second passes.
    pub(crate) fn step(&mut self, second: i64, gap: bool) {
        self.gap = gap;
        self.plan(second);
        let now_ms = second * 1_000;
        self.spans.retain(|span| span.ms.end + KEEP_MS > now_ms);
        self.kept_free.retain(|free| free.end + KEEP_MS > now_ms);
        let expected = self.true_rate(second) * SENSITIVITY;
        let counted = (expected + expected.sqrt() * self.counts.gauss(second)).max(0.0).round();
        self.rate += (counted / SENSITIVITY - self.rate) / MONITOR_LAG;
    }

    fn true_rate(&self, second: i64) -> f64 {
        let shower = self.rain.wander(second, 2 * HOUR).max(0.6) - 0.6;
        let background = BACKGROUND * (1.0 + 0.6 * shower);
        let now_ms = second * 1_000;
        if !self.is_on(Thing::Exposure, now_ms) {
            return background;
        }
        let (low, high) = if self.gap { LEAKAGE_GAP } else { LEAKAGE };
        let door = if self.is_on(Thing::Door, now_ms) { DOOR_FACTOR } else { 1.0 };
        background + door * self.chance.between(second.div_euclid(20), low, high)
    }

    fn is_on(&self, thing: Thing, at_ms: i64) -> bool {
        self.spans.iter().any(|span| span.thing == thing && span.ms.contains(&at_ms))
    }

    fn shows(&self, thing: Thing, at_ms: i64) -> bool {
        self.spans.iter().any(|span| span.thing == thing && span.shown().contains(&at_ms))
    }

    /// Plans patients until a few minutes from now.
    fn plan(&mut self, second: i64) {
        while self.patient_at * 1_000 < second * 1_000 + AHEAD_MS {
            let patient = self.patient;
            let left_at = self.examine(patient, self.patient_at);
            self.patient_at = left_at + self.pause(patient, left_at);
            self.patient += 1;
        }
    }

    /// Seconds until the next patient: a few minutes in the working day, else a good half hour.
    fn pause(&self, patient: i64, second: i64) -> i64 {
        let hour = hour_of_day(second);
        let at_work = (8.0..12.0).contains(&hour) || (13.5..17.5).contains(&hour);
        match (at_work, is_weekend(local_day(second))) {
            (true, false) => self.chance.whole(patient * 16, 90, 540),
            (true, true) => self.chance.whole(patient * 16, 600, 1_800),
            (false, _) => self.chance.whole(patient * 16, 1_500, 3_300),
        }
    }

    /// One patient: in by the door, one to three series, out by the door. Returns when it is over.
    fn examine(&mut self, patient: i64, second: i64) -> i64 {
        let draw = |nth: i64, low: i64, high: i64| self.chance.whole(patient * 16 + nth, low, high);
        let mut spans = Vec::new();
        let mut at = second * 1_000;
        let mut group = patient * 8;
        let mut door = |at: &mut i64, group: &mut i64, ms: i64| {
            spans.push(Span { thing: Thing::Door, ms: *at..*at + ms, group: *group });
            *at += ms;
            *group += 1;
        };
        door(&mut at, &mut group, draw(1, 6_000, 15_000));
        at += draw(2, 40_000, 90_000);
        let mut series = Vec::new();
        for nth in 0..draw(3, 1, 3) {
            let (lead, on) = (draw(4 + nth, 500, 3_000), draw(7 + nth, 4_000, 15_000));
            let lamp = at..at + lead + on + draw(10 + nth, 1_000, 2_500);
            let exposure = at + lead..at + lead + on;
            series.push(Span { thing: Thing::Exposure, ms: exposure, group });
            at = lamp.end + 12_000;
            series.push(Span { thing: Thing::Lamp, ms: lamp, group });
            group += 1;
        }
        at += draw(13, 15_000, 35_000);
        door(&mut at, &mut group, draw(14, 8_000, 18_000));
        spans.append(&mut series);
        self.add(spans);
        at.div_euclid(1_000) + 1
    }

    /// Adds planned spans, except those that would disturb an ordered one.
    fn add(&mut self, spans: Vec<Span>) {
        self.spans.extend(spans);
        for free in &self.kept_free.clone() {
            self.drop_planned(free, i64::MIN);
        }
    }

    /// Drops what is planned within a span and has not begun.
    fn drop_planned(&mut self, free: &Range<i64>, now_ms: i64) {
        let disturbs = |span: &Span| {
            span.group != ORDERED
                && span.ms.start < free.end
                && free.start < span.ms.end
                && span.ms.start > now_ms
        };
        let groups: Vec<i64> = self.spans.iter().filter(|s| disturbs(s)).map(|s| s.group).collect();
        self.spans.retain(|span| !groups.contains(&span.group));
    }

    fn order(&mut self, thing: Thing, ms: Range<i64>) {
        self.spans.push(Span { thing, ms, group: ORDERED });
    }

    fn keep_free(&mut self, ms: Range<i64>, now_ms: i64) {
        let free = ms.start - MARGIN_MS..ms.end + MARGIN_MS;
        self.drop_planned(&free, now_ms);
        self.kept_free.push(free);
    }

    /// An exposure with the door open around it.
    pub(crate) fn expose_with_door_open(&mut self, ms: Range<i64>, now_ms: i64) {
        self.keep_free(ms.clone(), now_ms);
        self.order(Thing::Door, ms.start - 2_000..ms.end + 2_000);
        self.order(Thing::Lamp, ms.start - 1_500..ms.end + 1_500);
        self.order(Thing::Exposure, ms);
    }

    /// An exposure without the lamp.
    pub(crate) fn expose_with_lamp_off(&mut self, ms: Range<i64>, now_ms: i64) {
        self.keep_free(ms.clone(), now_ms);
        self.order(Thing::Exposure, ms);
    }

    /// Exposures of 18 s every 30 s, each with its lamp.
    pub(crate) fn expose_again_and_again(&mut self, ms: Range<i64>, now_ms: i64) {
        self.keep_free(ms.clone(), now_ms);
        let mut at = ms.start;
        while at + 18_000 <= ms.end {
            self.order(Thing::Lamp, at - 2_000..at + 19_500);
            self.order(Thing::Exposure, at..at + 18_000);
            at += 30_000;
        }
    }

    pub(crate) fn door_open(&self, at_ms: i64) -> bool {
        self.shows(Thing::Door, at_ms)
    }

    pub(crate) fn lamp_on(&self, at_ms: i64) -> bool {
        self.shows(Thing::Lamp, at_ms)
    }

    pub(crate) fn exposing(&self, at_ms: i64) -> bool {
        self.shows(Thing::Exposure, at_ms)
    }

    pub(crate) fn dose_rate(&self) -> f64 {
        self.rate
    }

    /// The next millisecond after `at_ms` at which one of the three changes, as far as is planned.
    pub(crate) fn next_change(&self, at_ms: i64) -> Option<i64> {
        let edges = self.spans.iter().flat_map(|span| [span.shown().start, span.shown().end]);
        edges.filter(|edge| *edge > at_ms).min()
    }
}
