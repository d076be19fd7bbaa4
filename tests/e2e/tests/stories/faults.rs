//! What goes wrong around a gateway: a full disk, garbage on the wire, no broker.

use super::{
    mqtt::{mosquitto, publisher, stored},
    sites::{ANALYSERS, cabinets, site, tcp},
};
use anyhow::Result;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
    time::Duration,
};
use weir_e2e::{Rig, free_port, pause, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn garbage_on_the_wire_is_no_number() -> Result<()> {
    let mut rig = Rig::new()?;
    let babbler = TcpListener::bind("127.0.0.1:0")?;
    let port = babbler.local_addr()?.port();
    thread::spawn(move || {
        for mut stream in babbler.incoming().flatten() {
            thread::spawn(move || {
                let mut request = [0u8; 260];
                let mut round = 0u8;
                while stream.read(&mut request).is_ok_and(|n| n > 0) {
                    round = round.wrapping_add(1);
                    // Right transaction, wrong everything else.
                    let answer: &[u8] = match round % 3 {
                        0 => &[0xFF; 40],
                        1 => &[request[0], request[1], 0, 0, 0, 5, request[6], request[7], 2, 0x41],
                        _ => &[request[0], request[1], 0, 0, 0, 3, request[6], 0x99, 1],
                    };
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    rig.write("site.toml", &site(&(tcp(port) + ANALYSERS)))?;
    rig.start()?;
    rig.wait_sample("trc-1.total_residual_chlorine", PATIENCE, |s| s["quality"] == "bad")?;
    pause(Duration::from_secs(3));
    let all = rig.get("/api/v1/points/trc-1.total_residual_chlorine/samples")?;
    let good = all["samples"]
        .as_array()
        .map_or(0, |s| s.iter().filter(|s| s["quality"] == "good").count());
    assert_eq!(good, 0, "{all}");
    Ok(())
}

#[test]
fn a_gateway_without_its_broker_says_so_and_waits() -> Result<()> {
    let mut rig = Rig::new()?;
    let port = free_port()?;
    rig.write("site.toml", &site(&cabinets(port)))?;
    rig.start()?;
    let error = wait_for("the device to say why", PATIENCE, || {
        let devices = rig.get("/api/v1/devices").ok()?;
        devices[0]["health"]["last_error"].as_str().map(str::to_owned)
    })?;
    assert!(error.contains(&port.to_string()), "the broker's address is named: {error}");
    let _broker = mosquitto(&rig, port)?;
    pause(Duration::from_secs(1));
    let mut paho = publisher(&rig, port, "cabinet-1", 0, 3000, 10)?;
    wait_for("readings through the new broker", PATIENCE, || {
        stored(&rig, "cabinet-1").ok().filter(|samples| !samples.is_empty())
    })?;
    paho.kill()?;
    Ok(())
}

/// Needs to mount a file system of its own, which CI may do and a plain user may not.
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() -> Result<()> {
    let mut rig = Rig::new()?;
    let data = rig.dir().join("data");
    fs::create_dir(&data)?;
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&data).status();
    if !mount.is_ok_and(|status| status.success()) {
        println!("SKIPPED: a full disk needs the right to mount a tmpfs");
        return Ok(());
    }
    let outcome = full_disk(&mut rig, &data);
    rig.kill()?;
    Command::new("umount").arg("-l").arg(&data).status()?;
    outcome
}

fn full_disk(rig: &mut Rig, data: &std::path::Path) -> Result<()> {
    let port = free_port()?;
    let _broker = mosquitto(rig, port)?;
    rig.write("site.toml", &site(&cabinets(port)))?;
    rig.start()?;
    pause(Duration::from_secs(1));
    let mut paho = publisher(rig, port, "cabinet-1", 0, 600, 10)?;
    pause(Duration::from_secs(2));
    // Fill what is left.
    let ballast = data.join("ballast");
    let mut file = fs::File::create(&ballast)?;
    while file.write_all(&[0u8; 4096]).is_ok() {}
    let fault = wait_for("the gateway to say that the disk is full", PATIENCE, || {
        rig.get("/api/v1/store").ok()?["fault"].as_str().map(str::to_owned)
    })?;
    assert!(fault.contains("full"), "{fault}");
    assert!(rig.get("/readyz").is_err(), "a gateway that cannot store is not ready");
    wait_for("the publisher to end", PATIENCE, || paho.ended())?;
    drop(file);
    fs::remove_file(&ballast)?;
    wait_for("every message to be stored once there is space", PATIENCE, || {
        (stored(rig, "cabinet-1").ok()?.len() == 600).then_some(())
    })?;
    wait_for("the fault to be over", PATIENCE, || rig.get("/readyz").ok())?;
    Ok(())
}
