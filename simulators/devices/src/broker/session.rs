//! What a broker keeps for one client: its subscriptions, and what it has not yet acknowledged.

use super::topic;
use bytes::Bytes;
use rumqttc::{QoS, mqttbytes::v4::Publish};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Most messages sent to a client and not yet acknowledged.
const WINDOW: usize = 64;
/// Most messages, and bytes of them, that wait for a client. Beyond it the oldest is dropped.
const QUEUE_MESSAGES_MAX: usize = 50_000;
const QUEUE_BYTES_MAX: usize = 32 << 20;
/// Most subscriptions of a client.
const FILTERS_MAX: usize = 256;

/// A message on its way.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) topic: Arc<str>,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
    /// Whether it was kept from before the subscription.
    pub(super) retained: bool,
}

impl Message {
    fn publish(&self, id: u16, dup: bool) -> Publish {
        let mut publish = Publish::from_bytes(&*self.topic, self.qos, self.payload.clone());
        (publish.pkid, publish.dup, publish.retain) = (id, dup, self.retained);
        publish
    }

    fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

/// The connection that a session has.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Tells one connection of a client from the next.
    pub(super) number: u64,
    /// There is something to send.
    pub(super) wake: Arc<Notify>,
    /// Somebody else has taken the session over, or the broker stops.
    pub(super) close: CancellationToken,
}

/// What is kept for a client.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Not kept beyond the connection.
    pub(super) clean: bool,
    pub(super) link: Option<Link>,
    filters: Vec<(String, QoS)>,
    queue: VecDeque<Message>,
    queue_bytes: usize,
    /// Sent, in their order, and not acknowledged.
    waiting: VecDeque<(u16, Message)>,
    /// How many of the waiting ones have been sent over this connection.
    sent: usize,
    last_id: u16,
    /// QoS 2 messages that came in and have not been released.
    unreleased: BTreeSet<u16>,
    /// Messages dropped because there were too many.
    pub(super) dropped: u64,
}

impl Session {
    /// The client is back: what it has not acknowledged is sent again.
    pub(super) fn attach(&mut self, link: Link) {
        self.sent = 0;
        self.link = Some(link);
    }

    /// The client is gone. What was sent without a promise is forgotten.
    pub(super) fn detach(&mut self) {
        self.link = None;
        self.queue.retain(|message| message.qos != QoS::AtMostOnce);
        self.queue_bytes = self.queue.iter().map(Message::bytes).sum();
    }

    /// Takes or changes a subscription; says at which QoS, if at all.
    pub(super) fn subscribe(&mut self, filter: &str, qos: QoS) -> Option<QoS> {
        // QoS 2 is not promised to anybody.
        let qos = if qos == QoS::AtMostOnce { qos } else { QoS::AtLeastOnce };
        let full = self.filters.len() >= FILTERS_MAX;
        match self.filters.iter_mut().find(|(known, _)| known == filter) {
            _ if !topic::is_filter(filter) => return None,
            Some((_, known)) => *known = qos,
            None if full => return None,
            None => self.filters.push((filter.to_owned(), qos)),
        }
        Some(qos)
    }

    pub(super) fn unsubscribe(&mut self, filter: &str) {
        self.filters.retain(|(known, _)| known != filter);
    }

    /// The best QoS at which it wants a topic.
    pub(super) fn wants(&self, topic: &str) -> Option<QoS> {
        let hits = self.filters.iter().filter(|(filter, _)| topic::matches(filter, topic));
        hits.map(|(_, qos)| *qos).max_by_key(|qos| *qos as u8)
    }

    /// Puts a message behind the others.
    pub(super) fn push(&mut self, message: Message) {
        if self.link.is_none() && message.qos == QoS::AtMostOnce {
            return;
        }
        self.queue_bytes += message.bytes();
        self.queue.push_back(message);
        while self.queue.len() > QUEUE_MESSAGES_MAX || self.queue_bytes > QUEUE_BYTES_MAX {
            let Some(oldest) = self.queue.pop_front() else { break };
            self.queue_bytes -= oldest.bytes();
            self.dropped += 1;
        }
        if let Some(link) = &self.link {
            link.wake.notify_one();
        }
    }

    /// What is to be sent next, if the client may be sent anything.
    pub(super) fn next(&mut self) -> Option<Publish> {
        if let Some((id, message)) = self.waiting.get(self.sent) {
            self.sent += 1;
            return Some(message.publish(*id, true));
        }
        let promised = self.queue.front()?.qos != QoS::AtMostOnce;
        if promised && self.waiting.len() >= WINDOW {
            return None;
        }
        let message = self.queue.pop_front()?;
        self.queue_bytes -= message.bytes();
        if !promised {
            return Some(message.publish(0, false));
        }
        let id = self.free_id();
        let publish = message.publish(id, false);
        self.waiting.push_back((id, message));
        self.sent += 1;
        Some(publish)
    }

    /// An id that no waiting message has; there are far fewer of those than ids.
    fn free_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.waiting.iter().all(|(id, _)| *id != self.last_id) {
                return self.last_id;
            }
        }
    }

    /// The client has a message.
    pub(super) fn acknowledge(&mut self, id: u16) {
        if let Some(place) = self.waiting.iter().position(|(waiting, _)| *waiting == id) {
            self.waiting.remove(place);
            self.sent -= usize::from(place < self.sent);
        }
    }

    /// Whether a QoS 2 message is new.
    pub(super) fn receive(&mut self, id: u16) -> bool {
        self.unreleased.insert(id)
    }

    /// The client will not send a QoS 2 message again.
    pub(super) fn release(&mut self, id: u16) {
        self.unreleased.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(text: &str, qos: QoS) -> Message {
        let payload = Bytes::copy_from_slice(text.as_bytes());
        Message { topic: "a".into(), payload, qos, retained: false }
    }

    fn link() -> Link {
        Link { number: 1, wake: Arc::default(), close: CancellationToken::new() }
    }

    #[test]
    fn what_is_not_acknowledged_comes_again_first_and_in_order() {
        let mut session = Session::default();
        session.attach(link());
        for text in ["1", "2", "3"] {
            session.push(message(text, QoS::AtLeastOnce));
        }
        let first: Vec<Publish> = std::iter::from_fn(|| session.next()).collect();
        session.acknowledge(first[1].pkid);
        session.detach();
        session.push(message("4", QoS::AtLeastOnce));
        session.push(message("lost", QoS::AtMostOnce));
        session.attach(link());
        let again: Vec<_> = std::iter::from_fn(|| session.next())
            .map(|publish| (publish.payload, publish.dup, publish.pkid == first[0].pkid))
            .collect();
        let expected = [("1", true, true), ("3", true, false), ("4", false, false)];
        assert_eq!(again, expected.map(|(text, dup, same)| (text.into(), dup, same)));
    }

    #[test]
    fn a_full_window_waits_and_a_full_queue_drops_the_oldest() {
        let mut session = Session::default();
        session.attach(link());
        for nth in 0..QUEUE_MESSAGES_MAX + 2 {
            session.push(message(&nth.to_string(), QoS::AtLeastOnce));
        }
        assert_eq!(session.dropped, 2);
        let sent: Vec<Publish> = std::iter::from_fn(|| session.next()).collect();
        assert_eq!((sent.len(), &*sent[0].payload), (WINDOW, &b"2"[..]));
        session.acknowledge(sent[0].pkid);
        assert_eq!(std::iter::from_fn(|| session.next()).count(), 1);
    }

    #[test]
    fn subscriptions_are_checked_changed_and_limited() {
        let mut session = Session::default();
        assert_eq!(session.subscribe("a/#/b", QoS::AtMostOnce), None);
        assert_eq!(session.subscribe("a/#", QoS::ExactlyOnce), Some(QoS::AtLeastOnce));
        assert_eq!(session.subscribe("a/b", QoS::AtMostOnce), Some(QoS::AtMostOnce));
        assert_eq!(session.wants("a/b"), Some(QoS::AtLeastOnce));
        session.unsubscribe("a/#");
        assert_eq!((session.wants("a/b"), session.wants("a/c")), (Some(QoS::AtMostOnce), None));
        for nth in 0..FILTERS_MAX {
            let _ = session.subscribe(&nth.to_string(), QoS::AtMostOnce);
        }
        assert_eq!(session.subscribe("one too many", QoS::AtMostOnce), None);
        assert!(session.subscribe("a/b", QoS::AtLeastOnce).is_some(), "is there already");
    }

    #[derive(Debug, Clone)]
    enum Act {
        Push,
        Next,
        Acknowledge(usize),
        Reconnect,
    }

    proptest! {
        /// Whatever happens, every message is seen at least once, for the first time in its order.
        #[test]
        fn nothing_is_lost(acts in prop::collection::vec(prop_oneof![
            3 => Just(Act::Push), 3 => Just(Act::Next),
            2 => (0..8_usize).prop_map(Act::Acknowledge), 1 => Just(Act::Reconnect),
        ], 0..300)) {
            let mut session = Session::default();
            session.attach(link());
            let (mut pushed, mut seen, mut unacknowledged) = (0_u32, Vec::new(), Vec::new());
            let see = |publish: Publish, seen: &mut Vec<u32>| {
                let text = std::str::from_utf8(&publish.payload).unwrap();
                let number: u32 = text.parse().unwrap();
                assert_eq!(publish.dup, seen.contains(&number));
                if !publish.dup { seen.push(number) }
                publish.pkid
            };
            for act in acts {
                match act {
                    Act::Push => {
                        session.push(message(&pushed.to_string(), QoS::AtLeastOnce));
                        pushed += 1;
                    }
                    Act::Next => if let Some(publish) = session.next() {
                        unacknowledged.push(see(publish, &mut seen));
                    }
                    Act::Acknowledge(nth) => if nth < unacknowledged.len() {
                        session.acknowledge(unacknowledged.remove(nth));
                    }
                    Act::Reconnect => { session.detach(); unacknowledged.clear(); session.attach(link()); }
                }
            }
            while let Some(publish) = session.next() {
                let id = see(publish, &mut seen);
                session.acknowledge(id);
            }
            prop_assert_eq!(seen, (0..pushed).collect::<Vec<_>>());
        }
    }
}
