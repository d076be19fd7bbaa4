//! Connections that cellular modems open to the gateway.
//!
//! A modem says who it is with its registration packet, and is then a stream of bytes like any
//! other. Several links may share an address: a **listener** accepts for all of them, reads the
//! packet, and leaves the connection in the **seat** of the link it belongs to. A newer connection
//! of a modem replaces the older one, which is as a rule dead without knowing. The listener goes
//! when the last link on its address does.

use super::{dial::prepare, stream::Stream};
use crate::backoff::Backoff;
use core::{net::SocketAddr, time::Duration};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, timeout_at},
};

/// Connections of an address that have not said who they are.
const WAITING_MAX: usize = 64;
/// How long a modem has to say who it is.
const REGISTRATION_TIME: Duration = Duration::from_secs(10);
/// Most bytes that are looked at before a registration is known.
const REGISTRATION_MAX: usize = 1024;
/// How long a packet that is whole, and the beginning of another modem's as well, is waited on.
const MORE_TIME: Duration = Duration::from_millis(300);
/// First and longest wait before an address that could not be listened on is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// Strangers are told of this often.
const STRANGER_LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Bytes of a stranger's packet that are shown.
const SHOWN_MAX: usize = 32;

/// The listeners of a gateway, by address. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<HashMap<SocketAddr, Weak<Listener>>>>);

struct Listener {
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// What the links and the accepting task of one address share.
#[derive(Default)]
struct Shared {
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Why nobody can dial in, if nobody can.
    fault: Mutex<Option<String>>,
}

/// Where a link finds its modem's connection.
struct Seat {
    registration: Vec<u8>,
    arrived: Mutex<Option<Modem>>,
    arrival: Notify,
}

/// A modem that has said who it is.
struct Modem {
    stream: TcpStream,
    peer: SocketAddr,
    /// What it sent behind its registration.
    early: Vec<u8>,
}

/// A link's place at an address; given up when dropped.
pub(super) struct Berth {
    listen: SocketAddr,
    listener: Arc<Listener>,
    seat: Arc<Seat>,
    heartbeat: Option<Vec<u8>>,
    peer: Option<SocketAddr>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listeners {
    /// A place at an address, for the modem with this registration packet.
    pub(super) fn berth(
        &self,
        listen: SocketAddr,
        registration: Vec<u8>,
        heartbeat: Option<Vec<u8>>,
    ) -> Berth {
        let mut listeners = lock(&self.0);
        listeners.retain(|_, listener| listener.strong_count() > 0);
        let listener = listeners.get(&listen).and_then(Weak::upgrade).unwrap_or_else(|| {
            let shared = Arc::new(Shared::default());
            let task = tokio::spawn(listen_on(listen, shared.clone())).abort_handle();
            let listener = Arc::new(Listener { shared, task });
            listeners.insert(listen, Arc::downgrade(&listener));
            listener
        });
        let (arrived, arrival) = (Mutex::new(None), Notify::new());
        let seat = Arc::new(Seat { registration, arrived, arrival });
        lock(&listener.shared.seats).push(seat.clone());
        let heartbeat = heartbeat.filter(|heartbeat| !heartbeat.is_empty());
        Berth { listen, listener, seat, heartbeat, peer: None }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        lock(&self.listener.shared.seats).retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

impl Berth {
    /// The modem's connection, and what came with it.
    ///
    /// # Errors
    /// In words, while it has not dialled in.
    pub(super) fn take(&mut self) -> Result<(Stream, Vec<u8>), String> {
        match lock(&self.seat.arrived).take() {
            Some(Modem { stream, peer, early }) => {
                self.peer = Some(peer);
                Ok((Stream::Tcp(stream), early))
            }
            None => Err(match &*lock(&self.listener.shared.fault) {
                Some(fault) => fault.clone(),
                None => format!(
                    "the modem that registers as {} has not dialled in to {}",
                    shown(&self.seat.registration),
                    self.listen
                ),
            }),
        }
    }

    /// Whether the modem has a connection that was not taken yet.
    pub(super) fn is_newer(&self) -> bool {
        lock(&self.seat.arrived).is_some()
    }

    /// Waits until the modem dials in.
    pub(super) async fn arrival(&self) {
        while !self.is_newer() {
            self.seat.arrival.notified().await;
        }
    }

    /// What the modem sends to keep its connection.
    pub(super) fn heartbeat(&self) -> Option<&[u8]> {
        self.heartbeat.as_deref()
    }

    /// Whence it dialled in last.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }
}

/// Accepts until it is aborted.
async fn listen_on(listen: SocketAddr, shared: Arc<Shared>) {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    let listener = loop {
        match TcpListener::bind(listen).await {
            Ok(listener) => break listener,
            Err(error) => {
                let fault = format!("nobody can dial in: could not listen on {listen}: {error}");
                tracing::warn!("{fault}");
                *lock(&shared.fault) = Some(fault);
                sleep(backoff.after_failure()).await;
            }
        }
    };
    *lock(&shared.fault) = None;
    let (mut waiting, mut strangers) = (JoinSet::new(), Strangers::default());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                // Beyond the limit it is closed at once; the modem dials again.
                Ok((stream, peer)) if waiting.len() < WAITING_MAX => {
                    waiting.spawn(register(stream, peer, shared.clone()));
                }
                Ok((_, peer)) => strangers.told(listen, peer, "too many connections at once"),
                // As a rule: out of file descriptors.
                Err(error) => {
                    tracing::warn!("could not accept a connection on {listen}: {error}");
                    sleep(RETRY.1).await;
                }
            },
            Some(Ok(Err((peer, why)))) = waiting.join_next() => strangers.told(listen, peer, &why),
        }
    }
}

/// Connections of nobody that is known, told of now and then.
#[derive(Default)]
struct Strangers {
    told_at: Option<Instant>,
    since: u64,
}

impl Strangers {
    fn told(&mut self, listen: SocketAddr, peer: SocketAddr, why: &str) {
        self.since += 1;
        if self.told_at.is_none_or(|at| at.elapsed() >= STRANGER_LOG_INTERVAL) {
            let connections = self.since;
            tracing::warn!(%listen, %peer, connections, "closed a connection: {why}");
            (self.told_at, self.since) = (Some(Instant::now()), 0);
        }
    }
}

/// Reads the registration packet, and brings the connection to its seat.
async fn register(
    mut stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
) -> Result<(), (SocketAddr, String)> {
    let deadline = Instant::now() + REGISTRATION_TIME;
    let mut heard = Vec::new();
    let seat = loop {
        let (seat, more) = shared.seat_of(&heard);
        let wait = match (seat, more) {
            (Some(seat), false) => break seat,
            (None, false) => return Err((peer, format!("nobody registers as {}", shown(&heard)))),
            (Some(_), true) => deadline.min(Instant::now() + MORE_TIME),
            (None, true) => deadline,
        };
        let mut buffer = [0; 256];
        match timeout_at(wait, stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return Err((peer, "it hung up without a word".to_owned())),
            Ok(Ok(n)) => heard.extend(buffer.iter().take(n)),
            Err(_) => match shared.seat_of(&heard).0 {
                Some(seat) => break seat,
                None => return Err((peer, "it does not say who it is".to_owned())),
            },
        }
    };
    if let Err(error) = prepare(&stream) {
        return Err((peer, error.to_string()));
    }
    let early = heard.split_off(seat.registration.len());
    *lock(&seat.arrived) = Some(Modem { stream, peer, early });
    seat.arrival.notify_one();
    Ok(())
}

impl Shared {
    /// Whose registration stands at the beginning, the longest if there are several; and whether
    /// with more bytes it could be another one's.
    fn seat_of(&self, heard: &[u8]) -> (Option<Arc<Seat>>, bool) {
        let seats = lock(&self.seats);
        let whole = seats.iter().filter(|seat| heard.starts_with(&seat.registration));
        let whole = whole.max_by_key(|seat| seat.registration.len()).cloned();
        let longer = |seat: &Arc<Seat>| {
            seat.registration.len() > heard.len() && seat.registration.starts_with(heard)
        };
        (whole, heard.len() < REGISTRATION_MAX && seats.iter().any(longer))
    }
}

/// A packet as text if it is one, else in hex.
fn shown(packet: &[u8]) -> String {
    let begin = packet.get(..SHOWN_MAX).unwrap_or(packet);
    let more = if begin.len() < packet.len() { "…" } else { "" };
    match core::str::from_utf8(begin) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}{more}"),
        _ => {
            let hex: Vec<String> = begin.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("{}{more}", hex.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_registration_that_fits_wins() {
        let shared = Shared::default();
        for registration in ["A1", "A12", "B"] {
            let (arrived, arrival) = (Mutex::new(None), Notify::new());
            let registration = registration.as_bytes().to_vec();
            lock(&shared.seats).push(Arc::new(Seat { registration, arrived, arrival }));
        }
        let cases: [(&[u8], Option<&[u8]>, bool); 7] = [
            (b"", None, true),
            (b"A", None, true),
            (b"A1", Some(b"A1"), true),
            (b"A12", Some(b"A12"), false),
            (b"A1HB", Some(b"A1"), false),
            (b"Bx", Some(b"B"), false),
            (b"C", None, false),
        ];
        for (heard, registration, more) in cases {
            let (seat, may_be_more) = shared.seat_of(heard);
            let found = seat.as_ref().map(|seat| &seat.registration[..]);
            assert_eq!((found, may_be_more), (registration, more), "{heard:?}");
        }
    }

    #[test]
    fn packets_are_shown_as_what_they_are() {
        assert_eq!(shown(b"DTU-7"), "\"DTU-7\"");
        assert_eq!(shown(&[0x07, 0xFE]), "07 FE");
        assert_eq!(shown(&[b'x'; 40]), format!("\"{}\"…", "x".repeat(32)));
    }
}
