//! The share of calendar time in which the points of a device have data: 90 % of a month, say.
//!
//! It is the share of the worst point. Like [`Availability`](super::Availability) it goes by the
//! clock, and the gateway's own silence is not held against a device: that time does not count. A
//! window of which too little counts has no verdict.

use crate::{
    Judgement, Passed, Period, Standing,
    calendar::{Calendar, Window},
    evaluator::{Judge, StateError, explain::text},
    wording,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::{BadReason, PointId, Reading, Sample, Text, Timestamp, Verdict};

/// A window of which less counts is indeterminate.
const KNOWN_MIN: f64 = 0.75;

/// What an [`Uptime`] is made of.
#[derive(Debug, Clone)]
pub(crate) struct UptimeSettings {
    pub(crate) period: Period,
    pub(crate) at_least: f64,
    /// Whether only good data count, or whatever the device has sent.
    pub(crate) good_only: bool,
    /// Every point with the longest time one of its samples speaks for.
    pub(crate) points: Vec<(PointId, Duration)>,
}

/// Watches over the data of a device.
#[derive(Debug, Clone)]
pub(crate) struct Uptime {
    settings: UptimeSettings,
    calendar: Calendar,
    state: UptimeState,
}

/// All that an [`Uptime`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UptimeState {
    from: Timestamp,
    to: Timestamp,
    /// The last moment at which the gateway is known to have been there.
    at: Timestamp,
    /// Milliseconds of the window that do not count.
    lost: u64,
    feeds: Vec<Feed>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feed {
    /// Source time of the newest sample.
    newest: Option<Timestamp>,
    /// What it covers, as far as that has not been counted.
    speaks: Option<(Timestamp, Timestamp)>,
    /// Milliseconds that were counted.
    covered: u64,
}

impl Feed {
    /// Counts what the sample has covered until `t`.
    fn count(&mut self, t: Timestamp) {
        if let Some((from, until)) = &mut self.speaks {
            self.covered += wording::millis(t.min(*until).since(*from));
            *from = t.max(*from);
        }
    }
}

impl Uptime {
    pub(crate) fn new(settings: UptimeSettings, calendar: Calendar, start: Timestamp) -> Self {
        let window = Window::Per(settings.period);
        let from = calendar.window_before(start, window);
        let state = UptimeState {
            from,
            to: calendar.window_after(start, window),
            at: start,
            lost: wording::millis(start.since(from)),
            feeds: vec![Feed { newest: None, speaks: None, covered: 0 }; settings.points.len()],
            standing: Standing {
                verdict: Some(Verdict::Indeterminate),
                since: None,
                value: None,
                note: text("尚无完整的统计时段", "no window has been judged yet"),
                early: None,
            },
        };
        Self { settings, calendar, state }
    }

    /// Whether a device has sent it, or only the gateway could not read it.
    fn counts(&self, reading: Reading) -> bool {
        match reading {
            _ if reading.quality().is_good() => true,
            _ if self.settings.good_only => false,
            Reading::Bad(
                _,
                BadReason::CommFailure
                | BadReason::NotConnected
                | BadReason::Stale
                | BadReason::WaitingForInitialData,
            ) => false,
            _ => true,
        }
    }

    fn end_window(&mut self, out: &mut Vec<Judgement>) {
        let to = self.state.to;
        self.state.feeds.iter_mut().for_each(|feed| feed.count(to));
        self.judge(to, out);
        self.state.from = to;
        self.state.to = self.calendar.window_after(to, Window::Per(self.settings.period));
        self.state.lost = 0;
        self.state.feeds.iter_mut().for_each(|feed| feed.covered = 0);
    }

    fn judge(&mut self, to: Timestamp, out: &mut Vec<Judgement>) {
        let from = self.state.from;
        let whole = wording::millis(to.since(from));
        let counted = Duration::from_millis(whole.saturating_sub(self.state.lost));
        let shares = self.state.feeds.iter().map(|feed| wording::share(feed.covered, counted));
        let worst = shares.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        let Some((point, share)) = worst.filter(|_| to > from) else { return };
        let known = wording::share(wording::millis(counted), to.since(from));
        let verdict = if known < KNOWN_MIN {
            Verdict::Indeterminate
        } else if share >= self.settings.at_least {
            Verdict::Compliant
        } else {
            Verdict::NonCompliant
        };
        let explanation = self.explain((from, to), verdict, point, share, known);
        let value = (verdict != Verdict::Indeterminate).then_some(share * 100.0);
        if self.state.standing.verdict != Some(verdict) {
            let note = explanation.clone();
            self.state.standing =
                Standing { verdict: Some(verdict), since: Some(from), value, note, early: None };
            out.push(Judgement::Standing(self.state.standing.clone()));
        }
        let coverage = share * known;
        out.push(Judgement::Verdict(Passed { verdict, from, to, value, coverage, explanation }));
    }

    fn explain(
        &self,
        (from, to): (Timestamp, Timestamp),
        verdict: Verdict,
        point: usize,
        share: f64,
        known: f64,
    ) -> Text {
        let when = wording::stretch(from, to, &self.calendar.time_zone);
        let (known, share) = (wording::percent(known), wording::percent(share));
        if verdict == Verdict::Indeterminate {
            return text(
                format!("{when} 网关仅运行 {known}，无法判定数据有效率"),
                format!(
                    "{when} the gateway ran for {known} only, the share of data cannot be judged"
                ),
            );
        }
        let name = self.settings.points.get(point).map(|(id, _)| id.to_string());
        let (name, needed) = (name.unwrap_or_default(), wording::percent(self.settings.at_least));
        let (zh, en) = match self.settings.good_only {
            true => ("有效数据率", "valid data"),
            false => ("数据传输率", "data received"),
        };
        let (than_zh, than_en) = match verdict {
            Verdict::Compliant => ("不低于", "not less than"),
            _ => ("低于", "less than"),
        };
        text(
            format!("{when} {name} {zh} {share}，{than_zh} {needed}（网关运行 {known}）"),
            format!("{when} {name} {en} {share}, {than_en} {needed} (gateway running {known})"),
        )
    }
}

impl Judge for Uptime {
    type Memory = UptimeState;

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        self.advance(now, out);
        let counts = self.counts(sample.reading);
        let (Some(feed), Some((_, max_gap))) =
            (self.state.feeds.get_mut(input), self.settings.points.get(input))
        else {
            return;
        };
        let source = sample.source_time.min(now);
        if feed.newest.is_some_and(|newest| source < newest) {
            return;
        }
        feed.newest = Some(source);
        feed.count(source);
        let from = source.max(self.state.from).max(feed.speaks.map_or(source, |(from, _)| from));
        feed.speaks = counts.then_some((from, source + *max_gap));
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        while self.state.to <= now {
            self.end_window(out);
        }
        self.state.at = self.state.at.max(now);
    }

    fn deadline(&self) -> Option<Timestamp> {
        Some(self.state.to)
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.advance(now, out);
    }

    fn resume(&mut self, since: Timestamp, now: Timestamp) {
        let at = self.state.at.max(since).min(now);
        for feed in &mut self.state.feeds {
            feed.count(at);
            feed.speaks = None;
        }
        // What was lost of windows that ended meanwhile is counted when they are judged.
        self.state.lost += wording::millis(now.min(self.state.to).since(at));
        self.state.at = at.max(now);
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn memory(&self) -> UptimeState {
        self.state.clone()
    }

    fn restore(&mut self, state: UptimeState) -> Result<(), StateError> {
        if state.feeds.len() != self.settings.points.len() {
            return Err(StateError);
        }
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
