//! Puts the samples of several points into one order of time, for rules that judge moments.
//!
//! A rule must not judge a moment before it knows what every input was at that moment. When a door
//! opens just after an exposure has ended, both changes may come in one scan, and whichever sample
//! is taken in first would look like an exposure with an open door. So a moment is settled when
//! every input has a sample of that time or later, or when its samples are overdue: a sample may
//! be as late as it may be old ([`PointFacts::max_gap`](crate::PointFacts), at most a minute).
//!
//! What is settled does not depend on how often the clock is looked at, only on the samples and on
//! when they came.

mod lens;
mod moment;

pub(crate) use lens::{Channel, Lens, Times};
pub(crate) use moment::{INPUTS_MAX, Moment};

use crate::{
    Judgement, Standing,
    evaluator::{Judge, StateError},
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::{Sample, Timestamp};

/// No input is waited for longer than this.
const LATENESS_MAX: Duration = Duration::from_secs(60);
/// A sample that is as late as it may be still counts; it is overdue a moment after that.
const MOMENT: Duration = Duration::from_millis(1);
/// Samples of one input that may wait for another input; more settle the oldest of them.
const WAITING_MAX: usize = 4_096;

/// A rule that judges moments.
pub(crate) trait Momentary {
    /// All that the rule remembers.
    type State: Clone;

    /// Until `t` the inputs were what the last call said; from `t` on they are `moment`.
    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>);
    /// When time alone changes something next.
    fn timer(&self) -> Option<Timestamp>;
    /// The samples end at `t`.
    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>);
    fn standing(&self) -> &Standing;
    fn state(&self) -> Self::State;
    fn restore(&mut self, state: Self::State);
}

/// A rule behind its timeline.
#[derive(Debug, Clone)]
pub(crate) struct Judged<R> {
    max_gaps: Vec<Duration>,
    /// None if the rule sees its inputs as they are.
    lens: Option<Lens>,
    timeline: Timeline,
    rule: R,
}

/// The settled and the waiting samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timeline {
    /// Everything before is settled.
    cursor: Timestamp,
    tracks: Vec<Track>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Track {
    /// Source time of the newest sample.
    newest: Option<Timestamp>,
    /// The sample that speaks at the cursor, unless it is too old.
    current: Option<Spoken>,
    /// Samples after the cursor.
    waiting: VecDeque<Spoken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoken {
    from: Timestamp,
    /// It speaks no longer than this; for what is not good this means nothing.
    until: Timestamp,
    value: Option<f64>,
}

impl Track {
    fn value(&self, at: Timestamp) -> Option<f64> {
        self.current.filter(|spoken| at < spoken.until).and_then(|spoken| spoken.value)
    }

    /// The next moment after `cursor` at which the value may change.
    fn next(&self, cursor: Timestamp) -> Option<Timestamp> {
        let ends = self.current.filter(|spoken| spoken.value.is_some() && spoken.until > cursor);
        let begins = self.waiting.front().map(|spoken| spoken.from);
        match (ends, begins) {
            (Some(ends), Some(begins)) => Some(ends.until.min(begins)),
            (ends, begins) => ends.map(|spoken| spoken.until).or(begins),
        }
    }

    fn enter(&mut self, cursor: Timestamp) {
        while let Some(spoken) = self.waiting.front().filter(|spoken| spoken.from <= cursor) {
            self.current = Some(*spoken);
            self.waiting.pop_front();
        }
    }
}

impl<R: Momentary> Judged<R> {
    /// One `max_gap` for each input of the rule.
    pub(crate) fn new(rule: R, max_gaps: Vec<Duration>, start: Timestamp) -> Self {
        let tracks = vec![Track::default(); max_gaps.len()];
        Self { max_gaps, lens: None, timeline: Timeline { cursor: start, tracks }, rule }
    }

    /// What the rule sees of its inputs, unless it sees them as they are.
    pub(crate) fn through(mut self, lens: Lens) -> Self {
        self.lens = (!lens.is_plain()).then_some(lens);
        self
    }

    fn tracks(&self) -> impl Iterator<Item = (&Track, Duration)> {
        self.timeline.tracks.iter().zip(self.max_gaps.iter().copied())
    }

    /// Up to where every input is known.
    fn known(&self, now: Timestamp) -> Timestamp {
        let each =
            self.tracks().map(|(track, gap)| track.newest.max(Some(now - lateness(gap) - MOMENT)));
        each.min().flatten().unwrap_or(now)
    }

    /// Whether a sample that came in time follows the one that speaks, with nothing between them and
    /// no other input to be waited for: its moment is settled at once, as nearly always.
    fn follows(&self, spoken: Spoken) -> bool {
        let ([track], None) = (self.timeline.tracks.as_slice(), &self.lens) else { return false };
        let falls_silent = track.next(self.timeline.cursor).is_some_and(|next| next < spoken.from);
        track.waiting.is_empty() && !falls_silent && spoken.from < spoken.until
    }

    /// Does what [`settle`](Self::settle) would do with a sample that [`follows`](Self::follows).
    fn take(&mut self, spoken: Spoken, out: &mut Vec<Judgement>) {
        self.timeline.cursor = spoken.from;
        self.timeline.tracks[0].current = Some(spoken);
        let mut moment = Moment::default();
        moment.set(0, spoken.value);
        self.rule.step(spoken.from, moment, out);
    }

    fn settle(&mut self, through: Timestamp, out: &mut Vec<Judgement>) {
        let timeline = &mut self.timeline;
        if through < timeline.cursor {
            return;
        }
        let mut stepped = None;
        loop {
            let cursor = timeline.cursor;
            let next = timeline.tracks.iter().filter_map(|track| track.next(cursor)).min();
            let Some(next) = next.filter(|next| *next <= through) else { break };
            timeline.cursor = next;
            timeline.tracks.iter_mut().for_each(|track| track.enter(next));
            self.rule.step(next, timeline.seen(self.lens.as_ref(), &self.max_gaps), out);
            stepped = Some(next);
        }
        timeline.cursor = through;
        if stepped != Some(timeline.cursor) {
            let seen = timeline.seen(self.lens.as_ref(), &self.max_gaps);
            self.rule.step(timeline.cursor, seen, out);
        }
    }
}

impl<R: Momentary> Judge for Judged<R> {
    type Memory = (Timeline, R::State);

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        let (Some(track), Some(max_gap)) =
            (self.timeline.tracks.get_mut(input), self.max_gaps.get(input))
        else {
            return;
        };
        // Nothing can be measured in the future; a wrong clock must not silence what comes later.
        let source = sample.source_time.min(now);
        let value = sample.reading.good().map(weir_domain::Value::get);
        if track.newest.is_some_and(|newest| source < newest) {
            return;
        }
        if track.newest == Some(source) {
            // The same moment again: the last word counts, from where nothing is settled yet.
            if let Some(last) = track.waiting.back_mut().or(track.current.as_mut()) {
                last.value = value;
            }
        } else {
            track.newest = Some(source);
            let from = source.max(now - lateness(*max_gap)).max(self.timeline.cursor);
            let spoken = Spoken { from, until: source + *max_gap, value };
            if from == source && self.follows(spoken) {
                return self.take(spoken, out);
            }
            self.timeline.tracks[input].waiting.push_back(spoken);
        }
        let waiting = &self.timeline.tracks[input].waiting;
        let crowded = (waiting.len() > WAITING_MAX).then(|| waiting[0].from);
        let known = self.known(now);
        self.settle(crowded.map_or(known, |crowded| crowded.max(known)), out);
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.settle(self.known(now), out);
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.settle(now, out);
        self.rule.finish(self.timeline.cursor, out);
    }

    fn deadline(&self) -> Option<Timestamp> {
        let cursor = self.timeline.cursor;
        let changes = self.timeline.tracks.iter().filter_map(|track| track.next(cursor));
        let next = match (changes.min(), self.rule.timer()) {
            (Some(change), Some(timer)) => change.min(timer),
            (change, timer) => change.or(timer)?,
        };
        // The moment is settled when the slowest input that has no sample of it is overdue.
        let behind = self.tracks().filter(|(track, _)| track.newest.is_none_or(|s| s < next));
        Some(next + behind.map(|(_, gap)| lateness(gap) + MOMENT).max().unwrap_or_default())
    }

    fn standing(&self) -> &Standing {
        self.rule.standing()
    }

    fn memory(&self) -> Self::Memory {
        (self.timeline.clone(), self.rule.state())
    }

    fn restore(&mut self, (timeline, state): Self::Memory) -> Result<(), StateError> {
        if timeline.tracks.len() != self.max_gaps.len() {
            return Err(StateError);
        }
        self.timeline = timeline;
        self.rule.restore(state);
        Ok(())
    }
}

impl Timeline {
    /// What the rule sees at the cursor.
    fn seen(&self, lens: Option<&Lens>, max_gaps: &[Duration]) -> Moment {
        let moment = self.moment();
        let Some(lens) = lens else { return moment };
        let mut times = [self.cursor; INPUTS_MAX];
        for ((time, track), max_gap) in times.iter_mut().zip(&self.tracks).zip(max_gaps) {
            if let Some(spoken) = track.current {
                *time = spoken.until - *max_gap;
            }
        }
        lens.look(&moment, &times)
    }

    fn moment(&self) -> Moment {
        let mut moment = Moment::default();
        for (input, track) in self.tracks.iter().enumerate() {
            moment.set(input, track.value(self.cursor));
        }
        moment
    }
}

fn lateness(max_gap: Duration) -> Duration {
    max_gap.min(LATENESS_MAX)
}

#[cfg(test)]
mod tests;
