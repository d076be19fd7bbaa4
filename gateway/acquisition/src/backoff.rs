//! How long to wait before trying again: longer each time, and never in step with others.

use core::time::Duration;
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// Waits that double from a first to a longest one, each up to a fifth shorter or longer.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, tries: 0 }
    }

    /// The wait after one more failure.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let wait = self.first.saturating_mul(1 << self.tries.min(16)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        wait.mul_f64(0.8 + 0.4 * random())
    }

    /// It went well: the next failure waits the first wait again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

/// A number from 0 to 1, from the standard library's source of hash keys.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ() {
        let mut backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(60));
        for nominal in [5.0, 10.0, 20.0, 40.0, 60.0, 60.0] {
            let wait = backoff.after_failure().as_secs_f64();
            assert!((nominal * 0.8..=nominal * 1.2).contains(&wait), "{wait} for {nominal}");
        }
        for _ in 0..100 {
            assert!(backoff.after_failure() <= Duration::from_secs(72));
        }
        backoff.reset();
        assert!(backoff.after_failure() <= Duration::from_secs(6));
        let waits: Vec<Duration> = (0..8).map(|_| backoff.after_failure()).skip(5).collect();
        assert!(waits.windows(2).any(|pair| pair[0] != pair[1]), "all alike: {waits:?}");
    }
}
