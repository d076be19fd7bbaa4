//! What judges the samples of one binding.

mod availability;
mod changing;
mod cycle;
pub(crate) mod events;
mod explain;
mod forecast;
mod hold;
mod instant;
mod interlock;
mod tenure;
mod uptime;
mod window;

pub(crate) use availability::Availability;
pub(crate) use changing::{Changing, Contact, Rate};
pub(crate) use cycle::HoldCycle;
pub(crate) use explain::LimitWords;
pub(crate) use forecast::{Forecast, ForecastSettings};
pub(crate) use instant::{InstantLimit, InstantSettings};
pub(crate) use interlock::Interlock;
pub(crate) use uptime::{Uptime, UptimeSettings};
pub(crate) use window::{WindowLimit, WindowSettings, WindowStatistic};

use crate::{
    Judgement, Standing,
    rules::{Bound, Memory},
    term::Term,
};
use serde::{Deserialize, Serialize};
use tenure::{Phase, Tenure};
use weir_domain::{Sample, Text, Timestamp};

/// Judges the samples of one binding. Time never goes back: no call may have an earlier `now` than
/// the one before.
#[derive(Debug, Clone)]
pub struct Evaluator {
    /// One for each stretch of time in which the requirement is in force; hardly ever two.
    tenures: Vec<Tenure>,
    /// What every explanation says besides.
    remark: Option<Text>,
    out_of_force: Standing,
}

/// All that an evaluator remembers. Restored into an evaluator of the same binding, it goes on as
/// if nothing had happened. Numbers must survive exactly: JSON needs `float_roundtrip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluatorState(Vec<(Phase, Memory)>);

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
    /// In force at all times.
    #[cfg(test)]
    pub(crate) fn new(bound: &Bound<'_>) -> Self {
        Self::within(bound, &[Term::default()], None)
    }

    /// In force in these stretches of time only.
    pub(crate) fn within(bound: &Bound<'_>, terms: &[Term], remark: Option<Text>) -> Self {
        let tenures = terms.iter().map(|term| Tenure::new(bound, *term)).collect();
        Self { tenures, remark, out_of_force: tenure::out_of_force() }
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
        let first = out.len();
        self.tenures.iter_mut().for_each(|tenure| tenure.observe(now, input, sample, out));
        self.add_remark(&mut out[first..]);
    }

    /// Lets the time pass until `now`.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        let first = out.len();
        self.tenures.iter_mut().for_each(|tenure| tenure.advance(now, out));
        self.add_remark(&mut out[first..]);
    }

    /// When [`advance`](Self::advance) must be called next, if no sample comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.tenures.as_slice() {
            [only] => only.deadline(),
            tenures => tenures.iter().filter_map(Tenure::deadline).min(),
        }
    }

    /// The samples end at `now`: closes what is open. A running window is judged only if it has
    /// enough data already.
    pub fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        let first = out.len();
        self.tenures.iter_mut().for_each(|tenure| tenure.finish(now, out));
        self.add_remark(&mut out[first..]);
    }

    /// The gateway was down from `since` to `now`. Call it before the deadlines that fell into that
    /// time: they are not to be fired. Availability does not count the silence, and of points that
    /// are only sent on occasion something may have been lost; for all others it is a gap like any
    /// other.
    pub fn resume(&mut self, since: Timestamp, now: Timestamp) {
        self.tenures.iter_mut().for_each(|tenure| tenure.resume(since, now));
    }

    /// How the requirement stands.
    pub fn standing(&self) -> Standing {
        let standing = self.tenures.iter().find_map(Tenure::standing);
        standing.unwrap_or(&self.out_of_force).clone()
    }

    /// All that it remembers.
    pub fn state(&self) -> EvaluatorState {
        EvaluatorState(self.tenures.iter().map(Tenure::state).collect())
    }

    /// Goes on from a state of the same binding.
    ///
    /// # Errors
    /// When the state belongs to another kind of rule or to another number of points; nothing is
    /// changed then.
    pub fn restore(&mut self, state: EvaluatorState) -> Result<(), StateError> {
        if state.0.len() != self.tenures.len() {
            return Err(StateError);
        }
        let mut tenures = self.tenures.clone();
        for (tenure, state) in tenures.iter_mut().zip(state.0) {
            tenure.restore(state)?;
        }
        self.tenures = tenures;
        Ok(())
    }

    /// The judge of a requirement that is always in force.
    #[cfg(test)]
    fn judge(&self) -> &crate::rules::AnyJudge {
        self.tenures[0].judge()
    }

    fn add_remark(&self, out: &mut [Judgement]) {
        let Some(remark) = &self.remark else { return };
        for judgement in out {
            if let Judgement::Verdict(passed) = judgement {
                passed.explanation.zh.push_str(&remark.zh);
                passed.explanation.en.push_str(&remark.en);
            }
        }
    }
}

#[cfg(test)]
mod tests;
