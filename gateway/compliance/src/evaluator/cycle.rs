//! Each cycle holds a value for a time: a disinfection cabinet at 125 °C for a quarter of an hour.
//!
//! What data do not show is judged twice: once as if nothing was held while they were missing, and
//! once as if everything was. A cycle is compliant if the first is enough, non-compliant if even
//! the second is not, and indeterminate between.

use crate::{
    HoldCycleRule, Judgement, Passed, Standing,
    evaluator::{
        explain::text,
        hold::{Hold, Level},
    },
    limits::Limits,
    timeline::{Moment, Momentary},
    wording,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp, Verdict};

/// Judges cycles.
#[derive(Debug, Clone)]
pub(crate) struct HoldCycle {
    /// What is required; the door is the second input.
    settings: HoldCycleRule,
    time_zone: TimeZone,
    state: CycleState,
}

/// All that a [`HoldCycle`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CycleState {
    at: Timestamp,
    moment: Moment,
    /// Since when the value is missing.
    missing: Option<Timestamp>,
    cycle: Option<Cycle>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cycle {
    from: Timestamp,
    highest: Option<f64>,
    /// Milliseconds of good data.
    good: u64,
    /// What was certainly held.
    surely: Hold,
    /// What may have been held.
    perhaps: Hold,
}

impl HoldCycle {
    pub(crate) fn new(settings: HoldCycleRule, time_zone: TimeZone, start: Timestamp) -> Self {
        let standing = Standing {
            verdict: None,
            since: None,
            value: None,
            note: text("尚无消毒周期", "no cycle has been seen yet"),
        };
        // A cycle may have begun before anybody looked, and have held for all that was needed.
        let missing = Some(start - settings.hold);
        let state =
            CycleState { at: start, moment: Moment::default(), missing, cycle: None, standing };
        Self { settings, time_zone, state }
    }

    /// The level as it certainly is, and as it may be.
    fn levels(&self, moment: Moment) -> (Level, Level) {
        let settings = &self.settings;
        let level = moment.main().map(|value| {
            if value >= settings.threshold {
                Level::Held
            } else if value >= settings.threshold - settings.dip_depth {
                Level::Dip
            } else {
                Level::Down
            }
        });
        let (surely, perhaps) = (level.unwrap_or(Level::Down), level.unwrap_or(Level::Held));
        match (settings.door.is_some(), moment.side()) {
            (false, _) => (surely, perhaps),
            (true, None) => (Level::Down, perhaps),
            (true, Some(0.0)) => (surely, perhaps),
            (true, Some(_)) => (Level::Down, Level::Down),
        }
    }

    fn pass(&mut self, t: Timestamp) {
        let length = wording::millis(t.since(self.state.at));
        self.state.at = self.state.at.max(t);
        if let (Some(cycle), Some(value)) = (&mut self.state.cycle, self.state.moment.main())
            && length > 0
        {
            cycle.good += length;
            cycle.highest = Some(cycle.highest.map_or(value, |highest| highest.max(value)));
        }
    }

    fn begin(&mut self, moment: Moment) {
        let at = self.state.at;
        let (surely, perhaps) = self.levels(moment);
        // It may have begun, and held, while nobody could see it.
        let perhaps = match self.state.missing {
            None => Hold::new(at, perhaps),
            Some(missing) => {
                let mut hidden = Hold::new(missing, Level::Held);
                hidden.step(at, perhaps, self.settings.dip_time);
                hidden
            }
        };
        let surely = Hold::new(at, surely);
        self.state.cycle = Some(Cycle { from: at, highest: None, good: 0, surely, perhaps });
    }

    /// Ends the cycle at `to`; one whose end nobody saw cannot have failed.
    fn end(&mut self, to: Timestamp, seen: bool, out: &mut Vec<Judgement>) {
        let Some(cycle) = self.state.cycle.take().filter(|cycle| to > cycle.from) else { return };
        let verdict = if cycle.surely.longest() >= self.settings.hold {
            Verdict::Compliant
        } else if seen && cycle.perhaps.longest() < self.settings.hold {
            Verdict::NonCompliant
        } else {
            Verdict::Indeterminate
        };
        let passed = Passed {
            verdict,
            from: cycle.from,
            to,
            value: cycle.highest,
            coverage: wording::share(cycle.good, to.since(cycle.from)),
            explanation: self.explain(&cycle, to, verdict),
        };
        if self.state.standing.verdict != Some(verdict) {
            self.state.standing = Standing {
                verdict: Some(verdict),
                since: Some(cycle.from),
                value: passed.value,
                note: passed.explanation.clone(),
            };
            out.push(Judgement::Standing(self.state.standing.clone()));
        }
        out.push(Judgement::Verdict(passed));
    }

    fn explain(&self, cycle: &Cycle, to: Timestamp, verdict: Verdict) -> Text {
        let settings = &self.settings;
        let limits = Limits { low: Some(settings.threshold), high: None };
        let when = wording::stretch(cycle.from, to, &self.time_zone);
        let held = wording::duration(cycle.surely.longest());
        let needed = wording::duration(settings.hold);
        let limit = format!("{}{}", limits.interval(), settings.input.unit.suffix());
        let highest = cycle.highest.map(|highest| limits.number(highest, settings.input.unit));
        let highest = highest.unwrap_or_else(|| "-".into());
        let covered = wording::coverage(wording::share(cycle.good, to.since(cycle.from)));
        let (zh, en) = match verdict {
            Verdict::Compliant => (format!("达到 {needed}"), format!("{needed} needed")),
            Verdict::NonCompliant => (format!("不足 {needed}"), format!("less than {needed}")),
            Verdict::Indeterminate => (
                format!("数据或门状态缺失，无法判定是否达到 {needed}"),
                format!("data or door state missing, {needed} cannot be judged"),
            ),
        };
        text(
            format!("{when} {limit} 最长保持 {held}，{zh}；最高 {highest}；{}", covered.zh),
            format!("{when} longest hold {limit} {held}, {en}; highest {highest}; {}", covered.en),
        )
    }

    /// When the value has been missing for so long that the cycle is lost.
    fn lost_at(&self) -> Option<Timestamp> {
        let missing = self.state.missing.filter(|_| self.state.cycle.is_some());
        missing.map(|missing| missing + self.settings.hold)
    }

    fn enter(&mut self, moment: Moment, out: &mut Vec<Judgement>) {
        let at = self.state.at;
        let (surely, perhaps) = self.levels(moment);
        if let Some(cycle) = &mut self.state.cycle {
            cycle.surely.step(at, surely, self.settings.dip_time);
            cycle.perhaps.step(at, perhaps, self.settings.dip_time);
            if moment.main().is_some_and(|value| value < self.settings.ends_below) {
                self.end(at, true, out);
            }
        } else if moment.main().is_some_and(|value| value > self.settings.starts_above) {
            self.begin(moment);
        }
        self.state.missing = match moment.main() {
            Some(_) => None,
            None => self.state.missing.or(Some(at)),
        };
    }
}

impl Momentary for HoldCycle {
    type State = CycleState;

    fn step(&mut self, t: Timestamp, moment: Moment, out: &mut Vec<Judgement>) {
        self.pass(t);
        if let (Some(lost_at), Some(missing)) = (self.lost_at(), self.state.missing)
            && lost_at <= t
        {
            self.end(missing, false, out);
        }
        self.state.moment = moment;
        self.enter(moment, out);
    }

    fn timer(&self) -> Option<Timestamp> {
        self.lost_at()
    }

    fn finish(&mut self, t: Timestamp, out: &mut Vec<Judgement>) {
        self.step(t, self.state.moment, out);
        self.end(t, false, out);
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn state(&self) -> CycleState {
        self.state.clone()
    }

    fn restore(&mut self, state: CycleState) {
        self.state = state;
    }
}

#[cfg(test)]
mod tests;
