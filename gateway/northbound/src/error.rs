//! What can be wrong with the sinks of a site before anything is sent.

use thiserror::Error;
use weir_engine::ports::PortError;

/// Why the sinks could not be started.
#[derive(Debug, Error)]
pub enum NorthboundError {
    /// Two sinks have one name, and would share a cursor.
    #[error("two sinks are called {0}; give each its own id")]
    Duplicate(String),
    /// The address cannot be used.
    #[error("sink {sink} cannot send to {url}: {problem}")]
    Url {
        /// The sink.
        sink: String,
        /// The address, without secrets.
        url: String,
        /// What is wrong with it, and what would be right.
        problem: &'static str,
    },
    /// The secret that signs the messages is missing.
    #[error("sink {0} has an empty secret; a receiver could not tell our messages from others")]
    EmptySecret(String),
    /// The client could not be made.
    #[error("sink {sink} cannot be set up: {reason}")]
    Client {
        /// The sink.
        sink: String,
        /// Why.
        reason: String,
    },
    /// The sink's cursor could not be read or made.
    #[error("sink {sink} does not know where to go on")]
    Cursor {
        /// The sink.
        sink: String,
        /// Why.
        source: PortError,
    },
}
