//! Files: each opens by saying what it is, and each is part of something.

use anyhow::{Context, Result};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Every file that git tracks or would track.
pub(crate) fn tracked(root: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("run git ls-files")?;
    let text = String::from_utf8(output.stdout).context("read git ls-files")?;
    Ok(text.lines().map(PathBuf::from).filter(|path| root.join(path).is_file()).collect())
}

/// Missing module docs and dead files.
pub(crate) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in files {
        let Some(opening) = opening(path) else { continue };
        let text = fs::read_to_string(root.join(path))?;
        if !text.trim_start().starts_with(opening) {
            faults.push(format!("{} does not open with {opening} and what it is", path.display()));
        }
    }
    faults.extend(dead(root, files)?);
    Ok(faults)
}

/// How a source file has to open.
fn opening(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "rs" => Some("//!"),
        "svelte" => Some("<!--"),
        "ts" | "mjs" | "css" => Some("/"),
        "py" | "sh" => Some("#"),
        _ => None,
    }
}

/// Rust files that no `mod` and no Cargo target leads to.
fn dead(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let rust: Vec<&PathBuf> =
        files.iter().filter(|p| p.extension().is_some_and(|e| e == "rs")).collect();
    let mut reached: HashSet<PathBuf> = HashSet::new();
    let mut queue: Vec<PathBuf> =
        rust.iter().filter(|p| is_target(p)).map(|p| p.to_path_buf()).collect();
    while let Some(path) = queue.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
        queue.extend(modules(&text).into_iter().flat_map(|name| homes(&path, &name)));
    }
    Ok(rust
        .into_iter()
        .filter(|path| !reached.contains(*path))
        .map(|path| format!("{} is a dead file: no `mod` leads to it", path.display()))
        .collect())
}

/// Whether Cargo itself finds the file.
fn is_target(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let parent = path.parent().and_then(|p| p.file_name()).and_then(|n| n.to_str());
    name == "build.rs"
        || name == "main.rs"
        || (parent == Some("src") && name == "lib.rs")
        || matches!(parent, Some("bin" | "tests" | "examples" | "benches" | "fuzz_targets"))
}

/// The modules a file declares in files of their own.
fn modules(text: &str) -> Vec<String> {
    // Whoever may see it: `pub`, `pub(crate)`, `pub(super)`.
    let declared = |line: &str| {
        let (sight, name) = line.trim().strip_suffix(';')?.split_once("mod ")?;
        let is_sight = sight.is_empty() || (sight.starts_with("pub") && sight.ends_with(' '));
        is_sight.then(|| name.to_owned())
    };
    text.lines().filter_map(declared).collect()
}

/// Where a module of `path` may stand.
fn homes(path: &Path, module: &str) -> Vec<PathBuf> {
    let parent = path.parent().unwrap_or(Path::new(""));
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let folders = [parent.to_path_buf(), parent.join(stem)];
    folders
        .iter()
        .flat_map(|dir| [dir.join(format!("{module}.rs")), dir.join(module).join("mod.rs")])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_from_their_declarations() {
        let text =
            "mod a;\npub mod b;\n  pub(crate) mod c;\npub(super) mod d;\nmod e {\n// a mod f;\n";
        assert_eq!(modules(text), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_file_without_a_way_to_it_is_dead() {
        let dir = std::env::temp_dir().join(format!("weir-tidy-{}", std::process::id()));
        fs::create_dir_all(dir.join("x/src")).unwrap();
        fs::write(dir.join("x/src/lib.rs"), "//! x\nmod alive;\n").unwrap();
        fs::write(dir.join("x/src/alive.rs"), "//! alive\n").unwrap();
        fs::write(dir.join("x/src/lost.rs"), "no doc\n").unwrap();
        let files: Vec<PathBuf> = ["lib", "alive", "lost"]
            .iter()
            .map(|n| PathBuf::from(format!("x/src/{n}.rs")))
            .collect();
        let faults = check(&dir, &files).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.contains("lost.rs")));
        fs::remove_dir_all(dir).unwrap();
    }
}
