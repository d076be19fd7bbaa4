//! Fails on what is wrong in itself: an arrow between crates that the house forbids, a source
//! file that nothing refers to, a file that does not say what it is, an ARCHITECTURE text that
//! forgot a crate, a Markdown link to nowhere. Prints the largest files and functions, so that one
//! sees where a room outgrows its walls.

mod arrows;
mod docs;
mod files;
mod sizes;

use std::{env, path::PathBuf, process::ExitCode};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report is what this program is for"
)]
fn main() -> anyhow::Result<ExitCode> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let sources = files::tracked(&root)?;
    let mut faults = arrows::check(&root)?;
    faults.extend(files::check(&root, &sources)?);
    faults.extend(docs::check(&root, &sources)?);
    println!("{}", sizes::report(&root, &sources)?);
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    println!("tidy: {} files read, {} faults", sources.len(), faults.len());
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
