//! The `register = { … }` of a point: a place in one of Modbus' four tables.

use super::Head;
use crate::form::{Faults, Fields, Found, Spot};
use crate::{DataType, RegisterAddress, RegisterKind, RegisterSource, WordOrder};

const TABLES: [(&str, RegisterKind); 4] = [
    ("coil", RegisterKind::Coil),
    ("discrete", RegisterKind::DiscreteInput),
    ("input", RegisterKind::InputRegister),
    ("holding", RegisterKind::HoldingRegister),
];

const TYPES: [(&str, DataType); 6] = [
    ("u16", DataType::U16),
    ("i16", DataType::I16),
    ("u32", DataType::U32),
    ("i32", DataType::I32),
    ("f32", DataType::F32),
    ("f64", DataType::F64),
];

const ORDERS: [(&str, WordOrder); 4] = [
    ("abcd", WordOrder::Abcd),
    ("cdab", WordOrder::Cdab),
    ("badc", WordOrder::Badc),
    ("dcba", WordOrder::Dcba),
];

/// Bits in a register.
const REGISTER_BITS: i64 = 16;

pub(super) fn register(
    mut fields: Fields<'_, '_>,
    access: &Head,
    faults: &Faults<'_>,
) -> Option<RegisterSource> {
    fields.require(&["table", "address"]);
    let kind = fields.choice("table", &TABLES);
    let address = fields.whole("address", 0..=i64::from(u16::MAX));
    let typed = fields.choice("type", &TYPES);
    let bit = fields.whole("bit", 0..=REGISTER_BITS - 1);
    let order = fields.choice("order", &ORDERS);
    let (scale, offset) = (fields.number("scale"), fields.number("offset"));
    let sentinels = fields.wholes("sentinels");

    if let Some(scale) = scale.as_ref().filter(|scale| scale.value == 0.0) {
        faults.note(&scale.spot, "a scale of 0 makes every value 0");
    }
    let (kind, address) = (kind?.value, address?);
    let data_type = data_type(&fields, kind, typed, bit, faults)?;
    if matches!(data_type, DataType::Bit(_)) {
        refuse(&fields, &["order", "scale", "offset", "sentinels"], "a single bit", faults);
    } else if data_type.registers() == 1 {
        refuse_order(&fields, order.as_ref(), faults);
    }
    let source = RegisterSource {
        kind,
        address: RegisterAddress(u16::try_from(address.value).unwrap_or(u16::MAX)),
        data_type,
        order: order.map_or(WordOrder::Abcd, |found| found.value),
        scale: scale.map_or(1.0, |found| found.value),
        offset: offset.map_or(0.0, |found| found.value),
        sentinels: sentinels.map_or(Vec::new(), |list| fitting(list.value, data_type, faults)),
    };
    check_extent(&source, &address.spot, access, faults);
    Some(source)
}

/// The type of the raw value: always a bit in the tables of bits; `type` or `bit` in the others.
fn data_type(
    fields: &Fields<'_, '_>,
    kind: RegisterKind,
    typed: Option<Found<DataType>>,
    bit: Option<Found<i64>>,
    faults: &Faults<'_>,
) -> Option<DataType> {
    if matches!(kind, RegisterKind::Coil | RegisterKind::DiscreteInput) {
        refuse(fields, &["type", "bit"], "a coil or discrete input is one bit: it", faults);
        return Some(DataType::Bit(0));
    }
    match (fields.has("type"), fields.has("bit")) {
        (true, false) => typed.map(|found| found.value),
        (false, true) => Some(DataType::Bit(u8::try_from(bit?.value).ok()?)),
        (true, true) => {
            let problem = "either `type`, for a number, or `bit`, for one bit of the register";
            faults.note(&fields.at("bit"), problem);
            None
        }
        (false, false) => {
            let spot = fields.at("type");
            faults.hint(&spot, "missing key `type`", "for one bit of the register write `bit`");
            None
        }
    }
}

fn refuse(fields: &Fields<'_, '_>, keys: &[&str], what: &str, faults: &Faults<'_>) {
    for key in keys.iter().filter(|key| fields.has(key)) {
        faults.note(&fields.at(key), format!("{what} has no `{key}`"));
    }
}

/// One register has two bytes to swap, but no words.
fn refuse_order(fields: &Fields<'_, '_>, order: Option<&Found<WordOrder>>, faults: &Faults<'_>) {
    if matches!(order, Some(found) if matches!(found.value, WordOrder::Cdab | WordOrder::Dcba)) {
        let problem = "a single register has no words to swap";
        let hint = "leave `order` out, or write \"badc\" if its two bytes are swapped";
        faults.hint(&fields.at("order"), problem, hint);
    }
}

/// The sentinels that the raw type can hold; the others are faults.
fn fitting(list: Vec<Found<i64>>, data_type: DataType, faults: &Faults<'_>) -> Vec<i64> {
    let (least, most) = match data_type {
        DataType::Bit(_) => (0, 1),
        DataType::U16 => (0, i64::from(u16::MAX)),
        DataType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::U32 => (0, i64::from(u32::MAX)),
        DataType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        // Whole numbers beyond these are not exact in the float.
        DataType::F32 => (-(1 << 24), 1 << 24),
        DataType::F64 => (-(1 << 53), 1 << 53),
    };
    let fits = |found: &Found<i64>| {
        let fits = (least..=most).contains(&found.value);
        if !fits {
            let problem = format!("no raw value of this type is {}", found.value);
            let signed = match data_type {
                DataType::I16 => {
                    u16::try_from(found.value).ok().map(|v| i64::from(v.cast_signed()))
                }
                DataType::I32 => {
                    u32::try_from(found.value).ok().map(|v| i64::from(v.cast_signed()))
                }
                _ => None,
            };
            let hint = match signed {
                Some(signed) => format!("read as signed it is {signed}"),
                None => format!("it is between {least} and {most}"),
            };
            faults.hint(&found.spot, problem, hint);
        }
        fits
    };
    list.into_iter().filter(fits).map(|found| found.value).collect()
}

/// Whether the value lies within the table and can be had with one request.
fn check_extent(source: &RegisterSource, address: &Spot, access: &Head, faults: &Faults<'_>) {
    let wide = source.data_type.registers();
    if source.address.0.checked_add(wide - 1).is_none() {
        faults.note(address, format!("{wide} registers from here go beyond address 65535"));
    }
    if let Head::Modbus(access) = access
        && wide > access.registers_max
    {
        let problem = format!("a value of {wide} registers does not fit one request");
        faults.hint(address, problem, format!("registers_max is {}", access.registers_max));
    }
}
