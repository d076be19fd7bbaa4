//! Each cycle holds a value for a time: a disinfection cabinet at 125 °C for a quarter of an hour,
//! a sterilizer at 134 °C in saturated steam for four minutes.
//!
//! What data do not show is judged twice: once as if nothing was held while they were missing, and
//! once as if everything was. A cycle is compliant if the first is enough, non-compliant if even
//! the second is not, and indeterminate between. The same holds for what a cycle needs besides:
//! evacuations before it, and power.
//!
//! While the load comes to the temperature of the chamber (the **equilibration**) neither the band
//! nor the steam is looked at, and the time does not count.

mod conditions;
mod explain;
mod plateau;
mod pulses;

use crate::{
    HoldCycleRule, Judgement, Passed, Standing,
    evaluator::{
        explain::text,
        hold::{Hold, Level},
    },
    timeline::{Moment, Momentary},
    wording,
};
use conditions::{Look, Slots};
use jiff::tz::TimeZone;
use plateau::{Plateau, farther};
use pulses::{Counted, Pulses};
use serde::{Deserialize, Serialize};
use weir_domain::{Timestamp, Verdict};

/// Judges cycles.
#[derive(Debug, Clone)]
pub(crate) struct HoldCycle {
    settings: Box<HoldCycleRule>,
    slots: Slots,
    time_zone: TimeZone,
    state: CycleState,
}

/// All that a [`HoldCycle`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CycleState {
    at: Timestamp,
    moment: Moment,
    /// Since when the value is missing.
    missing: Option<Timestamp>,
    pulses: Pulses,
    cycle: Option<Box<Cycle>>,
    standing: Standing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cycle {
    from: Timestamp,
    highest: Option<f64>,
    /// Milliseconds of good data.
    good: u64,
    /// When the threshold was reached, and when it may have been.
    reached: Option<Timestamp>,
    perhaps_reached: Option<Timestamp>,
    /// What was certainly held.
    surely: Hold,
    /// What may have been held.
    perhaps: Hold,
    plateau: Plateau,
    /// The evacuations before the threshold was first reached.
    pulses: Option<Counted>,
    power: Seen,
    /// Whether it is the program that is judged, by the first that is known of it.
    program: Option<bool>,
    faults: Faults,
}

/// What was seen of a switch during a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    yes: bool,
    unknown: bool,
}

/// Why the value was not held although it was high enough, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    over: u64,
    pressure: u64,
    steam: u64,
    open: u64,
    /// The greatest distance from saturated steam while it was too great.
    superheat: Option<f64>,
}

impl Seen {
    fn look(&mut self, state: Option<bool>) {
        match state {
            Some(true) => self.yes = true,
            Some(false) => {}
            None => self.unknown = true,
        }
    }
}

impl HoldCycle {
    pub(crate) fn new(settings: HoldCycleRule, time_zone: TimeZone, start: Timestamp) -> Self {
        let standing = Standing {
            verdict: None,
            since: None,
            value: None,
            note: text("尚无消毒周期", "no cycle has been seen yet"),
            early: None,
        };
        // A cycle may have begun before anybody looked, and have held for all that was needed.
        let missing = Some(start - settings.hold);
        let (moment, pulses) = (Moment::default(), Pulses::new(start));
        let state = CycleState { at: start, moment, missing, pulses, cycle: None, standing };
        Self { slots: Slots::new(&settings), settings: Box::new(settings), time_zone, state }
    }

    fn look(&self) -> Look {
        self.slots.look(self.state.moment, &self.settings)
    }

    /// The level as it certainly is at `at`, and as it may be.
    fn levels(&self, cycle: &Cycle, at: Timestamp, look: &Look) -> (Level, Level) {
        let (surely, perhaps) = look.levels(&self.settings);
        let equal = |reached: Option<Timestamp>| {
            self.settings.equilibration.is_zero()
                || reached.is_some_and(|reached| reached + self.settings.equilibration <= at)
        };
        let when = |equal: bool, level: Level| if equal { level } else { Level::Down };
        (when(equal(cycle.reached), surely), when(equal(cycle.perhaps_reached), perhaps))
    }

    /// Lets the time pass until `t` with the inputs as they are.
    fn pass(&mut self, t: Timestamp) {
        let length = wording::millis(t.since(self.state.at));
        let at = self.state.at.max(t);
        let look = self.look();
        self.state.at = at;
        let Some(cycle) = self.state.cycle.as_mut().filter(|_| length > 0) else { return };
        if let Some(value) = look.value {
            cycle.good += length;
            cycle.highest = Some(cycle.highest.map_or(value, |highest| highest.max(value)));
            if value >= self.settings.threshold {
                cycle.faults.add(length, value, &look, &self.settings);
            }
        }
        cycle.power.look(look.power);
        cycle.program = cycle.program.or(look.program);
        let mut after = cycle.surely;
        after.step(at, cycle.surely.level(), self.settings.dip_time);
        cycle.plateau.pass(at, &look, &cycle.surely, &after);
    }

    fn begin(&mut self, look: &Look) {
        let at = self.state.at;
        // It may have begun, and held, while nobody could see it.
        let hidden = self.state.missing;
        let perhaps =
            hidden.map_or(Hold::new(at, Level::Down), |from| Hold::new(from, Level::Held));
        let mut cycle = Cycle {
            from: at,
            highest: None,
            good: 0,
            reached: None,
            perhaps_reached: None,
            surely: Hold::new(at, Level::Down),
            perhaps,
            plateau: Plateau::default(),
            pulses: None,
            power: Seen::default(),
            program: None,
            faults: Faults::default(),
        };
        self.go_on(&mut cycle, look);
        self.state.cycle = Some(Box::new(cycle));
    }

    /// Takes up what the inputs are from now on.
    fn go_on(&self, cycle: &mut Cycle, look: &Look) {
        let (at, settings) = (self.state.at, &self.settings);
        let long_ago = at - settings.equilibration;
        match look.value {
            None => {
                cycle.reached = None;
                cycle.perhaps_reached.get_or_insert(long_ago);
            }
            Some(value) if value >= settings.threshold => {
                let hidden = self.state.missing.map(|_| long_ago);
                cycle.reached.get_or_insert(at);
                cycle.perhaps_reached.get_or_insert(hidden.unwrap_or(at));
                if let Some(spec) = settings.pulses {
                    cycle.pulses.get_or_insert(self.state.pulses.counted(at, spec.within));
                }
            }
            Some(value) if value < settings.threshold - settings.dip_depth => {
                (cycle.reached, cycle.perhaps_reached) = (None, None);
            }
            Some(_) => {}
        }
        let (surely, perhaps) = self.levels(cycle, at, look);
        cycle.surely.step(at, surely, settings.dip_time);
        cycle.perhaps.step(at, perhaps, settings.dip_time);
    }

    /// Ends the cycle at `to`; one whose end nobody saw cannot have failed.
    fn end(&mut self, to: Timestamp, seen: bool, out: &mut Vec<Judgement>) {
        self.state.pulses.clear();
        let Some(cycle) = self.state.cycle.take().filter(|cycle| to > cycle.from) else { return };
        // The cycle of another program is none of this rule's business.
        if cycle.program == Some(false) {
            return;
        }
        let verdict = self.verdict(&cycle, seen);
        let passed = Passed {
            verdict,
            from: cycle.from,
            to,
            value: cycle.highest,
            coverage: wording::share(cycle.good, to.since(cycle.from)),
            explanation: self.explain(&cycle, to, verdict),
        };
        if self.state.standing.verdict != Some(verdict) {
            self.state.standing = Standing {
                verdict: Some(verdict),
                since: Some(cycle.from),
                value: passed.value,
                note: passed.explanation.clone(),
                early: None,
            };
            out.push(Judgement::Standing(self.state.standing.clone()));
        }
        out.push(Judgement::Verdict(passed));
    }

    fn verdict(&self, cycle: &Cycle, seen: bool) -> Verdict {
        let settings = &self.settings;
        let held = cycle.surely.longest() >= settings.hold;
        let not_held = seen && cycle.perhaps.longest() < settings.hold;
        let powered = cycle.power.yes;
        let not_powered = seen && !cycle.power.yes && !cycle.power.unknown;
        let (pulsed, not_pulsed) = match (settings.pulses, cycle.pulses) {
            (Some(spec), Some(counted)) => {
                let enough = counted.pulses >= spec.at_least;
                (enough, !enough && !counted.unsure)
            }
            (Some(_), None) => (false, false),
            (None, _) => (true, false),
        };
        let surely = held && powered && pulsed;
        let surely_not = not_held || not_powered || not_pulsed;
        match (surely, surely_not && cycle.program == Some(true)) {
            (true, _) if cycle.program == Some(true) => Verdict::Compliant,
            (_, true) => Verdict::NonCompliant,
            _ => Verdict::Indeterminate,
        }
    }

    /// When the value has been missing for so long that the cycle is lost.
    fn lost_at(&self) -> Option<Timestamp> {
        let missing = self.state.missing.filter(|_| self.state.cycle.is_some());
        missing.map(|missing| missing + self.settings.hold)
    }

    /// When the equilibration ends.
    fn equal_at(&self) -> Option<Timestamp> {
        let cycle = self.state.cycle.as_ref()?;
        let reached = [cycle.reached, cycle.perhaps_reached].into_iter().flatten();
        let ends = reached.map(|reached| reached + self.settings.equilibration);
        ends.filter(|end| *end > self.state.at).min()
    }

    fn enter(&mut self, out: &mut Vec<Judgement>) {
        let look = self.look();
        if let Some(spec) = self.settings.pulses {
            let at = self.state.at;
            self.state.pulses.enter(at, look.pressure, spec);
            if look.open == Some(true) {
                self.state.pulses.clear();
            }
        }
        if let Some(mut cycle) = self.state.cycle.take() {
            self.go_on(&mut cycle, &look);
            self.state.cycle = Some(cycle);
            if look.value.is_some_and(|value| value < self.settings.ends_below) {
                self.end(self.state.at, true, out);
            }
        } else if look.value.is_some_and(|value| value > self.settings.starts_above) {
            self.begin(&look);
        }
        self.state.missing = match look.value {
            Some(_) => None,
            None => self.state.missing.or(Some(self.state.at)),
        };
    }
}

impl Faults {
    fn add(&mut self, length: u64, value: f64, look: &Look, rule: &HoldCycleRule) {
        if !rule.limits().holds(value) {
            self.over += length;
        }
        if look.open == Some(true) {
            self.open += length;
        }
        if look.out_of_band(rule) {
            self.pressure += length;
        }
        if look.is_no_steam(rule) {
            self.steam += length;
            self.superheat = farther(self.superheat, look.superheat);
        }
    }
}

impl Momentary for HoldCycle {
    type State = CycleState;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        while let Some(equal) = self.equal_at().filter(|equal| *equal < t) {
            self.pass(equal);
            self.enter(out);
        }
        self.pass(t);
        if let (Some(lost_at), Some(missing)) = (self.lost_at(), self.state.missing)
            && lost_at <= t
        {
            self.end(missing, false, out);
        }
        self.state.moment = moment;
        self.enter(out);
    }

    fn timer(&self) -> Option<Timestamp> {
        self.lost_at().into_iter().chain(self.equal_at()).min()
    }

    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.step(t, self.state.moment, out);
        self.end(t, false, out);
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> CycleState {
        self.state.clone()
    }

    fn restore(&mut self, state: CycleState) {
        self.state = state;
    }
}

#[cfg(test)]
pub(super) mod tests;
