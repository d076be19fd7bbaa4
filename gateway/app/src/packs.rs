//! `weir packs`: what the rule packs say, and whether they keep their own promises.

use crate::{
    cli::PacksCommand,
    exit::{Exit, Failure},
};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::{fs, path::PathBuf, sync::Arc};
use weir_compliance::{Pack, Requirement, builtin_packs, run_tests};

pub(crate) fn run(command: PacksCommand) -> Result<Exit, Failure> {
    match command {
        PacksCommand::List { json } => list(json),
        PacksCommand::Test { files } => test(&files),
    }
}

#[expect(clippy::print_stdout, reason = "the list is the data")]
fn list(as_json: bool) -> Result<Exit, Failure> {
    let packs = builtin_packs();
    if as_json {
        let rows: Vec<_> = packs.iter().map(|pack| pack_json(pack)).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Done);
    }
    for pack in &packs {
        println!("{}@{}  {}  {}", pack.id, pack.version, pack.title.zh, pack.title.en);
        println!("  source: {}", pack.source);
        let classes: Vec<_> = pack.classes.iter().map(|class| class.id.as_str()).collect();
        if !classes.is_empty() {
            println!("  classes: {}", classes.join(", "));
        }
        for requirement in &pack.requirements {
            println!("  {}", line(requirement));
        }
        println!();
    }
    Ok(Exit::Done)
}

fn line(requirement: &Requirement) -> String {
    let classes: Vec<_> = requirement.classes.iter().map(|class| class.as_str()).collect();
    let of = if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) };
    let grade = if requirement.warning { " [warning]" } else { "" };
    format!(
        "- {}{of}: {}{grade}; {}",
        requirement.id,
        requirement.limit_text().en,
        requirement.clause
    )
}

fn pack_json(pack: &Pack) -> serde_json::Value {
    let requirement = |r: &Requirement| {
        json!({
            "id": r.id, "title": r.title, "classes": r.classes, "limit": r.limit_text(),
            "clause": r.clause, "confidence": r.confidence, "warning": r.warning,
        })
    };
    json!({
        "id": pack.id, "version": pack.version, "title": pack.title, "source": pack.source,
        "requirements": pack.requirements.iter().map(requirement).collect::<Vec<_>>(),
    })
}

#[expect(clippy::print_stdout, reason = "the outcome is the data")]
fn test(files: &[PathBuf]) -> Result<Exit, Failure> {
    let mut failures = 0;
    let mut passed = 0;
    for pack in packs_to_test(files)? {
        for outcome in run_tests(&pack) {
            match &outcome.failure {
                None => passed += 1,
                Some(failure) => {
                    failures += 1;
                    println!(
                        "FAILED {} / {}\n  {}",
                        pack.id,
                        outcome.name,
                        failure.replace('\n', "\n  ")
                    );
                }
            }
        }
    }
    println!("{passed} passed, {failures} failed");
    Ok(if failures == 0 { Exit::Done } else { Exit::Problem })
}

fn packs_to_test(files: &[PathBuf]) -> Result<Vec<Arc<Pack>>, Failure> {
    if files.is_empty() {
        return Ok(builtin_packs());
    }
    read(files)
}

/// Reads pack files.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Arc<Pack>>, Failure> {
    let parse = |path: &PathBuf| {
        let text = fs::read_to_string(path)
            .with_context(|| format!("could not read the pack {}", path.display()))
            .map_err(Failure::usage)?;
        let pack = Pack::parse(&text)
            .map_err(|error| Failure::usage(anyhow!("{}: {error}", path.display())))?;
        Ok(Arc::new(pack))
    };
    files.iter().map(parse).collect()
}
