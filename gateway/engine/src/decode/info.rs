//! What a device says of itself, as text.

use super::{Cells, cells, raw::Raw, scale, text};
use crate::plan::ReadRequest;
use weir_profiles::{DataType, RegisterSource};
use weir_wire::modbus::Answer;

/// What stands at a place, for people: a text without its padding, a number with all its digits, a
/// bit as 0 or 1. None if the answer does not have it, or it means nothing (a sentinel, NaN, an
/// empty text).
pub fn decode_info(
    source: &RegisterSource,
    request: &ReadRequest,
    answer: &Answer,
) -> Option<String> {
    let raw = match cells(source, request, answer)? {
        Cells::Bit(on) => Raw::bit(on),
        Cells::Registers(registers) => match source.data_type {
            DataType::Text(_) => return readable(source, registers),
            data_type => Raw::read(registers, data_type, source.order)?,
        },
    };
    if raw.is_any_of(&source.sentinels) {
        return None;
    }
    let is_plain = source.scale == 1.0 && source.offset == 0.0;
    match raw {
        Raw::Signed(integer, _) if is_plain => Some(integer.to_string()),
        Raw::Unsigned(integer, _) if is_plain => Some(integer.to_string()),
        _ => {
            let number = scale::scaled((source.scale, source.offset), raw.number()?, None).number;
            number.is_finite().then(|| number.to_string())
        }
    }
}

/// A text without anything that is not for reading; what is no UTF-8 shows as a replacement.
fn readable(source: &RegisterSource, registers: &[u16]) -> Option<String> {
    let mut buffer = [0; text::BYTES_MAX];
    let word = String::from_utf8_lossy(text::word(registers, source.order, &mut buffer));
    let readable: String = word.chars().filter(|c| !c.is_control()).collect();
    (!readable.trim().is_empty()).then(|| readable.trim().to_owned())
}
