//! The last messages, with ids without gaps.

use std::{collections::VecDeque, sync::Arc};

/// A message as it goes to every client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The event's name.
    pub(crate) name: &'static str,
    /// JSON.
    pub(crate) data: String,
}

/// What a client gets that has read up to some id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// These, in order; empty if there is nothing new.
    Messages(Vec<Arc<Message>>),
    /// It cannot be said what the client has missed.
    Lost,
}

/// The last messages.
#[derive(Debug)]
pub(crate) struct Ring {
    /// The id of the first message in the ring, or of the next one if it is empty.
    first: u64,
    messages: VecDeque<Arc<Message>>,
    capacity: usize,
    /// Bytes of all messages, and how many there may be: the samples of a large site are long.
    bytes: usize,
    bytes_max: usize,
}

impl Ring {
    /// Empty; the first message gets the id after `start`.
    pub(crate) fn new(start: u64, capacity: usize, bytes_max: usize) -> Self {
        let messages = VecDeque::with_capacity(capacity);
        Self { first: start + 1, messages, capacity, bytes: 0, bytes_max }
    }

    /// The id of the newest message there ever was.
    pub(crate) fn newest(&self) -> u64 {
        self.first + self.messages.len() as u64 - 1
    }

    /// Adds a message, and drops the oldest for which there is no room any more.
    pub(crate) fn push(&mut self, message: Message) {
        self.bytes += message.data.len();
        while self.messages.len() == self.capacity || self.bytes > self.bytes_max {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.bytes -= oldest.data.len();
            self.first += 1;
        }
        self.messages.push_back(Arc::new(message));
    }

    /// Events were missed before they came here: nobody can go on from before this point.
    pub(crate) fn lose(&mut self) {
        self.first = self.newest() + 2;
        self.messages.clear();
        self.bytes = 0;
    }

    /// What comes after the message with the id `last`, at most `limit` of it.
    pub(crate) fn after(&self, last: u64, limit: usize) -> Next {
        match last.checked_add(1).and_then(|next| next.checked_sub(self.first)) {
            Some(skip) if last <= self.newest() => {
                let skip = usize::try_from(skip).unwrap_or(usize::MAX);
                Next::Messages(self.messages.iter().skip(skip).take(limit).cloned().collect())
            }
            _ => Next::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(messages: usize) -> Ring {
        let mut ring = Ring::new(1_000, 4, 100);
        for number in 0..messages {
            ring.push(Message { name: "alarm", data: number.to_string() });
        }
        ring
    }

    fn after(ring: &Ring, last: u64) -> Option<String> {
        match ring.after(last, 100) {
            Next::Messages(messages) => {
                Some(messages.iter().map(|m| m.data.as_str()).collect::<Vec<_>>().join(" "))
            }
            Next::Lost => None,
        }
    }

    #[test]
    fn a_client_goes_on_from_any_id_in_the_ring() {
        let ring = ring(3);
        assert_eq!(ring.newest(), 1_003);
        assert_eq!(after(&ring, 1_000).as_deref(), Some("0 1 2"));
        assert_eq!(after(&ring, 1_002).as_deref(), Some("2"));
        assert_eq!(after(&ring, 1_003).as_deref(), Some(""));
    }

    #[test]
    fn an_id_that_is_not_in_the_ring_is_lost() {
        let ring = ring(6);
        assert_eq!(after(&ring, 1_002).as_deref(), Some("2 3 4 5"));
        for unknown in [0, 999, 1_000, 1_001, 1_007, u64::MAX] {
            assert_eq!(after(&ring, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn long_messages_push_out_older_ones() {
        let mut ring = ring(3);
        ring.push(Message { name: "samples", data: "x".repeat(98) });
        assert_eq!(after(&ring, 1_000), None);
        assert!(after(&ring, 1_001).is_some_and(|text| text.starts_with("1 2 x")));
        // One that is too long by itself is alone.
        ring.push(Message { name: "samples", data: "x".repeat(200) });
        assert_eq!(after(&ring, 1_003), None);
        assert_eq!(after(&ring, 1_004).map(|text| text.len()), Some(200));
        ring.push(Message { name: "alarm", data: "7".to_owned() });
        assert_eq!(after(&ring, 1_005).as_deref(), Some("7"));
    }

    #[test]
    fn what_was_missed_before_the_ring_is_lost_for_all() {
        let mut ring = ring(2);
        ring.lose();
        assert_eq!(after(&ring, 1_002), None);
        let newest = ring.newest();
        assert!(newest > 1_002);
        ring.push(Message { name: "alarm", data: "new".to_owned() });
        assert_eq!(after(&ring, newest).as_deref(), Some("new"));
        assert_eq!(after(&ring, 1_002), None);
    }
}
