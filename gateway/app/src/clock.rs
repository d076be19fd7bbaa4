//! The clocks. The only place of the gateway that asks the system for the time.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use weir_domain::{Clock, Timestamp};

/// The system's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is handed"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that is set by hand until it is let go: for pushing the past through the gateway.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

/// Stands for "let go": no gateway lives in the year 292 million.
const LET_GO: i64 = i64::MAX;

impl HandClock {
    /// A clock that stands at a moment.
    pub(crate) fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_millis()))
    }

    /// Sets it.
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::Release);
    }

    /// From now on it goes with the system's clock.
    pub(crate) fn let_go(&self) {
        self.0.store(LET_GO, Ordering::Release);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        match self.0.load(Ordering::Acquire) {
            LET_GO => SystemClock.now(),
            millis => Timestamp::from_millis(millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_clock_stands_until_it_is_let_go() {
        let clock = HandClock::at(Timestamp::from_millis(5));
        assert_eq!(clock.now(), Timestamp::from_millis(5));
        clock.set(Timestamp::from_millis(9));
        assert_eq!(clock.now(), Timestamp::from_millis(9));
        clock.let_go();
        assert!(clock.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}
