//! The `[[info]]` of a profile: what a Modbus device says of itself.

use super::{Head, register::register};
use crate::InfoDef;
use crate::form::{Faults, Fields, Spot};
use weir_domain::PointName;

/// Most pieces of information of one profile.
const INFO_MAX: usize = 50;

pub(super) fn read(
    root: &mut Fields<'_, '_>,
    head: &Head,
    faults: &Faults<'_>,
) -> Option<Vec<InfoDef>> {
    if !root.has("info") {
        root.know("info");
        return Some(Vec::new());
    }
    let spot = root.at("info");
    let list = root.list_of_fields("info")?;
    if let Head::Mqtt(_) = head {
        let hint = "a device that publishes says what it likes";
        faults.hint(&spot, "only a device on Modbus is asked for [[info]]", hint);
    }
    if list.len() > INFO_MAX {
        faults.note(&spot, format!("more than {INFO_MAX} pieces of information"));
    }
    let mut ids: Vec<(PointName, Spot)> = Vec::new();
    let info = |mut fields: Fields<'_, '_>| {
        fields.require(&["id", "name", "register"]);
        let (id, name) = (fields.parsed::<PointName>("id"), fields.name("name"));
        let source = fields.fields("register").and_then(|fields| register(fields, head, faults));
        let id = id?;
        match ids.iter().find(|(other, _)| *other == id.value) {
            Some((_, first)) => {
                let problem = format!("a second [[info]] with the id \"{}\"", id.value);
                let hint = format!("the first is on line {}", faults.line(first));
                faults.hint(&id.spot, problem, hint);
            }
            None => ids.push((id.value.clone(), id.spot)),
        }
        Some(InfoDef { id: id.value, name: name?.value, source: source? })
    };
    let read: Vec<Option<InfoDef>> = list.into_iter().take(INFO_MAX).map(info).collect();
    read.into_iter().collect()
}
