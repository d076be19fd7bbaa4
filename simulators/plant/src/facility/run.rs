//! A facility as time passes: physics, instruments, couriers, and what acts upon them.

use super::{
    Cause, Incident, Kind, Report, Shown, Signal, Site, Target, Truth,
    active::Active,
    courier::Courier,
    instrument::{Acting, HANDS, Instrument},
    process::{Process, Values, switch},
};
use crate::calendar::{HOUR, moment, second_of};
use std::collections::HashMap;
use weir_domain::{Sample, Timestamp};

/// The cabinet's door stands open so long when somebody tampers, s.
const TAMPERING_DOOR: i64 = 180;

/// One facility at a moment of the virtual clock, and what is to happen to it.
#[derive(Debug)]
pub struct Facility {
    site: Site,
    process: Box<dyn Process>,
    values: Values,
    instruments: Vec<Instrument>,
    couriers: Vec<Courier>,
    /// Which courier a signal has.
    courier_of: Vec<usize>,
    /// Which signals show a series.
    shows: Vec<Vec<usize>>,
    enclosure: Option<usize>,
    incidents: Vec<Incident>,
    active: Active,
    /// The next second at which a cause begins or ends.
    turn: i64,
    truths: Vec<Truth>,
    /// How many incidents have begun.
    begun: usize,
    on_the_way: Vec<Shown>,
    last: Vec<Option<Sample>>,
    second: i64,
    now: Timestamp,
}

impl Facility {
    /// The facility of a kind and seed in its ordinary state, and what is to happen to it. The
    /// signals that incidents name are those of [`Site::signals`]; one that names none that is
    /// there does nothing. A cause acts in the steps that end within it.
    pub fn new(kind: Kind, seed: u64, start: Timestamp, mut incidents: Vec<Incident>) -> Self {
        let built = kind.build(seed);
        incidents.sort_by_key(|incident| incident.at);
        let step = i64::from(built.site.step_secs);
        let second = second_of(start).div_euclid(step) * step;
        let (courier_of, couriers) = couriers(&built.site);
        let mut shows = vec![Vec::new(); built.site.series.len()];
        for (signal, instrument) in built.instruments.iter().enumerate() {
            shows[instrument.gauge.series].push(signal);
        }
        let signals = built.site.signals.len();
        let mut facility = Self {
            values: Values::new(built.site.series.len()),
            site: built.site,
            process: built.process,
            instruments: built.instruments,
            couriers,
            courier_of,
            shows,
            enclosure: built.enclosure,
            incidents,
            active: Active::none(),
            turn: i64::MIN,
            truths: Vec::new(),
            begun: 0,
            on_the_way: Vec::new(),
            last: vec![None; signals],
            second,
            now: start,
        };
        facility.warm_up(built.warm_hours * HOUR);
        facility
    }

    fn warm_up(&mut self, secs: i64) {
        let step = i64::from(self.site.step_secs);
        let mut earlier = self.second - secs / step * step;
        while earlier <= self.second {
            self.process.step(earlier, &self.active, &mut self.values);
            earlier += step;
        }
        self.values.edges.clear();
        self.values.acts.clear();
        for instrument in &mut self.instruments {
            instrument.follow(self.second, self.values.now[instrument.gauge.series]);
        }
        for incident in self.incidents.iter().filter(|i| i.cause == Cause::Replay) {
            if let Some(instrument) = incident.signal.and_then(|s| self.instruments.get_mut(s)) {
                instrument.keep_a_day();
            }
        }
    }

    /// What is known of it.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What can be read.
    pub fn signals(&self) -> &[Signal] {
        &self.site.signals
    }

    /// The time of the virtual clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What a signal has shown last.
    pub fn sample(&self, signal: usize) -> Option<Sample> {
        self.last.get(signal).copied().flatten()
    }

    /// What is true of every series, at the last step of the physics.
    pub fn values(&self) -> &[f64] {
        &self.values.now
    }

    /// What has acted so far, in the order in which it began.
    pub fn truth(&self) -> &[Truth] {
        &self.truths
    }

    /// Lets time pass until `to`, and delivers what reaches the gateway in the order in which it
    /// does.
    pub fn advance(&mut self, to: Timestamp, mut deliver: impl FnMut(Shown)) {
        let step = i64::from(self.site.step_secs);
        while moment(self.second + step) <= to {
            self.second += step;
            self.act();
            self.tell_edges();
            self.hand_over(&mut deliver);
            self.scan();
        }
        self.now = self.now.max(to);
    }

    /// Lets time pass without instruments, and shows the true values after every step. Nobody
    /// reads what happens meanwhile.
    pub fn advance_unseen(&mut self, to: Timestamp, mut see: impl FnMut(Timestamp, &[f64])) {
        let step = i64::from(self.site.step_secs);
        while moment(self.second + step) <= to {
            self.second += step;
            self.act();
            self.values.edges.clear();
            see(moment(self.second), &self.values.now);
        }
        self.now = self.now.max(to);
    }

    /// One step of the physics.
    fn act(&mut self) {
        if self.second >= self.turn {
            self.turn();
        }
        self.process.step(self.second, &self.active, &mut self.values);
        if !self.values.acts.is_empty() {
            self.record();
        }
        if let Some(series) = self.enclosure {
            let open = self.hands_are_in(self.second);
            self.values.change(series, self.second * 1_000, switch(open));
        }
    }

    /// Whether somebody works in the instruments' cabinet.
    fn hands_are_in(&self, second: i64) -> bool {
        let mut acting = self.instruments.iter().flat_map(|instrument| &instrument.acting);
        acting.any(|acting| match acting.cause {
            Cause::Adjusted | Cause::TapWaterCup | Cause::Bottle => {
                second < acting.since + TAMPERING_DOOR || second >= acting.until - HANDS
            }
            Cause::Maintenance
            | Cause::MaintenanceUnmarked
            | Cause::Calibration
            | Cause::CalibrationUnmarked => true,
            _ => false,
        })
    }

    fn record(&mut self) {
        for act in self.values.acts.drain(..) {
            let of = |truth: &&mut Truth| {
                truth.incident.cause == act.cause && truth.incident.at.as_millis() <= act.to_ms
            };
            if let Some(truth) = self.truths.iter_mut().rev().find(of) {
                let from = Timestamp::from_millis(act.from_ms);
                truth.acts.push(from..Timestamp::from_millis(act.to_ms));
            }
        }
    }

    /// Causes begin or end.
    fn turn(&mut self) {
        let second = self.second;
        while let Some(incident) = self.incidents.get(self.begun)
            && second_of(incident.at) <= second
        {
            self.truths.push(Truth { incident: *incident, acts: Vec::new() });
            self.begun += 1;
        }
        let end = |incident: &Incident| second_of(incident.until());
        let acting: Vec<&Incident> =
            self.incidents[..self.begun].iter().filter(|incident| end(incident) > second).collect();
        self.active.clear();
        for incident in &acting {
            self.active.add(incident);
        }
        let courier_of = &self.courier_of;
        let device_of = |incident: &Incident| {
            incident.signal.and_then(|signal| courier_of.get(signal).copied())
        };
        for (signal, instrument) in self.instruments.iter_mut().enumerate() {
            let mine = acting.iter().filter(|incident| match incident.cause.about().target {
                Target::Signal => incident.signal == Some(signal),
                Target::Device => device_of(incident) == Some(courier_of[signal]),
                Target::Process | Target::Site => false,
            });
            instrument.acting = mine.map(|incident| acting_of(incident)).collect();
        }
        for (device, courier) in self.couriers.iter_mut().enumerate() {
            let mine = acting.iter().filter(|incident| match incident.cause.about().target {
                Target::Site => true,
                _ => device_of(incident) == Some(device),
            });
            courier.act(mine.map(|incident| acting_of(incident)).collect());
        }
        let next = self.incidents.get(self.begun).map(|incident| second_of(incident.at));
        let ends = acting.iter().map(|incident| end(incident));
        self.turn = ends.chain(next).min().unwrap_or(i64::MAX);
    }

    /// Instruments that tell changes and events tell those of this step.
    fn tell_edges(&mut self) {
        for edge in &self.values.edges {
            for &signal in &self.shows[edge.series] {
                let instrument = &mut self.instruments[signal];
                if instrument.gauge.report == Report::Scanned {
                    continue;
                }
                if let Some(reading) = instrument.tell(self.second, edge.ms, edge.value) {
                    let courier = &mut self.couriers[self.courier_of[signal]];
                    let scan = instrument.gauge.scan_secs;
                    self.on_the_way.extend(courier.carry(signal, edge.ms, scan, reading));
                }
            }
        }
        self.values.edges.clear();
    }

    fn scan(&mut self) {
        let second = self.second;
        for (signal, instrument) in self.instruments.iter_mut().enumerate() {
            instrument.follow(second, self.values.now[instrument.gauge.series]);
            if !instrument.is_due(second) {
                continue;
            }
            if let Some(reading) = instrument.read(second) {
                let courier = &mut self.couriers[self.courier_of[signal]];
                let scan = instrument.gauge.scan_secs;
                self.on_the_way.extend(courier.carry(signal, second * 1_000, scan, reading));
            }
        }
    }

    /// What has arrived by now is the gateway's.
    fn hand_over(&mut self, deliver: &mut impl FnMut(Shown)) {
        let now = moment(self.second);
        self.on_the_way.sort_by_key(|shown| shown.sample.received_time);
        let arrived = self.on_the_way.partition_point(|shown| shown.sample.received_time <= now);
        for shown in self.on_the_way.drain(..arrived) {
            self.last[shown.signal] = Some(shown.sample);
            deliver(shown);
        }
    }
}

fn acting_of(incident: &Incident) -> Acting {
    Acting {
        cause: incident.cause,
        size: incident.size,
        since: second_of(incident.at),
        until: second_of(incident.until()),
    }
}

/// A courier for each instrument.
fn couriers(site: &Site) -> (Vec<usize>, Vec<Courier>) {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut couriers = Vec::new();
    let courier_of = site.signals.iter().map(|signal| {
        *known.entry(signal.device.as_str()).or_insert_with(|| {
            couriers.push(Courier::new(site.seed, &signal.device));
            couriers.len() - 1
        })
    });
    (courier_of.collect(), couriers)
}
