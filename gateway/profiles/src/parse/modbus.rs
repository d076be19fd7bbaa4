//! The `modbus = { … }` of a profile: what the device bears.

use super::Head;
use super::register::{TABLES, address};
use crate::form::{Faults, Fields, Found};
use crate::{AddressRange, ModbusAccess};
use core::time::Duration;

/// Most registers in one request, by the specification of Modbus.
const REGISTERS_MAX: u16 = 125;
/// Most coils or discrete inputs in one request, by the specification of Modbus.
const BITS_MAX: u16 = 2000;
/// Longest rest between two requests, and longest turnaround, in milliseconds.
const REQUEST_GAP_MAX_MS: i64 = 10_000;
/// Longest rest after a connection, in milliseconds.
const CONNECT_DELAY_MAX_MS: i64 = 60_000;
/// Most ranges that may not be read.
const FORBIDDEN_MAX: usize = 200;

/// What the device bears, and the address from which the text counts.
pub(super) fn access(
    mut fields: Fields<'_, '_>,
    faults: &Faults<'_>,
) -> Option<(ModbusAccess, i64)> {
    let base = fields.whole("base", 0..=1).map_or(0, |found| found.value);
    let usual = ModbusAccess::default();
    let registers = fields.whole("registers_max", 1..=i64::from(REGISTERS_MAX));
    let bits = fields.whole("bits_max", 1..=i64::from(BITS_MAX));
    let hole = fields.whole("hole_max", 0..=i64::from(REGISTERS_MAX));
    let gap = fields.whole("request_gap_ms", 0..=REQUEST_GAP_MAX_MS);
    let delay = fields.whole("connect_delay_ms", 0..=CONNECT_DELAY_MAX_MS);
    let turnaround = fields.whole("turnaround_ms", 0..=REQUEST_GAP_MAX_MS);
    let forbidden = forbidden(&mut fields, base, faults);
    let mut flag = |key| fields.flag(key).is_some_and(|found| found.value);
    let access = ModbusAccess {
        registers_max: bounded(registers, usual.registers_max),
        bits_max: bounded(bits, usual.bits_max),
        hole_max: hole.as_ref().and_then(|found| u16::try_from(found.value).ok()),
        request_gap: milliseconds(gap, usual.request_gap),
        connect_delay: milliseconds(delay, usual.connect_delay),
        turnaround: milliseconds(turnaround, usual.turnaround),
        forbidden,
        any_answer_unit: flag("any_answer_unit"),
        one_by_one: flag("one_by_one"),
        bits_from_zero: flag("bits_from_zero"),
        close_after_scan: flag("close_after_scan"),
    };
    if let Some(hole) = hole.filter(|_| access.hole_max >= Some(access.registers_max)) {
        let problem = "a hole must be smaller than the largest request";
        faults.hint(&hole.spot, problem, format!("registers_max is {}", access.registers_max));
        return None;
    }
    Some((access, base))
}

fn bounded(found: Option<Found<i64>>, default: u16) -> u16 {
    found.and_then(|found| u16::try_from(found.value).ok()).unwrap_or(default)
}

fn milliseconds(found: Option<Found<i64>>, default: Duration) -> Duration {
    found.map_or(default, |found| Duration::from_millis(found.value.unsigned_abs()))
}

/// The ranges that must never be read.
fn forbidden(fields: &mut Fields<'_, '_>, base: i64, faults: &Faults<'_>) -> Vec<AddressRange> {
    let list = fields.list_of_fields("forbidden");
    if list.as_ref().is_some_and(|list| list.len() > FORBIDDEN_MAX) {
        faults.note(&fields.at("forbidden"), format!("more than {FORBIDDEN_MAX} ranges"));
    }
    let head = Head::Modbus(ModbusAccess::default(), base);
    let range = |mut fields: Fields<'_, '_>| {
        fields.require(&["table", "first", "last"]);
        let kind = fields.choice("table", &TABLES);
        let first = address(&mut fields, "first", &head);
        let last = address(&mut fields, "last", &head);
        let (kind, first, last) = (kind?.value, first?, last?);
        if first.value > last.value {
            let problem = "a range is from its first to its last address, both included";
            faults.hint(&last.spot, problem, "the last is not less than the first");
            return None;
        }
        Some(AddressRange { kind, first: first.value, last: last.value })
    };
    list.into_iter().flatten().take(FORBIDDEN_MAX).filter_map(range).collect()
}
