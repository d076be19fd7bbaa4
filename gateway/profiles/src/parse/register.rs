//! The `register = { … }` of a point: a place in one of Modbus' four tables.

use super::{Head, data_type, sentinels};
use crate::form::{Faults, Fields, Found, Spot};
use crate::{AddressRange, DataType, RegisterAddress, RegisterKind, RegisterSource, WordOrder};

pub(super) const TABLES: [(&str, RegisterKind); 4] = [
    ("coil", RegisterKind::Coil),
    ("discrete", RegisterKind::DiscreteInput),
    ("input", RegisterKind::InputRegister),
    ("holding", RegisterKind::HoldingRegister),
];

const ORDERS: [(&str, WordOrder); 4] = [
    ("abcd", WordOrder::Abcd),
    ("cdab", WordOrder::Cdab),
    ("badc", WordOrder::Badc),
    ("dcba", WordOrder::Dcba),
];

/// Bits that can be had with a request that starts at bit 0.
const BITS_FROM_ZERO: u16 = 2000;

pub(super) fn register(
    mut fields: Fields<'_, '_>,
    head: &Head,
    faults: &Faults<'_>,
) -> Option<RegisterSource> {
    fields.require(&["table", "address"]);
    let kind = fields.choice("table", &TABLES);
    let address = address(&mut fields, "address", head);
    let data_type = data_type::read(&mut fields, kind.as_ref().map(|kind| kind.value), faults);
    let order = fields.text("order");
    let (scale, offset) = (fields.number("scale"), fields.number("offset"));
    let raw_sentinels = fields.patterns("sentinels");

    if let Some(scale) = scale.as_ref().filter(|scale| scale.value == 0.0) {
        faults.note(&scale.spot, "a scale of 0 makes every value 0");
    }
    let (kind, address, data_type) = (kind?.value, address?, data_type?);
    let useless: (&[&str], &str) = match data_type {
        DataType::Bit(_) => (&["order", "scale", "offset", "sentinels"], "a single bit"),
        DataType::Text(_) => (&["scale", "offset", "sentinels"], "a text"),
        DataType::U8(_) | DataType::I8(_) => (&["order"], "a single byte"),
        _ => (&[], ""),
    };
    refuse(&fields, useless.0, useless.1, faults);
    let order = match order {
        Some(found) if !useless.0.contains(&"order") => self::order(&found, data_type, faults),
        _ => Some(WordOrder::Abcd),
    };
    let sentinels = match raw_sentinels {
        Some(list) if !useless.0.contains(&"sentinels") => {
            sentinels::fitting(list.value, data_type, faults)
        }
        _ => Vec::new(),
    };
    let source = RegisterSource {
        kind,
        address: address.value,
        data_type,
        order: order?,
        scale: scale.map_or(1.0, |found| found.value),
        offset: offset.map_or(0.0, |found| found.value),
        sentinels,
    };
    check_extent(&source, &address.spot, head, faults);
    Some(source)
}

/// An address, counted as the profile counts.
pub(super) fn address(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    head: &Head,
) -> Option<Found<RegisterAddress>> {
    let base = head.base();
    let found = fields.whole(key, base..=base + i64::from(u16::MAX))?;
    let address = u16::try_from(found.value - base).expect("it is within these bounds");
    Some(found.map(|_| RegisterAddress(address)))
}

pub(super) fn refuse(fields: &Fields<'_, '_>, keys: &[&str], what: &str, faults: &Faults<'_>) {
    for key in keys.iter().filter(|key| fields.has(key)) {
        faults.note(&fields.at(key), format!("{what} has no `{key}`"));
    }
}

/// The order, if the type can have it: one register has two bytes to swap, but no words.
fn order(found: &Found<String>, data_type: DataType, faults: &Faults<'_>) -> Option<WordOrder> {
    let letters = found.value.as_str();
    let four = ORDERS.iter().find(|(word, _)| *word == letters).map(|(_, order)| *order);
    let order = four.or_else(|| WordOrder::of_eight(letters));
    let has_words_to_swap =
        !matches!(order, Some(WordOrder::Abcd | WordOrder::Badc)) || letters.len() > 4;
    let (problem, hint) = match (order, data_type.registers()) {
        (None, 4) => (
            format!("unknown order \"{letters}\""),
            "use one of: abcd, cdab, badc, dcba, or eight letters such as efghabcd".to_owned(),
        ),
        (None, _) => (
            format!("unknown order \"{letters}\""),
            format!("use one of: {}", ORDERS.map(|(word, _)| word).join(", ")),
        ),
        (_, _) if has_words_to_swap && matches!(data_type, DataType::Text(_)) => (
            "the registers of a text are in their order".to_owned(),
            "leave `order` out, or write \"badc\" if the two bytes of each are swapped".to_owned(),
        ),
        (_, 1) if has_words_to_swap => (
            "a single register has no words to swap".to_owned(),
            "leave `order` out, or write \"badc\" if its two bytes are swapped".to_owned(),
        ),
        (_, 2) if letters.len() > 4 => (
            "eight letters are for a value of 64 bits".to_owned(),
            format!("use one of: {}", ORDERS.map(|(word, _)| word).join(", ")),
        ),
        (Some(order), _) => return Some(order),
    };
    faults.hint(&found.spot, problem, hint);
    None
}

/// Whether the value lies within the table, where it may be read, and can be had with one request.
fn check_extent(source: &RegisterSource, address: &Spot, head: &Head, faults: &Faults<'_>) {
    let bits = matches!(source.kind, RegisterKind::Coil | RegisterKind::DiscreteInput);
    let wide = if bits { 1 } else { source.data_type.registers() };
    let Some(last) = source.address.0.checked_add(wide - 1) else {
        faults.note(address, format!("{wide} registers from here go beyond the last address"));
        return;
    };
    let Head::Modbus(access, _) = head else { return };
    if !bits && wide > access.registers_max {
        let problem = format!("a value of {wide} registers does not fit one request");
        faults.hint(address, problem, format!("registers_max is {}", access.registers_max));
    }
    let meets = |range: &&AddressRange| {
        range.kind == source.kind && range.first.0 <= last && source.address <= range.last
    };
    if access.forbidden.iter().any(|range| meets(&range)) {
        faults.note(address, "this address is forbidden by the profile itself");
    }
    if bits && access.bits_from_zero && last >= BITS_FROM_ZERO {
        let problem = "this bit cannot be had with a request that starts at bit 0";
        faults.hint(address, problem, format!("a request has at most {BITS_FROM_ZERO} bits"));
    }
}
