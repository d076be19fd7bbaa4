//! The settings of a link as `rumqttc` wants them.

use super::{CONNECT_SECS, OFFLINE, PACKET_BYTES, PACKET_BYTES_MAX, keep_alive};
use crate::MqttSettings;
use core::time::Duration;
use rumqttc::{QoS, Transport, v5};

/// Messages that the broker may leave unacknowledged; with 3.1.1 the broker decides.
const RECEIVE_MAX: u16 = 1000;
/// How long the broker keeps what we miss; with 3.1.1 the broker decides.
const SESSION_EXPIRY: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) fn options_v3(
    settings: &MqttSettings,
    transport: Transport,
    packet_bytes: usize,
    clean: bool,
) -> rumqttc::MqttOptions {
    let (endpoint, id) = (&settings.endpoint, settings.client_id.clone());
    let mut options = rumqttc::MqttOptions::new(id, endpoint.host.clone(), endpoint.port);
    options.set_transport(transport);
    options.set_clean_session(clean);
    options.set_manual_acks(true);
    options.set_keep_alive(keep_alive(settings));
    options.set_max_packet_size(packet_bytes, PACKET_BYTES);
    if let Some(username) = &settings.username {
        let password = settings.password.clone().unwrap_or_default();
        options.set_credentials(username.clone(), password);
    }
    if let Some(topic) = &settings.status_topic {
        options.set_last_will(rumqttc::LastWill::new(topic, OFFLINE, QoS::AtLeastOnce, true));
    }
    options
}

pub(super) fn options_v5(
    settings: &MqttSettings,
    transport: Transport,
    clean: bool,
) -> v5::MqttOptions {
    let (endpoint, id) = (&settings.endpoint, settings.client_id.clone());
    let mut options = v5::MqttOptions::new(id, endpoint.host.clone(), endpoint.port);
    let expiry = if clean { Duration::ZERO } else { SESSION_EXPIRY };
    options.set_transport(transport);
    options.set_clean_start(clean);
    options.set_session_expiry_interval(Some(expiry.as_secs() as u32));
    options.set_receive_maximum(Some(RECEIVE_MAX));
    options.set_max_packet_size(Some(PACKET_BYTES_MAX as u32));
    options.set_connection_timeout(CONNECT_SECS);
    options.set_manual_acks(true);
    options.set_keep_alive(keep_alive(settings));
    if let Some(username) = &settings.username {
        let password = settings.password.clone().unwrap_or_default();
        options.set_credentials(username.clone(), password);
    }
    if let Some(topic) = &settings.status_topic {
        let qos = v5::mqttbytes::QoS::AtLeastOnce;
        let will = v5::mqttbytes::v5::LastWill::new(topic, OFFLINE, qos, true, None);
        options.set_last_will(will);
    }
    options
}
