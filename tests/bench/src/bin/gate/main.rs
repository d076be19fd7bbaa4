//! A gate on the cost of a reading: instructions, counted by valgrind, against checked-in budgets.
//!
//! Seconds depend on the machine and on who else uses it; instructions of a pure function do not.
//! Each [subject](subjects) is run with some rounds and with three times as many, and the
//! difference is what the rounds cost, whatever the start cost. A figure that is more than
//! [`TOLERANCE`] above its budget is a regression; one that is as far below is a budget to be
//! lowered, so that the gain is kept. Either way the exit code is 1.
//!
//! `weir-gate` checks all, `weir-gate --update` writes the budgets anew, `weir-gate NAME…` checks
//! some. Last of all the gate is shown to be able to fail: a subject is run with every round done
//! twice, and must be found out.

mod budgets;
mod subjects;

use anyhow::{Context as _, Result, bail, ensure};
use budgets::{Budgets, Outcome};
use std::{env, process::Command};
use subjects::Subject;

/// How far a figure may be from its budget, as a share of it.
const TOLERANCE: f64 = 0.05;
/// The subject that is run twice as a control.
const CONTROL: &str = "decode";

#[expect(clippy::print_stdout, reason = "the figures are the data")]
fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [run, name, rounds, times] = &arguments[..]
        && run == "run"
    {
        let subject = Subject::named(name).with_context(|| format!("no subject {name}"))?;
        for _ in 0..times.parse().context("times")? {
            (subject.run)(rounds.parse().context("rounds")?);
        }
        return Ok(());
    }
    let update = arguments.iter().any(|argument| argument == "--update");
    let names: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let wanted =
        subjects::ALL.iter().filter(|s| names.is_empty() || names.iter().any(|n| *n == s.name));
    let mut budgets = Budgets::read()?;
    let mut failed = false;
    println!("{:12} {:>10} {:>10}  instructions for", "", "budget", "now");
    for subject in wanted {
        let now = instructions(subject, 1)?;
        let outcome = budgets.compare(subject.name, now, TOLERANCE);
        println!(
            "{:12} {:>10} {now:>10.1}  {}{outcome}",
            subject.name,
            budgets.of(subject.name).map_or_else(|| "-".to_owned(), |b| format!("{b:.1}")),
            subject.unit
        );
        failed |= outcome != Outcome::Kept;
        if update {
            budgets.set(subject.name, now);
        }
    }
    if update {
        return budgets.write();
    }
    let control = Subject::named(CONTROL).context("the control")?;
    let twice = instructions(control, 2)?;
    ensure!(
        budgets.compare(CONTROL, twice, TOLERANCE) == Outcome::Over,
        "{CONTROL} done twice takes {twice:.1} and was not found out: the gate is blind"
    );
    println!("control      {CONTROL} done twice: {twice:.1}, found out");
    if failed {
        bail!("instructions changed; if that is meant, `make gate ARGS=--update` and say why");
    }
    Ok(())
}

/// Instructions for one unit of a subject, with every round done `times` times.
fn instructions(subject: &Subject, times: u64) -> Result<f64> {
    let few = collected(subject.name, subject.rounds, times)?;
    let many = collected(subject.name, subject.rounds * 3, times)?;
    Ok((many - few) as f64 / (2 * subject.rounds * subject.units) as f64)
}

/// Instructions of a whole run, as callgrind counts them.
fn collected(name: &str, rounds: u64, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["run", name, &rounds.to_string(), &times.to_string()])
        .output()
        .context("could not run valgrind; `make setup` installs it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed under valgrind:\n{said}");
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = line.with_context(|| format!("valgrind counted nothing:\n{said}"))?;
    count.trim().parse().with_context(|| format!("{count:?} is no count"))
}
