//! What two points of a profile must not share: an id, a place on the wire.

use super::point::ReadPoint;
use crate::form::{Faults, Spot};
use crate::{DataType, RegisterSource, Source};
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
        (Source::Field(a), Source::Field(b)) => a == b,
        (Source::Register(a), Source::Register(b)) => a.kind == b.kind && registers_overlap(a, b),
        _ => false,
    }
}

fn registers_overlap(a: &RegisterSource, b: &RegisterSource) -> bool {
    let (a_at, b_at) = (registers(a), registers(b));
    let meet = a_at.start < b_at.end && b_at.start < a_at.end;
    match (a.data_type, b.data_type) {
        (DataType::Bit(a), DataType::Bit(b)) => meet && a == b,
        // A status word may be read whole and bit by bit.
        (DataType::Bit(_), _) | (_, DataType::Bit(_)) => false,
        _ => meet,
    }
}

fn registers(source: &RegisterSource) -> Range<u32> {
    let start = u32::from(source.address.0);
    start..start + u32::from(source.data_type.registers())
}
