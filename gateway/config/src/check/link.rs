//! Links: two of them must not share a line, nor a name at a broker, nor a modem.

use super::{Check, bounded};
use crate::defaults::{DATA_BITS, KEEP_ALIVE_SECS, LISTEN, REQUEST_GAP_MS, TIMEOUT_MS};
use crate::read::{Raw, RawLink, RawMqtt, RawTransport, overlap};
use crate::{Link, Mqtt, MqttVersion, Transport};
use core::net::SocketAddr;
use core::time::Duration;
use weir_domain::{LinkId, SiteId};

/// How two links are in each other's way.
enum Clash {
    Error { problem: String, hint: &'static str },
    Warning { problem: String, hint: &'static str },
}

impl Check<'_, '_> {
    pub(super) fn links(&self, raw: &Raw) -> Vec<Option<Link>> {
        self.unique("link", raw.links.iter().filter_map(|link| link.id.as_ref()));
        let site = raw.site.as_ref().and_then(|site| site.id.as_ref()).map(|id| &id.value);
        let links: Vec<_> = raw.links.iter().map(|raw| link(raw, site)).collect();
        for (index, (link, raw_link)) in links.iter().zip(&raw.links).enumerate() {
            self.means_something(raw_link);
            let Some(link) = link else { continue };
            let spot = raw_link.transport.as_ref().map_or(&raw_link.spot, |found| &found.spot);
            match links[..index].iter().flatten().find_map(|first| clash(first, link)) {
                Some(Clash::Error { problem, hint }) => self.errors.hint(spot, problem, hint),
                Some(Clash::Warning { problem, hint }) => self.warnings.hint(spot, problem, hint),
                None => {}
            }
            let used = |id: &LinkId| {
                raw.devices.iter().any(|d| matches!(&d.link, Some(l) if l.value == *id))
            };
            if !used(&link.id) {
                let problem = format!("no device is on the link \"{}\"", link.id);
                self.warnings.note(&raw_link.spot, problem);
            }
        }
        self.web_is_apart(raw);
        links
    }

    /// A setting that the link's protocol knows nothing of is a slip.
    fn means_something(&self, raw: &RawLink) {
        let Some(transport) = raw.transport.as_ref().map(|found| &found.value) else { return };
        if let Some(gap) = raw.request_gap_ms.as_ref().filter(|_| !transport.is_modbus()) {
            let problem = format!("nothing is asked on a link of {}", transport.protocol());
            self.errors.hint(&gap.spot, problem, "request_gap_ms is for Modbus; leave it out");
        }
        if let RawTransport::Mqtt(RawMqtt {
            share: Some(share), version: MqttVersion::V3, ..
        }) = transport
        {
            let hint = "some brokers do it all the same; version = \"5\" is the safe way";
            self.warnings.hint(&share.spot, "MQTT 3.1.1 knows no shared subscriptions", hint);
        }
    }

    /// The console's own address cannot be a modem's too; and what devices post to it should not
    /// be read on the way.
    fn web_is_apart(&self, raw: &Raw) {
        let web = raw.web.listen.as_ref().map_or(LISTEN, |found| found.value);
        for found in raw.links.iter().filter_map(|link| link.transport.as_ref()) {
            match &found.value {
                RawTransport::DialIn { listen: Some(listen), .. } if overlap(listen.value, web) => {
                    let problem = format!("the console listens on {web} already");
                    self.errors.hint(&listen.spot, problem, "give the modems a port of their own");
                }
                RawTransport::Http { .. } if !web.ip().is_loopback() => {
                    let problem = format!("the token is readable on its way to {web}");
                    let hint = "listen on 127.0.0.1 and let a proxy on this machine speak https";
                    self.warnings.hint(&found.spot, problem, hint);
                }
                _ => {}
            }
        }
    }
}

fn link(raw: &RawLink, site: Option<&SiteId>) -> Option<Link> {
    let id = raw.id.as_ref()?.value.clone();
    let transport = match &raw.transport.as_ref()?.value {
        RawTransport::Tcp { endpoints, framing, tls } => Transport::ModbusTcp {
            endpoints: endpoints.clone()?,
            framing: *framing,
            tls: tls.clone(),
        },
        RawTransport::DialIn { listen, registration, heartbeat, framing } => {
            Transport::ModbusDialIn {
                listen: listen.as_ref()?.value,
                registration: registration.as_ref()?.value.clone(),
                heartbeat: heartbeat.clone(),
                framing: *framing,
            }
        }
        RawTransport::Rtu { port, baud, parity, stop_bits } => Transport::ModbusRtu {
            port: port.clone()?,
            baud: *baud,
            parity: *parity,
            stop_bits: *stop_bits,
            data_bits: DATA_BITS,
        },
        RawTransport::Mqtt(raw) => Transport::Mqtt(Box::new(mqtt(raw, &id, site)?)),
        RawTransport::Http { token } => Transport::Http { token: token.clone()? },
    };
    let millis = |found: &Option<weir_profiles::form::Found<i64>>, default| {
        Duration::from_millis(bounded(found.as_ref().map(|found| found.value), default))
    };
    Some(Link {
        id,
        transport,
        timeout: millis(&raw.timeout_ms, TIMEOUT_MS),
        request_gap: millis(&raw.request_gap_ms, REQUEST_GAP_MS),
    })
}

fn mqtt(raw: &RawMqtt, link: &LinkId, site: Option<&SiteId>) -> Option<Mqtt> {
    Some(Mqtt {
        endpoint: raw.endpoint.clone()?,
        version: raw.version,
        client_id: match &raw.client_id {
            Some(client_id) => client_id.clone(),
            None => format!("weir-{}-{link}", site?),
        },
        username: raw.username.clone(),
        password: raw.password.clone(),
        tls: raw.tls.clone(),
        share: raw.share.as_ref().map(|found| found.value.clone()),
        status_topic: raw.status_topic.clone(),
        keep_alive: Duration::from_secs(bounded(raw.keep_alive_secs, KEEP_ALIVE_SECS)),
    })
}

/// How a link is in the way of one that stands before it, if it is.
fn clash(first: &Link, link: &Link) -> Option<Clash> {
    let name = &first.id;
    match (&first.transport, &link.transport) {
        (Transport::Mqtt(a), Transport::Mqtt(b)) => {
            let same = (&a.endpoint, &a.client_id) == (&b.endpoint, &b.client_id);
            same.then(|| Clash::Error {
                problem: format!(
                    "the link \"{name}\" is known to this broker as \"{}\" already",
                    a.client_id
                ),
                hint: "a broker drops the older of two clients of one name",
            })
        }
        (Transport::ModbusRtu { port: a, .. }, Transport::ModbusRtu { port: b, .. }) => (a == b)
            .then(|| Clash::Error {
                problem: format!("the link \"{name}\" has the serial line {a} already"),
                hint: "put the devices of one line on one link",
            }),
        (Transport::ModbusTcp { endpoints: a, .. }, Transport::ModbusTcp { endpoints: b, .. }) => {
            b.iter().find(|endpoint| a.contains(endpoint)).map(|shared| Clash::Warning {
                problem: format!("the link \"{name}\" goes to {shared} too"),
                hint: "a converter to a serial line mixes the two up; use one link",
            })
        }
        (
            Transport::ModbusDialIn { listen: a, registration: ra, .. },
            Transport::ModbusDialIn { listen: b, registration: rb, .. },
        ) => dial_in_clash(name, (*a, ra), (*b, rb)),
        _ => None,
    }
}

fn dial_in_clash(name: &LinkId, a: (SocketAddr, &[u8]), b: (SocketAddr, &[u8])) -> Option<Clash> {
    if a.0 != b.0 {
        return overlap(a.0, b.0).then(|| Clash::Error {
            problem: format!("the link \"{name}\" listens on {} already", a.0),
            hint: "write the same address for both: links may share it",
        });
    }
    (a.1.starts_with(b.1) || b.1.starts_with(a.1)).then(|| Clash::Error {
        problem: format!("this modem cannot be told from the one of the link \"{name}\""),
        hint: "give each modem a registration of its own; none may begin with another",
    })
}
