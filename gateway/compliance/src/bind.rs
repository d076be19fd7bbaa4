//! Which points of an area a requirement applies to.

use crate::{
    Evaluator, InputSpec, Pack, Requirement, Schedule,
    rules::{Bound, Watches},
};
use core::{fmt, time::Duration};
use jiff::tz::TimeZone;
use std::sync::Arc;
use weir_domain::{
    AreaId, Class, DeviceId, Parameter, PointId, RequirementId, Role, Timestamp, Unit,
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
        Evaluator::new(&Bound { requirement, area: &self.area, points: &points, start })
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
    let facts = Arc::new(area.clone());
    for (index, requirement) in pack.requirements.iter().enumerate() {
        let applies = requirement.classes.is_empty()
            || area.class.as_ref().is_some_and(|class| requirement.classes.contains(class));
        if !applies {
            continue;
        }
        for inputs in candidates(requirement, area) {
            match inputs {
                Ok(inputs) => bindings.push(Binding {
                    pack: pack.clone(),
                    index,
                    inputs,
                    area: facts.clone(),
                }),
                Err(fault) => faults.push(fault),
            }
        }
    }
    (bindings, faults)
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

/// The points of each device, device by device.
fn devices(area: &AreaFacts) -> Vec<Vec<usize>> {
    let mut devices: Vec<Vec<usize>> = Vec::new();
    for (index, point) in area.points.iter().enumerate() {
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
