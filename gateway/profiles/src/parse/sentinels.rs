//! The raw values that mean "no measurement": numbers as the type reads them, or, written in
//! hexadecimal (octal, binary), its bits.

use crate::DataType;
use crate::form::{Faults, Found, Pattern};

/// What whole numbers a type has.
struct Numbers {
    least: i128,
    most: i128,
    /// If its bits may be written instead: how many.
    bits: Option<u32>,
    is_integer: bool,
}

fn numbers(data_type: DataType) -> Numbers {
    let unsigned =
        |bits: u32| Numbers { least: 0, most: (1 << bits) - 1, bits: Some(bits), is_integer: true };
    let signed = |bits: u32| {
        let half = 1 << (bits - 1);
        Numbers { least: -half, most: half - 1, bits: Some(bits), is_integer: true }
    };
    // Whole numbers beyond these are not exact in the float.
    let float = |bits: u32, exact: u32| Numbers {
        least: -(1 << exact),
        most: 1 << exact,
        bits: Some(bits),
        is_integer: false,
    };
    let decimal = |digits: u32| Numbers {
        least: 0,
        most: 10_i128.pow(digits) - 1,
        bits: None,
        is_integer: true,
    };
    match data_type {
        DataType::Bit(_) => unsigned(1),
        DataType::Bits { low, high, .. } => unsigned(u32::from(high.saturating_sub(low)) + 1),
        DataType::U8(_) => unsigned(8),
        DataType::I8(_) => signed(8),
        DataType::U16 => unsigned(16),
        DataType::I16 => signed(16),
        DataType::U32 => unsigned(32),
        DataType::I32 => signed(32),
        DataType::U64 => unsigned(64),
        DataType::I64 => signed(64),
        DataType::F16 => float(16, 11),
        DataType::F32 => float(32, 24),
        DataType::F64 => float(64, 53),
        DataType::Bcd16 => decimal(4),
        DataType::Bcd32 => decimal(8),
        DataType::Bcd64 => decimal(16),
        DataType::Text(_) => decimal(0),
    }
}

/// The sentinels that the raw type can hold; the others are faults. Bits become the number that
/// the type reads in them.
pub(super) fn fitting(
    list: Vec<Found<Pattern>>,
    data_type: DataType,
    faults: &Faults<'_>,
) -> Vec<i64> {
    let numbers = numbers(data_type);
    list.into_iter().filter_map(|found| fit(&found, &numbers, faults)).collect()
}

fn fit(found: &Found<Pattern>, numbers: &Numbers, faults: &Faults<'_>) -> Option<i64> {
    let Pattern { number, is_decimal } = found.value;
    let (least, most) = (numbers.least, numbers.most);
    let range =
        numbers.bits.map(|bits| 1_i128 << bits).filter(|range| (0..*range).contains(&number));
    let signed = range.map(|range| number - range).filter(|signed| least <= *signed);
    let number = match (range, signed) {
        _ if (least..=most).contains(&number) => number,
        (Some(_), Some(signed)) if !is_decimal && numbers.is_integer => signed,
        (Some(_), _) if !is_decimal && !numbers.is_integer => number,
        (_, signed) => {
            let problem = format!("no raw value of this type is {number}");
            let hint = match signed.filter(|_| numbers.is_integer) {
                Some(signed) => format!("read as signed it is {signed}"),
                None => format!("it is between {least} and {most}"),
            };
            faults.hint(&found.spot, problem, hint);
            return None;
        }
    };
    // Of 64 bits beyond i64, the i64 of the same bits.
    Some(i64::try_from(number).unwrap_or(number as i64))
}
