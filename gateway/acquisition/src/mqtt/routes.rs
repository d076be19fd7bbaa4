//! Who listens to which topic.

use super::{
    client::Ticket,
    filter::{is_right, is_wild, matches},
};
use crate::messages::{Publisher, Reader, Seen, TelemetryKey, filled_in};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use weir_profiles::{Access, MessageFormat, Source};

/// Topics whose routes are remembered; beyond, all are forgotten and found again.
const TOPICS_MAX: usize = 16_384;
/// Stored messages of a route that are remembered.
const REMEMBERED_MAX: usize = 1024;

/// A device that listens, by its place among the publishers, and how it reads what it hears.
pub(super) struct Listener {
    pub(super) publisher: usize,
    pub(super) reader: Reader,
}

/// A filter, and the devices that listen to it.
pub(super) struct Route {
    pub(super) filter: String,
    pub(super) listeners: Vec<Listener>,
    pub(super) seen: Seen<TelemetryKey, Ticket>,
}

/// All routes of a link.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) list: Vec<Route>,
    by_filter: HashMap<String, usize>,
    found: HashMap<String, Arc<[usize]>>,
}

impl Routes {
    /// Adds what a device listens to. A device that cannot be understood is told so, and left out.
    pub(super) fn add(&mut self, index: usize, publisher: &mut Publisher) {
        match readers(publisher) {
            Ok(readers) => {
                for (filter, reader) in readers {
                    self.route(filter).listeners.push(Listener { publisher: index, reader });
                }
            }
            Err(why) => publisher.cannot_work(why),
        }
    }

    fn route(&mut self, filter: String) -> &mut Route {
        let next = self.list.len();
        let index = *self.by_filter.entry(filter.clone()).or_insert(next);
        if index == next {
            let seen = Seen::new(REMEMBERED_MAX);
            self.list.push(Route { filter, listeners: Vec::new(), seen });
        }
        &mut self.list[index]
    }

    /// The routes that a topic takes (by index).
    pub(super) fn of(&mut self, topic: &str) -> Arc<[usize]> {
        if let Some(found) = self.found.get(topic) {
            return found.clone();
        }
        let matching = |(index, route): (usize, &Route)| {
            let so = if is_wild(&route.filter) {
                matches(&route.filter, topic)
            } else {
                route.filter == topic
            };
            so.then_some(index)
        };
        let found: Arc<[usize]> = self.list.iter().enumerate().filter_map(matching).collect();
        if self.found.len() >= TOPICS_MAX {
            self.found.clear();
        }
        self.found.insert(topic.to_owned(), found.clone());
        found
    }
}

/// The filters that a device listens to, each with its reader.
fn readers(publisher: &Publisher) -> Result<Vec<(String, Reader)>, String> {
    let (device, profile) = (&publisher.settings, &publisher.settings.profile);
    let Access::Mqtt(access) = &profile.access else {
        return Err(format!("profile {} is not of a device that publishes", profile.id));
    };
    if access.format == MessageFormat::Sparkplug {
        return Ok(Vec::new());
    }
    let mut by_topic = BTreeMap::<String, Vec<usize>>::new();
    for (index, point) in profile.points.iter().enumerate() {
        let Source::Field(field) = &point.source else {
            return Err(format!("profile {} has points that are no fields", profile.id));
        };
        let topic = field.topic.as_ref().unwrap_or(&access.topic);
        by_topic.entry(filled_in(topic, device)).or_default().push(index);
    }
    let reader = |(topic, points): (String, Vec<usize>)| {
        if !is_right(&topic) {
            return Err(format!("profile {}: {topic:?} is no topic to listen to", profile.id));
        }
        Ok((topic, Reader::new(device, &points)?))
    };
    by_topic.into_iter().map(reader).collect()
}
