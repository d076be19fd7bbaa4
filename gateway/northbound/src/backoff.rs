//! Ever longer pauses between attempts, with jitter, so that a hundred gateways do not knock at
//! one recovering server in step.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest pause that a server may ask for.
const ASKED_LONGEST: Duration = Duration::from_secs(300);

/// The pauses of one sink.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    random: RandomState,
}

impl Backoff {
    /// It went well: the next failure starts from the shortest pause again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait, between half and the whole of a pause that doubles each time.
    /// A server that asked for more gets it.
    pub(crate) fn fail(&mut self, asked: Option<Duration>) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let pause = whole.mul_f64(0.5 + self.fraction() / 2.0);
        pause.max(asked.unwrap_or_default().min(ASKED_LONGEST))
    }

    /// The pause after a fault that only a person can mend: always the longest.
    pub(crate) fn hold(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        LONGEST.mul_f64(0.5 + self.fraction() / 2.0)
    }

    /// In `[0, 1)`. The standard library's hash keys are random per process, which is enough here.
    fn fraction(&self) -> f64 {
        let mut hasher = self.random.build_hasher();
        hasher.write_u32(self.failures);
        (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_start_again() {
        let mut backoff = Backoff::default();
        for whole in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let pause = backoff.fail(None);
            let range = Duration::from_millis(whole / 2)..=Duration::from_millis(whole);
            assert!(range.contains(&pause), "{pause:?} is not in {range:?}");
        }
        backoff.reset();
        assert!(backoff.fail(None) <= FIRST);
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_a_day() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.fail(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(backoff.fail(Some(Duration::from_secs(86_400))), ASKED_LONGEST);
    }

    #[test]
    fn pauses_differ_between_sinks() {
        let pauses: std::collections::BTreeSet<_> =
            (0..8).map(|_| Backoff::default().fail(None)).collect();
        assert!(pauses.len() > 1, "no jitter in {pauses:?}");
    }
}
