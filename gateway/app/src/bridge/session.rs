//! The connection to the broker: one socket, and as many messages in a write as are waiting.
//!
//! The packets are those of `rumqttc`'s codec; its event loop is left out, as it wakes a task and
//! allocates several times for every message. With QoS 1 a message is kept until the broker has acknowledged
//! it, at most [`UNACKED_MAX`] of them, and all of them are sent again on the next connection. With
//! QoS 0 what was being written when a connection broke is counted as lost.

use super::outbox::{Message, Outbox};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use rumqttc::{Connect, ConnectReturnCode, Disconnect, Error, Packet, PingReq, Publish, QoS};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    time::{Instant, interval_at, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// First and longest wait before the next connection.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// How long the broker has to take a connection, or a write.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the broker is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(15);
/// What the broker is told of that, with room for a slow network.
const KEEP_ALIVE_SECONDS: u16 = 45;
/// A write is about this long at most.
const WRITE_BYTES: usize = 64 * 1024;
/// With QoS 1, most messages that the broker has not acknowledged.
const UNACKED_MAX: usize = 256;
/// Largest packet that the broker may send: all it has to say is acknowledgements.
const PACKET_BYTES: usize = 4096;
/// How long the end may take.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// Whom to speak to, and how.
pub(super) struct Broker {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) client_id: String,
    pub(super) login: Option<(String, String)>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
}

/// What is said to the broker, over as many connections as it takes.
pub(super) struct Session {
    broker: Broker,
    outbox: Arc<Outbox>,
    /// A packet for each device, to be filled in.
    packets: Vec<Publish>,
    /// Sent, and not acknowledged; oldest first. Always empty with QoS 0.
    unacked: VecDeque<(u16, Message)>,
    /// Those of them to be sent on this connection.
    again: VecDeque<(u16, Message)>,
    last_id: u16,
    /// A ping has no answer yet.
    pinged: bool,
    /// What is being written.
    wire: BytesMut,
}

impl Session {
    /// A session that publishes device `i` on `topics[i]`.
    pub(super) fn new(broker: Broker, topics: Vec<String>, outbox: Arc<Outbox>) -> Self {
        let packet = |topic: String| Publish {
            retain: broker.retain,
            ..Publish::from_bytes(topic, broker.qos, Bytes::new())
        };
        let packets = topics.into_iter().map(packet).collect();
        let (unacked, again, wire) = (VecDeque::new(), VecDeque::new(), BytesMut::new());
        Self { broker, outbox, packets, unacked, again, last_id: 0, pinged: false, wire }
    }

    /// Connects, again and again, until it is done.
    pub(super) async fn run(mut self, done: CancellationToken) {
        let (mut wait, mut was_down) = (RETRY.0, false);
        loop {
            let connected = tokio::select! {
                () = done.cancelled() => return,
                connected = self.connect() => connected,
            };
            let result = match connected {
                Err(error) => Err(error),
                Ok(mut stream) => {
                    tracing::info!("connected to the broker");
                    (wait, was_down) = (RETRY.0, false);
                    self.speak(&mut stream, &done).await
                }
            };
            let Err(error) = result else { return };
            if !was_down {
                tracing::warn!("the broker is away, scans wait in memory: {error:#}");
            }
            was_down = true;
            tokio::select! {
                () = done.cancelled() => return,
                () = sleep(wait) => wait = (wait * 2).min(RETRY.1),
            }
        }
    }

    async fn connect(&self) -> Result<TcpStream> {
        let Broker { host, port, .. } = &self.broker;
        let greet = async {
            let mut stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            let mut hello = Connect::new(&self.broker.client_id);
            hello.keep_alive = KEEP_ALIVE_SECONDS;
            if let Some((user, password)) = &self.broker.login {
                hello.set_login(user, password);
            }
            let mut bytes = BytesMut::new();
            hello.write(&mut bytes)?;
            stream.write_all(&bytes).await?;
            bytes.clear();
            loop {
                ensure!(stream.read_buf(&mut bytes).await? > 0, "it closed the connection");
                match next(&mut bytes)? {
                    None => {}
                    Some(Packet::ConnAck(ack)) if ack.code == ConnectReturnCode::Success => {
                        return Ok(stream);
                    }
                    Some(Packet::ConnAck(ack)) => bail!("it refuses us: {:?}", ack.code),
                    Some(other) => bail!("it greets with {other:?}"),
                }
            }
        };
        let result = match timeout(PATIENCE, greet).await {
            Ok(result) => result,
            Err(_) => Err(anyhow::anyhow!("no answer within {} s", PATIENCE.as_secs())),
        };
        result.with_context(|| format!("could not connect to {host}:{port}"))
    }

    /// Publishes until it is done; an error is the end of the connection.
    async fn speak(&mut self, stream: &mut TcpStream, done: &CancellationToken) -> Result<()> {
        let (mut read, mut write) = stream.split();
        let mut heard = BytesMut::new();
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        self.pinged = false;
        self.again.append(&mut self.unacked);
        self.outbox.wake();
        loop {
            tokio::select! {
                biased;
                () = done.cancelled() => {
                    // What cannot be sent in time is lost with the process.
                    let _ = timeout(FLUSH_MAX, self.finish(&mut read, &mut write)).await;
                    return Ok(());
                }
                came = read.read_buf(&mut heard) => {
                    ensure!(came? > 0, "it closed the connection");
                    self.hear(&mut heard)?;
                }
                () = self.outbox.filled(), if self.unacked.len() < UNACKED_MAX => {
                    if self.send(&mut write).await? {
                        self.outbox.wake();
                    }
                }
                _ = ping.tick() => {
                    ensure!(!self.pinged, "no answer to a ping in {} s", PING_EVERY.as_secs());
                    self.pinged = true;
                    self.wire.clear();
                    PingReq.write(&mut self.wire)?;
                    self.flush(&mut write).await?;
                }
            }
        }
    }

    /// Sends what waits, as much as fits into one write. Says whether there is more.
    async fn send(&mut self, write: &mut WriteHalf<'_>) -> Result<bool> {
        let Self { broker, outbox, packets, unacked, again, last_id, wire, .. } = self;
        wire.clear();
        let mut messages = 0;
        let mut put = |id: u16, message: &Message, wire: &mut BytesMut| {
            let packet = &mut packets[message.device];
            packet.pkid = id;
            packet.payload = message.payload.clone();
            packet.write(wire).expect("a scan is far smaller than the largest packet of MQTT");
            packet.payload = Bytes::new();
            messages += 1;
        };
        while let Some((id, message)) = again.pop_front() {
            put(id, &message, wire);
            unacked.push_back((id, message));
        }
        let keeps = broker.qos != QoS::AtMostOnce;
        let more = outbox.take(|message| {
            if keeps {
                *last_id = last_id.checked_add(1).unwrap_or(1);
                put(*last_id, &message, wire);
                unacked.push_back((*last_id, message));
            } else {
                put(0, &message, wire);
            }
            wire.len() < WRITE_BYTES && unacked.len() < UNACKED_MAX
        });
        let written = self.flush(write).await;
        match &written {
            _ if keeps => {}
            Ok(()) => self.outbox.published(messages),
            Err(_) => self.outbox.lost(messages),
        }
        written.map(|()| more)
    }

    async fn flush(&mut self, write: &mut WriteHalf<'_>) -> Result<()> {
        let written = timeout(PATIENCE, write.write_all(&self.wire)).await;
        let written =
            written.with_context(|| format!("it took nothing for {} s", PATIENCE.as_secs()))?;
        written.context("could not send")
    }

    /// Takes in what the broker said.
    fn hear(&mut self, heard: &mut BytesMut) -> Result<()> {
        while let Some(packet) = next(heard)? {
            match packet {
                Packet::PubAck(ack) => self.acknowledged(ack.pkid),
                Packet::PingResp => self.pinged = false,
                _ => {}
            }
        }
        Ok(())
    }

    /// Brokers acknowledge in the order of receipt, so it is one of the first.
    fn acknowledged(&mut self, id: u16) {
        if let Some(at) = self.unacked.iter().position(|(unacked, _)| *unacked == id) {
            self.unacked.remove(at);
            self.outbox.published(1);
            self.outbox.wake();
        }
    }

    /// Sends all that is left, waits until it is acknowledged, and takes leave.
    async fn finish(&mut self, read: &mut ReadHalf<'_>, write: &mut WriteHalf<'_>) -> Result<()> {
        let (mut more, mut heard) = (true, BytesMut::new());
        while more || !self.unacked.is_empty() {
            if more && self.unacked.len() < UNACKED_MAX {
                more = self.send(write).await?;
            }
            if !self.unacked.is_empty() {
                ensure!(read.read_buf(&mut heard).await? > 0, "it closed the connection");
                self.hear(&mut heard)?;
            }
        }
        self.wire.clear();
        Disconnect.write(&mut self.wire)?;
        self.flush(write).await
    }
}

/// The next whole packet that was heard.
fn next(heard: &mut BytesMut) -> Result<Option<Packet>> {
    match Packet::read(heard, PACKET_BYTES) {
        Ok(packet) => Ok(Some(packet)),
        Err(Error::InsufficientBytes(_)) => Ok(None),
        Err(error) => bail!("it says what is not MQTT: {error}"),
    }
}

#[cfg(test)]
mod tests;
