//! A Modbus link: one task, one request at a time, every device in its turn.
//!
//! From the wire up: [`stream`] carries bytes, [`dial`], [`dial_in`] and [`port`] get one, [`mbap`]
//! and [`rtu`] ask over it and check the answer, [`bus`] puts these together. [`schedule`] says
//! whose turn it is, [`device`] what to ask and what the answer means, [`link`] does it.

mod bus;
mod device;
mod dial;
mod dial_in;
mod find;
mod identity;
mod link;
mod mbap;
mod once;
mod port;
mod probe;
mod rtu;
mod schedule;
mod stream;
mod timer;
mod unit;

pub(crate) use dial_in::Listeners;
pub(crate) use link::{Link, Shared};
pub use once::{Asked, read_once};
pub use probe::{Answered, Probe};
