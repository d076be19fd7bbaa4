//! Too many alarms for anybody to take in: more than ten in ten minutes (ISA-18.2, EEMUA 191).

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// The stretch of time in which alarms are counted.
pub const FLOOD_WINDOW: Duration = Duration::from_secs(600);
/// More than so many are a flood.
pub const FLOOD_ABOVE: usize = 10;
/// Fewer than so many end it.
pub const FLOOD_BELOW: usize = 5;

/// Raises kept of a window; beyond, a flood is a flood.
const KEPT_MAX: usize = 4_096;

/// Counts raises, and knows whether they are a flood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Flood {
    /// When alarms were raised, in order, within the window.
    raises: VecDeque<Timestamp>,
    since: Option<Timestamp>,
}

impl Flood {
    /// An alarm was raised, or announced. Call [`advance`](Self::advance) first. True if this one
    /// makes it a flood.
    pub fn raised(&mut self, at: Timestamp) -> bool {
        let at = self.raises.back().map_or(at, |last| at.max(*last));
        self.forget(at);
        if self.raises.len() == KEPT_MAX {
            self.raises.pop_front();
        }
        self.raises.push_back(at);
        let begins = self.since.is_none() && self.raises.len() > FLOOD_ABOVE;
        if begins {
            self.since = Some(at);
        }
        begins
    }

    /// Since when there is a flood.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Raises in the ten minutes before `now`.
    pub fn count(&self, now: Timestamp) -> usize {
        self.raises.iter().filter(|at| now.since(**at) < FLOOD_WINDOW).count()
    }

    /// When the flood ends, if nothing more is raised.
    pub fn deadline(&self) -> Option<Timestamp> {
        let since = self.since?;
        // With this one gone, fewer than the least are left.
        match self.raises.len().checked_sub(FLOOD_BELOW) {
            Some(index) => Some(self.raises[index] + FLOOD_WINDOW),
            None => Some(since),
        }
    }

    /// Lets the time pass; the moment at which the flood ended, if it did.
    pub fn advance(&mut self, now: Timestamp) -> Option<Timestamp> {
        let ended = self.deadline().filter(|due| *due <= now)?;
        self.since = None;
        self.forget(ended);
        Some(ended)
    }

    /// Forgets what is out of the window that ends at `now`.
    fn forget(&mut self, now: Timestamp) {
        let is_old = |at: &Timestamp| now.since(*at) >= FLOOD_WINDOW;
        while self.raises.front().is_some_and(is_old) {
            self.raises.pop_front();
        }
    }
}
