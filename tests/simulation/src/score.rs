//! Holds what the gateway said against what was true.

use crate::{
    duty::{Asked, Ground},
    run::Outcome,
    span::{Span, any_meets},
};
use std::time::Duration;
use weir_domain::Verdict;
use weir_engine::Transition;

/// The score of one duty in one week.
#[derive(Debug, Clone, Default)]
pub(crate) struct Score {
    /// What had to be found, and how much of it was.
    pub(crate) sure: usize,
    pub(crate) found: usize,
    /// From the earliest moment at which it could be known to the alarm, seconds.
    pub(crate) delays: Vec<f64>,
    /// Violations where there was none, each with what it said.
    pub(crate) false_verdicts: Vec<String>,
    /// Alarms where nothing was wrong.
    pub(crate) false_alarms: usize,
    /// Compliant over what was a violation for sure.
    pub(crate) wrong: Vec<String>,
    /// Compliant where there were no data.
    pub(crate) groundless: Vec<String>,
    /// What was not found.
    pub(crate) missed: Vec<String>,
    /// Hours of each verdict: compliant, non-compliant, indeterminate.
    pub(crate) hours: [f64; 3],
}

/// Scores a duty.
pub(crate) fn score(asked: &Asked, outcome: &Outcome, spoilt: &[Span]) -> Score {
    let mut score = Score { sure: asked.sure.len(), ..Score::default() };
    let name = asked.duty.requirement;
    let verdicts: Vec<_> =
        outcome.verdicts.iter().filter(|v| v.requirement.as_str() == name).collect();
    let raised: Vec<_> = outcome
        .alarms
        .iter()
        .filter(|a| a.requirement.as_str() == name && a.transition == Transition::Raised)
        .collect();
    for verdict in &verdicts {
        let span = Span::new(verdict.from, verdict.to);
        let hours = span.length().as_secs_f64() / 3_600.0;
        let told =
            || format!("{name} {}..{}: {}", verdict.from, verdict.to, verdict.explanation.en);
        match verdict.verdict {
            Verdict::Compliant => {
                score.hours[0] += hours;
                let sure = asked.sure.iter().any(|sure| {
                    let least = sure.length().min(span.length()).mul_f64(0.9);
                    sure.meets(&span) && overlap(sure, &span) >= least
                });
                if sure && asked.duty.is_law {
                    score.wrong.push(told());
                }
                if is_groundless(asked, verdict, outcome) {
                    score.groundless.push(told());
                }
            }
            Verdict::NonCompliant => {
                score.hours[1] += hours;
                if !any_meets(&asked.fair, &span) && !any_meets(spoilt, &span) {
                    score.false_verdicts.push(told());
                }
            }
            Verdict::Indeterminate => score.hours[2] += hours,
        }
    }
    for sure in &asked.sure {
        let until = sure.widened(Duration::ZERO, asked.duty.lag * 4 + Duration::from_secs(600));
        let by_verdict = verdicts
            .iter()
            .any(|v| v.verdict == Verdict::NonCompliant && Span::new(v.from, v.to).meets(&until));
        let alarm = raised.iter().find(|a| {
            Span::new(a.since, a.t.max(a.since + Duration::from_millis(1))).meets(&until)
        });
        if by_verdict || (!asked.duty.is_law && alarm.is_some()) {
            score.found += 1;
        } else {
            score.missed.push(format!("{name} {}..{}", sure.from, sure.to));
        }
        if let Some(alarm) = alarm {
            let earliest = match asked.duty.ground {
                Ground::Mean { .. } => sure.to,
                _ => sure.from + asked.duty.persistence,
            };
            score.delays.push((alarm.t.as_millis() - earliest.as_millis()) as f64 / 1_000.0);
        }
    }
    let fair = |span: &Span| any_meets(&asked.fair, span) || any_meets(spoilt, span);
    score.false_alarms = raised
        .iter()
        .filter(|a| !fair(&Span::new(a.since, a.t.max(a.since + Duration::from_millis(1)))))
        .count();
    score
}

fn overlap(a: &Span, b: &Span) -> Duration {
    a.to.min(b.to).since(a.from.max(b.from))
}

/// Whether a compliant verdict covers time in which its first point said nothing good.
fn is_groundless(asked: &Asked, verdict: &weir_engine::VerdictRecord, outcome: &Outcome) -> bool {
    let Some(point) = verdict.points.first() else { return false };
    let Some(signal) = outcome.points.iter().position(|p| p == point) else { return false };
    let span = Span::new(verdict.from, verdict.to);
    let silent: Duration = outcome.silent[signal]
        .iter()
        .filter(|gap| gap.meets(&span))
        .map(|gap| overlap(gap, &span))
        .sum();
    match asked.duty.ground {
        // A mean may miss a quarter; a sample speaks a little on.
        Ground::Mean { .. } => silent > span.length().mul_f64(0.26),
        Ground::Value { .. } => silent > Duration::ZERO,
        Ground::Acts(_) => false,
    }
}
