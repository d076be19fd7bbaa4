//! Live events. One task turns what the engine reports into messages with increasing ids and puts
//! them into a ring; each client reads from the ring at its own pace. A client that fell off the
//! ring's end, or comes back with an id that is not in it, is told to load everything anew, so a
//! slow client costs nobody anything and never misses something unnoticed.

mod pump;
mod ring;
mod stream;

pub(crate) use pump::pump;
pub(crate) use stream::listen;

use crate::limits;
use ring::Ring;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};
use weir_domain::Timestamp;

/// Where messages are put and read.
pub(crate) struct Hub {
    ring: Mutex<Ring>,
    /// The id of the newest message.
    newest: watch::Sender<u64>,
    places: Arc<Semaphore>,
}

impl Hub {
    /// Ids start from the time of the start, so that an id of an earlier run is never in the ring.
    pub(crate) fn new(started_at: Timestamp) -> Self {
        let millis = u64::try_from(started_at.as_millis()).unwrap_or(0);
        let ring = Ring::new(millis.saturating_mul(1_000), limits::RING, limits::RING_BYTES);
        let newest = watch::Sender::new(ring.newest());
        Self { ring: Mutex::new(ring), newest, places: Arc::new(Semaphore::new(limits::LISTENERS)) }
    }

    /// How many clients listen.
    pub(crate) fn listeners(&self) -> usize {
        limits::LISTENERS - self.places.available_permits()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // The ring is whole between any two of its lines, so a panic elsewhere does not spoil it.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Ring)) {
        let newest = {
            let mut ring = self.ring();
            change(&mut ring);
            ring.newest()
        };
        self.newest.send_replace(newest);
    }
}
