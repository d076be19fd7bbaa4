//! Who may import whom. An absence is the point: an arrow that is not in this table is a decision
//! to be made, not a line to be added.

use anyhow::{Context, Result};
use serde_json::Value;
use std::{path::Path, process::Command};

/// Crate, and the crates of ours that it may depend on outside its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("weir-domain", &[]),
    ("weir-wire", &[]),
    ("weir-profiles", &["weir-domain", "weir-wire"]),
    ("weir-compliance", &["weir-domain"]),
    ("weir-alarms", &["weir-domain"]),
    (
        "weir-engine",
        &["weir-domain", "weir-wire", "weir-profiles", "weir-compliance", "weir-alarms"],
    ),
    ("weir-config", &["weir-domain", "weir-profiles", "weir-compliance", "weir-alarms"]),
    ("weir-acquisition", &["weir-domain", "weir-engine", "weir-profiles", "weir-wire"]),
    ("weir-storage", &["weir-domain", "weir-engine"]),
    ("weir-northbound", &["weir-domain", "weir-engine", "weir-wire"]),
    ("weir-web", &["weir-domain", "weir-engine"]),
    ("weir-plant", &["weir-domain", "weir-wire", "weir-profiles"]),
    ("weir-devices", &["weir-domain", "weir-wire", "weir-profiles", "weir-plant"]),
    ("weir-e2e", &[]),
    ("weir-tidy", &[]),
];

/// Crates that may depend on anything of ours.
const FREE: &[&str] = &["weir", "weir-bench", "weir-simulation"];

/// What a pure crate must never see.
const IMPURE: &[&str] =
    &["tokio", "axum", "rusqlite", "rumqttc", "tokio-modbus", "reqwest", "tracing"];

/// The pure crates: time and bytes are arguments there.
const PURE: &[&str] = &[
    "weir-domain",
    "weir-wire",
    "weir-profiles",
    "weir-compliance",
    "weir-alarms",
    "weir-engine",
    "weir-config",
    "weir-plant",
];

/// Every forbidden arrow of the workspace.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root)
        .output()
        .context("run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    Ok(packages.iter().flat_map(faults_of).collect())
}

fn faults_of(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let dependencies: Vec<(&str, bool)> = package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| (d["name"].as_str().unwrap_or_default(), d["kind"] == "dev"))
        .collect();
    let mut faults = Vec::new();
    if PURE.contains(&name) {
        for (dependency, dev) in &dependencies {
            if !dev && IMPURE.contains(dependency) {
                faults.push(format!("{name} is pure and must not see {dependency}"));
            }
        }
    }
    if FREE.contains(&name) {
        return faults;
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(of, _)| *of == name) else {
        faults.push(format!("{name} is not in the table of arrows (tests/tidy/src/arrows.rs)"));
        return faults;
    };
    for (dependency, dev) in dependencies {
        let ours = dependency == "weir" || dependency.starts_with("weir-");
        if ours && !dev && !allowed.contains(&dependency) {
            faults.push(format!("forbidden arrow: {name} -> {dependency}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependency: &str, kind: Value) -> Value {
        json!({"name": name, "dependencies": [{"name": dependency, "kind": kind}]})
    }

    #[test]
    fn a_forbidden_arrow_is_found_and_an_allowed_one_is_not() {
        let edge_to_edge = faults_of(&package("weir-web", "weir-storage", Value::Null));
        assert_eq!(edge_to_edge, ["forbidden arrow: weir-web -> weir-storage"]);
        assert!(faults_of(&package("weir-web", "weir-engine", Value::Null)).is_empty());
    }

    #[test]
    fn a_pure_crate_may_not_see_tokio_but_its_tests_may() {
        assert_eq!(faults_of(&package("weir-engine", "tokio", Value::Null)).len(), 1);
        assert!(faults_of(&package("weir-engine", "tokio", json!("dev"))).is_empty());
    }

    #[test]
    fn an_unknown_crate_is_a_fault() {
        assert_eq!(faults_of(&package("weir-misc", "serde", Value::Null)).len(), 1);
    }
}
