//! What the rule packs make of an area: is there a point for every requirement?

use super::Check;
use crate::facts::facts;
use crate::read::{RawArea, RawDevice};
use crate::{Area, Device};
use jiff::tz::TimeZone;
use weir_compliance::{BindFault, BindLevel, Pack, Requirement, bind_all};
use weir_domain::RequirementId;
use weir_profiles::form::{Found, closest};

impl Check<'_, '_> {
    /// Binds the packs: what contradicts them is an error, what nobody watches a warning.
    pub(super) fn packs_of(&self, area: &Area, raw: &RawArea, devices: &[Device], zone: &TimeZone) {
        let inhabited = devices.iter().any(|device| device.area == area.id);
        if !inhabited {
            let problem = format!("no device measures in the area \"{}\"", area.id);
            self.warnings.note(&raw.spot, problem);
        }
        if area.packs.is_empty() {
            let problem = format!("nothing judges the area \"{}\": it has no rule pack", area.id);
            let known: Vec<_> = self.offered_packs().map(|pack| pack.id.as_str()).collect();
            let hint = format!("add packs = [\"...\"]; known are {}", known.join(", "));
            self.warnings.hint(&raw.spot, problem, hint);
        }
        let facts = facts(area, devices, zone.clone());
        let bound = bind_all(&area.packs, &facts);
        for ((pack, name), (_, faults)) in area.packs.iter().zip(&raw.packs).zip(bound) {
            self.is_in_force(pack, name, zone);
            let (missing, contrary): (Vec<_>, Vec<_>) =
                faults.into_iter().partition(|fault| fault.level == BindLevel::Missing);
            for fault in contrary {
                self.errors.hint(&name.spot, fault.problem, fault.hint);
            }
            // An area with nothing in it has had its warning.
            if inhabited && !missing.is_empty() {
                let count = match missing.len() {
                    1 => "a requirement".to_owned(),
                    count => format!("{count} requirements"),
                };
                let problem = format!("nothing watches {count} of \"{}\"", pack.id);
                self.warnings.hint(&name.spot, problem, unwatched(&missing));
            }
        }
    }

    /// Warns of a pack that judges nothing today.
    fn is_in_force(&self, pack: &Pack, name: &Found<String>, zone: &TimeZone) {
        let Some(now) = self.library.now else { return };
        let today = now.to_jiff().to_zoned(zone.clone()).date();
        let (problem, hint) = match (pack.effective_from, pack.effective_to) {
            (Some(from), _) if today < from => (
                format!("the pack \"{}\" is not yet in force: it begins on {from}", pack.id),
                "name the edition before it as well; they hand over at midnight",
            ),
            (_, Some(to)) if to < today => (
                format!("the pack \"{}\" is no longer in force: it ended on {to}", pack.id),
                "name the edition that came after it; `weir packs list` shows the dates",
            ),
            _ => return,
        };
        self.warnings.hint(&name.spot, problem, hint);
    }

    /// A role that is nearly one of the packs' is probably a slip. One that is like none of them
    /// is no fault: not everything that is measured is judged.
    pub(super) fn roles_of(&self, area: &Area, devices: &[RawDevice]) {
        let requirements = area.packs.iter().flat_map(|pack| &pack.requirements);
        let known: Vec<&str> = requirements.flat_map(roles).collect();
        for device in devices {
            let here = device.area.as_ref().is_some_and(|found| found.value == area.id);
            let Some(role) = device.role.as_ref().filter(|_| here) else { continue };
            let name = role.value.as_str();
            if known.contains(&name) {
                continue;
            }
            if let Some(meant) = closest(name, known.iter().copied()) {
                let problem = format!("no rule of this area looks at the role \"{name}\"");
                self.warnings.hint(&role.spot, problem, format!("did you mean \"{meant}\"?"));
            }
        }
    }
}

/// What is missing, a line for each requirement.
fn unwatched(missing: &[BindFault]) -> String {
    let mut lines = String::from("add a device that measures it, or watch it by other means");
    for fault in missing {
        let id = fault.requirement.as_ref().map(RequirementId::as_str).unwrap_or_default();
        let said = format!("requirement {id} is not watched: ");
        let why = fault.problem.strip_prefix(&said).unwrap_or(&fault.problem);
        lines.push_str(&format!("\n{id}: {why}"));
    }
    lines
}

/// The roles that a requirement looks at.
fn roles(requirement: &Requirement) -> impl Iterator<Item = &str> {
    requirement.inputs().into_iter().filter_map(|input| Some(input.role.as_ref()?.as_str()))
}
