//! The four facilities together, and what is wrong with them.

use crate::{
    Area, Device, Incident, IncidentKind, Measured, Script, Signal, Truth,
    calendar::{moment, second_of},
    demo::cabinet::{Cabinet, Use},
    demo::effluent::{self, Effluent},
    demo::ledger::{Ledger, Trace, spoils},
    demo::pool::{self, Pool},
    demo::radiology::Room,
    noise::Noise,
};
use std::time::Duration;
use weir_domain::Timestamp;

/// A script is read so far ahead, because a door opens before the exposure it is there for.
const SCRIPT_AHEAD: Duration = Duration::from_secs(60);

/// The four facilities at a moment of the virtual clock.
///
/// Physics runs in steps of one second; switches of the X-ray room are known to the millisecond.
#[derive(Debug)]
pub struct Plant {
    now: Timestamp,
    /// The step that has been made last.
    second: i64,
    effluent: Effluent,
    pool: Pool,
    cabinets: [Cabinet; 2],
    room: Room,
    script: Script,
    ledger: Ledger,
}

/// Whether a device works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It answers with what it measures.
    Working,
    /// It answers nothing.
    Silent,
    /// It answers that it measures nothing.
    SensorFault,
}

impl Plant {
    /// A plant in its ordinary state, in which nothing goes wrong.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self::scripted(seed, start, Script::quiet())
    }

    /// A plant in its ordinary state, and what is to go wrong with it. What the script has before
    /// `start` is left out.
    pub fn scripted(seed: u64, start: Timestamp, mut script: Script) -> Self {
        let second = second_of(start);
        let usual = second + Noise::new(seed, "plant").whole(0, 300, 6_900);
        let round = Use::Round(script.round_cycle().map_or(usual, second_of));
        while script.next_before(start).is_some() {}
        let mut plant = Self {
            now: start,
            second,
            effluent: Effluent::new(seed, second),
            pool: Pool::new(seed, second),
            cabinets: [
                Cabinet::new(seed, "cabinet-1", Use::Noon, second),
                Cabinet::new(seed, "cabinet-2", round, second),
            ],
            room: Room::new(seed, second),
            script,
            ledger: Ledger::default(),
        };
        plant.read_script();
        plant
    }

    /// The time of the virtual clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass until `to`; does nothing if that is not after now.
    pub fn advance(&mut self, to: Timestamp) {
        while moment(self.second + 1) <= to {
            self.second += 1;
            self.step();
        }
        self.now = self.now.max(to);
    }

    /// Something more that is to go wrong. What begins before now is taken to begin now, and an
    /// exposure's door and lamp have two seconds less to open and light up.
    pub fn schedule(&mut self, mut incident: Incident) {
        incident.at = incident.at.max(self.now);
        self.learn(incident);
    }

    /// What has happened so far, in the order in which it began.
    pub fn truth(&self) -> &[Truth] {
        self.ledger.truths()
    }

    /// Whether a device works just now.
    pub fn condition(&self, device: Device) -> Condition {
        self.ledger.condition(device, self.now)
    }

    /// What a device would show if it worked.
    pub fn measure(&self, signal: Signal) -> Measured {
        use Measured::{Number, Switch};
        let (second, ms) = (self.second, self.now.as_millis());
        let (effluent, pool, [noon, round]) = (&self.effluent, &self.pool, &self.cabinets);
        match signal {
            Signal::Trc1Chlorine => Number(effluent.contact_chlorine(second)),
            Signal::Trc1Temperature => Number(effluent.temperature(second, 0)),
            Signal::Trc2Chlorine => Number(effluent.outfall_chlorine(second)),
            Signal::Trc2Temperature => Number(effluent.temperature(second, 1)),
            Signal::Ph1Ph => Number(effluent.ph(second)),
            Signal::Ph1Temperature => Number(effluent.temperature(second, 2)),
            Signal::Flow1Flow => Number(effluent.flow(second)),
            Signal::Flow1Total => Number(effluent.total()),
            Signal::Cod1Cod => Number(effluent.cod(second)),
            Signal::Pool1FreeChlorine => Number(pool.free_chlorine(second)),
            Signal::Pool1CombinedChlorine => Number(pool.combined_chlorine(second)),
            Signal::Pool1Ph => Number(pool.ph(second)),
            Signal::Pool1Orp => Number(pool.orp(second)),
            Signal::Pool1Temperature => Number(pool.temperature(second)),
            Signal::Turb1Turbidity => Number(pool.turbidity(second)),
            Signal::Cabinet1Temperature => Number(noon.temperature(second)),
            Signal::Cabinet1Door => Switch(noon.door_open(second)),
            Signal::Cabinet1Power => Number(noon.power(second)),
            Signal::Cabinet2Temperature => Number(round.temperature(second)),
            Signal::Cabinet2Door => Switch(round.door_open(second)),
            Signal::Cabinet2Power => Number(round.power(second)),
            Signal::Room1Door => Switch(self.room.door_open(ms)),
            Signal::Room1Lamp => Switch(self.room.lamp_on(ms)),
            Signal::Room1Exposure => Switch(self.room.exposing(ms)),
            Signal::Dose1Rate => Number(self.room.dose_rate()),
        }
    }

    /// When door, lamp or exposure of the X-ray room changes next. Exact for the next minute; what
    /// a script has later may still come in between.
    pub fn next_room_change(&self) -> Option<Timestamp> {
        self.room.next_change(self.now.as_millis()).map(Timestamp::from_millis)
    }

    fn step(&mut self) {
        let (second, now) = (self.second, moment(self.second));
        self.read_script();
        let cabinets = &mut self.cabinets;
        self.ledger.begin(now, |nth, spoil| cabinets[nth].order(spoil));
        let (effluent, pool) = self.faults(now);
        self.effluent.step(second, effluent);
        self.pool.step(second, pool);
        for cabinet in &mut self.cabinets {
            cabinet.step(second);
        }
        self.room.step(second, self.ledger.is_going_on(IncidentKind::DoseRateHigh, now));
        let (effluent, pool, cabinets) = (&self.effluent, &self.pool, &self.cabinets);
        self.ledger.record(now, |kind| trace(kind, effluent, pool, cabinets));
    }

    fn read_script(&mut self) {
        let horizon = moment(self.second) + SCRIPT_AHEAD;
        while let Some(incident) = self.script.next_before(horizon) {
            self.learn(incident);
        }
    }

    fn learn(&mut self, incident: Incident) {
        let ms = incident.at.as_millis()..incident.until().as_millis();
        let now = self.second * 1_000;
        match incident.kind {
            IncidentKind::ExposureDoorOpen => self.room.expose_with_door_open(ms, now),
            IncidentKind::ExposureLampOff => self.room.expose_with_lamp_off(ms, now),
            IncidentKind::DoseRateHigh => self.room.expose_again_and_again(ms, now),
            _ => {}
        }
        self.ledger.learn(incident);
    }

    fn faults(&self, now: Timestamp) -> (effluent::Faults, pool::Faults) {
        if self.ledger.is_empty() {
            return Default::default();
        }
        let on = |kind| self.ledger.is_going_on(kind, now);
        let effluent = effluent::Faults {
            dose_stop: on(IncidentKind::ChlorineDoseStop),
            overdose: on(IncidentKind::ChlorineOverdose),
            dechlorination: on(IncidentKind::OutfallDechlorinationFailure),
            acid: on(IncidentKind::PhExcursion),
            storm: on(IncidentKind::StormInflow),
        };
        let dip = on(IncidentKind::PoolChlorineDip) || on(IncidentKind::PoolChlorineWarningDip);
        (effluent, pool::Faults { dip, breakthrough: on(IncidentKind::PoolTurbidity) })
    }
}

/// What is still to be seen of an incident.
fn trace(kind: IncidentKind, effluent: &Effluent, pool: &Pool, cabinets: &[Cabinet; 2]) -> Trace {
    if let Some((nth, _)) = spoils(kind) {
        return Trace::Cycle(cabinets[nth].spoilt());
    }
    let settled = match kind.area() {
        _ if kind.is_of_the_device() => true,
        Area::Effluent => effluent.is_settled(kind),
        Area::Pool => pool.is_settled(kind),
        Area::Lodging | Area::Radiology => true,
    };
    if settled { Trace::Settled } else { Trace::Unsettled }
}
