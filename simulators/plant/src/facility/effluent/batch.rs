//! Works that treat batch by batch: fill and dose, wait, test, let out.

use super::{
    AMMONIA, COD, CONDUCTIVITY, CONTACT, DOSE, DOSING, DRUM, Design, FLOW_IN, FLOW_OUT, LOG_KILL,
    MINUTES, OUTFALL, PH, SOLIDS, TEMPERATURE, TEST_CHLORINE, TEST_PH, VALVE, VOLUME,
};
use crate::{
    calendar::{HOUR, at_local, hour_of_day, local_day},
    facility::{
        Cause,
        active::Active,
        process::{Process, Values, switch},
    },
    noise::Noise,
};

const STEP: f64 = 5.0;
const DT: f64 = STEP / HOUR as f64;
/// When the batches of a day are begun, and by how much that varies, s.
const BEGINS: [i64; 2] = [7 * HOUR, 15 * HOUR];
const LATE: i64 = 1_200;
/// Filling and letting out take so long, s.
const FILLING: i64 = 1_800;
const LETTING_OUT: i64 = 3_600;
/// The test is made so long before the valve is opened, s.
const TEST_BEFORE: i64 = 420;
/// Hypochlorite in the drum, g/L.
const STRENGTH: f64 = 100.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Filling { since: i64 },
    Contact { since: i64, tested: bool },
    Letting { since: i64 },
}

#[derive(Debug)]
pub(crate) struct Batch {
    design: Design,
    chance: Noise,
    slow: Noise,
    stage: Stage,
    next: i64,
    /// What waits to be treated, what is in the tank, m³.
    raw: f64,
    tank: f64,
    chlorine: f64,
    demand: f64,
    drum: f64,
    ph: f64,
    volume: f64,
}

impl Batch {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        Self {
            chance: Noise::new(seed, "effluent/batches"),
            slow: Noise::new(seed, "effluent/slow"),
            stage: Stage::Waiting,
            next: i64::MIN,
            raw: design.flow * 4.0,
            tank: 0.0,
            chlorine: 0.0,
            demand: design.demand,
            drum: design.drum_l * 0.7,
            ph: design.ph,
            volume: 1_000.0,
            design,
        }
    }

    fn next_after(&self, second: i64) -> i64 {
        let today = local_day(second);
        let at = |nth: i64| {
            let clock = BEGINS[usize::from(nth.rem_euclid(2) == 1)];
            at_local(nth.div_euclid(2), clock + self.chance.whole(nth, 0, LATE))
        };
        (today * 2..today * 2 + 4).map(at).find(|at| *at > second).unwrap_or(second + HOUR)
    }

    /// The course of a batch. Returns the dose of this step, mg/L, and what is let out, m³/h.
    fn turn(&mut self, second: i64, active: &Active, values: &mut Values) -> (f64, f64) {
        let design = self.design;
        let ms = second * 1_000;
        let contact = (design.contact_h * HOUR as f64) as i64;
        match self.stage {
            Stage::Waiting if second >= self.next && !active.on(Cause::PowerCut) => {
                self.next = self.next_after(second);
                self.demand = design.demand * (1.0 + 0.1 * self.slow.wander(second, 5 * HOUR));
                self.tank = self.raw.min(design.tank_m3);
                self.raw -= self.tank;
                self.chlorine = 0.0;
                self.stage = Stage::Filling { since: second };
                (0.0, 0.0)
            }
            Stage::Filling { since } => {
                if second - since >= FILLING {
                    self.stage = Stage::Contact { since: second, tested: false };
                }
                (self.dose(active), 0.0)
            }
            Stage::Contact { since, tested } => {
                let share = active.size(Cause::EarlyDischarge);
                let wait = (contact as f64 * share.unwrap_or(1.0)) as i64;
                if !tested && second - since >= wait - TEST_BEFORE {
                    if active.on(Cause::MissedTests) {
                        values.act(Cause::MissedTests, ms, ms);
                    } else {
                        let (chlorine, ph) = (self.chlorine.max(0.0), self.ph);
                        values.event(TEST_CHLORINE, ms, chlorine);
                        values.event(TEST_PH, ms, ph);
                    }
                    self.stage = Stage::Contact { since, tested: true };
                }
                if second - since >= wait {
                    if share.is_some() {
                        values.act(Cause::EarlyDischarge, ms, ms + LETTING_OUT * 1_000);
                    }
                    self.stage = Stage::Letting { since: second };
                }
                (0.0, 0.0)
            }
            Stage::Letting { since } => {
                if second - since >= LETTING_OUT {
                    self.stage = Stage::Waiting;
                }
                (0.0, self.tank * HOUR as f64 / LETTING_OUT as f64)
            }
            Stage::Waiting => (0.0, 0.0),
        }
    }

    /// The pump adds a little in every step of the filling.
    fn dose(&mut self, active: &Active) -> f64 {
        let design = self.design;
        if active.since(Cause::DrumEmpty).is_some() {
            self.drum = self.drum.min(0.01);
        } else if self.drum < 0.25 * design.drum_l {
            self.drum = 0.95 * design.drum_l;
        }
        let steps = FILLING as f64 / STEP;
        let extra = active.size(Cause::Overdose).unwrap_or(0.0);
        let dose = (design.target + design.demand + extra) / steps;
        let litres = dose * self.tank / STRENGTH;
        if active.on(Cause::DoseStop) || active.on(Cause::PowerCut) || self.drum < litres {
            return 0.0;
        }
        self.drum -= litres;
        dose
    }
}

impl Process for Batch {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        if self.next == i64::MIN {
            self.next = self.next_after(second);
        }
        let ms = second * 1_000;
        let slow = self.slow.wander(second, 6 * HOUR);
        let hour = hour_of_day(second);
        let inflow = self.design.flow * (1.0 + 0.6 * ((hour - 9.0) / 3.8).sin()).max(0.1);
        self.raw += inflow * DT;
        let (dose, out) = self.turn(second, active, values);
        let filling = matches!(self.stage, Stage::Filling { .. });
        if filling {
            // The immediate demand is met as the batch is filled.
            self.chlorine += dose - self.demand * STEP / FILLING as f64;
        }
        self.chlorine -= self.chlorine.max(0.0) * self.design.decay * DT;
        let shock = active.size(Cause::AlkaliShock).unwrap_or(0.0)
            - active.size(Cause::AcidShock).unwrap_or(0.0);
        self.ph += (self.design.ph + 0.2 * slow + shock - self.ph) * STEP / 240.0;
        self.volume += out * DT;
        let letting = matches!(self.stage, Stage::Letting { .. });
        let minutes = match self.stage {
            // What has waited goes on waiting while the rest of it is let out.
            Stage::Contact { since, .. } => (second - since) as f64 / 60.0,
            Stage::Letting { .. } => values.now[MINUTES] + STEP / 60.0,
            _ => 0.0,
        };
        let chlorine = self.chlorine.max(0.0);
        values.now[CONTACT] = chlorine;
        values.now[OUTFALL] = if letting { chlorine * 0.95 } else { 0.0 };
        values.now[MINUTES] = minutes;
        values.now[PH] = self.ph;
        values.now[COD] = self.design.cod * (1.0 + 0.2 * slow);
        values.now[AMMONIA] = self.design.ammonia * (1.0 + 0.2 * slow);
        values.now[SOLIDS] = self.design.solids * (1.0 + 0.2 * slow);
        values.now[CONDUCTIVITY] = self.design.conductivity * (1.0 + 0.05 * slow);
        values.now[FLOW_OUT] = out;
        values.now[FLOW_IN] = inflow;
        values.now[VOLUME] = self.volume;
        values.now[TEMPERATURE] = 20.5 + slow;
        values.now[DRUM] = 100.0 * self.drum / self.design.drum_l;
        values.now[DOSE] = if filling { dose * FILLING as f64 / STEP } else { 0.0 };
        values.now[LOG_KILL] = 3.0 * (1.0 + 0.23 * chlorine * minutes).log10();
        let runs = filling && !active.on(Cause::DoseStop) && !active.on(Cause::PowerCut);
        values.change(DOSING, ms, switch(runs));
        values.change(VALVE, ms, switch(letting));
    }
}
