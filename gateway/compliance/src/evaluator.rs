//! What judges the samples of one binding.

mod availability;
mod cycle;
pub(crate) mod events;
mod explain;
mod hold;
mod instant;
mod interlock;
mod mean;

pub(crate) use availability::Availability;
pub(crate) use cycle::HoldCycle;
pub(crate) use explain::LimitWords;
pub(crate) use instant::{InstantLimit, InstantSettings};
pub(crate) use interlock::Interlock;
pub(crate) use mean::{MeanLimit, MeanSettings};

use crate::{
    Judgement, Standing,
    rules::{AnyJudge, Bound, Memory},
};
use serde::{Deserialize, Serialize};
use weir_domain::{Sample, Timestamp};

/// Judges the samples of one binding. Time never goes back: no call may have an earlier `now` than
/// the one before.
#[derive(Debug, Clone)]
pub struct Evaluator {
    judge: AnyJudge,
}

/// All that an evaluator remembers. Restored into an evaluator of the same binding, it goes on as
/// if nothing had happened. Numbers must survive exactly: JSON needs `float_roundtrip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatorState(Memory);

/// A state that belongs to another kind of rule, or to another number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state belongs to another rule or to other points")]
pub struct StateError;

/// What judges a rule of one kind; see the methods of [`Evaluator`].
pub(crate) trait Judge {
    /// All that it remembers.
    type Memory
    where
        Self: Sized;

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>);
    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>);
    fn deadline(&self) -> Option<Timestamp>;
    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>);
    fn resume(&mut self, _since: Timestamp, _now: Timestamp) {}
    fn standing(&self) -> &Standing;
    fn memory(&self) -> Self::Memory
    where
        Self: Sized;
    fn restore(&mut self, memory: Self::Memory) -> Result<(), StateError>
    where
        Self: Sized;
}

impl Evaluator {
    pub(crate) fn new(bound: &Bound<'_>) -> Self {
        Self { judge: bound.requirement.rule.kind().judge(bound) }
    }

    /// Takes a sample of an input in. Inputs are numbered as in
    /// [`Binding::inputs`](crate::Binding::inputs).
    pub fn observe(
        &mut self,
        now: Timestamp,
        input: usize,
        sample: &Sample,
        out: &mut Vec<Judgement>,
    ) {
        self.judge.get_mut().observe(now, input, sample, out);
    }

    /// Lets the time pass until `now`.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.judge.get_mut().advance(now, out);
    }

    /// When [`advance`](Self::advance) must be called next, if no sample comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.judge.get().deadline()
    }

    /// The samples end at `now`: closes what is open. A running window is judged only if it has
    /// enough data already.
    pub fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.judge.get_mut().finish(now, out);
    }

    /// The gateway was down from `since` to `now`. Call it before the deadlines that fell into that time:
    /// they are not to be fired. Availability does not count the silence, and of points that are only
    /// sent on occasion something may have been lost; for all others it is a gap like any other.
    pub fn resume(&mut self, since: Timestamp, now: Timestamp) {
        self.judge.get_mut().resume(since, now);
    }

    /// How the requirement stands.
    pub fn standing(&self) -> Standing {
        self.judge.get().standing().clone()
    }

    /// All that it remembers.
    pub fn state(&self) -> EvaluatorState {
        EvaluatorState(self.judge.memory())
    }

    /// Goes on from a state of the same binding.
    ///
    /// # Errors
    /// When the state belongs to another kind of rule or to another number of points; nothing is
    /// changed then.
    pub fn restore(&mut self, state: EvaluatorState) -> Result<(), StateError> {
        self.judge.restore(state.0)
    }
}

#[cfg(test)]
mod tests;
