//! `weir demo`: full at once, alive, and its site file serves `weir run`.

use anyhow::{Context as _, Result};
use std::{process::Command, time::Duration};
use weir_e2e::{Rig, wait_for, weir};

const PATIENCE: Duration = Duration::from_secs(120);

/// The demo in the rig's folder.
pub(super) fn start(rig: &mut Rig, days: &str) -> Result<()> {
    let mut demo = Command::new(weir());
    demo.args(["demo", "--days", days, "--listen"]).arg(format!("127.0.0.1:{}", rig.port()));
    rig.start_with(&mut demo)
}

#[test]
fn the_demo_is_full_at_once_and_an_alarm_comes_and_goes() -> Result<()> {
    let mut rig = Rig::new()?;
    start(&mut rig, "7")?;
    let areas = rig.get("/api/v1/areas")?;
    assert_eq!(areas.as_array().map(Vec::len), Some(4));
    let past = rig.get("/api/v1/alarms?state=all")?;
    for area in ["effluent", "pool", "lodging", "radiology"] {
        let in_area = past.as_array().into_iter().flatten().filter(|a| a["area"] == area).count();
        assert!(in_area > 0, "no incident of the past in {area}");
    }
    let points = rig.get("/api/v1/points")?;
    let ago = Command::new("date").args(["-u", "-d", "8 days ago", "+%FT%TZ"]).output()?.stdout;
    let ago = String::from_utf8(ago)?.trim().to_owned();
    for point in points.as_array().context("points")? {
        let id = point["id"].as_str().context("id")?;
        let path = format!("/api/v1/points/{id}/samples?from={ago}&step=1h");
        let hours = rig.get(&path)?["buckets"].as_array().map_or(0, Vec::len);
        assert!(hours >= 160, "{id} has {hours} hours of the last seven days");
    }
    // Live values move: the time of the latest sample goes on.
    for point in [
        "trc-1.total_residual_chlorine",
        "pool-1.ph",
        "cabinet-1.chamber_temperature",
        "room-1.exposure",
    ] {
        let first = rig.sample(point)?["t"].clone();
        rig.wait_sample(point, PATIENCE, |s| s["t"] != first && s["quality"] == "good")?;
    }
    let exposure = |state: &str| {
        let alarms = rig.get(&format!("/api/v1/alarms?state={state}")).ok()?;
        let started = rig.get("/api/v1/site").ok()?["started_at"].as_str()?.to_owned();
        alarms
            .as_array()?
            .iter()
            .find(|a| {
                a["area"] == "radiology"
                    && a["raised_at"].as_str().is_some_and(|t| t > started.as_str())
            })
            .cloned()
    };
    let raised = wait_for("an exposure with the door open", PATIENCE, || exposure("open"))?;
    let id = raised["id"].as_str().context("id")?.to_owned();
    wait_for("its return to normal", PATIENCE, || {
        let alarms = rig.get("/api/v1/alarms?state=all").ok()?;
        alarms
            .as_array()?
            .iter()
            .find(|a| a["id"] == id.as_str() && a["returned_at"].is_string())
            .cloned()
    })?;

    // The site file is a good one, and serves to ask a device by hand.
    let site = rig.dir().join("weir-demo/site.toml");
    let check = Command::new(weir()).arg("check").arg(&site).output()?;
    assert_eq!(check.status.code(), Some(0), "{}", String::from_utf8_lossy(&check.stderr));
    let read =
        Command::new(weir()).arg("read").arg(&site).args(["pool-1", "--explain"]).output()?;
    let said = String::from_utf8_lossy(&read.stdout).into_owned();
    assert_eq!(read.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&read.stderr));
    assert!(said.contains("free_chlorine") && said.contains("raw"), "{said}");

    // And `weir run` goes on with its data.
    let accepted = rig.get("/api/v1/store")?["accepted"].as_u64().context("accepted")?;
    rig.gateway().terminate()?;

    // What lies in the folder brings the same verdicts again, and the same bytes each time.
    let replay = || {
        let mut replay = Command::new(weir());
        replay.arg("replay").arg(&site).args(["--journal", "weir-demo/data", "--log", "error"]);
        replay.current_dir(rig.dir()).output()
    };
    let first = replay()?;
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(first.stdout.iter().filter(|byte| **byte == b'\n').count() > 5_000);
    assert!(first.stdout == replay()?.stdout, "two replays of the same data differ");

    let mut run = Command::new(weir());
    run.args(["run", "weir-demo/site.toml", "--listen"]).arg(format!("127.0.0.1:{}", rig.port()));
    rig.start_with(&mut run)?;
    assert!(rig.get("/api/v1/store")?["accepted"].as_u64() >= Some(accepted));
    Ok(())
}
