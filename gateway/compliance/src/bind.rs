//! Which points of an area a requirement applies to.

use crate::{
    Evaluator, InputSpec, Pack, Requirement, Schedule, Seal,
    rules::{Bound, CONTACT_TANK, Watches},
    term::Term,
};
use core::{fmt, time::Duration};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};
use weir_domain::{
    AreaId, Class, DeviceId, Parameter, PointId, RequirementId, Role, Text, Timestamp, Unit,
};

/// What a pack must know of an area.
#[derive(Debug, Clone)]
pub struct AreaFacts {
    /// The area.
    pub id: AreaId,
    /// Its legal class.
    pub class: Option<Class>,
    /// Its opening hours.
    pub schedule: Schedule,
    /// The zone its clocks show.
    pub time_zone: TimeZone,
    /// Numbers the site file gives, such as `beds` and `contact_tank_m3`.
    pub facts: BTreeMap<String, f64>,
    /// Its points.
    pub points: Vec<PointFacts>,
}

/// What a pack must know of a point.
#[derive(Debug, Clone)]
pub struct PointFacts {
    /// The point.
    pub id: PointId,
    /// Where it is measured.
    pub role: Role,
    /// What is measured.
    pub parameter: Parameter,
    /// In which unit.
    pub unit: Unit,
    /// The longest time one sample speaks for.
    pub max_gap: Duration,
    /// Whether it speaks only when there is something to say: its silence is no failure.
    pub occasional: bool,
}

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindLevel {
    /// A requirement is not watched because the area has no point for it.
    Missing,
    /// The area and the pack contradict each other.
    Error,
}

/// Why a requirement is not watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindFault {
    /// How bad it is.
    pub level: BindLevel,
    /// Which requirement; none if it concerns the whole pack.
    pub requirement: Option<RequirementId>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for BindFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.hint)
    }
}

/// A requirement applied to points.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The pack.
    pub pack: Arc<Pack>,
    /// Which of its requirements.
    pub index: usize,
    /// The points it looks at, as indexes into [`AreaFacts::points`]; the first one names it.
    /// Input number `i` of the evaluator is `inputs[i]`.
    pub inputs: Vec<usize>,
    area: Arc<AreaFacts>,
    /// When it is in force; at all times if the pack has no dates and nothing overrides it.
    terms: Vec<Term>,
}

impl Binding {
    /// The requirement.
    pub fn requirement(&self) -> &Requirement {
        &self.pack.requirements[self.index]
    }

    /// Begins to judge at `start`: nothing is known of the time before.
    pub fn evaluator(&self, start: Timestamp) -> Evaluator {
        let points: Vec<PointFacts> =
            self.inputs.iter().map(|input| self.area.points[*input].clone()).collect();
        let requirement = self.requirement();
        let bound = Bound { requirement, area: &self.area, points: &points, start };
        Evaluator::within(&bound, &self.terms, self.remark())
    }

    /// What every explanation must say of the pack.
    fn remark(&self) -> Option<Text> {
        let (id, version) = (&self.pack.id, &self.pack.version);
        let mut remark = Text { zh: String::new(), en: String::new() };
        let overrides = self.requirement().overrides.as_ref();
        if let Some(other) = overrides.filter(|other| other.pack != self.pack.id) {
            remark.zh += &format!("（按本地规则包 {id}@{version} 判定，取代 {other}）");
            remark.en += &format!(" (judged by local pack {id}@{version} in place of {other})");
        }
        if self.pack.seal == Seal::Unsigned {
            remark.zh += "（规则包未经签名，仅供试用）";
            remark.en += " (by an unsigned pack, for trial only)";
        }
        (!remark.en.is_empty()).then_some(remark)
    }

    fn overrides(&self, other: &Self) -> bool {
        self.requirement().overrides.as_ref().is_some_and(|named| {
            let same = match other.requirement().rule.kind().watches() {
                Watches::Devices => self.inputs == other.inputs,
                Watches::Inputs(_) => self.inputs.first() == other.inputs.first(),
            };
            same && named.pack == other.pack.id && named.requirement == other.requirement().id
        })
    }
}

/// Applies a pack to an area: one binding for each point that a requirement looks at first, and
/// one for each device where it looks at whole devices. What cannot be bound is not watched, and
/// says so.
pub fn bind(pack: &Arc<Pack>, area: &AreaFacts) -> (Vec<Binding>, Vec<BindFault>) {
    if let Some(fault) = class_fault(pack, area) {
        return (Vec::new(), vec![fault]);
    }
    let (mut bindings, mut faults) = (Vec::new(), Vec::new());
    let mut facts = area.clone();
    for fact in &pack.facts {
        if let (None, Some(default)) = (facts.facts.get(&fact.id), fact.default) {
            facts.facts.insert(fact.id.clone(), default);
        }
    }
    let facts = Arc::new(facts);
    for (index, requirement) in pack.requirements.iter().enumerate() {
        let applies = requirement.classes.is_empty()
            || area.class.as_ref().is_some_and(|class| requirement.classes.contains(class));
        if !applies {
            continue;
        }
        if let Some(fault) = fact_fault(requirement, &facts) {
            faults.push(fault);
            continue;
        }
        for inputs in candidates(requirement, area) {
            match inputs {
                Ok(inputs) => bindings.push(Binding {
                    pack: pack.clone(),
                    index,
                    inputs,
                    area: facts.clone(),
                    terms: vec![Term::of_pack(pack, &area.time_zone)],
                }),
                Err(fault) => faults.push(fault),
            }
        }
    }
    (bindings, faults)
}

/// Applies all packs of an area, in their order. Where a requirement overrides another one for the
/// same point, the other one is not in force as long as the first one is.
pub fn bind_all(packs: &[Arc<Pack>], area: &AreaFacts) -> Vec<(Vec<Binding>, Vec<BindFault>)> {
    let mut bound: Vec<_> = packs.iter().map(|pack| bind(pack, area)).collect();
    let all = bound.iter().flat_map(|(bindings, _)| bindings);
    let overriding: Vec<Binding> =
        all.filter(|binding| binding.requirement().overrides.is_some()).cloned().collect();
    for (bindings, _) in &mut bound {
        for binding in bindings.iter_mut() {
            let others = overriding.iter().filter(|other| other.overrides(binding));
            let taken: Vec<Term> = others.flat_map(|other| other.terms.clone()).collect();
            for taken in taken {
                let left = binding.terms.iter().flat_map(|own| own.without(taken));
                binding.terms = left.collect();
            }
        }
        bindings.retain(|binding| !binding.terms.is_empty());
    }
    for (pack, (_, faults)) in packs.iter().zip(&mut bound) {
        faults.extend(pack.requirements.iter().filter_map(|r| nothing_to_override(r, packs)));
    }
    bound
}

/// A requirement that stands in for one that the area does not have.
fn nothing_to_override(requirement: &Requirement, packs: &[Arc<Pack>]) -> Option<BindFault> {
    let named = requirement.overrides.as_ref()?;
    let pack = packs.iter().find(|pack| pack.id == named.pack);
    let known = |pack: &&Arc<Pack>| {
        pack.requirements
            .iter()
            .any(|other| other.id == named.requirement && other.overrides.is_none())
    };
    let hint = match pack {
        Some(pack) if known(&pack) => return None,
        Some(_) => format!("pack {} has no such requirement of its own", named.pack),
        None => format!("name {} as well in the packs of the area", named.pack),
    };
    Some(BindFault {
        level: BindLevel::Error,
        requirement: Some(requirement.id.clone()),
        problem: format!("requirement {} overrides {named}, which is not there", requirement.id),
        hint,
    })
}

fn class_fault(pack: &Pack, area: &AreaFacts) -> Option<BindFault> {
    let known: Vec<&str> = pack.classes.iter().map(|class| class.id.as_str()).collect();
    let problem = match &area.class {
        _ if known.is_empty() => return None,
        Some(class) if known.contains(&class.as_str()) => return None,
        Some(class) => format!("class {class} of area {} is unknown to pack {}", area.id, pack.id),
        None => format!("area {} has no class, but pack {} needs one", area.id, pack.id),
    };
    let hint = format!("set class to one of {}", known.join(", "));
    Some(BindFault { level: BindLevel::Error, requirement: None, problem, hint })
}

/// A fact that a requirement needs and the site file does not give.
fn fact_fault(requirement: &Requirement, area: &AreaFacts) -> Option<BindFault> {
    let needed = requirement.facts();
    let missing = needed.into_iter().find(|fact| !area.facts.contains_key(*fact))?;
    let hint = match missing {
        CONTACT_TANK => format!("give area {} its {missing}", area.id),
        _ => format!("add {missing} = ... to [area.facts] of area {}", area.id),
    };
    Some(BindFault {
        level: BindLevel::Missing,
        requirement: Some(requirement.id.clone()),
        problem: format!(
            "requirement {} is not watched: area {} does not say its {missing}",
            requirement.id, area.id
        ),
        hint,
    })
}

/// The inputs of every instance of a requirement, or why there is none.
fn candidates(requirement: &Requirement, area: &AreaFacts) -> Vec<Result<Vec<usize>, BindFault>> {
    let inputs = match requirement.rule.kind().watches() {
        Watches::Inputs(inputs) => inputs,
        Watches::Devices => return devices(area).into_iter().map(Ok).collect(),
    };
    let Some((first, others)) = inputs.split_first() else { return Vec::new() };
    let primaries = matching(first, area, None);
    if primaries.is_empty() {
        let hint = "add a device that measures it, or watch it by other means".into();
        return vec![Err(missing(requirement, first, area, hint))];
    }
    primaries
        .into_iter()
        .map(|primary| {
            check_unit(requirement, first, area, primary)?;
            let mut bound = vec![primary];
            for other in others {
                let found = companion(requirement, other, area, primary)?;
                check_unit(requirement, other, area, found)?;
                bound.push(found);
            }
            Ok(bound)
        })
        .collect()
}

/// The points of each device that is to be heard of all the time, device by device.
fn devices(area: &AreaFacts) -> Vec<Vec<usize>> {
    let mut devices: Vec<Vec<usize>> = Vec::new();
    let steady = area.points.iter().enumerate().filter(|(_, point)| !point.occasional);
    for (index, point) in steady {
        let device = point.id.device();
        match devices.iter_mut().find(|points| area.points[points[0]].id.device() == device) {
            Some(points) => points.push(index),
            None => devices.push(vec![index]),
        }
    }
    devices
}

fn matching(spec: &InputSpec, area: &AreaFacts, device: Option<&DeviceId>) -> Vec<usize> {
    let fits = |point: &PointFacts| {
        point.parameter == spec.parameter
            && spec.role.as_ref().is_none_or(|role| *role == point.role)
            && device.is_none_or(|device| device == point.id.device())
    };
    (0..area.points.len()).filter(|index| fits(&area.points[*index])).collect()
}

/// Another input of an instance: on the same device, or else the only one in the area.
fn companion(
    requirement: &Requirement,
    spec: &InputSpec,
    area: &AreaFacts,
    primary: usize,
) -> Result<usize, BindFault> {
    let subject = &area.points[primary].id;
    let near = matching(spec, area, Some(subject.device()));
    let found = if near.is_empty() { matching(spec, area, None) } else { near };
    match found[..] {
        [only] => Ok(only),
        [] => {
            let hint = format!("{subject} can only be judged together with it");
            Err(missing(requirement, spec, area, hint))
        }
        [..] => {
            let names: Vec<String> =
                found.iter().map(|index| area.points[*index].id.to_string()).collect();
            Err(BindFault {
                level: BindLevel::Error,
                requirement: Some(requirement.id.clone()),
                problem: format!(
                    "requirement {} of {subject} is not watched: {} all have parameter {}",
                    requirement.id,
                    names.join(", "),
                    spec.parameter
                ),
                hint: format!("keep one in area {}, or put it on the same device", area.id),
            })
        }
    }
}

fn check_unit(
    requirement: &Requirement,
    spec: &InputSpec,
    area: &AreaFacts,
    point: usize,
) -> Result<(), BindFault> {
    let point = &area.points[point];
    if point.unit == spec.unit {
        return Ok(());
    }
    let (found, wanted) = (point.unit.symbol(), spec.unit.symbol());
    Err(BindFault {
        level: BindLevel::Error,
        requirement: Some(requirement.id.clone()),
        problem: format!(
            "requirement {} is not watched: {} is in {found}, but its limit is in {wanted}",
            requirement.id, point.id
        ),
        hint: format!("use a profile that gives {} in {wanted}", spec.parameter),
    })
}

fn missing(
    requirement: &Requirement,
    spec: &InputSpec,
    area: &AreaFacts,
    hint: String,
) -> BindFault {
    let role = spec.role.as_ref().map(|role| format!("role {role} and ")).unwrap_or_default();
    let problem = format!(
        "requirement {} is not watched: no point of area {} has {role}parameter {}",
        requirement.id, area.id, spec.parameter
    );
    BindFault {
        level: BindLevel::Missing,
        requirement: Some(requirement.id.clone()),
        problem,
        hint,
    }
}

#[cfg(test)]
mod tests;
