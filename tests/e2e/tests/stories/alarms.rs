//! The life of alarms as people meet it: raised, shelved, announced, acknowledged twice; through a
//! power cut; and a flood of them with one notification a group.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, process::Command, time::Duration};
use weir_e2e::{Rig, free_port, pause, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
const DEVICES: usize = 14;
const TOKEN: &str = "a token of some length";
const SECRET: &str = "it is a secret";

const PROFILE: &str = r#"
[profile]
id = "posting-ph"
name = { zh = "酸碱度", en = "pH" }
source = "generic: made up for a test"
mqtt = { format = "json" }

[[point]]
id = "ph"
name = { zh = "酸碱度", en = "pH" }
parameter = "ph"
unit = "1"
range = [0, 14]
field = { path = "$.ph" }
"#;

const PACK: &str = r#"
id = "local-ph"
version = "1"
title = { zh = "包", en = "pack" }
source = "test"

[[requirement]]
id = "ph"
title = { zh = "酸碱度", en = "pH" }
clause = "1"
confidence = "C"
respond_within_mins = 30
cause = { zh = "因", en = "cause" }
consequence = { zh = "果", en = "consequence" }
response = { zh = "办", en = "response" }
alarm = { priority = "medium", class = "maintenance", group = "acidity", latch = true }
limit.input = { role = "test", parameter = "ph", unit = "1" }
limit.instant = { persistence_secs = 0 }
limit.low = 6
limit.high = 9

[[test]]
name = "neutral is fine"
at = 2026-11-22T10:00:00
points."test.ph" = "every 5s: 7 for 1h"
"#;

fn site(port: u16) -> String {
    let mut text = format!(
        r#"
[site]
id = "rig"
name = {{ zh = "试验场", en = "Test rig" }}
time_zone = "Asia/Shanghai"

[storage]
commit_interval_ms = 100

[alarms]
shelve_max_mins = 60

[packs]
allow_unsigned = true

[[area]]
id = "plant"
kind = "hospital_wastewater"
packs = ["local-ph"]

[[link]]
id = "door"
transport = {{ http = {{ token = {{ file = "token" }} }} }}

[[sink]]
id = "duty"
webhook = {{ url = "http://127.0.0.1:{port}/alarms", secret = {{ file = "secret" }} }}
"#
    );
    for device in 0..DEVICES {
        let _ = write!(
            text,
            "\n[[device]]\nid = \"ph-{device}\"\nprofile = \"posting-ph\"\nlink = \"door\"\narea = \"plant\"\nrole = \"test\"\nscan_interval_ms = 3600000\n"
        );
    }
    text
}

/// A device posts a value; it is on disk when this returns.
fn reads(rig: &Rig, device: usize, ph: f64) -> Result<()> {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "--noproxy", "*"]);
    curl.args(["-H", &format!("Authorization: Bearer {TOKEN}")]);
    curl.args(["--data-binary", &format!("{{\"ph\":{ph}}}")]);
    let output = curl.arg(rig.url(&format!("/api/v1/devices/ph-{device}/telemetry"))).output()?;
    let status = String::from_utf8(output.stdout)?;
    ensure!(status == "204", "ph-{device} was answered {status}");
    Ok(())
}

fn alarms(rig: &Rig, state: &str) -> Result<Vec<Value>> {
    let answer = rig.get(&format!("/api/v1/alarms?state={state}"))?;
    Ok(answer.as_array().context("a list of alarms")?.clone())
}

/// Waits until an open alarm of the first device is as wanted.
fn first(rig: &Rig, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    wait_for(what, PATIENCE, || {
        let open = alarms(rig, "all").ok()?;
        open.into_iter().find(|alarm| alarm["points"][0] == "ph-0.ph" && wanted(alarm))
    })
}

/// What the receiver was told of, as `transition` words with the alarm's device.
fn told(log: &str, transition: &str) -> usize {
    log.lines().filter(|line| line.contains(&format!("'transition': '{transition}'"))).count()
}

#[test]
fn alarms_are_raised_shelved_announced_and_acknowledged_and_a_flood_is_told_of_by_group()
-> Result<()> {
    let mut rig = Rig::new()?;
    let port = free_port()?;
    fs::create_dir_all(rig.dir().join("profiles"))?;
    fs::create_dir_all(rig.dir().join("packs"))?;
    rig.write("profiles/posting-ph.toml", PROFILE)?;
    rig.write("packs/local-ph.toml", PACK)?;
    rig.write("token", TOKEN)?;
    rig.write("secret", SECRET)?;
    rig.write("site.toml", &site(port))?;
    let script = root().join("tests/e2e/peers/webhook_receiver.py");
    let receiver = rig.program(
        "receiver",
        Command::new(python()).arg(script).args([&port.to_string(), SECRET]),
    )?;
    rig.start()?;

    // Shelved while it is not even raised, by its name.
    let name = "plant.ph.ph-0.ph";
    let act = |what: &str, body: Value| rig.post(&format!("/api/v1/alarms/{name}/{what}"), &body);
    let (status, said) = act("shelve", json!({"by": "Li", "reason": "cleaning", "minutes": 90}))?;
    ensure!(status == 422, "the site allows an hour: {said}");
    let (status, held) = act("shelve", json!({"by": "Li", "reason": "cleaning", "minutes": 30}))?;
    ensure!(status == 200 && held["held"] == "shelved" && held["active"] == false, "{held}");
    reads(&rig, 0, 7.0)?;
    reads(&rig, 0, 3.0)?;
    let alarm = first(&rig, "the alarm on the shelf", |a| a["state"] == "active_unacknowledged")?;
    ensure!(alarm["held"] == "shelved" && alarm["shelved"]["by"] == "Li", "{alarm}");
    let listed = rig.get("/api/v1/alarms/held")?;
    ensure!(listed[0]["name"] == name && listed[0]["active"] == true, "{listed}");

    // A power cut changes nothing of that.
    rig.kill()?;
    rig.start()?;
    let after = rig.get("/api/v1/alarms/held")?;
    ensure!(after == listed, "after a power cut: {after}");
    let act = |what: &str, body: Value| rig.post(&format!("/api/v1/alarms/{name}/{what}"), &body);
    ensure!(told(&receiver.log(), "raised") == 0, "nobody is told of what is shelved");
    let (status, said) = act("unshelve", json!({"by": "Li"}))?;
    ensure!(status == 200 && said["held"].is_null(), "{said}");
    wait_for("the announcement", PATIENCE, || {
        (told(&receiver.log(), "announced") == 1).then_some(())
    })?;

    // The operator, and apart from them the supervisor; then back to normal, and reset.
    let id = alarm["id"].as_str().context("an id")?.to_owned();
    let on = |what: &str, body: Value| rig.post(&format!("/api/v1/alarms/{id}/{what}"), &body);
    let (status, said) = on("acknowledge", json!({"by": "Wang", "raises": 1}))?;
    ensure!(status == 200 && said["acknowledged_by"] == "Wang", "{said}");
    ensure!(said["supervised_by"].is_null(), "{said}");
    ensure!(on("acknowledge", json!({"by": "Wang"}))?.0 == 409, "once");
    let (status, said) = on("reset", json!({"by": "Wang"}))?;
    ensure!(status == 409 && said["code"] == "still_active", "{said}");
    let (status, said) = on("supervisor-acknowledge", json!({"by": "Zhao"}))?;
    ensure!(status == 200 && said["supervised_by"] == "Zhao", "{said}");
    reads(&rig, 0, 7.0)?;
    let latched = first(&rig, "the return", |a| !a["returned_at"].is_null())?;
    ensure!(latched["state"] == "returned_latched" && latched["latched"] == true, "{latched}");
    let (status, said) = on("reset", json!({"by": "Wang"}))?;
    ensure!(status == 200 && said["state"] == "closed", "{said}");

    // A flood: each alarm is listed, ten are told of at most, and the rest in one message.
    for device in 1..DEVICES {
        reads(&rig, device, 7.0)?;
    }
    for device in 1..DEVICES {
        reads(&rig, device, 3.0)?;
    }
    wait_for("all of them", PATIENCE, || {
        (alarms(&rig, "active").ok()?.len() == DEVICES - 1).then_some(())
    })?;
    let log = wait_for("the group's message", PATIENCE, || {
        let log = receiver.log();
        (told(&log, "group_raised") > 0).then_some(log)
    })?;
    pause(Duration::from_secs(2));
    ensure!(told(&receiver.log(), "group_raised") == 1, "one for the group: {log}");
    // The announcement before was the first of ten.
    ensure!(told(&log, "raised") == 9, "nine more one by one: {log}");
    let line = log.lines().find(|line| line.contains("group_raised")).context("its line")?;
    let members = line.matches("'alarm': 'plant.ph.").count() - 1;
    ensure!(members == DEVICES - 1 - 9, "the rest by name: {line}");
    ensure!(!log.contains("signature WRONG"), "{log}");

    let kpis = rig.get("/api/v1/alarms/kpis")?;
    ensure!(kpis["told"] == DEVICES as u64 && kpis["held"] == 1, "{kpis}");
    ensure!(kpis["shelved"] == 1 && kpis["acknowledged"] == 1, "{kpis}");
    ensure!(kpis["floods"].as_array().is_some_and(|floods| floods.len() == 1), "{kpis}");
    ensure!(!kpis["now"]["flood_since"].is_null(), "{kpis}");
    ensure!(kpis["now"]["standing"] == DEVICES as u64 - 1, "{kpis}");
    Ok(())
}
