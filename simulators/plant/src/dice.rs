//! Numbers drawn one after another.

use crate::noise::Noise;

#[derive(Debug)]
pub(crate) struct Dice {
    noise: Noise,
    drawn: i64,
}

impl Dice {
    /// The draws of a name under a seed.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self { noise: Noise::new(seed, name), drawn: 0 }
    }

    fn next(&mut self) -> i64 {
        self.drawn += 1;
        self.drawn
    }

    pub(crate) fn bits(&mut self) -> u64 {
        let nth = self.next();
        self.noise.bits(nth)
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        let nth = self.next();
        self.noise.between(nth, low, high)
    }

    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let nth = self.next();
        self.noise.whole(nth, low, high)
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.between(0.0, 1.0) < share
    }

    /// One of a list that is not empty.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = i64::try_from(choices.len()).unwrap_or(1) - 1;
        let nth = self.whole(0, last);
        choices[usize::try_from(nth).unwrap_or(0)]
    }
}
