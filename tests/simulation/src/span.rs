//! Stretches of time, and what sets of them have in common.

use std::time::Duration;
use weir_domain::Timestamp;

/// A stretch of time, its end not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Span {
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to }
    }

    pub(crate) fn length(&self) -> Duration {
        self.to.since(self.from)
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// The same, begun earlier and ended later.
    pub(crate) fn widened(&self, before: Duration, after: Duration) -> Self {
        Self { from: self.from - before, to: self.to + after }
    }

    /// What is left of it after others are taken out. The others need not be in order.
    pub(crate) fn without(self, others: &[Self]) -> Vec<Self> {
        let mut left = vec![self];
        for other in others {
            left = left.into_iter().flat_map(|span| span.cut(other)).collect();
        }
        left
    }

    fn cut(self, other: &Self) -> Vec<Self> {
        if !self.meets(other) {
            return vec![self];
        }
        let before = (self.from < other.from).then(|| Self::new(self.from, other.from));
        let after = (other.to < self.to).then(|| Self::new(other.to, self.to));
        before.into_iter().chain(after).collect()
    }
}

/// Whether any of them meets a stretch.
pub(crate) fn any_meets(spans: &[Span], span: &Span) -> bool {
    spans.iter().any(|one| one.meets(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::new(Timestamp::from_millis(from), Timestamp::from_millis(to))
    }

    #[test]
    fn what_touches_does_not_meet() {
        assert!(!span(0, 10).meets(&span(10, 20)));
        assert!(span(0, 11).meets(&span(10, 20)));
    }

    #[test]
    fn what_is_taken_out_leaves_both_ends() {
        let left = span(0, 100).without(&[span(80, 200), span(20, 30), span(25, 40)]);
        assert_eq!(left, [span(0, 20), span(40, 80)]);
        assert!(span(5, 9).without(&[span(0, 10)]).is_empty());
    }
}
