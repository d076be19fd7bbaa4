//! Which messages have been stored, so that one that comes again is not stored twice.
//!
//! A message of Weir's own is itself by boot, number and time. (The time is part of it for nodes
//! that forget their boot count: what merely looks the same must not be thrown away.) Others say
//! nothing of the kind; there a copy is what the broker calls one, with the packet id and the bytes
//! of the message before.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
};
use weir_wire::telemetry::{Boot, Telemetry};

/// Copies of one message that are answered with it. Whoever waits for any beyond sends it again.
const COPIES_MAX: usize = 64;

/// What a message of Weir's own is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TelemetryKey {
    /// Where it came: many nodes may be heard through one wildcard.
    place: String,
    boot: Boot,
    seq: u64,
    t: Option<i64>,
}

impl TelemetryKey {
    pub(crate) fn of(place: &str, telemetry: &Telemetry) -> Self {
        Self {
            place: place.to_owned(),
            boot: telemetry.boot.clone(),
            seq: telemetry.seq,
            t: telemetry.t,
        }
    }
}

/// Messages by key `K`, each with whom to tell (`T`) when it is stored.
pub(crate) struct Seen<K, T> {
    /// On their way to the disk, with everybody who waits for them.
    under_way: HashMap<K, Vec<T>>,
    stored: HashSet<K>,
    order: VecDeque<K>,
    remembered_max: usize,
}

/// What is to be done with a message.
pub(crate) enum Verdict<T> {
    /// It is to be stored.
    New,
    /// It is on its way; whoever waits is told with the first.
    UnderWay,
    /// It is stored: whoever waits can be told now.
    Stored(Option<T>),
}

impl<K: Clone + Eq + Hash, T> Seen<K, T> {
    /// Remembers so many stored messages.
    pub(crate) fn new(remembered_max: usize) -> Self {
        let (under_way, stored) = (HashMap::new(), HashSet::new());
        Self { under_way, stored, order: VecDeque::new(), remembered_max }
    }

    /// Takes a message in. `together` says whether one who waits can still be told if another can:
    /// both wait on the same connection.
    pub(crate) fn take(
        &mut self,
        key: &K,
        waiting: Option<T>,
        together: impl Fn(&T, &T) -> bool,
    ) -> Verdict<T> {
        if self.stored.contains(key) {
            return Verdict::Stored(waiting);
        }
        let Some(copies) = self.under_way.get_mut(key) else {
            self.under_way.insert(key.clone(), waiting.into_iter().collect());
            return Verdict::New;
        };
        if let Some(waiting) = waiting {
            copies.retain(|copy| together(copy, &waiting));
            if copies.len() < COPIES_MAX {
                copies.push(waiting);
            }
        }
        Verdict::UnderWay
    }

    /// Takes in a message that is certainly new, whatever it looks like.
    pub(crate) fn take_new(&mut self, key: &K, waiting: T) {
        self.under_way.entry(key.clone()).or_default().push(waiting);
    }

    /// It could not be stored; those who are to be told. Should it come again it is new.
    pub(crate) fn failed(&mut self, key: &K) -> Vec<T> {
        self.under_way.remove(key).unwrap_or_default()
    }

    /// It is on disk; those who are to be told.
    pub(crate) fn stored(&mut self, key: K) -> Vec<T> {
        let waiting = self.under_way.remove(&key).unwrap_or_default();
        if self.stored.insert(key.clone()) {
            self.order.push_back(key);
        }
        while self.order.len() > self.remembered_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.stored.remove(&oldest);
        }
        waiting
    }
}
