//! Half an hour in which links are cut and restored without end (`make soak`): no link stays stuck,
//! nothing grows.

use super::{
    mqtt::{mosquitto, publisher},
    sites::{ANALYSERS, cabinets, rtu, site, tcp},
};
use anyhow::{Context as _, Result, ensure};
use std::{fs, path::Path, process::Command, time::Duration};
use weir_e2e::{Program, Rig, free_port, pause, python, root, wait_for};

/// After a cut, everything has to be well again within this time: the longest wait of a breaker.
const HEALED: Duration = Duration::from_secs(150);
/// Between two cuts.
const CALM: Duration = Duration::from_secs(4);
/// What every link is watched by.
const POINTS: [&str; 4] =
    ["trc-1.total_residual_chlorine", "ph-1.ph", "trc-2.total_residual_chlorine", "ph-2.ph"];

/// What a process holds: resident kB, open files, threads.
fn holds(pid: u32) -> Result<(u64, usize, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| -> Result<u64> {
        let line = status.lines().find(|line| line.starts_with(name)).context("no such field")?;
        Ok(line.split_whitespace().nth(1).context("no value")?.parse()?)
    };
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?.count();
    Ok((field("VmRSS:")?, files, field("Threads:")?))
}

fn server(rig: &Rig, transport: &str, address: &str) -> Result<Program> {
    let script = root().join("tests/e2e/peers/modbus_server.py");
    let mut command = Command::new(python());
    command.arg(script).args([transport, address]).arg(rig.dir().join("values"));
    rig.program(&format!("pymodbus-{transport}"), &mut command)
}

fn cable(rig: &Rig, ours: &Path, theirs: &Path) -> Result<Program> {
    let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
    let cable = rig.program("socat", Command::new("socat").args([end(ours), end(theirs)]))?;
    wait_for("the cable", HEALED, || (ours.exists() && theirs.exists()).then_some(()))?;
    Ok(cable)
}

fn signal(program: &Program, name: &str) -> Result<()> {
    Command::new("kill").args([name, &program.id().to_string()]).status()?;
    Ok(())
}

/// Waits until every link has brought a good sample that is younger than this call.
fn all_well(rig: &Rig) -> Result<()> {
    let since = rig.get("/api/v1/points")?;
    let age = |all: &serde_json::Value, id: &str| {
        let point = all.as_array()?.iter().find(|point| point["id"] == id)?;
        (point["sample"]["quality"] == "good").then(|| point["sample"]["t"].to_string())
    };
    for id in POINTS {
        let before = age(&since, id);
        wait_for(&format!("{id} to be read again"), HEALED, || {
            let now = age(&rig.get("/api/v1/points").ok()?, id)?;
            (Some(&now) != before.as_ref()).then_some(())
        })?;
    }
    Ok(())
}

#[test]
#[ignore = "half an hour: make soak"]
fn links_that_are_cut_and_restored_for_half_an_hour() -> Result<()> {
    let minutes: u64 = std::env::var("SOAK_MINUTES").map_or(Ok(30), |text| text.parse())?;
    let mut rig = Rig::new()?;
    let (port, broker_port) = (free_port()?, free_port()?);
    let (ours, theirs) = (rig.dir().join("ours"), rig.dir().join("theirs"));
    rig.write("values", "4.5 7.21")?;
    let mut line = Some(cable(&rig, &ours, &theirs)?);
    let serial = rtu(&ours.display().to_string()).replace("\"line\"", "\"serial\"");
    let second = ANALYSERS
        .replace("\"line\"", "\"serial\"")
        .replace("trc-1", "trc-2")
        .replace("ph-1", "ph-2")
        .replace("contact_tank_outlet", "spare")
        .replace("final_outfall", "spare");
    rig.write(
        "site.toml",
        &site(&(tcp(port) + &serial + &cabinets(broker_port) + ANALYSERS + &second)),
    )?;
    let mut tcp_server = server(&rig, "tcp", &port.to_string())?;
    let mut rtu_server = server(&rig, "rtu", &theirs.display().to_string())?;
    let mut broker = mosquitto(&rig, broker_port)?;
    rig.start()?;
    all_well(&rig)?;
    let pid = rig.gateway().id();
    // A cut, the calm after it, and the healing take some nine seconds.
    let rounds = minutes * 60 / 9;
    let mut warm = None;
    for round in 0..rounds.max(5) {
        match round % 5 {
            0 => {
                tcp_server.kill()?;
                pause(CALM);
                tcp_server = server(&rig, "tcp", &port.to_string())?;
            }
            1 => {
                rtu_server.kill()?;
                pause(CALM);
                rtu_server = server(&rig, "rtu", &theirs.display().to_string())?;
            }
            2 => {
                // The adapter is pulled out, and is another device when it is back.
                rtu_server.kill()?;
                if let Some(mut cable) = line.take() {
                    cable.kill()?;
                }
                pause(CALM);
                line = Some(cable(&rig, &ours, &theirs)?);
                rtu_server = server(&rig, "rtu", &theirs.display().to_string())?;
            }
            3 => {
                broker.kill()?;
                pause(CALM);
                broker = mosquitto(&rig, broker_port)?;
                let first = u32::try_from(round * 10)?;
                publisher(&rig, broker_port, "cabinet-1", first, 10, 20)?;
            }
            _ => {
                // Not dead, but deaf.
                signal(&tcp_server, "-STOP")?;
                pause(CALM * 2);
                signal(&tcp_server, "-CONT")?;
            }
        }
        all_well(&rig)?;
        let now = holds(pid)?;
        println!(
            "soak: round {round} of {rounds}: {} kB, {} files, {} threads",
            now.0, now.1, now.2
        );
        // The first tenth fills caches and buffers.
        if round == rounds / 10 + 5 {
            warm = Some(now);
        }
    }
    let store = rig.get("/api/v1/store")?;
    let count = |key: &str| store[key].as_u64().unwrap_or(0);
    let kept = count("in_journal") + count("in_history") + count("expired") + count("duplicates");
    ensure!(count("accepted") == kept, "readings are conserved: {store}");
    if let Some(warm) = warm {
        let end = holds(pid)?;
        ensure!(end.0 < warm.0 + warm.0 / 5 + 4_096, "memory grew from {} to {} kB", warm.0, end.0);
        ensure!(end.1 <= warm.1 + 4, "open files grew from {} to {}", warm.1, end.1);
        ensure!(end.2 <= warm.2 + 2, "threads grew from {} to {}", warm.2, end.2);
    }
    let log = rig.gateway().log();
    ensure!(!log.contains("panic"), "the gateway panicked");
    Ok(())
}
