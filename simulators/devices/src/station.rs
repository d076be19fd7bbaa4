//! The instruments of one Modbus line, and what comes back from it.

use crate::{
    AbsentUnits, Attachment, Corruption, Instrument, Instruments, Line, SharedPlant, image::Map,
    knobs::Panel,
};
use std::{collections::HashMap, time::Duration};
use weir_plant::{Condition, Device};
use weir_wire::modbus::{Exception, encode_exception};

/// The servers behind one address or on one serial line.
pub(crate) struct Station {
    units: HashMap<u8, Unit>,
    plant: SharedPlant,
    panel: Panel,
    absent: AbsentUnits,
}

struct Unit {
    device: Device,
    instrument: Instrument,
    map: Map,
}

/// What comes back from a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) pdu: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) corruption: Option<Corruption>,
}

impl Station {
    /// The instruments of a line.
    pub(crate) fn new(line: Line, plant: SharedPlant, panel: Panel, absent: AbsentUnits) -> Self {
        let site = Instruments::demo();
        let unit = |instrument: &Instrument| match instrument.attachment() {
            Attachment::Modbus { line: its_line, unit } if its_line == line => {
                let (device, map) = (instrument.device(), Map::new(instrument)?);
                Some((unit, Unit { device, instrument: instrument.clone(), map }))
            }
            _ => None,
        };
        Self { units: site.iter().filter_map(unit).collect(), plant, panel, absent }
    }

    /// What a unit answers; none if nothing comes back.
    pub(crate) fn answer(&self, unit: u8, pdu: &[u8]) -> Option<Reply> {
        let plain = |pdu| Reply { pdu, delay: Duration::ZERO, corruption: None };
        let function = pdu.first().copied().unwrap_or(0);
        let refusal = |exception| encode_exception(function, exception).to_vec();
        let Some(unit) = self.units.get(&unit) else {
            return match self.absent {
                AbsentUnits::Silent => None,
                AbsentUnits::Refused => {
                    Some(plain(refusal(Exception::GatewayTargetFailedToRespond)))
                }
            };
        };
        let knobs = self.panel.get(unit.device);
        let pdu = self.plant.look(|plant| {
            let condition = plant.condition(unit.device);
            if knobs.silent || condition == Condition::Silent {
                return None;
            }
            let dead = knobs.dead || condition == Condition::SensorFault;
            Some(match knobs.exception {
                Some(exception) => refusal(exception),
                None => unit.map.answer(&unit.instrument, plant, dead, pdu),
            })
        })?;
        Some(Reply { pdu, delay: knobs.delay, corruption: knobs.corruption })
    }
}
