//! The site file, changed under a running gateway.

use super::sites::site;
use anyhow::Result;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use weir_e2e::{Rig, free_port, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);

/// A Modbus TCP server that counts its connections. Every unit is there; contacts 0 and 3 are on
/// (a door open during an exposure), every register is 712.
struct Instrument {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Instrument {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let connections = Arc::<AtomicUsize>::default();
        let counted = connections.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || answer(stream));
            }
        });
        Ok(Self { port, connections })
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream) -> Option<()> {
    loop {
        let mut request = [0u8; 12];
        stream.read_exact(&mut request).ok()?;
        let count = u16::from_be_bytes([request[10], request[11]]);
        let data: Vec<u8> = match request[7] {
            1 | 2 => (0..count.div_ceil(8)).map(|_| 0b1001).collect(),
            _ => (0..count).flat_map(|_| 712u16.to_be_bytes()).collect(),
        };
        let bytes = u8::try_from(data.len()).ok()?;
        let mut frame = request[..4].to_vec();
        frame.extend([0, bytes + 3, request[6], request[7], bytes]);
        frame.extend(data);
        stream.write_all(&frame).ok()?;
    }
}

fn link(id: &str, port: u16) -> String {
    format!(
        "\n[[link]]\nid = \"{id}\"\ntimeout_ms = 200\ntransport = {{ modbus_tcp = {{ host = \"127.0.0.1\", port = {port} }} }}\n"
    )
}

fn device(id: &str, profile: &str, link: &str, rest: &str) -> String {
    format!(
        "\n[[device]]\nid = \"{id}\"\nprofile = \"{profile}\"\nlink = \"{link}\"\nunit_id = 1\nscan_interval_ms = 250\n{rest}\n"
    )
}

/// A room whose link is never touched, and a pH meter on a link that is.
fn room_and_line(room: u16, line: u16) -> String {
    let in_room = "area = \"radiology\"\nrole = \"xray_room\"";
    let in_plant = "area = \"effluent\"\nrole = \"final_outfall\"";
    site(
        &(link("room", room)
            + &link("line", line)
            + &device("room-1", "generic-room-interlock", "room", in_room)
            + &device("ph-1", "generic-ph", "line", in_plant)),
    )
}

fn good(sample: &Value) -> bool {
    sample["quality"] == "good"
}

/// The id of the alarm that the open door raises.
fn open_door(rig: &Rig) -> Result<String> {
    wait_for("the alarm of the open door", PATIENCE, || {
        let alarms = rig.get("/api/v1/alarms?state=open").ok()?;
        let of_door = |alarm: &&Value| alarm["requirement"] == "exposure-door-open";
        let alarm = alarms.as_array()?.iter().find(of_door)?;
        Some(alarm["id"].as_str()?.to_owned())
    })
}

fn reload(rig: &Rig) -> Result<(u16, Value)> {
    rig.post("/api/v1/reload", &json!({ "check_only": false }))
}

fn good_samples(rig: &Rig, point: &str) -> Result<usize> {
    let all = rig.get(&format!("/api/v1/points/{point}/samples"))?;
    Ok(all["samples"].as_array().map_or(0, |all| all.iter().filter(|s| good(s)).count()))
}

#[test]
fn a_changed_link_moves_and_a_new_device_is_read_while_the_rest_notices_nothing() -> Result<()> {
    let (room, line, other) = (Instrument::start()?, Instrument::start()?, Instrument::start()?);
    let mut rig = Rig::new()?;
    rig.write("site.toml", &room_and_line(room.port, line.port))?;
    rig.start()?;
    rig.wait_sample("room-1.exposure", PATIENCE, good)?;
    rig.wait_sample("ph-1.ph", PATIENCE, good)?;
    let alarm = open_door(&rig)?;
    let path = format!("/api/v1/alarms/{alarm}/acknowledge");
    let (status, answer) = rig.post(&path, &json!({ "by": "night shift", "comment": "seen" }))?;
    assert_eq!(status, 200, "{answer}");
    let old_hash = rig.get("/api/v1/site")?["config_hash"].clone();

    let in_plant = "area = \"effluent\"\nrole = \"contact_tank_outlet\"";
    let text = room_and_line(room.port, other.port)
        + &device("trc-9", "generic-residual-chlorine", "line", in_plant).replace("= 1\n", "= 9\n");
    rig.write("site.toml", &text)?;
    let (status, answer) = rig.post("/api/v1/reload", &json!({ "check_only": true }))?;
    assert_eq!((status, &answer["outcome"]), (200, &json!("checked")), "{answer}");
    assert_eq!(other.connections(), 0, "only checked");
    let (status, answer) = reload(&rig)?;
    assert_eq!((status, &answer["outcome"]), (200, &json!("applied")), "{answer}");
    let changes = answer["changes"].to_string();
    for change in ["link line: transport modbus tcp", "device trc-9: new"] {
        assert!(changes.contains(change), "{changes}");
    }

    // The new device is read, stored and shown; the site is that of the new file.
    rig.wait_sample("trc-9.total_residual_chlorine", PATIENCE, |s| !s["value"].is_null())?;
    let devices = rig.get("/api/v1/devices")?;
    assert!(devices.to_string().contains("trc-9"), "{devices}");
    assert!(good_samples(&rig, "ph-1.ph")? > 0);
    assert!(other.connections() > 0);
    assert_ne!(rig.get("/api/v1/site")?["config_hash"], old_hash);
    assert_eq!(rig.get("/api/v1/reload")?["outcome"], "applied");

    // The room's connection is the first one, and the alarm is what it was: raised once, seen.
    assert_eq!(room.connections(), 1);
    assert_eq!(open_door(&rig).ok(), Some(alarm.clone()));
    let open = rig.get("/api/v1/alarms?state=open")?;
    let is_it = |kept: &&Value| kept["id"] == alarm.as_str();
    let kept = open.as_array().and_then(|open| open.iter().find(is_it)).cloned();
    let kept = kept.unwrap_or_default();
    assert_eq!((&kept["acknowledged_by"], &kept["raises"]), (&json!("night shift"), &json!(1)));
    let (_, answer) = reload(&rig)?;
    assert_eq!(answer["outcome"], "unchanged", "{answer}");

    // What is on record after a crash is what was in force.
    rig.kill()?;
    rig.start()?;
    rig.wait_sample("trc-9.total_residual_chlorine", PATIENCE, |s| !s["value"].is_null())?;
    assert_eq!(open_door(&rig)?, alarm);
    Ok(())
}

#[test]
fn a_file_with_faults_changes_nothing() -> Result<()> {
    let (room, line) = (Instrument::start()?, Instrument::start()?);
    let mut rig = Rig::new()?;
    let text = room_and_line(room.port, line.port);
    rig.write("site.toml", &text)?;
    rig.start()?;
    rig.wait_sample("ph-1.ph", PATIENCE, good)?;
    rig.wait_sample("room-1.exposure", PATIENCE, good)?;
    for (bad, faults) in [
        (text.replace("generic-ph", "generic-hp").replace("id = \"room\"", "id = \"rooms\""), 2),
        (text.replace("id = \"rig\"", "id = \"other\""), 1),
        (text.clone() + "\n[web]\nlisten = \"127.0.0.1:1\"\n", 1),
        ("not TOML at all".to_owned(), 1),
        (
            text.clone()
                + "\n[[sink]]\nid = \"s\"\nwebhook = { url = \"http://127.0.0.1:1/\", secret = { env = \"WEIR_NO_SUCH\" } }\n",
            1,
        ),
    ] {
        rig.write("site.toml", &bad)?;
        let (status, answer) = reload(&rig)?;
        assert_eq!(status, 422, "{answer}");
        let told = answer["reload"]["faults"].as_array().map_or(0, Vec::len);
        assert!(told >= faults, "{answer}");
    }
    assert_eq!((room.connections(), line.connections()), (1, 1), "nothing was touched");
    Ok(())
}

#[test]
fn a_link_that_does_not_come_good_is_rolled_back() -> Result<()> {
    let (room, line) = (Instrument::start()?, Instrument::start()?);
    let mut rig = Rig::new()?;
    rig.write("site.toml", &room_and_line(room.port, line.port))?;
    rig.start()?;
    rig.wait_sample("ph-1.ph", PATIENCE, good)?;
    let alarm = open_door(&rig)?;
    let hash = rig.get("/api/v1/site")?["config_hash"].clone();

    rig.write("site.toml", &room_and_line(room.port, free_port()?))?;
    // While the one is being tried, another is refused.
    let url = rig.url("/api/v1/reload");
    let askers = [url.clone(), url].map(|url| thread::spawn(move || curl(&url)));
    let mut answers = Vec::new();
    for asker in askers {
        answers.push(asker.join().map_err(|_| anyhow::anyhow!("curl panicked"))??);
    }
    let said = |words: &str| answers.iter().any(|answer| answer.contains(words));
    assert!(said("rolled_back") && said("answered before"), "{answers:?}");
    assert!(said("under way"), "{answers:?}");

    let before = line.connections();
    assert!(before >= 2, "the line is read as before");
    let count = good_samples(&rig, "ph-1.ph")?;
    wait_for("more of the pH", PATIENCE, || {
        (good_samples(&rig, "ph-1.ph").ok()? > count).then_some(())
    })?;
    assert_eq!(rig.get("/api/v1/site")?["config_hash"], hash);
    assert_eq!((room.connections(), open_door(&rig)?), (1, alarm));
    Ok(())
}

fn curl(url: &str) -> Result<String> {
    let mut command = Command::new("curl");
    command.args(["-s", "-m", "60", "-H", "content-type: application/json"]);
    let output = command.args(["-d", "{\"check_only\":false}", url]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_hangup_reads_the_file_again() -> Result<()> {
    let (room, line) = (Instrument::start()?, Instrument::start()?);
    let mut rig = Rig::new()?;
    rig.write("site.toml", &room_and_line(room.port, line.port))?;
    rig.start()?;
    rig.wait_sample("room-1.exposure", PATIENCE, good)?;
    rig.wait_sample("ph-1.ph", PATIENCE, good)?;
    let text = room_and_line(room.port, line.port);
    rig.write("site.toml", &text.replace("id = \"ph-1\"", "id = \"ph-2\""))?;
    let process = rig.gateway().id().to_string();
    Command::new("kill").args(["-HUP", &process]).status()?;
    rig.wait_sample("ph-2.ph", PATIENCE, good)?;
    wait_for("the log", PATIENCE, || {
        rig.gateway().log().contains("the new site file is in force").then_some(())
    })?;
    assert!(rig.get("/api/v1/points/ph-1.ph").is_err(), "ph-1 is gone");
    assert_eq!(room.connections(), 1);
    Ok(())
}
