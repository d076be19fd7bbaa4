//! Debian's Mosquitto with paho publishers: readings arrive, and a broker that is killed comes back
//! without the gateway being touched.

use super::sites::{cabinets, site};
use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf, process::Command, time::Duration};
use weir_e2e::{Program, Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);

/// The first moment that the publishers' messages carry.
pub(super) const START: &str = "2026-11-01T00:00:00.000Z";
const START_MS: &str = "1793491200000";

/// Mosquitto with its persistence on, as a careful administrator would have it.
pub(super) fn mosquitto(rig: &Rig, port: u16) -> Result<Program> {
    let store = rig.dir().join("mosquitto");
    fs::create_dir_all(&store)?;
    rig.write(
        "mosquitto.conf",
        &format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nuser {}\n",
            store.display(),
            std::env::var("USER").unwrap_or_else(|_| "root".into()),
        ),
    )?;
    let program = [PathBuf::from("/usr/sbin/mosquitto"), PathBuf::from("mosquitto")];
    let program = program.iter().find(|p| p.exists()).context("mosquitto is not installed")?;
    let broker = rig.program("mosquitto", Command::new(program).args(["-c", "mosquitto.conf"]))?;
    wait_for("mosquitto", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).ok())?;
    Ok(broker)
}

/// Publishes `count` messages from number `first` on, one every `gap_ms`.
pub(super) fn publisher(
    rig: &Rig,
    port: u16,
    device: &str,
    first: u32,
    count: u32,
    gap_ms: u32,
) -> Result<Program> {
    let script = root().join("tests/e2e/peers/publisher.py");
    let numbers = [first, count, gap_ms].map(|n| n.to_string());
    rig.program(
        &format!("paho-{device}-{first}"),
        Command::new(python())
            .arg(script)
            .args([&port.to_string(), device])
            .args(numbers)
            .arg(START_MS),
    )
}

/// The chamber temperatures that are in the store.
pub(super) fn stored(rig: &Rig, device: &str) -> Result<Vec<(String, f64)>> {
    let path = format!(
        "/api/v1/points/{device}.chamber_temperature/samples?from={START}&to=2026-11-01T01:00:00Z&limit=100000"
    );
    let answer = rig.get(&path)?;
    let samples = answer["samples"].as_array().context("no samples")?;
    Ok(samples
        .iter()
        .map(|s| {
            (
                s["t"].as_str().unwrap_or_default().to_owned(),
                s["value"].as_f64().unwrap_or(f64::NAN),
            )
        })
        .collect())
}

#[test]
fn every_message_of_two_publishers_is_stored_through_a_broker_restart() -> Result<()> {
    let mut rig = Rig::new()?;
    let port = free_port()?;
    let mut broker = mosquitto(&rig, port)?;
    rig.write("site.toml", &site(&cabinets(port)))?;
    rig.start()?;
    wait_for("the gateway to subscribe", PATIENCE, || {
        broker.log().contains("weir-rig-broker").then_some(())
    })?;
    pause(Duration::from_secs(1));

    let mut first = publisher(&rig, port, "cabinet-1", 0, 300, 2)?;
    let mut second = publisher(&rig, port, "cabinet-2", 0, 300, 2)?;
    wait_for("the publishers to end", PATIENCE, || first.ended().and(second.ended()))?;
    for device in ["cabinet-1", "cabinet-2"] {
        wait_for("all messages to be stored", PATIENCE, || {
            (stored(&rig, device).ok()?.len() == 300).then_some(())
        })?;
    }

    // A message with garbage in it must not stop what comes after it.
    let garbage = Command::new("mosquitto_pub")
        .args([
            "-p",
            &port.to_string(),
            "-q",
            "1",
            "-t",
            "weir/v1/rig/cabinet-1/telemetry",
            "-m",
            "{\"points\": 7",
        ])
        .status()?;
    assert!(garbage.success());

    pause(Duration::from_secs(2));
    broker.terminate()?;
    let _broker = mosquitto(&rig, port)?;
    let mut third = publisher(&rig, port, "cabinet-1", 300, 100, 5)?;
    wait_for("the third publisher to end", PATIENCE, || third.ended())?;
    wait_for("the messages after the restart", PATIENCE, || {
        (stored(&rig, "cabinet-1").ok()?.len() == 400).then_some(())
    })?;
    let devices = rig.get("/api/v1/devices")?;
    let cabinet =
        devices.as_array().and_then(|d| d.iter().find(|d| d["id"] == "cabinet-1")).cloned();
    assert_eq!(
        cabinet.context("cabinet-1")?["health"]["invalid_answers"],
        1,
        "the garbage was counted"
    );
    Ok(())
}
