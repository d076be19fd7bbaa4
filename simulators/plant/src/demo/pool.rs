//! A public indoor pool of 25 × 15 m: bathers, chlorine and its by-products, pH, ORP, turbidity.

use crate::{
    calendar::{HOUR, hour_of_day, hourly, is_weekend, local_day},
    demo::incident::IncidentKind,
    noise::Noise,
};

/// Water, m³.
const WATER_M3: f64 = 562.0;
/// Chlorine that a visit uses up, g, and how long a visit is, h.
const CHLORINE_PER_VISIT: f64 = 4.12;
const VISIT_HOURS: f64 = 1.2;
/// Free chlorine that the controller aims at, mg/L; its gain, 1/h; the most it can dose, mg/L·h.
const CHLORINE_TARGET: f64 = 0.63;
const CHLORINE_GAIN: f64 = 6.0;
const CHLORINE_DOSE_MAX: f64 = 4.0;
/// Decay of free chlorine without bathers, 1/h.
const CHLORINE_DECAY: f64 = 0.035;
/// Where free chlorine ends when the pump has lost its prime and something eats it, mg/L; how fast, s.
const DIP_FLOOR: f64 = 0.19;
const DIP_TIME: f64 = 110.0;
/// Combined chlorine: formed per bather in 100 m³, mg/L·h; decay, 1/h; what never goes away, mg/L.
const COMBINED_PER_BATHER: f64 = 0.0022;
const COMBINED_DECAY: f64 = 0.15;
const COMBINED_REST: f64 = 0.06;
/// pH rises with the hypochlorite, 1/h; acid comes at the upper mark and stops at the lower.
const PH_RISE: f64 = 0.04;
const PH_ACID_FROM: f64 = 7.48;
const PH_ACID_UNTIL: f64 = 7.34;
/// pH at which half of the free chlorine is hypochlorous acid, at 27 °C.
const HOCL_PK: f64 = 7.52;
/// Turbidity that a broken filter lets through, NTU.
const BREAKTHROUGH: f64 = 1.9;
/// Time constants of the sensors, s.
const CHLORINE_LAG: f64 = 45.0;
const ORP_LAG: f64 = 180.0;
const TURBIDITY_LAG: f64 = 200.0;

/// People in the water by the hour; closed from 22 to 6.
const WEEKDAY: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 20.0, 20.0, 12.0, 10.0, 14.0, 30.0, 22.0, 12.0, 14.0, 20.0,
    36.0, 58.0, 60.0, 55.0, 25.0, 0.0, 0.0,
];
const WEEKEND: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0, 20.0, 40.0, 60.0, 82.0, 90.0, 88.0, 92.0, 104.0, 110.0,
    108.0, 100.0, 92.0, 84.0, 60.0, 24.0, 0.0, 0.0,
];

/// What is wrong just now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) dip: bool,
    pub(crate) breakthrough: bool,
}

#[derive(Debug)]
pub(crate) struct Pool {
    crowd: Noise,
    slow: Noise,
    reading: Noise,
    free: f64,
    combined: f64,
    ph: f64,
    acid_on: bool,
    turbidity: f64,
    free_sensor: f64,
    orp_sensor: f64,
    temperature: f64,
}

impl Pool {
    pub(crate) fn new(seed: u64, second: i64) -> Self {
        let mut pool = Self {
            crowd: Noise::new(seed, "pool/crowd"),
            slow: Noise::new(seed, "pool/slow"),
            reading: Noise::new(seed, "pool/reading"),
            free: CHLORINE_TARGET,
            combined: 0.12,
            ph: 7.4,
            acid_on: false,
            turbidity: 0.2,
            free_sensor: CHLORINE_TARGET,
            orp_sensor: 700.0,
            temperature: 27.0,
        };
        // The hours before the simulation run unseen, so that it begins in its ordinary state.
        for earlier in second - 10 * HOUR..second {
            pool.step(earlier, Faults::default());
        }
        pool
    }

    /// One second passes.
    pub(crate) fn step(&mut self, second: i64, faults: Faults) {
        let bathers = self.bathers(second);
        self.free += self.free_change(bathers, faults) / HOUR as f64;
        self.combined += (COMBINED_PER_BATHER * bathers / (WATER_M3 / 100.0)
            - COMBINED_DECAY * (self.combined - COMBINED_REST))
            / HOUR as f64;
        self.dose_acid();
        let clear = 0.16 + 0.12 * bathers / 110.0 + 0.03 * self.slow.wander(second, 3 * HOUR);
        let seen = if faults.breakthrough { clear + BREAKTHROUGH } else { clear };
        self.turbidity += (seen - self.turbidity) / TURBIDITY_LAG;
        self.temperature = 27.0 + 0.25 * self.slow.wander(second, 8 * HOUR);
        self.free_sensor += (self.free - self.free_sensor) / CHLORINE_LAG;
        self.orp_sensor += (self.orp_now() - self.orp_sensor) / ORP_LAG;
    }

    fn bathers(&self, second: i64) -> f64 {
        let day = if is_weekend(local_day(second)) { &WEEKEND } else { &WEEKDAY };
        hourly(day, hour_of_day(second)) * (1.0 + 0.1 * self.crowd.wander(second, 900))
    }

    /// mg/L·h.
    fn free_change(&self, bathers: f64, faults: Faults) -> f64 {
        if faults.dip {
            return (DIP_FLOOR - self.free) * HOUR as f64 / DIP_TIME;
        }
        let eaten = bathers / VISIT_HOURS * CHLORINE_PER_VISIT / WATER_M3;
        let dose = CHLORINE_GAIN * (CHLORINE_TARGET - self.free_sensor);
        dose.clamp(0.0, CHLORINE_DOSE_MAX) - eaten - CHLORINE_DECAY * self.free
    }

    fn dose_acid(&mut self) {
        if self.ph >= PH_ACID_FROM {
            self.acid_on = true;
        } else if self.ph <= PH_ACID_UNTIL {
            self.acid_on = false;
        }
        let rate = if self.acid_on { -6.0 * PH_RISE } else { PH_RISE };
        self.ph += rate / HOUR as f64;
    }

    fn orp_now(&self) -> f64 {
        let acid = self.free.max(1e-3) / (1.0 + 10.0_f64.powf(self.ph - HOCL_PK));
        (720.0 + 60.0 * (acid / 0.25).log10() - 25.0 * self.combined / 0.2).clamp(200.0, 850.0)
    }

    /// Whether an incident whose cause is over has left no trace.
    pub(crate) fn is_settled(&self, kind: IncidentKind) -> bool {
        match kind {
            IncidentKind::PoolTurbidity => self.turbidity < 0.6,
            _ => self.free > 0.4 && self.free_sensor > 0.4,
        }
    }

    pub(crate) fn free_chlorine(&self, second: i64) -> f64 {
        (self.free_sensor + 0.006 * self.draw(second, 0)).max(0.0)
    }

    pub(crate) fn combined_chlorine(&self, second: i64) -> f64 {
        (self.combined + 0.006 * self.draw(second, 1)).max(0.0)
    }

    pub(crate) fn ph(&self, second: i64) -> f64 {
        self.ph + 0.006 * self.draw(second, 2)
    }

    pub(crate) fn orp(&self, second: i64) -> f64 {
        self.orp_sensor + 0.8 * self.draw(second, 3)
    }

    pub(crate) fn temperature(&self, second: i64) -> f64 {
        self.temperature + 0.03 * self.draw(second, 4)
    }

    pub(crate) fn turbidity(&self, second: i64) -> f64 {
        (self.turbidity * (1.0 + 0.02 * self.draw(second, 5))).max(0.0)
    }

    fn draw(&self, second: i64, channel: i64) -> f64 {
        self.reading.gauss(second * 8 + channel)
    }
}
