//! What `rumqttc` says, in our words.

use super::{Client, Failure, Heard, Message, Ticket};
use rumqttc::{QoS, v5};
use std::sync::Arc;

pub(super) fn heard_v3(event: rumqttc::Event, client: &Arc<Client>) -> Option<Heard> {
    use rumqttc::{Event, Incoming};
    Some(match event {
        Event::Incoming(Incoming::Publish(publish)) => Heard::Message(Message {
            topic: publish.topic,
            payload: publish.payload,
            is_repeated: publish.dup,
            is_retained: publish.retain,
            ticket: (publish.qos != QoS::AtMostOnce)
                .then(|| Ticket { packet_id: publish.pkid, client: client.clone() }),
        }),
        Event::Incoming(Incoming::ConnAck(ack)) => {
            Heard::Accepted { session_present: ack.session_present }
        }
        Event::Incoming(Incoming::SubAck(ack)) => {
            let stands = |code| code != rumqttc::SubscribeReasonCode::Failure;
            Heard::Subscribed(ack.return_codes.into_iter().map(stands).collect())
        }
        _ => return None,
    })
}

pub(super) fn heard_v5(event: v5::Event, client: &Arc<Client>) -> Option<Heard> {
    use v5::{Event, Incoming, mqttbytes::QoS, mqttbytes::v5::PubAckReason};
    Some(match event {
        Event::Incoming(Incoming::Publish(publish)) => Heard::Message(Message {
            // A topic that is no text matches nothing.
            topic: String::from_utf8(publish.topic.to_vec()).unwrap_or_default(),
            payload: publish.payload,
            is_repeated: publish.dup,
            is_retained: publish.retain,
            ticket: (publish.qos != QoS::AtMostOnce)
                .then(|| Ticket { packet_id: publish.pkid, client: client.clone() }),
        }),
        Event::Incoming(Incoming::ConnAck(ack)) => {
            Heard::Accepted { session_present: ack.session_present }
        }
        Event::Incoming(Incoming::SubAck(ack)) => {
            let stands = |code| matches!(code, v5::mqttbytes::v5::SubscribeReasonCode::Success(_));
            Heard::Subscribed(ack.return_codes.into_iter().map(stands).collect())
        }
        Event::Incoming(Incoming::PubAck(ack)) => match ack.reason {
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers => return None,
            reason => Heard::Refused(format!("{reason:?}")),
        },
        _ => return None,
    })
}

pub(super) fn failure_v3(error: rumqttc::ConnectionError) -> Failure {
    use rumqttc::{ConnectionError, StateError, mqttbytes::Error};
    match error {
        ConnectionError::MqttState(StateError::Deserialization(
            Error::PayloadSizeLimitExceeded(bytes),
        )) => Failure::TooLarge(bytes),
        ConnectionError::ConnectionRefused(code) => {
            Failure::Other(format!("the broker refuses us: {code:?}"))
        }
        ConnectionError::MqttState(StateError::Deserialization(error)) => {
            Failure::Other(error.to_string())
        }
        error => Failure::Other(error.to_string()),
    }
}

pub(super) fn failure_v5(error: v5::ConnectionError) -> Failure {
    use v5::{ConnectionError, StateError, mqttbytes::Error};
    match error {
        ConnectionError::MqttState(StateError::Deserialization(
            Error::PayloadSizeLimitExceeded { pkt_size, .. },
        )) => Failure::TooLarge(pkt_size),
        ConnectionError::ConnectionRefused(code) => {
            Failure::Other(format!("the broker refuses us: {code:?}"))
        }
        ConnectionError::MqttState(StateError::Deserialization(error)) => {
            Failure::Other(error.to_string())
        }
        error => Failure::Other(error.to_string()),
    }
}
