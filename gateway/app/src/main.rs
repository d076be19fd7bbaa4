//! `weir`: watches disinfection and radiation safety in institutional facilities.
//!
//! The only crate that knows all others. It parses the command line, reads files and the clock,
//! wires the edges to the engine, and turns errors into exit codes. It decides nothing else.

mod bridge;
mod check;
mod cli;
mod clock;
mod commands;
#[cfg(feature = "demo")]
mod demo;
mod desk;
mod exit;
mod gateway;
mod hurry;
mod memory;
mod packs;
mod pipeline;
mod plan;
mod read;
mod rejudge;
mod reload;
mod replay;
mod scan;
mod site;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    memory::keep_heap_small();
    let cli = cli::Cli::parse();
    cli.log.start();
    match commands::run(cli.command) {
        Ok(code) => code.into(),
        Err(failure) => {
            failure.print();
            Exit::from(&failure).into()
        }
    }
}
