//! A pymodbus server over TCP and over a serial line: values, death and resurrection.

use super::sites::{ANALYSERS, rtu, site, tcp};
use anyhow::Result;
use std::{path::Path, process::Command, time::Duration};
use weir_e2e::{Program, Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(20);

fn server(rig: &Rig, transport: &str, address: &str) -> Result<Program> {
    let script = root().join("tests/e2e/peers/modbus_server.py");
    rig.program("pymodbus", Command::new(python()).arg(script).args([transport, address, "values"]))
}

fn reads(rig: &Rig, point: &str, value: f64) -> Result<()> {
    rig.wait_sample(point, PATIENCE, |sample| {
        sample["quality"] == "good"
            && (sample["value"].as_f64().unwrap_or(f64::NAN) - value).abs() < 1e-6
    })?;
    Ok(())
}

#[test]
fn a_pymodbus_server_is_read_over_tcp_dies_and_comes_back() -> Result<()> {
    let mut rig = Rig::new()?;
    let port = free_port()?;
    rig.write("values", "4.5 7.21")?;
    rig.write("site.toml", &site(&(tcp(port) + ANALYSERS)))?;
    let mut pymodbus = server(&rig, "tcp", &port.to_string())?;
    rig.start()?;
    reads(&rig, "trc-1.total_residual_chlorine", 4.5)?;
    reads(&rig, "ph-1.ph", 7.21)?;

    rig.write("values", "2.25 6.05")?;
    reads(&rig, "trc-1.total_residual_chlorine", 2.25)?;

    pymodbus.kill()?;
    let dead =
        rig.wait_sample("trc-1.total_residual_chlorine", PATIENCE, |s| s["quality"] == "bad")?;
    assert_eq!(dead["value"], serde_json::Value::Null, "a dead device has no value: {dead}");
    assert_eq!(dead["flag"], "B", "{dead}");
    let device = wait_for("the device to be shown offline", PATIENCE, || {
        let devices = rig.get("/api/v1/devices").ok()?;
        let device = devices.as_array()?.iter().find(|d| d["id"] == "trc-1")?.clone();
        (device["health"]["state"] == "offline").then_some(device)
    })?;
    let error = device["health"]["last_error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains(&port.to_string()), "the error names the address: {error}");

    let _pymodbus = server(&rig, "tcp", &port.to_string())?;
    rig.wait_sample("trc-1.total_residual_chlorine", Duration::from_secs(40), |s| {
        s["quality"] == "good"
    })?;
    Ok(())
}

#[test]
fn a_pymodbus_server_is_read_over_a_serial_line() -> Result<()> {
    let mut rig = Rig::new()?;
    let (ours, theirs) = (rig.dir().join("ours"), rig.dir().join("theirs"));
    let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
    let _cable = rig.program("socat", Command::new("socat").args([end(&ours), end(&theirs)]))?;
    wait_for("the cable", PATIENCE, || (ours.exists() && theirs.exists()).then_some(()))?;
    rig.write("values", "5.5 7.5")?;
    rig.write("site.toml", &site(&(rtu(&ours.display().to_string()) + ANALYSERS)))?;
    let mut pymodbus = server(&rig, "rtu", &theirs.display().to_string())?;
    rig.start()?;
    reads(&rig, "trc-1.total_residual_chlorine", 5.5)?;
    reads(&rig, "ph-1.ph", 7.5)?;

    pymodbus.kill()?;
    rig.wait_sample("ph-1.ph", PATIENCE, |s| s["reason"] == "comm_failure")?;
    let _pymodbus = server(&rig, "rtu", &theirs.display().to_string())?;
    rig.wait_sample("ph-1.ph", Duration::from_secs(40), |s| s["quality"] == "good")?;
    Ok(())
}

#[test]
fn libmodbus_reads_the_simulated_instruments() -> Result<()> {
    let rig = Rig::new()?;
    let (plant, radiology, broker) = (free_port()?, free_port()?, free_port()?);
    let mut devices = Command::new(weir_e2e::weir().with_file_name("weir-devices"));
    for (line, port) in
        [("--plant-tcp", plant), ("--radiology-tcp", radiology), ("--broker", broker)]
    {
        devices.arg(line).arg(format!("127.0.0.1:{port}"));
    }
    let _devices = rig.program("weir-devices", &mut devices)?;
    let read = |port: u16, unit: &str, table: &str, address: &str, count: &str| {
        Command::new("mbpoll")
            .args(["-1", "-q", "-0", "-m", "tcp", "-p", &port.to_string(), "-a", unit])
            .args(["-t", table, "-r", address, "-c", count, "127.0.0.1"])
            .output()
    };
    let answer = wait_for("mbpoll to get an answer", PATIENCE, || {
        let output = read(radiology, "20", "1", "0", "4").ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    })?;
    assert!(answer.contains("[0]:") && answer.contains("[3]:"), "{answer}");
    pause(Duration::from_millis(100));
    let silent = read(radiology, "99", "1", "0", "1")?;
    assert!(!silent.status.success(), "a unit that is not there must not answer");
    Ok(())
}
