//! Devices that publish in ways of their own: foreign JSON, plain numbers, Sparkplug B from an edge
//! node that others wrote, and posts over HTTP.

use super::{mqtt::mosquitto, sites::site};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{fs, process::Command, time::Duration};
use weir_e2e::{Rig, free_port, pause, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);

const PROFILES: [(&str, &str); 3] = [
    (
        "foreign-json",
        r#"
mqtt = { topic = "plant/+/{address}", format = "json", time = "$.meta.time", time_form = "seconds" }

[[point]]
id = "ph"
name = { zh = "酸碱度", en = "pH" }
parameter = "ph"
unit = "1"
range = [0, 14]
field = { path = "$.sensors[?@.kind == 'ph'].value", sentinels = [-9999] }

[[point]]
id = "pump"
name = { zh = "水泵", en = "Pump" }
parameter = "phase"
unit = "1"
decimals = 0
states = [ { value = 0, name = { zh = "停", en = "Stopped" }, word = "OFF" }, { value = 1, name = { zh = "开", en = "Running" }, word = "ON" } ]
field = { path = "$.pump" }
"#,
    ),
    (
        "foreign-plain",
        r#"
mqtt = { format = "plain" }

[[point]]
id = "level"
name = { zh = "液位", en = "Level" }
parameter = "level"
unit = "m"
range = [0, 10]
field = { topic = "text/{address}/level", scale = 0.01 }
"#,
    ),
    (
        "foreign-sparkplug",
        r#"
mqtt = { format = "sparkplug" }

[[point]]
id = "ph"
name = { zh = "酸碱度", en = "pH" }
parameter = "ph"
unit = "1"
range = [0, 14]
field = "water/ph"

[[point]]
id = "temperature"
name = { zh = "水温", en = "Water temperature" }
parameter = "temperature"
unit = "°C"
field = "water/temperature"
"#,
    ),
];

/// The profiles in the folder beside the site file.
fn profiles(rig: &Rig) -> Result<()> {
    fs::create_dir_all(rig.dir().join("profiles"))?;
    for (id, rest) in PROFILES {
        let head = format!(
            "[profile]\nid = \"{id}\"\nname = {{ zh = \"外来\", en = \"Foreign\" }}\nsource = \"generic: made up for a test\"{rest}"
        );
        rig.write(&format!("profiles/{id}.toml"), &head)?;
    }
    Ok(())
}

fn device(id: &str, profile: &str, link: &str, address: Option<&str>) -> String {
    let address = address.map(|a| format!("address = \"{a}\"\n")).unwrap_or_default();
    format!(
        "\n[[device]]\nid = \"{id}\"\nprofile = \"{profile}\"\nlink = \"{link}\"\n{address}area = \"effluent\"\nrole = \"test\"\nscan_interval_ms = 60000\n"
    )
}

fn broker_link(port: u16, version: &str) -> String {
    format!(
        "\n[[link]]\nid = \"broker\"\ntransport = {{ mqtt = {{ host = \"127.0.0.1\", port = {port}, version = \"{version}\", status_topic = \"weir/status\" }} }}\n"
    )
}

fn publish(port: u16, topic: &str, payload: &str) -> Result<()> {
    let sent = Command::new("mosquitto_pub")
        .args(["-p", &port.to_string(), "-q", "1", "-t", topic, "-m", payload])
        .status()?;
    ensure!(sent.success(), "mosquitto_pub failed");
    Ok(())
}

/// What is retained on a topic.
fn retained(port: u16, topic: &str) -> Option<String> {
    let output = Command::new("mosquitto_sub")
        .args(["-p", &port.to_string(), "-C", "1", "-W", "2", "-t", topic])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn is(rig: &Rig, point: &str, value: &Value, quality: &str) -> Result<Value> {
    let near = |sample: &Value| match (sample["value"].as_f64(), value.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        _ => sample["value"] == *value,
    };
    rig.wait_sample(point, PATIENCE, |sample| near(sample) && sample["quality"] == quality)
}

fn foreign_messages(version: &str) -> Result<()> {
    let (mut rig, port) = (Rig::new()?, free_port()?);
    let _broker = mosquitto(&rig, port)?;
    profiles(&rig)?;
    let devices = device("json-1", "foreign-json", "broker", Some("basin-7"))
        + &device("json-2", "foreign-json", "broker", Some("basin-8"))
        + &device("text-1", "foreign-plain", "broker", None);
    rig.write("site.toml", &site(&(broker_link(port, version) + &devices)))?;
    rig.start()?;
    wait_for("the gateway's word", PATIENCE, || {
        (retained(port, "weir/status")? == "online").then_some(())
    })?;

    // The word comes with the connection; what is published from here on may yet be too early for
    // the subscription, so it is published until it is heard.
    let message = r#"{"meta":{"time":1793491200.25},"sensors":[{"kind":"orp","value":640},{"kind":"ph","value":"7.12"}],"pump":"ON","more":[1,2]}"#;
    wait_for("the first message", PATIENCE, || {
        publish(port, "plant/north/basin-7", message).ok()?;
        pause(Duration::from_millis(200));
        let sample = rig.sample("json-1.ph").ok()?;
        (sample["value"] == 7.12).then_some(())
    })?;
    let ph = is(&rig, "json-1.ph", &json!(7.12), "good")?;
    ensure!(ph["t"] == "2026-11-01T00:00:00.250Z", "it has the message's time: {ph}");
    is(&rig, "json-1.pump", &json!(1.0), "good")?;
    ensure!(rig.sample("json-2.ph")?["value"].is_null(), "the other basin has said nothing");

    let silent =
        r#"{"meta":{"time":1793491260},"sensors":[{"kind":"ph","value":-9999}],"pump":"BROKEN"}"#;
    publish(port, "plant/south/basin-8", silent)?;
    let sentinel = is(&rig, "json-2.ph", &Value::Null, "bad")?;
    ensure!(sentinel["reason"] == "sensor_failure", "{sentinel}");
    is(&rig, "json-2.pump", &Value::Null, "bad")?;

    publish(port, "text/text-1/level", " 312 ")?;
    is(&rig, "text-1.level", &json!(3.12), "good")?;
    publish(port, "text/text-1/level", "1e9")?;
    let beyond = rig.wait_sample("text-1.level", PATIENCE, |s| s["quality"] == "uncertain")?;
    ensure!(beyond["reason"] == "engineering_units_exceeded", "{beyond}");

    rig.gateway().terminate()?;
    wait_for("the gateway's farewell", PATIENCE, || {
        (retained(port, "weir/status")? == "offline").then_some(())
    })?;
    Ok(())
}

#[test]
fn foreign_json_and_plain_numbers_are_read_over_mqtt_3() -> Result<()> {
    foreign_messages("3.1.1")
}

#[test]
fn foreign_json_and_plain_numbers_are_read_over_mqtt_5() -> Result<()> {
    foreign_messages("5")
}

#[test]
fn an_edge_node_that_others_wrote_is_read_over_sparkplug() -> Result<()> {
    let (mut rig, port) = (Rig::new()?, free_port()?);
    let _broker = mosquitto(&rig, port)?;
    profiles(&rig)?;
    rig.write("values", "7.25 18.5")?;
    let node = |rig: &Rig, name: &str| {
        rig.program(
            name,
            Command::new("node")
                .arg(root().join("tests/e2e/peers/sparkplug_node.mjs"))
                .arg(port.to_string())
                .arg(rig.dir().join("values")),
        )
    };
    // It is born before anybody listens: the gateway has to ask it to say everything again.
    let mut first = node(&rig, "node-1")?;
    wait_for("the node's birth", PATIENCE, || first.log().contains("birth").then_some(()))?;
    let devices = device("probe", "foreign-sparkplug", "broker", Some("plant/pump-room/probe"));
    rig.write("site.toml", &site(&(broker_link(port, "3.1.1") + &devices)))?;
    rig.start()?;
    is(&rig, "probe.ph", &json!(7.25), "good")?;
    is(&rig, "probe.temperature", &json!(18.5), "good")?;
    ensure!(first.log().contains("ncmd Node Control/Rebirth"), "it was asked: {}", first.log());

    rig.write("values", "6.5 19.25")?;
    is(&rig, "probe.ph", &json!(6.5), "good")?;
    is(&rig, "probe.temperature", &json!(19.25), "good")?;

    first.kill()?;
    let dead = rig.wait_sample("probe.ph", Duration::from_secs(60), |s| s["quality"] == "bad")?;
    ensure!(dead["value"].is_null(), "a dead node has no value: {dead}");
    rig.write("values", "8.125 20.0")?;
    let _second = node(&rig, "node-2")?;
    is(&rig, "probe.ph", &json!(8.125), "good")?;
    Ok(())
}

/// Posts a body with or without a token; the answer's status.
fn post(rig: &Rig, device: &str, token: Option<&str>, body: &str) -> Result<u16> {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "--data-binary", body]);
    if let Some(token) = token {
        curl.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    let answer = curl.arg(rig.url(&format!("/api/v1/devices/{device}/telemetry"))).output()?;
    String::from_utf8_lossy(&answer.stdout).parse().context("no status")
}

#[test]
fn what_speaks_nothing_else_posts_over_http() -> Result<()> {
    let mut rig = Rig::new()?;
    profiles(&rig)?;
    rig.write("token", "a token of some length\n")?;
    let link =
        "\n[[link]]\nid = \"door\"\ntransport = { http = { token = { file = \"token\" } } }\n";
    let devices = device("json-1", "foreign-json", "door", None)
        + &device("cabinet-1", "generic-disinfection-cabinet", "door", None);
    rig.write("site.toml", &site(&(link.to_owned() + &devices)))?;
    rig.start()?;
    let token = Some("a token of some length");
    let body = r#"{"meta":{"time":1793491200},"sensors":[{"kind":"ph","value":7.5}],"pump":"OFF"}"#;
    ensure!(post(&rig, "json-1", token, body)? == 204, "taken");
    // The answer says that it is on disk, so a power cut may come now.
    rig.kill()?;
    rig.start()?;
    let sample = is(&rig, "json-1.ph", &json!(7.5), "good")?;
    ensure!(sample["t"] == "2026-11-01T00:00:00.000Z", "{sample}");
    ensure!(post(&rig, "json-1", None, body)? == 401, "without a token");
    ensure!(post(&rig, "json-1", Some("another token of a length"), body)? == 401, "wrong token");
    ensure!(post(&rig, "nobody", token, body)? == 401, "no such device");
    ensure!(post(&rig, "json-1", token, "{\"meta\":")? == 400, "no JSON");
    let own = r#"{"boot":"b","seq":1,"t":1793491200000,"points":{"chamber_temperature":121.5}}"#;
    ensure!(post(&rig, "cabinet-1", token, own)? == 204, "Weir's own form");
    ensure!(post(&rig, "cabinet-1", token, own)? == 204, "the same again does no harm");
    is(&rig, "cabinet-1.chamber_temperature", &json!(121.5), "good")?;
    Ok(())
}
