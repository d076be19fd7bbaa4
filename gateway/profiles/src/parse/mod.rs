//! From the text of a profile to a [`Profile`], or every reason why not.

mod data_type;
mod field;
mod info;
mod modbus;
mod mqtt;
mod point;
mod register;
mod sentinels;
mod states;
#[cfg(test)]
mod tests;
mod unique;

use crate::form::{Faults, Fields, Form, Reason};
use crate::{Access, ModbusAccess, MqttAccess, Profile};
use weir_domain::{ProfileId, Text};

/// Most points of one profile.
const POINTS_MAX: usize = 1000;

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
    /// And the address from which the text counts, 0 or 1.
    Modbus(ModbusAccess, i64),
    Mqtt(MqttAccess),
    /// The head is at fault; the points are read all the same, for their own faults.
    Unknown,
}

impl Head {
    /// The address that is written for the first of a table.
    fn base(&self) -> i64 {
        match self {
            Self::Modbus(_, base) => *base,
            Self::Mqtt(_) | Self::Unknown => 0,
        }
    }
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
    let info = info::read(&mut root, access, faults);
    unique::check(&read, faults);
    let points: Option<Vec<_>> = read.into_iter().map(|read| read.point).collect();
    let (access, named) = head?;
    let access = match access {
        Head::Modbus(access, _) => Access::Modbus(access),
        Head::Mqtt(access) => Access::Mqtt(access),
        Head::Unknown => return None,
    };
    let (id, name, source) = named?;
    Some(Profile { id, name, source, access, points: points?, info: info? })
}

/// Id, name and source.
type Named = (ProfileId, Text, String);

fn head(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> (Head, Option<Named>) {
    fields.require(&["id", "name", "source"]);
    let (id, name, source) = (fields.parsed("id"), fields.name("name"), fields.text("source"));
    let (modbus_there, mqtt_there) = (fields.has("modbus"), fields.has("mqtt"));
    let modbus = fields.fields("modbus").and_then(|fields| modbus::access(fields, faults));
    let mqtt = fields.fields("mqtt").and_then(|fields| mqtt::access(fields, faults));
    if modbus_there == mqtt_there {
        let problem = "a profile is reached by either `modbus` or `mqtt`";
        let hint = "an instrument on Modbus needs `modbus = {}`, one that publishes `mqtt = {}`";
        faults.hint(fields.spot(), problem, hint);
        return (Head::Unknown, None);
    }
    let access = match (modbus, mqtt) {
        (Some((modbus, base)), _) => Head::Modbus(modbus, base),
        (_, Some(mqtt)) => Head::Mqtt(mqtt),
        (None, None) => Head::Unknown,
    };
    let named = id.zip(name).zip(source);
    (access, named.map(|((id, name), source)| (id.value, name.value, source.value)))
}
