//! Scans on their way to the broker: bounded, and the oldest go first when there is no room.

use super::wording::Wording;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use weir_engine::{
    Row,
    ports::{Intake, PortError, PortFuture},
};

/// What a message takes beside its payload, about.
const AROUND_BYTES: usize = 64;

/// A scan in words.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The device's number.
    pub(super) device: usize,
    /// What is said of it.
    pub(super) payload: Bytes,
}

/// Where the acquisition hands in, and the session takes out.
pub(super) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
}

struct State {
    wording: Wording,
    queue: Queue,
    published: u64,
}

/// Messages in their order, and how many had to be given up.
struct Queue {
    messages: VecDeque<Message>,
    bytes: usize,
    bytes_max: usize,
    dropped: u64,
}

impl Queue {
    fn push(&mut self, message: Message) {
        self.bytes += size(&message);
        self.messages.push_back(message);
        while self.bytes > self.bytes_max && self.pop().is_some() {
            self.dropped += 1;
        }
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= size(&message);
        Some(message)
    }
}

fn size(message: &Message) -> usize {
    message.payload.len() + AROUND_BYTES
}

impl Outbox {
    /// An outbox that holds up to `bytes_max` bytes.
    pub(super) fn new(wording: Wording, bytes_max: usize) -> Self {
        let queue = Queue { messages: VecDeque::new(), bytes: 0, bytes_max, dropped: 0 };
        let state = Mutex::new(State { wording, queue, published: 0 });
        Self { state, filled: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, rows: &[Row]) {
        let State { wording, queue, .. } = &mut *self.lock();
        wording.put(rows, |device, payload| {
            queue.push(Message { device, payload: Bytes::copy_from_slice(payload) });
        });
        self.filled.notify_one();
    }

    /// Waits until there may be something to take.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Hands the oldest messages to `out` until it has had enough. Says whether any are left.
    pub(super) fn take(&self, mut out: impl FnMut(Message) -> bool) -> bool {
        let queue = &mut self.lock().queue;
        while let Some(message) = queue.pop() {
            if !out(message) {
                break;
            }
        }
        !queue.messages.is_empty()
    }

    /// More may be taken at once.
    pub(super) fn wake(&self) {
        self.filled.notify_one();
    }

    /// So many messages are with the broker (or on their way in the system's buffers).
    pub(super) fn published(&self, messages: u64) {
        self.lock().published += messages;
    }

    /// So many messages were on a connection that broke.
    pub(super) fn lost(&self, messages: u64) {
        self.lock().queue.dropped += messages;
    }

    /// Messages published and messages dropped.
    pub(super) fn counts(&self) -> (u64, u64) {
        let state = self.lock();
        (state.published, state.queue.dropped)
    }
}

/// Readings are taken at once: nothing is kept but in this queue.
impl Intake for Outbox {
    fn submit(&self, rows: Vec<Row>, _at_once: bool) -> PortFuture<'_, Result<(), PortError>> {
        self.put(&rows);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_domain::{Reading, Sample, SeriesId, Timestamp};

    #[test]
    fn the_oldest_go_first_and_are_counted_and_memory_stays_bounded() {
        let outbox = Outbox::new(Wording::of_one("p"), 1000);
        let row = |value: f64| Row {
            series: SeriesId(0),
            sample: Sample::at(Timestamp::from_millis(1), Reading::from_number(value)),
        };
        for value in 0..10_000_u32 {
            outbox.put(&[row(f64::from(value))]);
            let state = outbox.lock();
            assert!(state.queue.bytes <= 1000);
            assert_eq!(state.queue.messages.iter().map(size).sum::<usize>(), state.queue.bytes);
        }
        let mut taken = Vec::new();
        outbox.take(|message| {
            taken.push(String::from_utf8(message.payload.to_vec()).unwrap());
            true
        });
        assert!(taken.len() > 3, "{taken:?}");
        assert!(taken.last().unwrap().contains("\"p\":9999"), "the newest is kept: {taken:?}");
        assert_eq!(outbox.counts().1 + taken.len() as u64, 10_000);
    }

    #[test]
    fn a_message_larger_than_the_queue_is_given_up_and_not_kept() {
        let outbox = Outbox::new(Wording::of_one("p"), 10);
        let sample = Sample::at(Timestamp::from_millis(1), Reading::from_number(1.0));
        outbox.put(&[Row { series: SeriesId(0), sample }]);
        assert_eq!(outbox.counts(), (0, 1));
        assert!(!outbox.take(|_| panic!("nothing is there")));
    }
}
