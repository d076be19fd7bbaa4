//! A small MQTT broker inside our own process, for the demonstration and for tests.
//!
//! MQTT 3.1.1 over TCP without passwords, meant for the loopback address. QoS 0 and 1 (QoS 2 is
//! taken in, and handed out as 1), persistent sessions, retained messages, wills, keep-alive,
//! take-over of a session. All of it lives as long as the broker does: nothing is on disk. The
//! bytes are `rumqttc`'s own packet codec; a site that works in earnest has a real broker.
//!
//! A **session** is what is kept for a client id; a **connection** is one TCP stream of it.

mod connection;
mod router;
mod session;
mod topic;
mod wire;

use connection::{Shared, serve};
use std::{error::Error, io, net::SocketAddr};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wire::End;

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 256;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("could not listen on {address} for MQTT")]
pub struct BrokerError {
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    pub source: io::Error,
}

/// A running broker. Dropping it stops it.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    close: CancellationToken,
    tasks: TaskTracker,
}

impl Broker {
    /// Starts on an address; port 0 takes any free one. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(address: SocketAddr) -> Result<Self, BrokerError> {
        let fault = |source| BrokerError { address, source };
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let broker = Self {
            address: listener.local_addr().map_err(fault)?,
            close: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        broker.tasks.spawn(accept(listener, broker.tasks.clone(), broker.close.clone()));
        Ok(broker)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and the port, and waits for it.
    pub async fn stop(self) {
        self.close.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.close.cancel();
    }
}

async fn accept(listener: TcpListener, tasks: TaskTracker, close: CancellationToken) {
    let router = Shared::default();
    loop {
        let accepted = tokio::select! {
            () = close.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // This task is one of them.
            Ok((_, peer)) if tasks.len() > CONNECTIONS_MAX => {
                tracing::warn!(%peer, "too many connections to the broker");
            }
            Ok((stream, peer)) => {
                let serving = serve(stream, router.clone(), close.child_token());
                tasks.spawn(async move { log(peer, &serving.await) });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection to the broker");
                // Out of descriptors: give some back a chance to be closed.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

fn log(peer: SocketAddr, end: &End) {
    let cause = end.source().map(ToString::to_string);
    match end {
        End::Goodbye | End::Closed => tracing::debug!(%peer, "client left: {end}"),
        _ => tracing::debug!(%peer, cause, "client lost: {end}"),
    }
}
