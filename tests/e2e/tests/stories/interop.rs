//! Modbus servers that others wrote, well and unwell: libmodbus, npm's modbus-serial, and pymodbus
//! whose answers come late, not at all, damaged or cut short.

use super::sites::{ANALYSERS, rtu, site, tcp};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use weir_e2e::{Program, Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(20);
const TRC: &str = "trc-1.total_residual_chlorine";
const PH: &str = "ph-1.ph";

fn peers() -> PathBuf {
    root().join("tests/e2e/peers")
}

fn reads(rig: &Rig, point: &str, value: f64) -> Result<()> {
    rig.wait_sample(point, PATIENCE, |sample| {
        sample["quality"] == "good"
            && (sample["value"].as_f64().unwrap_or(f64::NAN) - value).abs() < 1e-6
    })?;
    Ok(())
}

/// The health of a device, as the API shows it.
fn health(rig: &Rig, device: &str) -> Result<Value> {
    let devices = rig.get("/api/v1/devices")?;
    let device = devices.as_array().and_then(|all| all.iter().find(|d| d["id"] == device));
    Ok(device.context("the device is not in the list")?["health"].clone())
}

#[test]
fn servers_of_libmodbus_and_of_modbus_serial_are_read() -> Result<()> {
    let mut rig = Rig::new()?;
    let (ours, theirs) = (free_port()?, free_port()?);
    let server = rig.dir().join("libmodbus_server");
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-I/usr/include/modbus", "-o"])
        .arg(&server)
        .arg(peers().join("libmodbus_server.c"))
        .arg("-lmodbus")
        .status()?;
    ensure!(built.success(), "the libmodbus server does not build");
    rig.write("trc", "4.5")?;
    rig.write("ph", "7.21")?;
    let file = |name: &str| rig.dir().join(name);
    let mut libmodbus =
        rig.program("libmodbus", Command::new(&server).arg(ours.to_string()).arg(file("trc")))?;
    let _modbus_serial = rig.program(
        "modbus-serial",
        Command::new("node")
            .arg(peers().join("modbus_server.mjs"))
            .arg(theirs.to_string())
            .arg(file("ph")),
    )?;
    let second = tcp(theirs).replace("\"line\"", "\"second\"");
    let devices = ANALYSERS.replacen(
        "profile = \"generic-ph\"\nlink = \"line\"",
        "profile = \"generic-ph\"\nlink = \"second\"",
        1,
    );
    rig.write("site.toml", &site(&(tcp(ours) + &second + &devices)))?;
    rig.start()?;
    reads(&rig, TRC, 4.5)?;
    reads(&rig, PH, 7.21)?;
    rig.write("trc", "2.25")?;
    rig.write("ph", "6.05")?;
    reads(&rig, TRC, 2.25)?;
    reads(&rig, PH, 6.05)?;

    libmodbus.kill()?;
    rig.wait_sample(TRC, PATIENCE, |sample| sample["quality"] == "bad")?;
    let ph = health(&rig, "ph-1")?;
    ensure!(
        ph["state"] == "online" && ph["timeouts"] == 0,
        "the other link is not concerned: {ph}"
    );
    Ok(())
}

/// Every sample of a point since the start.
fn samples(rig: &Rig, point: &str) -> Result<Vec<Value>> {
    let path =
        format!("/api/v1/points/{point}/samples?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z");
    Ok(rig.get(&path)?["samples"].as_array().context("no samples")?.clone())
}

/// Whatever befalls the answers: a good sample is the truth, and what came of the rest is told.
fn survives_faults(mut rig: Rig, transport: &str, address: &str, link: String) -> Result<()> {
    rig.write("values", "4.5 7.21")?;
    rig.write("faults", "none")?;
    rig.write("site.toml", &site(&(link + ANALYSERS)))?;
    let script = peers().join("modbus_server.py");
    let (values, faults) = (rig.dir().join("values"), rig.dir().join("faults"));
    let mut command = Command::new(python());
    command.current_dir(rig.dir()).arg(script).args([transport, address]).arg(values).arg(faults);
    let _pymodbus: Program = rig.program("pymodbus", &mut command)?;
    rig.start()?;
    reads(&rig, TRC, 4.5)?;
    reads(&rig, PH, 7.21)?;
    rig.write("faults", "mixed")?;
    pause(Duration::from_secs(12));
    for fault in ["delay", "drop", "truncate", "corrupt"] {
        rig.write("faults", fault)?;
        pause(Duration::from_secs(1));
    }
    rig.write("faults", "none")?;
    rig.write("values", "1.5 8.5")?;
    // Both breakers may be open by now; they probe within seconds.
    let patience = Duration::from_secs(60);
    for (point, value) in [(TRC, 1.5), (PH, 8.5)] {
        rig.wait_sample(point, patience, |s| s["value"] == value && s["quality"] == "good")?;
    }
    for (point, truths) in [(TRC, [4.5, 1.5]), (PH, [7.21, 8.5])] {
        let samples = samples(&rig, point)?;
        let good: Vec<_> = samples.iter().filter(|s| s["quality"] == "good").collect();
        ensure!(good.len() >= 5, "{point}: {} good samples", good.len());
        ensure!(samples.len() > good.len(), "{point}: the faults left no trace");
        for sample in good {
            let value = sample["value"].as_f64().unwrap_or(f64::NAN);
            ensure!(truths.contains(&value), "{point}: {value} was never there: {sample}");
        }
        let silent = samples.iter().filter(|s| s["quality"] != "good" && !s["value"].is_null());
        ensure!(silent.count() == 0, "{point}: a bad sample with a value");
    }
    let (trc, ph) = (health(&rig, "trc-1")?, health(&rig, "ph-1")?);
    let count = |key: &str| trc[key].as_u64().unwrap_or(0) + ph[key].as_u64().unwrap_or(0);
    ensure!(count("timeouts") > 0, "timeouts are counted: {trc} {ph}");
    let damaged = count("invalid_answers") + count("crc_errors");
    ensure!(damaged > 0, "damaged answers are counted: {trc} {ph}");
    Ok(())
}

#[test]
fn late_lost_cut_and_damaged_answers_over_tcp_never_become_values() -> Result<()> {
    let (rig, port) = (Rig::new()?, free_port()?);
    survives_faults(rig, "tcp", &port.to_string(), tcp(port))
}

#[test]
fn late_lost_cut_and_damaged_answers_on_a_serial_line_never_become_values() -> Result<()> {
    let rig = Rig::new()?;
    let (ours, theirs) = (rig.dir().join("ours"), rig.dir().join("theirs"));
    let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
    let _cable = rig.program("socat", Command::new("socat").args([end(&ours), end(&theirs)]))?;
    wait_for("the cable", PATIENCE, || (ours.exists() && theirs.exists()).then_some(()))?;
    let link = rtu(&ours.display().to_string());
    survives_faults(rig, "rtu", &theirs.display().to_string(), link)
}
