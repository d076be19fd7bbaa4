//! The README's commands do what it says.

use super::demo;
use anyhow::{Context as _, Result, ensure};
use std::{collections::HashSet, fs, process::Command};
use weir_e2e::{Rig, root, weir};

/// Commands that other stories run: those that do not end by themselves, and those whose address is
/// the reader's (`scan` and `reload` have lines, addresses and a gateway of their own).
const RUN_ELSEWHERE: [&str; 7] = [
    "make demo",
    "make test",
    "weir run site.toml",
    "weir demo",
    "weir scan --serial /dev/ttyUSB0",
    "weir scan --tcp 192.168.1.20 --profiles",
    "kill -HUP \"$(pidof weir)\"",
];

const SAMPLES: &str = "time,point,value,quality\n\
    2026-03-02T08:00:00+08:00,trc-1.total_residual_chlorine,4.2,\n\
    2026-03-02T08:00:05+08:00,trc-1.total_residual_chlorine,,bad:comm_failure\n";

fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines);
    let commands = lines.map(|line| line.split(" #").next().unwrap_or(line).trim());
    commands.filter(|command| !command.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_works() -> Result<()> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let commands = commands(&readme);
    ensure!(commands.len() >= 6, "the README lost its commands");
    let mut rig = Rig::new()?;
    rig.write("samples.csv", SAMPLES)?;
    demo::start(&mut rig, "0")?;
    for command in commands.iter().filter(|c| !RUN_ELSEWHERE.contains(&c.as_str())) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (program, arguments) = words.split_first().context("an empty command")?;
        ensure!(*program == "weir", "{command}: who runs this?");
        let output = Command::new(weir()).args(arguments).current_dir(rig.dir()).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{command}: {said}");
    }
    Ok(())
}

#[test]
fn make_targets_in_the_readme_exist() -> Result<()> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let named: HashSet<&str> = readme
        .split('`')
        .chain(readme.lines())
        .filter_map(|text| text.strip_prefix("make ")?.split_whitespace().next())
        .collect();
    ensure!(named.contains("test") && named.contains("demo"), "{named:?}");
    for target in named {
        ensure!(makefile.contains(&format!("\n{target}:")), "make {target} is not in the Makefile");
    }
    Ok(())
}
