//! A duty that comes round: never longer than so long without the event.
//!
//! Time is cut into stretches of one verdict, and at each local midnight. The time after an event
//! is compliant for as long as is allowed; then it is overdue, and non-compliant until the event
//! comes. Where an event may have been missed, the time is indeterminate until it would be overdue
//! even if the event had come at the last unseen moment.

use super::{
    EventRule,
    watch::{Event, Watch},
    words,
};
use crate::{
    Judgement, Passed, Standing,
    calendar::Calendar,
    evaluator::explain::{not_applicable, text},
    wording,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::{Text, Timestamp, Verdict};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Events that may wait for their turn; more of them are as good as the last one.
const PENDING_MAX: usize = 4_096;

/// What an [`Every`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct EverySettings {
    pub(crate) label: Text,
    pub(crate) every: Duration,
    /// With opening hours where only they count; each opening begins the count anew.
    pub(crate) calendar: Calendar,
}

/// Watches over a duty that comes round.
#[derive(Debug, Clone)]
pub(crate) struct Every {
    settings: EverySettings,
    /// When it opens or closes next.
    change: Option<Timestamp>,
    state: EveryState,
}

/// All that an [`Every`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EveryState {
    /// Everything before is judged.
    at: Timestamp,
    open: bool,
    /// The last time it happened, or the count began anew, for certain.
    sure: Option<Timestamp>,
    /// The last time it happened, or may have.
    perhaps: Timestamp,
    /// The last time it happened, for the explanation.
    last: Option<Timestamp>,
    /// Events that are known and not settled yet, in order.
    pending: VecDeque<Event>,
    stretch: Option<Stretch>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    from: Timestamp,
    verdict: Verdict,
    /// When it is closed so that records stay bounded.
    cut: Timestamp,
}

impl Every {
    pub(crate) fn new(settings: EverySettings, start: Timestamp) -> Self {
        let (open, change) =
            (settings.calendar.is_open(start), settings.calendar.change_after(start));
        let mut standing = words::nothing_yet(not_applicable());
        if open {
            standing.verdict = Some(Verdict::Indeterminate);
            standing.note = never(&settings.label);
        }
        let verdict = Verdict::Indeterminate;
        let cut = settings.calendar.boundary_after(start, DAY);
        let state = EveryState {
            at: start,
            open,
            sure: None,
            perhaps: start,
            last: None,
            pending: VecDeque::new(),
            stretch: open.then_some(Stretch { from: start, verdict, cut }),
            standing,
        };
        Self { settings, change, state }
    }

    /// What can be said of the moment, with what is known to have happened until then.
    fn verdict(
        &self,
        t: Timestamp,
        sure: Option<Timestamp>,
        perhaps: Timestamp,
    ) -> Option<Verdict> {
        let every = self.settings.every;
        let fresh = sure.is_some_and(|sure| t < sure + every);
        self.state.open.then(|| words::verdict(fresh, t >= perhaps + every))
    }

    /// When time alone changes something after `t`.
    fn turn_after(&self, t: Timestamp) -> Option<Timestamp> {
        let every = self.settings.every;
        let due = self.state.sure.map(|sure| sure + every);
        let events = self.state.pending.front().map(|event| event.at);
        let cut = self.state.stretch.map(|stretch| stretch.cut);
        [due, Some(self.state.perhaps + every), events, cut, self.change]
            .into_iter()
            .flatten()
            .filter(|turn| *turn > t)
            .min()
    }

    /// Takes up what happens at `t`, up to which nothing changes.
    fn turn(&mut self, t: Timestamp, watch: &Watch, out: &mut Vec<Judgement>) {
        let hidden = watch.unseen(self.state.perhaps, t).last().map(|(_, to)| to);
        self.state.perhaps = self.state.perhaps.max(hidden.unwrap_or(self.state.perhaps));
        if self.change.is_some_and(|change| change <= t) {
            let calendar = &self.settings.calendar;
            self.change = calendar.change_after(t);
            if !core::mem::replace(&mut self.state.open, calendar.is_open(t)) {
                // Each opening begins the count anew.
                (self.state.sure, self.state.perhaps) = (Some(t), t);
            }
        }
        let before = self.state.last;
        while let Some(event) = self.state.pending.pop_front_if(|event| event.at <= t) {
            if event.sure {
                self.state.sure = self.state.sure.max(Some(event.since));
                self.state.last = Some(event.at);
            }
            self.state.perhaps = self.state.perhaps.max(event.at);
        }
        self.state.at = t;
        let verdict = self.verdict(t, self.state.sure, self.state.perhaps);
        let stretch = self.state.stretch;
        if stretch.map(|stretch| stretch.verdict) != verdict
            || stretch.is_some_and(|stretch| stretch.cut <= t)
        {
            if let Some(stretch) = stretch {
                self.close(stretch, t, before, watch, out);
            }
            let cut = self.settings.calendar.boundary_after(t, DAY);
            self.state.stretch = verdict.map(|verdict| Stretch { from: t, verdict, cut });
        }
    }

    fn close(
        &self,
        stretch: Stretch,
        to: Timestamp,
        last: Option<Timestamp>,
        watch: &Watch,
        out: &mut Vec<Judgement>,
    ) {
        let Stretch { from, verdict, .. } = stretch;
        if to <= from {
            return;
        }
        let coverage = words::coverage((from, to), watch.unseen(from, to));
        let when = wording::stretch(from, to, &self.settings.calendar.time_zone);
        let (note, covered) = (self.note(verdict, last), wording::coverage(coverage));
        let explanation = text(
            format!("{when} {}；{}", note.zh, covered.zh),
            format!("{when} {}; {}", note.en, covered.en),
        );
        let value = None;
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn note(&self, verdict: Verdict, last: Option<Timestamp>) -> Text {
        let (Text { zh, en }, every) = (&self.settings.label, words::span(self.settings.every));
        let zone = &self.settings.calendar.time_zone;
        let last = match last {
            Some(last) => {
                let last = wording::moment(last, zone);
                text(format!("上次 {last}"), format!("the last at {last}"))
            }
            None => text("上次时间不详", "nobody knows when the last was"),
        };
        match verdict {
            Verdict::Compliant => text(
                format!("{zh} 间隔未超过 {}（{}）", every.zh, last.zh),
                format!("{en} not longer than {} ago ({})", every.en, last.en),
            ),
            Verdict::NonCompliant => text(
                format!("超过 {} 未见 {zh}（{}）", every.zh, last.zh),
                format!("no {en} for more than {} ({})", every.en, last.en),
            ),
            Verdict::Indeterminate => text(
                format!("数据缺失，不能确定 {} 内有无 {zh}（{}）", every.zh, last.zh),
                format!("data missing, {en} within {} is uncertain ({})", every.en, last.en),
            ),
        }
    }

    fn stand(&mut self, out: &mut Vec<Judgement>) {
        // What has come in already counts, though nothing is judged by it yet.
        let known = self.state.pending.iter().rev().find(|event| event.sure).map(|event| event.at);
        let (sure, last) = (self.state.sure.max(known), self.state.last.max(known));
        let at = self.state.at;
        let perhaps = self.state.perhaps.max(known.unwrap_or(at.min(self.state.perhaps)));
        let verdict = self.verdict(at, sure, perhaps);
        let note = match (verdict, sure) {
            (None, _) => not_applicable(),
            (Some(Verdict::Compliant), Some(sure)) => {
                let note = self.note(Verdict::Compliant, last);
                let zone = &self.settings.calendar.time_zone;
                let due = wording::moment(sure + self.settings.every, zone);
                text(
                    format!("{}，下次最迟 {due}", note.zh),
                    format!("{}, the next due by {due}", note.en),
                )
            }
            (Some(verdict), _) => self.note(verdict, last),
        };
        let new = Standing { verdict, since: Some(at), value: None, note, early: None };
        words::stand(&mut self.state.standing, new, out);
    }
}

fn never(label: &Text) -> Text {
    let Text { zh, en } = label;
    text(format!("尚未见 {zh}，无法判定"), format!("no {en} seen yet, cannot be judged"))
}

impl EventRule for Every {
    type State = EveryState;

    fn take(&mut self, _input: usize, event: Event) {
        if event.at <= self.state.at && event.at < self.state.last.unwrap_or(event.at) {
            return;
        }
        let pending = &mut self.state.pending;
        let place = pending.partition_point(|known| known.at <= event.at);
        pending.insert(place, event);
        if pending.len() > PENDING_MAX {
            pending.remove(PENDING_MAX / 2);
        }
    }

    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let Some(watch) = watches.first() else { return };
        while let Some(turn) = self.turn_after(self.state.at).filter(|turn| *turn <= t) {
            self.turn(turn, watch, out);
            self.stand(out);
        }
        self.turn(t.max(self.state.at), watch, out);
        self.stand(out);
    }

    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        self.turn_after(t)
    }

    fn forgets(&self) -> Timestamp {
        self.state.stretch.map_or(self.state.at, |stretch| stretch.from).min(self.state.at)
    }

    fn finish(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        if let (Some(stretch), Some(watch)) = (self.state.stretch.take(), watches.first()) {
            self.close(stretch, t, self.state.last, watch, out);
        }
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> &EveryState {
        &self.state
    }

    fn restore(&mut self, state: EveryState) {
        self.state = state;
        self.change = self.settings.calendar.change_after(self.state.at);
    }
}
