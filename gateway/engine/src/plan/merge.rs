//! Spans of one table to requests, at the least cost.

use super::{
    HOLE_BITS, HOLE_REGISTERS, ReadRequest, Timing, from_zero, reads_bits,
    span::{Span, is_free, request},
};
use core::time::Duration;
use weir_profiles::{AddressRange, ModbusAccess, RegisterKind};
use weir_wire::modbus::{BITS_MAX, REGISTERS_MAX};

/// The best way to ask for all spans before some span.
#[derive(Clone, Copy)]
struct Best {
    time: Duration,
    /// Breaks a tie: fewer requests.
    requests: usize,
    /// Where the last of its requests begins.
    from: usize,
}

/// Cuts the sorted spans of one table into requests. `bests[i]` is the best way to read the first
/// `i` spans; every request that can begin at span `i` makes a way to read more of them.
pub(super) fn merge(
    spans: &[Span],
    access: &ModbusAccess,
    banned: &[AddressRange],
    timing: Timing,
) -> Vec<ReadRequest> {
    let start = Best { time: Duration::ZERO, requests: 0, from: 0 };
    let mut bests: Vec<Option<Best>> = vec![None; spans.len() + 1];
    bests[0] = Some(start);
    for from in 0..spans.len() {
        let before = bests[from].expect("a span can be asked for alone");
        for (to, count) in extents(&spans[from..], access, banned) {
            let time = before.time + timing.of(spans[from].kind, count);
            let way = Best { time, requests: before.requests + 1, from };
            let best = &mut bests[from + to];
            if best.is_none_or(|best| (time, way.requests) < (best.time, best.requests)) {
                *best = Some(way);
            }
        }
    }
    let mut requests = Vec::new();
    let mut end = spans.len();
    while let Some(Best { from, .. }) = bests[end].filter(|_| end > 0) {
        requests.extend(request(&spans[from..end], access));
        end = from;
    }
    requests.reverse();
    requests
}

/// Every request that can begin with the first of these spans: how many spans it has, and how many
/// addresses. The first span alone is always one.
fn extents(spans: &[Span], access: &ModbusAccess, banned: &[AddressRange]) -> Vec<(usize, u32)> {
    let Some(first) = spans.first() else { return Vec::new() };
    let (limit, hole_max) = (limit(first.kind, access), hole_max(first.kind, access));
    let start = if from_zero(first.kind, access) { 0 } else { first.start };
    let mut end = first.end;
    let mut extents = vec![(1, end - start)];
    for (nth, span) in spans.iter().enumerate().skip(1) {
        let hole = span.start.saturating_sub(end);
        let grows = span.end > end;
        if grows
            && (access.one_by_one
                || hole > hole_max
                || span.end - start > limit
                || !is_free(span.kind, end, span.start, banned))
        {
            break;
        }
        end = end.max(span.end);
        extents.push((nth + 1, end - start));
    }
    extents
}

/// Most addresses of one request.
fn limit(kind: RegisterKind, access: &ModbusAccess) -> u32 {
    u32::from(match reads_bits(kind) {
        true => access.bits_max.min(BITS_MAX),
        false => access.registers_max.min(REGISTERS_MAX),
    })
}

/// Most unused addresses in a row. What lies before the first bit of a request that must start at
/// 0 is no hole, and neither is what lies between its bits: it is read in any case.
fn hole_max(kind: RegisterKind, access: &ModbusAccess) -> u32 {
    if from_zero(kind, access) {
        return u32::MAX;
    }
    u32::from(access.hole_max.unwrap_or(match reads_bits(kind) {
        true => HOLE_BITS,
        false => HOLE_REGISTERS,
    }))
}
