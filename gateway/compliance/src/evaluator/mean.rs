//! A limit on the mean over windows of local time, one after the other.
//!
//! Every good sample counts for the time it speaks for. Samples may come late and out of order: a
//! window is judged when its lateness is over, and until then its youngest samples wait in order.
//! Older ones are folded into sums, so that a day of samples takes no more room than a minute.

mod sums;

use crate::{
    Judgement, Passed, Standing,
    calendar::Calendar,
    evaluator::{
        Judge, StateError,
        explain::{LimitWords, not_applicable, text},
    },
    wording,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use sums::Sums;
use weir_domain::{Sample, Timestamp, Verdict};

/// Samples that may wait in order; what comes beyond is not counted.
const WAITING_MAX: usize = 8_192;

/// What a [`MeanLimit`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct MeanSettings {
    pub(crate) window: Duration,
    pub(crate) coverage_min: f64,
    pub(crate) lateness: Duration,
    pub(crate) deadband: f64,
    pub(crate) max_gap: Duration,
}

/// A limit on the mean.
#[derive(Debug, Clone)]
pub(crate) struct MeanLimit {
    words: LimitWords,
    settings: MeanSettings,
    calendar: Calendar,
    /// The stretches of the window that count.
    open: Vec<(Timestamp, Timestamp)>,
    state: MeanState,
}

/// All that a [`MeanLimit`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeanState {
    from: Timestamp,
    to: Timestamp,
    sums: Sums,
    /// The last settled sample, and all after it, in order of source time.
    waiting: VecDeque<Waiting>,
    /// No sample before this is taken any more.
    settled: Timestamp,
    tripped: bool,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    at: Timestamp,
    value: Option<f64>,
}

impl MeanLimit {
    pub(crate) fn new(
        words: LimitWords,
        settings: MeanSettings,
        calendar: Calendar,
        start: Timestamp,
    ) -> Self {
        let from = calendar.boundary_before(start, settings.window);
        let to = calendar.boundary_after(start, settings.window);
        let standing = Standing {
            verdict: Some(Verdict::Indeterminate),
            since: None,
            value: None,
            note: text("尚无完整的统计时段", "no window has been judged yet"),
        };
        let state = MeanState {
            from,
            to,
            sums: Sums::default(),
            waiting: VecDeque::new(),
            settled: start - settings.lateness,
            tripped: false,
            standing,
        };
        let open = calendar.open_within(from, to);
        Self { words, settings, calendar, open, state }
    }

    /// Folds every sample whose successor cannot change any more.
    fn fold(&mut self, through: Timestamp) {
        let through = through.min(self.state.to);
        while let (Some(first), Some(second)) =
            (self.state.waiting.front(), self.state.waiting.get(1))
        {
            if second.at > through {
                break;
            }
            let (first, end) = (*first, second.at);
            self.add(first, end);
            self.state.settled = self.state.settled.max(end);
            self.state.waiting.pop_front();
        }
    }

    /// Adds what the sample says of this window, until `end` at the latest.
    fn add(&mut self, sample: Waiting, end: Timestamp) {
        let Some(value) = sample.value else { return };
        let end = end.min(sample.at + self.settings.max_gap);
        for (open, close) in &self.open {
            let (from, to) = (sample.at.max(*open), end.min(*close));
            self.state.sums.add(value, to.since(from));
        }
    }

    /// Adds the stretch of the sample that speaks at `end`; it may go on behind it.
    fn add_last(&mut self, end: Timestamp) {
        if let Some(last) = self.state.waiting.front().filter(|last| last.at < end) {
            self.add(*last, end);
        }
    }

    fn end_window(&mut self, out: &mut Vec<Judgement>) {
        self.add_last(self.state.to);
        if self.open.is_empty() {
            self.stand(None, None, out);
        } else {
            self.judge(out);
        }
        let from = self.state.to;
        self.state.from = from;
        self.state.to = self.calendar.boundary_after(from, self.settings.window);
        self.state.settled = self.state.settled.max(from);
        self.state.sums = Sums::default();
        self.open = self.calendar.open_within(from, self.state.to);
    }

    fn coverage(&self) -> f64 {
        let whole = self.open.iter().map(|(from, to)| to.since(*from)).sum();
        wording::share(self.state.sums.covered(), whole)
    }

    fn judge(&mut self, out: &mut Vec<Judgement>) {
        let coverage = self.coverage();
        let enough = coverage >= self.settings.coverage_min;
        let value = self.state.sums.mean().filter(|_| enough);
        let verdict = match value {
            None => Verdict::Indeterminate,
            Some(mean) if self.words.limits.holds(mean) => Verdict::Compliant,
            Some(_) => Verdict::NonCompliant,
        };
        let (from, to) = (self.state.from, self.state.to);
        let explanation = self.words.mean((from, to), value, coverage, self.settings.coverage_min);
        let passed = Passed { verdict, from, to, value, coverage, explanation };
        self.stand(Some(verdict), Some(&passed), out);
        out.push(Judgement::Verdict(passed));
    }

    fn stand(
        &mut self,
        verdict: Option<Verdict>,
        passed: Option<&Passed>,
        out: &mut Vec<Judgement>,
    ) {
        let state = &mut self.state;
        let value = passed.and_then(|passed| passed.value);
        let inside = value.is_some_and(|v| self.words.limits.holds_by(v, self.settings.deadband));
        state.tripped = match verdict {
            Some(Verdict::NonCompliant) => true,
            Some(Verdict::Indeterminate) => state.tripped,
            Some(Verdict::Compliant) => state.tripped && !inside,
            None => false,
        };
        let verdict = match verdict {
            Some(Verdict::Compliant) if state.tripped => Some(Verdict::NonCompliant),
            verdict => verdict,
        };
        if verdict == state.standing.verdict {
            return;
        }
        let note = passed.map_or_else(not_applicable, |passed| passed.explanation.clone());
        state.standing = Standing { verdict, since: Some(state.from), value, note };
        out.push(Judgement::Standing(state.standing.clone()));
    }
}

impl Judge for MeanLimit {
    type Memory = MeanState;

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        if input != 0 {
            return;
        }
        self.advance(now, out);
        // Nothing can be measured in the future.
        let at = sample.source_time.min(now);
        if at < self.state.settled.max(now - self.settings.lateness) {
            return;
        }
        self.fold(now - self.settings.lateness);
        let value = sample.reading.good().map(weir_domain::Value::get);
        let waiting = &mut self.state.waiting;
        if waiting.len() >= WAITING_MAX {
            return;
        }
        match waiting.iter().rposition(|earlier| earlier.at <= at) {
            Some(found) if waiting[found].at == at => waiting[found].value = value,
            Some(found) if found + 1 < waiting.len() => {
                waiting.insert(found + 1, Waiting { at, value });
            }
            None if !waiting.is_empty() => waiting.push_front(Waiting { at, value }),
            _ => waiting.push_back(Waiting { at, value }),
        }
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        while self.state.to + self.settings.lateness <= now {
            self.fold(self.state.to);
            self.end_window(out);
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        Some(self.state.to + self.settings.lateness)
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        while self.state.to <= now {
            self.fold(self.state.to);
            self.end_window(out);
        }
        self.fold(now);
        self.add_last(now);
        if self.coverage() >= self.settings.coverage_min && self.state.sums.covered() > 0 {
            self.judge(out);
        }
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn memory(&self) -> MeanState {
        self.state.clone()
    }

    fn restore(&mut self, state: MeanState) -> Result<(), StateError> {
        self.open = self.calendar.open_within(state.from, state.to);
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
