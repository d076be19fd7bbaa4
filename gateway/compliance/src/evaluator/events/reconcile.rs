//! Two counts that must agree: exposures and examinations, cups disinfected and cups needed.
//!
//! Each side is what was counted, times a factor. What is missing on a side can only make it
//! greater, so a window is non-compliant if no such addition could make the ratio right, and
//! compliant if enough of both was seen. A side of which nothing came at all says nothing, unless
//! the rule says that it may.

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

/// What a [`Reconcile`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct ReconcileSettings {
    /// Left and right.
    pub(crate) sides: [SideSettings; 2],
    /// Least and greatest ratio of the left to the right side.
    pub(crate) ratio: (f64, f64),
    pub(crate) windows: Windows,
    /// With opening hours where a window without any of them does not count.
    pub(crate) calendar: Calendar,
    pub(crate) coverage_min: f64,
}

/// One side.
#[derive(Debug, Clone)]
pub(crate) struct SideSettings {
    pub(crate) label: Text,
    pub(crate) times: f64,
    /// Fewer events say nothing.
    pub(crate) at_least: u64,
}

/// Compares two counts.
#[derive(Debug, Clone)]
pub(crate) struct Reconcile {
    settings: ReconcileSettings,
    state: ReconcileState,
}

/// All that a [`Reconcile`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReconcileState {
    ledger: Ledger,
    last: Option<Verdict>,
    standing: Standing,
}

/// What a side may be.
#[derive(Debug, Clone, Copy)]
struct Range {
    least: f64,
    most: f64,
    covered: f64,
}

impl Reconcile {
    pub(crate) fn new(settings: ReconcileSettings, start: Timestamp) -> Self {
        let ledger = Ledger::new(&settings.windows, start);
        let note = text("尚无可核对的时段", "no window has been compared yet");
        let standing = words::nothing_yet(note);
        Self { settings, state: ReconcileState { ledger, last: None, standing } }
    }

    /// What is known of a side between the start of the window and `to`.
    fn range(&self, side: usize, tally: &Tally, to: Timestamp, watches: &[Watch]) -> Range {
        let (sum, settings) = (tally.sums[side], &self.settings.sides[side]);
        let unseen = watches.get(side).into_iter().flat_map(|watch| watch.unseen(tally.from, to));
        let covered = words::coverage((tally.from, to), unseen);
        let whole = covered >= self.settings.coverage_min && !sum.doubt;
        let least = sum.sure * settings.times;
        let most = if whole && sum.events >= settings.at_least { least } else { f64::INFINITY };
        Range { least, most, covered }
    }

    fn verdict(&self, [left, right]: [Range; 2]) -> Verdict {
        let (low, high) = self.settings.ratio;
        // Written as products, a side of zero needs no care; but zero times the infinite is zero.
        let times = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let known = left.most.is_finite() && right.most.is_finite();
        let surely = known
            && left.least >= times(low, right.most)
            && (high.is_infinite() || left.most <= times(high, right.least));
        let surely_not = left.most < times(low, right.least)
            || (high.is_finite() && left.least > times(high, right.most));
        words::verdict(surely, surely_not)
    }

    fn applies(&self, tally: &Tally) -> bool {
        let calendar = &self.settings.calendar;
        calendar.schedule.is_none() || !calendar.open_within(tally.from, tally.to).is_empty()
    }

    fn judge(&mut self, tally: Tally, watches: &[Watch], out: &mut Vec<Judgement>) {
        let (from, to) = (tally.from, tally.to);
        let ranges = [0, 1].map(|side| self.range(side, &tally, to, watches));
        let verdict = self.verdict(ranges);
        let coverage = ranges[0].covered.min(ranges[1].covered);
        let [left, right] = ranges.map(|range| range.least);
        let value = (verdict != Verdict::Indeterminate && right > 0.0).then(|| left / right);
        let when = wording::stretch(from, to, &self.settings.calendar.time_zone);
        let (note, covered) = (self.note(&tally, verdict), wording::coverage(coverage));
        let explanation = text(
            format!("{when} {}；{}", note.zh, covered.zh),
            format!("{when} {}; {}", note.en, covered.en),
        );
        self.state.last = Some(verdict);
        let note = explanation.clone();
        let since = Some(from);
        let standing = Standing { verdict: Some(verdict), since, value, note, early: None };
        words::stand(&mut self.state.standing, standing, out);
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn note(&self, tally: &Tally, verdict: Verdict) -> Text {
        let [left, right] = [0, 1].map(|side| {
            let settings = &self.settings.sides[side];
            (&settings.label, words::amount(tally.sums[side].sure * settings.times))
        });
        let (low, high) = self.settings.ratio;
        let ratio =
            if high.is_finite() { format!("[{low}, {high}]") } else { format!("≥ {low}") };
        let (found_zh, found_en) = match verdict {
            Verdict::Compliant => ("相符", "they agree"),
            Verdict::NonCompliant => ("不符", "they do not agree"),
            Verdict::Indeterminate => ("数据缺失，无法核对", "data missing, cannot be compared"),
        };
        text(
            format!(
                "{} {}，{} {}，比值应 {ratio}，{found_zh}",
                left.0.zh, left.1, right.0.zh, right.1
            ),
            format!(
                "{} {}, {} {}, their ratio must be {ratio}: {found_en}",
                left.0.en, left.1, right.0.en, right.1
            ),
        )
    }
}

impl EventRule for Reconcile {
    type State = ReconcileState;

    fn take(&mut self, input: usize, event: Event) {
        self.state.ledger.count(&self.settings.windows, input, event);
    }

    fn settle(&mut self, t: Timestamp, watches: &[Watch], out: &mut Vec<Judgement>) {
        while self.state.ledger.current().is_some_and(|tally| tally.to <= t) {
            let Some(tally) = self.state.ledger.close(&self.settings.windows) else { break };
            if self.applies(&tally) {
                self.judge(tally, watches, out);
            }
        }
    }

    fn next_after(&self, t: Timestamp) -> Option<Timestamp> {
        self.state.ledger.current().map(|tally| tally.to).filter(|to| *to > t)
    }

    fn forgets(&self) -> Timestamp {
        self.state.ledger.current().map_or(super::EVER, |tally| tally.from)
    }

    /// A window that is not over cannot be compared.
    fn finish(&mut self, _t: Timestamp, _watches: &[Watch], _out: &mut Vec<Judgement>) {}

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> &ReconcileState {
        &self.state
    }

    fn restore(&mut self, state: ReconcileState) {
        self.state = state;
    }
}
