//! Which requests read the points of a profile: at the least cost on the wire, within what the
//! device bears, and never half a value (the two halves of a number read at two moments are a third
//! number).
//!
//! Terms: a **span** is what one value takes of its table, a **hole** is what lies unused between
//! two spans of one request. A hole is read along if that takes less time than another request,
//! which is what [`Timing`] knows of the link. An address that is forbidden by the profile, or that
//! the device refused, is in no request, not even in a hole.
//!
//! The plan is optimal: of all ways to cut the sorted spans of a table into requests, one whose
//! total time is least, found by dynamic programming.

mod bisect;
mod merge;
mod span;
#[cfg(test)]
mod tests;
mod timing;

use span::Spans;
use weir_profiles::{Access, AddressRange, ModbusAccess, Profile, RegisterAddress, RegisterKind};

pub use bisect::{Bisection, bisect, bisect_info};
pub use timing::{Framing, Timing};

/// Registers of a hole, where the profile does not say how many the device bears: 32 bytes. A
/// device that refuses the hole is met with [`bisect`]; one that is asked for less takes longer.
pub const HOLE_REGISTERS: u16 = 16;
/// Bits of a hole, where the profile does not say: as many bytes.
pub const HOLE_BITS: u16 = 256;

/// One request, and the values it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Which table.
    pub kind: RegisterKind,
    /// The first register or bit.
    pub start: RegisterAddress,
    /// How many registers or bits.
    pub count: u16,
    /// The points within it, as indices into the profile's `points`; of a request of
    /// [`plan_info`], into the profile's `info`.
    pub points: Vec<usize>,
}

/// The requests that read every point of a Modbus profile exactly once, in the order of the tables
/// and addresses; none for another profile.
///
/// In no request are: a point that overlaps a `forbidden` range of the profile or one of `refused`;
/// and, where requests must start at bit 0, a bit that cannot be had so. A limit that is less than
/// the width of a single value gives way, as a value is never split. With `one_by_one` only points
/// that lie within one value share a request, such as the bits of a status word.
pub fn plan(profile: &Profile, timing: Timing, refused: &[AddressRange]) -> Vec<ReadRequest> {
    planned(profile, span::of_points, timing, refused)
}

/// The requests that read what a device says of itself ([`Profile::info`]).
pub fn plan_info(profile: &Profile, timing: Timing) -> Vec<ReadRequest> {
    planned(profile, span::of_info, timing, &[])
}

fn planned(
    profile: &Profile,
    spans: fn(&Profile) -> Spans,
    timing: Timing,
    refused: &[AddressRange],
) -> Vec<ReadRequest> {
    let Access::Modbus(access) = &profile.access else { return Vec::new() };
    let banned: Vec<AddressRange> = access.forbidden.iter().chain(refused).copied().collect();
    // The rest before the next request is part of what a request costs.
    let request = timing.request.saturating_add(access.request_gap);
    let timing = Timing { request, ..timing };
    let mut spans = spans(profile);
    spans.retain(|span| span::is_askable(span, access, &banned));
    let tables = spans.chunk_by(|a, b| a.kind == b.kind);
    tables.flat_map(|table| merge::merge(table, access, &banned, timing)).collect()
}

/// Whether a table holds bits, and not registers.
pub(crate) fn reads_bits(kind: RegisterKind) -> bool {
    matches!(kind, RegisterKind::Coil | RegisterKind::DiscreteInput)
}

/// Whether requests for this table must start at address 0.
fn from_zero(kind: RegisterKind, access: &ModbusAccess) -> bool {
    access.bits_from_zero && reads_bits(kind)
}
