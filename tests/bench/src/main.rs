//! Measures the built binary from outside, as a whole process: CPU time from `/proc`, readings from
//! its own counter, bytes from its data folder. Medians of several runs; nothing here is a test.
//!
//! `cargo run --release -p weir-bench`, after `cargo build --release -p weir`.

mod bytes;
mod modbus;
mod proc;
mod replay;

use anyhow::{Result, ensure};
use std::env;

#[expect(clippy::print_stdout, reason = "the figures are the data")]
fn main() -> Result<()> {
    let binary = weir_e2e::weir();
    ensure!(binary.is_file(), "{} is not there: cargo build --release -p weir", binary.display());
    let wanted: Vec<String> = env::args().skip(1).collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    println!("binary {}", binary.display());
    if runs("modbus") {
        println!("{}", modbus::measure()?);
    }
    if runs("replay") {
        println!("{}", replay::measure()?);
    }
    if runs("bytes") {
        println!("{}", bytes::measure()?);
    }
    Ok(())
}

/// The median of some figures.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
