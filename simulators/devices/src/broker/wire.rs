//! MQTT packets over a TCP stream, and why there are no more of them.

use bytes::BytesMut;
use rumqttc::mqttbytes::{
    self,
    v4::{Connect, Packet},
};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// First byte of a CONNECT.
const CONNECT: u8 = 0x10;
/// Most bytes of a packet.
const PACKET_MAX: usize = 1 << 20;
/// Bytes after which waiting packets are written out.
const WRITE_AT: usize = 64 << 10;
/// How long a client may take to take what is written to it.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The client said good-bye.
    #[error("good-bye")]
    Goodbye,
    /// The broker stops, or another connection has the session.
    #[error("closed")]
    Closed,
    /// The socket failed, or ended without a word.
    #[error("connection lost")]
    Lost(#[source] io::Error),
    /// Nothing came, or nothing was taken, for too long.
    #[error("silent for too long")]
    Silent,
    /// What came is not MQTT 3.1.1.
    #[error("not MQTT 3.1.1")]
    Malformed(#[source] mqttbytes::Error),
    /// The client broke the protocol.
    #[error("protocol broken: {0}")]
    Protocol(&'static str),
}

/// Bytes of one client, in and out.
pub(super) struct Wire {
    stream: TcpStream,
    read: BytesMut,
    write: BytesMut,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Result<Self, End> {
        stream.set_nodelay(true).map_err(End::Lost)?;
        Ok(Self { stream, read: BytesMut::new(), write: BytesMut::new() })
    }

    /// Whether so much waits to be written that it is time to flush.
    pub(super) fn is_full(&self) -> bool {
        self.write.len() >= WRITE_AT
    }

    /// The next packet. May be cancelled without losing anything.
    pub(super) async fn next(&mut self) -> Result<Packet, End> {
        loop {
            match Packet::read(&mut self.read, PACKET_MAX) {
                Ok(packet) => return Ok(packet),
                Err(mqttbytes::Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(End::Malformed(error)),
            }
            if self.stream.read_buf(&mut self.read).await.map_err(End::Lost)? == 0 {
                return Err(End::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// The packet that a client begins with. A stranger is told apart by its first byte, before
    /// what it says is taken for a length.
    pub(super) async fn connect(&mut self) -> Result<Connect, End> {
        const NO_CONNECT: End = End::Protocol("the first packet is no CONNECT");
        self.stream.read_buf(&mut self.read).await.map_err(End::Lost)?;
        if self.read.first().is_some_and(|first| *first != CONNECT) {
            return Err(NO_CONNECT);
        }
        match self.next().await? {
            Packet::Connect(connect) => Ok(connect),
            _ => Err(NO_CONNECT),
        }
    }

    /// Puts a packet behind what waits to be written.
    pub(super) fn put(&mut self, packet: &Packet) -> Result<(), End> {
        // A packet is never longer than the one it repeats, and its id takes two bytes.
        packet.write(&mut self.write, PACKET_MAX + 2).map_err(End::Malformed)?;
        Ok(())
    }

    /// Writes what waits.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        let written = timeout(WRITE_TIME, self.stream.write_all_buf(&mut self.write));
        written.await.map_err(|_| End::Silent)?.map_err(End::Lost)
    }
}
