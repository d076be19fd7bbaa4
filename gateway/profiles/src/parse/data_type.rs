//! What type a register's value is: `type`, `bit`, `bits`, `byte` and `registers`.

use super::register::refuse;
use crate::form::{Faults, Fields, Found};
use crate::{DataType, Half, RegisterKind};

/// Bits in a register.
const REGISTER_BITS: i64 = 16;
/// Most registers of a text: 128 bytes.
const TEXT_REGISTERS_MAX: i64 = 64;

/// A word for a type; which byte and how many registers other keys say.
const TYPES: [(&str, DataType); 15] = [
    ("u8", DataType::U8(Half::Low)),
    ("i8", DataType::I8(Half::Low)),
    ("u16", DataType::U16),
    ("i16", DataType::I16),
    ("u32", DataType::U32),
    ("i32", DataType::I32),
    ("u64", DataType::U64),
    ("i64", DataType::I64),
    ("f16", DataType::F16),
    ("f32", DataType::F32),
    ("f64", DataType::F64),
    ("bcd16", DataType::Bcd16),
    ("bcd32", DataType::Bcd32),
    ("bcd64", DataType::Bcd64),
    ("text", DataType::Text(1)),
];

const HALVES: [(&str, Half); 2] = [("high", Half::High), ("low", Half::Low)];

/// The type of the raw value: always a bit in the tables of bits; `type`, `bit` or `bits` in the
/// others.
pub(super) fn read(
    fields: &mut Fields<'_, '_>,
    kind: Option<RegisterKind>,
    faults: &Faults<'_>,
) -> Option<DataType> {
    let typed = fields.choice("type", &TYPES);
    let bit = fields.whole("bit", 0..=REGISTER_BITS - 1);
    let bits = fields.wholes("bits");
    let byte = fields.choice("byte", &HALVES);
    let registers = fields.whole("registers", 1..=TEXT_REGISTERS_MAX);
    if matches!(kind, Some(RegisterKind::Coil | RegisterKind::DiscreteInput)) {
        let keys = ["type", "bit", "bits", "byte", "registers"];
        refuse(fields, &keys, "a coil or discrete input is one bit: it", faults);
        return Some(DataType::Bit(0));
    }
    match (fields.has("type"), fields.has("bit"), fields.has("bits")) {
        (_, true, true) => {
            faults.note(&fields.at("bits"), "either `bit`, for one bit, or `bits`, for several");
            None
        }
        (true, true, false) => {
            let problem = "either `type`, for a number, or `bit`, for one bit of the register";
            faults.note(&fields.at("bit"), problem);
            None
        }
        (false, true, false) => {
            refuse(fields, &["byte", "registers"], "a single bit", faults);
            Some(DataType::Bit(u8::try_from(bit?.value).ok()?))
        }
        (typed_there, false, true) => {
            refuse(fields, &["byte", "registers"], "a field of bits", faults);
            let of = if typed_there { typed?.value } else { DataType::U16 };
            of_bits(fields, of, &bits?, faults)
        }
        (true, false, false) => whole(fields, typed?.value, byte, registers, faults),
        // Without a table, it may be one that needs no type.
        (false, false, false) if kind.is_none() => None,
        (false, false, false) => {
            let hint = "for one bit of the register write `bit`, for several `bits`";
            faults.hint(&fields.at("type"), "missing key `type`", hint);
            None
        }
    }
}

/// A type of whole bytes.
fn whole(
    fields: &Fields<'_, '_>,
    typed: DataType,
    byte: Option<Found<Half>>,
    registers: Option<Found<i64>>,
    faults: &Faults<'_>,
) -> Option<DataType> {
    let is_byte = matches!(typed, DataType::U8(_) | DataType::I8(_));
    let is_text = matches!(typed, DataType::Text(_));
    if !is_byte {
        refuse(fields, &["byte"], "only a number of 8 bits is one byte: this type", faults);
    } else if !fields.has("byte") {
        let hint = "a register has two: write byte = \"high\" or byte = \"low\"";
        faults.hint(&fields.at("byte"), "missing key `byte`", hint);
    }
    if !is_text {
        refuse(fields, &["registers"], "only a text is of any length: this type", faults);
    } else if !fields.has("registers") {
        faults.hint(
            &fields.at("registers"),
            "missing key `registers`",
            "how many registers the text takes; two characters stand in each",
        );
    }
    Some(match typed {
        DataType::U8(_) => DataType::U8(byte?.value),
        DataType::I8(_) => DataType::I8(byte?.value),
        DataType::Text(_) => DataType::Text(u16::try_from(registers?.value).ok()?),
        other => other,
    })
}

/// Neighbouring bits, of one register or of two.
fn of_bits(
    fields: &Fields<'_, '_>,
    of: DataType,
    bits: &Found<Vec<Found<i64>>>,
    faults: &Faults<'_>,
) -> Option<DataType> {
    let registers = match of {
        DataType::U16 => 1,
        DataType::U32 => 2,
        _ => {
            let problem = "bits are those of an unsigned number";
            faults.hint(&fields.at("type"), problem, "leave `type` out, or write \"u32\"");
            return None;
        }
    };
    let highest = i64::from(registers) * REGISTER_BITS - 1;
    match bits.value.as_slice() {
        [low, high] if 0 <= low.value && low.value < high.value && high.value <= highest => {
            let (low, high) = (u8::try_from(low.value).ok()?, u8::try_from(high.value).ok()?);
            Some(DataType::Bits { low, high, registers })
        }
        _ => {
            let problem = format!("bits are a lowest and a highest of 0 to {highest}");
            faults.hint(&bits.spot, problem, "as in [4, 7]; for a single one write `bit`");
            None
        }
    }
}
