//! There are good data of every point of a device.
//!
//! Unlike the other rules this one goes by the clock: a point is silent as soon as its last sample
//! is too old, whatever may still be on its way. Only the gateway's own silence is not held
//! against a device.

use crate::{
    Judgement, Passed, Standing,
    calendar::Calendar,
    evaluator::{Judge, StateError, explain::text},
    wording,
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::{PointId, Quality, Sample, Text, Timestamp, Verdict};

/// A moment that does not come.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Watches over the points of a device.
#[derive(Debug, Clone)]
pub(crate) struct Availability {
    points: Vec<(PointId, Duration)>,
    calendar: Calendar,
    state: AvailabilityState,
    /// Time alone changes nothing before this. A lower bound, which may be early and is never
    /// late: nearly every sample puts a timer off, and looking for the next one asks every point.
    due_not_before: Timestamp,
}

/// All that an [`Availability`] remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AvailabilityState {
    /// The last moment at which anything happened.
    at: Timestamp,
    feeds: Vec<Feed>,
    stretch: Option<Stretch>,
    /// A stretch that ended when the gateway went down, still to be told.
    ended: Option<(Stretch, Timestamp)>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feed {
    /// Silence is counted from here.
    heard: Timestamp,
    health: Health,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// Nothing has come yet, and it is not overdue.
    Waiting,
    Good,
    NotGood(Quality),
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretch {
    from: Timestamp,
    verdict: Verdict,
    /// The first point that gave reason, and why.
    reason: Option<(usize, Health)>,
    /// When it is closed so that records stay bounded.
    cut: Timestamp,
}

impl Availability {
    /// Every point with the longest time one of its samples speaks for.
    pub(crate) fn new(
        points: Vec<(PointId, Duration)>,
        calendar: Calendar,
        start: Timestamp,
    ) -> Self {
        let state = AvailabilityState {
            at: start,
            feeds: vec![Feed { heard: start, health: Health::Waiting }; points.len()],
            stretch: None,
            ended: None,
            standing: Standing {
                verdict: None,
                since: None,
                value: None,
                note: text("等待首个数据", "waiting for the first data"),
                early: None,
            },
        };
        let mut fresh = Self { points, calendar, state, due_not_before: start };
        fresh.due_not_before = fresh.timer();
        fresh
    }

    /// When time alone changes something next; [`NEVER`] if it does not.
    fn timer(&self) -> Timestamp {
        let speaking = self
            .state
            .feeds
            .iter()
            .zip(&self.points)
            .filter(|(feed, _)| matches!(feed.health, Health::Waiting | Health::Good));
        let silent = speaking.map(|(feed, (_, max_gap))| feed.heard + *max_gap);
        silent.chain(self.state.stretch.map(|stretch| stretch.cut)).min().unwrap_or(NEVER)
    }

    fn judge(&mut self, out: &mut Vec<Judgement>) {
        let feeds = &self.state.feeds;
        let ill = |feed: &Feed| matches!(feed.health, Health::NotGood(_) | Health::Silent);
        let reason = feeds.iter().position(ill).map(|index| (index, feeds[index].health));
        let verdict = match reason {
            Some(_) => Verdict::Indeterminate,
            None if feeds.iter().all(|feed| feed.health == Health::Good) => Verdict::Compliant,
            None => return,
        };
        if self.state.stretch.is_some_and(|stretch| stretch.verdict == verdict) {
            return;
        }
        let from = self.state.at;
        if let Some(stretch) = self.state.stretch {
            self.close(stretch, from, out);
        }
        let cut = self.calendar.hour_after(from);
        self.state.stretch = Some(Stretch { from, verdict, reason, cut });
        self.due_not_before = self.due_not_before.min(cut);
        if self.state.standing.verdict != Some(verdict) {
            self.state.standing = Standing {
                verdict: Some(verdict),
                since: Some(from),
                value: None,
                note: self.note(reason),
                early: None,
            };
            out.push(Judgement::Standing(self.state.standing.clone()));
        }
    }

    fn close(&self, stretch: Stretch, to: Timestamp, out: &mut Vec<Judgement>) {
        if to <= stretch.from {
            return;
        }
        let when = wording::stretch(stretch.from, to, &self.calendar.time_zone);
        let note = self.note(stretch.reason);
        out.push(Judgement::Verdict(Passed {
            verdict: stretch.verdict,
            from: stretch.from,
            to,
            value: None,
            coverage: if stretch.verdict == Verdict::Compliant { 1.0 } else { 0.0 },
            explanation: text(format!("{when} {}", note.zh), format!("{when} {}", note.en)),
        }));
    }

    fn note(&self, reason: Option<(usize, Health)>) -> Text {
        let Some((point, health)) = reason else {
            return text("数据正常", "good data of every point");
        };
        let name = self.points.get(point).map(|(id, _)| id.to_string()).unwrap_or_default();
        let why = wording::reason(match health {
            Health::NotGood(quality) => quality.reason().unwrap_or(quality.grade()),
            _ => "stale",
        });
        text(
            format!("{name} 无有效数据：{}", why.zh),
            format!("{name} has no good data: {}", why.en),
        )
    }
}

impl Judge for Availability {
    type Memory = AvailabilityState;

    fn observe(&mut self, now: Timestamp, input: usize, sample: &Sample, out: &mut Vec<Judgement>) {
        self.advance(now, out);
        let (Some(feed), Some((_, max_gap))) =
            (self.state.feeds.get_mut(input), self.points.get(input))
        else {
            return;
        };
        let source = sample.source_time.min(now);
        let waiting = feed.health == Health::Waiting;
        // What is too old when it comes says nothing of the device as it is.
        if (source < feed.heard && !waiting) || source + *max_gap <= now {
            return;
        }
        let quality = sample.reading.quality();
        let health = if quality.is_good() { Health::Good } else { Health::NotGood(quality) };
        let changed = feed.health != health;
        *feed = Feed { heard: feed.heard.max(source), health };
        self.due_not_before = self.due_not_before.min(feed.heard + *max_gap);
        self.state.at = self.state.at.max(source);
        if changed {
            self.judge(out);
        }
    }

    fn advance(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        if let Some((stretch, to)) = self.state.ended.take() {
            self.close(stretch, to, out);
        }
        while self.due_not_before <= now {
            let due = self.timer();
            self.due_not_before = due;
            if due > now || due == NEVER {
                return;
            }
            self.state.at = self.state.at.max(due);
            for (feed, (_, max_gap)) in self.state.feeds.iter_mut().zip(&self.points) {
                if feed.is_overdue(due, *max_gap) {
                    feed.health = Health::Silent;
                }
            }
            if let Some(stretch) = self.state.stretch.filter(|stretch| stretch.cut <= due) {
                self.close(stretch, stretch.cut, out);
                let cut = self.calendar.hour_after(due);
                self.state.stretch = Some(Stretch { from: stretch.cut, cut, ..stretch });
            }
            self.judge(out);
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let overdue = self.state.ended.map(|(_, to)| to);
        overdue.or_else(|| (self.due_not_before < NEVER).then_some(self.due_not_before))
    }

    fn finish(&mut self, now: Timestamp, out: &mut Vec<Judgement>) {
        self.advance(now, out);
        if let Some(stretch) = self.state.stretch.take() {
            self.close(stretch, now, out);
        }
    }

    /// The gateway was down until `now`: nothing is known of the time since anything was heard.
    fn resume(&mut self, _since: Timestamp, now: Timestamp) {
        if let Some(stretch) = self.state.stretch.take() {
            self.state.ended = Some((stretch, self.state.at));
        }
        self.state.at = self.state.at.max(now);
        self.state.feeds.fill(Feed { heard: now, health: Health::Waiting });
        self.due_not_before = self.timer();
    }

    fn standing(&self) -> &Standing {
        &self.state.standing
    }

    fn memory(&self) -> AvailabilityState {
        self.state.clone()
    }

    /// The state must be of a device with as many points.
    fn restore(&mut self, state: AvailabilityState) -> Result<(), StateError> {
        if state.feeds.len() != self.points.len() {
            return Err(StateError);
        }
        self.state = state;
        self.due_not_before = self.timer();
        Ok(())
    }
}

impl Feed {
    fn is_overdue(&self, now: Timestamp, max_gap: Duration) -> bool {
        matches!(self.health, Health::Waiting | Health::Good) && self.heard + max_gap <= now
    }
}

#[cfg(test)]
mod tests;
