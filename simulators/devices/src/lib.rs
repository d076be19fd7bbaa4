//! Simulated instruments on real sockets: what stands in a plant, as a gateway meets it.
//!
//! * An **instrument** is a device of the demonstration site with its profile and its place on a
//!   line ([`Instrument`]). Its registers are encoded from the profile's data by code of its own,
//!   so that the gateway's decoder has an independent counterpart ([`encode`]).
//! * A **fleet** is all of them at work ([`Fleet`]): Modbus TCP servers, a Modbus RTU server on a
//!   pseudo-terminal, MQTT publishers. Each has **knobs** ([`Knobs`]) for silence, delay, garbage,
//!   refusal and a dead sensor.
//! * A **history** is what a gateway would have read, without any socket, for filling a store
//!   ([`history`], [`Instruments::read`]).
//! * A **broker** small enough to live in our own process ([`broker`]).
//!
//! Nothing here can be written to: every Modbus function but the four that read is refused.

#![forbid(unsafe_code)]

pub mod broker;
pub mod encode;
mod fleet;
mod history;
mod image;
mod instrument;
mod knobs;
mod modbus;
mod mqtt;
mod shared;
mod station;

pub use fleet::{AbsentUnits, Addresses, BrokerAddress, Fleet, FleetError, Options};
pub use history::{History, Scan, history};
pub use instrument::{Attachment, Format, Instrument, Instruments, Line};
pub use knobs::{Corruption, Knobs};
pub use shared::SharedPlant;
pub use weir_plant as plant;
