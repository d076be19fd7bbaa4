//! `mqtt`: a session with a broker.

use super::address::{host, port, tls};
use super::link::RawMqtt;
use super::secret;
use crate::defaults::{KEEP_ALIVE_SECS_BOUNDS, MQTT_PORT, MQTT_TLS_PORT};
use crate::{Endpoint, MqttVersion};
use weir_profiles::form::{Faults, Fields, Found};

pub(super) fn mqtt(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawMqtt {
    fields.require(&["host"]);
    let client_id = fields.text("client_id");
    let username = fields.text("username");
    let password = secret(&mut fields, "password", faults);
    if let Some(password) = password.as_ref().filter(|_| !fields.has("username")) {
        faults.note(&password.spot, "a password without a `username`");
    }
    let versions = [("3.1.1", MqttVersion::V3), ("5", MqttVersion::V5)];
    let (host, tls) = (host(&mut fields, faults), tls(&mut fields, faults));
    let usual = if tls.is_some() { MQTT_TLS_PORT } else { MQTT_PORT };
    let port = port(&mut fields).unwrap_or(usual);
    RawMqtt {
        endpoint: host.map(|host| Endpoint { host, port }),
        version: fields.choice("version", &versions).map_or(MqttVersion::V3, |found| found.value),
        client_id: client_id.map(|found| found.value),
        username: username.map(|found| found.value),
        password: password.map(|found| found.value),
        tls,
        share: fields.text("share").filter(|share| is_share(share, faults)),
        status_topic: fields
            .text("status_topic")
            .filter(|topic| is_topic(topic, faults))
            .map(|topic| topic.value),
        keep_alive_secs: fields
            .whole("keep_alive_secs", KEEP_ALIVE_SECS_BOUNDS)
            .map(|found| found.value),
    }
}

/// The name stands in `$share/<name>/<topic>`.
fn is_share(share: &Found<String>, faults: &Faults<'_>) -> bool {
    let fits = !share.value.contains(['/', '+', '#', '\0']);
    if !fits {
        let problem = format!("\"{}\" cannot be the name of a shared subscription", share.value);
        faults.hint(&share.spot, problem, "a plain name without '/', '+' and '#'");
    }
    fits
}

fn is_topic(topic: &Found<String>, faults: &Faults<'_>) -> bool {
    let fits = !topic.value.contains(['+', '#', '\0']);
    if !fits {
        let problem = format!("nothing can be published on \"{}\"", topic.value);
        faults.hint(&topic.spot, problem, "a topic without '+' and '#', such as \"weir/status\"");
    }
    fits
}
