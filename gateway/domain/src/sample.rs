//! One reading of one point.

use crate::{BadReason, Quality, Timestamp, UncertainReason, Value};
use serde::{Deserialize, Serialize};

/// What was read: a good value, an uncertain one, or none that can be used.
///
/// There is no way to write a good sample without a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// A value to rely on.
    Good(Value),
    /// A value that must not decide anything.
    Uncertain(Value, UncertainReason),
    /// No usable value. Where the instrument did say a number (e.g. during calibration) it is kept
    /// as evidence.
    Bad(Option<Value>, BadReason),
}

/// A reading with its times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the instrument measured.
    pub source_time: Timestamp,
    /// When the gateway took it in.
    pub received_time: Timestamp,
    /// What was read.
    pub reading: Reading,
}

impl Reading {
    /// A good reading, or a sensor failure where the number is NaN or infinite.
    pub fn from_number(number: f64) -> Self {
        match Value::new(number) {
            Some(value) => Self::Good(value),
            None => Self::Bad(None, BadReason::SensorFailure),
        }
    }

    /// Puts stored parts together again; a good or uncertain quality without a value is a failure
    /// of the sensor, never a number.
    pub fn from_parts(value: Option<Value>, quality: Quality) -> Self {
        match (quality, value) {
            (Quality::Good, Some(value)) => Self::Good(value),
            (Quality::Uncertain(reason), Some(value)) => Self::Uncertain(value, reason),
            (Quality::Bad(reason), value) => Self::Bad(value, reason),
            (_, None) => Self::Bad(None, BadReason::SensorFailure),
        }
    }

    /// The number, whatever its quality.
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Good(value) | Self::Uncertain(value, _) => Some(*value),
            Self::Bad(value, _) => *value,
        }
    }

    /// The number if it may be relied on.
    pub fn good(&self) -> Option<Value> {
        match self {
            Self::Good(value) => Some(*value),
            _ => None,
        }
    }

    /// The quality.
    pub fn quality(&self) -> Quality {
        match self {
            Self::Good(_) => Quality::Good,
            Self::Uncertain(_, reason) => Quality::Uncertain(*reason),
            Self::Bad(_, reason) => Quality::Bad(*reason),
        }
    }
}

impl Sample {
    /// A sample measured and received at one moment.
    pub fn at(time: Timestamp, reading: Reading) -> Self {
        Self { source_time: time, received_time: time, reading }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_a_failure() {
        assert_eq!(Reading::from_number(f64::NAN), Reading::Bad(None, BadReason::SensorFailure));
        assert_eq!(Reading::from_number(f64::INFINITY).good(), None);
        assert_eq!(Reading::from_number(0.3).good().map(Value::get), Some(0.3));
    }

    #[test]
    fn good_without_a_value_cannot_be_put_together() {
        let reading = Reading::from_parts(None, Quality::Good);
        assert_eq!(reading.quality(), Quality::Bad(BadReason::SensorFailure));
    }

    #[test]
    fn a_bad_reading_keeps_its_evidence_but_is_never_good() {
        let reading = Reading::Bad(Value::new(4.2), BadReason::Calibration);
        assert_eq!(reading.value().map(Value::get), Some(4.2));
        assert_eq!(reading.good(), None);
    }
}
