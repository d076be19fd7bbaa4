//! A limit on every value, broken when a violation has lasted for its persistence.
//!
//! Time is cut into **stretches** of one verdict. An **excursion** is a value outside the limits
//! that has not lasted long enough yet; what it was is known only when it ends:
//!
//! * it persists: non-compliant, from its beginning;
//! * it is over before: compliant, like the time around it;
//! * data go missing before or after it: indeterminate, for nobody saw how long it really was.

mod course;

use crate::{
    Judgement, Passed, Standing,
    calendar::Calendar,
    evaluator::explain::{LimitWords, not_applicable},
    timeline::{Moment, Momentary},
    wording,
};
use core::time::Duration;
use course::{Closed, Course};
use serde::{Deserialize, Serialize};
use weir_domain::{Timestamp, Verdict};

/// What an [`InstantLimit`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct InstantSettings {
    pub(crate) persistence: Duration,
    /// Whether a second input decides if the limit applies.
    pub(crate) gated: bool,
    pub(crate) deadband: f64,
}

/// A limit on every value.
#[derive(Debug, Clone)]
pub(crate) struct InstantLimit {
    words: LimitWords,
    settings: InstantSettings,
    calendar: Calendar,
    hours: Hours,
    state: InstantState,
}

/// What follows from the time and the calendar alone.
#[derive(Debug, Clone)]
struct Hours {
    open: bool,
    /// When it opens or closes next.
    change: Option<Timestamp>,
    /// When an open stretch is closed so that records stay bounded.
    cut: Timestamp,
}

/// All that an [`InstantLimit`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstantState {
    /// Everything before is judged.
    at: Timestamp,
    moment: Moment,
    course: Course,
    /// Whether it stands non-compliant until the value is inside by the deadband.
    tripped: bool,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Condition {
    /// The limit does not apply.
    Off,
    Fine(f64),
    Out(f64),
    Missing,
}

impl InstantLimit {
    pub(crate) fn new(
        words: LimitWords,
        settings: InstantSettings,
        calendar: Calendar,
        start: Timestamp,
    ) -> Self {
        let hours = Hours::at(&calendar, start);
        let verdict = hours.open.then_some(Verdict::Indeterminate);
        let note = if hours.open { words.no_data() } else { not_applicable() };
        let state = InstantState {
            at: start,
            moment: Moment::default(),
            course: Course::default(),
            tripped: false,
            standing: Standing { verdict, since: None, value: None, note, early: None },
        };
        let mut limit = Self { words, settings, calendar, hours, state };
        limit.enter(&mut Vec::new());
        limit
    }

    fn condition(&self) -> Condition {
        let (main, side) = (self.state.moment.main(), self.state.moment.side());
        match (self.hours.open, self.settings.gated, side, main) {
            (false, ..) | (true, true, Some(0.0), _) => Condition::Off,
            (true, true, None, _) | (true, _, _, None) => Condition::Missing,
            (true, _, _, Some(value)) if self.words.limits.holds(value) => Condition::Fine(value),
            (true, _, _, Some(value)) => Condition::Out(value),
        }
    }

    /// When the excursion becomes a violation.
    fn persists_at(&self) -> Option<Timestamp> {
        self.state.course.excursion_from().map(|from| from + self.settings.persistence)
    }

    /// Lets the time pass until `t` with the inputs as they were.
    fn pass(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        loop {
            let next = self.timer().filter(|next| *next <= t);
            self.accumulate(next.unwrap_or(t));
            let Some(next) = next else { return };
            self.persist(out);
            if self.hours.change.is_some_and(|change| change <= next) {
                self.hours = Hours::at(&self.calendar, next);
                self.enter(out);
            } else if self.hours.cut <= next {
                self.hours.cut = self.calendar.hour_after(next);
                let closed = self.state.course.cut(next);
                self.judge(closed, out);
            }
            self.stand(out);
        }
    }

    fn accumulate(&mut self, to: Timestamp) {
        let millis = wording::millis(to.since(self.state.at));
        if let (1.., Condition::Fine(value) | Condition::Out(value)) = (millis, self.condition()) {
            self.state.course.lasted(value, millis, self.words.limits);
        }
        self.state.at = self.state.at.max(to);
    }

    /// Takes up what the inputs are from now on.
    fn enter(&mut self, out: &mut Vec<Judgement>) {
        let (at, limits) = (self.state.at, self.words.limits);
        let closed = match self.condition() {
            Condition::Off => {
                self.state.tripped = false;
                self.state.course.off(at, limits)
            }
            Condition::Fine(value) => {
                self.state.tripped &= !limits.holds_by(value, self.settings.deadband);
                self.state.course.fine(at, limits)
            }
            Condition::Out(_) => {
                self.state.course.out(at);
                None
            }
            Condition::Missing => self.state.course.missing(at),
        };
        self.judge(closed, out);
        self.persist(out);
        if self.hours.cut <= at {
            self.hours.cut = self.calendar.hour_after(at);
        }
    }

    fn persist(&mut self, out: &mut Vec<Judgement>) {
        if self.persists_at().is_some_and(|at| at <= self.state.at) {
            let closed = self.state.course.persisted(self.state.at);
            self.state.tripped = true;
            self.judge(closed, out);
        }
    }

    fn judge(&self, closed: Closed, out: &mut Vec<Judgement>) {
        let Some((stretch, to)) = closed.filter(|(stretch, to)| *to > stretch.from) else { return };
        let Some(verdict) = stretch.verdict else { return };
        let (from, value) = (stretch.from, stretch.worst);
        let value = value.filter(|_| verdict != Verdict::Indeterminate);
        let coverage = wording::share(stretch.good, to.since(from));
        let explanation =
            self.words.instant((from, to), verdict, value, coverage, self.settings.persistence);
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    /// Says how it stands now, if that has changed.
    fn stand(&mut self, out: &mut Vec<Judgement>) {
        let (state, stretch) = (&self.state, self.state.course.stretch());
        let verdict = stretch.map(|stretch| match stretch.verdict {
            Some(Verdict::Compliant) if state.tripped => Verdict::NonCompliant,
            Some(verdict) => verdict,
            // An excursion that nothing is known about yet.
            None => state.standing.verdict.unwrap_or(Verdict::Indeterminate),
        });
        if verdict == state.standing.verdict {
            return;
        }
        let value = match self.condition() {
            Condition::Fine(value) | Condition::Out(value) => Some(value),
            Condition::Off | Condition::Missing => None,
        };
        let since = match (verdict, stretch) {
            (Some(Verdict::NonCompliant), Some(stretch)) => stretch.from,
            _ => state.at,
        };
        let note = match verdict {
            None => not_applicable(),
            Some(verdict) => self.words.standing(verdict, value, since),
        };
        self.state.standing = Standing { verdict, since: Some(since), value, note, early: None };
        out.push(Judgement::Standing(self.state.standing.clone()));
    }
}

impl Momentary for InstantLimit {
    type State = InstantState;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        self.pass(t, out);
        if moment != self.state.moment {
            self.state.moment = moment;
            self.enter(out);
            self.stand(out);
        }
    }

    fn timer(&self) -> Option<Timestamp> {
        let cut = self.state.course.stretch().map(|_| self.hours.cut);
        [cut, self.hours.change, self.persists_at()].into_iter().flatten().min()
    }

    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.pass(t, out);
        if self.state.course.excursion_from().is_some() {
            // Nobody saw the end of it.
            let closed = self.state.course.missing(t);
            self.judge(closed, out);
        }
        let closed = self.state.course.off(t, self.words.limits);
        self.judge(closed, out);
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> InstantState {
        self.state.clone()
    }

    fn restore(&mut self, state: InstantState) {
        self.hours = Hours::at(&self.calendar, state.at);
        self.state = state;
    }
}

impl Hours {
    fn at(calendar: &Calendar, t: Timestamp) -> Self {
        Self {
            open: calendar.is_open(t),
            change: calendar.change_after(t),
            cut: calendar.hour_after(t),
        }
    }
}

#[cfg(test)]
mod tests;
