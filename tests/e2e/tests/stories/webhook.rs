//! Alarm transitions by webhook: signed, delivered once the other side is there, never holding up
//! anything.

use super::sites::{ANALYSERS, site, tcp};
use anyhow::{Context as _, Result};
use std::{process::Command, time::Duration};
use weir_e2e::{Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn an_alarm_reaches_a_receiver_that_was_away_and_its_signature_is_right() -> Result<()> {
    let mut rig = Rig::new()?;
    let port = free_port()?;
    rig.write("secret", "it is a secret\n")?;
    let sink = format!(
        "\n[[sink]]\nid = \"duty\"\nwebhook = {{ url = \"http://127.0.0.1:{port}/alarms\", secret = {{ file = \"secret\" }} }}\n"
    );
    // Nobody listens on port 1: both devices are dead, which is an alarm after half a minute.
    rig.write("site.toml", &site(&(tcp(1) + ANALYSERS + &sink)))?;
    rig.start()?;
    wait_for("an alarm", PATIENCE, || {
        rig.get("/api/v1/alarms?state=active")
            .ok()?
            .as_array()
            .is_some_and(|a| !a.is_empty())
            .then_some(())
    })?;
    pause(Duration::from_secs(2));
    assert!(rig.get("/api/v1/sinks")?[0]["pending"].as_u64().context("pending")? > 0);
    let script = root().join("tests/e2e/peers/webhook_receiver.py");
    let receiver = rig.program(
        "receiver",
        Command::new(python()).arg(script).args([&port.to_string(), "it is a secret"]),
    )?;
    let log = wait_for("the webhook", PATIENCE, || {
        Some(receiver.log()).filter(|log| log.contains("raised"))
    })?;
    assert!(log.contains("signature ok") && !log.contains("signature WRONG"), "{log}");
    wait_for("nothing to be pending", PATIENCE, || {
        (rig.get("/api/v1/sinks").ok()?[0]["pending"] == 0).then_some(())
    })?;
    Ok(())
}
