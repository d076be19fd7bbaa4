//! `kill -9` in full flow: every reading there once, the alarm as it was.

use super::{
    mqtt::{mosquitto, publisher, stored},
    sites::{cabinets, site},
};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};
use weir_e2e::{Rig, free_port, pause, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

fn alarm(rig: &Rig) -> Option<Value> {
    let alarms = rig.get("/api/v1/alarms?state=open").ok()?;
    alarms
        .as_array()?
        .iter()
        .find(|a| {
            a["requirement"] == "data-availability"
                || a["pack"].as_str().is_some_and(|p| p.starts_with("weir-system"))
        })
        .cloned()
}

#[test]
fn a_gateway_that_is_killed_again_and_again_loses_and_doubles_nothing() -> Result<()> {
    const MESSAGES: u32 = 1_500;
    let mut rig = Rig::new()?;
    let port = free_port()?;
    let _broker = mosquitto(&rig, port)?;
    rig.write("site.toml", &site(&cabinets(port)))?;
    rig.start()?;
    pause(Duration::from_secs(1));
    let mut paho = publisher(&rig, port, "cabinet-1", 0, MESSAGES, 4)?;

    // cabinet-2 never publishes: its silence is an alarm, which a person acknowledges.
    for cycle in 0..5 {
        pause(Duration::from_millis(700 + 170 * cycle));
        rig.kill()?;
        rig.start()?;
    }
    wait_for("the publisher to end", PATIENCE, || paho.ended())?;
    let acknowledged: HashSet<u32> = paho.log().lines().filter_map(|l| l.parse().ok()).collect();
    assert_eq!(acknowledged.len(), MESSAGES as usize, "the broker took every message");

    wait_for("every message to be stored", PATIENCE, || {
        (stored(&rig, "cabinet-1").ok()?.len() >= MESSAGES as usize).then_some(())
    })?;
    let samples = stored(&rig, "cabinet-1")?;
    let times: HashSet<&String> = samples.iter().map(|(t, _)| t).collect();
    assert_eq!(times.len(), samples.len(), "a reading was stored twice");
    assert_eq!(samples.len(), MESSAGES as usize);
    for (number, (_, value)) in samples.iter().enumerate() {
        let sent = 20.0 + f64::from(u32::try_from(number % 100)?);
        assert!((value - sent).abs() < 1e-9, "message {number} was {value}, not {sent}");
    }

    let raised =
        wait_for("the alarm about the silent cabinet", Duration::from_secs(150), || alarm(&rig))?;
    let id = raised["id"].as_str().context("an alarm without an id")?.to_owned();
    let (status, _) = rig.post(
        &format!("/api/v1/alarms/{id}/acknowledge"),
        &json!({"by": "tester", "comment": "seen"}),
    )?;
    assert_eq!(status, 200);
    let before = rig.get("/api/v1/alarms?state=all")?;
    rig.kill()?;
    rig.start()?;
    let after = rig.get("/api/v1/alarms?state=all")?;
    assert_eq!(before, after, "the alarms are what they were before the kill");
    Ok(())
}
