//! Who gets what: the sessions of all clients, and the retained messages.

use super::{
    session::{Link, Message, Session},
    topic,
};
use rumqttc::{
    QoS,
    mqttbytes::v4::{LastWill, Publish},
};
use std::collections::HashMap;

/// Most sessions, retained messages, and bytes of a client id.
const SESSIONS_MAX: usize = 256;
const RETAINED_MAX: usize = 4_096;
const CLIENT_ID_MAX: usize = 256;

/// The state of a broker.
#[derive(Debug, Default)]
pub(super) struct Router {
    sessions: HashMap<String, Session>,
    retained: HashMap<String, Message>,
    links: u64,
}

/// Why a client may not connect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its id is empty and it wants to be remembered, or is too long.
    ClientId,
    /// There are too many already.
    Full,
}

/// A connection that has a session.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    pub(super) client: String,
    pub(super) link: Link,
}

impl Router {
    /// A client connects; says whether it was known. Whoever had its id before is shut out.
    pub(super) fn connect(
        &mut self,
        client: &str,
        clean: bool,
        close: tokio_util::sync::CancellationToken,
    ) -> Result<(Attached, bool), Refusal> {
        if client.len() > CLIENT_ID_MAX || (client.is_empty() && !clean) {
            return Err(Refusal::ClientId);
        }
        self.links += 1;
        let client = match client {
            "" => format!("nameless-{}", self.links),
            named => named.to_owned(),
        };
        if self.sessions.len() >= SESSIONS_MAX && !self.sessions.contains_key(&client) {
            return Err(Refusal::Full);
        }
        let link = Link { number: self.links, wake: Default::default(), close };
        let known = self.sessions.remove(&client);
        if let Some(Link { close, .. }) = known.as_ref().and_then(|known| known.link.as_ref()) {
            close.cancel();
        }
        let kept = known.filter(|known| !clean && !known.clean);
        let present = kept.is_some();
        let mut session = kept.unwrap_or_default();
        session.clean = clean;
        session.attach(link.clone());
        self.sessions.insert(client.clone(), session);
        Ok((Attached { client, link }, present))
    }

    /// The session of a connection, unless somebody else has taken it over.
    pub(super) fn session(&mut self, attached: &Attached) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&attached.client)?;
        let mine = session.link.as_ref().is_some_and(|link| link.number == attached.link.number);
        mine.then_some(session)
    }

    /// A connection ends. Its will is done whoever has the session now.
    pub(super) fn disconnect(&mut self, attached: &Attached, will: Option<LastWill>) {
        if let Some(session) = self.session(attached) {
            session.detach();
            if session.dropped > 0 {
                tracing::warn!(
                    client = attached.client,
                    dropped = session.dropped,
                    "queue was full"
                );
            }
            if session.clean {
                self.sessions.remove(&attached.client);
            }
        }
        if let Some(will) = will.filter(|will| topic::is_topic(&will.topic)) {
            let mut publish = Publish::from_bytes(will.topic, will.qos, will.message);
            publish.retain = will.retain;
            self.publish(publish);
        }
    }

    /// Subscribes, and hands out what has been retained for the filter.
    pub(super) fn subscribe(&mut self, attached: &Attached, filter: &str, qos: QoS) -> Option<QoS> {
        let granted = self.session(attached)?.subscribe(filter, qos)?;
        let kept: Vec<Message> = self
            .retained
            .values()
            .filter(|message| topic::matches(filter, &message.topic))
            .map(|message| Message { qos: lower(message.qos, granted), ..message.clone() })
            .collect();
        let session = self.session(attached)?;
        kept.into_iter().for_each(|message| session.push(message));
        Some(granted)
    }

    /// Hands a message to everybody who wants it. The topic has been checked.
    pub(super) fn publish(&mut self, publish: Publish) {
        let topic: std::sync::Arc<str> = publish.topic.as_str().into();
        let message =
            Message { topic, payload: publish.payload, qos: publish.qos, retained: false };
        for session in self.sessions.values_mut() {
            if let Some(qos) = session.wants(&message.topic) {
                session.push(Message { qos: lower(message.qos, qos), ..message.clone() });
            }
        }
        if publish.retain {
            self.retain(message);
        }
    }

    /// Keeps the last message of a topic; an empty one means that there is none any more.
    fn retain(&mut self, message: Message) {
        if message.payload.is_empty() {
            self.retained.remove(&*message.topic);
        } else if self.retained.len() < RETAINED_MAX || self.retained.contains_key(&*message.topic)
        {
            self.retained.insert(message.topic.to_string(), Message { retained: true, ..message });
        } else {
            tracing::warn!(topic = &*message.topic, "too many retained messages; not kept");
        }
    }
}

fn lower(one: QoS, other: QoS) -> QoS {
    if (one as u8) < other as u8 { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    fn connect(router: &mut Router, client: &str, clean: bool) -> (Attached, bool) {
        router.connect(client, clean, CancellationToken::new()).unwrap()
    }

    fn publish(topic: &str, text: &str, retain: bool) -> Publish {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, text);
        publish.retain = retain;
        publish
    }

    fn drain(router: &mut Router, attached: &Attached) -> Vec<(String, bool)> {
        let session = router.session(attached).unwrap();
        let next = || session.next();
        std::iter::from_fn(next)
            .map(|publish| (String::from_utf8(publish.payload.to_vec()).unwrap(), publish.retain))
            .collect()
    }

    #[test]
    fn a_session_is_kept_unless_either_side_wanted_it_clean() {
        for (first, second, present) in
            [(false, false, true), (true, false, false), (false, true, false), (true, true, false)]
        {
            let mut router = Router::default();
            let (one, known) = connect(&mut router, "c", first);
            assert!(!known);
            router.subscribe(&one, "t", QoS::AtLeastOnce).unwrap();
            router.disconnect(&one, None);
            router.publish(publish("t", "meanwhile", false));
            let (two, known) = connect(&mut router, "c", second);
            assert_eq!(known, present);
            assert_eq!(drain(&mut router, &two).len(), usize::from(present));
        }
    }

    #[test]
    fn the_second_connection_of_a_client_shuts_the_first_out() {
        let mut router = Router::default();
        let (one, _) = connect(&mut router, "c", false);
        router.subscribe(&one, "t", QoS::AtLeastOnce).unwrap();
        let (two, known) = connect(&mut router, "c", false);
        assert!(known && one.link.close.is_cancelled() && !two.link.close.is_cancelled());
        assert!(router.session(&one).is_none());
        router.disconnect(&one, None);
        router.publish(publish("t", "x", false));
        assert_eq!(drain(&mut router, &two), [("x".to_owned(), false)], "still subscribed");
    }

    #[test]
    fn the_last_retained_message_greets_a_subscriber_until_it_is_emptied() {
        let mut router = Router::default();
        router.publish(publish("s/a", "old", true));
        router.publish(publish("s/a", "new", true));
        router.publish(publish("s/b", "not kept", false));
        let (one, _) = connect(&mut router, "c", true);
        router.subscribe(&one, "s/#", QoS::AtLeastOnce).unwrap();
        assert_eq!(drain(&mut router, &one), [("new".to_owned(), true)]);
        router.publish(publish("s/a", "", true));
        assert_eq!(drain(&mut router, &one), [(String::new(), false)]);
        router.subscribe(&one, "s/#", QoS::AtLeastOnce).unwrap();
        assert_eq!(drain(&mut router, &one), []);
    }

    #[test]
    fn a_will_is_done_even_when_the_session_went_to_somebody_else() {
        let mut router = Router::default();
        let (watcher, _) = connect(&mut router, "watcher", true);
        router.subscribe(&watcher, "will", QoS::AtLeastOnce).unwrap();
        let (one, _) = connect(&mut router, "c", true);
        let (_two, _) = connect(&mut router, "c", true);
        router.disconnect(&one, Some(LastWill::new("will", "gone", QoS::AtLeastOnce, false)));
        assert_eq!(drain(&mut router, &watcher), [("gone".to_owned(), false)]);
    }

    #[test]
    fn clients_are_checked_and_counted() {
        let mut router = Router::default();
        let refused = |router: &mut Router, client: &str, clean| {
            router.connect(client, clean, CancellationToken::new()).err()
        };
        assert_eq!(refused(&mut router, "", false), Some(Refusal::ClientId));
        assert_eq!(refused(&mut router, &"x".repeat(257), true), Some(Refusal::ClientId));
        assert_eq!(refused(&mut router, "", true), None);
        for nth in 1..SESSIONS_MAX {
            assert_eq!(refused(&mut router, &nth.to_string(), false), None);
        }
        assert_eq!(refused(&mut router, "one too many", false), Some(Refusal::Full));
        assert_eq!(refused(&mut router, "1", false), None, "is there already");
    }
}
