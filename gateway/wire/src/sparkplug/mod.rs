//! Sparkplug B 3.0, as a host hears it: what an edge node publishes over MQTT, in protobuf.
//!
//! * [`Topic`] says who speaks and what about: `spBv1.0/group/DDATA/edge node/device`.
//! * [`Payload`] is the message; the structs are written from the specification's field numbers.
//! * [`Node`] follows one edge node: births define its metrics, data refer to them by alias, deaths
//!   end them; a gap in its numbers ends in the wish that it say everything again (a *rebirth*).
//!
//! [`encode_rebirth`] makes the one message that ever goes towards a node. It says "tell me again";
//! nothing here can write a metric.
//!
//! Terms are those of the specification: a **node** (edge node) has metrics of its own and
//! **devices** with theirs; a **metric** is a named value; an **alias** is its number for short.

mod metric;
mod node;
mod payload;
#[cfg(test)]
mod tests;
mod topic;

pub use metric::{MetricQuality, MetricValue};
pub use node::{Event, Measured, Node};
pub use payload::{
    DecodeError, Metric, Payload, PropertySet, PropertyValue, decode, encode, encode_rebirth,
    metric_value, property_value,
};
pub use topic::{NAMESPACE, Said, Topic};

/// Most bytes of a payload; a birth of several thousand metrics is within it.
pub const BYTES_MAX: usize = 512 * 1024;

/// The metric by which a node numbers its sessions.
const SESSION: &str = "bdSeq";
/// The metric that asks a node to say everything again.
const REBIRTH: &str = "Node Control/Rebirth";
