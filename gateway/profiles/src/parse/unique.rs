//! What two points of a profile must not share: an id, a place on the wire.

use super::point::ReadPoint;
use crate::form::{Faults, Spot};
use crate::{DataType, Half, RegisterSource, Source};
use core::ops::Range;
use std::collections::HashMap;
use weir_domain::PointName;

/// Compares each point with those before it. A place that two points share is a copy that somebody
/// forgot to change, and would show one quantity as another; only bits share their register.
pub(super) fn check(points: &[ReadPoint], faults: &Faults<'_>) {
    let mut ids: HashMap<&PointName, &Spot> = HashMap::new();
    let mut places: Vec<(&Source, &Spot)> = Vec::new();
    for point in points {
        if let Some(id) = &point.id
            && let Some(first) = ids.insert(&id.value, &id.spot)
        {
            let problem = format!("a second point with the id \"{}\"", id.value);
            faults.hint(&id.spot, problem, format!("the first is on line {}", faults.line(first)));
        }
        let Some((source, spot)) = &point.source else { continue };
        if let Some((_, first)) = places.iter().find(|(other, _)| overlap(other, source)) {
            let problem = "another point is read from the same place";
            faults.hint(spot, problem, format!("see line {}", faults.line(first)));
        }
        places.push((source, spot));
    }
}

fn overlap(a: &Source, b: &Source) -> bool {
    match (a, b) {
        (Source::Field(a), Source::Field(b)) => (&a.topic, &a.name) == (&b.topic, &b.name),
        (Source::Register(a), Source::Register(b)) => a.kind == b.kind && registers_overlap(a, b),
        _ => false,
    }
}

fn registers_overlap(a: &RegisterSource, b: &RegisterSource) -> bool {
    let (a_at, b_at) = (registers(a), registers(b));
    if !(a_at.start < b_at.end && b_at.start < a_at.end) {
        return false;
    }
    match (part(a.data_type), part(b.data_type)) {
        (Part::Bits(a), Part::Bits(b)) => a_at == b_at && a.start < b.end && b.start < a.end,
        // A status word may be read whole, bit by bit, and a field of it.
        (Part::Bit(a), Part::Bit(b)) => a == b,
        (Part::Byte(a), Part::Byte(b)) => a == b,
        (Part::Bit(_), _) | (_, Part::Bit(_)) | (Part::Bits(_), _) | (_, Part::Bits(_)) => false,
        _ => true,
    }
}

/// What of its registers a value is.
enum Part {
    Bit(u8),
    Bits(Range<u8>),
    Byte(Half),
    All,
}

fn part(data_type: DataType) -> Part {
    match data_type {
        DataType::Bit(bit) => Part::Bit(bit),
        DataType::Bits { low, high, .. } => Part::Bits(low..high.saturating_add(1)),
        DataType::U8(half) | DataType::I8(half) => Part::Byte(half),
        _ => Part::All,
    }
}

fn registers(source: &RegisterSource) -> Range<u32> {
    let start = u32::from(source.address.0);
    start..start + u32::from(source.data_type.registers())
}
