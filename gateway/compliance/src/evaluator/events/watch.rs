//! Watches one point for one kind of event, and remembers when it could not be seen.
//!
//! Most events are **edges** between samples that follow one another. While data are missing an
//! edge is missed, and comes to light only if the state is another one afterwards: then it happened
//! somewhere in the gap ([`Event::since`] to [`Event::at`]). A counter that goes on after a gap
//! tells what happened in it, so that gap hides nothing (it is **bridged**) except on which side of
//! a boundary within it. A point that is sent **on occasion** has no gaps of its own: no sample means
//! that nothing happened, unless the gateway itself was down.

use crate::{Edge, limits::Limits};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use weir_domain::{Sample, Timestamp};

/// A sample that is as late as it may be still counts; it is overdue a moment after that.
pub(super) const MOMENT: Duration = Duration::from_millis(1);
/// A moment before everything: the first of January in the year 1.
pub(super) const EVER: Timestamp = Timestamp::from_millis(-62_135_596_800_000);
/// No polled point is waited for longer than this, and every entry for at least as long.
const LATENESS_MAX: Duration = Duration::from_secs(60);
/// Gaps that are remembered one by one; more are joined, and what lies between counts as unseen.
const GAPS_MAX: usize = 512;
/// Entries of an occasional point that are known as such; an entry older than these is not taken.
const ENTRIES_MAX: usize = 4_096;
/// Stretches during which a gate was off; of the time before more of them nothing is known.
const SHUT_MAX: usize = 4_096;

/// What a [`Watch`] looks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WatchSettings {
    pub(crate) edge: Edge,
    pub(crate) lasting: Duration,
    /// Whether the value of an entry is its amount.
    pub(crate) sum: bool,
    /// How long a sample speaks.
    pub(crate) max_gap: Duration,
    /// Whether the point is only sent on occasion.
    pub(crate) occasional: bool,
    /// How late an entry of an occasional point may come.
    pub(crate) grace: Duration,
    /// Whether it is a gate: the times when it is known to be off are remembered.
    pub(crate) gate: bool,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// Not before this; the same as `at` unless it happened in a gap.
    pub(crate) since: Timestamp,
    /// Not after this.
    pub(crate) at: Timestamp,
    /// How often, or how much.
    pub(crate) amount: f64,
    /// Whether it happened for certain, or only may have.
    pub(crate) sure: bool,
}

/// A stretch of time in which nothing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gap {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Whether a counter has told what happened in it.
    bridged: bool,
}

/// Watches one point.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    settings: WatchSettings,
    state: WatchState,
}

/// All that a [`Watch`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchState {
    /// Source time of the newest sample.
    newest: Option<Timestamp>,
    /// Until when something is seen, if nothing more comes.
    seen_until: Timestamp,
    last: Option<Last>,
    gaps: VecDeque<Gap>,
    /// Source times of the entries of an occasional point.
    entries: BTreeSet<Timestamp>,
    /// No entry before this is taken any more.
    entries_from: Timestamp,
    /// When a gate was off, in order.
    shut: VecDeque<(Timestamp, Timestamp)>,
}

/// What the last good sample said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Last {
    /// The reading of a counter.
    Reading(f64),
    /// The event's state is not there.
    Idle,
    /// It is there.
    Active(Run),
}

/// A state that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    since: Timestamp,
    at: Timestamp,
    sure: bool,
    /// Whether its event has been told.
    told: bool,
}

impl WatchSettings {
    /// Whether its samples are entries that only come on occasion, in any order.
    fn takes_entries(&self) -> bool {
        self.occasional && matches!(self.edge, Edge::Sample { .. })
    }
}

impl Watch {
    pub(crate) fn new(settings: WatchSettings, start: Timestamp) -> Self {
        let (gaps, seen_until) = if settings.takes_entries() {
            (VecDeque::from([Gap { from: EVER, to: start, bridged: false }]), start)
        } else {
            (VecDeque::new(), EVER)
        };
        let state = WatchState {
            newest: None,
            seen_until,
            last: None,
            gaps,
            entries: BTreeSet::new(),
            entries_from: EVER,
            shut: VecDeque::new(),
        };
        Self { settings, state }
    }

    /// How late a sample may come.
    pub(super) fn lateness(&self) -> Duration {
        if self.settings.takes_entries() {
            self.settings.grace.max(LATENESS_MAX)
        } else {
            self.settings.max_gap.min(LATENESS_MAX)
        }
    }

    /// Up to where everything is known.
    pub(super) fn through(&self, now: Timestamp) -> Timestamp {
        let overdue = now - self.lateness() - MOMENT;
        if self.settings.takes_entries() {
            overdue
        } else {
            overdue.max(self.state.newest.unwrap_or(EVER))
        }
    }

    /// When `t` is known, if no sample comes before.
    pub(super) fn known_at(&self, t: Timestamp) -> Timestamp {
        let has_come =
            !self.settings.takes_entries() && self.state.newest.is_some_and(|newest| newest >= t);
        if has_come { t } else { t + self.lateness() + MOMENT }
    }

    /// When time alone changes something next: silence begins, or a state has lasted long enough.
    pub(super) fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        // Samples may be ahead of what is settled, and with them the gaps and what a gate did.
        let gap = self.state.gaps.partition_point(|gap| gap.to <= t);
        let gap = self.state.gaps.get(gap).map(|gap| (gap.from, gap.to));
        let shut = self.state.shut.partition_point(|(_, to)| *to <= t);
        let turns = gap.into_iter().chain(self.state.shut.get(shut).copied());
        let turns = turns.map(|(from, to)| if from > t { from } else { to });
        let silence = Some(self.state.seen_until);
        let silence = silence.filter(|at| *at > t && !self.settings.takes_entries());
        turns.chain(silence).chain(self.lasts_at()).min()
    }

    /// When the state that goes on will have lasted long enough, if it is seen for so long.
    fn lasts_at(&self) -> Option<Timestamp> {
        match self.state.last {
            Some(Last::Active(run)) if !run.told => {
                Some(run.at + self.settings.lasting).filter(|at| *at <= self.state.seen_until)
            }
            _ => None,
        }
    }

    /// Takes a sample in.
    pub(super) fn observe(&mut self, now: Timestamp, sample: &Sample, out: &mut Vec<Event>) {
        let source = sample.source_time.min(now);
        let value = sample.reading.good().map(weir_domain::Value::get);
        if self.settings.takes_entries() {
            if let Some(value) = value {
                self.entry(source, value, out);
            }
            return;
        }
        if self.state.newest.is_some_and(|newest| source <= newest) {
            return;
        }
        self.state.newest = Some(source);
        // What comes too late speaks from where nothing is settled yet.
        let from = source.max(now - self.lateness());
        self.pass(from, out);
        match value {
            Some(value) => {
                let since = self.state.seen_until.min(from);
                let bridged = self.take(value, since, from, out);
                self.gap(Gap { from: since, to: from, bridged });
                self.state.seen_until = from.max(source + self.settings.max_gap);
            }
            None => self.state.seen_until = self.state.seen_until.min(from),
        }
        if self.settings.gate {
            let shut = value.is_some_and(|value| !is_active(self.settings.edge, value, false));
            self.shut(from, shut);
        }
    }

    /// A gate is known to be off, or not, from `from` on.
    fn shut(&mut self, from: Timestamp, off: bool) {
        let until = self.state.seen_until;
        match self.state.shut.back_mut() {
            Some((_, to)) if *to >= from => *to = if off { until } else { from },
            _ if off => self.state.shut.push_back((from, until)),
            _ => {}
        }
        if self.state.shut.len() > SHUT_MAX {
            self.state.shut.pop_front();
        }
    }

    /// When a gate was known to be off, in order.
    pub(super) fn known_off(&self) -> &VecDeque<(Timestamp, Timestamp)> {
        &self.state.shut
    }

    /// An entry by hand, a scan, in any order.
    fn entry(&mut self, at: Timestamp, value: f64, out: &mut Vec<Event>) {
        if at < self.state.entries_from || !self.state.entries.insert(at) {
            return;
        }
        if self.state.entries.len() > ENTRIES_MAX
            && let Some(oldest) = self.state.entries.pop_first()
        {
            self.state.entries_from = oldest + MOMENT;
        }
        self.sample(at, value, out);
    }

    fn sample(&self, at: Timestamp, value: f64, out: &mut Vec<Event>) {
        let Edge::Sample { low, high } = self.settings.edge else { return };
        if (Limits { low, high }).holds(value) {
            let amount = if self.settings.sum { value } else { 1.0 };
            out.push(Event { since: at, at, amount, sure: true });
        }
    }

    /// Takes a good value in; whether it tells what happened since the last one, gap or not.
    fn take(&mut self, value: f64, since: Timestamp, at: Timestamp, out: &mut Vec<Event>) -> bool {
        let whole = since == at;
        match self.settings.edge {
            Edge::Sample { .. } => {
                self.sample(at, value, out);
                false
            }
            Edge::Increase { roll_over } => {
                let Some(Last::Reading(before)) = self.state.last.replace(Last::Reading(value))
                else {
                    return false;
                };
                let (amount, bridged) = increase(before, value, roll_over);
                if amount > 0.0 {
                    out.push(Event { since, at, amount, sure: true });
                }
                bridged
            }
            edge => {
                let was = self.state.last;
                let active = is_active(edge, value, matches!(was, Some(Last::Active(_))));
                self.state.last = Some(match (was, active) {
                    (_, false) => Last::Idle,
                    (Some(Last::Active(run)), true) if whole => Last::Active(run),
                    // It was there before the gap and is there after it, or nobody knows what was
                    // before: it may have begun in the gap.
                    (Some(Last::Active(_)) | None, true) => {
                        Last::Active(Run { since, at, sure: false, told: false })
                    }
                    (Some(_), true) => Last::Active(Run { since, at, sure: true, told: false }),
                });
                self.tell(at, out);
                false
            }
        }
    }

    /// Lets the time pass until `t`.
    pub(super) fn pass(&mut self, t: Timestamp, out: &mut Vec<Event>) {
        if self.lasts_at().is_some_and(|at| at <= t) {
            self.tell(t, out);
        }
    }

    /// Tells the event of a state that has lasted long enough.
    fn tell(&mut self, t: Timestamp, out: &mut Vec<Event>) {
        let lasting = self.settings.lasting;
        if let Some(Last::Active(run)) = &mut self.state.last
            && !run.told
            && run.at + lasting <= t
        {
            run.told = true;
            if !run.sure && lasting.is_zero() {
                // The gap that it may have begun in says so already.
                return;
            }
            let (since, at) = (run.since + lasting, run.at + lasting);
            out.push(Event { since, at, amount: 1.0, sure: run.sure });
        }
    }

    /// The gateway was down: an entry made then may be lost, unless it could be sent again in time.
    pub(super) fn down(&mut self, from: Timestamp, to: Timestamp) {
        if self.settings.takes_entries() {
            if to.since(from) > self.lateness() {
                self.gap(Gap { from, to, bridged: false });
            }
        } else if self.settings.occasional {
            // A change that was sent then may be lost.
            self.state.seen_until = self.state.seen_until.min(from);
        }
    }

    fn gap(&mut self, gap: Gap) {
        if gap.to <= gap.from {
            return;
        }
        self.state.gaps.push_back(gap);
        if self.state.gaps.len() > GAPS_MAX
            && let (Some(first), Some(second)) =
                (self.state.gaps.pop_front(), self.state.gaps.pop_front())
        {
            self.state.gaps.push_front(Gap { from: first.from, to: second.to, bridged: false });
        }
    }

    /// What was not seen between `from` and `to`, in order; `to` must be known.
    pub(super) fn unseen(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let silent = !self.settings.takes_entries() && self.state.seen_until < to;
        let tail = silent.then_some(Gap { from: self.state.seen_until, to, bridged: false });
        self.state.gaps.iter().copied().chain(tail).filter_map(move |gap| {
            let told = gap.bridged && gap.from >= from && gap.to <= to;
            let (from, to) = (gap.from.max(from), gap.to.min(to));
            (from < to && !told).then_some((from, to))
        })
    }

    /// Changes whenever there is another gap: how many there are, and the end of the last one.
    pub(super) fn gaps_mark(&self) -> Option<(usize, Timestamp)> {
        self.state.gaps.back().map(|last| (self.state.gaps.len(), last.to))
    }

    /// Whether it is seen at `t`, which must be known.
    pub(super) fn is_seen(&self, t: Timestamp) -> bool {
        self.unseen(t, t + MOMENT).next().is_none()
    }

    /// Whether nothing has come since, as far as is known at `t`.
    pub(super) fn is_silent(&self, t: Timestamp) -> bool {
        !self.settings.takes_entries() && self.state.seen_until <= t
    }

    /// What was before `t` is not asked for any more.
    pub(super) fn forget(&mut self, t: Timestamp) {
        while self.state.gaps.front().is_some_and(|gap| gap.to <= t) {
            self.state.gaps.pop_front();
        }
        while self.state.shut.front().is_some_and(|(_, to)| *to <= t) {
            self.state.shut.pop_front();
        }
        if t > self.state.entries_from {
            self.state.entries = self.state.entries.split_off(&t);
            self.state.entries_from = t;
        }
    }

    pub(super) fn state(&self) -> &WatchState {
        &self.state
    }

    pub(super) fn restore(&mut self, state: WatchState) {
        self.state = state;
    }
}

/// Whether a value is the event's state, given whether it was before.
fn is_active(edge: Edge, value: f64, was: bool) -> bool {
    match edge {
        Edge::On => value != 0.0,
        Edge::Off => value == 0.0,
        Edge::Above { level, hysteresis } => {
            if was {
                value > level - hysteresis
            } else {
                value > level
            }
        }
        Edge::Below { level, hysteresis } => {
            if was {
                value < level + hysteresis
            } else {
                value < level
            }
        }
        Edge::Sample { .. } | Edge::Increase { .. } => false,
    }
}

/// How far a counter has gone on, and whether that is all. A counter that stands lower than before
/// has rolled over if that makes it go on by less than half its range, or else it was reset, and
/// nobody knows what it had counted until then.
fn increase(before: f64, now: f64, roll_over: Option<f64>) -> (f64, bool) {
    if now >= before {
        return (now - before, true);
    }
    match roll_over.map(|range| (now + range - before, range)) {
        Some((on, range)) if on >= 0.0 && on < range / 2.0 => (on, true),
        _ => (now.max(0.0), false),
    }
}

#[cfg(test)]
mod tests;
