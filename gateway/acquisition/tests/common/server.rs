//! Modbus servers for the tests, over TCP and over a serial line, whose units misbehave as told.
//!
//! A register's value is `unit × 1000 + address`: a value in the wrong place is seen at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
    time::sleep,
};
use tokio_serial::{SerialPort, SerialStream};
use weir_acquisition::{Endpoint, Framing, Parity, Transport};
use weir_wire::modbus::{
    Exception, Mbap, Request, encode_bits, encode_exception, encode_registers, parse_request, rtu,
};

/// How a unit behaves.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    Answers,
    Silent,
    /// Answers so much later.
    Late(Duration),
    /// Answers with so many registers or bits too many.
    WrongCount(i32),
    /// Says that it sends more bytes than it does.
    WrongByteCount,
    /// Answers another function.
    WrongFunction,
    /// Answers as another unit.
    WrongUnit,
    /// Answers with another transaction id, or a damaged checksum.
    Damaged,
    /// Sends bytes of no meaning.
    Garbage,
    /// Sends this before the answer.
    Noise(Vec<u8>),
    /// Sends the answer byte by byte.
    Dribbles,
    /// Sends the answer twice.
    Twice,
    Refuses(Exception),
    /// Refuses what does not exist: every address but multiples of 10.
    OnlyTens,
    /// Refuses to be asked for this address.
    Lacks(u16),
    /// Closes the connection.
    Closes,
    /// Answers, and closes the connection.
    ClosesAfter,
    /// Answers so much later with how often it has been asked, this time included.
    Counts(Duration),
}

/// A unit id, and the PDU that came for it.
type Asked = (u8, Vec<u8>);

/// What every server shares.
#[derive(Clone, Default)]
pub(crate) struct Units {
    behaviour: Arc<Mutex<HashMap<u8, Behaviour>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Units {
    pub(crate) fn set(&self, unit: u8, behaviour: Behaviour) {
        self.behaviour.lock().unwrap().insert(unit, behaviour);
    }

    /// Every PDU that came, with its unit.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn times_asked(&self, unit: u8) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| *asked == unit).count()
    }

    fn behaviour(&self, unit: u8) -> Behaviour {
        self.behaviour.lock().unwrap().get(&unit).cloned().unwrap_or(Behaviour::Silent)
    }

    /// The answering PDU, and how to send it.
    fn answer(&self, unit: u8, pdu: &[u8]) -> (Vec<u8>, Behaviour) {
        self.asked.lock().unwrap().push((unit, pdu.to_vec()));
        let behaviour = self.behaviour(unit);
        let code = pdu.first().copied().unwrap_or_default();
        let mut answer = match (parse_request(pdu), &behaviour) {
            (Err(exception), _) => encode_exception(code, exception).to_vec(),
            (Ok(_), Behaviour::Refuses(exception)) => encode_exception(code, *exception).to_vec(),
            (Ok(request), Behaviour::OnlyTens) if request.count > 1 => {
                encode_exception(code, Exception::IllegalDataAddress).to_vec()
            }
            (Ok(request), Behaviour::Lacks(address))
                if (request.start..request.start + request.count).contains(address) =>
            {
                encode_exception(code, Exception::IllegalDataAddress).to_vec()
            }
            (Ok(request), Behaviour::WrongCount(more)) => content(unit, request, *more),
            (Ok(request), Behaviour::Counts(_)) => {
                let count = u16::try_from(self.times_asked(unit)).unwrap();
                encode_registers(request.function, &vec![count; usize::from(request.count)])
            }
            (Ok(request), _) => content(unit, request, 0),
        };
        match behaviour {
            Behaviour::WrongFunction => answer[0] ^= 7,
            Behaviour::WrongByteCount => answer[1] += 2,
            _ => {}
        }
        (answer, behaviour)
    }
}

fn content(unit: u8, request: Request, more: i32) -> Vec<u8> {
    let count = i32::from(request.count) + more;
    let value = |i: i32| u16::from(unit) * 1000 + request.start + u16::try_from(i).unwrap();
    if request.function.reads_bits() {
        let bits: Vec<bool> = (0..count).map(|i| value(i) % 2 == 1).collect();
        encode_bits(request.function, &bits)
    } else {
        let registers: Vec<u16> = (0..count).map(value).collect();
        encode_registers(request.function, &registers)
    }
}

/// A Modbus TCP server. Every connection is served on its own, every request by its own task, as
/// gateways do that queue.
pub(crate) struct TcpServer {
    pub(crate) port: u16,
    pub(crate) units: Units,
    pub(crate) connections: Arc<Mutex<u32>>,
    framing: Framing,
    task: JoinHandle<()>,
}

impl TcpServer {
    pub(crate) async fn start() -> Self {
        Self::start_on(0, Units::default()).await
    }

    pub(crate) async fn start_on(port: u16, units: Units) -> Self {
        Self::start_with(port, units, Framing::Mbap).await
    }

    pub(crate) async fn start_with(port: u16, units: Units, framing: Framing) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(Mutex::new(0));
        let (served, counted) = (units.clone(), connections.clone());
        let task = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *counted.lock().unwrap() += 1;
                let _ = stream.set_nodelay(true);
                let served = served.clone();
                match framing {
                    Framing::Mbap => serving.spawn(serve_mbap(stream, served)),
                    Framing::Rtu => serving.spawn(serve_rtu(stream, served)),
                };
            }
        });
        Self { port, units, connections, framing, task }
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::ModbusTcp {
            endpoints: vec![Endpoint { host: "127.0.0.1".into(), port: self.port }],
            framing: self.framing,
            tls: None,
        }
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Late answers hold up nobody: they are written when their time comes.
pub(crate) async fn serve_mbap<S: Bytes>(stream: S, units: Units) {
    let (mut from, to) = tokio::io::split(stream);
    let to = Arc::new(tokio::sync::Mutex::new(to));
    let mut heard = Vec::new();
    let mut answering = tokio::task::JoinSet::new();
    loop {
        let mut buffer = [0; 512];
        let Ok(n @ 1..) = from.read(&mut buffer).await else { return };
        heard.extend(&buffer[..n]);
        while let Ok(Some(frame)) = Mbap::parse(&heard) {
            let (mut header, used) = (frame.header, frame.used);
            let (answer, behaviour) = units.answer(header.unit, frame.pdu);
            heard.drain(..used);
            let mut bytes = Vec::new();
            let mut delay = Duration::ZERO;
            match &behaviour {
                Behaviour::Silent => continue,
                Behaviour::Closes => return,
                Behaviour::Late(by) | Behaviour::Counts(by) => delay = *by,
                Behaviour::WrongUnit => header.unit += 1,
                Behaviour::Damaged => header.transaction += 1,
                Behaviour::Noise(noise) => bytes.extend(noise),
                _ => {}
            }
            match behaviour {
                Behaviour::Garbage => bytes.extend([0xA5; 24]),
                Behaviour::Twice => {
                    bytes.extend([header.emit(&answer), header.emit(&answer)].concat())
                }
                _ => bytes.extend(header.emit(&answer)),
            }
            if matches!(behaviour, Behaviour::ClosesAfter) {
                let _ = to.lock().await.write_all(&bytes).await;
                return;
            }
            let dribbles = matches!(behaviour, Behaviour::Dribbles);
            let to = to.clone();
            answering.spawn(async move {
                sleep(delay).await;
                let mut to = to.lock().await;
                for piece in bytes.chunks(if dribbles { 1 } else { bytes.len() }) {
                    let _closed = to.write_all(piece).await;
                    let _closed = to.flush().await;
                    if dribbles {
                        sleep(Duration::from_millis(2)).await;
                    }
                }
            });
        }
    }
}

/// What can be served.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Bytes for S {}

/// A serial line with units on it, reached through a path that can be led elsewhere.
pub(crate) struct SerialLine {
    pub(crate) units: Units,
    pub(crate) path: std::path::PathBuf,
    task: Option<JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl SerialLine {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tty");
        let mut line = Self { units: Units::default(), path, task: None, _directory: directory };
        line.plug_in();
        line
    }

    pub(crate) fn plug_in(&mut self) {
        // The near end is let go: the gateway opens it by its path, and for itself alone.
        let (far, near) = SerialStream::pair().unwrap();
        std::os::unix::fs::symlink(near.name().unwrap(), &self.path).unwrap();
        self.task = Some(tokio::spawn(serve_rtu(far, self.units.clone())));
    }

    /// As when a USB adapter is pulled out.
    pub(crate) async fn pull_out(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
        if let Some(task) = self.task.take() {
            task.abort();
            let _aborted = task.await;
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::ModbusRtu {
            port: self.path.to_str().unwrap().into(),
            baud: 115_200,
            parity: Parity::None,
            stop_bits: 1,
            data_bits: 8,
        }
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Late answers do not hold up others: they are written when their time comes, as by units of
/// their own.
pub(crate) async fn serve_rtu<S: Bytes>(mut line: S, units: Units) {
    let (out, mut late) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let mut heard = Vec::new();
    loop {
        let mut buffer = [0; 512];
        tokio::select! {
            Some(bytes) = late.recv() => {
                if line.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            n = line.read(&mut buffer) => {
                // Nobody has the near end of a pseudo-terminal open: an error, until somebody has.
                let Ok(n) = n else { sleep(Duration::from_millis(5)).await; continue };
                if n == 0 {
                    return;
                }
                heard.extend(&buffer[..n]);
                while let rtu::FrameLen::Known(len) = rtu::request_len(&heard)
                    && heard.len() >= len
                {
                    let frame: Vec<u8> = heard.drain(..len).collect();
                    let (unit, pdu) = rtu::unframe(&frame).expect("the gateway's frames are right");
                    let (delay, bytes) = rtu_answer(&units, unit, pdu);
                    let out = out.clone();
                    tokio::spawn(async move {
                        sleep(delay).await;
                        let _closed = out.send(bytes);
                    });
                }
            }
        }
    }
}

fn rtu_answer(units: &Units, unit: u8, pdu: &[u8]) -> (Duration, Vec<u8>) {
    let (answer, behaviour) = units.answer(unit, pdu);
    let frame = rtu::frame(unit, &answer);
    let bytes = match &behaviour {
        Behaviour::Silent | Behaviour::Closes => Vec::new(),
        Behaviour::WrongUnit => rtu::frame(unit + 1, &answer),
        Behaviour::Damaged => frame.iter().map(|byte| byte ^ 0x10).collect(),
        Behaviour::Garbage => vec![0xA5; 24],
        Behaviour::Noise(noise) => [noise.clone(), frame].concat(),
        Behaviour::Twice => [frame.clone(), frame].concat(),
        _ => frame,
    };
    let delay = match behaviour {
        Behaviour::Late(delay) | Behaviour::Counts(delay) => delay,
        _ => Duration::ZERO,
    };
    (delay, bytes)
}
