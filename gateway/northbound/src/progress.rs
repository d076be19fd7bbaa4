//! How far a sink has come. Two marks: *sent*, up to which the other side said yes, in memory; and
//! *confirmed*, up to which it is known to be safe there, on disk.
//!
//! A yes is not yet safety: a time-series database may answer 204 and lose what it acknowledged in
//! its last seconds when it is killed. So a delivery waits out the sink's *grace* before it counts
//! as confirmed, and when the server has been restarted meanwhile everything that was waiting is
//! sent again. That is harmless where a record overwrites itself (same series, same time).

use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// The marks of one sink, and what waits between them.
#[derive(Debug)]
pub(crate) struct Progress {
    confirmed: u64,
    sent: u64,
    grace: Duration,
    waiting: VecDeque<Delivery>,
    delivered: u64,
    verified: u64,
}

#[derive(Debug)]
struct Delivery {
    /// The last record that it settled.
    seq: u64,
    /// Records that were really delivered, those put aside not counted.
    records: u64,
    at: Instant,
}

impl Progress {
    /// Starts where the durable cursor stands.
    pub(crate) fn new(confirmed: u64, grace: Duration) -> Self {
        let waiting = VecDeque::new();
        Self { confirmed, sent: confirmed, grace, waiting, delivered: 0, verified: 0 }
    }

    /// The last record that is settled: delivered, put aside, or nothing to send.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Records delivered since the start.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Records known to be safe since the start.
    pub(crate) fn verified(&self) -> u64 {
        self.verified
    }

    /// Everything up to `seq` is settled; `records` of it were delivered.
    pub(crate) fn settle(&mut self, seq: u64, records: u64, now: Instant) {
        debug_assert!(seq >= self.sent, "a sink settles its records in order");
        self.sent = seq;
        self.delivered += records;
        self.waiting.push_back(Delivery { seq, records, at: now });
    }

    /// The record that the cursor may move to, if the server has stood since it was delivered.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let ripe = self.waiting.iter().take_while(|d| now.duration_since(d.at) >= self.grace);
        ripe.last().map(|delivery| delivery.seq)
    }

    /// When the next delivery will have waited out its grace.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.front().map(|delivery| delivery.at + self.grace)
    }

    /// Whether anything waits for its confirmation.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The cursor stands at `seq` on disk.
    pub(crate) fn confirm(&mut self, seq: u64) {
        self.confirmed = seq;
        while let Some(delivery) = self.waiting.pop_front_if(|d| d.seq <= seq) {
            self.verified += delivery.records;
        }
    }

    /// What was not confirmed may be lost: send it again. Returns how many records that are.
    pub(crate) fn rewind(&mut self) -> u64 {
        let again: u64 = self.waiting.drain(..).map(|delivery| delivery.records).sum();
        self.delivered -= again;
        self.sent = self.confirmed;
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(15);

    #[test]
    fn a_delivery_is_due_after_its_grace_and_not_before() {
        let start = Instant::now();
        let mut progress = Progress::new(100, GRACE);
        progress.settle(150, 50, start);
        progress.settle(160, 9, start + Duration::from_secs(5));
        assert_eq!(progress.due(start + Duration::from_millis(14_999)), None);
        assert_eq!(progress.due(start + GRACE), Some(150));
        assert_eq!(progress.next_due(), Some(start + GRACE));
        progress.confirm(150);
        assert_eq!((progress.verified(), progress.delivered()), (50, 59));
        assert_eq!(progress.due(start + Duration::from_secs(20)), Some(160));
    }

    #[test]
    fn a_rewind_goes_back_to_what_is_safe_and_takes_the_count_along() {
        let start = Instant::now();
        let mut progress = Progress::new(0, GRACE);
        progress.settle(10, 10, start);
        progress.confirm(10);
        progress.settle(20, 10, start);
        progress.settle(30, 8, start);
        assert_eq!(progress.rewind(), 18);
        assert_eq!((progress.sent(), progress.delivered(), progress.verified()), (10, 10, 10));
        assert!(!progress.is_waiting());
    }

    #[test]
    fn without_grace_it_is_due_at_once() {
        let mut progress = Progress::new(0, Duration::ZERO);
        progress.settle(3, 3, Instant::now());
        assert_eq!(progress.due(Instant::now()), Some(3));
    }
}
