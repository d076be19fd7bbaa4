//! An infrared disinfection cabinet: load, heat, hold, cool, unload.
//!
//! One heater and one thermal mass: 25 to 125 °C in about 13 minutes, and in the hold the
//! thermostat keeps 128 to 132 °C with the heater on about two fifths of the time.

use crate::{
    calendar::{DAY, HOUR, at_local, local_day},
    noise::Noise,
};

const MINUTE: i64 = 60;
/// Room temperature, °C.
const AMBIENT: f64 = 25.0;
/// Time constant of the chamber, s: door closed, and door open.
const CLOSED: f64 = 1_500.0;
const OPEN: f64 = 70.0;
/// How far above the room the heater alone would get, K.
const HEATER_RISE: f64 = 247.0;
/// Heater power, W, and what the electronics take.
const HEATER_POWER: f64 = 1_250.0;
const STANDBY_POWER: f64 = 4.0;
/// Thermostat band, °C, as made and worn out.
const BAND: (f64, f64) = (128.0, 132.0);
const BAND_WEAK: (f64, f64) = (112.0, 116.0);
/// The hold begins here, °C, or when heating has taken too long, s.
const HOLD_FROM: f64 = 128.5;
const HEATING_MAX: i64 = 22 * MINUTE;
/// The cups are cool enough to take out, °C.
const COOL: f64 = 60.0;
/// When in the hold an impatient person opens the door, and for how long, s.
const EARLY_AFTER: i64 = 8 * MINUTE;
const EARLY_FOR: i64 = 40;
/// Cycles of a cabinet used around noon: how many, the first, and their distance.
const NOON_CYCLES: i64 = 4;
const NOON_FIRST: i64 = 11 * HOUR;
const NOON_DISTANCE: i64 = 82 * MINUTE;
/// Distance of the cycles of a cabinet used around the clock.
const ROUND_DISTANCE: i64 = 2 * HOUR;

/// When a cabinet is used.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    /// Several cycles between 11 and 16 h.
    Noon,
    /// Every two hours, counted from a second.
    Round(i64),
}

/// How a cycle is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    WeakHeater,
    DoorOpenedEarly,
}

/// A spoilt cycle, in seconds; no end while it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpoiltCycle {
    pub(crate) from: i64,
    pub(crate) to: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Loading { until: i64 },
    Heating { since: i64 },
    Holding { since: i64 },
    Cooling,
    Unloading { until: i64 },
}

#[derive(Debug)]
pub(crate) struct Cabinet {
    usage: Use,
    chance: Noise,
    reading: Noise,
    phase: Phase,
    next_start: i64,
    temperature: f64,
    heater_on: bool,
    ordered: Option<Spoil>,
    spoil: Option<Spoil>,
    spoilt: Option<SpoiltCycle>,
}

impl Cabinet {
    pub(crate) fn new(seed: u64, name: &str, usage: Use, second: i64) -> Self {
        let mut cabinet = Self {
            usage,
            chance: Noise::new(seed, &format!("{name}/cycles")),
            reading: Noise::new(seed, &format!("{name}/reading")),
            phase: Phase::Idle,
            next_start: i64::MIN,
            temperature: AMBIENT,
            heater_on: false,
            ordered: None,
            spoil: None,
            spoilt: None,
        };
        // The hours before the simulation run unseen, so that it may begin within a cycle.
        let before = second - 3 * HOUR;
        cabinet.next_start = cabinet.start_after(before);
        for earlier in before..second {
            cabinet.step(earlier);
        }
        cabinet
    }

    /// Spoils the next cycle.
    pub(crate) fn order(&mut self, spoil: Spoil) {
        self.ordered = Some(spoil);
        self.spoilt = None;
    }

    /// The cycle that was spoilt last.
    pub(crate) fn spoilt(&self) -> Option<SpoiltCycle> {
        self.spoilt
    }

    /// One second passes.
    pub(crate) fn step(&mut self, second: i64) {
        self.turn(second);
        let in_use = matches!(self.phase, Phase::Heating { .. } | Phase::Holding { .. });
        let (low, high) = if self.spoil == Some(Spoil::WeakHeater) { BAND_WEAK } else { BAND };
        self.heater_on =
            in_use && (self.temperature < low || (self.heater_on && self.temperature < high));
        let rest = if self.heater_on { AMBIENT + HEATER_RISE } else { AMBIENT };
        // An open door empties the chamber of its hot air whatever the heater does.
        let change = if self.door_open(second) {
            (AMBIENT - self.temperature) / OPEN
        } else {
            (rest - self.temperature) / CLOSED
        };
        self.temperature += change;
    }

    /// The phase of this second.
    fn turn(&mut self, second: i64) {
        self.phase = match self.phase {
            Phase::Idle if second >= self.next_start => {
                self.begin(second);
                Phase::Loading { until: second + self.chance.whole(second, 50, 80) }
            }
            Phase::Loading { until } if second >= until => Phase::Heating { since: second },
            Phase::Heating { since }
                if self.temperature >= HOLD_FROM || second >= since + HEATING_MAX =>
            {
                Phase::Holding { since: second }
            }
            Phase::Holding { since } if second >= since + self.hold(since) => Phase::Cooling,
            Phase::Cooling if self.temperature <= COOL => {
                Phase::Unloading { until: second + self.chance.whole(second, 60, 110) }
            }
            Phase::Unloading { until } if second >= until => {
                self.end(second);
                Phase::Idle
            }
            phase => phase,
        };
    }

    fn begin(&mut self, second: i64) {
        self.next_start = self.start_after(second);
        self.spoil = self.ordered.take();
        if self.spoil.is_some() {
            self.spoilt = Some(SpoiltCycle { from: second, to: None });
        }
    }

    fn end(&mut self, second: i64) {
        if self.spoil.take().is_some()
            && let Some(spoilt) = &mut self.spoilt
        {
            spoilt.to = Some(second);
        }
    }

    /// 18 to 20 minutes.
    fn hold(&self, since: i64) -> i64 {
        self.chance.whole(since, 18 * MINUTE, 20 * MINUTE)
    }

    /// The first planned start after a second.
    fn start_after(&self, second: i64) -> i64 {
        match self.usage {
            Use::Round(anchor) => {
                anchor + ((second - anchor).div_euclid(ROUND_DISTANCE) + 1) * ROUND_DISTANCE
            }
            Use::Noon => {
                let today = local_day(second);
                (today * NOON_CYCLES..(today + 2) * NOON_CYCLES)
                    .map(|cycle| self.noon_start(cycle))
                    .find(|start| *start > second)
                    .unwrap_or(second + DAY)
            }
        }
    }

    fn noon_start(&self, cycle: i64) -> i64 {
        let nth = cycle.rem_euclid(NOON_CYCLES);
        let jitter = self.chance.whole(cycle, 0, 8 * MINUTE);
        at_local(cycle.div_euclid(NOON_CYCLES), NOON_FIRST + nth * NOON_DISTANCE + jitter)
    }

    /// Whether the door is open in a second.
    pub(crate) fn door_open(&self, second: i64) -> bool {
        match self.phase {
            Phase::Loading { .. } | Phase::Unloading { .. } => true,
            Phase::Holding { since } => {
                self.spoil == Some(Spoil::DoorOpenedEarly)
                    && (since + EARLY_AFTER..since + EARLY_AFTER + EARLY_FOR).contains(&second)
            }
            _ => false,
        }
    }

    pub(crate) fn temperature(&self, second: i64) -> f64 {
        self.temperature + 0.15 * self.reading.gauss(second * 2)
    }

    pub(crate) fn power(&self, second: i64) -> f64 {
        if self.heater_on {
            HEATER_POWER * (1.0 + 0.005 * self.reading.gauss(second * 2 + 1))
        } else {
            STANDBY_POWER
        }
    }
}
