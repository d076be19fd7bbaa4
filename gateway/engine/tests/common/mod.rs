//! The site of these tests: a chlorine meter in an effluent and the interlock of an X-ray room.

use jiff::tz::TimeZone;
use std::{sync::Arc, time::Duration};
use weir_compliance::{AreaFacts, PointFacts, Schedule, builtin_packs};
use weir_domain::{AreaId, DeviceId, PointId, SeriesId, Text, Timestamp};
use weir_engine::{AlarmLimits, AreaSpec, DeviceSpec, SiteSpec};
use weir_profiles::builtin_profiles;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_341_600_000);

/// Area, kind, class, pack, device, profile, role, unit of series.
const DEVICES: [(&str, &str, &str, &str, &str, &str); 2] = [
    (
        "effluent",
        "general_direct",
        "gb18466-2005",
        "trc-1",
        "generic-residual-chlorine",
        "contact_tank_outlet",
    ),
    ("radiology", "ct", "gbz130-2020", "room-1", "generic-room-interlock", "xray_room"),
];

fn text(of: &str) -> Text {
    Text { zh: of.into(), en: of.into() }
}

pub(crate) fn spec() -> SiteSpec {
    let packs = builtin_packs();
    let profiles = builtin_profiles();
    let mut series = (0..).map(SeriesId);
    let mut areas = Vec::new();
    let mut devices = Vec::new();
    for (area, class, pack, device, profile, role) in DEVICES {
        let profile = profiles.iter().find(|p| p.id.as_str() == profile).unwrap().clone();
        let id: DeviceId = device.parse().unwrap();
        let area: AreaId = area.parse().unwrap();
        let stale_after = Duration::from_secs(45);
        let points = profile.points.iter().map(|def| PointFacts {
            id: PointId::new(id.clone(), def.id.clone()),
            role: role.parse().unwrap(),
            parameter: def.parameter.clone(),
            unit: def.unit,
            max_gap: stale_after,
            occasional: false,
        });
        let wanted = [pack, "weir-system"];
        areas.push(AreaSpec {
            name: text(area.as_str()),
            kind: "hospital_wastewater".into(),
            opening_hours: Vec::new(),
            packs: packs.iter().filter(|p| wanted.contains(&p.id.as_str())).cloned().collect(),
            facts: AreaFacts {
                id: area.clone(),
                class: Some(class.parse().unwrap()),
                schedule: Schedule::parse(&[]).unwrap(),
                time_zone: TimeZone::UTC,
                facts: std::collections::BTreeMap::new(),
                points: points.collect(),
            },
        });
        devices.push(DeviceSpec {
            id,
            name: text(device),
            series: series.by_ref().take(profile.points.len()).collect(),
            profile: Arc::clone(&profile),
            link: "line".parse().unwrap(),
            unit_id: Some(1),
            area,
            role: role.parse().unwrap(),
            scan_interval: Duration::from_secs(5),
            stale_after,
        });
    }
    SiteSpec {
        id: "rig".parse().unwrap(),
        name: text("rig"),
        time_zone: "UTC".into(),
        config_hash: String::new(),
        areas,
        links: Vec::new(),
        devices,
        alarms: AlarmLimits::default(),
    }
}
