//! Modbus RTU on a serial port.
//!
//! A serial line has no transaction ids: what comes next is the answer, unless it is a late one.
//! So the line is silent, and emptied, before every request; what does not come from the unit
//! that was asked is passed over; after a timeout the line is emptied until it is silent; and the
//! unit is left alone for a while ([`RtuBus::late_window`]), so that its late answer meets a
//! request to somebody else, which it cannot be taken for.

use super::bus::{Exchange, Line};
use super::find::{Found, find};
use crate::{Failure, Parity, Transport};
use core::time::Duration;
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_serial::{DataBits, SerialPortBuilderExt, SerialStream, StopBits};
use weir_wire::modbus::{Request, ResponseError, rtu};

/// Silence after a failure before the next request; covers 3.5 characters at any rate, and the
/// 16 ms for which a USB adapter keeps bytes back.
const SILENCE_AFTER_FAILURE: Duration = Duration::from_millis(50);
/// A line that babbles for longer than this after a failure is closed and opened again.
const BABBLE_MAX: Duration = Duration::from_millis(500);
/// Bytes kept while an answer is awaited.
const HEARD_MAX: usize = 2 * rtu::FRAME_MAX;

/// A serial line.
pub(super) struct RtuBus {
    port: Port,
    timeout: Duration,
    stream: Option<SerialStream>,
    line: Line,
    /// When the line was last busy.
    busy_at: Option<Instant>,
}

struct Port {
    path: String,
    baud: u32,
    parity: Parity,
    stop_bits: u8,
    data_bits: u8,
}

impl RtuBus {
    pub(super) fn new(transport: &Transport, timeout: Duration) -> Option<Self> {
        let Transport::ModbusRtu { port, baud, parity, stop_bits, data_bits } = transport else {
            return None;
        };
        let (parity, stop_bits, data_bits) = (*parity, *stop_bits, *data_bits);
        let port = Port { path: port.clone(), baud: *baud, parity, stop_bits, data_bits };
        Some(Self { port, timeout, stream: None, line: Line::new(), busy_at: None })
    }

    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    pub(super) fn late_window(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn exchange(&mut self, unit: u8, asked: Request) -> Result<Exchange, Failure> {
        // Taken out, and put back unless the port itself is gone.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.open()?,
        };
        let result = match self.ask(&mut stream, unit, asked).await {
            Ok(Err(failure)) if failure.ends_the_scan() => {
                self.empty(&mut stream, SILENCE_AFTER_FAILURE).await.map(|()| Err(failure))
            }
            result => result,
        };
        self.busy_at = Some(Instant::now());
        match result {
            Ok(result) => {
                self.stream = Some(stream);
                result
            }
            Err(error) => {
                Err(self.line.down(Instant::now(), format!("lost {}: {error}", self.port.path)))
            }
        }
    }

    fn open(&mut self) -> Result<SerialStream, Failure> {
        self.line.check(Instant::now())?;
        match self.port.open() {
            Ok(stream) => {
                self.line.up();
                Ok(stream)
            }
            Err(error) => {
                let what = format!("could not open {}: {error}", self.port.path);
                Err(self.line.down(Instant::now(), what))
            }
        }
    }

    /// One request and its answer. The outer error is that of the port.
    async fn ask(
        &mut self,
        stream: &mut SerialStream,
        unit: u8,
        asked: Request,
    ) -> io::Result<Result<Exchange, Failure>> {
        let silence = rtu::silence(self.port.baud);
        if let Some(busy_at) = self.busy_at {
            sleep(silence.saturating_sub(busy_at.elapsed())).await;
        }
        self.empty(stream, Duration::ZERO).await?;
        let request = rtu::frame(unit, &asked.encode());
        let started = Instant::now();
        // Not flushed: that would hold up this thread until the last bit is out.
        match timeout(self.timeout, stream.write_all(&request)).await {
            Ok(written) => written?,
            Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "it takes no bytes")),
        }
        let on_the_line = rtu::transmission(request.len(), self.port.baud);
        let deadline = started + on_the_line + self.timeout;
        let mut heard = Vec::new();
        while let Ok(read) = timeout_at(deadline, read(stream, &mut heard)).await {
            read?;
            match find(&heard, unit, asked, &request) {
                Found::Nothing => {}
                Found::Answer(answer) => {
                    return Ok(Ok(Exchange { answer, round_trip: started.elapsed() }));
                }
                Found::Wrong(error) => return Ok(Err(wrong(unit, error))),
            }
        }
        Ok(Err(self.unanswered(unit, &heard, &request)))
    }

    fn unanswered(&self, unit: u8, heard: &[u8], request: &[u8]) -> Failure {
        // Adapters that hear themselves give the request back.
        let bytes = heard.strip_prefix(request).unwrap_or(heard).len();
        match bytes {
            0 => Failure::Timeout { unit, timeout: self.timeout },
            bytes => Failure::Noise { unit, bytes },
        }
    }

    /// Throws away what is there, and then what comes until nothing has come for `silence`.
    async fn empty(&mut self, stream: &mut SerialStream, silence: Duration) -> io::Result<()> {
        let give_up_at = Instant::now() + BABBLE_MAX;
        let after_late = rtu::silence(self.port.baud).max(SILENCE_AFTER_FAILURE);
        let mut silence = if discard(stream)? { after_late } else { silence };
        let mut heard = Vec::new();
        while !silence.is_zero()
            && let Ok(read) = timeout(silence, read(stream, &mut heard)).await
        {
            read?;
            // Something is coming in: it is late, and has to end before anything else.
            silence = after_late;
            if Instant::now() > give_up_at {
                return Err(io::Error::other("a device on the line talks without end"));
            }
        }
        Ok(())
    }
}

/// Throws away what has arrived already; says whether there was something. Asks the system itself,
/// as the runtime may not have noticed the latest bytes.
fn discard(stream: &mut SerialStream) -> io::Result<bool> {
    let mut buffer = [0; rtu::FRAME_MAX];
    let mut any = false;
    // A bound, as a line may bring bytes faster than they are thrown away.
    for _ in 0..64 {
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => any = true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(any)
}

/// Reads what there is, and keeps the last of it.
async fn read(stream: &mut SerialStream, heard: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; rtu::FRAME_MAX];
    let n = stream.read(&mut buffer).await?;
    if n == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "hung up"));
    }
    heard.extend(buffer.iter().take(n));
    heard.drain(..heard.len().saturating_sub(HEARD_MAX));
    Ok(())
}

fn wrong(unit: u8, error: ResponseError) -> Failure {
    match error {
        ResponseError::Exception(exception) => Failure::Exception { unit, exception },
        error => Failure::Invalid { unit, what: error.to_string() },
    }
}

impl Port {
    fn open(&self) -> tokio_serial::Result<SerialStream> {
        tokio_serial::new(&self.path, self.baud)
            .parity(match self.parity {
                Parity::None => tokio_serial::Parity::None,
                Parity::Even => tokio_serial::Parity::Even,
                Parity::Odd => tokio_serial::Parity::Odd,
            })
            .stop_bits(if self.stop_bits == 2 { StopBits::Two } else { StopBits::One })
            .data_bits(match self.data_bits {
                5 => DataBits::Five,
                6 => DataBits::Six,
                7 => DataBits::Seven,
                _ => DataBits::Eight,
            })
            .open_native_async()
    }
}
