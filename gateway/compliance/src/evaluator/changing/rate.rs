//! How much a value changes per minute: between a moment and one a given time before it.

use super::{Course, Past};
use core::time::Duration;
use weir_domain::Timestamp;

/// The change of a value over a time, in either direction, per minute.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    over: Duration,
    past: Past,
    /// The last moment that was asked for.
    at: Timestamp,
}

/// All that a [`Rate`] remembers.
pub(crate) type RateState = (Past, Timestamp);

impl Rate {
    pub(crate) fn new(over: Duration, start: Timestamp) -> Self {
        Self { over, past: Past::default(), at: start }
    }
}

impl Course for Rate {
    type State = RateState;

    fn enter(&mut self, t: Timestamp, value: Option<f64>) {
        self.past.enter(t, value);
    }

    /// When the earlier moment comes to the next piece.
    fn next(&self) -> Option<Timestamp> {
        let pieces = self.past.0.iter().map(|(from, _)| *from + self.over);
        pieces.into_iter().find(|next| *next > self.at)
    }

    fn at(&mut self, t: Timestamp) -> Option<f64> {
        self.at = self.at.max(t);
        self.past.forget(t - self.over);
        let (from, earlier) = *self.past.0.front()?;
        // A gap between the two moments hides what happened in it, but not how far they are apart.
        let (earlier, now) = (earlier.filter(|_| from <= t - self.over)?, self.past.last()?);
        Some((now - earlier).abs() * 60.0 / self.over.as_secs_f64())
    }

    fn applies(&self) -> bool {
        true
    }

    fn state(&self) -> RateState {
        (self.past.clone(), self.at)
    }

    fn restore(&mut self, (past, at): RateState) {
        (self.past, self.at) = (past, at);
    }
}
