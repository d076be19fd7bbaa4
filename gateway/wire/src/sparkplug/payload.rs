//! The protobuf messages of Sparkplug B that a host needs, from their field numbers. Fields that are
//! not here (metadata, data sets, templates) are stepped over.

use super::{BYTES_MAX, REBIRTH};
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt;
use prost::Message;

/// A message.
#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    /// When it was sent, in ms since 1970 UTC.
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    /// What it is about.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    /// Its number, 0 to 255 and round again; none in a node's death.
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
}

/// A metric in a message.
#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    /// Its name; left out where the alias says it.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// Its number, unique within the node.
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    /// When it was measured, in ms since 1970 UTC.
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    /// Its type, as the specification numbers them; left out in data.
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    /// It was measured while nobody could be told.
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    /// It has no value.
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    /// What else is known of it, such as its quality.
    #[prost(message, optional, tag = "9")]
    pub properties: Option<PropertySet>,
    /// Its value.
    #[prost(oneof = "metric_value::MetricValue", tags = "10, 11, 12, 13, 14, 15, 16")]
    pub value: Option<metric_value::MetricValue>,
}

/// The forms of a metric's value.
pub mod metric_value {
    use alloc::{string::String, vec::Vec};

    /// A value as it stands on the wire; what it means, the datatype says.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum MetricValue {
        /// Integers of up to 32 bits.
        #[prost(uint32, tag = "10")]
        Int(u32),
        /// Integers of up to 64 bits, and times.
        #[prost(uint64, tag = "11")]
        Long(u64),
        /// A single.
        #[prost(float, tag = "12")]
        Float(f32),
        /// A double.
        #[prost(double, tag = "13")]
        Double(f64),
        /// Off or on.
        #[prost(bool, tag = "14")]
        Boolean(bool),
        /// A text.
        #[prost(string, tag = "15")]
        Text(String),
        /// Bytes, a file, an array.
        #[prost(bytes = "vec", tag = "16")]
        Bytes(Vec<u8>),
    }
}

/// Properties of a metric.
#[derive(Clone, PartialEq, Message)]
pub struct PropertySet {
    /// Their names.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// Their values, in the order of the names.
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<PropertyValue>,
}

/// The value of a property.
#[derive(Clone, PartialEq, Message)]
pub struct PropertyValue {
    /// Its type, as the specification numbers them.
    #[prost(uint32, optional, tag = "1")]
    pub datatype: Option<u32>,
    /// The value, if it is an integer.
    #[prost(oneof = "property_value::PropertyInteger", tags = "3, 4")]
    pub integer: Option<property_value::PropertyInteger>,
}

/// The forms of a property's value.
pub mod property_value {
    /// An integer as it stands on the wire.
    #[derive(Clone, Copy, PartialEq, prost::Oneof)]
    pub enum PropertyInteger {
        /// Up to 32 bits.
        #[prost(uint32, tag = "3")]
        Int(u32),
        /// Up to 64 bits.
        #[prost(uint64, tag = "4")]
        Long(u64),
    }
}

/// Why bytes are not a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// More bytes than a payload may have.
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Not the protobuf that was expected: what.
    Protobuf(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => write!(f, "{bytes} bytes where {BYTES_MAX} are allowed"),
            Self::Protobuf(what) => write!(f, "not a Sparkplug payload: {what}"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Reads a payload.
///
/// # Errors
/// When the bytes are none, or too many. Never panics.
pub fn decode(bytes: &[u8]) -> Result<Payload, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::TooLong { bytes: bytes.len() });
    }
    Payload::decode(bytes).map_err(|error| DecodeError::Protobuf(error.to_string()))
}

/// Writes a payload.
pub fn encode(payload: &Payload) -> Vec<u8> {
    payload.encode_to_vec()
}

/// The command that asks a node to say everything again, sent at `timestamp` (ms since 1970 UTC).
pub fn encode_rebirth(timestamp: u64) -> Vec<u8> {
    const BOOLEAN: u32 = 11;
    let rebirth = Metric {
        name: Some(REBIRTH.to_owned()),
        timestamp: Some(timestamp),
        datatype: Some(BOOLEAN),
        value: Some(metric_value::MetricValue::Boolean(true)),
        ..Metric::default()
    };
    encode(&Payload { timestamp: Some(timestamp), metrics: vec![rebirth], seq: None })
}
