//! What a lane tells about itself, for the console and the metrics.

use crate::{
    error::NorthboundError,
    progress::Progress,
    sink::{Sink, chain},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    Description,
    ports::{Outbox, PortError, SinkStatus},
};

/// Where a lane writes how it is doing.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<State>);

#[derive(Debug, Default, Clone)]
struct State {
    connected: bool,
    trouble: Option<String>,
    /// Said with a delivery that went well, so it stays when the trouble is over.
    warning: Option<String>,
    sent: u64,
    delivered: u64,
    verified: u64,
    outbox: Seen,
}

/// What was last seen in the outbox; kept for when the outbox cannot be read.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    pending: u64,
    quarantined: u64,
    lag_secs: f64,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two of its lines, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A delivery went well. Tells whether that is news.
    pub(crate) fn well(&self) -> bool {
        let mut state = self.state();
        state.trouble = None;
        !std::mem::replace(&mut state.connected, true)
    }

    /// Whether the last delivery went well.
    pub(crate) fn is_well(&self) -> bool {
        self.state().connected
    }

    /// Something went wrong. Tells whether that is news.
    pub(crate) fn trouble(&self, reason: &str) -> bool {
        let mut state = self.state();
        state.connected = false;
        let news = state.trouble.as_deref() != Some(reason);
        state.trouble = Some(reason.to_owned());
        news
    }

    /// Something a person should know although deliveries go well.
    pub(crate) fn warn(&self, warning: String) {
        self.state().warning = Some(warning);
    }

    /// The marks have moved.
    pub(crate) fn progress(&self, progress: &Progress) {
        let mut state = self.state();
        state.sent = progress.sent();
        state.delivered = progress.delivered();
        state.verified = progress.verified();
    }
}

/// Tells how a sink is doing, and is told what the site is.
pub(crate) trait Report: Send + Sync {
    /// As of now.
    fn report(&self) -> SinkStatus;

    /// The site is another one from now on.
    fn describe(&self, description: &Arc<Description>) -> Result<(), NorthboundError>;
}

/// Reads the board of a lane and the outbox behind it.
pub(crate) struct Reporter<S> {
    pub(crate) id: String,
    pub(crate) sink: Arc<S>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) board: Arc<Board>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl<S: Sink> Reporter<S> {
    fn look(&self, sent: u64) -> Result<Seen, PortError> {
        let oldest = S::read(&*self.outbox, sent, 1)?;
        let now = self.clock.now();
        let age = |item: &(u64, S::Item)| age_secs(now, S::time(&item.1));
        Ok(Seen {
            pending: S::last(&*self.outbox)?.saturating_sub(sent),
            quarantined: self.outbox.quarantined(&self.id)?,
            lag_secs: oldest.first().map_or(0.0, age),
        })
    }
}

fn age_secs(now: Timestamp, then: Timestamp) -> f64 {
    now.since(then).as_secs_f64()
}

impl<S: Sink> Report for Reporter<S> {
    fn describe(&self, description: &Arc<Description>) -> Result<(), NorthboundError> {
        self.sink.describe(description)
    }

    fn report(&self) -> SinkStatus {
        let sent = self.board.state().sent;
        let seen = self.look(sent);
        let mut state = self.board.state();
        let mut last_error = state.trouble.clone().or_else(|| state.warning.clone());
        match seen {
            Ok(seen) => state.outbox = seen,
            Err(error) => last_error = Some(chain(&error)),
        }
        SinkStatus {
            name: self.id.clone(),
            kind: S::KIND,
            target: self.sink.target(),
            connected: state.connected,
            last_error,
            pending: state.outbox.pending,
            delivered: state.delivered,
            verified: state.verified,
            quarantined: state.outbox.quarantined,
            lag_secs: state.outbox.lag_secs,
        }
    }
}
