//! Values to registers, as an instrument does it.
//!
//! Written from the meaning of the profile's data alone: a raw value is `(value - offset) / scale`,
//! rounded to its type; its bytes A (most significant) to D or H leave in the profile's order.

#[cfg(test)]
mod tests;

use weir_profiles::{DataType, Half, RegisterSource, WordOrder};

/// The registers of a value; of `None` those that mean "no measurement". None if the type has no
/// way to say so, and of a type that is a text (see [`text`]).
///
/// A value beyond the type's range becomes the nearest that is in it and is not a sentinel. Of a
/// register that is shared (a bit, some bits, a byte), all else is 0.
pub fn registers(source: &RegisterSource, value: Option<f64>) -> Option<Vec<u16>> {
    let raw = value.map(|value| (value - source.offset) / source.scale);
    let bits = match source.data_type {
        DataType::Bit(bit) => return Some(vec![u16::from(raw? != 0.0) << bit.min(15)]),
        DataType::Text(_) => return None,
        DataType::F16 => float(source, raw, 11, half),
        DataType::F32 => float(source, raw, 24, |number| u64::from((number as f32).to_bits())),
        DataType::F64 => float(source, raw, 53, f64::to_bits),
        DataType::Bits { low, .. } => pattern(source, raw)? << low,
        DataType::U8(Half::High) | DataType::I8(Half::High) => (pattern(source, raw)? & 0xFF) << 8,
        DataType::U8(Half::Low) | DataType::I8(Half::Low) => pattern(source, raw)? & 0xFF,
        DataType::Bcd16 | DataType::Bcd32 | DataType::Bcd64 => decimal(pattern(source, raw)?),
        _ => pattern(source, raw)?,
    };
    let width = 2 * usize::from(source.data_type.registers());
    let bytes = &bits.to_be_bytes()[8 - width..];
    Some(ordered(bytes, source.order))
}

/// The registers of a text: cut to their number, and filled up with NUL. None if the type is none.
pub fn text(source: &RegisterSource, text: &str) -> Option<Vec<u16>> {
    let DataType::Text(registers) = source.data_type else { return None };
    let mut bytes: Vec<u8> = text.bytes().collect();
    bytes.resize(2 * usize::from(registers), 0);
    let order = match source.order {
        WordOrder::Badc => WordOrder::Badc,
        _ => WordOrder::Abcd,
    };
    Some(ordered(&bytes, order))
}

/// Whether a type can say "no measurement".
pub fn can_say_nothing(source: &RegisterSource) -> bool {
    registers(source, None).is_some()
}

/// What of a value is left when it has been through the registers.
pub fn through(source: &RegisterSource, value: f64) -> f64 {
    let raw = (value - source.offset) / source.scale;
    match source.data_type {
        DataType::Bit(_) => f64::from(u8::from(raw != 0.0)),
        // A decimal of so few places survives a single; see `weir_wire::widen`.
        DataType::F32 | DataType::F64 | DataType::Text(_) => value,
        DataType::F16 => {
            let bits = half(raw);
            let (exponent, fraction) = ((bits >> 10 & 0x1F) as i32, (bits & 0x3FF) as f64);
            let size = match exponent {
                0 => fraction * 2_f64.powi(-24),
                _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
            };
            size.copysign(raw) * source.scale + source.offset
        }
        _ => {
            let (low, _) = limits(source.data_type);
            let raw = integer(source, Some(raw)).unwrap_or(low);
            raw as f64 * source.scale + source.offset
        }
    }
}

/// The least and the greatest raw integer.
fn limits(kind: DataType) -> (i128, i128) {
    let unsigned = |bits: u32| (0, (1_i128 << bits) - 1);
    let signed = |bits: u32| (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1);
    match kind {
        DataType::Bit(_) | DataType::Text(_) => unsigned(1),
        DataType::Bits { low, high, .. } => unsigned(u32::from(high) + 1 - u32::from(low)),
        DataType::U8(_) => unsigned(8),
        DataType::I8(_) => signed(8),
        DataType::U16 | DataType::F16 => unsigned(16),
        DataType::I16 => signed(16),
        DataType::U32 | DataType::F32 => unsigned(32),
        DataType::I32 => signed(32),
        DataType::U64 | DataType::F64 => unsigned(64),
        DataType::I64 => signed(64),
        DataType::Bcd16 => (0, 9_999),
        DataType::Bcd32 => (0, 99_999_999),
        DataType::Bcd64 => (0, 9_999_999_999_999_999),
    }
}

/// The nearest integer that is no sentinel; of no value the sentinel.
fn integer(source: &RegisterSource, raw: Option<f64>) -> Option<i128> {
    let (low, high) = limits(source.data_type);
    // Of 64 bits without a sign, a sentinel beyond i64 is written as the i64 of its bits.
    let number = |sentinel: &i64| match source.data_type {
        DataType::U64 => i128::from(*sentinel as u64),
        _ => i128::from(*sentinel),
    };
    let sentinels: Vec<i128> = source.sentinels.iter().map(number).collect();
    let Some(raw) = raw.filter(|raw| !raw.is_nan()) else {
        return sentinels.into_iter().find(|s| (low..=high).contains(s));
    };
    // The cast saturates.
    let nearest = (raw.round() as i128).clamp(low, high);
    let sign = if nearest < 0 { -1 } else { 1 };
    let steps = 0..=i128::try_from(sentinels.len()).ok()?;
    // Towards zero first.
    steps
        .flat_map(|step| [nearest - sign * step, nearest + sign * step])
        .find(|raw| (low..=high).contains(raw) && !sentinels.contains(raw))
}

/// The bits of an integer, in two's complement.
fn pattern(source: &RegisterSource, raw: Option<f64>) -> Option<u64> {
    integer(source, raw).map(|raw| raw as u64)
}

/// Four bits for each decimal digit.
fn decimal(number: u64) -> u64 {
    number.to_string().bytes().fold(0, |bits, digit| bits << 4 | u64::from(digit - b'0'))
}

/// The bits of a float; of no value a sentinel, which is a number if it has few enough bits to be
/// exact, and else the bits themselves.
fn float(source: &RegisterSource, raw: Option<f64>, exact: u32, bits: fn(f64) -> u64) -> u64 {
    match (raw, source.sentinels.first()) {
        (Some(raw), _) => bits(raw),
        (None, None) => bits(f64::NAN),
        (None, Some(sentinel)) if sentinel.unsigned_abs() <= 1 << exact => bits(*sentinel as f64),
        (None, Some(sentinel)) => *sentinel as u64,
    }
}

/// The nearest IEEE 754 half: 1 bit of sign, 5 of exponent, 10 of fraction.
fn half(number: f64) -> u64 {
    if number.is_nan() {
        return 0x7E00;
    }
    let sign = if number.is_sign_negative() { 0x8000 } else { 0 };
    let exponent = (number.abs().log2().floor()).clamp(-14.0, 15.0);
    let steps = (number.abs() / (exponent - 10.0).exp2()).round_ties_even();
    // A fraction that is rounded up to the next power of two carries into the exponent. What is
    // greater than the greatest half becomes it.
    sign | (((exponent + 14.0) * 1024.0 + steps) as u64).min(0x7BFF)
}

/// Registers of bytes that stand in their order of significance.
fn ordered(bytes: &[u8], order: WordOrder) -> Vec<u16> {
    let words: Vec<[u8; 2]> = bytes.as_chunks::<2>().0.to_vec();
    let last = words.len().saturating_sub(1);
    // For each register, the word that it carries, and whether its bytes are turned.
    let carried = |at: usize| match order {
        WordOrder::Abcd => (at, false),
        WordOrder::Cdab => (last - at, false),
        WordOrder::Badc => (at, true),
        WordOrder::Dcba => (last - at, true),
        WordOrder::Words { words, swapped } => {
            (words.get(at).map_or(at, |word| usize::from(*word)), swapped)
        }
    };
    let register = |at: usize| {
        let (word, turned) = carried(at);
        let [first, second] = words.get(word).copied().unwrap_or_default();
        u16::from_be_bytes(if turned { [second, first] } else { [first, second] })
    };
    (0..words.len()).map(register).collect()
}
