//! The physics of the works.
//!
//! Chlorine is carried as what is left of it after the effluent's immediate demand; an undosed
//! effluent carries a negative amount, which uses up what the tank still holds.

use super::{
    AMMONIA, BYPASS, COD, CONDUCTIVITY, CONTACT, DOSE, DOSING, DRUM, Design, FLOW_IN, FLOW_OUT,
    LOG_KILL, MINUTES, OUTFALL, PH, SOLIDS, TEMPERATURE, TEST_CHLORINE, TEST_PH, VOLUME,
};
use crate::{
    calendar::{HOUR, at_local, hour_of_day, hourly, is_weekend, local_day, second_of_day},
    facility::{
        Cause,
        active::Active,
        process::{Process, Values, switch},
    },
    noise::Noise,
};
use std::collections::VecDeque;

/// Seconds of a step.
const STEP: f64 = 5.0;
/// A step in hours.
const DT: f64 = STEP / HOUR as f64;
/// Flow of a hospital by the hour, mean 1.
const RHYTHM: [f64; 24] = [
    0.286, 0.238, 0.210, 0.191, 0.238, 0.477, 0.954, 1.526, 1.812, 1.907, 1.812, 1.526, 1.240,
    1.049, 1.049, 1.144, 1.144, 1.144, 1.335, 1.430, 1.240, 0.954, 0.667, 0.429,
];
/// How much of a missing residual the dosing makes good.
const TRIM: f64 = 0.5;
/// Hypochlorite in the drum, g/L.
const STRENGTH: f64 = 100.0;
/// Conductivity of tap water, µS/cm.
const TAP_CONDUCTIVITY: f64 = 280.0;
/// What the effluent is at the outfall without treatment, in times of the treated.
const RAW: f64 = 4.0;
/// Time constants of the outfall chamber and of a change of quality, s.
const CHAMBER: f64 = 120.0;
const QUALITY: f64 = 5_400.0;
/// Cells that any tank may behave like.
const CELLS: usize = 6;
/// The contact time is followed up to so many hours.
const LONGEST_H: i64 = 24;
/// The volume is noted so often, s.
const NOTED: i64 = 30;

#[derive(Debug)]
pub(crate) struct Works {
    design: Design,
    slow: Noise,
    demand: Noise,
    quality: Noise,
    tests: Noise,
    equalised: f64,
    /// What waits before the pumps, m³, and whether they run.
    waiting: f64,
    pumping: bool,
    cells: [f64; CELLS],
    outfall: f64,
    drum: f64,
    ph: f64,
    /// COD, ammonia and solids in times of the usual.
    shocks: [f64; 3],
    volume: f64,
    /// When how much had passed the tank.
    passed: VecDeque<(i64, f64)>,
    through: f64,
    next_test: i64,
}

impl Works {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        let stream = |name| Noise::new(seed, name);
        Self {
            slow: stream("effluent/flow"),
            demand: stream("effluent/demand"),
            quality: stream("effluent/quality"),
            tests: stream("effluent/tests"),
            equalised: design.flow,
            waiting: 0.0,
            pumping: true,
            cells: [design.target; CELLS],
            outfall: 0.2,
            drum: design.drum_l * stream("effluent/drum").between(0, 0.4, 0.9),
            ph: design.ph,
            shocks: [1.0; 3],
            volume: stream("effluent/total").between(0, 10_000.0, 400_000.0),
            passed: VecDeque::new(),
            through: 0.0,
            next_test: i64::MIN,
            design,
        }
    }

    /// Raw inflow, and what the pumps take of it, m³/h.
    fn flows(&mut self, second: i64, active: &Active) -> (f64, f64) {
        let design = self.design;
        let week = if is_weekend(local_day(second)) { 0.85 } else { 1.0 };
        let rhythm = 1.0 + design.swing * (hourly(&RHYTHM, hour_of_day(second)) - 1.0);
        let noise = 1.0 + 0.1 * self.slow.wander(second, 1_200);
        let rain = 1.0 + active.size(Cause::Rain).unwrap_or(0.0);
        let mut raw = design.flow * rhythm * week * noise * rain;
        if let Some(left) = active.size(Cause::StormInflow) {
            // The equalisation tank runs over into the contact tank.
            raw = raw.max(design.tank_m3 / (design.contact_h * left));
            self.equalised += (raw - self.equalised) * STEP / 600.0;
        }
        self.equalised += (raw - self.equalised) * DT / design.equalisation_h;
        if active.on(Cause::PowerCut) {
            return (raw, 0.0);
        }
        (raw, if design.cycles { self.cycled() } else { self.equalised })
    }

    /// Pumps that switch on at a full sump and off at an empty one.
    fn cycled(&mut self) -> f64 {
        let design = self.design;
        let rate = (design.flow * (1.0 + design.swing) * 1.2).max(self.equalised * 1.05);
        let sump = rate * 0.12;
        self.pumping = if self.pumping { self.waiting > 0.0 } else { self.waiting > sump };
        let flow = if self.pumping { rate } else { 0.0 };
        self.waiting += (self.equalised - flow) * DT;
        flow
    }

    /// Grams per cubic metre that the pump adds, and whether it runs.
    fn dose(&mut self, second: i64, flow: f64, active: &Active) -> (f64, bool) {
        let design = self.design;
        let day = second_of_day(second);
        let refill = (8 * HOUR..17 * HOUR).contains(&day) && !active.on(Cause::DrumEmpty);
        if refill && self.drum < 0.25 * design.drum_l {
            self.drum = 0.95 * design.drum_l;
        }
        if active.since(Cause::DrumEmpty).is_some() {
            self.drum = self.drum.min(design.flow * 15.0 / STRENGTH * 0.3);
        }
        if active.on(Cause::DoseStop) || active.on(Cause::PowerCut) || flow <= 0.0 {
            return (0.0, false);
        }
        // It knows the flow, and what the effluent usually demands and loses.
        let exchange = self.equalised / (design.tank_m3 / design.cells as f64);
        let survives = (1.0 + design.decay / exchange).powi(design.cells as i32);
        // What the meter at the outlet sees corrects it a little.
        let missing = design.target - self.cells[design.cells - 1];
        let usual = design.demand + (TRIM * missing).clamp(-1.5, 1.5);
        let dose = design.target * survives + usual + active.size(Cause::Overdose).unwrap_or(0.0);
        let litres = dose * flow / STRENGTH * DT;
        if self.drum < litres {
            self.drum = 0.0;
            return (0.0, true);
        }
        self.drum -= litres;
        (dose, true)
    }

    /// The contact tank: stirred cells in a row. Returns what leaves it.
    fn tank(&mut self, second: i64, flow: f64, dose: f64, temperature: f64) -> f64 {
        let design = self.design;
        let demand = design.demand * (1.0 + 0.08 * self.demand.wander(second, 3 * HOUR));
        let exchange = flow / (design.tank_m3 / design.cells as f64) * DT;
        let keep = 1.0 - design.decay * (1.0 + 0.07 * (temperature - 20.0)) * DT;
        let mut entering = dose - demand;
        for cell in &mut self.cells[..design.cells] {
            let leaving = *cell;
            *cell = (leaving + exchange * (entering - leaving)) * keep;
            entering = leaving;
        }
        self.cells[design.cells - 1].max(0.0)
    }

    /// How long what leaves the tank has been in it, minutes.
    fn contact_minutes(&mut self, second: i64, flow: f64) -> f64 {
        self.through += flow * DT;
        if second.rem_euclid(NOTED) == 0 {
            self.passed.push_back((second, self.through));
        }
        let entered = self.through - self.design.tank_m3;
        while let Some((at, next)) = self.passed.get(1)
            && (*next <= entered || second - at > LONGEST_H * HOUR)
        {
            self.passed.pop_front();
        }
        let since = self.passed.front().map_or(second, |(at, _)| *at);
        (second - since) as f64 / 60.0
    }

    /// What the outfall carries beside chlorine.
    fn quality(&mut self, second: i64, active: &Active, values: &mut Values) {
        let design = self.design;
        let raw = active.size(Cause::Bypass).map_or(1.0, |share| 1.0 + share * (RAW - 1.0));
        let thinned = 1.0 / (1.0 + active.size(Cause::Dilution).unwrap_or(0.0));
        let causes = [Cause::CodShock, Cause::AmmoniaShock, Cause::SolidsShock];
        let usual = [(COD, design.cod), (AMMONIA, design.ammonia), (SOLIDS, design.solids)];
        for (nth, (cause, (series, usual))) in causes.into_iter().zip(usual).enumerate() {
            let aim = active.size(cause).unwrap_or(1.0).max(raw);
            self.shocks[nth] += (aim - self.shocks[nth]) * STEP / QUALITY;
            let period = (7 + 2 * nth as i64) * HOUR;
            let wander = 1.0 + 0.2 * self.quality.wander(second + nth as i64 * 9_999_991, period);
            values.now[series] = usual * wander * self.shocks[nth] * thinned;
        }
        let conductivity =
            design.conductivity * (1.0 + 0.08 * self.quality.wander(second, 4 * HOUR));
        values.now[CONDUCTIVITY] = thinned * conductivity + (1.0 - thinned) * TAP_CONDUCTIVITY;
        let shock = active.size(Cause::AlkaliShock).unwrap_or(0.0)
            - active.size(Cause::AcidShock).unwrap_or(0.0);
        let ph = design.ph + 0.2 * self.quality.wander(second, 5 * HOUR) + shock;
        self.ph += (ph - self.ph) * STEP / 240.0;
        values.now[PH] = self.ph;
    }

    /// Somebody tests by hand, at even times of the working day.
    fn test(&mut self, second: i64, active: &Active, values: &mut Values) {
        if self.next_test == i64::MIN {
            self.next_test = self.test_after(second);
        }
        if second < self.next_test {
            return;
        }
        let ms = self.next_test * 1_000;
        if active.on(Cause::MissedTests) {
            values.act(Cause::MissedTests, ms, ms);
        } else {
            let (chlorine, ph) = (values.now[CONTACT], values.now[PH]);
            values.event(TEST_CHLORINE, ms, chlorine);
            values.event(TEST_PH, ms, ph);
        }
        self.next_test = self.test_after(second);
    }

    fn test_after(&self, second: i64) -> i64 {
        let (tests, today) = (self.design.tests, local_day(second));
        let at = |nth: i64| {
            let clock = 8 * HOUR + nth.rem_euclid(tests) * 10 * HOUR / tests;
            at_local(nth.div_euclid(tests), clock + self.tests.whole(nth, 0, 1_800))
        };
        let all = today * tests..(today + 2) * tests;
        all.map(at).find(|at| *at > second).unwrap_or(second + HOUR)
    }
}

impl Process for Works {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        let temperature = 21.0
            + 1.2 * ((hour_of_day(second) - 10.0) / 24.0 * std::f64::consts::TAU).sin()
            + 0.3 * self.demand.wander(second, 6 * HOUR);
        let (raw, pumped) = self.flows(second, active);
        let round = pumped * active.size(Cause::Bypass).unwrap_or(0.0);
        let flow = pumped - round;
        let (dose, dosing) = self.dose(second, flow, active);
        let contact = self.tank(second, flow, dose, temperature);
        let minutes = self.contact_minutes(second, flow);
        let aim = if self.design.dechlorinates && !active.on(Cause::DechlorFailure) {
            (0.18 + 0.05 * self.demand.wander(second, HOUR)).min(contact)
        } else {
            contact * 0.93
        };
        let tap = active.size(Cause::Dilution).unwrap_or(0.0);
        self.outfall += (aim / (1.0 + tap) - self.outfall) * STEP / CHAMBER;
        let out = flow * (1.0 + tap);
        self.volume += out * DT;
        self.quality(second, active, values);
        values.now[CONTACT] = contact;
        values.now[OUTFALL] = self.outfall;
        values.now[MINUTES] = minutes;
        values.now[FLOW_OUT] = out;
        values.now[FLOW_IN] = raw;
        values.now[VOLUME] = self.volume;
        values.now[TEMPERATURE] = temperature;
        values.now[DRUM] = 100.0 * self.drum / self.design.drum_l;
        values.now[BYPASS] = round;
        values.now[DOSE] = dose;
        values.now[LOG_KILL] = 3.0 * (1.0 + 0.23 * contact * minutes).log10();
        values.change(DOSING, second * 1_000, switch(dosing));
        self.test(second, active, values);
    }
}
