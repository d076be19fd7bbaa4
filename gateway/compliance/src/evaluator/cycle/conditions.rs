//! What must hold while a value is held: its band, the pressure, steam that is saturated, and how
//! far it was from that.

use crate::{HoldCycleRule, SteamSpec, evaluator::hold::Level, expr::t_sat, timeline::Moment};

/// Hotter than any steam: the pressure is none that water boils at.
pub(super) const NO_STEAM_K: f64 = 1e6;

/// Which input of a rule is where in its moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    door: Option<usize>,
    pressure: Option<usize>,
    power: Option<usize>,
    program: Option<usize>,
}

/// What is known of a moment of a cycle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) value: Option<f64>,
    pub(super) pressure: Option<f64>,
    /// Whether the door is open; known to be shut where there is none.
    pub(super) open: Option<bool>,
    /// Whether there is power; known to be there where nobody measures it.
    pub(super) power: Option<bool>,
    /// Whether the program is the one that is judged.
    pub(super) program: Option<bool>,
    /// By how many kelvin it is hotter than saturated steam; [`NO_STEAM_K`] where there is none.
    pub(super) superheat: Option<f64>,
}

impl Slots {
    pub(super) fn new(rule: &HoldCycleRule) -> Self {
        let mut next = 1;
        let mut slot = |is_there: bool| {
            let slot = is_there.then_some(next);
            next += usize::from(is_there);
            slot
        };
        Self {
            door: slot(rule.door.is_some()),
            pressure: slot(rule.pressure.is_some()),
            power: slot(rule.power.is_some()),
            program: slot(rule.program.is_some()),
        }
    }

    pub(super) fn look(&self, moment: Moment, rule: &HoldCycleRule) -> Look {
        let get = |slot: Option<usize>| slot.and_then(|slot| moment.get(slot));
        let (value, pressure) = (moment.main(), get(self.pressure));
        let switch = |slot: Option<usize>, without: bool, on: &dyn Fn(f64) -> bool| match slot {
            None => Some(without),
            Some(slot) => moment.get(slot).map(on),
        };
        let enough = rule.power.as_ref().map_or(0.0, |power| power.above);
        let program = rule.program.as_ref().map(|program| program.limits());
        Look {
            value,
            pressure,
            open: switch(self.door, false, &|door| door != 0.0),
            power: switch(self.power, true, &|power| power > enough),
            program: switch(self.program, true, &|is| program.is_none_or(|want| want.holds(is))),
            superheat: rule.steam.and_then(|steam| Some(steam.superheat(value?, pressure?))),
        }
    }
}

impl SteamSpec {
    /// By how many kelvin steam of this pressure is hotter than saturated.
    fn superheat(self, celsius: f64, pressure: f64) -> f64 {
        let absolute = if self.gauge { pressure + self.atmosphere_kpa } else { pressure };
        t_sat(absolute).map_or(NO_STEAM_K, |saturated| celsius - saturated)
    }
}

impl Look {
    /// The level as it certainly is, and as it may be.
    pub(super) fn levels(&self, rule: &HoldCycleRule) -> (Level, Level) {
        let level = self.value.map(|value| rule.level(value));
        if self.open == Some(true) || self.out_of_band(rule) || self.is_no_steam(rule) {
            return (Level::Down, Level::Down);
        }
        let perhaps = level.unwrap_or(Level::Held);
        let unknown = self.open.is_none()
            || (self.pressure.is_none() && rule.asks_for_pressure())
            || level.is_none();
        (if unknown { Level::Down } else { perhaps }, perhaps)
    }

    /// Whether the pressure is known to be outside its band.
    pub(super) fn out_of_band(&self, rule: &HoldCycleRule) -> bool {
        self.pressure.is_some_and(|pressure| !rule.pressure_limits().holds(pressure))
    }

    /// Whether the steam is known not to be saturated.
    pub(super) fn is_no_steam(&self, rule: &HoldCycleRule) -> bool {
        let tolerance = rule.steam.map_or(f64::INFINITY, |steam| steam.tolerance_k);
        self.superheat.is_some_and(|superheat| superheat.abs() > tolerance)
    }
}

impl HoldCycleRule {
    /// Where a value is, by itself.
    fn level(&self, value: f64) -> Level {
        if !self.limits().high.is_none_or(|high| value <= high) {
            Level::Down
        } else if value >= self.threshold {
            Level::Held
        } else if value >= self.threshold - self.dip_depth {
            Level::Dip
        } else {
            Level::Down
        }
    }

    fn asks_for_pressure(&self) -> bool {
        let limits = self.pressure_limits();
        self.steam.is_some() || limits.low.is_some() || limits.high.is_some()
    }
}
