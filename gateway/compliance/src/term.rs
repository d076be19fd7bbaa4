//! The time in which a requirement is in force: from one local midnight to another.

use crate::Pack;
use jiff::{civil::Date, tz::TimeZone};
use weir_domain::Timestamp;

/// A stretch of time; its end is not part of it, and a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Term {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Term {
    /// From the first day of a pack to its last, both included, as the clocks of the area show.
    pub(crate) fn of_pack(pack: &Pack, zone: &TimeZone) -> Self {
        let midnight =
            |day: Date| day.to_zoned(zone.clone()).ok().map(|midnight| midnight.timestamp().into());
        let after = |day: Date| day.tomorrow().ok().and_then(midnight);
        Self { from: pack.effective_from.and_then(midnight), to: pack.effective_to.and_then(after) }
    }

    fn is_empty(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from >= to)
    }

    /// What is left of it outside another: the part before, and the part after.
    pub(crate) fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = other.from.map(|from| Self { to: earlier(self.to, Some(from)), ..self });
        let after = other.to.map(|to| Self { from: self.from.max(Some(to)), ..self });
        before.into_iter().chain(after).filter(|part| !part.is_empty())
    }
}

/// The earlier of two ends.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (end, None) | (None, end) => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(from: i64, to: i64) -> Term {
        let end = |at: i64| (at >= 0).then(|| Timestamp::from_millis(at));
        Term { from: end(from), to: end(to) }
    }

    #[test]
    fn what_is_overridden_is_in_force_before_and_after() {
        for (own, other, left) in [
            (term(-1, -1), term(-1, -1), vec![]),
            (term(-1, -1), term(5, -1), vec![term(-1, 5)]),
            (term(-1, -1), term(5, 9), vec![term(-1, 5), term(9, -1)]),
            (term(2, 20), term(5, 9), vec![term(2, 5), term(9, 20)]),
            (term(6, 8), term(5, 9), vec![]),
            (term(2, 4), term(5, 9), vec![term(2, 4)]),
            (term(9, 12), term(5, 9), vec![term(9, 12)]),
        ] {
            let found: Vec<Term> = own.without(other).collect();
            assert_eq!(found, left, "{own:?} without {other:?}");
        }
    }
}
