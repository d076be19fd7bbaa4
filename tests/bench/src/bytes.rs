//! Bytes at rest: the demo's week, as it lies on disk.

use anyhow::Result;
use std::{fs, process::Command, time::Duration};
use weir_e2e::{Rig, wait_for, weir};

/// Bytes of all files for each reading, a while after the history was put in.
pub(crate) fn measure() -> Result<String> {
    let mut rig = Rig::new()?;
    let mut demo = Command::new(weir());
    demo.args(["demo", "--dir", "demo", "--listen"]).arg(format!("127.0.0.1:{}", rig.port()));
    rig.start_with(&mut demo)?;
    let store = wait_for("the history to be sealed", Duration::from_secs(120), || {
        let store = rig.get("/api/v1/store").ok()?;
        (store["in_history"].as_f64()? > 0.95 * store["accepted"].as_f64()?).then_some(store)
    })?;
    let readings = store["accepted"].as_f64().unwrap_or(f64::NAN);
    rig.gateway().terminate()?;
    let mut sizes = Vec::new();
    for entry in fs::read_dir(rig.dir().join("demo/data"))? {
        let entry = entry?;
        sizes.push((entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len()));
    }
    sizes.sort();
    #[expect(clippy::cast_precision_loss, reason = "bytes of a file")]
    let of = |(name, bytes): &(String, u64)| format!("{name} {:.2}", *bytes as f64 / readings);
    let each: Vec<String> = sizes.iter().map(of).collect();
    Ok(format!(
        "the demo's week at rest, bytes for each of {readings:.0} readings: {}",
        each.join(", ")
    ))
}
