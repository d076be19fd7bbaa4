//! A simulated facility as the gateway would be told of it: a site file and profiles, as text, and
//! through the same checks as anybody's.

use crate::wiring::{ALWAYS, Wire, facts, law, wire};
use anyhow::{Context as _, anyhow, ensure};
use std::{fmt::Write as _, sync::Arc};
use weir_config::{Device, Library, area_facts};
use weir_domain::{PointId, SeriesId, Unit};
use weir_engine::{AreaSpec, DeviceSpec, LinkInfo, SiteSpec};
use weir_plant::facility::{Report, Site};
use weir_profiles::Profile;

/// A site, ready for an engine.
pub(crate) struct Installed {
    pub(crate) spec: SiteSpec,
    /// The number of each signal of the plant in the store.
    pub(crate) series: Vec<SeriesId>,
    /// The point of each signal.
    pub(crate) points: Vec<PointId>,
    /// Times what each signal's instrument gives.
    pub(crate) factors: Vec<f64>,
}

/// Installs the instruments of a facility.
///
/// # Errors
/// When the site file or a profile made of it is not accepted, which is a fault of this exam.
pub(crate) fn install(site: &Site) -> anyhow::Result<Installed> {
    let groups = groups(site);
    let mut library = Library::builtin();
    for group in &groups {
        let text = profile(site, group);
        let profile =
            Profile::parse(&text).map_err(|error| anyhow!("{error}\n{text}")).context("profile")?;
        library.profiles.push(Arc::new(profile));
    }
    let text = site_file(site, &groups, &library);
    let checked = weir_config::Site::parse(&text, &library)
        .map_err(|error| anyhow!("{}", weir_config::render(&error.reasons, "site", &text)))?;
    let config = checked.site;
    let mut series = vec![SeriesId(0); site.signals.len()];
    let mut points = Vec::new();
    let mut number = 0;
    let mut devices = Vec::new();
    for (device, group) in config.devices.iter().zip(&groups) {
        let first = number;
        for (def, signal) in device.profile.points.iter().zip(&group.signals) {
            series[*signal] = SeriesId(number);
            points.push((*signal, PointId::new(device.id.clone(), def.id.clone())));
            number += 1;
        }
        devices.push(device_spec(device, (first..number).map(SeriesId).collect()));
    }
    ensure!(points.len() == site.signals.len(), "every signal has one point");
    points.sort_by_key(|(signal, _)| *signal);
    let always = library.packs.iter().filter(|pack| ALWAYS.contains(&pack.id.as_str()));
    let areas = config.areas.iter().map(|area| AreaSpec {
        name: area.name.clone(),
        kind: area.kind.as_str().to_owned(),
        opening_hours: area.opening_hours.clone(),
        packs: area.packs.iter().chain(always.clone()).cloned().collect(),
        facts: area_facts(&config, area),
    });
    let spec = SiteSpec {
        id: config.id.clone(),
        name: config.name.clone(),
        time_zone: config.time_zone_name.clone(),
        config_hash: String::new(),
        areas: areas.collect(),
        links: vec![LinkInfo {
            id: config.links[0].id.clone(),
            transport: config.links[0].transport.to_string(),
            timeout: config.links[0].timeout,
        }],
        devices,
        alarms: weir_engine::AlarmLimits::default(),
    };
    let factors = site.signals.iter().map(|signal| wire(site, signal).factor).collect();
    let points = points.into_iter().map(|(_, point)| point).collect();
    Ok(Installed { spec, series, points, factors })
}

fn device_spec(device: &Device, series: Vec<SeriesId>) -> DeviceSpec {
    DeviceSpec {
        id: device.id.clone(),
        name: device.name.clone(),
        profile: Arc::clone(&device.profile),
        link: device.link.clone(),
        unit_id: device.unit_id,
        area: device.area.clone(),
        role: device.role.clone(),
        scan_interval: device.scan_interval,
        stale_after: device.stale_after,
        series,
    }
}

/// Signals that one device of the site file stands for: the same instrument and place. The slowest
/// sets the pace.
struct Group {
    id: String,
    role: &'static str,
    scan_secs: u32,
    occasional: bool,
    signals: Vec<usize>,
}

fn groups(site: &Site) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, signal) in site.signals.iter().enumerate() {
        let occasional = signal.report == Report::Event;
        let wired = wire(site, signal);
        let same = |group: &&mut Group| {
            group.id.split('_').next() == Some(signal.device.as_str())
                && (group.role, group.occasional) == (wired.role, occasional)
        };
        if let Some(group) = groups.iter_mut().find(same) {
            group.signals.push(place);
            group.scan_secs = group.scan_secs.max(signal.scan_secs);
            continue;
        }
        let twins =
            groups.iter().filter(|g| g.id.split('_').next() == Some(&signal.device)).count();
        let id = match twins {
            0 => signal.device.clone(),
            nth => format!("{}_{}", signal.device, nth + 1),
        };
        let (role, scan_secs) = (wired.role, signal.scan_secs);
        groups.push(Group { id, role, scan_secs, occasional, signals: vec![place] });
    }
    groups
}

/// What is told at every change, and is no switch.
const NUMBERS: [&str; 2] = ["phase", "power"];

fn profile(site: &Site, group: &Group) -> String {
    let occasional = if group.occasional { "occasional = true" } else { "" };
    let mut text = format!(
        "[profile]\nid = \"exam-{0}\"\nname = \"{0}\"\nsource = \"generic: an instrument of the exam\"\nmqtt = {{ {occasional} }}\n",
        group.id
    );
    for place in &group.signals {
        let signal = &site.signals[*place];
        let Wire { parameter, unit, .. } = wire(site, signal);
        let is_switch = signal.report == Report::Changed && !NUMBERS.contains(&signal.parameter);
        let (boolean, decimals) = (unit == Unit::One && is_switch, signal.decimals);
        let kind = if boolean { "kind = \"boolean\"\n" } else { "" };
        write!(
            text,
            "\n[[point]]\nid = \"{parameter}\"\nname = \"{parameter}\"\nparameter = \"{parameter}\"\nunit = \"{}\"\n{kind}decimals = {decimals}\nfield = \"{parameter}\"\n",
            unit.symbol()
        )
        .expect("a string can always grow");
    }
    text
}

fn site_file(site: &Site, groups: &[Group], library: &Library) -> String {
    let law = law(site);
    let (kind, packs) = (law.kind, law.packs);
    let packs_of: Vec<_> =
        library.packs.iter().filter(|pack| packs.contains(&pack.id.as_str())).collect();
    let mut text = format!(
        "[site]\nid = \"exam\"\nkind = \"{kind}\"\ntime_zone = \"Asia/Shanghai\"\n\n[[area]]\nid = \"{}\"\nkind = \"{kind}\"\npacks = {packs:?}\n",
        site.kind
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if let Some(hours) = &site.opening_hours {
        line(format!("opening_hours = [{hours:?}]"));
    }
    if let Some(class) = law.class {
        line(format!("class = {class:?}"));
    }
    for (fact, value) in facts(site).into_iter().filter(|(fact, _)| *fact == "contact_tank_m3") {
        line(format!("{fact} = {value:?}"));
    }
    // What no pack asks for would be refused as a slip of the pen.
    let asked = facts(site).into_iter().filter(|(fact, _)| {
        let named = packs_of.iter().flat_map(|pack| &pack.facts);
        *fact != "contact_tank_m3" && named.into_iter().any(|known| known.id.as_str() == *fact)
    });
    line("[area.facts]".into());
    for (fact, value) in asked {
        line(format!("{fact} = {value:?}"));
    }
    line("\n[[link]]\nid = \"broker\"\ntransport = { mqtt = { host = \"localhost\" } }".into());
    for group in groups {
        line(format!(
            "\n[[device]]\nid = \"{0}\"\nprofile = \"exam-{0}\"\nlink = \"broker\"\narea = \"{1}\"\nrole = \"{2}\"\nscan_interval_ms = {3}",
            group.id,
            site.kind,
            group.role,
            u64::from(group.scan_secs) * 1000
        ));
    }
    text
}
