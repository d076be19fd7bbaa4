//! One cycle of the chamber: preheating, pulses, ramp, hold, exhaust, drying.

use super::{Design, steam};
use crate::{
    facility::{Cause, active::Active},
    noise::Noise,
};

/// Where a cycle is, as its recorder writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle = 0,
    Preheating = 1,
    Pulses = 2,
    Ramp = 3,
    Hold = 4,
    Exhaust = 5,
    Drying = 6,
    LeakTest = 7,
    Aborted = 8,
}

/// What a cycle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Programme {
    /// A load.
    Load,
    /// A test sheet and nothing else.
    BowieDick,
    /// Vacuum that should stay.
    Leak,
}

/// A part of a cycle: towards a pressure (kPa gauge), or towards the hold.
#[derive(Debug, Clone, Copy)]
struct Part {
    phase: Phase,
    secs: i64,
    to: f64,
}

/// Leak test: settling and the test proper, s.
const SETTLING: i64 = 300;
const LEAK_TEST: i64 = 900;
/// What is left of the air after good pulses, kPa.
const GOOD_AIR: f64 = 1.0;
/// The jacket keeps the idle chamber so warm, °C.
const JACKET: f64 = 60.0;
/// Time constants of the chamber's wall, s.
const WALL: f64 = 40.0;
const COOLING: f64 = 900.0;

/// Causes that spoil a cycle.
pub(super) const SPOILERS: &[Cause] = &[
    Cause::ResidualAir,
    Cause::HoldCut,
    Cause::Overshoot,
    Cause::TooCold,
    Cause::MissingPulses,
    Cause::ShallowPulses,
    Cause::WetPack,
    Cause::AbortedUsed,
];

#[derive(Debug)]
pub(super) struct Chamber {
    design: Design,
    ripple: Noise,
    parts: Vec<Part>,
    /// The part that runs, its first second and the pressure and temperature then.
    at: usize,
    since: i64,
    from: (f64, f64),
    pub(super) temperature: f64,
    /// kPa gauge.
    pub(super) pressure: f64,
    pub(super) air: f64,
    pub(super) held: f64,
    hold_at: f64,
    leak: f64,
}

impl Chamber {
    pub(super) fn new(seed: u64, design: Design) -> Self {
        Self {
            ripple: Noise::new(seed, "sterilizer/ripple"),
            parts: Vec::new(),
            at: 0,
            since: 0,
            from: (0.0, JACKET),
            temperature: JACKET,
            pressure: 0.0,
            air: steam::ATMOSPHERE,
            held: 0.0,
            hold_at: design.celsius,
            leak: design.leak,
            design,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.parts.get(self.at).map_or(Phase::Idle, |part| part.phase)
    }

    /// Begins a cycle, as spoilt as the causes will have it.
    pub(super) fn begin(&mut self, second: i64, programme: Programme, active: &Active) {
        let design = self.design;
        let size = |cause| active.size(cause);
        let mut parts = Vec::new();
        let mut push = |phase, secs, to| parts.push(Part { phase, secs, to });
        self.leak = design.leak + size(Cause::ChamberLeak).unwrap_or(0.0);
        if programme == Programme::Leak {
            push(Phase::LeakTest, 240, -95.0);
            push(Phase::LeakTest, SETTLING + LEAK_TEST, f64::NAN);
            push(Phase::Exhaust, 60, 0.0);
        } else {
            push(Phase::Preheating, design.preheating, 0.0);
            let pulses = design.pulses - size(Cause::MissingPulses).map_or(0, |n| n.round() as i64);
            let depth = design.depth + size(Cause::ShallowPulses).unwrap_or(0.0);
            for _ in 0..pulses {
                push(Phase::Pulses, design.pulse.0, depth);
                push(Phase::Pulses, design.pulse.1, design.top);
            }
            push(Phase::Ramp, design.ramp, f64::NAN);
            let bowie_dick = if programme == Programme::BowieDick { 215 } else { design.hold };
            let hold = (bowie_dick as f64 * size(Cause::HoldCut).unwrap_or(1.0)) as i64;
            if size(Cause::AbortedUsed).is_some() {
                push(Phase::Hold, hold / 4, f64::NAN);
                push(Phase::Aborted, 120, 0.0);
            } else {
                push(Phase::Hold, hold, f64::NAN);
                push(Phase::Exhaust, 80, 0.0);
                let dry = design.depth + size(Cause::WetPack).unwrap_or(0.0);
                push(Phase::Drying, 90, dry);
                push(Phase::Drying, design.drying, dry);
                push(Phase::Exhaust, 40, 0.0);
            }
        }
        self.parts = parts;
        self.held = 0.0;
        self.hold_at = design.celsius + size(Cause::Overshoot).unwrap_or(0.0)
            - size(Cause::TooCold).unwrap_or(0.0);
        self.air = size(Cause::ResidualAir).unwrap_or(GOOD_AIR);
        self.enter(0, second);
    }

    /// The cycle stops, and lets the steam out.
    pub(super) fn abort(&mut self, second: i64) {
        self.parts = vec![Part { phase: Phase::Aborted, secs: 120, to: 0.0 }];
        self.enter(0, second);
    }

    fn enter(&mut self, part: usize, second: i64) {
        self.at = part;
        self.since = second;
        self.from = (self.pressure, self.temperature);
    }

    /// One second passes. Returns whether the cycle is over just now.
    pub(super) fn step(&mut self, second: i64) -> bool {
        let Some(part) = self.parts.get(self.at).copied() else {
            self.temperature += (JACKET - self.temperature) / COOLING;
            self.pressure = 0.0;
            return false;
        };
        let elapsed = second - self.since;
        let share = (elapsed as f64 / part.secs as f64).min(1.0);
        match part.phase {
            Phase::Ramp => {
                self.temperature = self.from.1 + (self.hold_at - self.from.1) * share;
                self.under_steam();
            }
            Phase::Hold => {
                self.temperature = self.hold_at + 0.25 * self.ripple.wander(second, 25);
                self.held += 1.0;
                self.under_steam();
            }
            Phase::LeakTest if part.to.is_nan() => self.pressure += self.leak / 60.0,
            _ => {
                self.pressure = self.from.0 + (part.to - self.from.0) * share;
                self.wall(part.phase);
            }
        }
        if elapsed >= part.secs {
            self.enter(self.at + 1, second);
            if self.at == self.parts.len() {
                self.parts.clear();
                return true;
            }
        }
        false
    }

    /// Steam and what is left of the air press together; a probe in a pocket of air is colder.
    fn under_steam(&mut self) {
        self.pressure = steam::pressure(self.temperature) + self.air - steam::ATMOSPHERE;
    }

    fn wall(&mut self, phase: Phase) {
        let wet = steam::rough_celsius(self.pressure + steam::ATMOSPHERE);
        let aim = match phase {
            Phase::Preheating => 95.0,
            Phase::Pulses => wet.max(55.0),
            Phase::Drying => 90.0,
            _ => wet.min(105.0),
        };
        let time = if phase == Phase::Pulses { WALL / 2.0 } else { 3.0 * WALL };
        self.temperature += (aim - self.temperature) / time;
    }
}
