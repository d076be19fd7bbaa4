//! `weir packs`: what the rule packs say, and whether they keep their own promises.

mod seal;

use crate::{
    cli::PacksCommand,
    exit::{Exit, Failure},
    site,
};
use anyhow::anyhow;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use weir_compliance::{Pack, Requirement, Seal, builtin_packs, run_tests};
use weir_domain::Priority;

/// Of so many requirements one may have an alarm of high priority: where everything is urgent,
/// nothing is.
const REQUIREMENTS_PER_HIGH: usize = 10;

pub(crate) fn run(command: PacksCommand) -> Result<Exit, Failure> {
    match command {
        PacksCommand::List { site, json } => list(site.as_deref(), json),
        PacksCommand::Test { files } => test(&files),
        PacksCommand::Keygen { file } => keygen(&file),
        PacksCommand::Sign { key, file } => sign(&key, &file),
        PacksCommand::Verify { file } => verify(&file),
    }
}

#[expect(clippy::print_stdout, reason = "the list is the data")]
fn list(site: Option<&Path>, as_json: bool) -> Result<Exit, Failure> {
    let packs = match site {
        Some(site) => site::library(site)?.packs,
        None => builtin_packs(),
    };
    if as_json {
        let rows: Vec<_> = packs.iter().map(|pack| pack_json(pack)).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Exit::Done);
    }
    for pack in &packs {
        println!("{}@{}  {}  {}", pack.id, pack.version, pack.title.zh, pack.title.en);
        println!("  source: {}", pack.source);
        if let Some(dates) = dates(pack) {
            println!("  in force: {dates}");
        }
        match &pack.seal {
            Seal::BuiltIn => {}
            Seal::Signed { key } => println!("  signed by: {key}"),
            Seal::Unsigned => println!("  signed by: nobody"),
        }
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
    let instead = requirement.overrides.as_ref();
    let instead = instead.map(|other| format!(" [in place of {other}]")).unwrap_or_default();
    format!(
        "- {}{of}: {}{grade}{instead}; {}",
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
            "priority": r.alarm.priority, "overrides": r.overrides.as_ref().map(ToString::to_string),
        })
    };
    json!({
        "id": pack.id, "version": pack.version, "title": pack.title, "source": pack.source,
        "effective_from": pack.effective_from.map(|day| day.to_string()),
        "effective_to": pack.effective_to.map(|day| day.to_string()),
        "seal": pack.seal.as_str(), "signed_by": signed_by(pack),
        "classes": pack.classes.iter().map(|c| json!({"id": c.id, "name": c.name})).collect::<Vec<_>>(),
        "notes": pack.notes,
        "requirements": pack.requirements.iter().map(requirement).collect::<Vec<_>>(),
    })
}

fn dates(pack: &Pack) -> Option<String> {
    match (pack.effective_from, pack.effective_to) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(to)) => Some(format!("to {to}")),
        (Some(from), Some(to)) => Some(format!("{from} to {to}")),
    }
}

fn signed_by(pack: &Pack) -> Option<&str> {
    match &pack.seal {
        Seal::Signed { key } => Some(key),
        Seal::BuiltIn | Seal::Unsigned => None,
    }
}

/// A pack of a site with the seal that its signature gives it.
pub(crate) fn read(path: &Path, text: &str) -> Result<Pack, Failure> {
    let pack = Pack::parse(text)
        .map_err(|error| Failure::usage(anyhow!("{}: {error}", path.display())))?;
    Ok(Pack { seal: seal::of(path, text)?, ..pack })
}

/// Whether a pack calls too much urgent. The classes of a requirement count as one.
fn too_many_high(pack: &Pack) -> Option<String> {
    let all: BTreeMap<_, _> = pack.requirements.iter().map(|r| (&r.id, r.alarm.priority)).collect();
    let high = all.values().filter(|priority| **priority == Priority::High).count();
    (high > 1.max(all.len() / REQUIREMENTS_PER_HIGH)).then(|| {
        let all = all.len();
        format!("{high} of {all} requirements are of high priority; one in ten is enough")
    })
}

#[expect(clippy::print_stdout, reason = "the key is the data")]
fn keygen(file: &Path) -> Result<Exit, Failure> {
    println!("{}", seal::keygen(file)?);
    Ok(Exit::Done)
}

#[expect(clippy::print_stdout, reason = "the file is the outcome")]
fn sign(key: &Path, file: &Path) -> Result<Exit, Failure> {
    let text = seal::text(file)?;
    Pack::parse(&text).map_err(|error| Failure::usage(anyhow!("{}: {error}", file.display())))?;
    let (key, written) = seal::sign(key, file, &text)?;
    println!("{}: signed by {key}", written.display());
    Ok(Exit::Done)
}

#[expect(clippy::print_stdout, reason = "the answer is the data")]
fn verify(file: &Path) -> Result<Exit, Failure> {
    match seal::of(file, &seal::text(file)?) {
        Ok(Seal::Signed { key }) => {
            println!("{}: signed by {key}", file.display());
            Ok(Exit::Done)
        }
        Ok(Seal::BuiltIn | Seal::Unsigned) => {
            println!("{}: signed by nobody", file.display());
            Ok(Exit::Problem)
        }
        Err(failure) => {
            println!("{failure}");
            Ok(Exit::Problem)
        }
    }
}

#[expect(clippy::print_stdout, reason = "the outcome is the data")]
fn test(files: &[PathBuf]) -> Result<Exit, Failure> {
    let (mut failures, mut warnings) = (0, 0);
    let mut passed = 0;
    for pack in packs_to_test(files)? {
        if let Some(warning) = too_many_high(&pack) {
            warnings += 1;
            println!("WARNING {}: {warning}", pack.id);
        }
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
    println!("{passed} passed, {failures} failed, {warnings} warnings");
    Ok(if failures == 0 { Exit::Done } else { Exit::Problem })
}

fn packs_to_test(files: &[PathBuf]) -> Result<Vec<Arc<Pack>>, Failure> {
    if files.is_empty() {
        return Ok(builtin_packs());
    }
    read_all(files)
}

/// Reads pack files, each with its seal.
pub(crate) fn read_all(files: &[PathBuf]) -> Result<Vec<Arc<Pack>>, Failure> {
    files.iter().map(|path| Ok(Arc::new(read(path, &seal::text(path)?)?))).collect()
}
