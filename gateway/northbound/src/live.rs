//! Live first: while a backlog is worked off in order, the newest records are sent ahead of it
//! once a second, so that a dashboard at the other side is up to date at once.
//!
//! They are extra copies. The backlog comes to the same records later and sends them again, so the
//! cursor needs to know nothing of this; the price is that what arrives while a backlog is being
//! worked off crosses the line twice.

use crate::{
    lane::Lane,
    sink::{Encoded, Letter, Outcome, Sink},
};
use std::time::Duration;
use tokio::time::Instant;

/// How often the newest records are sent ahead.
const EVERY: Duration = Duration::from_secs(1);

/// How far the copies have come.
#[derive(Debug, Default)]
pub(crate) struct Live {
    sent: u64,
    at: Option<Instant>,
}

impl<S: Sink> Lane<S> {
    /// Sends the newest records ahead of the backlog, if there is one. A failure is no trouble of
    /// its own: the backlog will meet the same.
    pub(crate) async fn send_live(&mut self) {
        let now = Instant::now();
        if !S::IDEMPOTENT || !self.board.is_well() {
            return;
        }
        if self.live.at.is_some_and(|at| now.duration_since(at) < EVERY) {
            return;
        }
        self.live.at = Some(now);
        let limit = self.batch.size();
        let Ok(newest) = self.store(|outbox| S::last(outbox)).await else { return };
        if newest.saturating_sub(self.progress.sent()) <= 2 * limit as u64 {
            return;
        }
        let after = self.live.sent.max(newest.saturating_sub(limit as u64));
        let Ok(items) = self.read(after, limit).await else { return };
        let mut letters = Vec::with_capacity(items.len());
        for (seq, item) in items {
            if let Encoded::Letter(body) = self.sink.encode(seq, &item) {
                letters.push(Letter { seq, body });
            }
        }
        if let Some(last) = letters.last().map(|letter| letter.seq)
            && self.sink.deliver(&letters).await == Outcome::Delivered
        {
            self.live.sent = last;
        }
    }
}
