//! A number that is one: never NaN, never infinite.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, de};

/// A finite number. Booleans are 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Value(f64);

impl Value {
    /// The number, unless it is NaN or infinite.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether a boolean point is on (anything but zero).
    pub fn is_on(self) -> bool {
        self.0 != 0.0
    }
}

impl From<bool> for Value {
    fn from(on: bool) -> Self {
        Self(if on { 1.0 } else { 0.0 })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("not a finite number"))
    }
}

/// How a point's values are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A measured number.
    Number,
    /// Off (0) or on (1).
    Boolean,
}
