//! The exam: seeded site-weeks of the plant through the engine, scored against what was true.

#![forbid(unsafe_code)]

mod duty;
mod run;
mod score;
mod site;
mod span;

use duty::{ask, duties, spoilt};
use run::Week;
use std::{fmt::Write as _, time::Instant};
use weir_domain::Timestamp;
use weir_plant::facility::Kind;

/// What to run.
#[derive(Debug, Clone)]
pub struct Exam {
    /// How many site-weeks.
    pub weeks: u64,
    /// The seed of the first; the others follow.
    pub seed: u64,
    /// Only this kind of facility.
    pub kind: Option<String>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Card {
    lines: Vec<String>,
    faults: Vec<String>,
}

impl Card {
    /// As text.
    pub fn render(&self, verbose: bool) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        if verbose {
            for fault in &self.faults {
                let _ = writeln!(text, "{fault}");
            }
        }
        text
    }

    /// Whether everything that is required was met.
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Runs the exam.
///
/// # Errors
/// When a site of the exam is not accepted.
#[expect(clippy::disallowed_methods, reason = "how long a week takes is printed")]
pub fn examine(exam: &Exam) -> anyhow::Result<Card> {
    let mut card = Card::default();
    for seed in exam.seed..exam.seed + exam.weeks {
        let kind = Kind::Effluent;
        let start: Timestamp = "2026-03-02T00:00:00+08:00".parse()?;
        let end: Timestamp = "2026-03-09T00:00:00+08:00".parse()?;
        let week = Week { kind, seed, span: start..end, incidents: Vec::new() };
        let clock = Instant::now();
        let outcome = run::run(&week)?;
        let took = clock.elapsed();
        let spoilt = spoilt(&outcome.site, &week.incidents);
        let asked =
            ask(duties(&outcome.site), &outcome.site, &week.incidents, &week.span, &outcome.truth)?;
        card.lines.push(format!(
            "{kind} {seed}: {} samples, {} verdicts, {} alarm events, {} findings, {:.2} s",
            outcome.samples,
            outcome.verdicts.len(),
            outcome.alarms.len(),
            outcome.findings.len(),
            took.as_secs_f64()
        ));
        for asked in &asked {
            let score = score::score(asked, &outcome, &spoilt);
            card.lines.push(format!(
                "  {:24} {}/{} found, {} false, {} wrong, {} groundless, {} false alarms, hours {:?}",
                asked.duty.requirement, score.found, score.sure, score.false_verdicts.len(), score.wrong.len(),
                score.groundless.len(), score.false_alarms, score.hours.map(f64::round)
            ));
            card.faults.extend(
                score
                    .false_verdicts
                    .into_iter()
                    .chain(score.wrong)
                    .chain(score.groundless)
                    .chain(score.missed),
            );
        }
    }
    Ok(card)
}
