//! Devices and how their links see them.

use serde::Serialize;
use weir_domain::{AreaId, DeviceId, LinkId, PointId, ProfileId, Role, Text, Timestamp};
use weir_engine::{
    Description, DeviceInfo,
    ports::{DeviceHealth, DeviceState},
};

/// A device.
#[derive(Serialize)]
pub(crate) struct Device<'a> {
    id: &'a DeviceId,
    name: &'a Text,
    profile: &'a ProfileId,
    link: &'a LinkId,
    transport: &'a str,
    unit_id: Option<u8>,
    area: &'a AreaId,
    role: &'a Role,
    scan_interval_ms: u128,
    points: Vec<&'a PointId>,
    health: Health<'a>,
}

#[derive(Serialize)]
struct Health<'a> {
    state: &'static str,
    last_error: Option<&'a str>,
    last_success: Option<Timestamp>,
    round_trip_ms: Option<f64>,
    successes: u64,
    timeouts: u64,
    invalid_answers: u64,
    exceptions: u64,
}

/// The state's word.
fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Waiting => "waiting",
        DeviceState::Online => "online",
        DeviceState::Offline => "offline",
    }
}

impl<'a> Health<'a> {
    fn of(health: Option<&'a DeviceHealth>) -> Self {
        Self {
            state: state(health.map_or(DeviceState::Waiting, |health| health.state)),
            last_error: health.and_then(|health| health.last_error.as_deref()),
            last_success: health.and_then(|health| health.last_success),
            round_trip_ms: health.and_then(|health| Some(health.round_trip?.last_ms)),
            successes: health.map_or(0, |health| health.successes),
            timeouts: health.map_or(0, |health| health.timeouts),
            invalid_answers: health.map_or(0, |health| health.invalid_answers),
            exceptions: health.map_or(0, |health| health.exceptions),
        }
    }
}

impl<'a> Device<'a> {
    /// A device as it stands.
    pub(crate) fn of(
        site: &'a Description,
        info: &'a DeviceInfo,
        health: &'a [DeviceHealth],
    ) -> Self {
        let link = site.links.iter().find(|link| link.id == info.link);
        let points = site.points.iter().filter(|point| *point.id.device() == info.id);
        Self {
            id: &info.id,
            name: &info.name,
            profile: &info.profile,
            link: &info.link,
            transport: link.map_or("", |link| &link.transport),
            unit_id: info.unit_id,
            area: &info.area,
            role: &info.role,
            scan_interval_ms: info.scan_interval.as_millis(),
            points: points.map(|point| &point.id).collect(),
            health: Health::of(health.iter().find(|health| health.device == info.id)),
        }
    }
}
