//! What happens in the room, and the rays that it makes.

use super::{
    ALARM, BEAM, BEAM_RATE, CHECK, CONSOLE, CONTACT, DOOR, DOSE, Design, EXAM, INSIDE, LAMP, OPEN,
    OUTSIDE, RETRACTED,
};
use crate::{
    calendar::{DAY, HOUR, at_local, local_day, second_of_day},
    facility::{
        Cause,
        active::Active,
        process::{Edge, Process, Values, switch},
    },
    noise::Noise,
};
use std::collections::VecDeque;

/// A source needs so long out of its safe and back, ms.
const DRIVE_MS: i64 = 2_000;
/// Monday is the first of seven.
const SUNDAY: i64 = 6;
const SATURDAY: i64 = 5;

#[derive(Debug)]
pub(crate) struct Room {
    design: Design,
    chance: Noise,
    rain: Noise,
    /// What is going to change, in the order of time.
    plan: VecDeque<Edge>,
    patient: i64,
    next_patient: i64,
    beam_from: i64,
    /// Whether the lamp was dark when the beam came on.
    dark: bool,
    /// Causes that have had their turn, by the second in which they began.
    begun: i64,
    next_check: i64,
    retracted: bool,
    /// The source should be in its safe since, ms.
    stuck_since: Option<i64>,
}

impl Room {
    pub(crate) fn new(seed: u64, design: Design) -> Self {
        Self {
            chance: Noise::new(seed, "rays/patients"),
            rain: Noise::new(seed, "rays/rain"),
            plan: VecDeque::new(),
            patient: 0,
            next_patient: i64::MIN,
            beam_from: 0,
            dark: false,
            begun: i64::MIN,
            next_check: i64::MIN,
            retracted: true,
            stuck_since: None,
            design,
        }
    }

    fn works_on(&self, day: i64) -> bool {
        // 1970-01-01 was a Thursday.
        match (day + 3).rem_euclid(7) {
            SUNDAY => false,
            SATURDAY => self.design.saturdays,
            _ => true,
        }
    }

    fn is_open(&self, second: i64) -> bool {
        let hours = self.design.opens..self.design.closes;
        self.works_on(local_day(second)) && hours.contains(&second_of_day(second))
    }

    /// The second, or the next opening after it.
    fn when_open(&self, second: i64) -> i64 {
        if self.is_open(second) {
            return second;
        }
        let opening = |day: i64| at_local(day, self.design.opens);
        let mut days = local_day(second)..local_day(second) + 4;
        let next = days.find(|day| self.works_on(*day) && opening(*day) > second);
        next.map_or(second + DAY, opening)
    }

    fn draw(&self, nth: i64, (low, high): (i64, i64)) -> i64 {
        self.chance.whole(self.patient * 64 + nth, low, high)
    }

    /// One patient: in by the door, exposures, out by the door.
    fn examine(&mut self, second: i64, active: &Active) {
        let design = self.design;
        let mut at = second * 1_000 + self.draw(0, (0, 999));
        at = self.door(at, self.draw(1, (6_000, 15_000)));
        at += self.draw(2, design.setting_up) * 1_000;
        let exposures = self.draw(3, design.exposures);
        for nth in 0..exposures {
            at = self.exposure(at, 4 + nth % 40, self.draw(44 + nth % 8, design.exposure_ms));
            at += self.draw(52 + nth % 8, design.gap_ms);
        }
        at = self.door(at + self.draw(60, (10_000, 30_000)), self.draw(61, (8_000, 18_000)));
        let share = active.size(Cause::Unregistered).unwrap_or(0.0);
        let value = if self.chance.between(self.patient * 64 + 62, 0.0, 1.0) < share {
            -exposures as f64
        } else {
            exposures as f64
        };
        self.plan.push_back(Edge { series: EXAM, ms: at + 1_000, value });
        self.patient += 1;
        let pause = self.draw(63, design.pause);
        self.next_patient = at.div_euclid(1_000) + pause;
    }

    fn door(&mut self, at: i64, ms: i64) -> i64 {
        self.plan.push_back(Edge { series: DOOR, ms: at, value: 1.0 });
        self.plan.push_back(Edge { series: DOOR, ms: at + ms, value: 0.0 });
        at + ms
    }

    /// Lamp, beam, and both off again.
    fn exposure(&mut self, at: i64, nth: i64, long: i64) -> i64 {
        let lead = self.draw(nth, (500, 3_000));
        let mut push = |series, ms, value| self.plan.push_back(Edge { series, ms, value });
        push(LAMP, at, 1.0);
        push(BEAM, at + lead, 1.0);
        push(BEAM, at + lead + long, 0.0);
        let end = at + lead + long + 1_000;
        push(LAMP, end, 0.0);
        end
    }

    /// What is planned is dropped, and what is on goes off.
    fn clear(&mut self, ms: i64, values: &mut Values) {
        self.plan.clear();
        for series in [BEAM, LAMP, DOOR] {
            if values.now[series] != 0.0 {
                self.plan.push_back(Edge { series, ms, value: 0.0 });
            }
        }
    }

    /// Somebody irradiates with the door open.
    fn expose_with_open_door(&mut self, second: i64, values: &mut Values) {
        let ms = second * 1_000 - 999;
        self.clear(ms, values);
        let long = self.draw(44, self.design.exposure_ms).min(60_000);
        self.plan.push_back(Edge { series: DOOR, ms: ms + 3_000, value: 1.0 });
        let end = self.exposure(ms + 5_000, 4, long);
        self.plan.push_back(Edge { series: DOOR, ms: end + 8_000, value: 0.0 });
        self.patient += 1;
        self.next_patient = self.when_open((end + 60_000).div_euclid(1_000));
    }

    fn follow_the_clock(&mut self, second: i64, active: &Active, values: &mut Values) {
        if self.next_patient == i64::MIN {
            self.next_patient = self.when_open(second);
            self.next_check = self.check_after(second);
        }
        if let Some(since) = active.since(Cause::ExposureDoorOpen)
            && since != self.begun
        {
            self.begun = since;
            self.expose_with_open_door(second, values);
        }
        if let Some(patients) = active.size(Cause::OutOfHours)
            && self.plan.is_empty()
            && !self.is_open(second)
            && self.chance.between(second, 0.0, 1.0) < patients / HOUR as f64
        {
            self.examine(second, active);
            self.next_patient = self.when_open(self.next_patient);
        }
        if second >= self.next_patient && self.plan.is_empty() && !active.on(Cause::PowerCut) {
            if self.is_open(second) {
                self.examine(second, active);
            }
            self.next_patient = self.when_open(self.next_patient.max(second));
        }
        if second >= self.next_check {
            let ms = self.next_check * 1_000;
            if active.on(Cause::MissedTests) {
                values.act(Cause::MissedTests, ms, ms);
            } else {
                values.event(CHECK, ms, 1.0);
            }
            self.next_check = self.check_after(second);
        }
    }

    /// Half an hour before the first patient of a working day.
    fn check_after(&self, second: i64) -> i64 {
        let at =
            |day: i64| at_local(day, self.design.opens - 1_500) + self.chance.whole(-day, 0, 1_200);
        let mut days = local_day(second)..local_day(second) + 5;
        let next = days.find(|day| self.works_on(*day) && at(*day) > second);
        next.map_or(second + DAY, at)
    }

    /// Plays what is due, and returns for how many milliseconds of the step the beam was on.
    fn play(&mut self, to_ms: i64, active: &Active, values: &mut Values) -> i64 {
        let mut on = 0;
        let start = to_ms - 1_000;
        if active.on(Cause::PowerCut) && values.now[BEAM] != 0.0 {
            self.clear(to_ms, values);
        }
        while let Some(edge) = self.plan.front().copied()
            && edge.ms <= to_ms
        {
            self.plan.pop_front();
            match edge.series {
                LAMP if active.on(Cause::ExposureLampOff) => {}
                LAMP if active.on(Cause::LampStuckOn) => {}
                BEAM => on += self.beam(edge, start, active, values),
                EXAM if edge.value < 0.0 => values.act(Cause::Unregistered, edge.ms, edge.ms),
                EXAM => values.event(EXAM, edge.ms, edge.value),
                series => values.change(series, edge.ms, edge.value),
            }
        }
        if values.now[BEAM] != 0.0 { on + to_ms - self.beam_from.max(start) } else { on }
    }

    fn beam(&mut self, edge: Edge, start: i64, active: &Active, values: &mut Values) -> i64 {
        values.change(CONSOLE, edge.ms, edge.value);
        if edge.value != 0.0 {
            self.beam_from = edge.ms;
            self.dark = values.now[LAMP] == 0.0;
            values.change(BEAM, edge.ms, 1.0);
            self.retracted = false;
            return 0;
        }
        if self.design.source && active.on(Cause::SourceStuck) {
            self.stuck_since.get_or_insert(edge.ms);
            return 0;
        }
        if values.now[BEAM] == 0.0 {
            return 0;
        }
        self.end_of_beam(edge.ms, values);
        edge.ms - self.beam_from.max(start)
    }

    fn end_of_beam(&mut self, ms: i64, values: &mut Values) {
        values.change(BEAM, ms, 0.0);
        self.retracted = true;
        if values.now[DOOR] != 0.0 && self.begun != i64::MIN {
            values.act(Cause::ExposureDoorOpen, self.beam_from, ms);
        }
        if self.dark {
            values.act(Cause::ExposureLampOff, self.beam_from, ms);
        }
        if !self.is_open(self.beam_from.div_euclid(1_000)) {
            values.act(Cause::OutOfHours, self.beam_from, ms);
        }
        if let Some(since) = self.stuck_since.take() {
            values.act(Cause::SourceStuck, since, ms);
        }
    }

    /// Lamp and door contact as they are broken.
    fn broken(&mut self, second: i64, active: &Active, values: &mut Values) {
        let ms = second * 1_000;
        if active.on(Cause::ExposureLampOff) || active.on(Cause::PowerCut) {
            values.change(LAMP, ms, 0.0);
        } else if active.on(Cause::LampStuckOn) {
            values.change(LAMP, ms, 1.0);
        } else if self.plan.iter().all(|edge| edge.series != LAMP) {
            values.change(LAMP, ms, 0.0);
        }
        let door = values.now[DOOR] != 0.0;
        let says = match active.size(Cause::ReedFlapping) {
            Some(rate) => self.chance.between(-second, 0.0, 1.0) < rate.min(0.5) || door,
            None => door,
        };
        let moved = values.edges.iter().rev().find(|edge| edge.series == DOOR).map(|edge| edge.ms);
        values.change(CONTACT, moved.unwrap_or(ms), switch(says));
        if self.stuck_since.is_some() && !active.on(Cause::SourceStuck) {
            self.end_of_beam(ms, values);
        }
        let retracted = self.retracted && self.stuck_since.is_none();
        let driven = if retracted { ms - 1_000 + DRIVE_MS.min(1_000) } else { ms };
        values.change(RETRACTED, driven, switch(retracted));
    }
}

impl Process for Room {
    fn step(&mut self, second: i64, active: &Active, values: &mut Values) {
        let ms = second * 1_000;
        self.follow_the_clock(second, active, values);
        let on = self.play(ms, active, values);
        self.broken(second, active, values);
        values.edges.sort_by_key(|edge| edge.ms);
        let design = &self.design;
        let shower = self.rain.wander(second, 2 * HOUR).max(0.6) - 0.6;
        let background = design.background * (1.0 + 0.6 * shower);
        let share = on.clamp(0, 1_000) as f64 / 1_000.0;
        let gap = active.size(Cause::ShieldGap).or(active.size(Cause::ShieldSeep)).unwrap_or(1.0);
        let door = if values.now[DOOR] != 0.0 { design.door_factor } else { 1.0 };
        let rate = design.leakage * gap * door;
        values.now[OUTSIDE] = background + rate * share;
        values.now[INSIDE] = background + design.inside * share;
        values.now[DOSE] += rate * share / HOUR as f64;
        values.now[BEAM_RATE] = if share > 0.0 { rate } else { 0.0 };
        values.now[OPEN] = switch(self.is_open(second));
        let alarm = values.now[INSIDE] > design.alarm_at;
        values.change(ALARM, ms, switch(alarm));
    }
}
