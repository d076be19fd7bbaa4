//! Registers to readings: type, order of bytes, scale, sentinels, range.
//!
//! Whatever a device says, the end is a reading with a quality: what cannot be a number is a
//! failure of the sensor, what is outside the measuring range is uncertain.
//!
//! Decimals stay decimals. A raw 3 at scale 0.1 is 0.3, not 0.30000000000000004, and a single of
//! 0.3 is 0.3, not 0.300000011920929: arithmetic must not carry a value over its limit.

mod explain;
mod raw;
#[cfg(test)]
mod tests;

use crate::plan::{ReadRequest, reads_bits};
use raw::Raw;
use weir_domain::{BadReason, Reading, UncertainReason, Value, ValueKind};
use weir_profiles::{DataType, PointDef, RegisterSource, Source, WordOrder};

pub use explain::{Candidate, Explanation, explain};
pub use weir_wire::modbus::Answer;

/// What a point reads, given the answer to the request it is part of.
///
/// A point that is not part of the request, or an answer that is shorter than the request, gives a
/// bad reading and never another point's value.
pub fn decode(def: &PointDef, request: &ReadRequest, answer: &Answer) -> Reading {
    let Source::Register(source) = &def.source else {
        return Reading::Bad(None, BadReason::ConfigurationError);
    };
    let Some(cells) = cells(source, request, answer) else {
        return Reading::Bad(None, BadReason::CommFailure);
    };
    match cells.raw(source.data_type, source.order) {
        None => Reading::Bad(None, BadReason::CommFailure),
        Some(raw) if raw.is_any_of(&source.sentinels) => {
            Reading::Bad(None, BadReason::SensorFailure)
        }
        Some(raw) => grade(def, scaled(def, source, raw)),
    }
}

/// A number as a reading.
fn grade(def: &PointDef, (number, slack): (f64, f64)) -> Reading {
    match Value::new(number) {
        None => Reading::Bad(None, BadReason::SensorFailure),
        Some(value) if in_range(def, number, slack) => Reading::Good(value),
        Some(value) => Reading::Uncertain(value, UncertainReason::EngineeringUnitsExceeded),
    }
}

fn in_range(def: &PointDef, number: f64, slack: f64) -> bool {
    def.range.is_none_or(|(low, high)| (low - slack..=high + slack).contains(&number))
}

/// The number in the point's unit, and how far arithmetic may have moved it.
fn scaled(def: &PointDef, source: &RegisterSource, raw: Raw) -> (f64, f64) {
    /// Share of a raw step that is no more than rounding.
    const SLACK: f64 = 1e-6;
    let number = raw.number();
    if def.kind == ValueKind::Boolean || matches!(source.data_type, DataType::Bit(_)) {
        return (if number == 0.0 { 0.0 } else { 1.0 }, 0.0);
    }
    let (scale, offset) = (source.scale, source.offset);
    if scale == 1.0 && offset == 0.0 {
        return (number, 0.0);
    }
    let steps = (1.0 / scale).round();
    let zero = (offset * steps).round();
    // A scale such as 0.1 is 1/10, and an offset such as -40 is -400 of such steps: then there is
    // one division, and it is exact to the last place.
    let value = if 1.0 / steps == scale && zero / steps == offset {
        (number + zero) / steps
    } else {
        number * scale + offset
    };
    (value, (scale * SLACK).abs())
}

/// The cells of the answer that belong to one point.
enum Cells<'a> {
    Bit(bool),
    Registers(&'a [u16]),
}

impl Cells<'_> {
    fn raw(&self, data_type: DataType, order: WordOrder) -> Option<Raw> {
        match self {
            Self::Bit(on) => Some(Raw::bit(*on)),
            Self::Registers(registers) => Raw::read(registers, data_type, order),
        }
    }
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
