//! Limits on what becomes of a value in the course of time: its change, or the time that water
//! needs for its way.
//!
//! A **course** remembers as much of the value as it needs, and says what the limit is to judge. It
//! does so at moments that follow from the samples alone, so that it makes no difference how often
//! anybody looks.

mod contact;
mod rate;

pub(crate) use contact::Contact;
pub(crate) use rate::Rate;

use super::instant::{InstantLimit, InstantState};
use crate::{
    Judgement, Standing,
    timeline::{Moment, Momentary},
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Pieces of the past that are remembered; what is before them is not known.
const PIECES_MAX: usize = 8_192;

/// What becomes of a value in the course of time.
pub(crate) trait Course {
    type State: Clone;

    /// From `t` on the value is this.
    fn enter(&mut self, t: Timestamp, value: Option<f64>);
    /// When it must be asked next, if the value stays as it is.
    fn next(&self) -> Option<Timestamp>;
    /// Lets the time pass until `t`, and says what is to be judged from then on.
    fn at(&mut self, t: Timestamp) -> Option<f64>;
    /// Whether there is anything to be judged, as far as the value tells.
    fn applies(&self) -> bool;
    fn state(&self) -> Self::State;
    fn restore(&mut self, state: Self::State);
}

/// A limit on the course of a value.
#[derive(Debug, Clone)]
pub(crate) struct Changing<C> {
    course: C,
    limit: InstantLimit,
    /// Whether the second number of a moment says if the limit applies.
    gated: bool,
    /// What the inputs were last.
    moment: Moment,
}

/// All that a [`Changing`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangingState<S> {
    course: S,
    limit: InstantState,
    moment: Moment,
}

impl<C: Course> Changing<C> {
    /// The limit must be one that asks for a gate.
    pub(crate) fn new(course: C, limit: InstantLimit, gated: bool) -> Self {
        Self { course, limit, gated, moment: Moment::default() }
    }

    fn tell(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        let mut moment = Moment::default();
        moment.set(0, self.course.at(t));
        let gate = if self.gated { self.moment.side() } else { Some(1.0) };
        moment.set(1, if self.course.applies() { gate } else { Some(0.0) });
        self.limit.step(t, moment, out);
    }
}

impl<C: Course> Momentary for Changing<C> {
    type State = ChangingState<C::State>;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        while let Some(next) = self.course.next().filter(|next| *next < t) {
            self.tell(next, out);
        }
        if moment.main() != self.moment.main() {
            self.course.enter(t, moment.main());
        }
        self.moment = moment;
        self.tell(t, out);
    }

    fn timer(&self) -> Option<Timestamp> {
        self.course.next().into_iter().chain(self.limit.timer()).min()
    }

    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.step(t, self.moment, out);
        self.limit.finish(t, out);
    }

    fn standing(&self) -> &Standing {
        self.limit.standing()
    }

    fn state(&self) -> Self::State {
        let (course, limit) = (self.course.state(), self.limit.state());
        ChangingState { course, limit, moment: self.moment }
    }

    fn restore(&mut self, state: Self::State) {
        self.course.restore(state.course);
        self.limit.restore(state.limit);
        self.moment = state.moment;
    }
}

/// A value over time: pieces that begin one after the other, each as long as the next one is away.
/// Saved by how far apart they begin, in milliseconds, for there are hundreds of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, Option<f64>)>", into = "Vec<(i64, Option<f64>)>")]
pub(crate) struct Past(VecDeque<(Timestamp, Option<f64>)>);

impl From<Past> for Vec<(i64, Option<f64>)> {
    fn from(past: Past) -> Self {
        let mut before = 0;
        let apart = |(from, value): (Timestamp, Option<f64>)| {
            let from = from.as_millis();
            (from - core::mem::replace(&mut before, from), value)
        };
        past.0.into_iter().map(apart).collect()
    }
}

impl From<Vec<(i64, Option<f64>)>> for Past {
    fn from(saved: Vec<(i64, Option<f64>)>) -> Self {
        let mut from = 0_i64;
        let piece = |(apart, value): (i64, Option<f64>)| {
            from = from.saturating_add(apart);
            (Timestamp::from_millis(from), value)
        };
        Self(saved.into_iter().map(piece).collect())
    }
}

impl Past {
    /// Nobody knows anything of the time before the first piece.
    fn enter(&mut self, t: Timestamp, value: Option<f64>) {
        if self.0.len() >= PIECES_MAX {
            self.0.pop_front();
        }
        match self.0.back_mut().filter(|(from, _)| *from >= t) {
            Some(last) => last.1 = value,
            None => self.0.push_back((t, value)),
        }
    }

    /// Joins the two pieces that ended last, if together they are no longer than `grain`, to one of
    /// their mean: what flowed in both is the same. Call it when `t` begins a piece.
    fn join(&mut self, t: Timestamp, grain: Duration) {
        let Some(last) = self.0.len().checked_sub(1).filter(|last| *last > 0) else { return };
        let ((first, Some(a)), (second, Some(b))) = (self.0[last - 1], self.0[last]) else {
            return;
        };
        if t <= second || t.since(first) > grain {
            return;
        }
        let (before, after) = (second.since(first).as_secs_f64(), t.since(second).as_secs_f64());
        self.0.pop_back();
        self.0[last - 1].1 = Some((a * before + b * after) / (before + after));
    }

    fn last(&self) -> Option<f64> {
        self.0.back().and_then(|(_, value)| *value)
    }

    /// Forgets what was over at `t`.
    fn forget(&mut self, t: Timestamp) {
        while self.0.get(1).is_some_and(|(from, _)| *from <= t) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
