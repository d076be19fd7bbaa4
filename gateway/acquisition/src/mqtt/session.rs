//! The connection to the broker: comes up again by itself, subscribes, and hands messages on.
//!
//! Every connection gets a client of its own, polled by nobody but [`run`] until its first error.
//! The session itself lives in the broker, under the client id: what was not acknowledged comes
//! again.

use super::client::{self, Client, Failure, Heard, Message, PACKET_BYTES, PACKET_BYTES_MAX};
use crate::{MqttSettings, backoff::Backoff};
use core::{mem, time::Duration};
use std::{collections::VecDeque, sync::Arc};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// First and longest wait before the next connection.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Filters in one subscription: brokers have limits on packets, too.
const FILTERS_MAX: usize = 100;

/// What happens on the connection.
pub(super) enum Happening {
    /// The broker is there; it has, or has not, kept our session.
    Up(Arc<Client>, bool),
    /// It is not there, or not any more: why.
    Down(String),
    /// It does not allow some filters.
    Refused(String),
    /// It does not take what we publish: why.
    PublicationRefused(String),
    /// Messages, in their order.
    Messages(Vec<Message>),
}

/// What a session is about.
pub(super) struct Session {
    pub(super) settings: MqttSettings,
    pub(super) filters: Vec<String>,
    /// The broker keeps nothing for us.
    pub(super) clean: bool,
    /// The next end of the connection is the last.
    pub(super) leaving: CancellationToken,
}

/// How a connection ended.
enum Ended {
    /// Nobody listens any more.
    Unheard,
    Failed {
        failure: Failure,
        was_up: bool,
    },
}

impl Session {
    /// Connects, again and again, until the receiver is gone or it is time to leave.
    pub(super) async fn run(self, happenings: mpsc::Sender<Happening>) {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        let mut packet_bytes = PACKET_BYTES;
        let broker = &self.settings.endpoint;
        loop {
            let ended = match client::open(&self.settings, packet_bytes, self.clean) {
                Ok((client, events)) => {
                    let open = VecDeque::new();
                    Connection { session: &self, client, events, open }.run(&happenings).await
                }
                Err(why) => Ended::Failed { failure: Failure::Other(why), was_up: false },
            };
            let Ended::Failed { failure, was_up } = ended else { return };
            if self.leaving.is_cancelled() {
                return;
            }
            if was_up {
                backoff.reset();
            }
            let what = match failure {
                Failure::TooLarge(bytes) => {
                    // With some room for the header.
                    packet_bytes = bytes.saturating_add(16).clamp(packet_bytes, PACKET_BYTES_MAX);
                    format!("a message of {bytes} bytes is too large")
                }
                Failure::Other(why) => format!("mqtt {broker}: broker not reachable: {why}"),
            };
            if happenings.send(Happening::Down(what)).await.is_err() {
                return;
            }
            tokio::select! {
                () = sleep(backoff.after_failure()) => {}
                () = self.leaving.cancelled() => return,
            }
        }
    }
}

/// One connection.
struct Connection<'a> {
    session: &'a Session,
    client: Arc<Client>,
    events: client::Events,
    /// Filters whose subscription is not answered yet.
    open: VecDeque<&'a [String]>,
}

impl Connection<'_> {
    async fn run(mut self, happenings: &mpsc::Sender<Happening>) -> Ended {
        let (mut was_up, mut heard) = (false, Vec::new());
        let patience = client::patience(&self.session.settings);
        loop {
            let polled = timeout(patience, self.events.poll(&self.client, &mut heard)).await;
            let failure = match polled {
                Ok(Ok(())) => None,
                Ok(Err(failure)) => Some(failure),
                Err(_) => Some(Failure::Other("it says nothing any more".to_owned())),
            };
            let mut messages = Vec::new();
            for heard in heard.drain(..) {
                let happening = match heard {
                    Heard::Message(message) => {
                        messages.push(message);
                        continue;
                    }
                    Heard::Accepted { session_present } => {
                        was_up = true;
                        self.greet();
                        Some(Happening::Up(self.client.clone(), session_present))
                    }
                    Heard::Subscribed(stands) => self.subscribed(&stands),
                    Heard::Refused(why) => Some(Happening::PublicationRefused(why)),
                };
                // While the receiver is busy the broker is not heard: it keeps what it has.
                if let Some(happening) = happening
                    && (!send(happenings, mem::take(&mut messages)).await
                        || happenings.send(happening).await.is_err())
                {
                    return Ended::Unheard;
                }
            }
            if !send(happenings, messages).await {
                return Ended::Unheard;
            }
            if let Some(failure) = failure {
                return Ended::Failed { failure, was_up };
            }
        }
    }

    /// On every connection: a session may have been forgotten, and once more does no harm.
    fn greet(&mut self) {
        if let Some(topic) = &self.session.settings.status_topic {
            self.client.tell_status(topic, true);
        }
        for filters in self.session.filters.chunks(FILTERS_MAX) {
            self.client.subscribe(filters);
            self.open.push_back(filters);
        }
    }

    /// Answers come in the order of the subscriptions.
    fn subscribed(&mut self, stands: &[bool]) -> Option<Happening> {
        let filters = self.open.pop_front().unwrap_or_default();
        let refused = filters.iter().zip(stands).filter(|(_, stands)| !**stands);
        let refused: Vec<&str> = refused.map(|(filter, _)| filter.as_str()).collect();
        (!refused.is_empty()).then(|| Happening::Refused(refused.join(", ")))
    }
}

/// False if nobody listens any more.
async fn send(happenings: &mpsc::Sender<Happening>, messages: Vec<Message>) -> bool {
    messages.is_empty() || happenings.send(Happening::Messages(messages)).await.is_ok()
}
