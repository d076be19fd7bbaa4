//! The far side of MQTT: a broker with one purpose. It takes what the gateway publishes, with the
//! moment of its arrival, and sends what simulated nodes would.

use crate::now;
use anyhow::{Result, bail};
use bytes::BytesMut;
use core::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use rumqttc::{Error, Packet, QoS};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};
use weir_e2e::pause;

/// Largest packet that is taken.
const PACKET_BYTES: usize = 1 << 20;

/// The broker.
pub(crate) struct FarSide {
    /// Where it listens.
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    readings: AtomicU64,
    /// The first arrival of each value of point `p000`; only if asked for.
    values: Mutex<Vec<(f64, Instant)>>,
    watch_values: bool,
    sent: AtomicU64,
    hold: AtomicBool,
}

impl FarSide {
    /// Starts it. `rate`: messages a second to whoever subscribes. `watch_values`: notes when each
    /// value of `p000` came.
    pub(crate) fn start(rate: u64, watch_values: bool) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { watch_values, ..Shared::default() });
        let theirs = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = theirs.clone();
                // An error is the end of the connection.
                thread::spawn(move || converse(stream, rate, &shared));
            }
        });
        Ok(Self { port, shared })
    }

    /// Readings that came.
    pub(crate) fn readings(&self) -> u64 {
        self.shared.readings.load(Ordering::Relaxed)
    }

    /// Messages that were sent to the gateway.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// No more messages are sent.
    pub(crate) fn hold(&self) {
        self.shared.hold.store(true, Ordering::Relaxed);
    }

    /// When each value of `p000` came first.
    pub(crate) fn values(&self) -> Vec<(f64, Instant)> {
        self.shared.values.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(mut stream: TcpStream, rate: u64, shared: &Arc<Shared>) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut heard, mut chunk) = (BytesMut::new(), vec![0; 1 << 18]);
    loop {
        let came = stream.read(&mut chunk)?;
        if came == 0 {
            return Ok(());
        }
        let at = now();
        heard.extend_from_slice(&chunk[..came]);
        loop {
            match Packet::read(&mut heard, PACKET_BYTES) {
                Ok(packet) => take(packet, at, &mut stream, rate, shared)?,
                Err(Error::InsufficientBytes(_)) => break,
                Err(error) => bail!("no MQTT: {error}"),
            }
        }
    }
}

fn take(
    packet: Packet,
    at: Instant,
    stream: &mut TcpStream,
    rate: u64,
    shared: &Arc<Shared>,
) -> Result<()> {
    match packet {
        Packet::Connect(_) => stream.write_all(&[0x20, 2, 0, 0])?,
        Packet::PingReq => stream.write_all(&[0xD0, 0])?,
        Packet::Publish(publish) => {
            let payload = &publish.payload[..];
            let readings = payload.windows(3).filter(|w| *w == b"\"p0").count();
            shared.readings.fetch_add(readings as u64, Ordering::Relaxed);
            if shared.watch_values {
                note(payload, at, shared);
            }
            if publish.qos == QoS::AtLeastOnce {
                let [high, low] = publish.pkid.to_be_bytes();
                stream.write_all(&[0x40, 2, high, low])?;
            }
        }
        Packet::Subscribe(subscribe) => {
            let [high, low] = subscribe.pkid.to_be_bytes();
            let codes = vec![0; subscribe.filters.len()];
            stream.write_all(&[0x90, 2 + u8::try_from(codes.len())?, high, low])?;
            stream.write_all(&codes)?;
            if rate > 0 {
                let (stream, shared) = (stream.try_clone()?, shared.clone());
                thread::spawn(move || send(stream, rate, &shared));
            }
        }
        _ => {}
    }
    Ok(())
}

fn note(payload: &[u8], at: Instant, shared: &Shared) {
    let Ok(message) = serde_json::from_slice::<serde_json::Value>(payload) else { return };
    let Some(value) = message["points"]["p000"].as_f64() else { return };
    let mut values = shared.values.lock().unwrap_or_else(PoisonError::into_inner);
    if values.last().is_none_or(|(last, _)| *last != value) {
        values.push((value, at));
    }
}

/// Sends messages of 50 nodes at a rate, every millisecond what is due.
fn send(mut stream: TcpStream, rate: u64, shared: &Shared) -> Result<()> {
    let (start, mut sent, mut out) = (now(), 0_u64, Vec::new());
    while !shared.hold.load(Ordering::Relaxed) {
        let due = start.elapsed().as_micros() as u64 * rate / 1_000_000;
        out.clear();
        while sent < due && out.len() < 60_000 {
            let topic = format!("weir/v1/bench/d{}/telemetry", sent % 50);
            let json = format!(
                "{{\"boot\":1,\"seq\":{},\"points\":{{\"p000\":{}.{:02}}}}}",
                sent / 50,
                sent % 1000,
                sent % 97
            );
            let length = 2 + topic.len() + json.len();
            // Between 128 and 16383 the length takes two bytes, below that one.
            out.push(0x30);
            if length < 128 {
                out.push(length as u8);
            } else {
                out.extend_from_slice(&[(length % 128) as u8 | 128, (length / 128) as u8]);
            }
            out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
            out.extend_from_slice(topic.as_bytes());
            out.extend_from_slice(json.as_bytes());
            sent += 1;
        }
        stream.write_all(&out)?;
        shared.sent.store(sent, Ordering::Relaxed);
        pause(Duration::from_millis(1));
    }
    Ok(())
}
