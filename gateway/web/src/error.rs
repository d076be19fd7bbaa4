//! Why the web server could not be started, or ended.

use std::{io, net::SocketAddr};
use thiserror::Error;

/// A failure of the server itself; what a client did wrong is answered, not returned.
#[derive(Debug, Error)]
pub enum WebError {
    /// Somebody else listens there.
    #[error("port {} of {} is taken; set `listen` under [web] to another one", .0.port(), .0.ip())]
    Taken(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; set `listen` under [web] to an address of this machine")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server ended by itself.
    #[error("the web server stopped")]
    Serve {
        /// Why.
        source: io::Error,
    },
}
