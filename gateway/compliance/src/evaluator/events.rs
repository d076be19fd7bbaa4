//! Rules of what happens, and not of what lasts: duties, counts, sequences, and two counts that
//! must agree.
//!
//! Each input is a [`Watch`](watch::Watch), which finds the events and the times when none could
//! be seen. A rule is told of an event as soon as it is known, and judges a moment only when every
//! input is known up to it: a polled point when a newer sample has come or is overdue, an
//! occasional one when its grace is over. So neither the order in which samples of different
//! points come in changes a verdict, nor how often the clock is looked at.

pub(crate) mod count;
pub(crate) mod every;
pub(crate) mod expected;
mod ledger;
mod matching;
pub(crate) mod period;
pub(crate) mod reconcile;
pub(crate) mod sequence;
pub(crate) mod watch;
pub(crate) mod words;

use crate::{
    Judgement, Standing,
    evaluator::{Judge, StateError},
};
use serde::{Deserialize, Serialize};
use watch::{EVER, Event, Watch, WatchState};
use weir_domain::{Sample, Timestamp};

/// A rule of events.
pub(crate) trait EventRule {
    /// All that the rule remembers.
    type State: Clone;

    /// An event of an input is known. Events of one input come in order, unless its point is an
    /// occasional one.
    fn take(&mut self, input: usize, event: Event);
    /// Everything up to `t` is known: judges what ends at `t` or before.
    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>);
    /// The next moment after `t` at which time alone changes something.
    fn next_after(&self, t: Timestamp) -> Option<Timestamp>;
    /// Nothing before this is asked for any more.
    fn forgets(&self) -> Timestamp;
    /// The samples end at `t`.
    fn finish(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>);
    fn standing(&self) -> &Standing;
    fn state(&self) -> &Self::State;
    fn restore(&mut self, state: Self::State);
}

/// A rule with the watches on its inputs.
#[derive(Debug, Clone)]
pub(crate) struct Watched<R> {
    watches: Vec<Watch>,
    cursor: Timestamp,
    rule: R,
    found: Vec<Event>,
}

/// What the watches of a rule remember.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchesState {
    /// Everything before is settled.
    cursor: Timestamp,
    watches: Vec<WatchState>,
}

impl<R: EventRule> Watched<R> {
    pub(crate) fn new(rule: R, watches: Vec<Watch>, start: Timestamp) -> Self {
        let mut new = Self { watches, cursor: start, rule, found: Vec::new() };
        // How it stands at the start is nothing new.
        new.rule.settle(start, &new.watches, &mut Vec::new());
        new
    }

    fn next(&self) -> Option<Timestamp> {
        let watches = self.watches.iter().filter_map(|watch| watch.next_after(self.cursor));
        watches.chain(self.rule.next_after(self.cursor)).min()
    }

    /// Goes on to `through`, stopping wherever something changes.
    fn settle(&mut self, through: Timestamp, out: &mut Vec<Judgement>) {
        while let Some(next) = self.next().filter(|next| *next <= through) {
            self.step(next, out);
        }
        if self.cursor < through {
            self.step(through, out);
        }
    }

    fn step(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.cursor = self.cursor.max(t);
        for input in 0..self.watches.len() {
            self.watches[input].pass(self.cursor, &mut self.found);
            self.tell(input);
        }
        self.rule.settle(self.cursor, &self.watches, out);
        let forgets = self.rule.forgets();
        if forgets > EVER {
            self.watches.iter_mut().for_each(|watch| watch.forget(forgets));
        }
    }

    fn tell(&mut self, input: usize) {
        for event in self.found.drain(..) {
            self.rule.take(input, event);
        }
    }
}

impl<R: EventRule> Judge for Watched<R> {
    type Memory = (WatchesState, R::State);

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        self.advance(now, out);
        let Some(watch) = self.watches.get_mut(input) else { return };
        watch.observe(now, sample, &mut self.found);
        self.tell(input);
        self.advance(now, out);
        // An entry by hand counts as soon as it is there, though nothing is judged by it yet.
        self.rule.settle(self.cursor, &self.watches, out);
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        let through = self.watches.iter().map(|watch| watch.through(now)).min();
        self.settle(through.unwrap_or(now), out);
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.settle(now, out);
        self.rule.finish(self.cursor, &self.watches, out);
    }

    /// The gateway was down from `since` to `now`.
    fn resume(&mut self, since: Timestamp, now: Timestamp) {
        self.watches.iter_mut().for_each(|watch| watch.down(since, now));
    }

    fn deadline(&self) -> Option<Timestamp> {
        let next = self.next()?;
        self.watches.iter().map(|watch| watch.known_at(next)).max()
    }

    fn standing(&self) -> &Standing {
        self.rule.standing()
    }

    fn memory(&self) -> Self::Memory {
        let watches = self.watches.iter().map(|watch| watch.state().clone()).collect();
        (WatchesState { cursor: self.cursor, watches }, self.rule.state().clone())
    }

    fn restore(&mut self, (state, rule): Self::Memory) -> Result<(), StateError> {
        if state.watches.len() != self.watches.len() {
            return Err(StateError);
        }
        self.cursor = state.cursor;
        for (watch, state) in self.watches.iter_mut().zip(state.watches) {
            watch.restore(state);
        }
        self.rule.restore(rule);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
