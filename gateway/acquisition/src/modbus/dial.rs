//! Connections that the gateway opens: to an address, or to its backups.
//!
//! The first address is tried first, and those behind it in their order, all in one go. While a
//! backup serves, the first address is tried again every minute, beside the polling, and taken
//! back once it can be connected to: a backup that works is never let go for one that may not.
//! An address that takes connections and where every unit is silent is passed over once.

use super::stream::Stream;
use crate::{Endpoint, Tls, tls};
use core::time::Duration;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use std::sync::Arc;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

/// How often the first address is tried while a backup serves.
const RETURN_INTERVAL: Duration = Duration::from_secs(60);
/// Time for a TLS handshake at least: it costs a small device more than an answer does.
const HANDSHAKE_MIN: Duration = Duration::from_secs(5);
/// When a silent connection is tested by the system, how often, and how many times.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);

/// Where to connect to, and how it went.
pub(super) struct Dialler {
    endpoints: Vec<Endpoint>,
    /// TLS with the name each endpoint must have; or why it cannot be used.
    tls: Option<Result<Secure, String>>,
    timeout: Duration,
    /// The endpoint that serves, or served last.
    at: usize,
    /// The endpoint to be tried first next time.
    first: usize,
    /// The first address, tried beside the polling, and when it was.
    returning: Option<JoinHandle<Result<Stream, String>>>,
    tried_at: Instant,
    /// The first address has been reached again.
    returned: Option<Stream>,
    return_interval: Duration,
}

#[derive(Clone)]
struct Secure {
    connector: TlsConnector,
    names: Vec<ServerName<'static>>,
}

impl Dialler {
    /// None without any endpoint.
    pub(super) fn new(
        endpoints: Vec<Endpoint>,
        tls: Option<&Tls>,
        timeout: Duration,
    ) -> Option<Self> {
        if endpoints.is_empty() {
            return None;
        }
        let tls = tls.map(|tls| secure(tls, &endpoints));
        Some(Self {
            endpoints,
            tls,
            timeout,
            at: 0,
            first: 0,
            returning: None,
            tried_at: Instant::now(),
            returned: None,
            return_interval: RETURN_INTERVAL,
        })
    }

    /// The address in use, where there are several.
    pub(super) fn endpoint(&self) -> Option<String> {
        let endpoint = self.endpoints.get(self.at)?;
        (self.endpoints.len() > 1).then(|| endpoint.to_string())
    }

    /// The present address serves nobody: another one, if there is one, is to be tried first.
    pub(super) fn try_another(&mut self) {
        self.first = (self.at + 1) % self.endpoints.len();
    }

    /// Connects to the first address that can be.
    ///
    /// # Errors
    /// In words, of every address.
    pub(super) async fn connect(&mut self) -> Result<Stream, String> {
        self.returning = None;
        if let Some(stream) = self.returned.take() {
            self.at = 0;
            return Ok(stream);
        }
        let first = core::mem::take(&mut self.first);
        let mut faults = Vec::new();
        for step in 0..self.endpoints.len() {
            let at = (first + step) % self.endpoints.len();
            match self.connecting(at).await {
                Ok(stream) => {
                    (self.at, self.tried_at) = (at, Instant::now());
                    return Ok(stream);
                }
                Err(fault) => faults.push(fault),
            }
        }
        Err(faults.join("; "))
    }

    /// Whether the first address can be had again while a backup serves. Never waits for it.
    pub(super) async fn may_return(&mut self, connected: bool) -> bool {
        if self.at == 0 || !connected {
            return false;
        }
        match &mut self.returning {
            Some(task) if task.is_finished() => {
                let came = task.await;
                self.returning = None;
                self.returned = came.ok().and_then(Result::ok);
                self.returned.is_some()
            }
            Some(_) => false,
            None => {
                if self.tried_at.elapsed() >= self.return_interval {
                    self.tried_at = Instant::now();
                    self.returning = Some(tokio::spawn(self.connecting(0)));
                }
                false
            }
        }
    }

    /// A connection on its way, that borrows nothing.
    fn connecting(&self, at: usize) -> impl Future<Output = Result<Stream, String>> + Send + use<> {
        let (endpoint, limit) = (self.endpoints.get(at).cloned(), self.timeout);
        let tls = self.tls.clone();
        async move {
            let endpoint = endpoint.ok_or("no such address")?;
            let fault = |what: String| format!("could not connect to {endpoint}: {what}");
            let address = (endpoint.host.as_str(), endpoint.port);
            let stream = match timeout(limit, TcpStream::connect(address)).await {
                Ok(stream) => stream.map_err(|error| fault(error.to_string()))?,
                Err(_) => {
                    return Err(fault(format!("no connection within {} ms", limit.as_millis())));
                }
            };
            prepare(&stream).map_err(|error| fault(error.to_string()))?;
            let Some(tls) = tls else { return Ok(Stream::Tcp(stream)) };
            let Secure { connector, mut names } = tls.map_err(&fault)?;
            let handshake = connector.connect(names.swap_remove(at), stream);
            match timeout(limit.max(HANDSHAKE_MIN), handshake).await {
                Ok(stream) => stream
                    .map(|stream| Stream::Tls(Box::new(stream)))
                    .map_err(|error| fault(format!("TLS: {error}"))),
                Err(_) => Err(fault("TLS: no handshake in time".to_owned())),
            }
        }
    }
}

/// No waiting for more bytes before a small frame goes out, and a word from the system when the
/// other side has gone without one.
pub(super) fn prepare(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (idle, interval, times) = KEEPALIVE;
    let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(times);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn secure(tls: &Tls, endpoints: &[Endpoint]) -> Result<Secure, String> {
    let config = Arc::new(tls::client_config(tls)?);
    let names: Result<_, _> = endpoints.iter().map(|e| tls::server_name(tls, &e.host)).collect();
    Ok(Secure { connector: TlsConnector::from(config), names: names? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn server() -> (TcpListener, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, Endpoint { host: "127.0.0.1".to_owned(), port })
    }

    #[tokio::test]
    async fn a_backup_serves_until_the_first_address_is_back() {
        let (first, first_endpoint) = server().await;
        let (_backup, backup_endpoint) = server().await;
        drop(first);
        let endpoints = vec![first_endpoint.clone(), backup_endpoint.clone()];
        let mut dialler = Dialler::new(endpoints, None, Duration::from_secs(1)).unwrap();
        dialler.return_interval = Duration::ZERO;
        assert!(dialler.connect().await.is_ok());
        assert_eq!(dialler.endpoint(), Some(backup_endpoint.to_string()));
        // The first address is still away: the backup stays.
        for _ in 0..20 {
            assert!(!dialler.may_return(true).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _first = TcpListener::bind(("127.0.0.1", first_endpoint.port)).await.unwrap();
        while !dialler.may_return(true).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(dialler.connect().await.is_ok());
        assert_eq!(dialler.endpoint(), Some(first_endpoint.to_string()));
    }

    #[tokio::test]
    async fn an_address_where_all_are_silent_is_passed_over_once() {
        let ((_one, first), (_two, second)) = (server().await, server().await);
        let endpoints = vec![first.clone(), second.clone()];
        let mut dialler = Dialler::new(endpoints, None, Duration::from_secs(1)).unwrap();
        for expected in [&first, &second, &first] {
            assert!(dialler.connect().await.is_ok());
            assert_eq!(dialler.endpoint(), Some(expected.to_string()));
            dialler.try_another();
        }
    }
}
