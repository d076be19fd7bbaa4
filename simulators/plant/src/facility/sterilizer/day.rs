//! The day around the chamber: tests in the morning, loads, and packs that are used.

use super::{
    AIR, BD_TEST, DOOR, Design, HELD, LEAK_TEST, LOADED, PHASE, POWER, PRESSURE, RELEASED, STOCK,
    TEMPERATURE, USED,
    chamber::{Chamber, Phase, Programme, SPOILERS},
};
use crate::{
    calendar::{HOUR, at_local, local_day, second_of_day},
    facility::{
        Cause,
        active::Active,
        process::{Process, Values, switch},
    },
    noise::Noise,
};

#[derive(Debug)]
pub(crate) struct Day {
    design: Design,
    chance: Noise,
    chamber: Chamber,
    /// What is to be done today, and when the next of it begins.
    jobs: Vec<Programme>,
    day: i64,
    next_job: i64,
    running: Option<Running>,
    door_until: i64,
    /// The cycle was stopped, and is to be made again.
    again: bool,
    stock: i64,
    next_use: i64,
    drawn: i64,
}

#[derive(Debug)]
struct Running {
    programme: Programme,
    since: i64,
    packs: i64,
    spoilt: Vec<Cause>,
}

/// Tests begin so long before the doors open, s.
const EARLY: i64 = 3_600;
const MONDAY: i64 = 0;
const SUNDAY: i64 = 6;

impl Day {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        Self {
            chance: Noise::new(seed, "sterilizer/day"),
            chamber: Chamber::new(seed, design),
            jobs: Vec::new(),
            day: i64::MIN,
            next_job: 0,
            running: None,
            door_until: 0,
            again: false,
            stock: 10,
            next_use: 0,
            drawn: 0,
            design,
        }
    }

    fn draw(&mut self, low: i64, high: i64) -> i64 {
        self.drawn += 1;
        self.chance.whole(self.drawn, low, high)
    }

    /// A new day: what is to be done.
    fn morning(&mut self, second: i64) {
        let day = local_day(second);
        if day == self.day {
            return;
        }
        self.day = day;
        let weekday = (day + 3).rem_euclid(7);
        self.jobs.clear();
        if weekday == SUNDAY {
            return;
        }
        // The last of the list is the first of the day.
        let loads = usize::try_from(self.design.cycles).unwrap_or(0);
        self.jobs = vec![Programme::Load; loads];
        self.jobs.push(Programme::BowieDick);
        if weekday == MONDAY {
            self.jobs.push(Programme::Leak);
        }
        self.next_job = at_local(day, self.design.opens - EARLY) + self.draw(0, 900);
    }

    fn begin(&mut self, second: i64, active: &Active, values: &mut Values) {
        let late = second_of_day(second) > self.design.closes - HOUR;
        let Some(programme) = self.jobs.pop() else { return };
        let ms = second * 1_000;
        if programme == Programme::BowieDick && active.on(Cause::MissedTests) {
            values.act(Cause::MissedTests, ms, ms);
            return;
        }
        let packs = match programme {
            Programme::Load if late => return,
            Programme::Load => {
                let packs = self.draw(self.design.packs.0, self.design.packs.1);
                values.event(LOADED, ms, packs as f64);
                packs
            }
            _ => 0,
        };
        self.door_until = second + self.draw(60, 180);
        let spoilt = SPOILERS.iter().copied().filter(|cause| active.on(*cause)).collect();
        self.running = Some(Running { programme, since: second, packs, spoilt });
    }

    fn end(&mut self, second: i64, active: &Active, values: &mut Values) {
        self.door_until = second + self.draw(60, 240);
        self.next_job = second + self.draw(600, 1_800);
        let Some(running) = self.running.take() else { return };
        let ms = second * 1_000;
        for cause in running.spoilt {
            values.act(cause, running.since * 1_000, ms);
        }
        match running.programme {
            Programme::Load => {
                self.stock += running.packs;
                values.event(RELEASED, ms, running.packs as f64);
            }
            Programme::BowieDick => values.event(BD_TEST, ms, 1.0),
            Programme::Leak => {
                let leak = self.design.leak + active.size(Cause::ChamberLeak).unwrap_or(0.0);
                if active.on(Cause::ChamberLeak) {
                    values.act(Cause::ChamberLeak, running.since * 1_000, ms);
                }
                values.event(LEAK_TEST, ms, leak);
            }
        }
    }

    /// Patients come while it is open, and each takes packs.
    fn use_packs(&mut self, second: i64, active: &Active, values: &mut Values) {
        let open = (self.design.opens..self.design.closes).contains(&second_of_day(second));
        if second < self.next_use || !open || (self.day + 3).rem_euclid(7) == SUNDAY {
            return;
        }
        self.next_use = second + self.draw(300, 1_200);
        let wanted = self.draw(self.design.packs.0 / 5, self.design.packs.1 / 4).max(1);
        let ms = second * 1_000;
        let taken = match active.size(Cause::UsedWithoutCycle) {
            None => wanted.min(self.stock.max(0)),
            Some(share) => {
                let more = wanted + (wanted as f64 * 2.0 * share) as i64;
                if more > self.stock {
                    values.act(Cause::UsedWithoutCycle, ms, ms);
                }
                more
            }
        };
        if taken > 0 {
            // What no cycle made is not from the stock.
            self.stock = (self.stock - taken).max(0);
            values.event(USED, ms, taken as f64);
        }
    }
}

impl Process for Day {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        self.morning(second);
        let idle = self.chamber.phase() == Phase::Idle;
        if self.running.is_none() && idle && second >= self.next_job && !self.jobs.is_empty() {
            self.begin(second, active, values);
        }
        // The cycle begins when the door is closed.
        if let Some(running) = &self.running
            && idle
            && second >= self.door_until
            && !active.on(Cause::PowerCut)
        {
            self.chamber.begin(second, running.programme, active);
        }
        if active.on(Cause::PowerCut)
            && !matches!(self.chamber.phase(), Phase::Idle | Phase::Aborted)
        {
            self.chamber.abort(second);
            // The load stays in, and has its cycle when the power is back.
            self.again = true;
        }
        if self.chamber.step(second) && !std::mem::take(&mut self.again) {
            self.end(second, active, values);
        }
        self.use_packs(second, active, values);
        let ms = second * 1_000;
        let phase = self.chamber.phase();
        let power = match phase {
            Phase::Idle => 60.0,
            Phase::Preheating | Phase::Ramp => 2_200.0,
            Phase::Hold => 900.0,
            _ => 700.0,
        };
        values.now[TEMPERATURE] = self.chamber.temperature;
        values.now[PRESSURE] = self.chamber.pressure;
        values.now[AIR] = self.chamber.air;
        values.now[HELD] = self.chamber.held;
        values.now[STOCK] = self.stock as f64;
        values.change(DOOR, ms, switch(second < self.door_until));
        values.change(PHASE, ms, f64::from(phase as u8));
        values.change(POWER, ms, power);
    }
}
