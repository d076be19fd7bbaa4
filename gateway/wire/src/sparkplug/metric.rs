//! What a metric's bytes mean, given its datatype.

use super::payload::{Metric, metric_value::MetricValue as Wire, property_value::PropertyInteger};
use crate::widen;
use alloc::string::String;

/// The value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// It has none.
    Null,
    /// Off or on.
    Boolean(bool),
    /// A number; a time is one, in ms since 1970.
    Number(f64),
    /// An integer of so many digits that this is only near it.
    Rounded(f64),
    /// A text.
    Text(String),
    /// A data set, a template, an array or bytes: nothing that a point could be.
    Other,
}

/// What a node says of a metric's quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricQuality {
    /// It may be relied on (192, or nothing said).
    Good,
    /// It may not (0).
    Bad,
    /// It is too old (500).
    Stale,
    /// Something the specification does not know.
    Unknown(i32),
}

impl Metric {
    /// What the value means as a `datatype`; none is a metric that never had a birth.
    pub(super) fn read(&self, datatype: Option<u32>) -> MetricValue {
        if self.is_null == Some(true) {
            return MetricValue::Null;
        }
        match &self.value {
            Some(Wire::Int(bits)) => integer(u64::from(*bits), datatype, true),
            Some(Wire::Long(bits)) => integer(*bits, datatype, false),
            Some(Wire::Float(number)) => MetricValue::Number(widen(*number)),
            Some(Wire::Double(number)) => MetricValue::Number(*number),
            Some(Wire::Boolean(on)) => MetricValue::Boolean(*on),
            Some(Wire::Text(text)) => MetricValue::Text(text.clone()),
            Some(Wire::Bytes(_)) | None => MetricValue::Other,
        }
    }

    /// What its property `Quality` says.
    pub(super) fn quality(&self) -> MetricQuality {
        let properties = self.properties.iter().flat_map(|set| set.keys.iter().zip(&set.values));
        let quality = properties.filter(|(key, _)| *key == "Quality").find_map(|(_, value)| {
            // Two's complement in an unsigned field.
            value.integer.map(|integer| match integer {
                PropertyInteger::Int(bits) => bits as i32,
                PropertyInteger::Long(bits) => bits as i32,
            })
        });
        match quality {
            None | Some(192) => MetricQuality::Good,
            Some(0) => MetricQuality::Bad,
            Some(500) => MetricQuality::Stale,
            Some(other) => MetricQuality::Unknown(other),
        }
    }
}

/// Signed integers stand in unsigned fields as two's complement; some encoders extend the sign of a
/// narrow one to the whole field, others do not. The casts cut to the width, and take the sign along.
fn integer(bits: u64, datatype: Option<u32>, is_int: bool) -> MetricValue {
    const BOOLEAN: u32 = 11;
    let number = match datatype {
        Some(1) => f64::from(bits as u8 as i8),
        Some(2) => f64::from(bits as u16 as i16),
        Some(3) => f64::from(bits as u32 as i32),
        Some(4) if is_int => f64::from(bits as u32 as i32),
        Some(4) => {
            let whole = bits as i64;
            return held(whole as f64, whole as f64 as i64 == whole && whole != i64::MAX);
        }
        Some(5) => f64::from(bits as u8),
        Some(6) => f64::from(bits as u16),
        Some(7) => f64::from(bits as u32),
        Some(BOOLEAN) => return MetricValue::Boolean(bits != 0),
        _ => return held(bits as f64, bits as f64 as u64 == bits && bits != u64::MAX),
    };
    MetricValue::Number(number)
}

fn held(number: f64, is_held: bool) -> MetricValue {
    if is_held { MetricValue::Number(number) } else { MetricValue::Rounded(number) }
}
