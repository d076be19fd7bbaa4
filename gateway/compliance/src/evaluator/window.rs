//! A limit on a statistic over windows of local time: a mean, a percentile, a total.
//!
//! Every good sample counts for the time it speaks for. Samples may come late and out of order: a
//! window is judged when its lateness is over, and until then its youngest samples wait in order.
//! Older ones are folded into sums, so that a day of samples takes no more room than a minute.
//! Time in which the limit does not apply does not count; a window with no time that counts has no
//! verdict.
//!
//! A total only grows. Once it is above its limit the window is non-compliant, whatever may still
//! come: that is judged at once, and the rest of the window when it ends.

mod reel;
mod spread;
mod sums;
mod tally;

pub(crate) use tally::Statistic as WindowStatistic;

use crate::{
    Judgement, Passed, Standing,
    calendar::{Calendar, Window},
    evaluator::{
        Judge, StateError,
        explain::{LimitWords, not_applicable, text},
    },
    timeline::Lens,
    wording,
};
use core::time::Duration;
use reel::Reel;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use sums::rounded;
use tally::Tally;
use weir_domain::{Sample, Text, Timestamp, Verdict};

const DAY_MS: u64 = 24 * 3_600_000;

/// What a [`WindowLimit`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct WindowSettings {
    pub(crate) window: Window,
    /// A total of so many days, the last of which is the window.
    pub(crate) rolling_days: Option<u16>,
    pub(crate) statistic: WindowStatistic,
    /// What the statistic is called.
    pub(crate) name: Text,
    pub(crate) coverage_min: f64,
    pub(crate) lateness: Duration,
    pub(crate) deadband: f64,
    /// Of each input.
    pub(crate) max_gaps: Vec<Duration>,
    pub(crate) lens: Lens,
}

/// A limit on a statistic.
#[derive(Debug, Clone)]
pub(crate) struct WindowLimit {
    words: LimitWords,
    settings: WindowSettings,
    plain: bool,
    calendar: Calendar,
    /// The stretches of the window that count.
    open: Vec<(Timestamp, Timestamp)>,
    /// The first of them that is not over.
    open_at: usize,
    state: WindowState,
}

/// All that a [`WindowLimit`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowState {
    /// What the tally is for.
    statistic: WindowStatistic,
    from: Timestamp,
    to: Timestamp,
    tally: Tally,
    reel: Reel,
    /// Since when the total is above its limit; that has been judged.
    exceeded: Option<Timestamp>,
    /// The days before the window that its total goes back to.
    days: VecDeque<Day>,
    tripped: bool,
    standing: Standing,
}

/// A day of a rolling total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    total: f64,
    covered: u64,
    counted: u64,
}

impl WindowLimit {
    pub(crate) fn new(
        words: LimitWords,
        settings: WindowSettings,
        calendar: Calendar,
        start: Timestamp,
    ) -> Self {
        let from = calendar.window_before(start, settings.window);
        let to = calendar.window_after(start, settings.window);
        let standing = Standing {
            verdict: Some(Verdict::Indeterminate),
            since: None,
            value: None,
            note: text("尚无完整的统计时段", "no window has been judged yet"),
            early: None,
        };
        let state = WindowState {
            statistic: settings.statistic,
            from,
            to,
            tally: Tally::default(),
            reel: Reel::new(settings.max_gaps.len(), start - settings.lateness),
            exceeded: None,
            days: VecDeque::new(),
            tripped: false,
            standing,
        };
        let open = calendar.open_within(from, to);
        let plain = settings.lens.is_plain();
        Self { words, settings, plain, calendar, open, open_at: 0, state }
    }

    /// Counts everything that cannot change any more until `through`; the stretch that goes on
    /// behind it only if it is to be cut there.
    fn fold(&mut self, through: Timestamp, cut: bool, out: &mut Vec<Judgement>) {
        let through = through.min(self.state.to);
        while self.state.reel.settled() < through {
            let next = self.state.reel.next(&self.settings.max_gaps);
            let end = match next.filter(|next| *next <= through) {
                Some(next) => next,
                None if cut => through,
                None => return,
            };
            self.add(end, out);
            self.state.reel.settle(end);
        }
    }

    /// Counts the stretch from where everything is settled to `end`.
    fn add(&mut self, end: Timestamp, out: &mut Vec<Judgement>) {
        let start = self.state.reel.settled();
        let (mut moment, times) = self.state.reel.moment(&self.settings.max_gaps);
        if !self.plain {
            moment = self.settings.lens.look(&moment, &times);
        }
        let gated = !self.settings.lens.gates.is_empty();
        while self.open.get(self.open_at).is_some_and(|(_, close)| *close <= start) {
            self.open_at += 1;
        }
        for (open, close) in self.open.get(self.open_at..).unwrap_or_default() {
            if *open >= end {
                break;
            }
            let millis = wording::millis(end.min(*close).since(start.max(*open)));
            if millis > 0 {
                let (statistic, limits) = (self.settings.statistic, self.words.limits);
                self.state.tally.add(&moment, gated, statistic, limits, millis);
            }
        }
        self.exceed(end, out);
    }

    /// A total above its limit is judged at once.
    fn exceed(&mut self, at: Timestamp, out: &mut Vec<Judgement>) {
        let (WindowStatistic::Total { .. }, None) = (self.settings.statistic, self.state.exceeded)
        else {
            return;
        };
        let at = at.min(self.state.to);
        if at > self.state.from && self.is_exceeded() {
            let begun = self.open.iter().map(|(open, close)| at.min(*close).since(*open));
            let counted =
                begun.map(wording::millis).sum::<u64>().saturating_sub(self.state.tally.off);
            let coverage = self.coverage_of(counted);
            self.pass(Verdict::NonCompliant, (self.state.from, at), coverage, out);
            self.state.exceeded = Some(at);
        }
    }

    fn is_exceeded(&self) -> bool {
        let total = self.value().filter(|_| self.is_total());
        total.zip(self.words.limits.high).is_some_and(|(total, high)| total > high)
    }

    fn is_total(&self) -> bool {
        matches!(self.settings.statistic, WindowStatistic::Total { .. })
    }

    /// The statistic as far as it is known.
    fn value(&self) -> Option<f64> {
        let value = self.state.tally.value(self.settings.statistic, self.words.limits)?;
        let before: f64 = self.state.days.iter().map(|day| day.total).sum();
        Some(if self.settings.rolling_days.is_some() { rounded(before + value) } else { value })
    }

    fn end_window(&mut self, out: &mut Vec<Judgement>) {
        if self.counted() == 0 {
            self.stand(None, None, out);
        } else {
            self.judge(out);
        }
        if let Some(days) = self.settings.rolling_days {
            let WindowStatistic::Total { per_hour, .. } = self.settings.statistic else { return };
            let tally = &self.state.tally;
            let (total, covered) = (tally.total(per_hour), tally.covered);
            self.state.days.push_back(Day { total, covered, counted: self.counted() });
            while self.state.days.len() >= usize::from(days) {
                self.state.days.pop_front();
            }
        }
        let from = self.state.to;
        self.state.from = from;
        self.state.to = self.calendar.window_after(from, self.settings.window);
        self.state.tally = Tally::default();
        self.state.exceeded = None;
        self.open = self.calendar.open_within(from, self.state.to);
        self.open_at = 0;
    }

    /// Milliseconds of the window that count.
    fn counted(&self) -> u64 {
        let open: u64 = self.open.iter().map(|(from, to)| wording::millis(to.since(*from))).sum();
        open.saturating_sub(self.state.tally.off)
    }

    fn coverage(&self) -> f64 {
        self.coverage_of(self.counted())
    }

    /// What share of the time that counts is covered, with the days before the window.
    fn coverage_of(&self, counted: u64) -> f64 {
        let (mut covered, mut counted) = (self.state.tally.covered, counted);
        if let Some(days) = self.settings.rolling_days {
            covered += self.state.days.iter().map(|day| day.covered).sum::<u64>();
            counted += self.state.days.iter().map(|day| day.counted).sum::<u64>();
            // Of what was before nobody knows anything.
            let known = u64::try_from(self.state.days.len()).unwrap_or(u64::MAX);
            counted += u64::from(days - 1).saturating_sub(known) * DAY_MS;
        }
        wording::share(covered, Duration::from_millis(counted))
    }

    fn judge(&mut self, out: &mut Vec<Judgement>) {
        let coverage = self.coverage();
        let something = self.state.tally.covered > 0 || self.settings.rolling_days.is_some();
        let enough = something && coverage >= self.settings.coverage_min;
        let verdict = if self.is_exceeded() {
            Verdict::NonCompliant
        } else if !enough {
            Verdict::Indeterminate
        } else {
            let holds = match self.settings.rolling_days {
                Some(_) => self.value().is_some_and(|value| self.words.limits.holds(value)),
                None => self.state.tally.holds(self.settings.statistic, self.words.limits),
            };
            if holds { Verdict::Compliant } else { Verdict::NonCompliant }
        };
        let from = self.state.exceeded.unwrap_or(self.state.from);
        self.pass(verdict, (from, self.state.to), coverage, out);
    }

    fn pass(
        &mut self,
        verdict: Verdict,
        (from, to): (Timestamp, Timestamp),
        coverage: f64,
        out: &mut Vec<Judgement>,
    ) {
        if to <= from {
            return;
        }
        let (known, settings) = (self.value(), &self.settings);
        let value = known.filter(|_| verdict != Verdict::Indeterminate);
        let said = value.ok_or(known.filter(|_| self.is_total()));
        let enough = (coverage, settings.coverage_min);
        let explanation = self.words.window(&settings.name, (from, to), said, enough);
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
        state.standing = Standing { verdict, since: Some(state.from), value, note, early: None };
        out.push(Judgement::Standing(state.standing.clone()));
    }
}

impl Judge for WindowLimit {
    type Memory = WindowState;

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        if input >= self.state.reel.inputs() {
            return;
        }
        self.advance(now, out);
        // Nothing can be measured in the future.
        let at = sample.source_time.min(now);
        let known = now - self.settings.lateness;
        if at < self.state.reel.settled().max(known) {
            return;
        }
        self.fold(known, false, out);
        let value = sample.reading.good().map(weir_domain::Value::get);
        self.state.reel.insert(input, at, value);
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        while self.state.to + self.settings.lateness <= now {
            self.fold(self.state.to, true, out);
            self.end_window(out);
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        Some(self.state.to + self.settings.lateness)
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        while self.state.to <= now {
            self.fold(self.state.to, true, out);
            self.end_window(out);
        }
        self.fold(now, true, out);
        let counted = Duration::from_millis(self.counted());
        let coverage = wording::share(self.state.tally.covered, counted);
        let enough = coverage >= self.settings.coverage_min && self.state.tally.covered > 0;
        if enough || self.state.exceeded.is_some() {
            self.judge(out);
        }
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn memory(&self) -> WindowState {
        self.state.clone()
    }

    fn restore(&mut self, state: WindowState) -> Result<(), StateError> {
        let inputs = self.settings.max_gaps.len();
        if state.reel.inputs() != inputs || state.statistic != self.settings.statistic {
            return Err(StateError);
        }
        self.open = self.calendar.open_within(state.from, state.to);
        self.open_at = 0;
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
