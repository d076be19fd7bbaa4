//! Debian's VictoriaMetrics: rows counted by read-back, through an outage of the database.

use super::sites::{ANALYSERS, site, tcp};
use anyhow::{Context as _, Result};
use std::{collections::BTreeSet, process::Command, time::Duration};
use weir_e2e::{Program, Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

fn victoria(rig: &Rig, port: u16) -> Result<Program> {
    let program = rig.program(
        "victoria",
        Command::new("victoria-metrics")
            .arg("-storageDataPath=vm")
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .args([
                "-retentionPeriod=100y",
                "-dedup.minScrapeInterval=1ms",
                "-search.latencyOffset=0s",
            ]),
    )?;
    wait_for("victoria-metrics", PATIENCE, || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    })?;
    Ok(program)
}

/// The times of the samples of a point that the database gives back.
fn exported(port: u16, point: &str) -> Result<BTreeSet<i64>> {
    let get = |path: &str| -> Result<String> {
        let output = Command::new("curl")
            .args(["-sSg", "--fail", &format!("http://127.0.0.1:{port}{path}")])
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    };
    get("/internal/force_flush")?;
    let lines =
        get(&format!("/api/v1/export?match[]={{__name__=~\"reading_value\",point=\"{point}\"}}"))?;
    let mut times = BTreeSet::new();
    for line in lines.lines() {
        let series: serde_json::Value = serde_json::from_str(line)?;
        times.extend(
            series["timestamps"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(serde_json::Value::as_i64),
        );
    }
    Ok(times)
}

#[test]
fn what_is_stored_is_in_the_database_after_it_was_away() -> Result<()> {
    let mut rig = Rig::new()?;
    let (modbus, database) = (free_port()?, free_port()?);
    rig.write("values", "4.5 7.2")?;
    let sink = format!(
        "\n[[sink]]\nid = \"victoria\"\ninfluxdb = {{ url = \"http://127.0.0.1:{database}\", grace_secs = 3 }}\n"
    );
    rig.write("site.toml", &site(&(tcp(modbus) + ANALYSERS + &sink)))?;
    let script = root().join("tests/e2e/peers/modbus_server.py");
    let mut pymodbus = rig.program(
        "pymodbus",
        Command::new(python()).arg(script).args(["tcp", &modbus.to_string(), "values"]),
    )?;
    // The database is not there when the gateway starts, comes, is killed, and comes back.
    rig.start()?;
    pause(Duration::from_secs(3));
    let down = rig.get("/api/v1/sinks")?;
    assert_eq!(down[0]["connected"], false, "{down}");
    assert!(down[0]["last_error"].is_string(), "the sink says why: {down}");
    let mut vm = victoria(&rig, database)?;
    wait_for("a first delivery", PATIENCE, || {
        (rig.get("/api/v1/sinks").ok()?[0]["delivered"].as_u64()? > 0).then_some(())
    })?;
    pause(Duration::from_secs(2));
    vm.kill()?;
    pause(Duration::from_secs(3));
    let _vm = victoria(&rig, database)?;
    pause(Duration::from_secs(3));
    pymodbus.kill()?;
    let from = "2020-01-01T00:00:00Z";
    let stored = |point: &str| -> Result<BTreeSet<i64>> {
        let path = format!("/api/v1/points/trc-1.{point}/samples?from={from}&limit=100000");
        let answer = rig.get(&path)?;
        let samples = answer["samples"].as_array().context("no samples")?;
        let good = samples.iter().filter(|s| s["quality"] == "good");
        good.map(|s| millis(s["t"].as_str().unwrap_or_default())).collect()
    };
    pause(Duration::from_secs(1));
    let ours = stored("total_residual_chlorine")?;
    assert!(ours.len() > 10, "the instrument was read {} times", ours.len());
    let mut theirs = BTreeSet::new();
    let complete = wait_for("the database to have everything", PATIENCE, || {
        theirs = exported(database, "total_residual_chlorine").ok()?;
        ours.is_subset(&theirs).then_some(())
    });
    let missing: Vec<_> = ours.difference(&theirs).collect();
    complete
        .with_context(|| format!("{} of {} are missing: {missing:?}", missing.len(), ours.len()))?;
    let sinks = rig.get("/api/v1/sinks")?;
    assert_eq!(sinks[0]["quarantined"], 0, "{sinks}");
    Ok(())
}

/// Milliseconds of a time such as `2026-11-22T10:00:00.123Z`, by `date`.
fn millis(text: &str) -> Result<i64> {
    let output = Command::new("date").args(["-u", "-d", text, "+%s%3N"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
