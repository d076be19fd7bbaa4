//! What judges the samples of one binding.

mod availability;
mod build;
mod cycle;
mod explain;
mod hold;
mod instant;
mod interlock;
mod mean;

use crate::{
    AreaFacts, Judgement, PointFacts, Requirement, Standing, timeline::Judged, timeline::Timeline,
};
use availability::{Availability, AvailabilityState};
use cycle::{CycleState, HoldCycle};
use instant::{InstantLimit, InstantState};
use interlock::{Interlock, InterlockState};
use mean::{MeanLimit, MeanState};
use serde::{Deserialize, Serialize};
use weir_domain::{Sample, Timestamp};

/// Judges the samples of one binding. Time never goes back: no call may have an earlier `now` than
/// the one before.
#[derive(Debug, Clone)]
pub struct Evaluator {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Instant(Judged<InstantLimit>),
    Mean(MeanLimit),
    HoldCycle(Judged<HoldCycle>),
    Interlock(Judged<Interlock>),
    Availability(Availability),
}

/// All that an evaluator remembers. Restored into an evaluator of the same binding, it goes on as
/// if nothing had happened. Numbers must survive exactly: JSON needs `float_roundtrip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatorState(Memory);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Memory {
    Instant(Timeline, InstantState),
    Mean(MeanState),
    HoldCycle(Timeline, CycleState),
    Interlock(Timeline, InterlockState),
    Availability(AvailabilityState),
}

/// A state that belongs to another kind of rule, or to another number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state belongs to another rule or to other points")]
pub struct StateError;

impl Evaluator {
    /// `points` are the inputs in the order of the binding.
    pub(crate) fn new(
        requirement: &Requirement,
        area: &AreaFacts,
        points: &[PointFacts],
        start: Timestamp,
    ) -> Self {
        Self { kind: build::kind(requirement, area, points, start) }
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
        match &mut self.kind {
            Kind::Instant(judged) => judged.observe(now, input, sample, out),
            Kind::Mean(limit) if input == 0 => limit.observe(now, sample, out),
            Kind::Mean(_) => {}
            Kind::HoldCycle(judged) => judged.observe(now, input, sample, out),
            Kind::Interlock(judged) => judged.observe(now, input, sample, out),
            Kind::Availability(availability) => availability.observe(now, input, sample, out),
        }
    }

    /// Lets the time pass until `now`.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        match &mut self.kind {
            Kind::Instant(judged) => judged.advance(now, out),
            Kind::Mean(limit) => limit.advance(now, out),
            Kind::HoldCycle(judged) => judged.advance(now, out),
            Kind::Interlock(judged) => judged.advance(now, out),
            Kind::Availability(availability) => availability.advance(now, out),
        }
    }

    /// When [`advance`](Self::advance) must be called next, if no sample comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.kind {
            Kind::Instant(judged) => judged.deadline(),
            Kind::Mean(limit) => Some(limit.deadline()),
            Kind::HoldCycle(judged) => judged.deadline(),
            Kind::Interlock(judged) => judged.deadline(),
            Kind::Availability(availability) => availability.deadline(),
        }
    }

    /// The samples end at `now`: closes what is open. A running window is judged only if it has
    /// enough data already.
    pub fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        match &mut self.kind {
            Kind::Instant(judged) => judged.finish(now, out),
            Kind::Mean(limit) => limit.finish(now, out),
            Kind::HoldCycle(judged) => judged.finish(now, out),
            Kind::Interlock(judged) => judged.finish(now, out),
            Kind::Availability(availability) => availability.finish(now, out),
        }
    }

    /// The gateway was down until `now`. Call it before the deadlines that fell into that time:
    /// they are not to be fired. Availability does not count the silence; for all other rules it is
    /// a gap like any other.
    pub fn resume(&mut self, now: Timestamp) {
        if let Kind::Availability(availability) = &mut self.kind {
            availability.resume(now);
        }
    }

    /// How the requirement stands.
    pub fn standing(&self) -> Standing {
        let standing = match &self.kind {
            Kind::Instant(judged) => judged.standing(),
            Kind::Mean(limit) => limit.standing(),
            Kind::HoldCycle(judged) => judged.standing(),
            Kind::Interlock(judged) => judged.standing(),
            Kind::Availability(availability) => availability.standing(),
        };
        standing.clone()
    }

    /// All that it remembers.
    pub fn state(&self) -> EvaluatorState {
        EvaluatorState(match &self.kind {
            Kind::Instant(judged) => {
                let (timeline, state) = judged.state();
                Memory::Instant(timeline, state)
            }
            Kind::Mean(limit) => Memory::Mean(limit.state().clone()),
            Kind::HoldCycle(judged) => {
                let (timeline, state) = judged.state();
                Memory::HoldCycle(timeline, state)
            }
            Kind::Interlock(judged) => {
                let (timeline, state) = judged.state();
                Memory::Interlock(timeline, state)
            }
            Kind::Availability(availability) => Memory::Availability(availability.state().clone()),
        })
    }

    /// Goes on from a state of the same binding.
    ///
    /// # Errors
    /// When the state belongs to another kind of rule or to another number of points; nothing is
    /// changed then.
    pub fn restore(&mut self, state: EvaluatorState) -> Result<(), StateError> {
        match (&mut self.kind, state.0) {
            (Kind::Instant(judged), Memory::Instant(timeline, state)) => {
                judged.restore(timeline, state)
            }
            (Kind::Mean(limit), Memory::Mean(state)) => {
                limit.restore(state);
                Ok(())
            }
            (Kind::HoldCycle(judged), Memory::HoldCycle(timeline, state)) => {
                judged.restore(timeline, state)
            }
            (Kind::Interlock(judged), Memory::Interlock(timeline, state)) => {
                judged.restore(timeline, state)
            }
            (Kind::Availability(availability), Memory::Availability(state)) => {
                availability.restore(state).then_some(()).ok_or(StateError)
            }
            _ => Err(StateError),
        }
    }
}

#[cfg(test)]
mod tests;
