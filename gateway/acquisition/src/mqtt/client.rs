//! `rumqttc` behind one face: it has a client for MQTT 3.1.1 and another, of other types, for 5.
//!
//! Its traps, and what is done about them:
//!
//! * It keeps state over reconnects that hangs it (a collision of packet ids, requests of the old
//!   connection, messages left in its buffer). So every connection gets a client of its own.
//! * It drops queued requests when a session is new. So subscriptions are made after each CONNACK.
//! * The client for 5 writes without a time limit. So whoever polls it sets one ([`PATIENCE`]).
//! * It only logs a refused publication. So refusals are told ([`Heard::Refused`]).
//! * A PUBREL of a session before, which a new client does not know, breaks the connection, again
//!   and again. So nothing is subscribed to with QoS 2; the broker then sends it with QoS 1.
//! * It stays silent for ever while a queue is full. So requests are tried, never waited for.

mod events;
mod options;

use super::tls;
use crate::{MqttSettings, MqttVersion};
use core::time::Duration;
use events::{failure_v3, failure_v5, heard_v3, heard_v5};
use options::{options_v3, options_v5};
use rumqttc::{QoS, Transport, v5};
use std::sync::Arc;

/// Largest packet taken at first; 3.1.1 only. (With 5 a limit would make the broker drop what is
/// larger without a word.)
pub(super) const PACKET_BYTES: usize = 256 * 1024;
/// Largest packet ever taken. One that is larger than [`PACKET_BYTES`] is let in on the next
/// connection, so that it can be acknowledged and refused; else the broker would send it for ever.
pub(super) const PACKET_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Acknowledgements and subscriptions waiting to be sent; far more than can be in flight.
const REQUESTS_MAX: usize = 8192;
/// Bounds of the keep-alive.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3600));
/// How long a connection may take.
const CONNECT_SECS: u64 = 10;

/// What the status topic says.
const ONLINE: &str = "online";
const OFFLINE: &str = "offline";

/// What comes of a poll.
pub(super) enum Heard {
    /// The broker accepts us, and has, or has not, kept our session.
    Accepted { session_present: bool },
    /// A message.
    Message(Message),
    /// An answer to the oldest open subscription: for each filter whether it stands.
    Subscribed(Vec<bool>),
    /// It does not take what we publish.
    Refused(String),
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Failure {
    /// A packet of so many bytes is larger than allowed.
    TooLarge(usize),
    /// Anything else, in words.
    Other(String),
}

/// A message of the broker.
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: bytes::Bytes,
    /// It may have come before.
    pub(super) is_repeated: bool,
    /// It was kept for whoever subscribes.
    pub(super) is_retained: bool,
    /// What the broker waits for; none with QoS 0.
    pub(super) ticket: Option<Ticket>,
}

/// An acknowledgement to be sent.
pub(super) struct Ticket {
    pub(super) packet_id: u16,
    client: Arc<Client>,
}

impl Ticket {
    /// Whether both came on the same connection.
    pub(super) fn came_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client)
    }

    /// Tells the broker that the message is safe here. On a connection that is gone this does
    /// nothing: the broker sends the message again on the next.
    pub(super) fn acknowledge(&self) {
        self.client.acknowledge(self.packet_id);
    }
}

/// The sending half of a connection.
pub(super) enum Client {
    V3(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// The receiving half; must be polled for anything to happen.
pub(super) enum Events {
    V3(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// How long a poll may take: a ping and its answer come within it.
pub(super) fn patience(settings: &MqttSettings) -> Duration {
    keep_alive(settings) * 2 + Duration::from_secs(CONNECT_SECS)
}

fn keep_alive(settings: &MqttSettings) -> Duration {
    settings.keep_alive.clamp(KEEP_ALIVE.0, KEEP_ALIVE.1)
}

/// A client that connects when it is polled. With `clean` the broker forgets what was before.
///
/// # Errors
/// In words, when the settings cannot be used.
pub(super) fn open(
    settings: &MqttSettings,
    packet_bytes: usize,
    clean: bool,
) -> Result<(Arc<Client>, Events), String> {
    if settings.client_id.is_empty() {
        return Err("an MQTT link needs a client id".to_owned());
    }
    let transport = match &settings.tls {
        None => Transport::Tcp,
        Some(tls) => Transport::tls_with_config(tls::configuration(tls, &settings.endpoint.host)?),
    };
    Ok(match settings.version {
        MqttVersion::V3 => {
            let options = options_v3(settings, transport, packet_bytes, clean);
            let (client, events) = rumqttc::AsyncClient::new(options, REQUESTS_MAX);
            (Arc::new(Client::V3(client)), Events::V3(Box::new(events)))
        }
        MqttVersion::V5 => {
            let options = options_v5(settings, transport, clean);
            let (client, events) = v5::AsyncClient::new(options, REQUESTS_MAX);
            (Arc::new(Client::V5(client)), Events::V5(Box::new(events)))
        }
    })
}

impl Client {
    /// Subscribes to some filters with QoS 1.
    pub(super) fn subscribe(&self, filters: &[String]) {
        let filters = filters.iter().cloned();
        let done = match self {
            Self::V3(client) => {
                let filter = |path| rumqttc::SubscribeFilter::new(path, QoS::AtLeastOnce);
                client.try_subscribe_many(filters.map(filter)).map_err(|e| e.to_string())
            }
            Self::V5(client) => {
                let filter = |path| v5::mqttbytes::v5::Filter {
                    // What was retained before is of interest once.
                    retain_forward_rule: v5::mqttbytes::v5::RetainForwardRule::OnNewSubscribe,
                    ..v5::mqttbytes::v5::Filter::new(path, v5::mqttbytes::QoS::AtLeastOnce)
                };
                client.try_subscribe_many(filters.map(filter)).map_err(|e| e.to_string())
            }
        };
        if let Err(error) = done {
            tracing::error!("could not subscribe: {error}");
        }
    }

    /// Says whether we are there, for whoever asks later as well.
    pub(super) fn tell_status(&self, topic: &str, online: bool) {
        self.publish(topic, true, if online { ONLINE } else { OFFLINE }.as_bytes());
    }

    /// Publishes with QoS 1 if it is to be retained, else with QoS 0.
    pub(super) fn publish(&self, topic: &str, retain: bool, payload: &[u8]) {
        let done = match self {
            Self::V3(client) => {
                let qos = if retain { QoS::AtLeastOnce } else { QoS::AtMostOnce };
                client.try_publish(topic, qos, retain, payload).map_err(|e| e.to_string())
            }
            Self::V5(client) => {
                use v5::mqttbytes::QoS;
                let qos = if retain { QoS::AtLeastOnce } else { QoS::AtMostOnce };
                client.try_publish(topic, qos, retain, payload.to_vec()).map_err(|e| e.to_string())
            }
        };
        if let Err(error) = done {
            tracing::warn!(topic, "could not publish: {error}");
        }
    }

    fn acknowledge(&self, packet_id: u16) {
        let done = match self {
            Self::V3(client) => {
                let mut publish = rumqttc::Publish::new("", QoS::AtLeastOnce, Vec::new());
                publish.pkid = packet_id;
                client.try_ack(&publish).map_err(|error| error.to_string())
            }
            Self::V5(client) => {
                let publish = v5::mqttbytes::v5::Publish {
                    pkid: packet_id,
                    qos: v5::mqttbytes::QoS::AtLeastOnce,
                    ..v5::mqttbytes::v5::Publish::default()
                };
                client.try_ack(&publish).map_err(|error| error.to_string())
            }
        };
        if let Err(error) = done {
            tracing::debug!(packet_id, "acknowledgement not sent: {error}");
        }
    }

    /// Takes leave of the broker, behind all that was to be sent before.
    pub(super) fn leave(&self) {
        let done = match self {
            Self::V3(client) => client.try_disconnect().map_err(|error| error.to_string()),
            Self::V5(client) => client.try_disconnect().map_err(|error| error.to_string()),
        };
        if let Err(error) = done {
            tracing::debug!("could not take leave of the broker: {error}");
        }
    }
}

impl Events {
    /// Waits for something to happen, and takes along what else is there already. Must not be
    /// dropped on the way: it would lose what it was about to send.
    pub(super) async fn poll(
        &mut self,
        client: &Arc<Client>,
        heard: &mut Vec<Heard>,
    ) -> Result<(), Failure> {
        match self {
            Self::V3(events) => {
                let mut next = Some(events.poll().await.map_err(failure_v3)?);
                while let Some(event) = next {
                    heard.extend(heard_v3(event, client));
                    next = events.state.events.pop_front();
                }
            }
            Self::V5(events) => {
                let mut next = Some(events.poll().await.map_err(failure_v5)?);
                while let Some(event) = next {
                    heard.extend(heard_v5(event, client));
                    next = events.state.events.pop_front();
                }
            }
        }
        Ok(())
    }
}
