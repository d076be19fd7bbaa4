//! A duty: so many events in each day, week, month, quarter or year, or before each opening.
//!
//! A duty that is not due yet is not broken. A window is judged when it is over and its entries
//! can no longer come: compliant if enough was seen, whatever is missing; non-compliant if too
//! little was done and everything was seen; indeterminate otherwise.

use super::{
    EventRule,
    ledger::{Ledger, Tally},
    period::Windows,
    watch::{Event, Watch},
    words,
};
use crate::{Judgement, Passed, Standing, calendar::Calendar, evaluator::explain::text, wording};
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp, Verdict};

/// What an [`Expected`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct ExpectedSettings {
    pub(crate) label: Text,
    pub(crate) at_least: f64,
    pub(crate) windows: Windows,
    /// With opening hours where a window without any of them does not count.
    pub(crate) calendar: Calendar,
}

/// Watches over a duty.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    settings: ExpectedSettings,
    state: ExpectedState,
}

/// All that an [`Expected`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedState {
    ledger: Ledger,
    /// What was said of the last window.
    last: Option<Verdict>,
    standing: Standing,
}

impl Expected {
    pub(crate) fn new(settings: ExpectedSettings, start: Timestamp) -> Self {
        let ledger = Ledger::new(&settings.windows, start);
        let standing = words::nothing_yet(text("", ""));
        let mut new = Self { settings, state: ExpectedState { ledger, last: None, standing } };
        new.state.standing.note = new.note();
        new
    }

    fn applies(&self, tally: &Tally) -> bool {
        let calendar = &self.settings.calendar;
        calendar.schedule.is_none() || !calendar.open_within(tally.from, tally.to).is_empty()
    }

    fn judge(&mut self, tally: Tally, to: Timestamp, watch: &Watch, out: &mut Vec<Judgement>) {
        let stretch = (tally.from, to);
        let sum = tally.sums[0];
        let covered = words::coverage(stretch, watch.unseen(tally.from, to));
        let all_seen = covered >= 1.0 && !sum.doubt;
        let enough = sum.sure >= self.settings.at_least;
        let verdict = words::verdict(enough, all_seen);
        self.state.last = Some(verdict);
        let (when, share) = (
            wording::stretch(tally.from, to, &self.settings.calendar.time_zone),
            wording::coverage(covered),
        );
        let (done, needed) = (words::amount(sum.sure), words::amount(self.settings.at_least));
        let Text { zh, en } = &self.settings.label;
        let (open_zh, open_en) = match verdict {
            Verdict::Indeterminate => ("，数据缺失，无法判定", ", data missing, cannot be judged"),
            _ => ("", ""),
        };
        let explanation = text(
            format!("{when} {zh} {done} 次，至少应 {needed} 次{open_zh}；{}", share.zh),
            format!("{when} {en}: {done}, at least {needed} needed{open_en}; {}", share.en),
        );
        let passed = Passed {
            verdict,
            from: tally.from,
            to,
            value: Some(sum.sure),
            coverage: covered,
            explanation,
        };
        out.push(Judgement::Verdict(passed));
    }

    /// What has been done, and when the next is due.
    fn note(&self) -> Text {
        let Some(tally) = self.state.ledger.current() else {
            return text("没有营业时间，不适用", "does not apply without opening hours");
        };
        let due = wording::moment(tally.to, &self.settings.calendar.time_zone);
        let needed = words::amount(self.settings.at_least);
        let done = words::amount(tally.sums[0].sure);
        let Text { zh, en } = &self.settings.label;
        if tally.sums[0].sure >= self.settings.at_least {
            return text(
                format!("{zh} 已完成 {done}/{needed} 次（截至 {due}）"),
                format!("{en}: {done} of {needed} done (until {due})"),
            );
        }
        text(
            format!("{zh} 已完成 {done}/{needed} 次，须在 {due} 前完成"),
            format!("{en}: {done} of {needed} done, the rest due by {due}"),
        )
    }

    fn stand(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        let current = self.state.ledger.current().copied();
        let done = current.map_or(0.0, |tally| tally.sums[0].sure);
        let verdict = match current {
            Some(_) if done >= self.settings.at_least => Some(Verdict::Compliant),
            // Not due yet: it stands as it was left.
            _ => self.state.last,
        };
        let note = self.note();
        let new = Standing { verdict, since: Some(t), value: Some(done), note, early: None };
        words::stand(&mut self.state.standing, new, out);
    }
}

impl EventRule for Expected {
    type State = ExpectedState;

    fn take(&mut self, _input: usize, event: Event) {
        self.state.ledger.count(&self.settings.windows, 0, event);
    }

    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let Some(watch) = watches.first() else { return };
        while self.state.ledger.current().is_some_and(|tally| tally.to <= t) {
            let Some(tally) = self.state.ledger.close(&self.settings.windows) else { break };
            if self.applies(&tally) {
                self.judge(tally, tally.to, watch, out);
            }
            self.stand(tally.to, out);
        }
        self.stand(t, out);
    }

    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        self.state.ledger.current().map(|tally| tally.to).filter(|to| *to > t)
    }

    fn forgets(&self) -> Timestamp {
        self.state.ledger.current().map_or(super::EVER, |tally| tally.from)
    }

    fn finish(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        let enough =
            |tally: &&Tally| tally.from < t && tally.sums[0].sure >= self.settings.at_least;
        if let (Some(tally), Some(watch)) =
            (self.state.ledger.current().filter(enough).copied(), watches.first())
        {
            self.judge(tally, t.min(tally.to), watch, out);
        }
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> &ExpectedState {
        &self.state
    }

    fn restore(&mut self, state: ExpectedState) {
        self.state = state;
    }
}
