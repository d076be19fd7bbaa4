//! From the parts of a site to its description and its bound requirements.

use crate::{
    AlarmLimits, AreaInfo, Description, DeviceInfo, LimitInfo, LinkInfo, PackInfo, PointInfo,
    RequirementInfo, validity::BoundChecks,
};
use core::time::Duration;
use std::{collections::HashMap, sync::Arc};
use weir_compliance::{
    AreaFacts, BindFault, Binding, Pack, PointTraits, Seal, bind_all, bind_validity,
};
use weir_domain::{AreaId, Class, DeviceId, LinkId, PointId, Role, SeriesId, SiteId, Text};
use weir_profiles::{DataType, PointDef, Profile, Source};

/// A site, ready to be assembled: everything checked, every reference resolved.
#[derive(Debug, Clone)]
pub struct SiteSpec {
    /// The site.
    pub id: SiteId,
    /// Its name.
    pub name: Text,
    /// Its IANA time zone.
    pub time_zone: String,
    /// SHA-256 of the site file, in hex.
    pub config_hash: String,
    /// Its areas.
    pub areas: Vec<AreaSpec>,
    /// Its links.
    pub links: Vec<LinkInfo>,
    /// Its devices.
    pub devices: Vec<DeviceSpec>,
    /// What the site allows people to do to alarms.
    pub alarms: AlarmLimits,
}

/// An area, with what the packs need to know of it.
#[derive(Debug, Clone)]
pub struct AreaSpec {
    /// The area's name.
    pub name: Text,
    /// The kind of facility.
    pub kind: String,
    /// Opening hours as written.
    pub opening_hours: Vec<String>,
    /// The packs that apply.
    pub packs: Vec<Arc<Pack>>,
    /// Id, class, schedule, time zone and points.
    pub facts: AreaFacts,
}

/// An installed device.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// The device.
    pub id: DeviceId,
    /// Its name.
    pub name: Text,
    /// Its model.
    pub profile: Arc<Profile>,
    /// Its link.
    pub link: LinkId,
    /// Its Modbus unit id.
    pub unit_id: Option<u8>,
    /// Its area.
    pub area: AreaId,
    /// Where it measures.
    pub role: Role,
    /// How often it is read.
    pub scan_interval: Duration,
    /// Without a sample for this long its points are stale.
    pub stale_after: Duration,
    /// The numbers of its points in the store, in the order of the profile.
    pub series: Vec<SeriesId>,
}

/// A requirement on points: the indexes are those of [`Description::points`].
#[derive(Debug)]
pub(crate) struct BoundRequirement {
    pub(crate) binding: Binding,
    pub(crate) points: Vec<usize>,
}

/// A site put together.
pub(crate) struct Assembled {
    pub(crate) description: Description,
    pub(crate) requirements: Vec<BoundRequirement>,
    pub(crate) checks: Vec<BoundChecks>,
    pub(crate) faults: Vec<BindFault>,
}

/// Puts the site together. Faults that `weir check` would have shown are left out here: a
/// requirement that cannot be bound is not watched, and the check says so.
pub(crate) fn assemble(spec: SiteSpec) -> Assembled {
    let mut points = points_of(&spec.devices);
    let index: HashMap<PointId, usize> =
        points.iter().enumerate().map(|(i, p)| (p.id.clone(), i)).collect();
    let mut bound = Vec::new();
    let mut faults = Vec::new();
    let mut requirements = Vec::new();
    for area in &spec.areas {
        for (bindings, mut unbound) in bind_all(&area.packs, &area.facts) {
            faults.append(&mut unbound);
            for binding in bindings {
                let of_binding: Vec<usize> =
                    binding.inputs.iter().map(|i| index[&area.facts.points[*i].id]).collect();
                let info = requirement_info(&area.facts.id, &binding, of_binding.clone());
                limit_points(&mut points, requirements.len(), &binding, &of_binding);
                requirements.push(info);
                bound.push(BoundRequirement { binding, points: of_binding });
            }
        }
    }
    let checks = checks(&spec, &points, &index);
    let description = Description {
        id: spec.id,
        name: spec.name,
        time_zone: spec.time_zone,
        config_hash: spec.config_hash,
        areas: spec.areas.iter().map(area_info).collect(),
        links: spec.links,
        devices: spec.devices.iter().map(device_info).collect(),
        points,
        requirements,
    };
    Assembled { description, requirements: bound, checks, faults }
}

/// The sections of the packs on the points, which know their limits by now.
fn checks(
    spec: &SiteSpec,
    points: &[PointInfo],
    index: &HashMap<PointId, usize>,
) -> Vec<BoundChecks> {
    let steps: Vec<Option<f64>> =
        spec.devices.iter().flat_map(|device| device.profile.points.iter().map(step)).collect();
    let mut bound = Vec::new();
    for area in &spec.areas {
        let place = |point: usize| index[&area.facts.points[point].id];
        let traits: Vec<PointTraits> = (0..area.facts.points.len())
            .map(|point| traits(&points[place(point)], steps[place(point)]))
            .collect();
        for binding in bind_validity(&area.packs, &area.facts, &traits) {
            let inputs = binding.inputs.iter().map(|input| input.map(place)).collect();
            bound.push(BoundChecks { point: place(binding.point), inputs, binding });
        }
    }
    bound
}

fn traits(info: &PointInfo, step: Option<f64>) -> PointTraits {
    let strict = info.limits.iter().filter(|limit| !limit.warning);
    PointTraits {
        kind: info.kind,
        has_states: !info.states.is_empty(),
        step,
        decimals: info.decimals,
        limits: strict.map(|limit| (limit.low, limit.high)).collect(),
    }
}

/// The step of a point's value, if it comes as a whole number.
fn step(def: &PointDef) -> Option<f64> {
    match &def.source {
        Source::Register(source) => match source.data_type {
            DataType::F16 | DataType::F32 | DataType::F64 | DataType::Text(_) => None,
            _ => Some(source.scale.abs()),
        },
        Source::Field(_) => None,
    }
}

fn points_of(devices: &[DeviceSpec]) -> Vec<PointInfo> {
    let of_device = |device: &DeviceSpec| {
        let device = device.clone();
        device.profile.points.clone().into_iter().zip(device.series).map(move |(def, series)| {
            PointInfo {
                id: PointId::new(device.id.clone(), def.id),
                series,
                area: device.area.clone(),
                role: device.role.clone(),
                parameter: def.parameter,
                name: def.name,
                unit: def.unit,
                kind: def.kind,
                decimals: def.decimals,
                range: def.range,
                states: def.states.into_iter().map(|state| (state.value, state.name)).collect(),
                stale_after: device.stale_after,
                limits: Vec::new(),
            }
        })
    };
    devices.iter().flat_map(of_device).collect()
}

fn limit_points(points: &mut [PointInfo], requirement: usize, binding: &Binding, of: &[usize]) {
    let required = binding.requirement();
    if let Some(first) = of.first().filter(|_| required.limits_every_value()) {
        let ((low, high), warning) = (required.low_high(), required.warning);
        points[*first].limits.push(LimitInfo { requirement, low, high, warning });
    }
}

fn requirement_info(area: &AreaId, binding: &Binding, points: Vec<usize>) -> RequirementInfo {
    let requirement = binding.requirement();
    RequirementInfo {
        area: area.clone(),
        pack: pack_name(&binding.pack),
        id: requirement.id.clone(),
        title: requirement.title.clone(),
        clause: requirement.clause.clone(),
        confidence: requirement.confidence.clone(),
        points,
        limit: requirement.limit_text(),
        warning: requirement.warning,
        priority: requirement.alarm.priority,
        class: requirement.alarm.class,
        group: requirement.alarm.group.clone(),
        cause: requirement.cause.clone(),
        consequence: requirement.consequence.clone(),
        response: requirement.response.clone(),
        respond_within: requirement.respond_within,
    }
}

/// A pack as verdicts name it: `gb18466-2005@1`.
fn pack_name(pack: &Pack) -> String {
    format!("{}@{}", pack.id, pack.version)
}

fn area_info(area: &AreaSpec) -> AreaInfo {
    let class_name = |class: &Class| {
        let mut defs = area.packs.iter().flat_map(|pack| &pack.classes);
        defs.find(|def| &def.id == class).map_or_else(
            || Text { zh: class.to_string(), en: class.to_string() },
            |def| def.name.clone(),
        )
    };
    let pack_info = |pack: &Arc<Pack>| PackInfo {
        id: pack.id.clone(),
        version: pack.version.clone(),
        title: pack.title.clone(),
        source: pack.source.clone(),
        effective_from: pack.effective_from.map(|day| day.to_string()),
        effective_to: pack.effective_to.map(|day| day.to_string()),
        seal: pack.seal.as_str(),
        signed_by: match &pack.seal {
            Seal::Signed { key } => Some(key.clone()),
            Seal::BuiltIn | Seal::Unsigned => None,
        },
        overrides: {
            let named = pack.requirements.iter().filter_map(|r| r.overrides.as_ref());
            let mut named: Vec<String> = named.map(ToString::to_string).collect();
            named.dedup();
            named
        },
    };
    AreaInfo {
        id: area.facts.id.clone(),
        name: area.name.clone(),
        kind: area.kind.clone(),
        class: area.facts.class.clone().map(|class| (class.clone(), class_name(&class))),
        opening_hours: area.opening_hours.clone(),
        packs: area.packs.iter().map(pack_info).collect(),
    }
}

fn device_info(device: &DeviceSpec) -> DeviceInfo {
    DeviceInfo {
        id: device.id.clone(),
        name: device.name.clone(),
        profile: device.profile.id.clone(),
        link: device.link.clone(),
        unit_id: device.unit_id,
        area: device.area.clone(),
        role: device.role.clone(),
        scan_interval: device.scan_interval,
    }
}
