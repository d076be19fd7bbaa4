//! What is different between two sites, in words.

use super::{Candidate, InForce};
use std::collections::BTreeMap;
use std::fmt::Display;
use weir_config::{Area, Device, Link, Sink, Site};

/// What is different although it must not be while the gateway runs, and why.
pub(super) fn needs_restart(old: &Site, new: &Site) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fixed = |key: &str, differs: bool, why: &str| {
        if differs {
            faults.push(format!("{key} has changed, which needs a restart: {why}"));
        }
    };
    fixed("site.id", old.id != new.id, "everything on record bears it");
    fixed("web.listen", old.web != new.web, "the console is open there");
    let why = "the store is opened with it";
    fixed("storage.retention_days", old.storage.retention != new.storage.retention, why);
    let differs = old.storage.commit_interval != new.storage.commit_interval;
    fixed("storage.commit_interval_ms", differs, why);
    faults
}

/// What is different, a line for each thing; empty if the two mean the same.
pub(super) fn changes(old: &Site, new: &Site) -> Vec<String> {
    let mut site = Keys::default();
    site.note("name", old.name != new.name);
    site.note("time_zone", old.time_zone_name != new.time_zone_name);
    let mut lines: Vec<String> = site.line("site", old.id.as_str()).into_iter().collect();
    lines.extend(items("area", &old.areas, &new.areas, |area| area.id.as_str(), area));
    lines.extend(items("link", &old.links, &new.links, |link| link.id.as_str(), link));
    lines.extend(items("device", &old.devices, &new.devices, |device| device.id.as_str(), device));
    lines.extend(items("sink", &old.sinks, &new.sinks, |sink| sink.id.as_str(), sink));
    lines.extend(library(old, new));
    lines
}

/// Links and sinks that say the same as before, but not so the secrets and certificates behind
/// them.
pub(super) fn secrets(old: &InForce, new: &Candidate) -> Vec<String> {
    let mut lines = Vec::new();
    let (before, after) = (&old.loaded.site, &new.loaded.site);
    for (link, transport) in after.links.iter().zip(&new.transports) {
        let known = before.links.iter().zip(&old.links).find(|(before, _)| *before == link);
        if known.is_some_and(|(_, settings)| settings.transport != *transport) {
            lines.push(format!("link {}: a secret or certificate", link.id));
        }
    }
    for (sink, settings) in after.sinks.iter().zip(&new.sinks) {
        let known = before.sinks.iter().zip(&old.sinks).find(|(before, _)| *before == sink);
        if known.is_some_and(|(_, before)| before != settings) {
            lines.push(format!("sink {}: a secret", sink.id));
        }
    }
    lines
}

/// Keys that are different, some with their values.
#[derive(Default)]
struct Keys(Vec<String>);

impl Keys {
    fn note(&mut self, key: &str, differs: bool) {
        if differs {
            self.0.push(key.to_owned());
        }
    }

    fn values(&mut self, key: &str, old: impl Display, new: impl Display) {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            self.0.push(format!("{key} {old} -> {new}"));
        }
    }

    fn line(self, what: &str, id: &str) -> Option<String> {
        (!self.0.is_empty()).then(|| format!("{what} {id}: {}", self.0.join(", ")))
    }
}

fn items<'a, T>(
    what: &str,
    old: &'a [T],
    new: &'a [T],
    id: impl Fn(&'a T) -> &'a str,
    keys: impl Fn(&T, &T) -> Keys,
) -> Vec<String> {
    let by_id: BTreeMap<&str, &T> = old.iter().map(|item| (id(item), item)).collect();
    let mut lines = Vec::new();
    for item in new {
        match by_id.get(id(item)) {
            None => lines.push(format!("{what} {}: new", id(item))),
            Some(before) => lines.extend(keys(before, item).line(what, id(item))),
        }
    }
    let gone = old.iter().filter(|item| !new.iter().any(|other| id(other) == id(item)));
    lines.extend(gone.map(|item| format!("{what} {}: gone", id(item))));
    lines
}

fn area(old: &Area, new: &Area) -> Keys {
    let mut keys = Keys::default();
    let packs = |area: &Area| {
        let ids: Vec<&str> = area.packs.iter().map(|pack| pack.id.as_str()).collect();
        format!("[{}]", ids.join(", "))
    };
    keys.note("name", old.name != new.name);
    keys.note("kind", old.kind != new.kind);
    keys.note("class", old.class != new.class);
    keys.values("packs", packs(old), packs(new));
    keys.note("contact_tank_m3", old.contact_tank_m3 != new.contact_tank_m3);
    keys.note("facts", old.facts != new.facts);
    keys.note("opening_hours", old.opening_hours != new.opening_hours);
    keys
}

fn link(old: &Link, new: &Link) -> Keys {
    let mut keys = Keys::default();
    match old.transport.to_string() == new.transport.to_string() {
        true => keys.note("transport", old.transport != new.transport),
        false => keys.values("transport", &old.transport, &new.transport),
    }
    keys.values("timeout_ms", old.timeout.as_millis(), new.timeout.as_millis());
    keys.values("request_gap_ms", old.request_gap.as_millis(), new.request_gap.as_millis());
    keys
}

fn device(old: &Device, new: &Device) -> Keys {
    let text = |unit: Option<u8>| unit.map_or("none".to_owned(), |unit| unit.to_string());
    let mut keys = Keys::default();
    keys.note("name", old.name != new.name);
    keys.values("profile", &old.profile.id, &new.profile.id);
    keys.values("link", &old.link, &new.link);
    keys.values("unit_id", text(old.unit_id), text(new.unit_id));
    keys.note("address", old.address != new.address);
    keys.values("area", &old.area, &new.area);
    keys.values("role", &old.role, &new.role);
    let (before, after) = (old.scan_interval.as_millis(), new.scan_interval.as_millis());
    keys.values("scan_interval_ms", before, after);
    keys
}

fn sink(old: &Sink, new: &Sink) -> Keys {
    let mut keys = Keys::default();
    keys.note("changed", old != new);
    keys
}

/// Profiles and packs that have kept their id, but not what they say.
fn library(old: &Site, new: &Site) -> Vec<String> {
    let profiles = |site: &Site| -> BTreeMap<String, _> {
        let devices = site.devices.iter().map(|device| &device.profile);
        devices.map(|profile| (profile.id.to_string(), profile.clone())).collect()
    };
    let packs = |site: &Site| -> BTreeMap<String, _> {
        let packs = site.areas.iter().flat_map(|area| &area.packs);
        packs.map(|pack| (pack.id.to_string(), pack.clone())).collect()
    };
    let mut lines = Vec::new();
    let (before, after) = (profiles(old), profiles(new));
    let differs = |(id, profile): &(&String, _)| before.get(*id).is_some_and(|old| old != *profile);
    lines.extend(after.iter().filter(differs).map(|(id, _)| format!("profile {id}: changed")));
    let (before, after) = (packs(old), packs(new));
    let differs = |(id, pack): &(&String, _)| before.get(*id).is_some_and(|old| old != *pack);
    lines.extend(after.iter().filter(differs).map(|(id, _)| format!("pack {id}: changed")));
    lines
}
