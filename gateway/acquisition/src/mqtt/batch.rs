//! Messages that go to the store together, and what is owed for each when they are there.

use super::{client::Ticket, routes::Routes};
use crate::{
    backoff::Backoff,
    messages::{Seen, TelemetryKey},
};
use core::{
    hash::{Hash, Hasher},
    time::Duration,
};
use std::hash::DefaultHasher;
use tokio::time::{Instant, sleep};
use weir_engine::{Row, ports::Intake};

/// First and longest wait before a refused batch is handed in again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// What a message without a number of its own is known by, should the broker send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Delivery {
    packet_id: u16,
    hash: u64,
}

impl Delivery {
    pub(super) fn of(ticket: &Ticket, topic: &str, payload: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        (topic, payload).hash(&mut hasher);
        Self { packet_id: ticket.packet_id, hash: hasher.finish() }
    }
}

/// What is to be done when a message's rows are on disk.
pub(super) enum Owed {
    /// It is acknowledged.
    Acknowledgement(Ticket),
    /// It and its copies are acknowledged, and it is remembered: a message of Weir's own on a
    /// route,
    Telemetry(usize, TelemetryKey),
    /// or another.
    Delivery(Delivery),
}

/// See the module.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) owed: Vec<Owed>,
    /// Since when it is not empty.
    pub(super) since: Option<Instant>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.owed.is_empty()
    }

    /// Whether somebody waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Hands its rows in until they are on disk.
    pub(super) async fn store(self, intake: &dyn Intake, link: &str) -> Stored {
        let (mut backoff, mut refusals) = (Backoff::new(RETRY.0, RETRY.1), 0_u64);
        let (count, is_awaited) = (self.rows.len(), self.is_awaited());
        while !self.rows.is_empty()
            && let Err(error) = intake.submit(self.rows.clone(), is_awaited).await
        {
            refusals += 1;
            if refusals == 1 {
                let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                tracing::error!(link, "{error}: {cause}; the messages stay with the broker");
            }
            sleep(backoff.after_failure()).await;
        }
        Stored { rows: count, is_awaited, owed: self.owed }
    }
}

/// A batch that is on disk.
pub(super) struct Stored {
    pub(super) rows: usize,
    pub(super) is_awaited: bool,
    owed: Vec<Owed>,
}

impl Stored {
    /// Does what is owed, in the order of the messages.
    pub(super) fn settle(self, routes: &mut Routes, deliveries: &mut Seen<Delivery, Ticket>) {
        for owed in self.owed {
            let tickets = match owed {
                Owed::Acknowledgement(ticket) => vec![ticket],
                Owed::Telemetry(route, key) => routes.list[route].seen.stored(key),
                Owed::Delivery(delivery) => deliveries.stored(delivery),
            };
            tickets.iter().for_each(Ticket::acknowledge);
        }
    }
}
