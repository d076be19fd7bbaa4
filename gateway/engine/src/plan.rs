//! Which requests read the points of a profile: few, within the device's limits, and never half a
//! value (the two halves of a number read at two moments are a third number).

use weir_profiles::{Access, ModbusAccess, Profile, RegisterAddress, RegisterKind, Source};
use weir_wire::modbus::{BITS_MAX, REGISTERS_MAX};

#[cfg(test)]
mod tests;

/// One request, and the points it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Which table.
    pub kind: RegisterKind,
    /// The first register or bit.
    pub start: RegisterAddress,
    /// How many registers or bits.
    pub count: u16,
    /// The points within it, as indices into the profile's points.
    pub points: Vec<usize>,
}

/// Where one point stands: `start..end` of its table. The end may be 65536.
struct Span {
    kind: RegisterKind,
    start: u32,
    end: u32,
    point: usize,
}

/// The requests that read every point of a Modbus profile exactly once; none for another profile.
///
/// Neighbours are read together as long as no more than `hole_max` unused registers (or bits) lie
/// between them and the request stays within `registers_max` or `bits_max`. A limit that is less
/// than the width of a single value gives way, as a value is never split.
pub fn plan(profile: &Profile) -> Vec<ReadRequest> {
    match &profile.access {
        Access::Modbus(access) => merge(spans(profile), access, access.hole_max),
        Access::Mqtt(_) => Vec::new(),
    }
}

/// The same, with requests that touch no unused register: for devices that refuse to be asked for
/// what they do not have.
pub fn plan_without_holes(profile: &Profile) -> Vec<ReadRequest> {
    match &profile.access {
        Access::Modbus(access) => merge(spans(profile), access, 0),
        Access::Mqtt(_) => Vec::new(),
    }
}

fn spans(profile: &Profile) -> Vec<Span> {
    let span = |(point, def): (usize, &weir_profiles::PointDef)| match &def.source {
        Source::Field(_) => None,
        Source::Register(register) => {
            let width = if reads_bits(register.kind) { 1 } else { register.data_type.registers() };
            let start = u32::from(register.address.0);
            Some(Span { kind: register.kind, start, end: start + u32::from(width), point })
        }
    };
    let mut spans: Vec<Span> = profile.points.iter().enumerate().filter_map(span).collect();
    spans.sort_by_key(|span| (span.kind, span.start, span.end));
    spans
}

/// Puts sorted spans together.
fn merge(spans: Vec<Span>, access: &ModbusAccess, hole_max: u16) -> Vec<ReadRequest> {
    let mut merged: Vec<(Span, Vec<usize>)> = Vec::new();
    for span in spans {
        if let Some((last, points)) = merged.last_mut()
            && last.kind == span.kind
            && span.start.saturating_sub(last.end) <= u32::from(hole_max)
            && span.end.max(last.end) - last.start <= limit(span.kind, access)
        {
            last.end = last.end.max(span.end);
            points.push(span.point);
        } else {
            let points = vec![span.point];
            merged.push((span, points));
        }
    }
    merged.into_iter().map(request).collect()
}

fn request((span, points): (Span, Vec<usize>)) -> ReadRequest {
    ReadRequest {
        kind: span.kind,
        start: RegisterAddress(u16::try_from(span.start).expect("taken from an address")),
        count: u16::try_from(span.end - span.start).expect("within the limit, at most 2000"),
        points,
    }
}

fn limit(kind: RegisterKind, access: &ModbusAccess) -> u32 {
    u32::from(match reads_bits(kind) {
        true => access.bits_max.min(BITS_MAX),
        false => access.registers_max.min(REGISTERS_MAX),
    })
}

/// Whether a table holds bits, and not registers.
pub(crate) fn reads_bits(kind: RegisterKind) -> bool {
    matches!(kind, RegisterKind::Coil | RegisterKind::DiscreteInput)
}
