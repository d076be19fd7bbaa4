//! Connections, with the limits that a server in the field needs: so many at once, and none that
//! stays open for ever while nothing moves on it (a cable pulled, a laptop closed).

use crate::limits;
use axum::serve::Listener;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

/// A listener that accepts only so many at once.
pub(crate) struct Connections {
    listener: TcpListener,
    free: Arc<Semaphore>,
    idle: Duration,
}

impl Connections {
    /// With the limits of the house.
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self::with(listener, limits::CONNECTIONS, limits::IDLE)
    }

    fn with(listener: TcpListener, most: usize, idle: Duration) -> Self {
        Self { listener, free: Arc::new(Semaphore::new(most)), idle }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let free = Arc::clone(&self.free);
        let place = free.acquire_owned().await.expect("the semaphore is never closed");
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::trace!(%error, "a connection without TCP_NODELAY");
        }
        let timer = Box::pin(tokio::time::sleep(self.idle));
        let connection =
            Connection { stream, moved: Instant::now(), idle: self.idle, timer, _place: place };
        (connection, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails when nothing moves on it.
pub(crate) struct Connection {
    stream: TcpStream,
    /// When bytes last went either way.
    moved: Instant,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Passes on what moved; otherwise looks whether it has been quiet for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.moved = Instant::now();
            return done;
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let end = self.moved + self.idle;
            if Instant::now() >= end {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.timer.as_mut().reset(end);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.watch(cx, done)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const IDLE: Duration = Duration::from_millis(300);

    async fn connections(most: usize) -> (Connections, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Connections::with(listener, most, IDLE), address)
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_moves_fails() {
        let (mut connections, address) = connections(1).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut server, _) = connections.accept().await;
        let begin = Instant::now();
        let busy = tokio::spawn(async move {
            for _ in 0..4 {
                client.write_all(b"x").await.unwrap();
                tokio::time::sleep(IDLE / 2).await;
            }
            client
        });
        let mut bytes = [0; 8];
        let error = loop {
            match server.read(&mut bytes).await {
                Ok(count) => assert_eq!(count, 1),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= IDLE * 5 / 2, "cut off while bytes came");
        drop(busy.await.unwrap());
    }

    #[tokio::test]
    async fn one_too_many_waits_for_a_place() {
        let (mut connections, address) = connections(1).await;
        let _first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let (first, _) = connections.accept().await;
        let soon = Duration::from_millis(100);
        assert!(tokio::time::timeout(soon, connections.accept()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(soon, connections.accept()).await.is_ok());
    }
}
