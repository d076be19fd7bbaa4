//! What the link does with a message: whether it is new, who listens, and what it says.

use super::{
    super::{
        batch::{Delivery, Owed},
        client::{Message, Ticket},
    },
    Link,
};
use crate::messages::{Kind, Parsed, TelemetryKey, Verdict};
use tokio::time::Instant;

impl Link {
    /// Takes a message in: understands it for whoever listens, and notes what is owed for it.
    pub(super) fn message(&mut self, message: Message, from_backlog: bool, now: Instant) {
        self.batch.since.get_or_insert(now);
        if !self.edges.is_empty()
            && let Some(edge) = self.edges.find(&message.topic)
        {
            let (topic, payload) = (&message.topic, &message.payload);
            let moment = (now, self.clock.now());
            let outcome = self.edges.receive(edge, topic, payload, &mut self.publishers, moment);
            self.take(outcome, message.ticket);
            return;
        }
        let found = self.routes.of(&message.topic);
        if found.is_empty() {
            // A subscription of an earlier configuration that the broker remembers.
            tracing::debug!(link = %self.settings.id, topic = message.topic, "not a topic of ours");
            self.batch.owed.extend(message.ticket.map(Owed::Acknowledgement));
            return;
        }
        let parsed = self.parse(&found, &message.payload);
        let is_old = message.is_retained || message.is_repeated || from_backlog;
        let Some(owed) = self.admit(&found, &parsed, message) else { return };
        for route in found.iter() {
            self.read(*route, &parsed, is_old, now);
        }
        self.batch.owed.extend(owed);
    }

    /// The message in every format that somebody on these routes expects.
    fn parse(&self, found: &[usize], payload: &[u8]) -> Vec<(Kind, Result<Parsed, String>)> {
        let mut parsed = Vec::with_capacity(1);
        let listeners = found.iter().flat_map(|route| &self.routes.list[*route].listeners);
        for kind in listeners.map(|listener| listener.reader.kind()) {
            if !parsed.iter().any(|(other, _)| *other == kind) {
                parsed.push((kind, Parsed::parse(kind, payload)));
            }
        }
        parsed
    }

    /// Whether a message is to be stored, and what is owed for it then; none if it has come before.
    fn admit(
        &mut self,
        found: &[usize],
        parsed: &[(Kind, Result<Parsed, String>)],
        message: Message,
    ) -> Option<Option<Owed>> {
        let Message { topic, payload, is_repeated, ticket, .. } = message;
        let telemetry = parsed.iter().find_map(|(_, parsed)| match parsed {
            Ok(Parsed::Weir(telemetry)) => Some(telemetry),
            _ => None,
        });
        let verdict = match (telemetry, ticket) {
            (Some(telemetry), ticket) => {
                let (route, key) = (found[0], TelemetryKey::of(&topic, telemetry));
                let seen = &mut self.routes.list[route].seen;
                match seen.take(&key, ticket, Ticket::came_with) {
                    Verdict::New => return Some(Some(Owed::Telemetry(route, key))),
                    verdict => verdict,
                }
            }
            (None, Some(ticket)) => {
                let delivery = Delivery::of(&ticket, &topic, &payload);
                if !is_repeated {
                    self.deliveries.take_new(&delivery, ticket);
                    return Some(Some(Owed::Delivery(delivery)));
                }
                match self.deliveries.take(&delivery, Some(ticket), Ticket::came_with) {
                    Verdict::New => return Some(Some(Owed::Delivery(delivery))),
                    verdict => verdict,
                }
            }
            (None, None) => return Some(None),
        };
        if let Verdict::Stored(ticket) = verdict {
            self.batch.owed.extend(ticket.map(Owed::Acknowledgement));
        }
        None
    }

    /// What a message says of each device that listens on a route.
    fn read(
        &mut self,
        route: usize,
        parsed: &[(Kind, Result<Parsed, String>)],
        is_old: bool,
        now: Instant,
    ) {
        let received = self.clock.now();
        let listeners = &self.routes.list[route].listeners;
        for listener in listeners {
            let publisher = &mut self.publishers[listener.publisher];
            let kind = listener.reader.kind();
            match parsed.iter().find(|(other, _)| *other == kind) {
                Some((_, Ok(parsed))) => {
                    let receipt = publisher.receipt(received, is_old);
                    let understood = listener.reader.read(parsed, &publisher.settings, &receipt);
                    // Of several devices on a topic, each message is of one of them.
                    if !(understood.rows.is_empty() && listeners.len() > 1) {
                        publisher.understood(&understood, received, now);
                    }
                    self.batch.rows.extend(understood.rows);
                }
                Some((_, Err(why))) => publisher.invalid(why, now),
                None => {}
            }
        }
    }
}
