//! The exam: seeded site-weeks of the plant through the engine, scored against what was true.
//!
//! A **site-week** is seven days of one simulated facility, drawn from a seed with what goes wrong in
//! it. The **examiner** knows the truth from the plant's own values and the limits from the
//! standards, and reads nothing from the packs. A **duty** is one thing that has to be found; the
//! **card** says how well that was done.

#![forbid(unsafe_code)]

mod card;
mod duties;
mod duty;
mod memory;
mod run;
mod score;
mod site;
mod span;
mod story;
mod wiring;
mod witness;

#[cfg(test)]
mod tests;

pub use card::{Card, Part, Required};
pub use score::{Fault, Score};
pub use story::story;

use duty::{ask, spoilt};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};
use weir_domain::Timestamp;
use weir_plant::{exam, facility::Kind};

/// The rules were tuned on seeds below this, and are scored on those from it on.
pub const SCORED_FROM: u64 = 2_000;

/// Weeks are run so many at a time.
const THREADS: usize = 2;

/// What to run.
#[derive(Debug, Clone)]
pub struct Exam {
    /// How many site-weeks.
    pub weeks: u64,
    /// The seed of the first; the others follow.
    pub seed: u64,
    /// Only this kind of facility; else all in turn.
    pub kind: Option<Kind>,
}

impl Exam {
    /// The week of a seed. Of nine rounds through the kinds, one is undisturbed by decree; of the
    /// others, a quarter is by chance.
    fn week(&self, seed: u64) -> exam::Week {
        const START: i64 = 1_772_380_800_000; // 2026-03-02T00:00:00+08:00, a Monday.
        let kinds = Kind::ALL.len() as u64;
        let kind = self.kind.unwrap_or(Kind::ALL[usize::try_from(seed % kinds).unwrap_or(0)]);
        let exam = exam::Exam::new(seed, Timestamp::from_millis(START));
        if (seed / kinds) % 9 == 4 { exam.undisturbed_week(0, kind) } else { exam.week(0, kind) }
    }
}

/// Runs the exam.
///
/// # Errors
/// When a site of the exam is not accepted.
pub fn examine(exam: &Exam) -> anyhow::Result<Part> {
    let next = AtomicU64::new(exam.seed);
    let work = || -> anyhow::Result<Part> {
        let mut part = Part::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= exam.seed + exam.weeks {
                return Ok(part);
            }
            part.add(&sit(&exam.week(seed), seed)?);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let mut whole = Part::default();
        for thread in threads {
            let part = thread.join().map_err(|_| anyhow::anyhow!("a week panicked"))??;
            whole.add(&part);
        }
        whole.weeks.sort_by_key(|week| week.seed);
        Ok(whole)
    })
}

/// One week.
fn sit(week: &exam::Week, seed: u64) -> anyhow::Result<Part> {
    let outcome = run::run(week)?;
    let asked = examined(week, &outcome)?;
    Ok(Part::of(week, seed, &outcome, &asked))
}

/// A duty with what is true of it, and where its instruments were not in order.
type Examined = (duty::Asked, Vec<span::Span>);

fn examined(week: &exam::Week, outcome: &run::Outcome) -> anyhow::Result<Vec<Examined>> {
    let site = &outcome.site;
    let duties = duties::duties(site);
    let seen = witness::testify(week, site, &duties)?;
    let times = (week.start, week.end());
    let each = duties.into_iter().zip(seen);
    let asked = each.map(|(duty, seen)| {
        let of =
            outcome.watched.get(duty.requirement).map(|(_, of)| of.clone()).unwrap_or_default();
        // Of several devices, only the duty's own.
        let of: Vec<usize> = match &duty.device {
            Some(device) => of.into_iter().filter(|s| site.signals[*s].device == *device).collect(),
            None => of,
        };
        let (_, unusual) = spoilt(site, &week.incidents, &of);
        (ask(duty, seen, (site, &week.incidents, &outcome.truth), &of, times), unusual)
    });
    Ok(asked.collect())
}
