//! Counts events window by window, and keeps each window until it is judged.

use super::{
    period::Windows,
    watch::{EVER, Event},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Windows that may wait to be judged; what happens after them is not counted yet.
const WINDOWS_MAX: usize = 64;

/// What happened in a window so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// One for each side that is counted.
    pub(crate) sums: [Sum; 2],
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    /// What happened for certain.
    pub(crate) sure: f64,
    /// How many events made it up.
    pub(crate) events: u64,
    /// Whether more may have happened.
    pub(crate) doubt: bool,
}

/// The windows that are not judged yet, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    open: VecDeque<Tally>,
    /// Whether there was no window yet.
    first: bool,
}

impl Ledger {
    pub(crate) fn new(windows: &Windows, start: Timestamp) -> Self {
        let mut ledger = Self { open: VecDeque::new(), first: true };
        ledger.extend(windows, start);
        ledger
    }

    /// The window that is judged next.
    pub(crate) fn current(&self) -> Option<&Tally> {
        self.open.front()
    }

    /// The newest window.
    pub(crate) fn latest(&self) -> Option<&Tally> {
        self.open.back()
    }

    /// Counts an event on a side. What happened in a window that is judged already is not counted.
    pub(crate) fn count(&mut self, windows: &Windows, side: usize, event: Event) {
        while self.latest().is_some_and(|tally| tally.to <= event.at)
            && self.open.len() < WINDOWS_MAX
        {
            let Some(end) = self.latest().map(|tally| tally.to) else { break };
            if !self.extend(windows, end) {
                break;
            }
        }
        let hit = self.open.iter_mut().find(|tally| tally.from <= event.at && event.at < tally.to);
        let Some((tally, sum)) = hit.and_then(|tally| {
            let from = tally.from;
            tally.sums.get_mut(side).map(|sum| (from, sum))
        }) else {
            return;
        };
        if event.sure && event.since >= tally {
            sum.sure += event.amount;
            sum.events += 1;
        } else {
            sum.doubt = true;
        }
    }

    /// Takes the oldest window out, and makes sure that there is another one.
    pub(crate) fn close(&mut self, windows: &Windows) -> Option<Tally> {
        let closed = self.open.pop_front()?;
        if self.open.is_empty() {
            self.extend(windows, closed.to);
        }
        Some(closed)
    }

    fn extend(&mut self, windows: &Windows, after: Timestamp) -> bool {
        // A window begins where the one before it has ended, or later; the first one where it will.
        let floor = if self.first { EVER } else { after };
        let next = windows.after(after).map(|(from, to)| Tally {
            from: from.max(floor),
            to,
            sums: <[Sum; 2]>::default(),
        });
        self.first = false;
        self.open.extend(next);
        next.is_some()
    }
}
