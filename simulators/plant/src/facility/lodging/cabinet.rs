//! A cabinet: load, heat, hold, cool, unload. One heater and one thermal mass.

use super::Oven;
use crate::{
    facility::{Cause, active::Active},
    noise::Noise,
};

/// Seconds of a step.
const STEP: f64 = 5.0;
const MINUTE: i64 = 60;
/// Room temperature, °C.
const AMBIENT: f64 = 25.0;
/// The hold begins when heating has taken so long, whatever the temperature, s.
const HEATING_MAX: i64 = 26 * MINUTE;
/// The cups are cool enough to take out, °C.
const COOL: f64 = 60.0;
/// An empty chamber is so much lighter.
const EMPTY: f64 = 0.68;
/// A cabinet keeps this much power for its electronics, W.
const STANDBY: f64 = 4.0;
/// When in the hold an impatient person opens the door, as a share of it, and for how long, s.
const EARLY_AFTER: f64 = 0.4;
const EARLY_FOR: i64 = 45;
/// What the plateau of a healthy cabinet is called, °C: a weak one stays that much below.
const NOMINAL: (f64, f64) = (125.0, 100.0);

const SPOILERS: &[Cause] =
    &[Cause::WeakHeater, Cause::ShortHold, Cause::EarlyDoor, Cause::EmptyRun];

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
pub(super) struct Cabinet {
    oven: Oven,
    chance: Noise,
    phase: Phase,
    pub(super) temperature: f64,
    heater_on: bool,
    band: (f64, f64),
    hold: i64,
    pub(super) load: i64,
    pub(super) since: i64,
    /// Which causes spoil the cycle that runs.
    pub(super) spoilt: Vec<Cause>,
}

impl Cabinet {
    pub(super) fn new(seed: u64, nth: usize, oven: Oven) -> Self {
        Self {
            oven,
            chance: Noise::new(seed, &format!("lodging/cabinet-{nth}")),
            phase: Phase::Idle,
            temperature: AMBIENT,
            heater_on: false,
            band: oven.band,
            hold: oven.hold,
            load: 0,
            since: 0,
            spoilt: Vec::new(),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// Cups are put in, and the cycle begins, as spoilt as the causes will have it.
    pub(super) fn begin(&mut self, second: i64, cups: i64, active: &Active) {
        self.spoilt = SPOILERS.iter().copied().filter(|cause| active.on(*cause)).collect();
        let weak = active.size(Cause::WeakHeater).map(|below| {
            let nominal = if self.oven.steam { NOMINAL.1 } else { NOMINAL.0 };
            let below = if self.oven.steam { below * 0.4 } else { below };
            (nominal - below - 2.0, nominal - below)
        });
        self.band = weak.unwrap_or(self.oven.band);
        let share = active.size(Cause::ShortHold).unwrap_or(1.0);
        self.hold = (self.oven.hold as f64 * share) as i64;
        self.load = cups;
        self.since = second;
        self.phase = Phase::Loading { until: second + self.chance.whole(second, 50, 90) };
    }

    /// One step passes. Returns whether a cycle is over just now.
    pub(super) fn step(&mut self, second: i64, power: bool) -> bool {
        let over = self.turn(second);
        if !power && matches!(self.phase, Phase::Heating { .. } | Phase::Holding { .. }) {
            // It begins its hold again when the power is back.
            self.phase = Phase::Heating { since: second };
        }
        let in_use = matches!(self.phase, Phase::Heating { .. } | Phase::Holding { .. });
        let (low, high) = self.band;
        self.heater_on = power
            && in_use
            && (self.temperature < low || (self.heater_on && self.temperature < high));
        let mass = if self.spoilt.contains(&Cause::EmptyRun) { EMPTY } else { 1.0 };
        let rest = if self.heater_on { AMBIENT + self.oven.rise } else { AMBIENT };
        // An open door empties the chamber of its hot air whatever the heater does.
        self.temperature += if self.door_open(second) {
            (AMBIENT - self.temperature) * STEP / self.oven.open
        } else {
            (rest - self.temperature) * STEP / (self.oven.closed * mass)
        };
        if self.oven.steam {
            // Water boils; more heat makes more steam.
            self.temperature = self.temperature.min(high);
        }
        over
    }

    fn turn(&mut self, second: i64) -> bool {
        let mut over = false;
        self.phase = match self.phase {
            Phase::Loading { until } if second >= until => Phase::Heating { since: second },
            Phase::Heating { since }
                if self.temperature >= self.oven.band.0 || second >= since + HEATING_MAX =>
            {
                Phase::Holding { since: second }
            }
            Phase::Holding { since } if second >= since + self.hold => Phase::Cooling,
            Phase::Cooling if self.temperature <= COOL => {
                Phase::Unloading { until: second + self.chance.whole(-second, 60, 120) }
            }
            Phase::Unloading { until } if second >= until => {
                over = true;
                Phase::Idle
            }
            phase => phase,
        };
        over
    }

    /// Whether the door is open.
    pub(super) fn door_open(&self, second: i64) -> bool {
        match self.phase {
            Phase::Loading { .. } | Phase::Unloading { .. } => true,
            Phase::Holding { since } => {
                let early = since + (self.hold as f64 * EARLY_AFTER) as i64;
                self.spoilt.contains(&Cause::EarlyDoor)
                    && (early..early + EARLY_FOR).contains(&second)
            }
            _ => false,
        }
    }

    pub(super) fn power(&self) -> f64 {
        if self.heater_on { self.oven.power } else { STANDBY }
    }
}
