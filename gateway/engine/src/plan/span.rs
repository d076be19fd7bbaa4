//! Where the values of a profile stand.

use super::{ReadRequest, from_zero, reads_bits};
use weir_profiles::{
    AddressRange, ModbusAccess, Profile, RegisterAddress, RegisterKind, RegisterSource, Source,
};
use weir_wire::modbus::BITS_MAX;

/// Sorted by table and address.
pub(super) type Spans = Vec<Span>;

/// Where one value stands: `start..end` of its table. The end may be 65536, and beyond it if the
/// profile is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: RegisterKind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The index of the point, or of the piece of information.
    pub(super) index: usize,
}

pub(super) fn of_points(profile: &Profile) -> Spans {
    let sources = profile.points.iter().map(|point| match &point.source {
        Source::Register(source) => Some(source),
        Source::Field(_) => None,
    });
    sorted(sources)
}

pub(super) fn of_info(profile: &Profile) -> Spans {
    sorted(profile.info.iter().map(|info| Some(&info.source)))
}

fn sorted<'a>(sources: impl Iterator<Item = Option<&'a RegisterSource>>) -> Spans {
    let span = |(index, source): (usize, Option<&RegisterSource>)| {
        let source = source?;
        let start = u32::from(source.address.0);
        Some(Span { kind: source.kind, start, end: start + u32::from(width(source)), index })
    };
    let mut spans: Spans = sources.enumerate().filter_map(span).collect();
    spans.sort_by_key(|span| (span.kind, span.start, span.end, span.index));
    spans
}

/// Addresses that a value takes.
fn width(source: &RegisterSource) -> u16 {
    if reads_bits(source.kind) { 1 } else { source.data_type.registers() }
}

/// Whether a request for this value alone asks for nothing that is banned, and can be made at all.
pub(super) fn is_askable(span: &Span, access: &ModbusAccess, banned: &[AddressRange]) -> bool {
    let zero = from_zero(span.kind, access);
    let start = if zero { 0 } else { span.start };
    let in_reach = !zero || span.end <= u32::from(BITS_MAX);
    in_reach && is_free(span.kind, start, span.end, banned)
}

/// Whether `start..end` has no banned address in it.
pub(super) fn is_free(kind: RegisterKind, start: u32, end: u32, banned: &[AddressRange]) -> bool {
    !banned.iter().any(|range| {
        range.kind == kind
            && u32::from(range.first.0) < end
            && start <= u32::from(range.last.0)
            && start < end
    })
}

/// The request for spans of one table, sorted and not empty.
pub(super) fn request(spans: &[Span], access: &ModbusAccess) -> Option<ReadRequest> {
    let first = spans.first()?;
    let end = spans.iter().map(|span| span.end).max()?;
    let start = if from_zero(first.kind, access) { 0 } else { first.start };
    Some(ReadRequest {
        kind: first.kind,
        start: RegisterAddress(u16::try_from(start).ok()?),
        count: u16::try_from(end - start).ok()?,
        points: spans.iter().map(|span| span.index).collect(),
    })
}
