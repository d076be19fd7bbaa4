//! What a sink has to say for itself; the rest (cursor, batches, back-off, quarantine, grace) is
//! done by the [lane](crate::lane) for every sink alike. To add a sink, implement [`Sink`].

use crate::error::NorthboundError;
use std::{fmt, sync::Arc, time::Duration};
use weir_domain::Timestamp;
use weir_engine::{
    Description,
    ports::{Outbox, PortError},
};

/// What a record becomes on the way out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// Something to send.
    Letter(Vec<u8>),
    /// The sink has no use for it.
    Nothing,
    /// It must never be sent; it is put aside with the reason.
    Unsendable {
        /// The record in a form that a person can read.
        body: Vec<u8>,
        /// Why.
        reason: String,
    },
}

/// An encoded record with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The record's number.
    pub(crate) seq: u64,
    /// What is sent.
    pub(crate) body: Vec<u8>,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The other side has all of it.
    Delivered,
    /// It may go well later.
    RetryLater {
        /// What went wrong.
        reason: String,
        /// How long the server asked us to wait.
        after: Option<Duration>,
        /// Whether the server may have been restarted.
        contact: Contact,
    },
    /// The other side will never take it as it is: poison somewhere in it.
    Refused {
        /// What it said.
        reason: String,
    },
    /// More than the other side takes at once.
    TooLarge {
        /// What it said.
        reason: String,
    },
    /// Nothing can be delivered until a person mends something: a token, an address.
    Hold {
        /// What it said.
        reason: String,
    },
}

/// What a failed delivery says of the server behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contact {
    /// It answered for itself.
    Kept,
    /// No answer, in time or at all: it may be gone, or only the line.
    Lost,
    /// Something in front of it says that it is gone.
    Gone,
}

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Server {
    /// It tells when it was started (seconds since 1970), and how many lines it threw away since.
    Started {
        /// When.
        at: f64,
        /// Lines that it acknowledged and threw away, from whomever.
        discarded: f64,
    },
    /// It answers, but does not tell.
    Silent,
    /// It does not answer.
    Unreachable(String),
}

/// One way out.
pub(crate) trait Sink: Send + Sync + 'static {
    /// What it reads from the outbox.
    type Item: Send + 'static;
    /// Its kind in every interface.
    const KIND: &'static str;
    /// Most records in a delivery.
    const BATCH_MAX: usize;
    /// Whether a record may be sent twice and out of order without harm. Only such a sink sends
    /// live records ahead of a backlog, and asks for proof before it believes a refusal.
    const IDEMPOTENT: bool;

    /// Where it sends to, without secrets.
    fn target(&self) -> String;

    /// The site is another one from now on.
    fn describe(&self, description: &Arc<Description>) -> Result<(), NorthboundError>;

    /// How long a delivery waits until it counts as safe.
    fn grace(&self) -> Duration;

    /// Reads the cursor; a new sink is given its place to start from, durably.
    fn open(outbox: &dyn Outbox, id: &str) -> Result<u64, PortError>;

    /// Moves the cursor, durably.
    fn save(outbox: &dyn Outbox, id: &str, seq: u64) -> Result<(), PortError>;

    /// Up to `limit` records after `seq`.
    fn read(
        outbox: &dyn Outbox,
        seq: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Self::Item)>, PortError>;

    /// The number of the newest record.
    fn last(outbox: &dyn Outbox) -> Result<u64, PortError>;

    /// When the gateway got to know of a record.
    fn time(item: &Self::Item) -> Timestamp;

    /// What to send for a record.
    fn encode(&self, seq: u64, item: &Self::Item) -> Encoded;

    /// Sends some letters in one go.
    fn deliver(&self, letters: &[Letter]) -> impl Future<Output = Outcome> + Send;

    /// Asks the server about itself; only done when there is a grace.
    fn server(&self) -> impl Future<Output = Server> + Send {
        std::future::ready(Server::Silent)
    }
}

/// A text from the other side, fit for a log and a screen: one line, of bounded length.
pub(crate) fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 300;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.trim().chars().take(CHARS_MAX).map(clean).collect();
    if text.trim().chars().nth(CHARS_MAX).is_some() {
        line.push('…');
    }
    line
}

/// An error with everything behind it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    struct Chain<'a>(&'a dyn std::error::Error);
    impl fmt::Display for Chain<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)?;
            let mut next = self.0.source();
            while let Some(source) = next {
                write!(f, ": {source}")?;
                next = source.source();
            }
            Ok(())
        }
    }
    quoted(&Chain(error).to_string())
}
