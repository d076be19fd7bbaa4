//! What a sensor node publishes on `weir/v1/{site}/{device}/telemetry`.
//!
//! One message has this shape, in JSON (first byte `{` or white space) or in CBOR (first byte
//! 0xA0 to 0xBF, a map; or the self-described tag 0xD9D9F7 before it):
//!
//! ```json
//! {"boot": "7f3a", "seq": 12, "t": 1795341600000,
//!  "points": {"temperature": 121.5, "door_open": false,
//!             "power": {"value": 1800, "quality": "uncertain:sensor_not_accurate"}}}
//! ```
//!
//! | key | JSON | CBOR | meaning |
//! |---|---|---|---|
//! | `boot` | integer from 0, or text | unsigned integer, or text | another one after every start of the node |
//! | `seq` | integer from 0 | unsigned integer | counts messages since that start |
//! | `t` | integer, null, or left out | integer, null, or left out | when it was measured, ms since 1970 UTC |
//! | `points` | object | map | field name to value |
//!
//! A value is a number, a boolean, null (no value), or an object with `value` and `quality`
//! (`good`, `uncertain`, `bad`, or with a reason such as `bad:calibration`; left out means good).
//! In CBOR, keys are the same texts, numbers are integers or floats of any width, and maps may have
//! either form of length; texts have a definite length. Unknown keys are skipped, so that a node
//! may say more than the gateway knows; a key twice is an error.
//!
//! Limits: [`BYTES_MAX`], [`FIELDS_MAX`], [`TEXT_MAX`], [`NESTING_MAX`].

mod cbor;
mod collect;
mod error;
#[cfg(feature = "json")]
mod json;
#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};

pub use cbor::encode_cbor;
pub use error::DecodeError;
#[cfg(feature = "json")]
pub use json::encode_json;

/// Most bytes of a message.
pub const BYTES_MAX: usize = 64 * 1024;
/// Most fields of a message.
pub const FIELDS_MAX: usize = 1024;
/// Most bytes of a boot id, a field's name, or a quality.
pub const TEXT_MAX: usize = 64;
/// Most maps and arrays in each other; a message as described here has three.
pub const NESTING_MAX: usize = 8;

/// One message of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// Which start of the node the message belongs to.
    pub boot: Boot,
    /// The message's number since that start.
    pub seq: u64,
    /// When it was measured, in milliseconds since 1970 UTC; none if the node has no clock.
    pub t: Option<i64>,
    /// What was measured, in the order of the message; no name twice.
    pub fields: Vec<Field>,
}

/// What a node calls one of its starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Boot {
    /// A counter, or a random number.
    Number(u64),
    /// A text of at most [`TEXT_MAX`] bytes.
    Text(String),
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// Its value.
    pub value: Scalar,
    /// Its quality, as the node wrote it; none means good.
    pub quality: Option<String>,
}

/// A value on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// There is none.
    Null,
    /// Off or on.
    Boolean(bool),
    /// A number. In CBOR it may be NaN or infinite.
    Number(f64),
}

/// Reads a message; its first byte tells the format.
///
/// # Errors
/// When the bytes are not such a message, or break a limit. Never panics.
pub fn decode(bytes: &[u8]) -> Result<Telemetry, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::TooLong { bytes: bytes.len() });
    }
    match bytes.first() {
        Some(0xA0..=0xBF | 0xD9) => cbor::decode(bytes),
        #[cfg(feature = "json")]
        Some(b'{' | b' ' | b'\t' | b'\r' | b'\n') => json::decode(bytes),
        first => Err(DecodeError::Format { first: first.copied() }),
    }
}
