//! The physics of the water, and of those who look after it.

use super::{
    BATHERS, CELL_FREE, CELL_TOTAL, CIRCULATION, COMBINED, Design, FOOT_BATH, FREE, MAKE_UP, OPEN,
    ORP, PH, SAMPLE_FLOW, TEMPERATURE, TEST_FREE, TEST_PH, TOTAL, TURBIDITY, UREA,
};
use crate::{
    calendar::{DAY, HOUR, at_local, hour_of_day, hourly, is_weekend, local_day, second_of_day},
    facility::{
        Cause,
        active::Active,
        process::{Process, Values, switch},
    },
    noise::Noise,
};

/// Seconds of a step, and the same in hours.
const STEP: f64 = 5.0;
const DT: f64 = STEP / HOUR as f64;
/// Chlorine that a visit uses up, g, and how long a visit is, h.
const CHLORINE_PER_VISIT: f64 = 4.12;
const VISIT_HOURS: f64 = 1.2;
/// The controller's gain, 1/h, and the most it can dose, mg/L·h.
const GAIN: f64 = 6.0;
const DOSE_MAX: f64 = 4.0;
/// Combined chlorine: formed per bather in 100 m³, mg/L·h; decay, 1/h; what never goes away, mg/L.
const COMBINED_PER_BATHER: f64 = 0.0028;
const COMBINED_DECAY: f64 = 0.15;
const COMBINED_REST: f64 = 0.06;
/// Urea that a bather leaves, g, and fresh water for each, m³.
const UREA_PER_BATHER: f64 = 0.9;
const WATER_PER_BATHER: f64 = 0.06;
/// Urea is broken down slowly, 1/h.
const UREA_DECAY: f64 = 0.006;
/// pH at which half of the free chlorine is hypochlorous acid, at 27 °C.
const HOCL_PK: f64 = 7.52;
/// What stands in the cell is used up so fast, s.
const CELL: f64 = 120.0;
/// Foot bath: fresh, mg/L; decay, 1/h; used up per bather and hour, mg/L.
const FOOT_FRESH: f64 = 9.3;
const FOOT_DECAY: f64 = 0.07;
const FOOT_PER_BATHER: f64 = 0.0055;
/// Tests are made so long before the doors open, s.
const BEFORE_OPENING: i64 = 1_800;

/// People in the water by the hour, as a share of the fullest ordinary hour.
const WEEKDAY: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.25, 0.22, 0.14, 0.12, 0.2, 0.36, 0.25, 0.14, 0.16, 0.24,
    0.4, 0.6, 0.62, 0.55, 0.3, 0.1, 0.0,
];
const WEEKEND: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.08, 0.2, 0.4, 0.6, 0.78, 0.85, 0.84, 0.88, 0.95, 1.0, 0.98,
    0.92, 0.86, 0.8, 0.6, 0.3, 0.1, 0.0,
];

#[derive(Debug)]
pub(crate) struct Water {
    design: Design,
    crowd: Noise,
    slow: Noise,
    hands: Noise,
    free: f64,
    combined: f64,
    ph: f64,
    acid_on: bool,
    turbidity: f64,
    urea: f64,
    make_up: f64,
    /// What the controller's own probe says.
    probe: f64,
    /// What was fed into a pipe that stands still, mg/L of the pool.
    in_the_pipe: f64,
    cell: (f64, f64),
    foot: f64,
    foot_since: i64,
    next_test: i64,
}

impl Water {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        let stream = |name| Noise::new(seed, name);
        let (low, high) = (design.acid.1, design.acid.0);
        let visits = design.crowd * 5.5 / VISIT_HOURS;
        let fresh = (design.fresh * design.water_m3 + visits * WATER_PER_BATHER) / design.water_m3;
        Self {
            crowd: stream("pool/crowd"),
            slow: stream("pool/slow"),
            hands: stream("pool/hands"),
            free: design.target,
            combined: 0.12,
            ph: stream("pool/ph").between(0, low, high),
            acid_on: false,
            turbidity: design.clear,
            urea: visits * UREA_PER_BATHER / design.water_m3 / (fresh + UREA_DECAY * 24.0),
            make_up: stream("pool/total").between(0, 500.0, 20_000.0),
            probe: design.target,
            in_the_pipe: 0.0,
            cell: (design.target, design.target),
            foot: FOOT_FRESH,
            foot_since: 0,
            next_test: i64::MIN,
            design,
        }
    }

    fn is_open(&self, second: i64) -> bool {
        (self.design.opens..self.design.closes).contains(&second_of_day(second))
    }

    fn bathers(&self, second: i64, active: &Active) -> f64 {
        if !self.is_open(second) || active.on(Cause::PowerCut) {
            return 0.0;
        }
        let day = if is_weekend(local_day(second)) { &WEEKEND } else { &WEEKDAY };
        let share = hourly(day, hour_of_day(second)) * (1.0 + 0.1 * self.crowd.wander(second, 900));
        // A crowd that is too large is as large as on a Sunday, at any hour.
        let share =
            active.size(Cause::BatherOverload).map_or(share, |times| times * share.max(1.0));
        self.design.crowd * share
    }

    /// mg/L·h that the pump adds.
    fn dose(&mut self, circulates: bool, flows: bool, active: &Active) -> f64 {
        if let Some(size) = active.size(Cause::OverfeedStandstill) {
            // The pump should stop with the circulation, and does not.
            let since = self.in_the_pipe;
            self.in_the_pipe = (since + size * DT / 0.5).min(size);
            return 0.0;
        }
        let pulse = self.in_the_pipe * STEP / 300.0;
        self.in_the_pipe -= pulse;
        if !circulates || !flows || active.on(Cause::ChlorineAirLock) {
            return pulse / DT;
        }
        if let Some(extra) = active.size(Cause::ChlorineOverfeed) {
            return extra;
        }
        let target = self.design.target;
        let wanted = match active.size(Cause::Superchlorination) {
            Some(target) => GAIN * (target - self.free),
            // What is left of a superchlorination is neutralised before the doors open.
            None if self.free > target + 0.25
                && active.size(Cause::OverfeedStandstill).is_none() =>
            {
                return pulse / DT;
            }
            None => GAIN * (target - self.probe),
        };
        wanted.clamp(0.0, DOSE_MAX) + pulse / DT
    }

    fn chlorine(&mut self, bathers: f64, dose: f64) {
        let design = &self.design;
        let eaten = bathers / VISIT_HOURS * CHLORINE_PER_VISIT / design.water_m3;
        self.free = (self.free + (dose - eaten - design.decay * self.free) * DT).max(0.0);
        let formed = COMBINED_PER_BATHER * bathers / (design.water_m3 / 100.0);
        let lost = COMBINED_DECAY * (self.combined - COMBINED_REST);
        self.combined += (formed - lost) * DT;
    }

    fn acidity(&mut self, circulates: bool, active: &Active) {
        let (upper, lower) = self.design.acid;
        if self.ph >= upper {
            self.acid_on = true;
        } else if self.ph <= lower {
            self.acid_on = false;
        }
        let rise = self.design.rise;
        let rate = if let Some(fall) = active.size(Cause::AcidRunaway) {
            -fall
        } else if let Some(rise) = active.size(Cause::AcidEmpty) {
            rise * (1.0 - (self.ph - 7.4).max(0.0) / 1.2)
        } else if self.ph < lower - 0.02 {
            // Hypochlorite and fresh water bring it back.
            4.0 * rise
        } else if self.acid_on && circulates {
            -6.0 * rise
        } else {
            rise
        };
        self.ph += rate * DT;
    }

    /// Turbidity, fresh water and urea.
    fn dirt(&mut self, second: i64, bathers: f64, circulates: bool, active: &Active) {
        let design = self.design;
        let share = bathers / design.crowd;
        let clear = design.clear + 0.1 * share + 0.03 * self.slow.wander(second, 3 * HOUR);
        let dirty = clear + active.size(Cause::FilterBreakthrough).unwrap_or(0.0);
        let towards = if circulates { dirty } else { clear + 1.2 * share };
        let time = if active.on(Cause::FilterBreakthrough) { 900.0 } else { 3_600.0 };
        self.turbidity += (towards - self.turbidity) * STEP / time;
        let rate = if active.on(Cause::NoMakeUp) || active.on(Cause::PowerCut) {
            0.0
        } else {
            let washing = if active.on(Cause::Backwash) { 30.0 } else { 0.0 };
            design.fresh * design.water_m3 / 24.0
                + bathers / VISIT_HOURS * WATER_PER_BATHER
                + washing
        };
        self.make_up += rate * DT;
        let left = bathers / VISIT_HOURS * UREA_PER_BATHER / design.water_m3;
        self.urea += (left - self.urea * (rate / design.water_m3 + UREA_DECAY)) * DT;
    }

    fn orp(&self) -> f64 {
        let acid = self.free.max(1e-3) / (1.0 + 10.0_f64.powf(self.ph - HOCL_PK));
        (720.0 + 60.0 * (acid / 0.25).log10() - 25.0 * self.combined / 0.2).clamp(200.0, 850.0)
    }

    fn foot_bath(&mut self, second: i64, bathers: f64, active: &Active) {
        let renewed = !self.is_open(second) || second - self.foot_since >= self.design.foot_bath;
        if renewed && !active.on(Cause::FootBathStale) {
            self.foot = FOOT_FRESH + 0.4 * self.hands.wander(second, HOUR);
            self.foot_since = second;
        }
        // A foot bath wears with the crowd that it was made for.
        let used = FOOT_PER_BATHER * bathers * 100.0 / self.design.crowd;
        self.foot -= self.foot * (FOOT_DECAY + used * 0.2) * DT;
    }

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
            let (free, ph) = (self.free, self.ph);
            values.event(TEST_FREE, ms, free);
            values.event(TEST_PH, ms, ph);
        }
        self.next_test = self.test_after(second);
    }

    /// Half an hour before the doors open, and every few hours until they close.
    fn test_after(&self, second: i64) -> i64 {
        let design = &self.design;
        let jitter = |at: i64| at - self.hands.whole(at, 0, 900);
        let today = local_day(second);
        let mut times = (today..today + 2).flat_map(|day| {
            let first = at_local(day, design.opens - BEFORE_OPENING);
            let last = at_local(day, design.closes);
            (0..DAY / design.tests)
                .map(move |nth| first + nth * design.tests)
                .filter(move |at| *at < last)
        });
        times.find(|at| jitter(*at) > second).map_or(second + HOUR, jitter)
    }
}

impl Process for Water {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        let power = !active.on(Cause::PowerCut);
        let circulates = power
            && !active.on(Cause::RecirculationStop)
            && !active.on(Cause::OverfeedStandstill)
            && !active.on(Cause::Backwash);
        let flows = power && circulates && !active.on(Cause::SampleFlowLoss);
        let bathers = self.bathers(second, active);
        let dose = self.dose(circulates, flows, active);
        self.chlorine(bathers, dose);
        let left_over = self.free - self.design.target - 0.1;
        if left_over > 0.0 && !self.is_open(second) && !active.on(Cause::Superchlorination) {
            self.free -= left_over.min(2.5 * DT);
        }
        self.acidity(circulates, active);
        self.dirt(second, bathers, circulates, active);
        self.foot_bath(second, bathers, active);
        let total = self.free + self.combined;
        let (aim, time) = if flows { ((self.free, total), 15.0) } else { ((0.0, 0.0), CELL) };
        self.cell.0 += (aim.0 - self.cell.0) * STEP / time;
        self.cell.1 += (aim.1 - self.cell.1) * STEP / time;
        self.probe += (self.cell.0 - self.probe) * STEP / 45.0;
        let rate = if circulates { self.design.water_m3 / self.design.turnover_h } else { 0.0 };
        let slow = self.slow.wander(second, 8 * HOUR);
        values.now[FREE] = self.free;
        values.now[COMBINED] = self.combined;
        values.now[TOTAL] = total;
        values.now[PH] = self.ph;
        values.now[ORP] = self.orp();
        values.now[TURBIDITY] = self.turbidity;
        values.now[TEMPERATURE] = self.design.celsius + 0.25 * slow;
        values.now[UREA] = self.urea;
        values.now[BATHERS] = bathers.round();
        values.now[CIRCULATION] = rate * (1.0 + 0.02 * slow);
        values.now[FOOT_BATH] = self.foot;
        values.now[MAKE_UP] = self.make_up;
        values.now[CELL_FREE] = self.cell.0;
        values.now[CELL_TOTAL] = self.cell.1;
        values.now[OPEN] = switch(self.is_open(second));
        values.change(SAMPLE_FLOW, second * 1_000, switch(flows));
        self.test(second, active, values);
    }
}
