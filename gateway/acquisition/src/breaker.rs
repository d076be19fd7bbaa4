//! A unit's breaker: a unit that does not answer is asked less often, so that it costs the others
//! on the link as little as can be.

use crate::backoff::Backoff;
use core::time::Duration;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 2;
/// First wait of an open breaker.
const WAIT_FIRST: Duration = Duration::from_secs(5);
/// Longest wait of an open breaker.
const WAIT_LONGEST: Duration = Duration::from_secs(60);

/// The breaker of one unit on one link.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures: u32,
    backoff: Backoff,
    open: Option<Open>,
}

/// An open breaker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// From when on one probe may be made, if it disturbs nobody.
    pub(crate) probe_at: Instant,
    /// From when on it is made anyway.
    pub(crate) probe_by: Instant,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self { failures: 0, backoff: Backoff::new(WAIT_FIRST, WAIT_LONGEST), open: None }
    }

    /// When to probe, if it is open.
    pub(crate) fn open(&self) -> Option<Open> {
        self.open
    }

    /// An answer: closes it. Says whether it was open.
    pub(crate) fn success(&mut self) -> bool {
        self.failures = 0;
        self.backoff.reset();
        self.open.take().is_some()
    }

    /// A failure: opens it, or keeps it open for longer, and in no case for less than `at_least`.
    /// Says whether it has just opened.
    pub(crate) fn failure(&mut self, now: Instant, at_least: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES_MAX {
            return false;
        }
        let wait = self.backoff.after_failure().max(at_least);
        let open = Open { probe_at: now + wait, probe_by: now + 2 * wait };
        self.open.replace(open).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_failures_open_it_and_an_answer_closes_it() {
        let (now, mut breaker) = (Instant::now(), Breaker::new());
        let fail = |breaker: &mut Breaker| breaker.failure(now, Duration::from_secs(1));
        assert!(!fail(&mut breaker) && breaker.open().is_none());
        assert!(!breaker.success(), "one failure is forgotten");
        assert!(!fail(&mut breaker) && fail(&mut breaker), "it opens once");
        let first = breaker.open().expect("open");
        assert!(first.probe_at - now <= Duration::from_secs(6) && first.probe_by > first.probe_at);
        assert!(!fail(&mut breaker), "it is open already");
        let second = breaker.open().expect("open");
        assert!(second.probe_at - now >= Duration::from_secs(8), "the wait doubles");
        assert!(breaker.success() && breaker.open().is_none());
        assert!(!fail(&mut breaker), "and it takes two again");
        breaker.failure(now, Duration::from_secs(600));
        let slow = breaker.open().expect("open");
        assert_eq!(slow.probe_at - now, Duration::from_secs(600), "never more often than before");
    }
}
