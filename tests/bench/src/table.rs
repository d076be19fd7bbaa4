//! The figures side by side with what they should be.

use crate::{
    measure::{Figures, Kind},
    median,
    workload::{ALL, Bound, Figure, Goal},
};
use core::fmt;

/// All figures of all runs.
#[derive(Default)]
pub(crate) struct Table {
    runs: Vec<(&'static str, Kind, Figures)>,
}

impl Table {
    pub(crate) fn add(&mut self, workload: &'static str, kind: Kind, figures: Figures) {
        self.runs.push((workload, kind, figures));
    }

    /// The figures of one kind and their values in all runs, in the order in which they came.
    fn of(&self, workload: &str, kind: Kind) -> Vec<(Figure, Vec<f64>)> {
        let mut all: Vec<(Figure, Vec<f64>)> = Vec::new();
        let runs = self.runs.iter().filter(|(name, of, _)| *name == workload && *of == kind);
        for (figure, value) in runs.flat_map(|(_, _, figures)| figures) {
            match all.iter_mut().find(|(known, _)| known == figure) {
                Some((_, values)) => values.push(*value),
                None => all.push((*figure, vec![*value])),
            }
        }
        all
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for workload in ALL {
            let kinds = [
                (Kind::Bridge, "bridge", workload.goals),
                (Kind::Full, "in full", workload.full_goals),
            ];
            if !self.runs.iter().any(|(name, ..)| *name == workload.name) {
                continue;
            }
            writeln!(f, "\n{}: {}", workload.name, workload.what)?;
            for (kind, name, goals) in kinds {
                for (figure, mut values) in self.of(workload.name, kind) {
                    let (runs, figure_name) = (values.len(), figure.name());
                    let value = median(&mut values);
                    let goal = judged(goals, figure, value);
                    writeln!(f, "  {name:8} {figure_name:30} {:>12}  {goal}", short(value))?;
                    if runs > 1 && kind == Kind::Bridge && figure == Figure::CpuPerMillion {
                        let (low, high) = (values.first(), values.last());
                        let range = low.zip(high).map(|(l, h)| (short(*l), short(*h)));
                        let (low, high) = range.unwrap_or_default();
                        writeln!(f, "  {:8} {:30} {low} to {high} in {runs} runs", "", "")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn judged(goals: &[Goal], figure: Figure, value: f64) -> String {
    let Some((_, bound)) = goals.iter().find(|(of, _)| *of == figure) else {
        return String::new();
    };
    let verdict = if bound.holds(value) { "kept" } else { "MISSED" };
    match bound {
        Bound::AtMost(bound) => format!("goal <= {}: {verdict}", short(*bound)),
        Bound::AtLeast(bound) => format!("goal >= {}: {verdict}", short(*bound)),
    }
}

/// Three digits, or all of a large number.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 0.1 || v == 0.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}
