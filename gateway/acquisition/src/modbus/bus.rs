//! A Modbus link's transport: ask one unit one thing, get its checked answer.

use super::{rtu::RtuBus, tcp::TcpBus};
use crate::{Endpoint, Failure, Transport, backoff::Backoff};
use core::time::Duration;
use tokio::time::Instant;
use weir_wire::modbus::{Answer, Request};

/// First and longest wait before a link that is down is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// A good answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Exactly what was asked for.
    pub(crate) answer: Answer,
    /// From the request to the whole answer.
    pub(crate) round_trip: Duration,
}

/// One of the transports. One request is outstanding at a time: `exchange` borrows it.
pub(crate) enum Bus {
    Tcp(TcpBus),
    Rtu(RtuBus),
}

impl Bus {
    /// The bus of a transport; none for MQTT. Nothing is opened yet.
    pub(crate) fn new(transport: &Transport, timeout: Duration) -> Option<Self> {
        match transport {
            Transport::ModbusTcp { endpoints, .. } => {
                let Endpoint { host, port } = endpoints.first()?.clone();
                Some(Self::Tcp(TcpBus::new(host, port, timeout)))
            }
            Transport::ModbusRtu { .. } => RtuBus::new(transport, timeout).map(Self::Rtu),
            _ => None,
        }
    }

    /// Asks.
    pub(crate) async fn exchange(&mut self, unit: u8, asked: Request) -> Result<Exchange, Failure> {
        match self {
            Self::Tcp(bus) => bus.exchange(unit, asked).await,
            Self::Rtu(bus) => bus.exchange(unit, asked).await,
        }
    }

    /// While the link is down: until when it will not be tried, and why.
    pub(crate) fn down(&self) -> Option<(Instant, Failure)> {
        match self {
            Self::Tcp(bus) => bus.line().is_down(),
            Self::Rtu(bus) => bus.line().is_down(),
        }
    }

    /// How long an answer may still come after its timeout and be taken for another one.
    pub(crate) fn late_window(&self) -> Duration {
        match self {
            // A late answer went down with its connection.
            Self::Tcp(_) => Duration::ZERO,
            Self::Rtu(bus) => bus.late_window(),
        }
    }
}

/// Whether the link can be reached at all.
#[derive(Debug)]
pub(super) struct Line {
    backoff: Backoff,
    down: Option<(Instant, Failure)>,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { backoff: Backoff::new(RETRY.0, RETRY.1), down: None }
    }

    pub(super) fn is_down(&self) -> Option<(Instant, Failure)> {
        self.down.clone()
    }

    /// Refuses a try before its time.
    pub(super) fn check(&self, now: Instant) -> Result<(), Failure> {
        match &self.down {
            Some((retry_at, failure)) if now < *retry_at => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn up(&mut self) {
        self.backoff.reset();
        self.down = None;
    }

    /// A try failed; the next is made after a while.
    pub(super) fn down(&mut self, now: Instant, what: String) -> Failure {
        let failure = Failure::NotConnected { what };
        self.down = Some((now + self.backoff.after_failure(), failure.clone()));
        failure
    }
}
