//! Watching whether the server at the other side is still the one that took our deliveries.

use crate::{
    lane::{Lane, Trouble},
    sink::{Contact, Server, Sink, quoted},
};
use std::time::Duration;

/// Servers tell their start in whole seconds. One that is restarted within the second of its start
/// looks the same, so nothing is delivered before that second has surely passed.
const SECOND_OF_START: Duration = Duration::from_millis(1_100);

/// What is known of the server behind a sink that has a grace.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// When the server says it was started; the inner `None` for one that does not tell.
    started: Option<Option<f64>>,
    /// Lines it had thrown away when last asked.
    discarded: Option<f64>,
    /// Contact was lost since it was last asked.
    suspect: bool,
}

impl<S: Sink> Lane<S> {
    /// Before anything is delivered: knows which server it is delivered to.
    pub(crate) async fn check_server(&mut self) -> Result<(), Trouble> {
        let unknown = self.guard.started.is_none() || self.guard.suspect;
        if unknown && self.sink.grace() > Duration::ZERO { self.ask_server().await } else { Ok(()) }
    }

    /// Asks the server who it is, and starts again from what is confirmed if it is another one.
    pub(crate) async fn ask_server(&mut self) -> Result<(), Trouble> {
        let (started, discarded) = match self.sink.server().await {
            Server::Started { at, discarded } => (Some(at), Some(discarded)),
            Server::Silent => (None, None),
            Server::Unreachable(reason) => {
                let contact = Contact::Lost;
                return Err(Trouble::Later { reason, after: None, contact });
            }
        };
        let known = self.guard.started.replace(started);
        // A server that does not tell cannot prove that it stood while we had no contact.
        let proven = known == Some(started) && !(self.guard.suspect && started.is_none());
        self.guard.suspect = false;
        if proven {
            self.count_discarded(discarded);
        } else {
            self.guard.discarded = discarded;
            self.send_again("the server was restarted, or cannot prove that it was not");
            if started.is_some() {
                tokio::time::sleep(SECOND_OF_START).await;
            }
        }
        Ok(())
    }

    /// Takes note of a delivery that failed without a word from the server itself.
    pub(crate) fn lost_contact(&mut self, contact: Contact) {
        match contact {
            Contact::Kept => {}
            Contact::Lost => self.guard.suspect = true,
            Contact::Gone => self.send_again("something before the server says that it is gone"),
        }
    }

    fn send_again(&mut self, why: &'static str) {
        if self.progress.is_waiting() {
            let records = self.progress.rewind();
            self.board.progress(&self.progress);
            tracing::warn!(sink = self.id, records, why, "unconfirmed records are sent again");
        }
    }

    /// Some servers say yes to a line and throw it away; their counter tells.
    fn count_discarded(&mut self, now: Option<f64>) {
        let before = std::mem::replace(&mut self.guard.discarded, now);
        if let (Some(before), Some(now)) = (before, now)
            && now > before
        {
            let lines = now - before;
            tracing::warn!(sink = self.id, lines, "the server acknowledged lines and dropped them");
            self.board.warn(quoted(&format!(
                "the server acknowledged {lines} lines and dropped them (ours or another \
                 client's): check its retention and its clock"
            )));
        }
    }
}
