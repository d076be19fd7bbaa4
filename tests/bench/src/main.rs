//! Measures the built binary from outside, as a whole process: CPU time from `/proc`, readings as
//! they arrive or are stored, requests as simulated instruments see them. Medians of several runs;
//! nothing here is a test.
//!
//! `cargo run --release -p weir-bench [NAME…]`, after `cargo build --release -p weir`. Names are
//! those of the [workloads](workload::ALL), `bridge` or `full` for one kind of gateway, `replay`,
//! `week` and `bytes`. `BENCH_RUNS` says how many runs (3), `BENCH_WATCH` how many seconds each is watched.

mod bytes;
mod duty;
mod far_side;
mod instruments;
mod measure;
mod proc;
mod replay;
mod site;
mod table;
mod week;
mod workload;

use anyhow::{Result, ensure};
use core::time::Duration;
use measure::Kind;
use std::{env, time::Instant};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the data")]
fn main() -> Result<()> {
    let binary = weir_e2e::weir();
    ensure!(binary.is_file(), "{} is not there: cargo build --release -p weir", binary.display());
    let wanted: Vec<String> = env::args().skip(1).collect();
    let runs = env::var("BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3);
    let watch = env::var("BENCH_WATCH").ok().and_then(|seconds| seconds.parse().ok());
    let watch = watch.map(Duration::from_secs);
    let (kinds, names): (Vec<String>, Vec<String>) =
        wanted.into_iter().partition(|w| w == "bridge" || w == "full");
    let is_kind = |name: &str| kinds.is_empty() || kinds.iter().any(|kind| kind == name);
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let kinds = [("bridge", Kind::Bridge), ("full", Kind::Full)];
    let kinds: Vec<Kind> = kinds.into_iter().filter(|(n, _)| is_kind(n)).map(|(_, k)| k).collect();
    println!("binary {}", binary.display());
    let mut table = table::Table::default();
    // Interleaved, so that a bad minute of the machine is everybody's.
    for run in 0..runs {
        for workload in workload::ALL.iter().filter(|workload| is_wanted(workload.name)) {
            for kind in kinds.iter().filter(|k| **k == Kind::Full || !workload.is_alarming()) {
                let figures = measure::measure(workload, *kind, watch.unwrap_or(workload.watch))?;
                eprintln!("run {}: {} {kind:?} {figures:?}", run + 1, workload.name);
                table.add(workload.name, *kind, figures);
            }
        }
    }
    print!("{table}");
    if is_wanted("replay") {
        println!("{}", replay::measure()?);
    }
    if is_wanted("week") {
        println!("{}", week::measure()?);
    }
    if is_wanted("bytes") {
        println!("{}", bytes::measure()?);
    }
    Ok(())
}

/// The median of some figures.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The moment.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}
