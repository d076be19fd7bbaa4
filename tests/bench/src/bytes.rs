//! Bytes at rest: the demo's week, as it lies on disk.

use anyhow::Result;
use std::{process::Command, time::Duration};
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
    let figure = |name: &str| store[name].as_f64().unwrap_or(f64::NAN);
    Ok(format!(
        "the demo's week at rest: {:.0} readings in {:.1} MB, {:.2} bytes each",
        figure("accepted"),
        figure("bytes") / 1e6,
        figure("bytes") / figure("accepted"),
    ))
}
