//! The cases of `tests/cases/replay`: a site, its samples, and what must come of them.
//!
//! A line of `expect` is a pack, a requirement, a verdict and how many of them there are; behind
//! `=` the deciding value of each.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{fs, path::Path, process::Command};
use weir_e2e::{root, weir};

/// The verdicts of a case, line by line.
fn verdicts(case: &Path) -> Result<Vec<Value>> {
    let output = Command::new(weir())
        .arg("replay")
        .arg(case.join("site.toml"))
        .arg("--samples")
        .arg(case.join("samples.csv"))
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let read = |line: &str| serde_json::from_str::<Value>(line).context(line.to_owned());
    let all = lines.lines().map(read).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|line| line["kind"] == "verdict").collect())
}

fn check(case: &Path) -> Result<()> {
    let found = verdicts(case)?;
    let expected = fs::read_to_string(case.join("expect"))?;
    for line in expected.lines() {
        let (counted, value) = match line.split_once(" = ") {
            Some((counted, value)) => (counted, Some(value.parse::<f64>()?)),
            None => (line, None),
        };
        let words: Vec<&str> = counted.split(' ').collect();
        let [pack, requirement, verdict, count] = words[..] else {
            anyhow::bail!("{line:?} is no expectation");
        };
        let fits = |row: &&Value| {
            let of_pack = row["pack"].as_str().and_then(|name| name.split('@').next());
            of_pack == Some(pack) && row["requirement"] == requirement && row["verdict"] == verdict
        };
        let rows: Vec<&Value> = found.iter().filter(fits).collect();
        ensure!(rows.len() == count.parse::<usize>()?, "{line}: found {rows:#?}");
        let valued = |row: &&Value| value.is_none_or(|value| row["value"].as_f64() == Some(value));
        ensure!(rows.iter().all(valued), "{line}: found {rows:#?}");
    }
    Ok(())
}

#[test]
fn every_vector_passes_through_the_public_contract() -> Result<()> {
    let mut cases = 0;
    for entry in fs::read_dir(root().join("tests/cases/replay"))? {
        let case = entry?.path();
        check(&case).with_context(|| case.display().to_string())?;
        cases += 1;
    }
    ensure!(cases >= 10, "only {cases} cases");
    Ok(())
}

#[test]
fn a_local_pack_must_be_signed_by_somebody_the_site_trusts() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let run = |arguments: &[&str]| {
        Command::new(weir()).args(arguments).current_dir(folder.path()).output()
    };
    let case = root().join("tests/cases/replay/pool-0.30");
    let original = fs::read_to_string(root().join("gateway/compliance/packs/who-pools-2006.toml"))?;
    let local = original.replacen("who-pools-2006", "local-pools", 1);
    fs::create_dir(folder.path().join("packs"))?;
    fs::write(folder.path().join("packs/local.toml"), &local)?;
    let site = |extra: &str| -> Result<()> {
        let text = fs::read_to_string(case.join("site.toml"))?;
        let text = text
            .replace("packs = [\"gb37488-2019\"]", "class = \"pool\"\npacks = [\"local-pools\"]");
        Ok(fs::write(folder.path().join("site.toml"), format!("{text}\n{extra}"))?)
    };
    let check = || -> Result<(bool, String)> {
        let output = run(&["check", "site.toml"])?;
        Ok((output.status.success(), String::from_utf8(output.stderr)?))
    };
    site("")?;
    let (good, said) = check()?;
    ensure!(!good && said.contains("is not signed"), "{said}");
    site("[packs]\nallow_unsigned = true\n")?;
    let (good, said) = check()?;
    ensure!(good && said.contains("nobody vouches"), "{said}");
    let made = run(&["packs", "keygen", "authority.key"])?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let key = String::from_utf8(made.stdout)?.trim().to_owned();
    let signed = run(&["packs", "sign", "--key", "authority.key", "packs/local.toml"])?;
    ensure!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    site("")?;
    let (good, said) = check()?;
    ensure!(!good && said.contains("does not trust the key") && said.contains(&key), "{said}");
    site(&format!("[packs]\ntrusted_keys = [\"{key}\"]\n"))?;
    let (good, said) = check()?;
    ensure!(good, "{said}");
    ensure!(run(&["packs", "verify", "packs/local.toml"])?.status.success());
    fs::write(folder.path().join("packs/local.toml"), local.replacen("high = 3", "high = 9", 1))?;
    let (good, said) = check()?;
    ensure!(!good && said.contains("changed after it was signed"), "{said}");
    ensure!(!run(&["packs", "verify", "packs/local.toml"])?.status.success());
    Ok(())
}
