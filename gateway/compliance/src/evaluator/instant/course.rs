//! The course of an instant limit: stretches of one verdict, and the excursion that is going on.

use crate::{limits::Limits, wording};
use serde::{Deserialize, Serialize};
use weir_domain::{Timestamp, Verdict};

/// What is still open.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Course {
    stretch: Option<Stretch>,
    excursion: Option<Excursion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    /// None while there was nothing but an excursion.
    pub(super) verdict: Option<Verdict>,
    pub(super) worst: Option<f64>,
    /// Milliseconds of good data.
    pub(super) good: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Excursion {
    from: Timestamp,
    worst: Option<f64>,
}

/// A stretch that is over, and when it ended.
pub(super) type Closed = Option<(Stretch, Timestamp)>;

impl Course {
    pub(super) fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// Since when there is an excursion.
    pub(super) fn excursion_from(&self) -> Option<Timestamp> {
        self.excursion.map(|excursion| excursion.from)
    }

    /// A good value lasted for so many milliseconds.
    pub(super) fn lasted(&mut self, value: f64, millis: u64, limits: Limits) {
        if let Some(excursion) = &mut self.excursion {
            excursion.worst = limits.worse(excursion.worst, value);
        } else if let Some(stretch) = &mut self.stretch {
            stretch.worst = limits.worse(stretch.worst, value);
            stretch.good += millis;
        }
    }

    /// The value is within the limits.
    pub(super) fn fine(&mut self, at: Timestamp, limits: Limits) -> Closed {
        self.end_excursion(at, limits);
        self.turn(Some(Verdict::Compliant), at)
    }

    /// The limit does not apply any more. An excursion that has not persisted by then was seen in
    /// full as far as it counts.
    pub(super) fn off(&mut self, at: Timestamp, limits: Limits) -> Closed {
        self.end_excursion(at, limits);
        self.turn(None, at)
    }

    /// The value is outside the limits.
    pub(super) fn out(&mut self, at: Timestamp) {
        let new = Stretch { from: at, verdict: None, worst: None, good: 0 };
        if self.stretch.get_or_insert(new).verdict != Some(Verdict::NonCompliant) {
            self.excursion.get_or_insert(Excursion { from: at, worst: None });
        }
    }

    /// There are no data. The seen part of an excursion belongs to what nobody can judge.
    pub(super) fn missing(&mut self, at: Timestamp) -> Closed {
        let from = self.excursion.take().map_or(at, |excursion| excursion.from);
        let closed = self.turn(Some(Verdict::Indeterminate), from);
        if let Some(stretch) = &mut self.stretch {
            stretch.good += wording::millis(at.since(from));
        }
        closed
    }

    /// The excursion has persisted until `at`: it was a violation from its beginning.
    pub(super) fn persisted(&mut self, at: Timestamp) -> Closed {
        let excursion = self.excursion.take()?;
        let closed = self.turn(Some(Verdict::NonCompliant), excursion.from);
        if let Some(stretch) = &mut self.stretch {
            stretch.worst = excursion.worst;
            stretch.good = wording::millis(at.since(excursion.from));
        }
        closed
    }

    /// Closes the stretch so that records stay bounded; what is open about an excursion stays open.
    pub(super) fn cut(&mut self, at: Timestamp) -> Closed {
        let stretch = self.stretch?;
        let (to, verdict) = match (self.excursion, stretch.verdict) {
            (None, verdict) => (at, verdict),
            (Some(excursion), Some(Verdict::Compliant)) => (excursion.from, None),
            (Some(_), _) => return None,
        };
        self.stretch = Some(Stretch { from: to, verdict, worst: None, good: 0 });
        Some((stretch, to))
    }

    /// The excursion is over without having become a violation.
    fn end_excursion(&mut self, at: Timestamp, limits: Limits) {
        let (Some(excursion), Some(stretch)) = (self.excursion.take(), &mut self.stretch) else {
            return;
        };
        stretch.good += wording::millis(at.since(excursion.from));
        stretch.verdict.get_or_insert(Verdict::Compliant);
        if let Some(worst) = excursion.worst {
            stretch.worst = limits.worse(stretch.worst, worst);
        }
    }

    /// Ends the stretch at `at` and begins another, unless it is of the same verdict.
    fn turn(&mut self, verdict: Option<Verdict>, at: Timestamp) -> Closed {
        let before = self.stretch;
        if before.is_some_and(|stretch| stretch.verdict == verdict) {
            return None;
        }
        self.stretch = verdict.map(|_| Stretch { from: at, verdict, worst: None, good: 0 });
        before.map(|stretch| (stretch, at))
    }
}
