//! The day of the house: guests leave, rooms are made, cups and linen go round.

use super::{
    CABINETS, CHECK_IN, CHECK_OUT, CLEAN, DIRTY, DISINFECTED, DOOR, Design, ISSUED, LINEN_IN,
    LINEN_OUT, LOADED, NEEDED, OCCUPIED, OF_CABINET, POWER, TEMPERATURE, cabinet::Cabinet,
};
use crate::{
    calendar::{HOUR, at_local, is_weekend, local_day, second_of_day},
    facility::{
        Cause,
        active::Active,
        process::{Process, Values, switch},
    },
    noise::Noise,
};
use std::collections::VecDeque;

/// Guests leave between these, and the last room is made by the third.
const LEAVING: (i64, i64) = (10 * HOUR, 13 * HOUR);
/// Cups are disinfected between these hours.
const DISINFECTION: (i64, i64) = (11 * HOUR, 20 * HOUR);
/// From then on a cabinet is run for what is left.
const REST_FROM: i64 = 16 * HOUR;
/// A day's rooms are planned at this hour.
const PLANNED_AT: i64 = 5 * HOUR;
/// The tags of a room are read within a minute.
const MINUTE: i64 = 60;

/// Something that happens in the house.
#[derive(Debug, Clone, Copy)]
enum Errand {
    CheckOut,
    LinenOut,
    LinenIn,
    Cups,
    CheckIn,
}

#[derive(Debug)]
pub(crate) struct House {
    design: Design,
    chance: Noise,
    cabinets: Vec<Cabinet>,
    /// What happens today: second, errand, room.
    errands: VecDeque<(i64, Errand, i64)>,
    day: i64,
    occupied: i64,
    dirty: i64,
    clean: i64,
    disinfected: i64,
    needed: i64,
    drawn: i64,
    /// The next decision about a cabinet.
    next_start: i64,
}

impl House {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        Self {
            chance: Noise::new(seed, "lodging/house"),
            cabinets: (0..design.cabinets)
                .map(|nth| Cabinet::new(seed, nth, design.oven))
                .collect(),
            errands: VecDeque::new(),
            day: i64::MIN,
            occupied: 0,
            dirty: 0,
            clean: design.rooms * design.cups * 3 / 2,
            disinfected: 0,
            needed: 0,
            drawn: 0,
            next_start: 0,
            design,
        }
    }

    fn draw(&mut self, low: i64, high: i64) -> i64 {
        self.drawn += 1;
        self.chance.whole(self.drawn, low, high)
    }

    fn share(&mut self) -> f64 {
        self.drawn += 1;
        self.chance.between(self.drawn, 0.0, 1.0)
    }

    /// Plans who leaves and who comes today.
    fn plan(&mut self, second: i64) {
        let day = local_day(second);
        if day == self.day || second_of_day(second) < PLANNED_AT {
            return;
        }
        self.day = day;
        let week = if is_weekend(day) { 0.1 } else { 0.0 };
        let wander = 0.08 * (2.0 * self.share() - 1.0);
        let share = (self.design.occupancy + week + wander).clamp(0.3, 0.95);
        self.occupied = (self.design.rooms as f64 * share) as i64;
        let turnover = 0.35 + 0.3 * self.share();
        let mut errands = Vec::new();
        for room in 0..self.occupied {
            let leaves = self.share() < turnover;
            let at = if leaves {
                let out = at_local(day, self.draw(LEAVING.0, LEAVING.1));
                errands.push((out, Errand::CheckOut, room));
                let back = at_local(day, self.draw(14 * HOUR + 1_800, 22 * HOUR));
                errands.push((back, Errand::CheckIn, room));
                out + self.draw(10 * MINUTE, 60 * MINUTE)
            } else {
                at_local(day, self.draw(10 * HOUR, 15 * HOUR))
            };
            if leaves {
                errands.push((at, Errand::LinenOut, room));
                errands.push((at + self.draw(10 * MINUTE, 25 * MINUTE), Errand::LinenIn, room));
            }
            errands.push((at + 5 * MINUTE, Errand::Cups, room));
        }
        errands.sort_by_key(|(at, ..)| *at);
        self.errands = errands.into();
    }

    fn run_errands(&mut self, second: i64, active: &Active, values: &mut Values) {
        while let Some((at, errand, room)) = self.errands.front().copied()
            && at <= second
        {
            self.errands.pop_front();
            let ms = at * 1_000 + self.draw(0, 999);
            let (number, cups) = ((101 + room) as f64, self.design.cups);
            match errand {
                Errand::CheckOut => values.event(CHECK_OUT, ms, number),
                Errand::CheckIn => values.event(CHECK_IN, ms, number),
                Errand::LinenOut | Errand::LinenIn => {
                    let left = active.size(Cause::LinenNotChanged).unwrap_or(0.0);
                    // One draw for each room and day, so that in and out agree.
                    let lot = self.chance.between(-(self.day * 1_000 + room), 0.0, 1.0);
                    let series =
                        if matches!(errand, Errand::LinenOut) { LINEN_OUT } else { LINEN_IN };
                    if lot < left {
                        if series == LINEN_OUT {
                            values.act(Cause::LinenNotChanged, ms, ms);
                        }
                    } else if self.share() >= self.design.missed {
                        values.event(series, ms, number);
                    }
                }
                Errand::Cups => {
                    self.dirty += cups;
                    self.needed += cups;
                    // Guests get cups, clean or not.
                    self.clean = (self.clean - cups).max(0);
                    values.event(ISSUED, ms, cups as f64);
                }
            }
        }
    }

    /// Whether it is time for a cabinet, and for which.
    fn disinfect(&mut self, second: i64, active: &Active, values: &mut Values) {
        let clock = second_of_day(second);
        if second < self.next_start || !(DISINFECTION.0..DISINFECTION.1).contains(&clock) {
            return;
        }
        let capacity = self.design.oven.capacity;
        let enough = self.dirty * 5 >= capacity * 4 || (clock > REST_FROM && self.dirty > 0);
        if !enough || active.on(Cause::PowerCut) {
            return;
        }
        let Some(nth) = self.cabinets.iter().position(Cabinet::is_idle) else { return };
        let cups = self.dirty.min(capacity);
        let ms = second * 1_000;
        self.dirty -= cups;
        self.next_start = second + self.draw(2 * MINUTE, 8 * MINUTE);
        let left_out = if active.on(Cause::CupsWithoutCycle) {
            Some(Cause::CupsWithoutCycle)
        } else {
            let made = active.size(Cause::CapacityShortfall).unwrap_or(1.0);
            (self.share() >= made).then_some(Cause::CapacityShortfall)
        };
        if let Some(cause) = left_out {
            self.clean += cups;
            values.act(cause, ms, ms);
            return;
        }
        values.event(LOADED, ms, cups as f64);
        self.cabinets[nth].begin(second, cups, active);
    }
}

impl Process for House {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        self.plan(second);
        self.run_errands(second, active, values);
        self.disinfect(second, active, values);
        let power = !active.on(Cause::PowerCut);
        let ms = second * 1_000;
        for (nth, cabinet) in self.cabinets.iter_mut().enumerate() {
            if cabinet.step(second, power) {
                self.clean += cabinet.load;
                if cabinet.spoilt.is_empty() {
                    self.disinfected += cabinet.load;
                }
                for cause in cabinet.spoilt.drain(..) {
                    values.act(cause, cabinet.since * 1_000, ms);
                }
            }
            let first = nth.min(CABINETS - 1) * OF_CABINET;
            values.now[first + TEMPERATURE] = cabinet.temperature;
            values.now[first + POWER] = cabinet.power();
            values.change(first + DOOR, ms, switch(cabinet.door_open(second)));
        }
        values.now[OCCUPIED] = self.occupied as f64;
        values.now[DIRTY] = self.dirty as f64;
        values.now[CLEAN] = self.clean as f64;
        values.now[DISINFECTED] = self.disinfected as f64;
        values.now[NEEDED] = self.needed as f64;
    }
}
