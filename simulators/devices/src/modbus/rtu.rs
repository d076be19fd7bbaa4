//! Several units on a serial line, which is a pseudo-terminal: a pair of devices of which we hold
//! one end, and the gateway opens the other by its path.

use crate::station::Station;
use std::{io, path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_serial::{SerialPort, SerialStream};
use weir_wire::modbus::rtu::{
    BROADCAST, FRAME_MAX, FrameLen, frame, request_len, silence, transmission, unframe,
};

/// Silence after which a frame is over whatever was expected. A real line ends it sooner; a
/// pseudo-terminal is as slow as the machine is busy.
const SILENCE: Duration = Duration::from_millis(50);
/// Bytes before the data of an answer: unit, function code, byte count.
const DATA_AT: usize = 3;

/// One serial line.
pub(crate) struct SerialLine {
    ours: SerialStream,
    /// Kept open, so that the line stays when the gateway closes its end. It is neither locked nor
    /// marked exclusive: the gateway may do both.
    _theirs: SerialStream,
    path: PathBuf,
}

impl SerialLine {
    /// Makes a line.
    ///
    /// # Errors
    /// When the system gives no pseudo-terminal.
    pub(crate) fn open() -> io::Result<Self> {
        let (ours, theirs) = SerialStream::pair()?;
        let path =
            theirs.name().ok_or_else(|| io::Error::other("the pseudo-terminal has no name"))?;
        Ok(Self { ours, _theirs: theirs, path: path.into() })
    }

    /// What the gateway has to open.
    pub(crate) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Answers what is asked, as fast as the line is: with its baud rate, or at once.
    ///
    /// # Errors
    /// When the pseudo-terminal fails.
    pub(crate) async fn serve(mut self, station: &Station, baud: Option<u32>) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let request = self.next(&mut bytes).await?;
            let Ok((unit, pdu)) = unframe(&request) else {
                tracing::debug!(bytes = request.len(), "not a frame on the serial line");
                continue;
            };
            let reply = match unit {
                BROADCAST => None,
                unit => station.answer(unit, pdu),
            };
            let Some(reply) = reply else { continue };
            let mut answer = frame(unit, &reply.pdu);
            if let Some(corruption) = reply.corruption {
                corruption.spoil(&mut answer, DATA_AT);
            }
            tokio::time::sleep(reply.delay + line_time(request.len() + answer.len(), baud)).await;
            self.ours.write_all(&answer).await?;
        }
    }

    /// The bytes of the next frame: as many as its beginning says, or all until the silence.
    async fn next(&mut self, bytes: &mut Vec<u8>) -> io::Result<Vec<u8>> {
        bytes.clear();
        loop {
            match request_len(bytes) {
                FrameLen::Known(len) if bytes.len() >= len => {
                    return Ok(bytes.drain(..len).collect());
                }
                _ if bytes.len() > FRAME_MAX => return Ok(std::mem::take(bytes)),
                _ => {}
            }
            let mut chunk = [0; FRAME_MAX];
            let reading = self.ours.read(&mut chunk);
            let read = if bytes.is_empty() {
                reading.await?
            } else {
                match timeout(SILENCE, reading).await {
                    Ok(read) => read?,
                    Err(_) => return Ok(std::mem::take(bytes)),
                }
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(&chunk[..read]);
        }
    }
}

/// How long bytes take on the line, with the silence between request and answer.
fn line_time(bytes: usize, baud: Option<u32>) -> Duration {
    baud.map_or(Duration::ZERO, |baud| transmission(bytes, baud) + silence(baud))
}
