//! Weir's own telemetry: fields by name, each perhaps with a quality of its own.

use super::{Measured, Place, Points, Raw, Understood, in_short, read_value};
use std::collections::HashMap;
use weir_domain::{BadReason, Quality, Reading, Timestamp, UncertainReason, ValueKind};
use weir_engine::Row;
use weir_profiles::PointDef;
use weir_wire::telemetry::{Field, Scalar, Telemetry};

pub(super) fn read(
    telemetry: &Telemetry,
    places: &[Place<String>],
    points: &Points<'_>,
) -> Understood {
    let t = telemetry.t.map(Timestamp::from_millis);
    let trusted = t.filter(|t| points.receipt.trusts(*t));
    let measured = trusted.map_or(Measured::Unknown, Measured::At);
    let by_name: HashMap<&str, &Field> =
        telemetry.fields.iter().map(|field| (field.name.as_str(), field)).collect();
    let (mut rows, mut qualities) = (Vec::with_capacity(by_name.len()), Vec::new());
    for place in places {
        let (Some(field), Some((def, series))) =
            (by_name.get(place.at.as_str()), points.get(place.index))
        else {
            continue;
        };
        let sample = measured.sample(reading(def, field, &mut qualities), points.receipt);
        rows.push(Row { series, sample });
    }
    let is_known = |field: &&Field| places.iter().any(|place| place.at == field.name);
    let unknown = telemetry.fields.iter().filter(|field| !is_known(field));
    let unknown: Vec<&str> = unknown.map(|field| field.name.as_str()).collect();
    let mut remarks = Vec::new();
    if !unknown.is_empty() {
        remarks.push(format!("{} unknown names: {}", unknown.len(), in_short(&unknown)));
    }
    if !qualities.is_empty() {
        remarks.push(format!("unknown qualities: {}", in_short(&qualities)));
    }
    if let (Some(t), None) = (t, trusted) {
        remarks.push(format!("its clock says {t}"));
    }
    let remark = (!remarks.is_empty()).then(|| format!("message with {}", remarks.join("; ")));
    Understood { rows, remark }
}

fn reading<'a>(def: &PointDef, field: &'a Field, unknown: &mut Vec<&'a str>) -> Reading {
    let quality = match field.quality.as_deref().map(str::parse::<Quality>) {
        None => Quality::Good,
        Some(Ok(quality)) => quality,
        Some(Err(_)) => {
            unknown.extend(field.quality.as_deref());
            Quality::Uncertain(UncertainReason::Unspecified)
        }
    };
    let raw = match (field.value, def.kind) {
        // A node of our own makes that difference, so it must be a mistake.
        (Scalar::Boolean(_), ValueKind::Number) => {
            return Reading::Bad(None, BadReason::ConfigurationError);
        }
        (Scalar::Null, _) => Raw::Null,
        (Scalar::Boolean(on), ValueKind::Boolean) => Raw::Boolean(on),
        (Scalar::Number(number), _) => Raw::Number(number),
    };
    with_quality(read_value(def, raw), quality)
}

/// What the device itself says of a value goes before what we make of it.
fn with_quality(reading: Reading, quality: Quality) -> Reading {
    match (reading, quality) {
        (reading, Quality::Good) => reading,
        (Reading::Good(value) | Reading::Uncertain(value, _), Quality::Uncertain(reason)) => {
            Reading::Uncertain(value, reason)
        }
        (Reading::Bad(..), Quality::Uncertain(_)) => reading,
        (reading, Quality::Bad(reason)) => Reading::Bad(reading.value(), reason),
    }
}
