//! What one client is sent.

use super::{
    Hub,
    ring::{Message, Next},
};
use crate::state::App;
use axum::response::sse::Event;
use futures_util::{Stream, StreamExt, stream};
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// How soon a browser comes back after the connection was lost.
const RETRY: Duration = Duration::from_secs(2);
/// Messages taken from the ring at once.
const TAKE: usize = 64;

struct Listener {
    hub: Arc<Hub>,
    /// The last message that was taken from the ring.
    last: u64,
    taken: VecDeque<Arc<Message>>,
    newest: watch::Receiver<u64>,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

/// Starts after the message that the client says it has seen last, or with the next one. None when
/// too many listen already.
pub(crate) fn listen(
    app: &App,
    last_seen: Option<&str>,
) -> Option<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let hub = Arc::clone(&app.hub);
    let place = Arc::clone(&hub.places).try_acquire_owned().ok()?;
    let newest = hub.newest.subscribe();
    // What is no number was never an id of ours, which is what zero was neither.
    let last = last_seen.map_or(*newest.borrow(), |text| text.trim().parse().unwrap_or(0));
    let taken = VecDeque::new();
    let listener = Listener { hub, last, taken, newest, greeted: false, _place: place };
    let events = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    });
    Some(events.take_until(app.cancel.clone().cancelled_owned()))
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.greeted, true) {
            // Without data it is no event, but the browser remembers the id for when it comes back.
            return Some(Event::default().retry(RETRY).id(self.last.to_string()));
        }
        loop {
            if let Some(message) = self.taken.pop_front() {
                self.last += 1;
                let event = Event::default().id(self.last.to_string());
                return Some(event.event(message.name).data(&message.data));
            }
            let (next, newest) = {
                let ring = self.hub.ring();
                (ring.after(self.last, TAKE), ring.newest())
            };
            match next {
                Next::Lost => {
                    self.last = newest;
                    let event = Event::default().id(newest.to_string()).event("reset");
                    return Some(event.data(r#"{"reason":"load everything anew"}"#));
                }
                Next::Messages(messages) if messages.is_empty() => {
                    // Fails only when the hub is gone, and then the stream is at its end.
                    self.newest.wait_for(|newest| *newest > self.last).await.ok()?;
                }
                Next::Messages(messages) => self.taken.extend(messages),
            }
        }
    }
}
