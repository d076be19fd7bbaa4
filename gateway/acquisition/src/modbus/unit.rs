//! A unit id on a link: what is silent, or answers, is the unit, whatever devices are read from it.

use crate::{Failure, breaker::Breaker};
use core::time::Duration;
use tokio::time::Instant;

/// One unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// Its id.
    pub(super) id: u8,
    /// Its breaker.
    pub(super) breaker: Breaker,
    /// Why it is doubtful; none before it was asked for the first time.
    pub(super) failure: Option<Failure>,
    /// Not to be asked before: an answer to an earlier request may still be under way.
    pub(super) hold_until: Option<Instant>,
    /// When it was last asked.
    pub(super) last_asked: Option<Instant>,
    /// How long its answers take, if it has ever answered: the longest of late, fading.
    usual: Option<Duration>,
    answers: bool,
    /// It was silent when last asked, but was given less than the whole timeout.
    cut_short: bool,
}

impl Unit {
    pub(super) fn new(id: u8) -> Self {
        Self {
            id,
            breaker: Breaker::new(),
            failure: None,
            hold_until: None,
            last_asked: None,
            usual: None,
            answers: false,
            cut_short: false,
        }
    }

    /// Whether nobody knows if it would answer: it never has, or did not when last asked.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.answers
    }

    /// It answered after so long. Says whether its breaker was open.
    pub(super) fn answered(&mut self, after: Duration) -> bool {
        // An eighth of the way down to a shorter one, at once up to a longer one.
        let usual = self.usual.map_or(after, |usual| after.max(usual - usual / 8));
        (self.usual, self.answers, self.failure) = (Some(usual), true, None);
        self.cut_short = false;
        self.breaker.success()
    }

    /// It did not answer, and is to be asked again no sooner than after `at_least`. Says whether
    /// its breaker has just opened.
    pub(super) fn failed(&mut self, failure: Failure, now: Instant, at_least: Duration) -> bool {
        self.answers = false;
        self.failure = Some(failure);
        self.breaker.failure(now, at_least)
    }

    /// It was waited for no longer than this the last time.
    pub(super) fn waited_for(&mut self, patience: Duration, timeout: Duration) {
        self.cut_short = patience < timeout;
    }

    /// The least patience with which it is worth asking while it is doubtful: several times what
    /// it used to take, or half the timeout. After a try that was cut short, the whole timeout: a
    /// unit that is only slow must not be taken for dead for ever.
    pub(super) fn patience_needed(&self, timeout: Duration) -> Duration {
        if self.cut_short {
            return timeout;
        }
        let half = timeout / 2;
        self.usual.map_or(half, |usual| (4 * usual).clamp(half / 2, timeout))
    }

    /// The moment itself, or when the unit may be asked again if that is later.
    pub(super) fn not_before(&self, moment: Instant) -> Instant {
        self.hold_until.map_or(moment, |until| until.max(moment))
    }
}
