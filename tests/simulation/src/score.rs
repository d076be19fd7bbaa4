//! Holds what the gateway said against what was true.

use crate::{
    duty::{Asked, Ground},
    run::Outcome,
    span::{Span, any_meets},
};
use serde::Serialize;
use std::time::Duration;
use weir_domain::{Timestamp, Verdict};
use weir_engine::{Transition, VerdictRecord};

/// The score of one duty, in one week or in many.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Score {
    /// Weeks in which it was asked for.
    pub weeks: usize,
    /// What had to be found, and how much of it was.
    pub sure: usize,
    /// See `sure`.
    pub found: usize,
    /// Non-compliant where the facility was in order, its instruments too.
    pub false_verdicts: usize,
    /// Non-compliant where the facility was in order, but not its instruments or their links.
    pub misled: usize,
    /// Compliant over what was a violation for sure, with instruments in order.
    pub wrong: usize,
    /// Compliant where there were no data.
    pub groundless: usize,
    /// Alarms where nothing was out of order.
    pub false_alarms: usize,
    /// From the earliest moment at which it could be known to the alarm, seconds.
    #[serde(skip)]
    pub delays: Vec<f64>,
    /// Hours of each verdict: compliant, non-compliant, indeterminate.
    pub hours: [f64; 3],
    /// Hours of indeterminate verdicts whose points had all their data.
    pub needless: f64,
}

/// A mistake, to be read by a person.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// `missed`, `false`, `misled`, `wrong`, `groundless`, `false_alarm`.
    pub what: &'static str,
    /// The requirement.
    pub requirement: String,
    /// What was said, or what was not.
    pub told: String,
    /// From when to when.
    #[serde(skip)]
    pub(crate) span: Span,
    /// The signals behind it.
    #[serde(skip)]
    pub(crate) signals: Vec<usize>,
}

impl Score {
    /// Takes the score of another week in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.weeks += other.weeks;
        self.sure += other.sure;
        self.found += other.found;
        self.false_verdicts += other.false_verdicts;
        self.misled += other.misled;
        self.wrong += other.wrong;
        self.groundless += other.groundless;
        self.false_alarms += other.false_alarms;
        self.delays.extend(&other.delays);
        for (mine, theirs) in self.hours.iter_mut().zip(other.hours) {
            *mine += theirs;
        }
        self.needless += other.needless;
    }

    /// The delay that so large a share of the alarms kept, seconds.
    pub(crate) fn delay(&self, share: f64) -> Option<f64> {
        let mut sorted = self.delays.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        sorted.get((last as f64 * share).round() as usize).copied()
    }
}

/// Scores a duty. `unusual` is where its instruments or their links were not in order.
pub(crate) fn score(asked: &Asked, outcome: &Outcome, unusual: &[Span]) -> (Score, Vec<Fault>) {
    let mut score = Score { weeks: 1, sure: asked.sure.len(), ..Score::default() };
    let mut faults = Vec::new();
    let name = asked.duty.requirement;
    let is_mine = |points: &[weir_domain::PointId]| {
        asked.duty.device.as_ref().is_none_or(|device| {
            points.first().is_some_and(|point| point.device().as_str() == device.as_str())
        })
    };
    let verdicts: Vec<_> = outcome
        .verdicts
        .iter()
        .filter(|v| v.requirement.as_str() == name && is_mine(&v.points))
        .collect();
    let signals = outcome.watched.get(name).map(|(_, signals)| signals.clone()).unwrap_or_default();
    let mut fault = |what, span: Span, told: &str| {
        let (requirement, told) = (name.to_owned(), format!("{}..{}: {told}", span.from, span.to));
        faults.push(Fault { what, requirement, told, span, signals: signals.clone() });
    };
    let is_law = outcome.watched.get(name).is_some_and(|(is_warning, _)| !is_warning);
    for verdict in &verdicts {
        let span = Span::new(verdict.from, verdict.to);
        let hours = span.length().as_secs_f64() / 3_600.0;
        let told = &verdict.explanation.en;
        match verdict.verdict {
            Verdict::Compliant => {
                score.hours[0] += hours;
                let is_sure = asked.sure.iter().any(|sure| {
                    // An instrument needs its time to see it.
                    let sure = &Span::new(sure.from + asked.duty.lag, sure.to);
                    let least = sure.length().min(span.length()).mul_f64(0.9);
                    sure.from < sure.to && sure.meets(&span) && overlap(sure, &span) >= least
                });
                if is_sure && is_law && !any_meets(unusual, &span) && is_of_time(asked) {
                    score.wrong += 1;
                    fault("wrong", span, told);
                }
                if is_groundless(asked, verdict, outcome) {
                    score.groundless += 1;
                    fault("groundless", span, told);
                }
            }
            Verdict::NonCompliant => {
                score.hours[1] += hours;
                if is_law
                    && !any_meets(
                        &asked.fair,
                        &span.widened(Duration::ZERO, Duration::from_millis(1)),
                    )
                {
                    let near = span.widened(asked.duty.persistence, Duration::ZERO);
                    if any_meets(unusual, &near) {
                        score.misled += 1;
                        fault("misled", span, told);
                    } else {
                        score.false_verdicts += 1;
                        fault("false", span, told);
                    }
                }
            }
            Verdict::Indeterminate => {
                score.hours[2] += hours;
                let silent = verdict.points.iter().any(|point| {
                    outcome.points.iter().position(|p| p == point).is_some_and(|signal| {
                        any_meets(
                            &outcome.silent[signal],
                            &span.widened(Duration::from_secs(60), Duration::from_secs(60)),
                        )
                    })
                });
                if !silent {
                    score.needless += hours;
                }
            }
        }
    }
    let raised: Vec<_> = outcome
        .alarms
        .iter()
        .filter(|a| a.requirement.as_str() == name && a.transition == Transition::Raised)
        .filter(|a| is_mine(&a.points))
        .collect();
    let alarm_span = |a: &weir_engine::AlarmEvent| {
        Span::new(a.since, a.t.max(a.since + Duration::from_millis(1)))
    };
    for sure in &asked.sure {
        let until =
            sure.widened(Duration::from_secs(1), asked.duty.lag * 4 + Duration::from_secs(600));
        let by_verdict = verdicts.iter().any(|v| {
            v.verdict == Verdict::NonCompliant
                && Span::new(v.from, v.to.max(v.from + Duration::from_millis(1))).meets(&until)
        });
        let alarm = raised.iter().find(|a| alarm_span(a).meets(&until));
        let is_standing = || raised.iter().any(|a| standing(a, &outcome.alarms).meets(&until));
        if by_verdict || (!is_law && is_standing()) {
            score.found += 1;
        } else {
            fault("missed", *sure, "nothing was said");
        }
        if let Some(alarm) = alarm {
            let earliest = match asked.duty.ground {
                Ground::Value { .. } => sure.from + asked.duty.persistence,
                Ground::Acts { daily: false, .. } => sure.from,
                _ => sure.to,
            };
            score.delays.push((alarm.t.as_millis() - earliest.as_millis()) as f64 / 1_000.0);
        }
    }
    for alarm in raised {
        let span = alarm_span(alarm);
        if !any_meets(&asked.fair, &span) && !any_meets(unusual, &span) {
            score.false_alarms += 1;
            fault("false_alarm", span, &format!("{:?} outside {}", alarm.value, alarm.limit));
        }
    }
    (score, faults)
}

/// From the beginning of an alarm's condition to its end.
fn standing(raised: &weir_engine::AlarmEvent, alarms: &[weir_engine::AlarmEvent]) -> Span {
    let ends = |a: &&weir_engine::AlarmEvent| {
        a.alarm == raised.alarm && a.t >= raised.t && a.transition == Transition::ReturnedToNormal
    };
    let end = alarms.iter().find(ends).map_or(Timestamp::from_millis(i64::MAX), |a| a.t);
    Span::new(raised.since, end.max(raised.since + Duration::from_millis(1)))
}

/// Whether what is asked is a stretch of time, all of which is one or the other.
fn is_of_time(asked: &Asked) -> bool {
    !matches!(
        asked.duty.ground,
        Ground::Acts { daily: true, .. } | Ground::Events { before_opening: Some(_), .. }
    )
}

fn overlap(a: &Span, b: &Span) -> Duration {
    a.to.min(b.to).since(a.from.max(b.from))
}

/// Whether a compliant verdict covers time in which one of its points said nothing good.
fn is_groundless(asked: &Asked, verdict: &VerdictRecord, outcome: &Outcome) -> bool {
    let span = Span::new(verdict.from, verdict.to);
    let places = verdict.points.iter();
    let signals: Vec<usize> =
        places.filter_map(|point| outcome.points.iter().position(|p| p == point)).collect();
    let silence = |signal: usize| -> Duration {
        let gaps = outcome.silent[signal].iter().filter(|gap| gap.meets(&span));
        gaps.map(|gap| overlap(gap, &span)).sum()
    };
    match &asked.duty.ground {
        // A mean may miss a quarter; a sample speaks a little on.
        Ground::Mean { .. } => {
            signals.first().is_some_and(|s| silence(*s) > span.length().mul_f64(0.26))
        }
        // Known only while it irradiates.
        Ground::Value { .. } | Ground::Acts { daily: false, .. } => {
            signals.iter().any(|signal| silence(*signal) > Duration::ZERO)
        }
        Ground::Cycle { hold, .. } => {
            signals.first().is_some_and(|s| span.length() < silence(*s) + *hold)
        }
        Ground::Events { least, .. } => signals.first().is_some_and(|signal| {
            let those = outcome.samples[*signal].iter().filter(|sample| {
                let t = sample.source_time;
                span.from <= t && t <= span.to && sample.reading.good().is_some()
            });
            those.count() < *least
        }),
        Ground::Acts { .. } | Ground::Ratio { .. } | Ground::Sum { .. } => false,
    }
}
