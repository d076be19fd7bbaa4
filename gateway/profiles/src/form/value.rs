//! One value of the form: a text, a whole number, a number, or a fault.

use super::{Faults, Spot};
use toml::de::DeValue;

/// A text that is not blank.
pub(super) fn as_text<'v>(
    value: &'v DeValue<'_>,
    spot: &Spot,
    faults: &Faults<'_>,
) -> Option<&'v str> {
    match value {
        DeValue::String(text) if text.trim().is_empty() => {
            faults.note(spot, "must not be empty");
            None
        }
        DeValue::String(text) => Some(text),
        _ => mismatch(value, spot, "a text in quotes", faults),
    }
}

/// A whole number, in any of TOML's notations.
pub(super) fn as_whole(value: &DeValue<'_>, spot: &Spot, faults: &Faults<'_>) -> Option<i64> {
    let DeValue::Integer(digits) = value else {
        return mismatch(value, spot, "a whole number", faults);
    };
    let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
    if number.is_none() {
        faults.note(spot, "the number is too large");
    }
    number
}

/// A whole number of up to 64 bits, signed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The number.
    pub number: i128,
    /// Whether it is written in decimals, and so is meant as a number rather than as bits.
    pub is_decimal: bool,
}

/// A whole number of up to 64 bits, in any of TOML's notations.
pub(super) fn as_pattern(value: &DeValue<'_>, spot: &Spot, faults: &Faults<'_>) -> Option<Pattern> {
    let DeValue::Integer(digits) = value else {
        return mismatch(value, spot, "a whole number", faults);
    };
    let number = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
    let number = number.filter(|n| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(n));
    if number.is_none() {
        faults.note(spot, "the number is too large");
    }
    Some(Pattern { number: number?, is_decimal: digits.radix() == 10 })
}

/// True or false.
pub(super) fn as_flag(value: &DeValue<'_>, spot: &Spot, faults: &Faults<'_>) -> Option<bool> {
    match value {
        DeValue::Boolean(flag) => Some(*flag),
        _ => mismatch(value, spot, "true or false", faults),
    }
}

/// A finite number, whole or not.
pub(super) fn as_number(value: &DeValue<'_>, spot: &Spot, faults: &Faults<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Float(digits) => digits.as_str().parse::<f64>().ok(),
        // A whole number of 64 bits is near enough as a float: nobody scales by it.
        DeValue::Integer(_) => Some(as_whole(value, spot, faults)? as f64),
        _ => return mismatch(value, spot, "a number", faults),
    };
    let finite = number.filter(|number| number.is_finite());
    if finite.is_none() {
        faults.note(spot, "must be a finite number");
    }
    finite
}

/// Notes that something else stands there than should.
pub(super) fn mismatch<T>(
    value: &DeValue<'_>,
    spot: &Spot,
    wanted: &str,
    faults: &Faults<'_>,
) -> Option<T> {
    faults.note(spot, expected(wanted, value));
    None
}

pub(super) fn expected(wanted: &str, value: &DeValue<'_>) -> String {
    let found = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("expected {wanted}, found {found}")
}
