//! From Modbus TCP to durable: 50 devices of 100 registers each, every 100 ms.

use crate::{median, proc};
use anyhow::Result;
use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};
use weir_e2e::{Rig, pause};

const DEVICES: u16 = 50;
const REGISTERS: usize = 100;
const INTERVAL_MS: u32 = 100;
const RUNS: usize = 3;
const RUN: Duration = Duration::from_secs(10);

/// CPU seconds for a million durable readings, and what else it took.
pub(crate) fn measure() -> Result<String> {
    let ports = (0..DEVICES).map(|_| serve()).collect::<Result<Vec<u16>>>()?;
    let mut rig = Rig::new()?;
    fs::create_dir(rig.dir().join("profiles"))?;
    rig.write("profiles/bench.toml", &profile())?;
    rig.write("site.toml", &site(&ports))?;
    rig.start()?;
    pause(Duration::from_secs(3));
    let pid = rig.gateway().id();
    let mut per_million = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..RUNS {
        let (cpu, accepted) = (proc::cpu_seconds(pid)?, accepted(&rig)?);
        pause(RUN);
        let readings = self::accepted(&rig)? - accepted;
        per_million.push((proc::cpu_seconds(pid)? - cpu) / readings * 1e6);
        rates.push(readings / RUN.as_secs_f64());
    }
    let written = proc::written_bytes(pid)? / self::accepted(&rig)?;
    Ok(format!(
        "modbus tcp to durable and judged, {DEVICES} devices x {REGISTERS} registers every {INTERVAL_MS} ms: \
         {:.2} CPU s per million readings at {:.0} readings/s, {written:.1} bytes written each, {:.0} MB peak",
        median(&mut per_million),
        median(&mut rates),
        proc::peak_mb(pid)?,
    ))
}

fn accepted(rig: &Rig) -> Result<f64> {
    Ok(rig.get("/api/v1/store")?["accepted"].as_f64().unwrap_or(0.0))
}

/// A device that answers every read of registers, on a port of its own.
fn serve() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(port)
}

/// Answers until the connection ends.
fn answer(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut request = [0u8; 12];
    let mut round = 0u16;
    while stream.read_exact(&mut request).is_ok() {
        let count = u16::from_be_bytes([request[10], request[11]]);
        let bytes = usize::from(count) * 2;
        let mut frame = Vec::with_capacity(9 + bytes);
        frame.extend_from_slice(&request[..4]);
        frame.extend_from_slice(&u16::try_from(bytes + 3).unwrap_or(u16::MAX).to_be_bytes());
        frame.extend_from_slice(&[request[6], request[7], u8::try_from(bytes).unwrap_or(u8::MAX)]);
        round = round.wrapping_add(1);
        for register in 0..count {
            frame.extend_from_slice(
                &(register.wrapping_mul(7).wrapping_add(round % 50)).to_be_bytes(),
            );
        }
        if stream.write_all(&frame).is_err() {
            return;
        }
    }
}

fn profile() -> String {
    let mut text = String::from(
        "[profile]\nid = \"bench\"\nname = { zh = \"基准\", en = \"Benchmark\" }\nsource = \"generic: made up for a benchmark\"\nmodbus = {}\n",
    );
    for index in 0..REGISTERS {
        let _ = write!(
            text,
            "\n[[point]]\nid = \"p{index:03}\"\nname = {{ zh = \"点 {index}\", en = \"Point {index}\" }}\nparameter = \"count\"\nunit = \"1\"\ndecimals = 0\nregister = {{ table = \"holding\", address = {index}, type = \"u16\" }}\n",
        );
    }
    text
}

fn site(ports: &[u16]) -> String {
    let mut text = String::from(
        "[site]\nid = \"bench\"\ntime_zone = \"Asia/Shanghai\"\n\n[[area]]\nid = \"hall\"\nkind = \"hospital_wastewater\"\npacks = []\n",
    );
    for (index, port) in ports.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[link]]\nid = \"l{index}\"\ntransport = {{ modbus_tcp = {{ host = \"127.0.0.1\", port = {port} }} }}\ntimeout_ms = 100\n\n[[device]]\nid = \"d{index}\"\nprofile = \"bench\"\nlink = \"l{index}\"\nunit_id = 1\narea = \"hall\"\nrole = \"bench\"\nscan_interval_ms = {INTERVAL_MS}\n",
        );
    }
    text
}
