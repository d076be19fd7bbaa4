//! Devices: everything they name exists, and goes together.

use super::{Check, bounded, name_or_id};
use crate::defaults::{
    OCCASIONAL_STALE_DAYS, SCAN_INTERVAL_MS, STALE_INTERVALS, STALE_MIN_SECS, TIMEOUT_MS,
};
use crate::read::{Raw, RawDevice, RawLink, RawTransport};
use crate::{Device, Framing};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;
use weir_domain::{AreaId, LinkId};
use weir_profiles::form::{Found, Spot};
use weir_profiles::{Profile, lookup};

/// Unit ids of devices on a serial line.
const UNITS: core::ops::RangeInclusive<i64> = 1..=247;
/// Unit ids that mean the server itself; they make sense only on Modbus TCP.
const DIRECT: [i64; 2] = [0, 255];

impl Check<'_, '_> {
    pub(super) fn devices(&self, raw: &Raw) -> Vec<Option<Device>> {
        self.unique("device", raw.devices.iter().filter_map(|device| device.id.as_ref()));
        let profile = |device: &RawDevice| device.profile.as_ref().and_then(|p| self.profile(p));
        let profiles: Vec<_> = raw.devices.iter().map(profile).collect();
        let each = raw.devices.iter().zip(&profiles);
        let devices =
            each.map(|(device, profile)| self.device(device, profile.as_ref(), raw)).collect();
        self.unit_ids_are_unique(&raw.devices);
        self.topics_are_apart(raw, &profiles);
        devices
    }

    fn device(&self, raw: &RawDevice, profile: Option<&Arc<Profile>>, all: &Raw) -> Option<Device> {
        let link = raw.link.as_ref().and_then(|link| self.link_of(link, all));
        let area = raw.area.as_ref().and_then(|area| self.area_of(area, all));
        let transport = link.and_then(|link| link.transport.as_ref()).map(|found| &found.value);
        if let (Some(transport), Some(profile)) = (transport, profile) {
            self.access_matches(raw, profile, transport);
        }
        let unit_id = transport.and_then(|transport| self.unit_id(raw, transport));
        let address = transport.and_then(|transport| self.address(raw, profile, transport));
        let interval_ms =
            bounded(raw.scan_interval_ms.as_ref().map(|found| found.value), SCAN_INTERVAL_MS);
        if let Some(link) = link {
            self.interval_fits(raw, link, interval_ms);
        }
        let scan_interval = Duration::from_millis(interval_ms);
        let id = raw.id.as_ref()?;
        let mut device = Device {
            id: id.value.clone(),
            name: name_or_id(raw.name.as_ref(), &id.value),
            profile: Arc::clone(profile?),
            link: link?.id.as_ref()?.value.clone(),
            unit_id,
            address,
            area: area?.clone(),
            role: raw.role.as_ref()?.value.clone(),
            scan_interval,
            stale_after: (scan_interval * STALE_INTERVALS).max(Duration::from_secs(STALE_MIN_SECS)),
        };
        if device.is_occasional() {
            device.stale_after = Duration::from_secs(OCCASIONAL_STALE_DAYS * 86_400);
        }
        Some(device)
    }

    fn profile(&self, name: &Found<String>) -> Option<Arc<Profile>> {
        let profiles = &self.library.profiles;
        let found = lookup(profiles, &name.value).ok().map(Arc::clone);
        if found.is_none() {
            let known = profiles.iter().map(|profile| profile.id.as_str());
            self.unknown("profile", &name.value, &name.spot, known);
        }
        found
    }

    fn link_of<'r>(&self, name: &Found<LinkId>, all: &'r Raw) -> Option<&'r RawLink> {
        let ids = || all.links.iter().filter_map(|link| Some((link, &link.id.as_ref()?.value)));
        let found = ids().find(|(_, id)| **id == name.value).map(|(link, _)| link);
        if found.is_none() && may_be_told(all.links.iter().map(|link| link.id.is_some())) {
            let known = ids().map(|(_, id)| id.as_str());
            self.unknown("link", name.value.as_str(), &name.spot, known);
        }
        found
    }

    fn area_of<'r>(&self, name: &'r Found<AreaId>, all: &'r Raw) -> Option<&'r AreaId> {
        let ids = || all.areas.iter().filter_map(|area| Some(&area.id.as_ref()?.value));
        let found = ids().find(|id| **id == name.value);
        if found.is_none() && may_be_told(all.areas.iter().map(|area| area.id.is_some())) {
            self.unknown("area", name.value.as_str(), &name.spot, ids().map(AreaId::as_str));
        }
        found
    }

    /// The unit id, which the link's transport calls for or forbids.
    fn unit_id(&self, raw: &RawDevice, transport: &RawTransport) -> Option<u8> {
        let is_tcp = match transport {
            RawTransport::Tcp { framing: Framing::Mbap, .. }
            | RawTransport::DialIn { framing: Framing::Mbap, .. } => true,
            RawTransport::Tcp { .. } | RawTransport::DialIn { .. } | RawTransport::Rtu { .. } => {
                false
            }
            RawTransport::Mqtt(_) | RawTransport::Http { .. } => {
                if let Some(unit) = &raw.unit_id {
                    let link = transport.protocol();
                    let problem = format!("a device on an {link} link has no unit id");
                    self.errors.note(&unit.spot, problem);
                }
                return None;
            }
        };
        let Some(unit) = &raw.unit_id else {
            if !raw.has_unit_id {
                let hint =
                    "the device's address on the line, 1 to 247; see its display or switches";
                self.errors.hint(&raw.spot, "missing key `unit_id`", hint);
            }
            return None;
        };
        if UNITS.contains(&unit.value) || (is_tcp && DIRECT.contains(&unit.value)) {
            return u8::try_from(unit.value).ok();
        }
        let hint = match unit.value {
            0 => "0 calls everyone and nobody answers",
            255 => "255 is for a device that is reached directly over Modbus TCP",
            _ if is_tcp => "unit ids are 1 to 247; 0 or 255 is the device at the address itself",
            _ => "unit ids are 1 to 247",
        };
        self.errors.hint(&unit.spot, format!("no device has the unit id {}", unit.value), hint);
        None
    }

    /// Two devices of one link that answer to one unit id are one device.
    fn unit_ids_are_unique(&self, devices: &[RawDevice]) {
        let mut first: HashMap<(&LinkId, i64), &Spot> = HashMap::new();
        for device in devices {
            let (Some(link), Some(unit)) = (&device.link, &device.unit_id) else { continue };
            match first.get(&(&link.value, unit.value)) {
                Some(spot) => {
                    let problem = format!(
                        "a second device with unit id {} on link \"{}\"",
                        unit.value, link.value
                    );
                    let hint = format!("the first is on line {}", self.errors.line(spot));
                    self.errors.hint(&unit.spot, problem, hint);
                }
                None => {
                    first.insert((&link.value, unit.value), &unit.spot);
                }
            }
        }
    }

    /// One answer that does not come may take longer than the device has.
    fn interval_fits(&self, raw: &RawDevice, link: &RawLink, interval_ms: u64) {
        let Some(transport) = link.transport.as_ref().map(|found| &found.value) else { return };
        let spot = raw.scan_interval_ms.as_ref().map_or(&raw.spot, |found| &found.spot);
        if !transport.is_modbus() {
            if interval_ms == 0 {
                let hint = "how often it is expected to publish, in milliseconds";
                self.errors.hint(spot, "0 is for devices that are polled", hint);
            }
            return;
        }
        let timeout_ms = bounded(link.timeout_ms.as_ref().map(|found| found.value), TIMEOUT_MS);
        if interval_ms == 0 {
            let hint = "good for a bench; at a site, give it an interval";
            let problem = "the device is asked again at once, and the link is never at rest";
            self.warnings.hint(spot, problem, hint);
        } else if timeout_ms > interval_ms {
            let problem =
                format!("the link waits {timeout_ms} ms for an answer, longer than this interval");
            let hint = "lower the link's timeout_ms, or scan less often";
            self.warnings.hint(spot, problem, hint);
        }
    }
}

/// Whether an unknown name is worth a word: not while there is nothing to name, or something whose
/// own name is at fault and may be the one that is meant.
fn may_be_told(mut named: impl ExactSizeIterator<Item = bool>) -> bool {
    named.len() > 0 && named.all(|named| named)
}
