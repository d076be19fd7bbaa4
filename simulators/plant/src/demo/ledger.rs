//! Which incidents are known, which go on, and what has really happened.

use crate::{
    Condition, Device, Incident, IncidentKind, Truth,
    calendar::moment,
    demo::cabinet::{Spoil, SpoiltCycle},
};
use weir_domain::Timestamp;

/// Incidents that are known and not over, and the truth log.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    known: Vec<Known>,
    truths: Vec<Truth>,
}

#[derive(Debug)]
struct Known {
    incident: Incident,
    begun: bool,
    /// Place in the truth log, once it really began.
    truth: Option<usize>,
    over: bool,
}

/// What the facility still shows of an incident.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trace {
    /// Nothing, or nothing but its cause.
    Settled,
    /// The facility is not yet in its ordinary state.
    Unsettled,
    /// A cabinet's cycle, if it has begun.
    Cycle(Option<SpoiltCycle>),
}

impl Ledger {
    pub(crate) fn learn(&mut self, incident: Incident) {
        self.known.push(Known { incident, begun: false, truth: None, over: false });
    }

    /// Nothing is wrong, and nothing is about to be.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn truths(&self) -> &[Truth] {
        &self.truths
    }

    /// Begins what is due; orders a cabinet's cycle to be spoilt, which happens later.
    pub(crate) fn begin(&mut self, now: Timestamp, mut order: impl FnMut(usize, Spoil)) {
        let due = |known: &&mut Known| !known.begun && known.incident.at <= now;
        for known in self.known.iter_mut().filter(due) {
            known.begun = true;
            match spoils(known.incident.kind) {
                Some((nth, spoil)) => order(nth, spoil),
                None => {
                    known.truth = Some(self.truths.len());
                    self.truths.push(truth(known.incident, known.incident.at));
                }
            }
        }
    }

    /// Whether the cause of such an incident goes on.
    pub(crate) fn is_going_on(&self, kind: IncidentKind, now: Timestamp) -> bool {
        let holds = |known: &Known| {
            known.begun && known.incident.kind == kind && now < known.incident.until()
        };
        self.known.iter().any(holds)
    }

    /// Whether a device works.
    pub(crate) fn condition(&self, device: Device, now: Timestamp) -> Condition {
        let holds = |known: &&Known| known.incident.at <= now && now < known.incident.until();
        let kinds = self.known.iter().filter(holds).map(|known| known.incident.kind);
        kinds.fold(Condition::Working, |condition, kind| match kind {
            IncidentKind::DeviceSilent(silent) if silent == device => Condition::Silent,
            IncidentKind::DeviceSensorFault(faulty)
                if faulty == device && condition == Condition::Working =>
            {
                Condition::SensorFault
            }
            _ => condition,
        })
    }

    /// Brings the truth log up to date with what the facilities show.
    pub(crate) fn record(&mut self, now: Timestamp, trace: impl Fn(IncidentKind) -> Trace) {
        for known in self.known.iter_mut().filter(|known| known.begun) {
            let Known { incident, truth: place, over, .. } = known;
            match trace(incident.kind) {
                Trace::Cycle(None) => {}
                Trace::Cycle(Some(cycle)) => {
                    let place = *place.get_or_insert_with(|| {
                        self.truths.push(truth(*incident, moment(cycle.from)));
                        self.truths.len() - 1
                    });
                    *over = cycle.to.is_some();
                    self.truths[place].to = cycle.to.map_or(now, moment);
                    self.truths[place].over = *over;
                }
                _ if now < incident.until() => {}
                trace => {
                    let Some(place) = *place else { continue };
                    *over = matches!(trace, Trace::Settled);
                    self.truths[place].over = *over;
                    if !*over {
                        self.truths[place].to = now;
                    }
                }
            }
        }
        self.known.retain(|known| !known.over);
    }
}

fn truth(incident: Incident, from: Timestamp) -> Truth {
    let kind = incident.kind;
    let to = from + incident.duration;
    Truth { kind, area: kind.area(), device: kind.device(), from, to, over: false }
}

/// Which cabinet an incident spoils a cycle of, and how.
pub(crate) fn spoils(kind: IncidentKind) -> Option<(usize, Spoil)> {
    let (device, spoil) = match kind {
        IncidentKind::CabinetWeakHeater(device) => (device, Spoil::WeakHeater),
        IncidentKind::CabinetDoorOpenedEarly(device) => (device, Spoil::DoorOpenedEarly),
        _ => return None,
    };
    Some((usize::from(device == Device::Cabinet2), spoil))
}
