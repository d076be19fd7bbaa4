//! The largest files and functions: printed, not judged.

use anyhow::Result;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// How many of each to print.
const ROWS: usize = 8;

/// The report.
pub(crate) fn report(root: &Path, files: &[PathBuf]) -> Result<String> {
    let mut sizes: Vec<(usize, String)> = Vec::new();
    let mut functions: Vec<(usize, String)> = Vec::new();
    for path in files {
        let kind = path.extension().and_then(|e| e.to_str());
        if !matches!(kind, Some("rs" | "ts" | "svelte")) {
            continue;
        }
        let text = fs::read_to_string(root.join(path))?;
        let code = text.split("\n#[cfg(test)]\nmod").next().unwrap_or_default();
        sizes.push((code.lines().count(), path.display().to_string()));
        if kind == Some("rs") {
            let named = functions_of(code).into_iter();
            functions
                .extend(named.map(|(lines, name)| (lines, format!("{} {name}", path.display()))));
        }
    }
    let mut out = String::new();
    for (title, list) in [("files", &mut sizes), ("functions", &mut functions)] {
        list.sort_by(|a, b| b.cmp(a));
        writeln!(out, "largest {title} (lines without tests):")?;
        for (lines, name) in list.iter().take(ROWS) {
            writeln!(out, "  {lines:5}  {name}")?;
        }
    }
    Ok(out)
}

/// Name and length of each function, from its signature to the brace at the same indentation.
fn functions_of(code: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let end = lines[start..].iter().position(|l| *l == format!("{}}}", " ".repeat(indent)));
        if let Some(end) = end {
            found.push((end + 1, name));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let at = line.find("fn ")?;
    let before = line[..at].trim();
    let words = [
        "",
        "pub",
        "pub(crate)",
        "pub(super)",
        "async",
        "const",
        "pub async",
        "pub const",
        "pub(crate) async",
    ];
    if !words.contains(&before) {
        return None;
    }
    let name: String =
        line[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::functions_of;

    #[test]
    fn functions_are_measured() {
        let code =
            "pub fn a() {\n    b();\n}\nimpl X {\n    fn c(\n        d: u8,\n    ) {\n    }\n}\n";
        assert_eq!(functions_of(code), [(3, "a".to_owned()), (4, "c".to_owned())]);
    }
}
