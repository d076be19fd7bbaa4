//! The checked-in budgets: `tests/bench/gates.toml`, a number for each subject.

use anyhow::{Context as _, Result};
use core::fmt;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// What stands at the head of the file.
const HEAD: &str = "# Instructions for one unit of each subject (tests/bench/src/bin/gate). \
Checked by `make gate`,\n# written by `make gate ARGS=--update`; whoever changes a number says why in the commit.\n\n";

/// Budgets by subject.
pub(crate) struct Budgets(BTreeMap<String, f64>);

/// How a figure compares with its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Kept,
    Over,
    Under,
    New,
}

impl Budgets {
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(path()).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let budget = |line: &str| -> Result<(String, f64)> {
            let (name, number) = line.split_once('=').context("a line without `=`")?;
            Ok((name.trim().to_owned(), number.trim().parse()?))
        };
        lines
            .map(|line| budget(line).with_context(|| format!("gates.toml: {line}")))
            .collect::<Result<_>>()
            .map(Self)
    }

    pub(crate) fn write(&self) -> Result<()> {
        let mut text = HEAD.to_owned();
        for (name, budget) in &self.0 {
            text.push_str(&format!("{name} = {budget:.1}\n"));
        }
        fs::write(path(), text).context("write gates.toml")
    }

    pub(crate) fn of(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    pub(crate) fn set(&mut self, name: &str, now: f64) {
        self.0.insert(name.to_owned(), now);
    }

    pub(crate) fn compare(&self, name: &str, now: f64, tolerance: f64) -> Outcome {
        match self.of(name) {
            None => Outcome::New,
            Some(budget) if now > budget * (1.0 + tolerance) => Outcome::Over,
            Some(budget) if now < budget * (1.0 - tolerance) => Outcome::Under,
            Some(_) => Outcome::Kept,
        }
    }
}

fn path() -> PathBuf {
    weir_e2e::root().join("tests/bench/gates.toml")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "",
            Self::Over => "  MORE than its budget",
            Self::Under => "  less than its budget: lower it",
            Self::New => "  without a budget",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_held_against_its_budget() {
        let budgets = Budgets(BTreeMap::from([("x".to_owned(), 100.0)]));
        for (now, expected) in [
            (104.9, Outcome::Kept),
            (105.1, Outcome::Over),
            (95.1, Outcome::Kept),
            (94.9, Outcome::Under),
        ] {
            assert_eq!(budgets.compare("x", now, 0.05), expected, "{now}");
        }
        assert_eq!(budgets.compare("y", 1.0, 0.05), Outcome::New);
    }
}
