//! One week told to a person: what happened, and every mistake with the samples around it.

use crate::{Exam, examined, run, score::score};
use std::{fmt::Write as _, time::Duration};

/// Samples shown on either side of where a mistake begins.
const SHOWN: usize = 4;

/// Tells the week of a seed.
///
/// # Errors
/// When its site is not accepted.
pub fn story(exam: &Exam) -> anyhow::Result<String> {
    let week = exam.week(exam.seed);
    let outcome = run::run(&week)?;
    let site = &outcome.site;
    let mut text = format!("{} {} of seed {}\n", site.kind, site.class, exam.seed);
    for incident in &week.incidents {
        let signal = incident.signal.map(|signal| site.signals[signal].id()).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} .. {} {} {signal} size {:.2}",
            incident.at,
            incident.until(),
            incident.cause,
            incident.size
        );
    }
    for (asked, unusual) in examined(&week, &outcome)? {
        let (score, faults) = score(&asked, &outcome, &unusual);
        let _ = writeln!(
            text,
            "{}: {}/{} found, hours {:.1?}",
            asked.duty.requirement, score.found, score.sure, score.hours
        );
        for sure in &asked.sure {
            let _ = writeln!(text, "    sure {}..{}", sure.from, sure.to);
        }
        for fault in faults {
            let _ = writeln!(text, "    {} {}", fault.what, fault.told);
            for signal in &fault.signals {
                let samples = &outcome.samples[*signal];
                let at = samples.partition_point(|s| s.source_time < fault.span.from);
                let some = samples.iter().skip(at.saturating_sub(SHOWN)).take(2 * SHOWN);
                let some = some.map(|s| format!("{} {:?}", s.source_time, s.reading));
                let all = some.collect::<Vec<_>>().join(" | ");
                let _ = writeln!(text, "        {}: {all}", outcome.points[*signal]);
            }
            for span in asked.fair.iter().filter(|s| s.meets(&fault.span.widened(NEAR, NEAR))) {
                let _ = writeln!(text, "        fair {}..{}", span.from, span.to);
            }
        }
    }
    for mark in &outcome.marks {
        let _ = writeln!(
            text,
            "mark {:?} {}..{:?} {:?} {}",
            mark.points.iter().map(ToString::to_string).collect::<Vec<_>>(),
            mark.from,
            mark.to.map(|to| to.to_string()),
            mark.quality,
            mark.comment
        );
    }
    for finding in &outcome.findings {
        let points: Vec<_> = finding.points.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "finding {} {points:?} {}..{}: {}",
            finding.kind, finding.from, finding.to, finding.explanation.en
        );
    }
    Ok(text)
}

/// What is fair is shown this far around a mistake.
const NEAR: Duration = Duration::from_secs(6 * 3_600);
