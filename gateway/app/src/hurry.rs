//! The way of readings into the store: those that bring an alarm are committed at once, all others
//! wait for the commit interval. Nothing is judged or told before it is on disk; an alarm only has
//! the disk asked sooner.
//!
//! A value that swings about its limit must not wear out a memory card: hurried commits come out of
//! a **purse** that fills again by one a commit interval, so over time they at most double the
//! commits. With an empty purse an alarm waits for the usual commit.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use weir_engine::{
    Lookout, Row,
    ports::{Intake, PortError, PortFuture},
};

/// Commits that may be hurried in a row.
const PURSE: u32 = 60;

/// The lookout that is in force; the engine puts another one there when the site is another.
pub(crate) type SharedLookout = Arc<Mutex<Lookout>>;

/// See the module.
pub(crate) struct Hurry {
    store: Arc<dyn Intake>,
    lookout: SharedLookout,
    purse: Mutex<Purse>,
}

impl Hurry {
    /// Before `store`, which commits once in `commit_interval` by itself.
    pub(crate) fn new(
        store: Arc<dyn Intake>,
        lookout: SharedLookout,
        commit_interval: Duration,
    ) -> Self {
        let purse = Mutex::new(Purse::full(commit_interval, Instant::now()));
        Self { store, lookout, purse }
    }

    fn hurries(&self, rows: &[Row]) -> bool {
        let sees = self.lookout.lock().unwrap_or_else(PoisonError::into_inner).hurries(rows);
        sees && self.purse.lock().unwrap_or_else(PoisonError::into_inner).pays(Instant::now())
    }
}

impl Intake for Hurry {
    fn submit(&self, rows: Vec<Row>, at_once: bool) -> PortFuture<'_, Result<(), PortError>> {
        let hurries = self.hurries(&rows);
        self.store.submit(rows, at_once || hurries)
    }
}

/// What hurried commits are paid from.
struct Purse {
    left: u32,
    fills_every: Duration,
    /// Since when the next coin is on its way; means nothing while the purse is full.
    since: Instant,
}

impl Purse {
    fn full(fills_every: Duration, now: Instant) -> Self {
        Self { left: PURSE, fills_every, since: now }
    }

    fn pays(&mut self, now: Instant) -> bool {
        while self.left < PURSE && now.duration_since(self.since) >= self.fills_every {
            self.left += 1;
            self.since += self.fills_every;
        }
        if self.left == PURSE {
            self.since = now;
        }
        let pays = self.left > 0;
        self.left = self.left.saturating_sub(1);
        pays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_pays_in_a_row_and_then_once_an_interval() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut purse = Purse::full(second, start);
        let paid = |purse: &mut Purse, at: Instant, tries: u32| {
            (0..tries).filter(|_| purse.pays(at)).count()
        };
        assert_eq!(paid(&mut purse, start, 100), 60);
        assert_eq!(paid(&mut purse, start + second / 2, 10), 0);
        assert_eq!(paid(&mut purse, start + second, 10), 1);
        assert_eq!(paid(&mut purse, start + 6 * second + second / 2, 10), 5);
        assert_eq!(paid(&mut purse, start + 7 * second, 10), 1, "half of it was on its way");
        assert_eq!(paid(&mut purse, start + 3600 * second, 100), 60);
    }
}
