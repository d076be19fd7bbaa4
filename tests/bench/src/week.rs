//! The engine with a full site: the demo's week, four areas with all their packs, judged again from
//! its data folder and from a file of its readings. Only with the file the checks of readings run:
//! a data folder has their marks already.

use crate::{median, proc};
use anyhow::{Context as _, Result, ensure};
use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use weir_domain::{Clock, Timestamp};
use weir_e2e::{Rig, wait_for, weir};
use weir_engine::{EngineState, ports::History as _};
use weir_storage::{Store, StoreOptions};

const RUNS: usize = 3;

/// CPU seconds for a million readings, and how much the engine has to remember.
pub(crate) fn measure() -> Result<String> {
    let mut rig = Rig::new()?;
    let mut demo = Command::new(weir());
    demo.args(["demo", "--dir", "demo", "--listen"]).arg(format!("127.0.0.1:{}", rig.port()));
    rig.start_with(&mut demo)?;
    wait_for("the history to be sealed", Duration::from_secs(120), || {
        let store = rig.get("/api/v1/store").ok()?;
        (store["in_history"].as_f64()? > 0.95 * store["accepted"].as_f64()?).then_some(())
    })?;
    rig.gateway().terminate()?;
    let (readings, state) = write_file(rig.dir())?;
    // Interleaved, so that a bad minute of the machine is everybody's.
    let (mut journal, mut file) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        journal.push(replay(rig.dir(), ["--journal", "demo/data"])? * 1e6 / readings);
        file.push(replay(rig.dir(), ["--samples", "week.csv"])? * 1e6 / readings);
    }
    Ok(format!(
        "replay of the demo's week, four areas, {readings:.0} readings, CPU s per million: \
         from the data folder {:.2}, from a file and with checks {:.2}; \
         the engine's state is {state} bytes of JSON",
        median(&mut journal),
        median(&mut file)
    ))
}

/// CPU seconds of a replay.
fn replay(dir: &Path, source: [&str; 2]) -> Result<f64> {
    let before = proc::children_cpu_seconds()?;
    let status = Command::new(weir())
        .args(["replay", "demo/site.toml", "--log", "error"])
        .args(source)
        .current_dir(dir)
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "weir replay failed");
    Ok(proc::children_cpu_seconds()? - before)
}

/// Writes all readings of the data folder in the order in which they came; how many there are, and
/// how long the engine's state is.
fn write_file(dir: &Path) -> Result<(f64, usize)> {
    let store = Store::open(
        StoreOptions {
            dir: dir.join("demo/data"),
            commit_interval: Duration::from_secs(1),
            retention: Duration::MAX,
            clock: Arc::new(Epoch),
            seal_after: Duration::MAX,
            seal_rows: usize::MAX,
        },
        Box::new(drop),
    )?;
    let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let mut rows = Vec::new();
    let points = store.points()?;
    for (nth, (series, _)) in points.iter().enumerate() {
        let samples = store.samples(*series, first, last, usize::MAX)?;
        rows.extend(samples.into_iter().map(|sample| (sample.received_time, nth, sample)));
    }
    rows.sort_by_key(|(received, nth, _)| (*received, *nth));
    let mut text = String::with_capacity(rows.len() * 80);
    text.push_str("time,point,value,quality,received\n");
    for (received, nth, sample) in &rows {
        let (reading, point) = (sample.reading, &points[*nth].1);
        let quality = reading.quality();
        let value = reading.value().map(|value| value.get().to_string()).unwrap_or_default();
        let _ = writeln!(text, "{},{point},{value},{quality},{received}", sample.source_time);
    }
    fs::write(dir.join("week.csv"), text)?;
    let state = store.load_engine()?.context("the demo has saved no state")?;
    ensure!(EngineState::from_bytes(&state.state).is_ok(), "the state cannot be read");
    #[expect(clippy::cast_precision_loss, reason = "a count of readings")]
    Ok((rows.len() as f64, state.state.len()))
}

/// Nothing that is read asks for the time.
struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}
