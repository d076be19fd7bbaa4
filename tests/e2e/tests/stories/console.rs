//! The console in Chromium: a live value moves, an alarm appears, acknowledging works, in both
//! languages and both sizes. Screenshots are kept in `tests/artifacts`.

use super::demo;
use anyhow::{Result, ensure};
use std::{fs, process::Command};
use weir_e2e::{Rig, root};

#[test]
fn the_console_shows_what_happens() -> Result<()> {
    let mut rig = Rig::new()?;
    demo::start(&mut rig, "2")?;
    let shots = root().join("tests/artifacts");
    fs::create_dir_all(&shots)?;
    let output = Command::new("node")
        .arg(root().join("dashboards/web/e2e/console.mjs"))
        .arg(rig.url(""))
        .arg(&shots)
        .output()?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
    ensure!(output.status.success(), "the console's story failed");
    Ok(())
}
