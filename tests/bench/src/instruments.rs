//! Simulated Modbus instruments: a thread for each connection, every request with its moment.

use crate::{
    duty, now,
    workload::{Manner, Workload},
};
use anyhow::Result;
use core::{
    sync::atomic::{AtomicBool, AtomicU16, Ordering},
    time::Duration,
};
use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};
use weir_e2e::pause;

/// A request: when it came, and to which instrument.
pub(crate) type Asked = (Instant, usize);

/// The instruments of a workload.
pub(crate) struct Instruments {
    /// Where they listen, one each; one for all on a serial line.
    pub(crate) ports: Vec<u16>,
    /// Those that do not answer in time, or not at all.
    pub(crate) sick: Vec<usize>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    changed: Mutex<Vec<(u16, Instant)>>,
    value: AtomicU16,
    over: AtomicBool,
}

/// How one instrument behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    Quick,
    Slow,
    Dead,
    Line,
}

impl Instruments {
    /// Starts them.
    pub(crate) fn start(workload: &Workload) -> Result<Self> {
        let (manner, devices) = (workload.manner, workload.devices);
        let shared = Arc::<Shared>::default();
        let tempers: Vec<Temper> = match manner {
            Manner::Publishing { .. } => Vec::new(),
            Manner::Serial => vec![Temper::Line],
            Manner::Well | Manner::Changing | Manner::Alarming => vec![Temper::Quick; devices],
            Manner::Sick { dead } => (0..devices)
                .map(|device| match device.cmp(&dead) {
                    core::cmp::Ordering::Less => Temper::Dead,
                    core::cmp::Ordering::Equal => Temper::Slow,
                    core::cmp::Ordering::Greater => Temper::Quick,
                })
                .collect(),
        };
        let ports = tempers.iter().enumerate();
        let ports = ports.map(|(device, temper)| serve(device, *temper, &shared));
        let ports = ports.collect::<Result<_>>()?;
        let sick = match manner {
            Manner::Serial => vec![DEAD_UNIT],
            _ => (0..devices)
                .filter(|d| matches!(tempers.get(*d), Some(Temper::Dead | Temper::Slow)))
                .collect(),
        };
        if manner == Manner::Changing {
            let shared = shared.clone();
            thread::spawn(move || change(&shared));
        }
        if manner == Manner::Alarming {
            let (shared, interval) = (shared.clone(), Duration::from_millis(workload.interval_ms));
            thread::spawn(move || alarm(&shared, interval));
        }
        Ok(Self { ports, sick, shared })
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every change of register 0 so far.
    pub(crate) fn changed(&self) -> Vec<(u16, Instant)> {
        self.shared.changed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Instruments {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
    }
}

/// On the serial line, the one that never answers (counted from 0; its unit id is one more).
const DEAD_UNIT: usize = 2;

/// Counts register 0 on at random moments, 20 to 60 ms apart.
fn change(shared: &Shared) {
    let mut seed = SEED;
    while !shared.over.load(Ordering::Relaxed) {
        pause(Duration::from_micros(20_000 + random(&mut seed) % 40_000));
        let value = shared.value.fetch_add(1, Ordering::Relaxed) + 1;
        let mut changed = shared.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.push((value, now()));
    }
}

/// Takes register 0 over the limit and back at random moments, so far apart that each is seen.
fn alarm(shared: &Shared, interval: Duration) {
    let mut seed = SEED;
    pause(Duration::from_secs(5));
    while !shared.over.load(Ordering::Relaxed) {
        for value in [duty::HIGH + 1, 0] {
            shared.value.store(value, Ordering::Relaxed);
            let mut changed = shared.changed.lock().unwrap_or_else(PoisonError::into_inner);
            changed.push((value, now()));
            drop(changed);
            let micros = interval.as_micros() as u64;
            pause(Duration::from_micros(500_000 + micros + random(&mut seed) % micros));
        }
    }
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

fn serve(device: usize, temper: Temper, shared: &Arc<Shared>) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let shared = shared.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = shared.clone();
            // An error is the end of the connection.
            thread::spawn(move || answer(stream, device, temper, &shared));
        }
    });
    Ok(port)
}

/// Answers until the connection ends.
fn answer(mut stream: TcpStream, device: usize, temper: Temper, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0_u8; 12];
    let mut frame = Vec::new();
    loop {
        stream.read_exact(&mut request)?;
        let unit = usize::from(request[6]);
        let device = if temper == Temper::Line { unit.wrapping_sub(1) } else { device };
        let mut asked = shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((now(), device));
        drop(asked);
        match temper {
            Temper::Quick => {}
            Temper::Slow => pause(Duration::from_millis(500)),
            Temper::Dead => continue,
            Temper::Line if device == DEAD_UNIT => {
                pause(Duration::from_millis(300));
                continue;
            }
            Temper::Line => pause(Duration::from_millis(5)),
        }
        fill(&mut frame, &request, shared.value.load(Ordering::Relaxed));
        stream.write_all(&frame)?;
    }
}

/// The answer to a request for registers: register 0 has the value, the others their own number.
fn fill(frame: &mut Vec<u8>, request: &[u8; 12], value: u16) {
    let count = u16::from_be_bytes([request[10], request[11]]);
    let bytes = count * 2;
    frame.clear();
    frame.extend_from_slice(&request[..4]);
    frame.extend_from_slice(&(bytes + 3).to_be_bytes());
    frame.extend_from_slice(&request[6..8]);
    frame.push(u8::try_from(bytes).unwrap_or(u8::MAX));
    for register in 0..count {
        let own = register.wrapping_mul(7).wrapping_add(value);
        frame.extend_from_slice(&own.to_be_bytes());
    }
}
