//! From the text of a profile to a [`Profile`], or every reason why not.

mod point;
mod register;
#[cfg(test)]
mod tests;
mod unique;

use crate::form::{Faults, Fields, Form, Found, Reason};
use crate::{Access, MessageFormat, ModbusAccess, MqttAccess, Profile};
use core::time::Duration;
use weir_domain::{ProfileId, Text};

/// Most registers in one request, by the specification of Modbus.
const REGISTERS_MAX: u16 = 125;
/// Most coils or discrete inputs in one request, by the specification of Modbus.
const BITS_MAX: u16 = 2000;
/// Longest rest between two requests, in milliseconds.
const REQUEST_GAP_MAX_MS: i64 = 10_000;
/// Most points of one profile.
const POINTS_MAX: usize = 1000;
/// Where a device publishes unless its profile says otherwise.
const TOPIC: &str = "weir/v1/{site}/{device}/telemetry";

/// A text that is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a device profile: {}", listed(.reasons))]
pub struct ProfileError {
    /// Every fault, in the order of the text; never empty.
    pub reasons: Vec<Reason>,
}

fn listed(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join("; ")
}

impl Profile {
    /// Reads a profile (`docs/reference/profiles.md` describes the form).
    ///
    /// # Errors
    /// With every fault of the text at once.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let faults = Faults::new(text);
        let profile =
            Form::parse(text, &faults).and_then(|form| profile(form.fields(&faults), &faults));
        match (profile, faults.into_reasons()) {
            (Some(profile), reasons) if reasons.is_empty() => Ok(profile),
            (_, reasons) => Err(ProfileError { reasons }),
        }
    }
}

/// How the points of a profile are found, as far as the head of the text says.
enum Head {
    Modbus(ModbusAccess),
    Mqtt(MqttAccess),
    /// The head is at fault; the points are read all the same, for their own faults.
    Unknown,
}

fn profile(mut root: Fields<'_, '_>, faults: &Faults<'_>) -> Option<Profile> {
    root.require(&["profile", "point"]);
    let head = root.fields("profile").map(|fields| head(fields, faults));
    let access = head.as_ref().map_or(&Head::Unknown, |(access, _)| access);
    let list = root.list_of_fields("point");
    let spot = root.at("point");
    match list.as_ref().map(Vec::len) {
        Some(0) => faults.note(&spot, "a profile needs at least one [[point]]"),
        Some(POINTS_MAX..) => faults.note(&spot, format!("{POINTS_MAX} or more points")),
        _ => {}
    }
    let fields = list.into_iter().flatten().take(POINTS_MAX);
    let read: Vec<_> = fields.map(|fields| point::point(fields, access, faults)).collect();
    unique::check(&read, faults);
    let points: Option<Vec<_>> = read.into_iter().map(|read| read.point).collect();
    let (access, named) = head?;
    let access = match access {
        Head::Modbus(access) => Access::Modbus(access),
        Head::Mqtt(access) => Access::Mqtt(access),
        Head::Unknown => return None,
    };
    let (id, name, source) = named?;
    Some(Profile { id, name, source, access, points: points?, info: Vec::new() })
}

/// Id, name and source.
type Named = (ProfileId, Text, String);

fn head(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> (Head, Option<Named>) {
    fields.require(&["id", "name", "source"]);
    let (id, name, source) = (fields.parsed("id"), fields.name("name"), fields.text("source"));
    let (modbus_there, mqtt_there) = (fields.has("modbus"), fields.has("mqtt"));
    let modbus = fields.fields("modbus").and_then(|fields| modbus_access(fields, faults));
    let mqtt = fields.fields("mqtt").and_then(|fields| mqtt_access(fields, faults));
    if modbus_there == mqtt_there {
        let problem = "a profile is reached by either `modbus` or `mqtt`";
        let hint = "an instrument on Modbus needs `modbus = {}`, one that publishes `mqtt = {}`";
        faults.hint(fields.spot(), problem, hint);
        return (Head::Unknown, None);
    }
    let access = match (modbus, mqtt) {
        (Some(modbus), _) => Head::Modbus(modbus),
        (_, Some(mqtt)) => Head::Mqtt(mqtt),
        (None, None) => Head::Unknown,
    };
    let named = id.zip(name).zip(source);
    (access, named.map(|((id, name), source)| (id.value, name.value, source.value)))
}

fn modbus_access(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> Option<ModbusAccess> {
    let bounded = |found: Option<Found<i64>>, default: u16| {
        found.map_or(default, |found| u16::try_from(found.value).unwrap_or(default))
    };
    let registers = fields.whole("registers_max", 1..=i64::from(REGISTERS_MAX));
    let bits = fields.whole("bits_max", 1..=i64::from(BITS_MAX));
    let hole = fields.whole("hole_max", 0..=i64::from(REGISTERS_MAX));
    let gap = fields.whole("request_gap_ms", 0..=REQUEST_GAP_MAX_MS);
    let access = ModbusAccess {
        registers_max: bounded(registers, REGISTERS_MAX),
        bits_max: bounded(bits, BITS_MAX),
        hole_max: hole.as_ref().and_then(|found| u16::try_from(found.value).ok()),
        request_gap: Duration::from_millis(gap.map_or(0, |found| found.value.unsigned_abs())),
        ..ModbusAccess::default()
    };
    if let Some(hole) = hole.filter(|_| access.hole_max >= Some(access.registers_max)) {
        let problem = "a hole must be smaller than the largest request";
        faults.hint(&hole.spot, problem, format!("registers_max is {}", access.registers_max));
        return None;
    }
    Some(access)
}

fn mqtt_access(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> Option<MqttAccess> {
    let there = fields.has("topic");
    let Some(topic) = fields.text("topic") else {
        return (!there).then(|| MqttAccess { topic: TOPIC.into(), format: MessageFormat::Weir });
    };
    let bare = topic.value.replace("{site}", "").replace("{device}", "");
    if !topic.value.contains("{device}") {
        let problem = "the topic does not tell one device from another";
        faults.hint(&topic.spot, problem, format!("put {{device}} into it, as in \"{TOPIC}\""));
    } else if let Some(character) = bare.chars().find(|c| "{}+#\0".contains(*c)) {
        let problem = format!("{character:?} may not stand in a topic");
        faults.hint(&topic.spot, problem, "only {site} and {device} are filled in");
    } else {
        return Some(MqttAccess { topic: topic.value, format: MessageFormat::Weir });
    }
    None
}
