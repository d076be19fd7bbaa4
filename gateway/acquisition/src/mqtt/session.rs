//! The connection to the broker: comes up again by itself, subscribes, and hands messages on.
//!
//! `rumqttc` keeps state over reconnects that is of no use here and has traps (requests of the old
//! connection, messages left in its buffer, packet ids that another message may have by then). So
//! every connection gets a client of its own, and is polled by nobody but [`run`] until its first
//! error. The session itself lives in the broker, under the client id: what was not acknowledged
//! comes again.

use crate::{MqttSettings, Transport, backoff::Backoff};
use core::time::Duration;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, Publish, QoS,
    StateError, SubAck, SubscribeFilter, SubscribeReasonCode, mqttbytes,
};
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

/// First and longest wait before the next connection.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How often the broker is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// An event loop that says nothing for longer than this is stuck: a ping alone is two events.
const SILENCE_MAX: Duration = KEEP_ALIVE.saturating_mul(4);
/// Largest packet taken at first.
const PACKET_BYTES: usize = 256 * 1024;
/// Largest packet ever taken. One that is larger than [`PACKET_BYTES`] is let in on the next
/// connection, so that it can be acknowledged and refused; else the broker would send it for ever.
const PACKET_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Acknowledgements and subscriptions waiting to be sent; far more than can be in flight.
const REQUESTS_MAX: usize = 4096;

/// What happens on the connection.
pub(super) enum Happening {
    /// The broker is there.
    Up,
    /// It is not, or not any more: why.
    Down(String),
    /// It does not allow a topic.
    Refused(String),
    /// A message.
    Message(Message),
}

/// A message, to be acknowledged.
pub(super) struct Message {
    publish: Publish,
    client: Arc<AsyncClient>,
}

impl Message {
    pub(super) fn topic(&self) -> &str {
        &self.publish.topic
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.publish.payload
    }

    /// Whether both came on the same connection.
    pub(super) fn came_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client)
    }

    /// Tells the broker that the message is safe here. On a connection that is gone this does
    /// nothing: the broker sends the message again on the next.
    pub(super) fn acknowledge(&self) {
        if let Err(error) = self.client.try_ack(&self.publish) {
            tracing::debug!(topic = self.topic(), "acknowledgement not sent: {error}");
        }
    }
}

/// Connects, again and again, until the receiver is gone.
pub(super) async fn run(
    transport: Transport,
    topics: Vec<String>,
    happenings: mpsc::Sender<Happening>,
) {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    let mut packet_bytes = PACKET_BYTES;
    loop {
        let Some(options) = options(&transport, packet_bytes) else {
            let what = format!("{transport} is not an MQTT link with a client id");
            let _gone = happenings.send(Happening::Down(what)).await;
            return;
        };
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        let connection = Connection { client: Arc::new(client), events, topics: &topics };
        let Ended::Failed { error, was_up } = connection.run(&happenings).await else { return };
        if was_up {
            backoff.reset();
        }
        let mut what = format!("{transport}: broker not reachable: {error}");
        if let Some(bytes) = too_large(&error) {
            // With some room for the header.
            packet_bytes = bytes.saturating_add(16).clamp(packet_bytes, PACKET_BYTES_MAX);
            what = format!("a message of {bytes} bytes is too large");
        }
        if happenings.send(Happening::Down(what)).await.is_err() {
            return;
        }
        sleep(backoff.after_failure()).await;
    }
}

fn options(transport: &Transport, packet_bytes: usize) -> Option<MqttOptions> {
    let Transport::Mqtt(settings) = transport else {
        return None;
    };
    let MqttSettings { endpoint, client_id, username, password, .. } = &**settings;
    if client_id.is_empty() {
        return None;
    }
    let mut options = MqttOptions::new(client_id.clone(), endpoint.host.clone(), endpoint.port);
    options.set_clean_session(false);
    options.set_manual_acks(true);
    options.set_keep_alive(KEEP_ALIVE);
    options.set_max_packet_size(packet_bytes, PACKET_BYTES);
    if let Some(username) = username {
        options.set_credentials(username.clone(), password.clone().unwrap_or_default());
    }
    Some(options)
}

fn too_large(error: &ConnectionError) -> Option<usize> {
    match error {
        ConnectionError::MqttState(StateError::Deserialization(
            mqttbytes::Error::PayloadSizeLimitExceeded(bytes),
        )) => Some(*bytes),
        _ => None,
    }
}

/// One connection.
struct Connection<'a> {
    client: Arc<AsyncClient>,
    events: EventLoop,
    topics: &'a [String],
}

/// How a connection ended.
enum Ended {
    /// Nobody listens any more.
    Unheard,
    Failed {
        error: ConnectionError,
        was_up: bool,
    },
}

impl Connection<'_> {
    async fn run(mut self, happenings: &mpsc::Sender<Happening>) -> Ended {
        let mut was_up = false;
        loop {
            let event = match timeout(SILENCE_MAX, self.events.poll()).await {
                Ok(Ok(event)) => event,
                Ok(Err(error)) => return Ended::Failed { error, was_up },
                Err(_) => return Ended::Failed { error: ConnectionError::NetworkTimeout, was_up },
            };
            let happening = match event {
                Event::Incoming(Incoming::ConnAck(_)) => {
                    was_up = true;
                    self.subscribe();
                    Some(Happening::Up)
                }
                Event::Incoming(Incoming::SubAck(ack)) => {
                    self.refused(&ack).map(Happening::Refused)
                }
                Event::Incoming(Incoming::Publish(publish)) => {
                    Some(Happening::Message(Message { publish, client: self.client.clone() }))
                }
                _ => None,
            };
            // While the receiver is busy the broker is not heard: it keeps what it has.
            if let Some(happening) = happening
                && happenings.send(happening).await.is_err()
            {
                return Ended::Unheard;
            }
        }
    }

    /// On every connection: a session may have been forgotten, and once more does no harm.
    fn subscribe(&self) {
        let filter = |topic: &String| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce);
        if let Err(error) = self.client.try_subscribe_many(self.topics.iter().map(filter)) {
            tracing::error!("could not subscribe: {error}");
        }
    }

    fn refused(&self, ack: &SubAck) -> Option<String> {
        let topics = self.topics.iter().zip(&ack.return_codes);
        let refused = topics.filter(|(_, code)| **code == SubscribeReasonCode::Failure);
        let refused: Vec<&str> = refused.map(|(topic, _)| topic.as_str()).collect();
        (!refused.is_empty()).then(|| refused.join(", "))
    }
}
