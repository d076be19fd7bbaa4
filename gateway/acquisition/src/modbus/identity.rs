//! What a device says of itself, as text: a serial number, a version.

use weir_domain::{Parameter, Unit, ValueKind};
use weir_engine::{decode, plan::ReadRequest};
use weir_profiles::{InfoDef, PointDef, Source};
use weir_wire::modbus::Answer;

/// What an answer says under a name; none if it says nothing that can be read.
pub(super) fn text(def: &InfoDef, request: &ReadRequest, answer: &Answer) -> Option<String> {
    // It is read as a point is: a number without a unit.
    let point = PointDef {
        id: def.id.clone(),
        name: def.name.clone(),
        parameter: "info".parse::<Parameter>().ok()?,
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 0,
        states: Vec::new(),
        source: Source::Register(def.source.clone()),
    };
    let number = decode::decode(&point, request, answer).value()?.get();
    Some(number.to_string())
}
