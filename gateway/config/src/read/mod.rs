//! First step: what the text says, each part with its place, whether or not the parts agree.

mod address;
mod link;
mod modbus;
mod mqtt;
mod sink;

pub(crate) use address::overlap;
pub(crate) use link::{RawLink, RawMqtt, RawTransport};
pub(crate) use sink::{RawSink, RawTarget};

use crate::defaults::{
    COMMIT_INTERVAL_MS_BOUNDS, CONTACT_TANK_M3_MAX, ITEMS_MAX, KEY_DIGITS, KEY_PREFIX,
    RETENTION_DAYS_BOUNDS, SCAN_INTERVAL_MS_BOUNDS, SHELVE_MAX_MINS_BOUNDS,
};
use crate::{FacilityKind, Secret};
use core::net::SocketAddr;
use weir_domain::{AreaId, Class, DeviceId, LinkId, Role, SiteId, Text};
use weir_profiles::form::{Faults, Fields, Form, Found, Spot};

/// Everything the text says. What is missing or wrong is `None`, and noted.
pub(crate) struct Raw {
    pub(crate) site: Option<RawSite>,
    pub(crate) areas: Vec<RawArea>,
    pub(crate) links: Vec<RawLink>,
    pub(crate) devices: Vec<RawDevice>,
    pub(crate) sinks: Vec<RawSink>,
    pub(crate) trust: RawTrust,
    pub(crate) storage: RawStorage,
    pub(crate) web: RawWeb,
    pub(crate) shelve_max_mins: Option<i64>,
}

pub(crate) struct RawSite {
    pub(crate) id: Option<Found<SiteId>>,
    pub(crate) name: Option<Found<Text>>,
    pub(crate) kind: Option<Found<FacilityKind>>,
    pub(crate) has_kind: bool,
    pub(crate) time_zone: Option<Found<String>>,
}

pub(crate) struct RawArea {
    pub(crate) spot: Spot,
    pub(crate) id: Option<Found<AreaId>>,
    pub(crate) name: Option<Found<Text>>,
    pub(crate) kind: Option<Found<FacilityKind>>,
    pub(crate) has_kind: bool,
    pub(crate) class: Option<Found<Class>>,
    pub(crate) packs: Vec<Found<String>>,
    pub(crate) contact_tank_m3: Option<f64>,
    pub(crate) opening_hours: Option<Found<Vec<Found<String>>>>,
    pub(crate) facts: Vec<(Found<String>, f64)>,
}

pub(crate) struct RawDevice {
    pub(crate) spot: Spot,
    pub(crate) id: Option<Found<DeviceId>>,
    pub(crate) name: Option<Found<Text>>,
    pub(crate) profile: Option<Found<String>>,
    pub(crate) link: Option<Found<LinkId>>,
    pub(crate) unit_id: Option<Found<i64>>,
    pub(crate) has_unit_id: bool,
    pub(crate) address: Option<Found<String>>,
    pub(crate) area: Option<Found<AreaId>>,
    pub(crate) role: Option<Found<Role>>,
    pub(crate) scan_interval_ms: Option<Found<i64>>,
}

/// Whose rule packs may judge, besides those that come with the gateway.
#[derive(Default)]
pub(crate) struct RawTrust {
    pub(crate) keys: Vec<Found<String>>,
    pub(crate) allow_unsigned: bool,
}

#[derive(Default)]
pub(crate) struct RawStorage {
    pub(crate) retention_days: Option<i64>,
    pub(crate) commit_interval_ms: Option<i64>,
}

#[derive(Default)]
pub(crate) struct RawWeb {
    pub(crate) listen: Option<Found<SocketAddr>>,
}

/// Reads the whole text; none if it is no TOML.
pub(crate) fn read(text: &str, faults: &Faults<'_>) -> Option<Raw> {
    let form = Form::parse(text, faults)?;
    let mut root = form.fields(faults);
    for (key, table) in
        [("site", "[site]"), ("area", "[[area]]"), ("link", "[[link]]"), ("device", "[[device]]")]
    {
        if !root.has(key) {
            faults.note(&root.at(key), format!("there is no {table} in the file"));
        }
    }
    Some(Raw {
        site: root.fields("site").map(site),
        areas: items(&mut root, "area", faults, area),
        links: items(&mut root, "link", faults, link::link),
        devices: items(&mut root, "device", faults, device),
        sinks: items(&mut root, "sink", faults, sink::sink),
        trust: root.fields("packs").map(|fields| trust(fields, faults)).unwrap_or_default(),
        storage: root.fields("storage").map(storage).unwrap_or_default(),
        shelve_max_mins: root.fields("alarms").and_then(shelve_max_mins),
        web: root.fields("web").map(|fields| web(fields, faults)).unwrap_or_default(),
    })
}

/// The tables `[[key]]`, up to a number that no site reaches.
fn items<T>(
    root: &mut Fields<'_, '_>,
    key: &'static str,
    faults: &Faults<'_>,
    read: impl Fn(Fields<'_, '_>, &Faults<'_>) -> T,
) -> Vec<T> {
    let list = root.list_of_fields(key);
    match list.as_ref().map(Vec::len) {
        Some(0) => faults.note(&root.at(key), format!("there is no {key} in the list")),
        Some(ITEMS_MAX..) => faults.note(&root.at(key), format!("{ITEMS_MAX} or more [[{key}]]")),
        _ => {}
    }
    list.into_iter().flatten().take(ITEMS_MAX).map(|fields| read(fields, faults)).collect()
}

fn site(mut fields: Fields<'_, '_>) -> RawSite {
    fields.require(&["id", "time_zone"]);
    RawSite {
        id: fields.parsed("id"),
        name: fields.name("name"),
        kind: fields.choice("kind", &FacilityKind::WORDS),
        has_kind: fields.has("kind"),
        time_zone: fields.text("time_zone"),
    }
}

fn area(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawArea {
    fields.require(&["id"]);
    let tank = fields.number("contact_tank_m3");
    let fits = |tank: &Found<f64>| tank.value > 0.0 && tank.value <= CONTACT_TANK_M3_MAX;
    if let Some(tank) = tank.as_ref().filter(|tank| !fits(tank)) {
        let problem = format!("a contact tank holds more than 0, at most {CONTACT_TANK_M3_MAX}");
        faults.note(&tank.spot, problem);
    }
    RawArea {
        spot: fields.spot().clone(),
        id: fields.parsed("id"),
        name: fields.name("name"),
        kind: fields.choice("kind", &FacilityKind::WORDS),
        has_kind: fields.has("kind"),
        class: fields.parsed("class"),
        packs: fields.texts("packs").map_or(Vec::new(), |found| found.value),
        contact_tank_m3: tank.map(|tank| tank.value),
        opening_hours: fields.texts("opening_hours"),
        facts: fields.named_numbers("facts").unwrap_or_default(),
    }
}

fn device(mut fields: Fields<'_, '_>, _: &Faults<'_>) -> RawDevice {
    fields.require(&["id", "profile", "link", "area", "role"]);
    RawDevice {
        spot: fields.spot().clone(),
        id: fields.parsed("id"),
        name: fields.name("name"),
        profile: fields.text("profile"),
        link: fields.parsed("link"),
        // The bounds depend on the link; here any number will do.
        unit_id: fields.whole("unit_id", i64::MIN..=i64::MAX),
        has_unit_id: fields.has("unit_id"),
        address: fields.text("address"),
        area: fields.parsed("area"),
        role: fields.parsed("role"),
        scan_interval_ms: fields.whole("scan_interval_ms", SCAN_INTERVAL_MS_BOUNDS),
    }
}

fn trust(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawTrust {
    let keys = fields.texts("trusted_keys").map_or(Vec::new(), |found| found.value);
    for key in &keys {
        let digits = key.value.strip_prefix(KEY_PREFIX);
        let fits = |digits: &str| {
            digits.len() == KEY_DIGITS && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        };
        if !digits.is_some_and(fits) {
            let hint = "write what `weir packs keygen` printed: ed25519: and 64 hex digits";
            faults.hint(&key.spot, "this is no public key", hint);
        }
    }
    let allow = fields.flag("allow_unsigned").is_some_and(|found| found.value);
    RawTrust { keys, allow_unsigned: allow }
}

fn storage(mut fields: Fields<'_, '_>) -> RawStorage {
    let retention = fields.whole("retention_days", RETENTION_DAYS_BOUNDS);
    let commit = fields.whole("commit_interval_ms", COMMIT_INTERVAL_MS_BOUNDS);
    RawStorage {
        retention_days: retention.map(|found| found.value),
        commit_interval_ms: commit.map(|found| found.value),
    }
}

fn shelve_max_mins(mut fields: Fields<'_, '_>) -> Option<i64> {
    fields.whole("shelve_max_mins", SHELVE_MAX_MINS_BOUNDS).map(|found| found.value)
}

fn web(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> RawWeb {
    let hint = "write \"127.0.0.1:8080\", or \"0.0.0.0:8080\" for every interface";
    RawWeb { listen: address::listen(&mut fields, faults, hint) }
}

/// Where a secret is kept: `{ file = "…" }` or `{ env = "…" }`. Anything else is refused without
/// being repeated.
fn secret(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    faults: &Faults<'_>,
) -> Option<Found<Secret>> {
    let spot = fields.at(key);
    if fields.is_text(key) {
        let hint = format!(
            "keep it in a file and write {key} = {{ file = \"/etc/weir/{key}\" }}, \
             or {{ env = \"WEIR_{}\" }}",
            key.to_uppercase()
        );
        fields.know(key);
        faults.hint(&spot, "a secret must not stand in the site file", hint);
        return None;
    }
    let mut inner = fields.fields(key)?;
    let (file, env) = (inner.text("file"), inner.text("env"));
    if inner.has("file") == inner.has("env") {
        faults.note(&spot, "a secret is kept either in a `file` or in an `env` variable");
        return None;
    }
    let env = env.filter(|env| {
        let fits = env.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !fits {
            faults.note(&env.spot, "the name of a variable has only letters, digits and '_'");
        }
        fits
    });
    let kept =
        file.map(|file| Secret::File(file.value.into())).or(env.map(|env| Secret::Env(env.value)));
    kept.map(|value| Found { value, spot })
}
