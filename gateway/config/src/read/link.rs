//! `[[link]]`: what a link says of itself.

use super::secret;
use crate::defaults::{
    BAUD, BAUD_BOUNDS, DATA_BITS, MODBUS_TCP_PORT, MQTT_PORT, STOP_BITS, TIMEOUT_MS_BOUNDS,
};
use crate::{Parity, Secret};
use weir_domain::LinkId;
use weir_profiles::form::{Faults, Fields, Found, Spot};

pub(crate) struct RawLink {
    pub(crate) spot: Spot,
    pub(crate) id: Option<Found<LinkId>>,
    pub(crate) transport: Option<Found<RawTransport>>,
    pub(crate) timeout_ms: Option<Found<i64>>,
}

/// As [`crate::Transport`], but the client id may be left to us.
pub(crate) enum RawTransport {
    Tcp { host: Option<String>, port: u16 },
    Rtu { port: Option<String>, baud: u32, parity: Parity, stop_bits: u8 },
    Mqtt(RawMqtt),
}

pub(crate) struct RawMqtt {
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) client_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
}

const KINDS: [&str; 3] = ["modbus_tcp", "modbus_rtu", "mqtt"];

pub(super) fn link(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawLink {
    fields.require(&["id", "transport"]);
    RawLink {
        spot: fields.spot().clone(),
        id: fields.parsed("id"),
        transport: fields.fields("transport").and_then(|fields| transport(fields, faults)),
        timeout_ms: fields.whole("timeout_ms", TIMEOUT_MS_BOUNDS),
    }
}

fn transport(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> Option<Found<RawTransport>> {
    let spot = fields.spot().clone();
    let count = KINDS.iter().filter(|kind| fields.has(kind)).count();
    let tcp = fields.fields("modbus_tcp").map(|fields| modbus_tcp(fields, faults));
    let rtu = fields.fields("modbus_rtu").map(|fields| modbus_rtu(fields, faults));
    let mqtt = fields.fields("mqtt").map(|fields| RawTransport::Mqtt(self::mqtt(fields, faults)));
    if count > 1 || fields.is_empty() {
        let hint = "as in { modbus_tcp = { host = \"192.168.1.20\" } }";
        let problem = "a transport is one of `modbus_tcp`, `modbus_rtu`, `mqtt`";
        faults.hint(&spot, problem, hint);
        return None;
    }
    // With an unknown key only there is none of the three; the key is the fault.
    tcp.or(rtu).or(mqtt).map(|value| Found { value, spot })
}

fn modbus_tcp(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTransport {
    fields.require(&["host"]);
    RawTransport::Tcp {
        host: host(&mut fields, faults),
        port: port(&mut fields).unwrap_or(MODBUS_TCP_PORT),
    }
}

fn modbus_rtu(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTransport {
    fields.require(&["port"]);
    let parities = [("none", Parity::None), ("odd", Parity::Odd), ("even", Parity::Even)];
    let data_bits = fields.whole("data_bits", 5..=9);
    if let Some(bits) = data_bits.filter(|bits| bits.value != i64::from(DATA_BITS)) {
        faults.hint(&bits.spot, "Modbus RTU has 8 data bits", "7 bits are for Modbus ASCII");
    }
    let baud = fields.whole("baud", BAUD_BOUNDS);
    let stop_bits = fields.whole("stop_bits", 1..=2);
    RawTransport::Rtu {
        port: fields.text("port").map(|found| found.value),
        baud: baud.and_then(|found| u32::try_from(found.value).ok()).unwrap_or(BAUD),
        parity: fields.choice("parity", &parities).map_or(Parity::None, |found| found.value),
        stop_bits: stop_bits.and_then(|f| u8::try_from(f.value).ok()).unwrap_or(STOP_BITS),
    }
}

fn mqtt(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawMqtt {
    fields.require(&["host"]);
    let client_id = fields.text("client_id");
    let username = fields.text("username");
    let password = secret(&mut fields, "password", faults);
    if let Some(password) = password.as_ref().filter(|_| !fields.has("username")) {
        faults.note(&password.spot, "a password without a `username`");
    }
    RawMqtt {
        host: host(&mut fields, faults),
        port: port(&mut fields).unwrap_or(MQTT_PORT),
        client_id: client_id.map(|found| found.value),
        username: username.map(|found| found.value),
        password: password.map(|found| found.value),
    }
}

/// A host's name or address, without a port, a scheme or a path.
fn host(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<String> {
    let host = fields.text("host")?;
    let is_ipv6 = host.value.parse::<core::net::Ipv6Addr>().is_ok();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !is_ipv6 && !host.value.chars().all(is_name) {
        let problem = format!("\"{}\" is not the name or address of a host", host.value);
        faults.hint(&host.spot, problem, "the port is a key of its own, and there is no scheme");
        return None;
    }
    Some(host.value)
}

fn port(fields: &mut Fields<'_, '_>) -> Option<u16> {
    fields.whole("port", 1..=i64::from(u16::MAX)).and_then(|found| u16::try_from(found.value).ok())
}
