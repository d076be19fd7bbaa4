//! The bytes of a Modbus link, whatever carries them, and the room for those that were heard.

use core::{
    pin::Pin,
    task::{Context, Poll, Waker},
};
use socket2::SockRef;
use std::io::{self, Read as _};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use tokio_serial::SerialStream;

/// Room for what was heard: three frames of the greatest length.
const ROOM: usize = 800;

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Serial(SerialStream),
}

impl Stream {
    /// Sends all of it.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            // Not flushed: that would hold up this thread until the last bit is out.
            Self::Serial(stream) => stream.write_all(bytes).await,
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, to),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, to),
            Self::Serial(stream) => Pin::new(stream).poll_read(cx, to),
        }
    }

    /// Reads what has arrived already; none if nothing has. Asks the system itself, as the runtime
    /// may not have noticed the latest bytes.
    fn read_now(&mut self, to: &mut [u8]) -> io::Result<Option<usize>> {
        let result = match self {
            Self::Tcp(stream) => (&*SockRef::from(&*stream)).read(to),
            Self::Serial(stream) => stream.try_read(to),
            Self::Tls(stream) => {
                let mut to = ReadBuf::new(to);
                match Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut to) {
                    Poll::Ready(result) => result.map(|()| to.filled().len()),
                    Poll::Pending => return Ok(None),
                }
            }
        };
        match result {
            Ok(n) => Ok(Some(n)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What was heard and not yet understood, and the frame before it.
#[derive(Debug)]
pub(super) struct Heard {
    room: Box<[u8; ROOM]>,
    begin: usize,
    end: usize,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self { room: Box::new([0; ROOM]), begin: 0, end: 0 }
    }

    /// What is not yet understood.
    pub(super) fn bytes(&self) -> &[u8] {
        self.room.get(self.begin..self.end).unwrap_or_default()
    }

    /// Bytes by their place, also those that were passed over last.
    pub(super) fn at(&self, begin: usize, end: usize) -> &[u8] {
        self.room.get(begin..end).unwrap_or_default()
    }

    /// The place of the first byte that is not yet understood.
    pub(super) fn begin(&self) -> usize {
        self.begin
    }

    /// Passes over the first `n` bytes. They stay readable by their place until more is heard.
    pub(super) fn pass(&mut self, n: usize) {
        self.begin = (self.begin + n).min(self.end);
    }

    pub(super) fn clear(&mut self) {
        (self.begin, self.end) = (0, 0);
    }

    /// As if these had been heard.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.make_room();
        for (to, from) in self.room.iter_mut().skip(self.end).zip(bytes) {
            *to = *from;
            self.end += 1;
        }
    }

    /// Hears more. When there is no room left, the oldest bytes are forgotten.
    pub(super) fn poll_hear(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.make_room();
        let mut to = ReadBuf::new(self.room.get_mut(self.end..).unwrap_or_default());
        match stream.poll_read(cx, &mut to) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => match to.filled().len() {
                0 => Poll::Ready(Err(hung_up())),
                n => {
                    self.end += n;
                    Poll::Ready(Ok(()))
                }
            },
        }
    }

    /// Takes in what has arrived already; says whether there was something.
    pub(super) fn hear_now(&mut self, stream: &mut Stream) -> io::Result<bool> {
        let mut any = false;
        // A bound, as a line may bring bytes faster than they are taken in.
        for _ in 0..64 {
            self.make_room();
            match stream.read_now(self.room.get_mut(self.end..).unwrap_or_default())? {
                None => break,
                // A pseudo-terminal or port says so when there is nothing.
                Some(0) if matches!(stream, Stream::Serial(_)) => break,
                Some(0) => return Err(hung_up()),
                Some(n) => {
                    self.end += n;
                    any = true;
                }
            }
        }
        Ok(any)
    }

    fn make_room(&mut self) {
        if self.begin == self.end {
            self.clear();
        } else if self.end > ROOM / 2 {
            let keep = (self.end - self.begin).min(ROOM / 2);
            self.room.copy_within(self.end - keep..self.end, 0);
            (self.begin, self.end) = (0, keep);
        }
    }
}

fn hung_up() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "hung up")
}
