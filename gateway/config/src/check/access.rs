//! Does a device's profile go with its link? And is it called what the profile calls for?

use super::Check;
use crate::read::{Raw, RawDevice, RawMqtt, RawTransport};
use std::collections::HashMap;
use std::sync::Arc;
use weir_profiles::form::Spot;
use weir_profiles::{Access, MessageFormat, MqttAccess, Profile, Source};

/// The placeholder for a device's address in a topic.
const ADDRESS: &str = "{address}";

impl Check<'_, '_> {
    /// A profile for Modbus needs a Modbus link, one for MQTT a broker, or HTTP.
    pub(super) fn access_matches(
        &self,
        raw: &RawDevice,
        profile: &Profile,
        transport: &RawTransport,
    ) {
        let spot = raw.link.as_ref().map_or(&raw.spot, |link| &link.spot);
        let link = transport.protocol();
        match (&profile.access, transport.is_modbus()) {
            (Access::Modbus(_), false) => {
                let problem = format!("is polled over Modbus, the link is {link}");
                self.errors.note(spot, format!("\"{}\" {problem}", profile.id));
            }
            (Access::Mqtt(_), true) => {
                let problem = "publishes over MQTT, the link is Modbus";
                self.errors.note(spot, format!("\"{}\" {problem}", profile.id));
            }
            (Access::Mqtt(access), false) => self.format_matches(spot, profile, access, transport),
            (Access::Modbus(_), true) => {}
        }
    }

    fn format_matches(
        &self,
        spot: &Spot,
        profile: &Profile,
        access: &MqttAccess,
        transport: &RawTransport,
    ) {
        let format = match access.format {
            MessageFormat::Sparkplug => "Sparkplug",
            MessageFormat::Plain => "a topic for each point",
            MessageFormat::Weir | MessageFormat::Json { .. } => return,
        };
        if let RawTransport::Http { .. } = transport {
            let problem = format!("\"{}\" speaks {format}, which is for MQTT only", profile.id);
            self.errors.hint(spot, problem, "put it on a link to its broker");
        }
        if let RawTransport::Mqtt(RawMqtt { share: Some(_), .. }) = transport
            && access.format == MessageFormat::Sparkplug
        {
            let problem = "Sparkplug counts its messages, and a shared subscription misses some";
            self.errors.hint(spot, problem, "leave `share` out, or give it a link of its own");
        }
    }

    /// What a device is called in its topics: required by Sparkplug, without meaning on Modbus.
    pub(super) fn address(
        &self,
        raw: &RawDevice,
        profile: Option<&Arc<Profile>>,
        transport: &RawTransport,
    ) -> Option<String> {
        let sparkplug = profile.is_some_and(|profile| is_sparkplug(profile));
        let Some(address) = &raw.address else {
            if sparkplug {
                let hint = "its group, edge node and device: address = \"plant/edge-1/meter-3\"";
                self.errors.hint(&raw.spot, "missing key `address`", hint);
            }
            return None;
        };
        if transport.is_modbus() {
            let hint = "its address on the line is `unit_id`; `address` is for MQTT";
            self.errors.hint(&address.spot, "a device on a Modbus link has no `address`", hint);
            return None;
        }
        let levels: Vec<&str> = address.value.split('/').collect();
        if address.value.contains(['+', '#', '\0', '{', '}']) || levels.contains(&"") {
            let problem = format!("\"{}\" cannot stand in a topic", address.value);
            self.errors.hint(
                &address.spot,
                problem,
                "words with '/' between them, without '+', '#'",
            );
            return None;
        }
        if sparkplug && !(2..=3).contains(&levels.len()) {
            let problem = format!("\"{}\" names no edge node of Sparkplug", address.value);
            let hint = "write \"group/edge node\" or \"group/edge node/device\"";
            self.errors.hint(&address.spot, problem, hint);
            return None;
        }
        if let Some(profile) = profile.filter(|profile| !sparkplug && !mentions(profile, ADDRESS)) {
            let problem = format!("no topic of \"{}\" has {ADDRESS} in it", profile.id);
            self.warnings.hint(&address.spot, problem, "leave it out, or use it in the profile");
        }
        Some(address.value.clone())
    }

    /// Two devices of one profile that hear the same topics would have each other's readings.
    pub(super) fn topics_are_apart(&self, all: &Raw, profiles: &[Option<Arc<Profile>>]) {
        let mut first: HashMap<(&str, &str, &str), &Spot> = HashMap::new();
        for (device, profile) in all.devices.iter().zip(profiles) {
            let (Some(profile), Some(link), Some(id)) = (profile, &device.link, &device.id) else {
                continue;
            };
            let on_mqtt = all.links.iter().any(|raw| {
                let is_link = raw.id.as_ref().is_some_and(|id| id.value == link.value);
                is_link && raw.transport.as_ref().is_some_and(|t| t.value.protocol() == "MQTT")
            });
            let told_apart = !is_sparkplug(profile) && mentions(profile, "{device}");
            if !on_mqtt || told_apart || !matches!(profile.access, Access::Mqtt(_)) {
                continue;
            }
            let by_address = is_sparkplug(profile) || mentions(profile, ADDRESS);
            let own = device.address.as_ref().map_or(id.value.as_str(), |found| &found.value);
            let key = (link.value.as_str(), profile.id.as_str(), if by_address { own } else { "" });
            let spot = device.address.as_ref().map_or(&device.spot, |found| &found.spot);
            if let Some(first) = first.get(&key) {
                let line = self.errors.line(first);
                let problem = format!("this device hears the same messages as that on line {line}");
                let hint =
                    "give each an `address` of its own, and {address} to the profile's topic";
                self.errors.hint(spot, problem, hint);
            } else {
                first.insert(key, spot);
            }
        }
    }
}

fn is_sparkplug(profile: &Profile) -> bool {
    matches!(&profile.access, Access::Mqtt(access) if access.format == MessageFormat::Sparkplug)
}

/// Whether any of a profile's topics has the placeholder.
fn mentions(profile: &Profile, placeholder: &str) -> bool {
    let Access::Mqtt(access) = &profile.access else { return false };
    let of_point = |source: &Source| match source {
        Source::Field(field) => field.topic.as_ref().is_some_and(|t| t.contains(placeholder)),
        Source::Register(_) => false,
    };
    access.topic.contains(placeholder) || profile.points.iter().any(|p| of_point(&p.source))
}
