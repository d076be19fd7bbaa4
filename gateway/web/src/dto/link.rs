//! Links: what the devices are reached over.

use serde::Serialize;
use weir_domain::{DeviceId, LinkId, Text};
use weir_engine::{Description, LinkInfo, ports::LinkHealth};

/// A link with the devices on it.
#[derive(Serialize)]
pub(crate) struct Link<'a> {
    id: &'a LinkId,
    transport: &'a str,
    timeout_ms: u128,
    up: bool,
    endpoint: Option<&'a str>,
    last_error: Option<&'a str>,
    busy: f64,
    connects: u64,
    cause: Option<&'a Text>,
    devices: Vec<&'a DeviceId>,
}

impl<'a> Link<'a> {
    /// A link as it stands; one of which nothing is said yet is not up.
    pub(crate) fn of(site: &'a Description, info: &'a LinkInfo, health: &'a [LinkHealth]) -> Self {
        let health = health.iter().find(|health| health.link == info.id);
        let devices = site.devices.iter().filter(|device| device.link == info.id);
        Self {
            id: &info.id,
            transport: &info.transport,
            timeout_ms: info.timeout.as_millis(),
            up: health.is_some_and(|health| health.up),
            endpoint: health.and_then(|health| health.endpoint.as_deref()),
            last_error: health.and_then(|health| health.last_error.as_deref()),
            busy: health.map_or(0.0, |health| health.busy.clamp(0.0, 1.0)),
            connects: health.map_or(0, |health| health.connects),
            cause: health.and_then(|health| health.cause.as_ref()),
            devices: devices.map(|device| &device.id).collect(),
        }
    }
}
