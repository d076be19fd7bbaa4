//! A Modbus link in the hands of a person: one question at a time, for `weir read` and `weir scan`.

use super::{Listeners, bus::Bus};
use crate::{Failure, Transport};
use core::time::Duration;
use weir_wire::modbus::{Answer, Request};

/// A link that is asked by hand. It is opened by the first question.
pub struct Probe {
    bus: Bus,
}

/// An answer, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Exactly what was asked for.
    pub answer: Answer,
    /// From the request to the whole answer.
    pub round_trip: Duration,
}

impl Probe {
    /// A link of some transport; none if it is not of Modbus. `timeout` is for one answer.
    pub fn new(transport: &Transport, timeout: Duration) -> Option<Self> {
        Some(Self { bus: Bus::new(transport, timeout, &Listeners::default())? })
    }

    /// Asks a unit one thing.
    ///
    /// # Errors
    /// When the link cannot be reached, or the unit does not answer, or refuses.
    pub async fn ask(&mut self, unit: u8, request: Request) -> Result<Answered, Failure> {
        let (answer, round_trip) = self.bus.ask(unit, request).await?;
        Ok(Answered { answer, round_trip })
    }
}
