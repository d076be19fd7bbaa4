//! Second step: do the parts agree? References are resolved, bounds that depend on another part are
//! held, and the rule packs are asked what they make of each area.

mod access;
mod area;
mod device;
mod link;
mod packs;

use crate::defaults::{COMMIT_INTERVAL_MS, LISTEN, RETENTION_DAYS, SHELVE_MAX_MINS};
use crate::read::{Raw, RawSink, RawStorage, RawTarget, read};
use crate::{Alarms, ConfigError, Reason, Sink, SinkKind, Site, Storage, Web};
pub use area::SYSTEM_PACKS;
use core::fmt::Display;
use core::hash::Hash;
use core::time::Duration;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::HashMap;
use std::sync::Arc;
use weir_compliance::Pack;
use weir_domain::{LinkId, Text, Timestamp};
use weir_profiles::Profile;
use weir_profiles::form::{Faults, Found, Spot, closest};

/// Most names of a kind that a hint lists; more are looked up better in the reference.
const KNOWN_SHOWN: usize = 20;

/// The device profiles and rule packs that a site file may name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The profiles; ids are unique.
    pub profiles: Vec<Arc<Profile>>,
    /// The packs; ids are unique.
    pub packs: Vec<Arc<Pack>>,
    /// The time, if packs that are not in force then are to be warned of.
    pub now: Option<Timestamp>,
}

/// A site file that holds, and what might still be wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The site.
    pub site: Site,
    /// What does not stop the gateway but should be looked at, in the order of the text.
    pub warnings: Vec<Reason>,
    /// Where each link stands: reasons whose problem is the link's id.
    link_places: Vec<Reason>,
}

impl Checked {
    /// A warning about a link, at its place in the text: for those who know more of what it will
    /// have to carry. None if there is no such link.
    pub fn link_warning(&self, link: &LinkId, problem: String, hint: String) -> Option<Reason> {
        let place = self.link_places.iter().find(|place| place.problem == link.as_str())?;
        Some(Reason { problem, hint: Some(hint), ..place.clone() })
    }
}

impl Library {
    /// What comes with the gateway.
    pub fn builtin() -> Self {
        Self {
            profiles: weir_profiles::builtin_profiles(),
            packs: weir_compliance::builtin_packs(),
            now: None,
        }
    }
}

impl Site {
    /// Reads a site file.
    ///
    /// # Errors
    /// With every fault of the text at once.
    pub fn parse(text: &str, library: &Library) -> Result<Checked, ConfigError> {
        let (errors, warnings) = (Faults::new(text), Faults::new(text));
        let places = Faults::new(text);
        let check = Check { library, errors: &errors, warnings: &warnings };
        let site = read(text, &errors).and_then(|raw| {
            for (link, id) in raw.links.iter().filter_map(|link| Some((link, link.id.as_ref()?))) {
                places.note(&link.spot, id.value.as_str());
            }
            check.site(&raw)
        });
        match (site, errors.into_reasons()) {
            (Some(site), reasons) if reasons.is_empty() => Ok(Checked {
                site,
                warnings: warnings.into_reasons(),
                link_places: places.into_reasons(),
            }),
            (_, reasons) => Err(ConfigError { reasons }),
        }
    }
}

/// What every check needs.
struct Check<'a, 'i> {
    library: &'a Library,
    errors: &'a Faults<'i>,
    warnings: &'a Faults<'i>,
}

impl Check<'_, '_> {
    fn site(&self, raw: &Raw) -> Option<Site> {
        let head = raw.site.as_ref();
        let time_zone = head.and_then(|site| self.time_zone(site.time_zone.as_ref()?));
        let areas = self.areas(raw);
        let links = self.links(raw);
        let devices = self.devices(raw);
        let sinks = self.sinks(&raw.sinks);
        // The rules of an area are looked at even if another part of the file is at fault.
        let zone = time_zone.as_ref().map_or(TimeZone::UTC, |(zone, _)| zone.clone());
        let whole: Vec<_> = devices.iter().flatten().cloned().collect();
        for (area, raw_area) in areas.iter().zip(&raw.areas) {
            if let Some(area) = area {
                self.packs_of(area, raw_area, &whole, &zone);
                self.roles_of(area, &raw.devices);
            }
        }
        let head = head?;
        let (id, (time_zone, time_zone_name)) = (head.id.as_ref()?.value.clone(), time_zone?);
        Some(Site {
            name: name_or_id(head.name.as_ref(), &id),
            id,
            time_zone,
            time_zone_name,
            areas: areas.into_iter().collect::<Option<_>>()?,
            links: links.into_iter().collect::<Option<_>>()?,
            devices: devices.into_iter().collect::<Option<_>>()?,
            sinks: sinks.into_iter().collect::<Option<_>>()?,
            storage: storage(&raw.storage),
            alarms: Alarms {
                shelve_max: Duration::from_secs(bounded(raw.shelve_max_mins, SHELVE_MAX_MINS) * 60),
            },
            web: Web { listen: raw.web.listen.as_ref().map_or(LISTEN, |found| found.value) },
        })
    }

    /// The zone by its IANA name, from the database in this program: the machine's own may be old,
    /// or none.
    fn time_zone(&self, name: &Found<String>) -> Option<(TimeZone, String)> {
        let database = TimeZoneDatabase::bundled();
        if let Ok(zone) = database.get(&name.value) {
            return Some((zone, name.value.clone()));
        }
        let known: Vec<String> = database.available().map(|zone| zone.to_string()).collect();
        let hint = match closest(&name.value, known.iter().map(String::as_str)) {
            Some(zone) => format!("did you mean \"{zone}\"?"),
            None => "use an IANA name, such as \"Asia/Shanghai\"".to_owned(),
        };
        let problem = format!("unknown time zone \"{}\"", name.value);
        self.errors.hint(&name.spot, problem, hint);
        None
    }

    fn sinks(&self, raw: &[RawSink]) -> Vec<Option<Sink>> {
        self.unique("sink", raw.iter().filter_map(|sink| sink.id.as_ref()));
        let sink = |raw: &RawSink| {
            let kind = match raw.target.as_ref()? {
                RawTarget::Influx { url, org, bucket, token, grace } => SinkKind::Influx {
                    url: url.clone()?,
                    org: org.clone(),
                    bucket: bucket.clone(),
                    token: token.clone(),
                    grace: *grace,
                },
                RawTarget::Webhook { url, secret } => {
                    SinkKind::Webhook { url: url.clone()?, secret: secret.clone()? }
                }
            };
            Some(Sink { id: raw.id.as_ref()?.value.clone(), kind })
        };
        raw.iter().map(sink).collect()
    }

    /// Notes every id that stands a second time.
    fn unique<'r, T: Display + Eq + Hash + 'r>(
        &self,
        what: &str,
        ids: impl Iterator<Item = &'r Found<T>>,
    ) {
        let mut first: HashMap<&T, &Spot> = HashMap::new();
        for id in ids {
            if let Some(first) = first.get(&id.value) {
                let hint = format!("the first is on line {}", self.errors.line(first));
                let problem = format!("a second {what} with the id \"{}\"", id.value);
                self.errors.hint(&id.spot, problem, hint);
            } else {
                first.insert(&id.value, &id.spot);
            }
        }
    }

    /// Notes that something named does not exist, with what was probably meant.
    fn unknown<'k>(
        &self,
        what: &str,
        name: &str,
        spot: &Spot,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        known.dedup();
        let hint = match closest(name, known.iter().copied()) {
            Some(meant) => Some(format!("did you mean \"{meant}\"?")),
            None if known.is_empty() => None,
            None if known.len() > KNOWN_SHOWN => {
                Some(format!("there are {}; the reference lists them", known.len()))
            }
            None => Some(format!("known are {}", known.join(", "))),
        };
        self.errors.maybe_hint(spot, format!("unknown {what} \"{name}\""), hint);
    }
}

/// The name, or the id in both languages.
fn name_or_id(name: Option<&Found<Text>>, id: &impl Display) -> Text {
    name.map_or_else(
        || Text { zh: id.to_string(), en: id.to_string() },
        |found| found.value.clone(),
    )
}

/// A number that the reader has bounded, as an unsigned one.
fn bounded(number: Option<i64>, default: u64) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(default)
}

fn storage(raw: &RawStorage) -> Storage {
    const DAY_SECS: u64 = 24 * 60 * 60;
    Storage {
        retention: Duration::from_secs(bounded(raw.retention_days, RETENTION_DAYS) * DAY_SECS),
        commit_interval: Duration::from_millis(bounded(raw.commit_interval_ms, COMMIT_INTERVAL_MS)),
    }
}
