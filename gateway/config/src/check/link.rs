//! Links: two of them must not share a line, nor a name at a broker.

use super::{Check, bounded};
use crate::defaults::{DATA_BITS, KEEP_ALIVE, TIMEOUT_MS};
use crate::read::{Raw, RawLink, RawTransport};
use crate::{Endpoint, Framing, Link, Mqtt, MqttVersion, Transport};
use core::time::Duration;
use weir_domain::{LinkId, SiteId};

impl Check<'_, '_> {
    pub(super) fn links(&self, raw: &Raw) -> Vec<Option<Link>> {
        self.unique("link", raw.links.iter().filter_map(|link| link.id.as_ref()));
        let site = raw.site.as_ref().and_then(|site| site.id.as_ref()).map(|id| &id.value);
        let links: Vec<_> = raw.links.iter().map(|raw| link(raw, site)).collect();
        for (index, (link, raw_link)) in links.iter().zip(&raw.links).enumerate() {
            let Some(link) = link else { continue };
            let first = links.iter().take(index).flatten().zip(&raw.links);
            if let Some((first, _)) = first.into_iter().find(|(first, _)| clash(first, link)) {
                self.clash(link, first, raw_link);
            }
            let used = |id: &LinkId| {
                raw.devices.iter().any(|d| matches!(&d.link, Some(l) if l.value == *id))
            };
            if !used(&link.id) {
                let problem = format!("no device is on the link \"{}\"", link.id);
                self.warnings.note(&raw_link.spot, problem);
            }
        }
        links
    }

    fn clash(&self, link: &Link, first: &Link, raw: &RawLink) {
        let spot = raw.transport.as_ref().map_or(&raw.spot, |found| &found.spot);
        match &link.transport {
            Transport::ModbusRtu { port, .. } => {
                let problem =
                    format!("the link \"{}\" has the serial line {port} already", first.id);
                let hint = "put the devices of one line on one link";
                self.errors.hint(spot, problem, hint);
            }
            Transport::Mqtt(mqtt) => {
                let problem = format!(
                    "the link \"{}\" is known to this broker as \"{}\" already",
                    first.id, mqtt.client_id
                );
                let hint = "a broker drops the older of two clients of one name";
                self.errors.hint(spot, problem, hint);
            }
            Transport::ModbusTcp { endpoints, .. } => {
                let to = endpoints.first().map(ToString::to_string).unwrap_or_default();
                let problem = format!("the link \"{}\" goes to {to} too", first.id);
                let hint = "a converter to a serial line mixes the two up; use one link";
                self.warnings.hint(spot, problem, hint);
            }
            Transport::ModbusDialIn { .. } | Transport::Http { .. } => {}
        }
    }
}

fn link(raw: &RawLink, site: Option<&SiteId>) -> Option<Link> {
    let id = raw.id.as_ref()?.value.clone();
    let transport = match &raw.transport.as_ref()?.value {
        RawTransport::Tcp { host, port } => Transport::ModbusTcp {
            endpoints: vec![Endpoint { host: host.clone()?, port: *port }],
            framing: Framing::Mbap,
            tls: None,
        },
        RawTransport::Rtu { port, baud, parity, stop_bits } => Transport::ModbusRtu {
            port: port.clone()?,
            baud: *baud,
            parity: *parity,
            stop_bits: *stop_bits,
            data_bits: DATA_BITS,
        },
        RawTransport::Mqtt(mqtt) => Transport::Mqtt(Box::new(Mqtt {
            endpoint: Endpoint { host: mqtt.host.clone()?, port: mqtt.port },
            version: MqttVersion::V3,
            client_id: match &mqtt.client_id {
                Some(client_id) => client_id.clone(),
                None => format!("weir-{}-{id}", site?),
            },
            username: mqtt.username.clone(),
            password: mqtt.password.clone(),
            tls: None,
            share: None,
            status_topic: None,
            keep_alive: KEEP_ALIVE,
        })),
    };
    let timeout_ms = bounded(raw.timeout_ms.as_ref().map(|found| found.value), TIMEOUT_MS);
    Some(Link {
        id,
        transport,
        timeout: Duration::from_millis(timeout_ms),
        request_gap: Duration::ZERO,
    })
}

/// Whether two links would be in each other's way.
fn clash(a: &Link, b: &Link) -> bool {
    match (&a.transport, &b.transport) {
        (Transport::Mqtt(a), Transport::Mqtt(b)) => {
            (&a.endpoint, &a.client_id) == (&b.endpoint, &b.client_id)
        }
        (Transport::ModbusRtu { port, .. }, Transport::ModbusRtu { port: port_b, .. }) => {
            port == port_b
        }
        (a @ Transport::ModbusTcp { .. }, b) => a == b,
        _ => false,
    }
}
