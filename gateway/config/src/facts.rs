//! What the rule packs must know of an area.

use crate::{Area, Device, Site};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use weir_compliance::{AreaFacts, PointFacts};
use weir_domain::PointId;

/// The area with the points of its devices, device by device in the order of the site file.
pub fn area_facts(site: &Site, area: &Area) -> AreaFacts {
    facts(area, &site.devices, site.time_zone.clone())
}

pub(crate) fn facts(area: &Area, devices: &[Device], time_zone: TimeZone) -> AreaFacts {
    AreaFacts {
        id: area.id.clone(),
        class: area.class.clone(),
        schedule: area.schedule.clone(),
        time_zone,
        facts: numbers(area),
        points: devices.iter().filter(|device| device.area == area.id).flat_map(points).collect(),
    }
}

/// The facts of the area, with its contact tank.
fn numbers(area: &Area) -> BTreeMap<String, f64> {
    let tank = area.contact_tank_m3.map(|volume| ("contact_tank_m3".to_owned(), volume));
    area.facts.clone().into_iter().chain(tank).collect()
}

fn points(device: &Device) -> impl Iterator<Item = PointFacts> {
    device.profile.points.iter().map(|point| PointFacts {
        id: PointId::new(device.id.clone(), point.id.clone()),
        role: device.role.clone(),
        parameter: point.parameter.clone(),
        unit: point.unit,
        max_gap: device.stale_after,
        occasional: device.is_occasional(),
    })
}
