//! Which messages of a topic have been stored, so that one that comes again is not stored twice.
//!
//! A message is itself by boot, number and time. (The time is part of it for nodes that forget
//! their boot count: what merely looks the same must not be thrown away.)

use super::session::Message;
use std::collections::{HashMap, HashSet, VecDeque, hash_map::Entry};
use weir_wire::telemetry::{Boot, Telemetry};

/// Stored messages that are remembered for each topic.
const REMEMBERED_MAX: usize = 1024;
/// Copies of one message that are acknowledged with it. The broker keeps any beyond, and sends it
/// again on the next connection.
const COPIES_MAX: usize = 64;

/// What a message is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    boot: Boot,
    seq: u64,
    t: Option<i64>,
}

impl Key {
    pub(super) fn of(telemetry: &Telemetry) -> Self {
        Self { boot: telemetry.boot.clone(), seq: telemetry.seq, t: telemetry.t }
    }
}

/// The messages of one topic.
#[derive(Default)]
pub(super) struct Seen {
    /// On their way to the disk, with every copy that came meanwhile.
    under_way: HashMap<Key, Vec<Message>>,
    stored: HashSet<Key>,
    order: VecDeque<Key>,
}

impl Seen {
    /// Takes a message in. Says whether it is new, and is to be stored. One that is stored is
    /// acknowledged; one that is under way will be.
    pub(super) fn is_new(&mut self, key: &Key, message: Message) -> bool {
        if self.stored.contains(key) {
            message.acknowledge();
            return false;
        }
        match self.under_way.entry(key.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(vec![message]);
                true
            }
            Entry::Occupied(mut entry) => {
                // Copies of a connection that is gone cannot be acknowledged any more.
                let copies = entry.get_mut();
                copies.retain(|copy| copy.came_with(&message));
                if copies.len() < COPIES_MAX {
                    copies.push(message);
                }
                false
            }
        }
    }

    /// It is on disk: acknowledges it and its copies.
    pub(super) fn stored(&mut self, key: Key) {
        for message in self.under_way.remove(&key).unwrap_or_default() {
            message.acknowledge();
        }
        if self.stored.insert(key.clone()) {
            self.order.push_back(key);
        }
        while self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.stored.remove(&oldest);
        }
    }
}
