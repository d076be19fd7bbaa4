//! A message of a node as rows.

use crate::DeviceSettings;
use core::time::Duration;
use weir_domain::{
    BadReason, Quality, Reading, Sample, Timestamp, UncertainReason, Value, ValueKind,
};
use weir_engine::Row;
use weir_profiles::{PointDef, Source};
use weir_wire::telemetry::{Field, Scalar, Telemetry};

/// 2020-01-01T00:00:00Z: a clock before this has never been set.
const PLAUSIBLE_FROM: Timestamp = Timestamp::from_millis(1_577_836_800_000);
/// How far a node's clock may be ahead.
const AHEAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// Unknown names that are told by name.
const NAMED_MAX: usize = 5;

/// What a message says of a device.
pub(super) struct Understood {
    /// One for each point of the profile that is in the message.
    pub(super) rows: Vec<Row>,
    /// What in it could not be used, in words.
    pub(super) remark: Option<String>,
}

/// Understands a message that came at `received_time`.
pub(super) fn understand(
    telemetry: &Telemetry,
    device: &DeviceSettings,
    received_time: Timestamp,
) -> Understood {
    let t = telemetry.t.map(Timestamp::from_millis);
    let trusted = t.filter(|t| (PLAUSIBLE_FROM..=received_time + AHEAD_MAX).contains(t));
    let (mut rows, mut unknown, mut qualities) = (Vec::new(), Vec::new(), Vec::new());
    for field in &telemetry.fields {
        let points = device.profile.points.iter().zip(&device.series);
        let named = |def: &PointDef| matches!(&def.source, Source::Field(source) if source.name == field.name);
        let mut known = false;
        for (def, series) in points.filter(|(def, _)| named(def)) {
            known = true;
            let reading = match read(def, field, &mut qualities) {
                Reading::Good(value) if trusted.is_none() => {
                    Reading::Uncertain(value, UncertainReason::ClockUncertain)
                }
                reading => reading,
            };
            let source_time = trusted.unwrap_or(received_time);
            rows.push(Row {
                series: *series,
                sample: Sample { source_time, received_time, reading },
            });
        }
        if !known {
            unknown.push(field.name.as_str());
        }
    }
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

fn in_short(names: &[&str]) -> String {
    let named =
        names.get(..NAMED_MAX).map_or_else(|| names.join(", "), |few| few.join(", ") + ", …");
    if names.len() == NAMED_MAX { names.join(", ") } else { named }
}

fn read<'a>(def: &PointDef, field: &'a Field, unknown: &mut Vec<&'a str>) -> Reading {
    let quality = match field.quality.as_deref().map(str::parse::<Quality>) {
        None => Quality::Good,
        Some(Ok(quality)) => quality,
        Some(Err(_)) => {
            unknown.extend(field.quality.as_deref());
            Quality::Uncertain(UncertainReason::Unspecified)
        }
    };
    let value = match (field.value, def.kind) {
        (Scalar::Null, _) => None,
        (Scalar::Boolean(on), ValueKind::Boolean) => Some(Value::from(on)),
        (Scalar::Boolean(_), ValueKind::Number) => {
            return Reading::Bad(None, BadReason::ConfigurationError);
        }
        (Scalar::Number(number), ValueKind::Boolean) => {
            Value::new(number).map(|value| Value::from(value.is_on()))
        }
        (Scalar::Number(number), ValueKind::Number) => Value::new(number),
    };
    match Reading::from_parts(value, quality) {
        Reading::Good(value) if !in_range(def, value) => {
            Reading::Uncertain(value, UncertainReason::EngineeringUnitsExceeded)
        }
        reading => reading,
    }
}

fn in_range(def: &PointDef, value: Value) -> bool {
    def.range.is_none_or(|(low, high)| (low..=high).contains(&value.get()))
}

#[cfg(test)]
mod tests;
