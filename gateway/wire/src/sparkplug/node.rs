//! One edge node, as a host follows it. Pure: messages and moments in, events out.
//!
//! A node numbers its messages. One that comes too early is held back for [`REORDER`], in case
//! those before it are on their way; then the node is asked for a rebirth, and until it comes
//! whatever it says is **in doubt**: a birth that changed an alias may be among what was missed.
//!
//! A moment is the time since any fixed start, on a clock that does not go back.

use super::{
    MetricQuality, MetricValue, SESSION,
    payload::{Metric, Payload, metric_value::MetricValue as Wire},
    topic::Said,
};
use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};
use core::{mem, time::Duration};

/// How long a message waits for those before it.
const REORDER: Duration = Duration::from_secs(2);
/// Most messages that wait; one more, and those before them are given up.
const HELD_MAX: usize = 32;
/// First and longest rest between two wishes for a rebirth.
const ASK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// What a message comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Metrics of the node (`device` is none) or of a device have values.
    Values {
        /// The device.
        device: Option<String>,
        /// The values, in the order of the message.
        metrics: Vec<Measured>,
        /// Something was missed before: names may have changed.
        in_doubt: bool,
    },
    /// A device is gone; none is the node itself, and all its devices with it.
    Dead {
        /// The device.
        device: Option<String>,
    },
    /// The node is to be asked to say everything again.
    AskRebirth,
}

/// A metric's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The metric's name.
    pub name: String,
    /// Its value.
    pub value: MetricValue,
    /// Its quality.
    pub quality: MetricQuality,
    /// When it was measured, in ms since 1970 UTC, as the node says.
    pub timestamp: Option<i64>,
    /// It was measured while nobody could be told: it says nothing of the present.
    pub is_historical: bool,
}

/// Whether the node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// No birth was heard yet.
    Unknown,
    /// It is, in the session of that number.
    Alive(Option<u64>),
    /// It is not.
    Dead,
}

/// The metrics of the node or of one of its devices, as its birth defined them.
#[derive(Debug, Default)]
struct Owner {
    is_alive: bool,
    by_alias: BTreeMap<u64, String>,
    types: BTreeMap<String, u32>,
}

#[derive(Debug)]
struct Held {
    device: Option<String>,
    said: Said,
    payload: Payload,
}

/// An edge node.
#[derive(Debug)]
pub struct Node {
    life: Life,
    owners: BTreeMap<Option<String>, Owner>,
    expected: u8,
    held: BTreeMap<u8, Held>,
    gap_since: Option<Duration>,
    in_doubt: bool,
    wants_rebirth: bool,
    may_ask_at: Duration,
    rest: Duration,
    events: Vec<Event>,
}

impl Node {
    /// A node nothing is known of. Only metrics of these owners are of interest: the node itself
    /// (none) and devices of it.
    pub fn new(owners: BTreeSet<Option<String>>) -> Self {
        Self {
            life: Life::Unknown,
            owners: owners.into_iter().map(|owner| (owner, Owner::default())).collect(),
            expected: 0,
            held: BTreeMap::new(),
            gap_since: None,
            in_doubt: false,
            wants_rebirth: false,
            may_ask_at: Duration::ZERO,
            rest: ASK.0,
            events: Vec::new(),
        }
    }

    /// Whether the node, or one of its devices, is known to be there.
    pub fn is_alive(&self, device: Option<&str>) -> bool {
        let owner = self.owners.get(&device.map(str::to_owned));
        matches!(self.life, Life::Alive(_)) && owner.is_some_and(|owner| owner.is_alive)
    }

    /// The connection with the broker is new: whatever was known may be out of date.
    pub fn connected(&mut self, now: Duration) -> Vec<Event> {
        self.life = Life::Unknown;
        self.forget();
        self.rest = ASK.0;
        self.ask();
        self.events_of(now)
    }

    /// The connection with the broker is gone, and the node cannot be asked.
    pub fn disconnected(&mut self) {
        self.life = Life::Unknown;
        self.forget();
        self.wants_rebirth = false;
    }

    /// A message of the node, or of a device of it.
    pub fn receive(
        &mut self,
        device: Option<&str>,
        said: Said,
        payload: Payload,
        now: Duration,
    ) -> Vec<Event> {
        let held = Held { device: device.map(str::to_owned), said, payload };
        match (said, device) {
            (Said::Command, _) => {}
            (Said::Birth, None) => self.born(held.payload),
            (Said::Death, None) => self.died(&held.payload),
            _ if !matches!(self.life, Life::Alive(_)) => self.ask(),
            _ => self.in_order(held, now),
        }
        self.events_of(now)
    }

    /// When [`Self::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        let gap = self.gap_since.map(|since| since + REORDER);
        let ask = self.wants_rebirth.then_some(self.may_ask_at);
        gap.into_iter().chain(ask).min()
    }

    /// Time has come to `now`.
    pub fn tick(&mut self, now: Duration) -> Vec<Event> {
        if self.gap_since.is_some_and(|since| now >= since + REORDER) {
            self.give_up_waiting();
        }
        self.events_of(now)
    }

    /// What has come of it all, and the wish for a rebirth if it is time for one.
    fn events_of(&mut self, now: Duration) -> Vec<Event> {
        if self.wants_rebirth && now >= self.may_ask_at {
            self.events.push(Event::AskRebirth);
            self.may_ask_at = now + self.rest;
            self.rest = (self.rest * 2).min(ASK.1);
        }
        mem::take(&mut self.events)
    }

    /// Wishes to hear everything again; not more often than is good for the node.
    pub fn ask(&mut self) {
        self.wants_rebirth = true;
    }

    /// Nothing is known any more of what its births defined.
    fn forget(&mut self) {
        for owner in self.owners.values_mut() {
            *owner = Owner::default();
        }
        self.held.clear();
        self.gap_since = None;
        self.in_doubt = false;
    }

    fn born(&mut self, payload: Payload) {
        self.forget();
        self.life = Life::Alive(session(&payload));
        // The number is lower than 256 by the specification, and 0 as a rule.
        self.expected = (payload.seq.unwrap_or(0) as u8).wrapping_add(1);
        self.wants_rebirth = false;
        self.rest = ASK.0;
        self.take_birth(None, payload);
    }

    /// A death belongs to a session: a late one of an earlier session means nothing. One of a later
    /// session ends the present one as well; there are nodes that take leave with the number of the
    /// next.
    fn died(&mut self, payload: &Payload) {
        /// Further on than this, in numbers that go round at 256, is back.
        const LATER_MAX: u64 = 127;
        let is_meant = match (self.life, session(payload)) {
            (Life::Alive(Some(present)), Some(ended)) => {
                ended.wrapping_sub(present) & 0xFF <= LATER_MAX
            }
            (Life::Dead, _) => false,
            _ => true,
        };
        if is_meant {
            self.life = Life::Dead;
            self.forget();
            self.wants_rebirth = false;
            self.events.push(Event::Dead { device: None });
        }
    }

    /// Takes a message in when it is its turn.
    fn in_order(&mut self, message: Held, now: Duration) {
        /// Further ahead than this is behind.
        const AHEAD_MAX: u8 = 127;
        let Some(seq) = message.payload.seq.map(|seq| seq as u8) else {
            return self.take(message);
        };
        if self.in_doubt {
            self.expected = seq.wrapping_add(1);
            return self.take(message);
        }
        match seq.wrapping_sub(self.expected) {
            0 => {
                self.expected = seq.wrapping_add(1);
                self.take(message);
                self.take_held();
            }
            // It has been here before.
            distance if distance > AHEAD_MAX => {}
            _ => {
                self.held.insert(seq, message);
                self.gap_since.get_or_insert(now);
                if self.held.len() > HELD_MAX {
                    self.give_up_waiting();
                }
            }
        }
    }

    /// Those whose turn has come.
    fn take_held(&mut self) {
        while let Some(message) = self.held.remove(&self.expected) {
            self.expected = self.expected.wrapping_add(1);
            self.take(message);
        }
        if self.held.is_empty() {
            self.gap_since = None;
        }
    }

    /// What is missing will not come.
    fn give_up_waiting(&mut self) {
        self.in_doubt = true;
        self.gap_since = None;
        let mut held: Vec<_> = mem::take(&mut self.held).into_iter().collect();
        held.sort_by_key(|(seq, _)| seq.wrapping_sub(self.expected));
        for (seq, message) in held {
            self.expected = seq.wrapping_add(1);
            self.take(message);
        }
        self.ask();
    }

    fn take(&mut self, message: Held) {
        match message.said {
            Said::Birth => self.take_birth(message.device, message.payload),
            Said::Data => self.take_data(message.device, message.payload),
            Said::Death => {
                if let Some(owner) = self.owners.get_mut(&message.device) {
                    *owner = Owner::default();
                    self.events.push(Event::Dead { device: message.device });
                }
            }
            Said::Command => {}
        }
    }

    fn take_birth(&mut self, device: Option<String>, payload: Payload) {
        let Some(owner) = self.owners.get_mut(&device) else { return };
        *owner = Owner { is_alive: true, ..Owner::default() };
        for metric in &payload.metrics {
            let Some(name) = &metric.name else { continue };
            if let Some(alias) = metric.alias {
                owner.by_alias.insert(alias, name.clone());
            }
            if let Some(datatype) = metric.datatype {
                owner.types.insert(name.clone(), datatype);
            }
        }
        self.take_values(device, payload);
    }

    fn take_data(&mut self, device: Option<String>, payload: Payload) {
        match self.owners.get(&device) {
            Some(owner) if owner.is_alive => self.take_values(device, payload),
            Some(_) => self.ask(),
            None => {}
        }
    }

    fn take_values(&mut self, device: Option<String>, payload: Payload) {
        let Some(owner) = self.owners.get(&device) else { return };
        let (mut metrics, mut unknown) = (Vec::new(), false);
        for metric in payload.metrics {
            match owner.measured(metric, payload.timestamp) {
                Some(measured) => metrics.push(measured),
                None => unknown = true,
            }
        }
        let in_doubt = self.in_doubt;
        self.events.push(Event::Values { device, metrics, in_doubt });
        if unknown {
            self.ask();
        }
    }
}

impl Owner {
    /// None if the metric's alias is unknown.
    fn measured(&self, metric: Metric, sent: Option<u64>) -> Option<Measured> {
        let by_alias = || self.by_alias.get(&metric.alias?).cloned();
        let name = metric.name.clone().or_else(by_alias)?;
        let datatype = metric.datatype.or_else(|| self.types.get(&name).copied());
        Some(Measured {
            value: metric.read(datatype),
            quality: metric.quality(),
            timestamp: metric.timestamp.or(sent).and_then(|t| i64::try_from(t).ok()),
            is_historical: metric.is_historical == Some(true),
            name,
        })
    }
}

/// The number of the session that a birth begins, or a death ends.
fn session(payload: &Payload) -> Option<u64> {
    let metric = payload.metrics.iter().find(|metric| metric.name.as_deref() == Some(SESSION))?;
    match metric.value {
        Some(Wire::Int(number)) => Some(number.into()),
        Some(Wire::Long(number)) => Some(number),
        _ => None,
    }
}
