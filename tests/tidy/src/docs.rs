//! Documents: the map names every crate, and links lead somewhere.

use anyhow::Result;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Crates that the map forgot, and links to files that are not there.
pub(crate) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let map = fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap_or_default();
    let mut faults: Vec<String> = files
        .iter()
        .filter(|path| path.file_name().is_some_and(|n| n == "Cargo.toml"))
        .filter_map(|path| path.parent()?.to_str().filter(|dir| !dir.is_empty()))
        .filter(|dir| !map.contains(&format!("`{dir}`")))
        .map(|dir| format!("docs/ARCHITECTURE.md does not name `{dir}`"))
        .collect();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(root.join(path))?;
        let folder = root.join(path).parent().map(Path::to_path_buf).unwrap_or_default();
        for target in links(&text).filter(|target| !folder.join(target).exists()) {
            faults.push(format!("{} links to {target}, which is not there", path.display()));
        }
    }
    Ok(faults)
}

/// The targets of relative links, without their anchors.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0.split('#').next()?;
        let is_file = !target.is_empty() && !target.contains("://") && !target.contains(' ');
        is_file.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn only_relative_links_are_followed() {
        let text = "[a](docs/a.md#part) [b](https://example.org) [c](#here) ![d](d.png)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md", "d.png"]);
    }
}
