//! Whether a limit is about to be crossed.
//!
//! The window is cut into bins; a bin that good data cover for at least half is a point at the mean
//! of them. At the end of every bin a line is drawn through the points ([`Line`]) and asked. Where a
//! quarter of the bins is missing, or the last one, nothing is said.

use super::explain::{LimitWords, not_applicable, text};
use crate::{
    EarlyWarning, Judgement, Standing,
    calendar::Calendar,
    forecast::{Crossing, Line, POINTS_MAX, WarningLevel},
    timeline::{Moment, Momentary},
    wording,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::{Text, Timestamp, Verdict};

/// A bin with less good data is no point.
const COVERED: f64 = 0.5;
/// So many of the bins must be points.
const POINTS_SHARE: f64 = 0.75;
/// A warning stands until it is so much less likely than it must be to begin.
const HYSTERESIS: f64 = 0.2;

/// How a [`Forecast`] looks ahead.
#[derive(Debug, Clone)]
pub(crate) struct ForecastSettings {
    pub(crate) horizon: Duration,
    pub(crate) window: Duration,
    pub(crate) confidence_min: f64,
}

/// Looks whether a limit is about to be crossed.
#[derive(Debug, Clone)]
pub(crate) struct Forecast {
    words: LimitWords,
    settings: ForecastSettings,
    calendar: Calendar,
    state: ForecastState,
}

/// All that a [`Forecast`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForecastState {
    at: Timestamp,
    moment: Moment,
    /// End of the bin that runs.
    bin_end: Timestamp,
    sum: f64,
    covered: u64,
    /// Means of the bins, oldest first; none where there were no good data.
    bins: VecDeque<Option<f64>>,
    level: Option<WarningLevel>,
    standing: Standing,
}

impl Forecast {
    pub(crate) fn new(
        words: LimitWords,
        settings: ForecastSettings,
        calendar: Calendar,
        start: Timestamp,
    ) -> Self {
        let note = words.no_data();
        let verdict = Some(Verdict::Indeterminate);
        let mut forecast = Self {
            words,
            settings,
            calendar,
            state: ForecastState {
                at: start,
                moment: Moment::default(),
                bin_end: start,
                sum: 0.0,
                covered: 0,
                bins: VecDeque::new(),
                level: None,
                standing: Standing { verdict, since: None, value: None, note, early: None },
            },
        };
        forecast.state.bin_end = start + forecast.bin();
        forecast
    }

    fn bin(&self) -> Duration {
        (self.settings.window / POINTS_MAX as u32).max(Duration::from_secs(1))
    }

    /// The value that speaks, if the limit applies.
    fn value(&self) -> Option<f64> {
        let moment = &self.state.moment;
        moment.main().filter(|_| moment.side() != Some(0.0))
    }

    /// Until `t`, which is within the bin or its end, the inputs stay as they are.
    fn pass(&mut self, t: Timestamp) {
        let length = wording::millis(t.since(self.state.at));
        if let Some(value) = self.value() {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of a bin")]
            let weight = length as f64;
            self.state.sum += value * weight;
            self.state.covered += length;
        }
        self.state.at = self.state.at.max(t);
    }

    fn close_bin(&mut self, out: &mut Vec<Judgement>) {
        let share = wording::share(self.state.covered, self.bin());
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a bin")]
        let mean = (share >= COVERED).then(|| self.state.sum / self.state.covered as f64);
        if self.state.bins.len() == POINTS_MAX {
            self.state.bins.pop_front();
        }
        self.state.bins.push_back(mean);
        (self.state.sum, self.state.covered) = (0.0, 0);
        let end = self.state.bin_end;
        self.state.bin_end = end + self.bin();
        let standing = self.look(end);
        self.stand(end, standing, out);
    }

    /// What the bins say at their end.
    fn look(&mut self, at: Timestamp) -> Standing {
        let stands =
            |verdict, value, note| Standing { verdict, since: None, value, note, early: None };
        let told = self.state.level.take();
        if !self.calendar.is_open(at) {
            return stands(None, None, not_applicable());
        }
        let width = self.bin().as_secs_f64();
        let numbered = self.state.bins.iter().enumerate();
        let points: Vec<(f64, f64)> =
            numbered.filter_map(|(nth, mean)| Some((nth as f64 * width, (*mean)?))).collect();
        let last = self.state.bins.back().copied().flatten();
        let enough = points.len() as f64 >= POINTS_SHARE * POINTS_MAX as f64;
        let (Some(last), true, Some(line)) = (last, enough, Line::through(&points)) else {
            let note = text("有效数据不足，无法预测", "not enough good data to look ahead");
            return stands(Some(Verdict::Indeterminate), None, note);
        };
        let limits = self.words.limits;
        if !limits.holds(last) {
            let note = text(
                "已超出限值，由该限值本身判定",
                "beyond the limit already, which speaks for itself",
            );
            return stands(None, Some(last), note);
        }
        let horizon = self.settings.horizon.as_secs_f64();
        let least = self.settings.confidence_min - told.map_or(0.0, |_| HYSTERESIS);
        let crossing = line.crossing(limits.low, limits.high, horizon);
        match crossing.filter(|crossing| crossing.probability >= least) {
            Some(crossing) => {
                let level = WarningLevel::of(&crossing, horizon);
                self.state.level = Some(level);
                let note = self.warning(level, &line, &crossing);
                let after = crossing.after.map(Duration::from_secs_f64);
                let expected_at = after.map(|after| at + after);
                Standing {
                    early: Some(EarlyWarning { level, expected_at }),
                    ..stands(Some(Verdict::NonCompliant), Some(line.level), note)
                }
            }
            None => {
                let within = wording::duration(self.settings.horizon);
                let note = text(
                    format!("预计 {within} 内不会超出限值"),
                    format!("not expected to leave the limit within {within}"),
                );
                stands(Some(Verdict::Compliant), Some(line.level), note)
            }
        }
    }

    fn warning(&self, level: WarningLevel, line: &Line, crossing: &Crossing) -> Text {
        let minutes = |secs: f64| Duration::from_secs((secs / 60.0).round().max(1.0) as u64 * 60);
        let horizon = self.settings.horizon;
        let after = wording::duration(crossing.after.map_or(horizon, minutes));
        let (now, hourly) = (line.level, line.slope * 3_600.0);
        let number = self.words.limits.number(now, self.words.unit);
        let limit = self.words.limits.text(self.words.unit);
        let percent = wording::percent(crossing.probability.min(0.99));
        let level = level.text();
        text(
            format!(
                "{}：现为 {number}，每小时变化 {hourly:+.2}，预计约 {after} 后超出 {}（{} 内概率 {percent}）",
                level.zh,
                limit.zh,
                wording::duration(horizon)
            ),
            format!(
                "{}: now {number}, changing by {hourly:+.2} an hour, it is expected to leave {} in about {after} ({percent} likely within {})",
                level.en,
                limit.en,
                wording::duration(horizon)
            ),
        )
    }

    /// Says how it stands, if that is otherwise than before or a warning has moved.
    fn stand(&mut self, at: Timestamp, new: Standing, out: &mut Vec<Judgement>) {
        let before = &self.state.standing;
        if before.verdict == new.verdict && before.note == new.note {
            return;
        }
        let since = if before.verdict == new.verdict { before.since } else { Some(at) };
        self.state.standing = Standing { since, ..new };
        out.push(Judgement::Standing(self.state.standing.clone()));
    }
}

impl Momentary for Forecast {
    type State = ForecastState;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        while self.state.bin_end <= t {
            let end = self.state.bin_end;
            self.pass(end);
            self.close_bin(out);
            // After a long silence every bin would be empty.
            if self.value().is_none() && self.state.bins.iter().all(Option::is_none) {
                let behind = t.since(self.state.bin_end).as_millis() / self.bin().as_millis();
                let whole = u32::try_from(behind).unwrap_or(u32::MAX);
                self.state.bin_end = self.state.bin_end + self.bin() * whole;
                self.state.at = self.state.at.max(self.state.bin_end - self.bin());
            }
        }
        self.pass(t);
        self.state.moment = moment;
    }

    fn timer(&self) -> Option<Timestamp> {
        Some(self.state.bin_end)
    }

    fn finish(&mut self, _t: Timestamp, _out: &mut Vec<Judgement>) {}

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> ForecastState {
        self.state.clone()
    }

    fn restore(&mut self, state: ForecastState) {
        self.state = state;
    }
}

#[cfg(test)]
mod tests;
