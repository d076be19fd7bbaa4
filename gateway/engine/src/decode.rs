//! Registers to readings: type, order of bytes, scale, sentinels, range, states.
//!
//! Whatever a device says, the end is a reading with a quality: what cannot be a number is a
//! failure of the sensor, what is outside the measuring range or no known state is uncertain.
//!
//! Decimals stay decimals. A raw 3 at scale 0.1 is 0.3, not 0.30000000000000004, and a single of
//! 0.3 is 0.3, not 0.300000011920929: arithmetic must not carry a value over its limit. And what
//! is not exact is not called good: an integer of 64 bits of which a double cannot hold every digit
//! is uncertain, never silently another one.
//!
//! It is done for every register that is read, so nothing here allocates but [`explain()`] and
//! [`decode_info`].

mod explain;
mod float;
mod info;
mod raw;
mod scale;
#[cfg(test)]
mod tests;
mod text;

use crate::plan::{ReadRequest, reads_bits};
use raw::Raw;
use scale::Scaled;
use weir_domain::{BadReason, Reading, UncertainReason, Value, ValueKind};
use weir_profiles::{DataType, PointDef, RegisterSource, Source};

pub use explain::{Candidate, Explanation, explain};
pub use info::decode_info;
pub use weir_wire::modbus::Answer;

const NOTHING: Reading = Reading::Bad(None, BadReason::CommFailure);
const NO_MEASUREMENT: Reading = Reading::Bad(None, BadReason::SensorFailure);

/// What a point reads, given the answer to the request it is part of.
///
/// A point that is not part of the request, or an answer that is shorter than the request, gives a
/// bad reading and never another point's value.
pub fn decode(def: &PointDef, request: &ReadRequest, answer: &Answer) -> Reading {
    let Source::Register(source) = &def.source else {
        return Reading::Bad(None, BadReason::ConfigurationError);
    };
    match cells(source, request, answer) {
        None => NOTHING,
        Some(Cells::Bit(on)) => decode_raw(def, source, Raw::bit(on)),
        Some(Cells::Registers(registers)) => decode_slice(def, registers),
    }
}

/// What a point reads in its own registers, and no others: as many as its type has.
pub fn decode_slice(def: &PointDef, registers: &[u16]) -> Reading {
    let Source::Register(source) = &def.source else {
        return Reading::Bad(None, BadReason::ConfigurationError);
    };
    if let DataType::Text(wide) = source.data_type {
        return match registers.len() == usize::from(wide) {
            true => decode_text(def, source, registers),
            false => NOTHING,
        };
    }
    match Raw::read(registers, source.data_type, source.order) {
        None => NOTHING,
        Some(raw) => decode_raw(def, source, raw),
    }
}

fn decode_raw(def: &PointDef, source: &RegisterSource, raw: Raw) -> Reading {
    if raw.is_any_of(&source.sentinels) {
        return NO_MEASUREMENT;
    }
    match raw.number() {
        None => NO_MEASUREMENT,
        Some(_) if def.kind == ValueKind::Boolean => grade(def, Scaled::exact(raw.as_switch())),
        Some(number) => {
            grade(def, scale::scaled((source.scale, source.offset), number, raw.is_held()))
        }
    }
}

/// What a point reads in a number of a message, by the rules of registers. `held`: of an integer,
/// whether the double is it and not only near it; none of a number that was a float.
pub fn decode_number(
    def: &PointDef,
    (scale, offset): (f64, f64),
    number: f64,
    held: Option<bool>,
) -> Reading {
    match Value::new(number) {
        None => NO_MEASUREMENT,
        Some(value) if def.kind == ValueKind::Boolean => {
            decode_value(def, if value.is_on() { 1.0 } else { 0.0 })
        }
        Some(_) => grade(def, scale::scaled((scale, offset), number, held)),
    }
}

/// What a point reads in a value that is in its unit already, such as that of one of its states.
pub fn decode_value(def: &PointDef, value: f64) -> Reading {
    grade(def, Scaled::exact(value))
}

/// A text is the value of the state whose word it is.
fn decode_text(def: &PointDef, source: &RegisterSource, registers: &[u16]) -> Reading {
    let mut buffer = [0; text::BYTES_MAX];
    let word = text::word(registers, source.order, &mut buffer);
    match def.states.iter().find(|state| state.word.as_deref().map(str::as_bytes) == Some(word)) {
        Some(state) => decode_value(def, state.value),
        None => NO_MEASUREMENT,
    }
}

/// A number as a reading.
fn grade(def: &PointDef, scaled: Scaled) -> Reading {
    match Value::new(scaled.number) {
        None => NO_MEASUREMENT,
        Some(value) if !fits(def, scaled) => {
            Reading::Uncertain(value, UncertainReason::EngineeringUnitsExceeded)
        }
        Some(value) if !scaled.is_exact => Reading::Uncertain(value, UncertainReason::Unspecified),
        Some(value) => Reading::Good(value),
    }
}

/// Whether a number is within the measuring range, and one of the states if there are any.
fn fits(def: &PointDef, Scaled { number, slack, .. }: Scaled) -> bool {
    let in_range = match def.range {
        None => true,
        Some((low, high)) => (low - slack..=high + slack).contains(&number),
    };
    let is_state = |value: f64| (value - slack..=value + slack).contains(&number);
    in_range && (def.states.is_empty() || def.states.iter().any(|state| is_state(state.value)))
}

/// The cells of the answer that belong to one value.
enum Cells<'a> {
    Bit(bool),
    Registers(&'a [u16]),
}

fn cells<'a>(
    source: &RegisterSource,
    request: &ReadRequest,
    answer: &'a Answer,
) -> Option<Cells<'a>> {
    if source.kind != request.kind {
        return None;
    }
    let first = usize::from(source.address.0.checked_sub(request.start.0)?);
    match answer {
        Answer::Bits(bits) if reads_bits(request.kind) => bits.get(first).copied().map(Cells::Bit),
        Answer::Registers(registers) if !reads_bits(request.kind) => {
            let end = first + usize::from(source.data_type.registers());
            registers.get(first..end).map(Cells::Registers)
        }
        _ => None,
    }
}
