//! `weir check`: every fault of a site file, like a compiler.

use crate::{
    cli,
    exit::{Exit, Failure},
    plan, site,
};
use anyhow::Context as _;
use serde_json::json;
use std::fs;
use weir_config::{Reason, Site, render, render_warnings};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "data on stdout, messages on stderr")]
pub(crate) fn run(options: &cli::Check) -> Result<Exit, Failure> {
    let text = fs::read_to_string(&options.site)
        .with_context(|| format!("could not read the site file {}", options.site.display()))
        .map_err(Failure::usage)?;
    let file = options.site.display().to_string();
    let mut checked = Site::parse(&text, &site::library(&options.site)?);
    if let Ok(checked) = &mut checked {
        let more = plan::warnings(checked);
        checked.warnings.extend(more);
    }
    let (errors, warnings) = match &checked {
        Ok(checked) => (&[][..], &checked.warnings[..]),
        Err(error) => (&error.reasons[..], &[][..]),
    };
    if options.json {
        let rows = |level: &'static str, reasons: &[Reason]| -> Vec<_> {
            reasons.iter().map(|r| as_json(level, &file, r)).collect()
        };
        let mut all = rows("error", errors);
        all.extend(rows("warning", warnings));
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        eprint!("{}", render(errors, &file, &text));
        eprint!("{}", render_warnings(warnings, &file, &text));
        eprintln!("{}: {} errors, {} warnings", file, errors.len(), warnings.len());
    }
    Ok(if errors.is_empty() { Exit::Done } else { Exit::Problem })
}

fn as_json(level: &str, file: &str, reason: &Reason) -> serde_json::Value {
    json!({
        "level": level,
        "file": file,
        "line": reason.line,
        "column": reason.column,
        "path": reason.path,
        "problem": reason.problem,
        "hint": reason.hint,
    })
}
