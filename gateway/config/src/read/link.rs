//! `[[link]]`: what a link says of itself.

use super::address::token;
use super::{modbus, mqtt};
use crate::defaults::{REQUEST_GAP_MS_BOUNDS, TIMEOUT_MS_BOUNDS};
use crate::{Endpoint, Framing, MqttVersion, Parity, Secret, Tls};
use core::net::SocketAddr;
use weir_domain::LinkId;
use weir_profiles::form::{Faults, Fields, Found, Spot};

pub(crate) struct RawLink {
    pub(crate) spot: Spot,
    pub(crate) id: Option<Found<LinkId>>,
    pub(crate) transport: Option<Found<RawTransport>>,
    pub(crate) timeout_ms: Option<Found<i64>>,
    pub(crate) request_gap_ms: Option<Found<i64>>,
}

/// As [`crate::Transport`], with what is required perhaps not there, and the client id perhaps left
/// to us.
pub(crate) enum RawTransport {
    Tcp {
        endpoints: Option<Vec<Endpoint>>,
        framing: Framing,
        tls: Option<Tls>,
    },
    DialIn {
        listen: Option<Found<SocketAddr>>,
        registration: Option<Found<Vec<u8>>>,
        heartbeat: Option<Vec<u8>>,
        framing: Framing,
    },
    Rtu {
        port: Option<String>,
        baud: u32,
        parity: Parity,
        stop_bits: u8,
    },
    Mqtt(RawMqtt),
    Http {
        token: Option<Secret>,
    },
}

pub(crate) struct RawMqtt {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) version: MqttVersion,
    pub(crate) client_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) tls: Option<Tls>,
    pub(crate) share: Option<Found<String>>,
    pub(crate) status_topic: Option<String>,
    pub(crate) keep_alive_secs: Option<i64>,
}

impl RawTransport {
    /// Whether its devices are polled over Modbus.
    pub(crate) fn is_modbus(&self) -> bool {
        !matches!(self, Self::Mqtt(_) | Self::Http { .. })
    }

    /// The protocol in a word.
    pub(crate) fn protocol(&self) -> &'static str {
        match self {
            Self::Tcp { .. } | Self::DialIn { .. } | Self::Rtu { .. } => "Modbus",
            Self::Mqtt(_) => "MQTT",
            Self::Http { .. } => "HTTP",
        }
    }
}

const KINDS: [&str; 6] =
    ["modbus_tcp", "modbus_rtu_over_tcp", "modbus_dial_in", "modbus_rtu", "mqtt", "http"];

pub(super) fn link(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawLink {
    fields.require(&["id", "transport"]);
    RawLink {
        spot: fields.spot().clone(),
        id: fields.parsed("id"),
        transport: fields.fields("transport").and_then(|fields| transport(fields, faults)),
        timeout_ms: fields.whole("timeout_ms", TIMEOUT_MS_BOUNDS),
        request_gap_ms: fields.whole("request_gap_ms", REQUEST_GAP_MS_BOUNDS),
    }
}

fn transport(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> Option<Found<RawTransport>> {
    let spot = fields.spot().clone();
    let count = KINDS.iter().filter(|kind| fields.has(kind)).count();
    let mut found = None;
    for kind in KINDS {
        let Some(inner) = fields.fields(kind) else { continue };
        found = Some(match kind {
            "modbus_tcp" => modbus::tcp(inner, Framing::Mbap, faults),
            "modbus_rtu_over_tcp" => modbus::tcp(inner, Framing::Rtu, faults),
            "modbus_dial_in" => modbus::dial_in(inner, faults),
            "modbus_rtu" => modbus::rtu(inner, faults),
            "mqtt" => RawTransport::Mqtt(mqtt::mqtt(inner, faults)),
            _ => http(inner, faults),
        });
    }
    if count > 1 || fields.is_empty() {
        let hint = "as in { modbus_tcp = { host = \"192.168.1.20\" } }";
        let kinds: Vec<_> = KINDS.iter().map(|kind| format!("`{kind}`")).collect();
        faults.hint(&spot, format!("a transport is one of {}", kinds.join(", ")), hint);
        return None;
    }
    // With an unknown key only there is none of them; the key is the fault.
    found.map(|value| Found { value, spot })
}

fn http(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTransport {
    fields.require(&["token"]);
    RawTransport::Http { token: token(&mut fields, faults) }
}
