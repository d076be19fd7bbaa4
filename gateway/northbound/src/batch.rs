//! How much to send at once: as much as the sink allows, halved when it was too much or too slow
//! for the line, and grown again when it goes well.

/// Deliveries that must go well in a row before the size is doubled again.
const STREAK: u32 = 20;

/// A line that does not carry this many is not helped by fewer.
const SLOW_MIN: usize = 200;

/// The size of the next batch, in records.
#[derive(Debug)]
pub(crate) struct BatchSize {
    max: usize,
    size: usize,
    streak: u32,
}

impl BatchSize {
    /// Starts with the most.
    pub(crate) fn new(max: usize) -> Self {
        Self { max, size: max, streak: 0 }
    }

    /// Most records to take now.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// A delivery of `records` went well.
    pub(crate) fn well(&mut self) {
        self.streak += 1;
        if self.streak >= STREAK && self.size < self.max {
            self.streak = 0;
            self.size = (self.size * 2).min(self.max);
        }
    }

    /// The other side says that `records` are too many.
    pub(crate) fn too_many(&mut self, records: usize) {
        self.streak = 0;
        self.size = self.size.min((records / 2).max(1));
    }

    /// No answer to `records`: perhaps the line is too slow for so many.
    pub(crate) fn too_slow(&mut self, records: usize) {
        self.streak = 0;
        if records > SLOW_MIN {
            self.size = self.size.min((records / 2).max(SLOW_MIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_when_too_large_and_grows_again_after_a_streak() {
        let mut batch = BatchSize::new(5_000);
        batch.too_many(5_000);
        batch.too_many(2_500);
        assert_eq!(batch.size(), 1_250);
        (0..STREAK).for_each(|_| batch.well());
        assert_eq!(batch.size(), 2_500);
        (0..10 * STREAK).for_each(|_| batch.well());
        assert_eq!(batch.size(), 5_000);
    }

    #[test]
    fn a_small_batch_that_failed_says_nothing_of_the_line() {
        let mut batch = BatchSize::new(5_000);
        batch.too_slow(1);
        assert_eq!(batch.size(), 5_000);
        (0..20).for_each(|_| batch.too_slow(batch.size()));
        assert_eq!(batch.size(), SLOW_MIN);
    }

    #[test]
    fn never_falls_below_one() {
        let mut batch = BatchSize::new(2);
        batch.too_many(1);
        assert_eq!(batch.size(), 1);
    }
}
