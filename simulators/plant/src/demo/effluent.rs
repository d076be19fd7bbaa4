//! The hospital's effluent works: flow, chlorine through a contact tank, dechlorination, pH, COD.
//!
//! Chlorine is carried as what is left of it after the effluent's immediate demand; an undosed
//! effluent carries a negative amount, which uses up what the tank still holds.

use crate::{
    calendar::{HOUR, hour_of_day, hourly, is_weekend, local_day},
    demo::incident::IncidentKind,
    noise::Noise,
};

/// Contact tank, m³.
const TANK_M3: f64 = 14.0;
/// Stirred cells that the tank behaves like.
const CELLS: usize = 3;
/// Mean flow behind the equalisation tank, m³/h: about 300 beds.
const FLOW_MEAN: f64 = 6.5;
/// How much of the day's rhythm the equalisation tank lets through.
const FLOW_SWING: f64 = 0.4;
/// Flow of a hospital by the hour, mean 1.
const RHYTHM: [f64; 24] = [
    0.286, 0.238, 0.210, 0.191, 0.238, 0.477, 0.954, 1.526, 1.812, 1.907, 1.812, 1.526, 1.240,
    1.049, 1.049, 1.144, 1.144, 1.144, 1.335, 1.430, 1.240, 0.954, 0.667, 0.429,
];
/// Decay of total residual chlorine at 20 °C, 1/h.
const DECAY_20: f64 = 0.12;
/// Immediate chlorine demand of the effluent, mg/L, and how far it wanders.
const DEMAND: (f64, f64) = (8.0, 1.0);
/// Residual that the dosing aims at, at the tank's outlet, mg/L.
const RESIDUAL_TARGET: f64 = 5.8;
/// What an overdose adds, mg/L.
const OVERDOSE: f64 = 12.0;
/// What a storm does to the flow.
const STORM: f64 = 2.4;
/// Reading of the totaliser when the simulation begins, m³.
const TOTAL_AT_START: f64 = 182_340.0;
/// Time constants of the sensors and of the outfall chamber, s.
const CHLORINE_LAG: f64 = 180.0;
const CHAMBER_LAG: f64 = 120.0;
const PH_LAG: f64 = 240.0;

/// What is wrong just now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) dose_stop: bool,
    pub(crate) overdose: bool,
    pub(crate) dechlorination: bool,
    pub(crate) acid: bool,
    pub(crate) storm: bool,
}

#[derive(Debug)]
pub(crate) struct Effluent {
    seed: Streams,
    flow: f64,
    total: f64,
    cells: [f64; CELLS],
    contact_sensor: f64,
    outfall: f64,
    ph: f64,
    temperature: f64,
}

#[derive(Debug)]
struct Streams {
    flow: Noise,
    demand: Noise,
    temperature: Noise,
    ph: Noise,
    bisulphite: Noise,
    cod: Noise,
    reading: Noise,
}

impl Effluent {
    pub(crate) fn new(seed: u64, second: i64) -> Self {
        let stream = |name| Noise::new(seed, name);
        let seed = Streams {
            flow: stream("effluent/flow"),
            demand: stream("effluent/demand"),
            temperature: stream("effluent/temperature"),
            ph: stream("effluent/ph"),
            bisulphite: stream("effluent/bisulphite"),
            cod: stream("effluent/cod"),
            reading: stream("effluent/reading"),
        };
        let mut works = Self {
            seed,
            flow: 0.0,
            total: TOTAL_AT_START,
            cells: [RESIDUAL_TARGET; CELLS],
            contact_sensor: RESIDUAL_TARGET,
            outfall: 0.2,
            ph: 7.3,
            temperature: 21.0,
        };
        // The hours before the simulation run unseen, so that it begins in its ordinary state.
        for earlier in second - 8 * HOUR..second {
            works.step(earlier, Faults::default());
        }
        works.total = TOTAL_AT_START;
        works
    }

    /// One second passes.
    pub(crate) fn step(&mut self, second: i64, faults: Faults) {
        let hour = hour_of_day(second);
        self.temperature = 21.0
            + 1.2 * ((hour - 10.0) / 24.0 * std::f64::consts::TAU).sin()
            + 0.3 * self.seed.temperature.wander(second, 6 * HOUR);
        self.flow = self.flow_at(second, hour) * if faults.storm { STORM } else { 1.0 };
        self.total += self.flow / HOUR as f64;
        self.run_tank(second, faults);
        self.contact_sensor += (self.residual() - self.contact_sensor) / CHLORINE_LAG;
        self.outfall += (self.outfall_target(second, faults) - self.outfall) / CHAMBER_LAG;
        let ph = if faults.acid { 5.1 } else { 7.3 + 0.2 * self.seed.ph.wander(second, 5 * HOUR) };
        self.ph += (ph - self.ph) / PH_LAG;
    }

    fn flow_at(&self, second: i64, hour: f64) -> f64 {
        let rhythm = 1.0 + FLOW_SWING * (hourly(&RHYTHM, hour) - 1.0);
        let week = if is_weekend(local_day(second)) { 0.92 } else { 1.0 };
        FLOW_MEAN * rhythm * week * (1.0 + 0.04 * self.seed.flow.wander(second, 600))
    }

    fn run_tank(&mut self, second: i64, faults: Faults) {
        let decay = DECAY_20 * 1.07_f64.powf(self.temperature - 20.0);
        let exchange = self.flow / (TANK_M3 / CELLS as f64);
        // The dosing knows flow and temperature, and what the effluent usually demands.
        let survives = (1.0 + decay / exchange).powi(CELLS as i32);
        let (demand_mean, demand_wander) = DEMAND;
        let dose = match (faults.dose_stop, faults.overdose) {
            (true, _) => 0.0,
            (_, true) => demand_mean + RESIDUAL_TARGET * survives + OVERDOSE,
            _ => demand_mean + RESIDUAL_TARGET * survives,
        };
        let demand = demand_mean + demand_wander * self.seed.demand.wander(second, 3 * HOUR);
        let mut inflow = dose - demand;
        for cell in &mut self.cells {
            let change = exchange * (inflow - *cell) - decay * cell.max(0.0);
            inflow = *cell;
            *cell += change / HOUR as f64;
        }
    }

    /// What leaves the contact tank, mg/L.
    fn residual(&self) -> f64 {
        self.cells[CELLS - 1].max(0.0)
    }

    fn outfall_target(&self, second: i64, faults: Faults) -> f64 {
        if faults.dechlorination {
            return 0.97 * self.residual();
        }
        let left = 0.2 + 0.07 * self.seed.bisulphite.wander(second, 1_800);
        left.min(self.residual())
    }

    /// Whether an incident whose cause is over has left no trace.
    pub(crate) fn is_settled(&self, kind: IncidentKind) -> bool {
        match kind {
            IncidentKind::ChlorineDoseStop | IncidentKind::ChlorineOverdose => {
                let ordinary = |value: f64| (4.0..=8.5).contains(&value);
                self.cells[1..].iter().all(|cell| ordinary(*cell)) && ordinary(self.contact_sensor)
            }
            IncidentKind::OutfallDechlorinationFailure => self.outfall < 0.35,
            IncidentKind::PhExcursion => (6.6..=8.4).contains(&self.ph),
            // The hour whose flow counts is over when the last of it has passed the tank.
            _ => true,
        }
    }

    pub(crate) fn contact_chlorine(&self, second: i64) -> f64 {
        self.noisy(second, 1, self.contact_sensor, 0.01, 0.01)
    }

    pub(crate) fn outfall_chlorine(&self, second: i64) -> f64 {
        self.noisy(second, 2, self.outfall, 0.01, 0.006)
    }

    pub(crate) fn temperature(&self, second: i64, probe: i64) -> f64 {
        self.temperature + 0.05 * self.draw(second, 2 + probe)
    }

    pub(crate) fn ph(&self, second: i64) -> f64 {
        self.ph + 0.01 * self.draw(second, 6)
    }

    pub(crate) fn flow(&self, second: i64) -> f64 {
        self.noisy(second, 7, self.flow, 0.006, 0.0)
    }

    pub(crate) fn total(&self) -> f64 {
        self.total
    }

    /// A dichromate analyser digests for an hour and then shows one value until the next.
    pub(crate) fn cod(&self, second: i64) -> f64 {
        let hour = second.div_euclid(HOUR);
        let slow = self.seed.cod.wander(hour * HOUR, 7 * HOUR);
        (35.0 + 7.5 * slow + 0.7 * self.seed.cod.gauss(hour)).clamp(25.0, 45.0)
    }

    fn noisy(&self, second: i64, channel: i64, value: f64, share: f64, floor: f64) -> f64 {
        (value + (share * value + floor) * self.draw(second, channel)).max(0.0)
    }

    fn draw(&self, second: i64, channel: i64) -> f64 {
        self.seed.reading.gauss(second * 8 + channel)
    }
}
