//! So many events at most, in each day, week, month, quarter or year.
//!
//! Not every event counts: only those while a gate is on, or within or outside the opening hours,
//! if the rule says so; and time in which none would have counted need not be seen. Too many are
//! non-compliant at once, whatever is missing; few enough are compliant only when the window is
//! over and was seen.

use super::{
    EventRule,
    ledger::{Ledger, Tally},
    period::Windows,
    watch::{Event, MOMENT, Watch},
    words,
};
use crate::{
    Judgement, Passed, Standing,
    calendar::Calendar,
    evaluator::explain::{not_applicable, text},
    wording,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::{Text, Timestamp, Verdict};

/// Events that wait until the state of the gate is known; more of them leave it open.
const PENDING_MAX: usize = 4_096;

/// Which hours count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hours {
    /// All of them.
    All,
    /// While it is open.
    Open,
    /// While it is closed.
    Closed,
}

/// What a [`Count`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct CountSettings {
    pub(crate) label: Text,
    pub(crate) at_most: f64,
    pub(crate) windows: Windows,
    pub(crate) hours: Hours,
    /// With opening hours, if they make a difference.
    pub(crate) calendar: Calendar,
    /// Whether the second input is a gate.
    pub(crate) gated: bool,
    pub(crate) coverage_min: f64,
}

/// Counts events.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    settings: CountSettings,
    /// Whether no hour counts: what never closes has no time outside its hours.
    never: bool,
    /// Whether enough of the window was seen, so far and with the gaps so far.
    seen: Option<(Seen, bool)>,
    state: CountState,
}

/// The start of a window and the mark of its gaps.
type Seen = (Timestamp, Option<(usize, Timestamp)>);

/// All that a [`Count`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountState {
    ledger: Ledger,
    pending: VecDeque<Event>,
    standing: Standing,
}

impl Count {
    pub(crate) fn new(settings: CountSettings, start: Timestamp) -> Self {
        let ledger = Ledger::new(&settings.windows, start);
        let mut standing = words::nothing_yet(not_applicable());
        let never =
            settings.hours == Hours::Closed && settings.calendar.change_after(start).is_none();
        if !never {
            standing.verdict = Some(Verdict::Indeterminate);
            standing.note = text("数据缺失，尚不能判定", "data missing, cannot be judged yet");
        }
        let state = CountState { ledger, pending: VecDeque::new(), standing };
        Self { settings, never, seen: None, state }
    }

    fn hours_count(&self, t: Timestamp) -> bool {
        match self.settings.hours {
            Hours::All => true,
            Hours::Open => self.settings.calendar.is_open(t),
            Hours::Closed => !self.settings.calendar.is_open(t),
        }
    }

    /// The parts of a stretch in which events count by the hour.
    fn counting(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        if self.settings.hours == Hours::All {
            return vec![(from, to)];
        }
        let (mut parts, mut at) = (Vec::new(), from);
        while at < to {
            let next = self.settings.calendar.change_after(at).map_or(to, |change| change.min(to));
            if self.hours_count(at) {
                parts.push((at, next));
            }
            at = next;
        }
        parts
    }

    /// What was not seen of a stretch though events would have counted.
    fn hidden(
        &self,
        (from, to): (Timestamp, Timestamp),
        watches: &[Watch],
    ) -> Vec<(Timestamp, Timestamp)> {
        let Some(watch) = watches.first() else { return Vec::new() };
        let mut hidden = Vec::new();
        for (from, to) in watch.unseen(from, to) {
            hidden.extend(self.counting(from, to));
        }
        match watches.get(1).filter(|_| self.settings.gated) {
            Some(gate) => hidden.into_iter().flat_map(|part| without(part, gate)).collect(),
            None => hidden,
        }
    }

    /// Counts the events whose circumstances are known at `t`.
    fn fold(&mut self, t: Timestamp, watches: &[Watch]) {
        while let Some(event) = self.state.pending.pop_front_if(|event| event.at <= t) {
            let changes = |change: Timestamp| change <= event.at;
            let across = event.since < event.at
                && self.settings.calendar.change_after(event.since).is_some_and(changes);
            let by_hour = self.hours_count(event.at);
            let gate = watches.get(1).filter(|_| self.settings.gated);
            let on = gate.map_or(Some(true), |gate| {
                let shut = |t| gate.known_off().iter().any(|(from, to)| *from <= t && t < *to);
                match (event.since == event.at && gate.is_seen(event.at), shut(event.at)) {
                    (_, true) if event.since == event.at => Some(false),
                    (true, false) => Some(true),
                    _ => None,
                }
            });
            match (across, by_hour, on) {
                (false, false, _) | (false, _, Some(false)) => {}
                (false, true, Some(true)) => {
                    self.state.ledger.count(&self.settings.windows, 0, event);
                }
                // Whether it counts is open.
                _ => {
                    let open = Event { sure: false, ..event };
                    self.state.ledger.count(&self.settings.windows, 0, open);
                }
            }
        }
    }

    fn verdict(&self, tally: &Tally, hidden: &[(Timestamp, Timestamp)]) -> (Verdict, f64) {
        let covered = words::coverage((tally.from, tally.to), hidden.iter().copied());
        let too_many = tally.sums[0].sure > self.settings.at_most;
        let seen = covered >= self.settings.coverage_min && !tally.sums[0].doubt;
        (words::verdict(seen && !too_many, too_many), covered)
    }

    fn judge(&mut self, tally: Tally, to: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let from = tally.from;
        if self.counting(from, to).is_empty() {
            return;
        }
        let tally = Tally { to, ..tally };
        let hidden = self.hidden((from, to), watches);
        let (verdict, coverage) = self.verdict(&tally, &hidden);
        let when = wording::stretch(from, to, &self.settings.calendar.time_zone);
        let (note, covered) = (self.note(&tally, verdict), wording::coverage(coverage));
        let explanation = text(
            format!("{when} {}；{}", note.zh, covered.zh),
            format!("{when} {}; {}", note.en, covered.en),
        );
        let value = Some(tally.sums[0].sure);
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn note(&self, tally: &Tally, verdict: Verdict) -> Text {
        let (done, most) =
            (words::amount(tally.sums[0].sure), words::amount(self.settings.at_most));
        let Text { zh, en } = &self.settings.label;
        let (hours_zh, hours_en) = match self.settings.hours {
            Hours::All => ("", ""),
            Hours::Open => ("营业时间内 ", " in opening hours"),
            Hours::Closed => ("规定时间外 ", " outside the hours"),
        };
        let (open_zh, open_en) = match verdict {
            Verdict::Indeterminate => ("，数据缺失，无法判定", ", data missing, cannot be judged"),
            _ => ("", ""),
        };
        text(
            format!("{hours_zh}{zh} {done} 次，至多 {most} 次{open_zh}"),
            format!("{en}{hours_en}: {done}, at most {most} allowed{open_en}"),
        )
    }

    /// Whether enough of the window can still be seen, as far as is known at `t`. Looking through
    /// the gaps is dear, and they seldom change.
    fn seen_enough(&mut self, tally: &Tally, t: Timestamp, watches: &[Watch]) -> bool {
        let mark = watches.first().and_then(Watch::gaps_mark);
        let key = (tally.from, mark);
        if let Some((_, enough)) = self.seen.filter(|(known, _)| *known == key) {
            return enough;
        }
        // The moment itself is looked at too, so that a gap counts from where it begins.
        let to = (t + MOMENT).clamp(tally.from, tally.to);
        let hidden = self.hidden((tally.from, to), watches);
        let covered = words::coverage((tally.from, tally.to), hidden.into_iter());
        let enough = covered >= self.settings.coverage_min;
        if mark.is_none_or(|(_, to)| to <= t) {
            self.seen = Some((key, enough));
        }
        enough
    }

    fn stand(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let Some(tally) = self.state.ledger.current().copied() else { return };
        if self.never {
            return;
        }
        let too_many = tally.sums[0].sure > self.settings.at_most;
        let silent = watches.first().is_some_and(|watch| watch.is_silent(t));
        let fine = !silent && !tally.sums[0].doubt && self.seen_enough(&tally, t, watches);
        let verdict = words::verdict(fine && !too_many, too_many);
        if self.state.standing.verdict == Some(verdict)
            && self.state.standing.value == Some(tally.sums[0].sure)
        {
            return;
        }
        let (value, note) = (Some(tally.sums[0].sure), self.note(&tally, verdict));
        let new = Standing { verdict: Some(verdict), since: Some(t), value, note, early: None };
        words::stand(&mut self.state.standing, new, out);
    }
}

/// What is left of a stretch without the times when a gate was known to be off.
fn without((from, to): (Timestamp, Timestamp), gate: &Watch) -> Vec<(Timestamp, Timestamp)> {
    let (mut left, mut at) = (Vec::new(), from);
    for (shut, opened) in gate.known_off().iter().filter(|(a, b)| *b > from && *a < to) {
        if *shut > at {
            left.push((at, *shut));
        }
        at = at.max(*opened);
    }
    if at < to {
        left.push((at, to));
    }
    left
}

impl EventRule for Count {
    type State = CountState;

    fn take(&mut self, input: usize, event: Event) {
        if input != 0 {
            return;
        }
        let pending = &mut self.state.pending;
        let place = pending.partition_point(|known| known.at <= event.at);
        pending.insert(place, event);
        if pending.len() > PENDING_MAX
            && let Some(oldest) = pending.pop_front()
        {
            let open = Event { sure: false, ..oldest };
            self.state.ledger.count(&self.settings.windows, 0, open);
        }
    }

    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        self.fold(t, watches);
        while self.state.ledger.current().is_some_and(|tally| tally.to <= t) {
            let Some(tally) = self.state.ledger.close(&self.settings.windows) else { break };
            self.judge(tally, tally.to, watches, out);
            self.stand(tally.to, watches, out);
        }
        self.stand(t, watches, out);
    }

    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        let window = self.state.ledger.current().map(|tally| tally.to);
        let event = self.state.pending.front().map(|event| event.at);
        window.into_iter().chain(event).filter(|next| *next > t).min()
    }

    fn forgets(&self) -> Timestamp {
        self.state.ledger.current().map_or(super::EVER, |tally| tally.from)
    }

    fn finish(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let broken = |tally: &&Tally| tally.from < t && tally.sums[0].sure > self.settings.at_most;
        if let Some(tally) = self.state.ledger.current().filter(broken).copied() {
            self.judge(tally, t.min(tally.to), watches, out);
        }
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> &CountState {
        &self.state
    }

    fn restore(&mut self, state: CountState) {
        self.state = state;
        self.seen = None;
    }
}
