//! Bytes to messages and back, one module a protocol.
//!
//! * [`modbus`]: the reading half of Modbus, with its two framings (MBAP over TCP, CRC over a
//!   serial line).
//! * [`sparkplug`]: Sparkplug B, as a host hears it (with the feature of that name).
//! * [`telemetry`]: what a sensor node publishes over MQTT, in CBOR or JSON.
//!
//! This crate is pure: bytes in, values out. It knows no point, no clock and no socket, never
//! panics on what it is given, and (without the feature `json`) needs nothing but an allocator, so
//! that firmware and simulators speak through the same code as the gateway.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod modbus;
mod single;
#[cfg(feature = "sparkplug")]
pub mod sparkplug;
pub mod telemetry;

pub use single::widen;
