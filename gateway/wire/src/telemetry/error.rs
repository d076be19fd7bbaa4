//! Why bytes are not a message.

use super::{BYTES_MAX, NESTING_MAX};
use alloc::string::String;
use core::fmt;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// More bytes than a message may have.
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Neither a CBOR map nor a JSON object.
    Format {
        /// The first byte, if there is one.
        first: Option<u8>,
    },
    /// Too many maps and arrays in each other.
    TooDeep,
    /// Not the JSON that was expected: what, with line and column.
    Json(String),
    /// Not the CBOR that was expected.
    Cbor {
        /// At which byte, counted from 0.
        at: usize,
        /// What.
        what: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(f, "{bytes} bytes where {BYTES_MAX} are allowed"),
            Self::Format { first: None } => f.write_str("an empty message"),
            Self::Format { first: Some(byte) } => {
                write!(f, "neither a CBOR map nor a JSON object (first byte 0x{byte:02X})")
            }
            Self::TooDeep => write!(f, "more than {NESTING_MAX} maps and arrays in each other"),
            Self::Json(what) => write!(f, "not the expected JSON: {what}"),
            Self::Cbor { at, what } => write!(f, "not the expected CBOR: {what} at byte {at}"),
        }
    }
}

impl core::error::Error for DecodeError {}
