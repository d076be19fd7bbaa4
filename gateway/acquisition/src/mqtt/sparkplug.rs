//! The edge nodes of a link, and what they say of its devices.
//!
//! A device's address is `group/edge node`, for metrics of the node itself, or
//! `group/edge node/device`. Metrics that were measured while nobody could be told are readings of
//! their time, and no sign of life. A node reports by exception, so silence says nothing while it
//! lives; when a device has been silent for as long as would be a fault elsewhere, its node is asked
//! to say everything again, which is an answer or none.

use crate::messages::{Measured, Publisher, Raw, Receipt, read_value};
use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use tokio::time::Instant;
use weir_domain::{BadReason, Reading, Timestamp, UncertainReason};
use weir_engine::Row;
use weir_profiles::{Access, MessageFormat, Source};
use weir_wire::sparkplug::{
    self, Event, Measured as Metric, MetricQuality, MetricValue, Node, Topic,
};

/// A device of ours behind a node.
struct Listener {
    device: Option<String>,
    publisher: usize,
    by_metric: HashMap<String, Vec<usize>>,
}

struct Edge {
    group: String,
    name: String,
    node: Node,
    listeners: Vec<Listener>,
}

/// All edge nodes of a link.
pub(super) struct Edges {
    list: Vec<Edge>,
    start: Instant,
}

/// What has come of a message, or of time.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Row>,
    /// Topics of nodes to be asked for a rebirth.
    pub(super) ask: Vec<String>,
}

impl Edges {
    /// Those of the devices whose profiles speak Sparkplug.
    pub(super) fn new(publishers: &mut [Publisher], now: Instant) -> Self {
        let mut found = Vec::<(String, String, Vec<Listener>)>::new();
        for (index, publisher) in publishers.iter_mut().enumerate() {
            let Access::Mqtt(access) = &publisher.settings.profile.access else { continue };
            if access.format != MessageFormat::Sparkplug {
                continue;
            }
            let address = publisher.settings.address.clone().unwrap_or_default();
            let Some((group, name, device)) = parts(&address) else {
                publisher.cannot_work(format!(
                    "{address:?} is no Sparkplug address: group/edge node or group/edge node/device"
                ));
                continue;
            };
            let listener = Listener {
                device: device.map(str::to_owned),
                publisher: index,
                by_metric: by_metric(publisher),
            };
            match found.iter_mut().find(|(g, n, _)| g == group && n == name) {
                Some((.., listeners)) => listeners.push(listener),
                None => found.push((group.to_owned(), name.to_owned(), vec![listener])),
            }
        }
        let edge = |(group, name, listeners): (String, String, Vec<Listener>)| {
            let owners: BTreeSet<_> = listeners.iter().map(|l| l.device.clone()).collect();
            Edge { group, name, node: Node::new(owners), listeners }
        };
        Self { list: found.into_iter().map(edge).collect(), start: now }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is to be subscribed to.
    pub(super) fn filters(&self) -> impl Iterator<Item = String> {
        self.list.iter().map(|edge| Topic::filter_of(&edge.group, &edge.name))
    }

    /// Whether the topic is one of theirs.
    pub(super) fn find(&self, topic: &str) -> Option<usize> {
        let topic = Topic::parse(topic)?;
        self.list.iter().position(|edge| edge.group == topic.group && edge.name == topic.node)
    }

    fn moment(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    /// The connection is new.
    pub(super) fn connected(&mut self, now: Instant) -> Outcome {
        let (moment, mut outcome) = (self.moment(now), Outcome::default());
        for edge in &mut self.list {
            if edge.node.connected(moment).contains(&Event::AskRebirth) {
                outcome.ask.push(edge.command_topic());
            }
        }
        outcome
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.list.iter_mut().for_each(|edge| edge.node.disconnected());
    }

    /// A message on a topic of one of them.
    ///
    /// # Errors
    /// In words, when it is not a payload; it is told to the devices.
    pub(super) fn receive(
        &mut self,
        index: usize,
        topic: &str,
        payload: &[u8],
        publishers: &mut [Publisher],
        (now, wall): (Instant, Timestamp),
    ) -> Outcome {
        let moment = self.moment(now);
        let edge = &mut self.list[index];
        let Some(topic) = Topic::parse(topic) else { return Outcome::default() };
        match sparkplug::decode(payload) {
            Ok(payload) => {
                let events = edge.node.receive(topic.device, topic.said, payload, moment);
                edge.take(events, publishers, now, wall)
            }
            Err(error) => {
                for listener in
                    edge.listeners.iter().filter(|l| l.device.as_deref() == topic.device)
                {
                    publishers[listener.publisher].invalid(&error.to_string(), now);
                }
                Outcome::default()
            }
        }
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.list.iter().filter_map(|edge| edge.node.due()).min().map(|due| self.start + due)
    }

    /// Time has come to `now`.
    pub(super) fn tick(
        &mut self,
        publishers: &mut [Publisher],
        now: Instant,
        wall: Timestamp,
    ) -> Outcome {
        let (moment, mut outcome) = (self.moment(now), Outcome::default());
        for edge in &mut self.list {
            let events = edge.node.tick(moment);
            let of_edge = edge.take(events, publishers, now, wall);
            outcome.rows.extend(of_edge.rows);
            outcome.ask.extend(of_edge.ask);
        }
        outcome
    }

    /// Wishes to hear again from a device that is silent; false if it is not known to live.
    pub(super) fn ask_again(&mut self, publisher: usize) -> bool {
        for edge in &mut self.list {
            let listener = edge.listeners.iter().find(|listener| listener.publisher == publisher);
            if let Some(listener) = listener {
                let lives = edge.node.is_alive(listener.device.as_deref());
                if lives {
                    edge.node.ask();
                }
                return lives;
            }
        }
        false
    }
}

impl Edge {
    fn command_topic(&self) -> String {
        Topic::command_to(&self.group, &self.name)
    }

    fn take(
        &self,
        events: Vec<Event>,
        publishers: &mut [Publisher],
        now: Instant,
        wall: Timestamp,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for event in events {
            match event {
                Event::AskRebirth => outcome.ask.push(self.command_topic()),
                Event::Dead { device } => {
                    let dead = |l: &&Listener| device.is_none() || l.device == device;
                    for listener in self.listeners.iter().filter(dead) {
                        let why = match &device {
                            Some(device) => {
                                format!("edge node {} says that {device} is gone", self.name)
                            }
                            None => format!("edge node {} is gone", self.name),
                        };
                        let publisher = &mut publishers[listener.publisher];
                        outcome.rows.extend(publisher.gone(why, now, wall));
                    }
                }
                Event::Values { device, metrics, in_doubt } => {
                    for listener in self.listeners.iter().filter(|l| l.device == device) {
                        let publisher = &mut publishers[listener.publisher];
                        let receipt = publisher.receipt(wall, false);
                        let rows = rows(listener, publisher, &metrics, in_doubt, &receipt);
                        let is_live = metrics.iter().any(|metric| {
                            !metric.is_historical && listener.by_metric.contains_key(&metric.name)
                        });
                        if is_live {
                            publisher.heard(wall, now);
                        }
                        outcome.rows.extend(rows);
                    }
                }
            }
        }
        outcome
    }
}

fn rows(
    listener: &Listener,
    publisher: &Publisher,
    metrics: &[Metric],
    in_doubt: bool,
    receipt: &Receipt,
) -> Vec<Row> {
    let (points, series) = (&publisher.settings.profile.points, &publisher.settings.series);
    let mut rows = Vec::new();
    for metric in metrics {
        for index in listener.by_metric.get(&metric.name).into_iter().flatten() {
            let (Some(def), Some(series)) = (points.get(*index), series.get(*index)) else {
                continue;
            };
            let reading = graded(read_value(def, raw(&metric.value)), metric.quality, in_doubt);
            let t = metric.timestamp.map(Timestamp::from_millis).filter(|t| receipt.trusts(*t));
            let measured = t.map_or(Measured::Unknown, Measured::At);
            rows.push(Row { series: *series, sample: measured.sample(reading, receipt) });
        }
    }
    rows
}

fn raw(value: &MetricValue) -> Raw<'_> {
    match value {
        MetricValue::Null => Raw::Null,
        MetricValue::Boolean(on) => Raw::Boolean(*on),
        MetricValue::Number(number) => Raw::Number(*number),
        MetricValue::Rounded(number) => Raw::Rounded(*number),
        MetricValue::Text(text) => Raw::Text(text),
        MetricValue::Other => Raw::Other,
    }
}

/// What the node says of a value, and what we know of the node, goes on top.
fn graded(reading: Reading, quality: MetricQuality, in_doubt: bool) -> Reading {
    match (quality, reading) {
        (MetricQuality::Bad, reading) => Reading::Bad(reading.value(), BadReason::Unspecified),
        (MetricQuality::Stale, reading) => Reading::Bad(reading.value(), BadReason::Stale),
        (MetricQuality::Unknown(_), Reading::Good(value)) => {
            Reading::Uncertain(value, UncertainReason::Unspecified)
        }
        (_, Reading::Good(value)) if in_doubt => {
            Reading::Uncertain(value, UncertainReason::Unspecified)
        }
        (_, reading) => reading,
    }
}

/// Group, edge node and device of an address.
fn parts(address: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut parts = address.split('/');
    let (group, node, device) = (parts.next()?, parts.next()?, parts.next());
    let named = |part: &str| !part.is_empty() && !part.contains(['+', '#']);
    let right = named(group) && named(node) && device.is_none_or(named) && parts.next().is_none();
    right.then_some((group, node, device))
}

fn by_metric(publisher: &Publisher) -> HashMap<String, Vec<usize>> {
    let mut by_metric = HashMap::<String, Vec<usize>>::new();
    for (index, point) in publisher.settings.profile.points.iter().enumerate() {
        if let Source::Field(field) = &point.source {
            by_metric.entry(field.name.clone()).or_default().push(index);
        }
    }
    by_metric
}
