//! The other ways to an instrument: serial frames through TCP, a modem that dials in, TLS with
//! certificates on both sides, and a backup address. The servers are pymodbus.

use super::sites::{ANALYSERS, site};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::{process::Command, time::Duration};
use weir_e2e::{Program, Rig, free_port, python, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(20);
const TRC: &str = "trc-1.total_residual_chlorine";
const PH: &str = "ph-1.ph";

fn server(rig: &Rig, transport: &str, port: u16) -> Result<Program> {
    let script = root().join("tests/e2e/peers/modbus_server.py");
    let mut command = Command::new(python());
    command.current_dir(rig.dir()).arg(script).args([transport, &port.to_string(), "values"]);
    rig.program(&format!("pymodbus-{transport}-{port}"), &mut command)
}

fn link(transport: &str) -> String {
    format!("\n[[link]]\nid = \"line\"\ntimeout_ms = 400\ntransport = {transport}\n")
}

fn reads(rig: &Rig, point: &str, value: f64) -> Result<()> {
    rig.wait_sample(point, Duration::from_secs(40), |sample| {
        sample["quality"] == "good"
            && (sample["value"].as_f64().unwrap_or(f64::NAN) - value).abs() < 1e-6
    })?;
    Ok(())
}

/// Both analysers are read, die with their server, and come back with it.
fn comes_and_goes(mut rig: Rig, transport: &str, port: u16, link: &str) -> Result<Rig> {
    rig.write("values", "4.5 7.21")?;
    rig.write("site.toml", &site(&(link.to_owned() + ANALYSERS)))?;
    let mut pymodbus = server(&rig, transport, port)?;
    rig.start()?;
    reads(&rig, TRC, 4.5)?;
    reads(&rig, PH, 7.21)?;
    pymodbus.kill()?;
    let dead = rig.wait_sample(TRC, PATIENCE, |sample| sample["quality"] == "bad")?;
    ensure!(dead["value"] == Value::Null, "a dead device has no value: {dead}");
    rig.write("values", "2.25 6.05")?;
    let _pymodbus = server(&rig, transport, port)?;
    reads(&rig, TRC, 2.25)?;
    reads(&rig, PH, 6.05)?;
    Ok(rig)
}

#[test]
fn serial_frames_through_tcp_are_read() -> Result<()> {
    let port = free_port()?;
    let line =
        link(&format!("{{ modbus_rtu_over_tcp = {{ host = \"127.0.0.1\", port = {port} }} }}"));
    comes_and_goes(Rig::new()?, "rtu-over-tcp", port, &line)?;
    Ok(())
}

#[test]
fn a_modem_that_dials_in_is_read() -> Result<()> {
    let port = free_port()?;
    let line = link(&format!(
        "{{ modbus_dial_in = {{ listen = \"127.0.0.1:{port}\", registration = \"PUMP0001\", heartbeat = {{ hex = \"fe\" }} }} }}"
    ));
    comes_and_goes(Rig::new()?, "dial-in", port, &line)?;
    Ok(())
}

/// An authority, and certificates of it for a server and a client, in the rig's folder.
fn certificates(rig: &Rig) -> Result<()> {
    let script = "
        openssl req -x509 -newkey ed25519 -nodes -days 30 -subj /CN=authority -keyout ca.key -out ca.pem
        for who in server client; do
            openssl req -newkey ed25519 -nodes -subj /CN=$who -keyout $who.key -out $who.csr
            printf 'subjectAltName=DNS:analysers.test\\nbasicConstraints=CA:FALSE' > $who.ext
            openssl x509 -req -days 30 -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $who.ext -out $who.pem
        done";
    let made = Command::new("sh").args(["-ec", script]).current_dir(rig.dir()).output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

#[test]
fn a_server_that_wants_certificates_is_read_over_tls() -> Result<()> {
    let (rig, port) = (Rig::new()?, free_port()?);
    certificates(&rig)?;
    let line = link(&format!(
        "{{ modbus_tcp = {{ host = \"127.0.0.1\", port = {port}, tls = {{ ca = \"ca.pem\", cert = \"client.pem\", key = \"client.key\", server_name = \"analysers.test\" }} }} }}"
    ));
    comes_and_goes(rig, "tls", port, &line)?;
    Ok(())
}

#[test]
fn a_server_of_another_name_is_not_believed() -> Result<()> {
    let (mut rig, port) = (Rig::new()?, free_port()?);
    certificates(&rig)?;
    let line = link(&format!(
        "{{ modbus_tcp = {{ host = \"127.0.0.1\", port = {port}, tls = {{ ca = \"ca.pem\", cert = \"client.pem\", key = \"client.key\", server_name = \"impostor.test\" }} }} }}"
    ));
    rig.write("values", "4.5 7.21")?;
    rig.write("site.toml", &site(&(line + ANALYSERS)))?;
    let _pymodbus = server(&rig, "tls", port)?;
    rig.start()?;
    wait_for("the certificate to be refused", PATIENCE, || {
        let devices = rig.get("/api/v1/devices").ok()?;
        devices[0]["health"]["last_error"].as_str()?.contains("certificate").then_some(())
    })?;
    let sample = rig.sample(TRC)?;
    ensure!(sample["quality"] == "bad" && sample["value"].is_null(), "{sample}");
    Ok(())
}

#[test]
fn the_backup_address_takes_over() -> Result<()> {
    let mut rig = Rig::new()?;
    let (first, backup) = (free_port()?, free_port()?);
    let line = link(&format!(
        "{{ modbus_tcp = {{ host = \"127.0.0.1\", port = {first}, backup = \"127.0.0.1:{backup}\" }} }}"
    ));
    rig.write("values", "4.5 7.21")?;
    rig.write("site.toml", &site(&(line + ANALYSERS)))?;
    let mut one = server(&rig, "tcp", first)?;
    let _two = server(&rig, "tcp", backup)?;
    rig.start()?;
    reads(&rig, TRC, 4.5)?;
    one.kill()?;
    rig.write("values", "2.25 6.05")?;
    reads(&rig, TRC, 2.25)?;
    Ok(())
}
