//! Alarm events to any HTTP server, one signed JSON message each, strictly in order.
//!
//! The receiver checks `X-Weir-Signature: sha256=<hex>`, the HMAC-SHA-256 of
//! `<X-Weir-Timestamp>.<body>` under the shared secret, and refuses old timestamps (seconds since
//! 1970). `X-Weir-Event-Id` stays the same when a message is sent again, so that the receiver can
//! drop what it has seen. Any 2xx is a yes; a 4xx other than 408 and 429 puts the event aside.
//! Redirects are not followed: they would carry the message somewhere nobody has set up.
//!
//! Nothing is sent of what happens to an alarm while it is shelved, suppressed or out of service. In a
//! flood of alarms one message a group (`group_raised`) takes the place of one for each.

use crate::{
    error::NorthboundError,
    post::{Answer, Post},
    settings::{Secret, without_secrets},
    sink::{Contact, Encoded, Letter, Outcome, Sink, chain, quoted},
};
use hmac::{Hmac, KeyInit, Mac};
use http::{StatusCode, Uri};
use serde::Serialize;
use sha2::Sha256;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use weir_domain::{Clock, SiteId, Text, Timestamp};
use weir_engine::{
    AlarmEvent, Description,
    ports::{Outbox, PortError},
};

/// The sink of kind `webhook`.
pub(crate) struct WebhookSink {
    post: Post,
    target: String,
    secret: Secret,
    description: RwLock<Arc<Description>>,
    clock: Arc<dyn Clock>,
}

/// The body of a message.
#[derive(Serialize)]
struct Message<'a> {
    id: u64,
    site: &'a SiteId,
    title: Text,
    event: &'a AlarmEvent,
}

impl WebhookSink {
    /// Checks the address and the secret; nothing is sent yet.
    pub(crate) fn new(
        id: &str,
        url: &str,
        secret: Secret,
        description: Arc<Description>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, NorthboundError> {
        let fault = |problem| NorthboundError::Url {
            sink: id.to_owned(),
            url: without_secrets(url),
            problem,
        };
        let address: Uri = url
            .parse()
            .map_err(|_| fault("it is not an address such as https://example.com/hook"))?;
        if !matches!(address.scheme_str(), Some("http" | "https")) {
            return Err(fault("it must begin with http:// or https://"));
        }
        if address.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err(fault("it must name a host, without user and password"));
        }
        if secret.reveal().is_empty() {
            return Err(NorthboundError::EmptySecret(id.to_owned()));
        }
        let post = Post::new(address).map_err(|error| NorthboundError::Client {
            sink: id.to_owned(),
            reason: chain(&error),
        })?;
        let (target, description) = (without_secrets(url), RwLock::new(description));
        Ok(Self { post, target, secret, description, clock })
    }

    fn description(&self) -> Arc<Description> {
        self.description.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn title(&self, event: &AlarmEvent) -> Text {
        let description = self.description();
        let of_event =
            |r: &&weir_engine::RequirementInfo| r.area == event.area && r.id == event.requirement;
        let requirement = description.requirements.iter().find(of_event);
        requirement.map(|r| r.title.clone()).unwrap_or_else(|| {
            let id = event.requirement.to_string();
            Text { zh: id.clone(), en: id }
        })
    }

    async fn send(&self, letter: &Letter) -> Result<Answer, String> {
        let seconds = self.clock.now().as_millis().div_euclid(1_000);
        let headers = [
            ("x-weir-event-id", letter.seq.to_string()),
            ("x-weir-timestamp", seconds.to_string()),
            ("x-weir-signature", sign(self.secret.reveal(), seconds, &letter.body)),
        ];
        self.post.json(&letter.body, headers).await
    }
}

/// The signature's header.
fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

impl Sink for WebhookSink {
    type Item = AlarmEvent;
    const KIND: &'static str = "webhook";
    const BATCH_MAX: usize = 1;
    const IDEMPOTENT: bool = false;

    fn target(&self) -> String {
        self.target.clone()
    }

    fn describe(&self, description: &Arc<Description>) -> Result<(), NorthboundError> {
        let mut known = self.description.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::clone(description);
        Ok(())
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn open(outbox: &dyn Outbox, id: &str) -> Result<u64, PortError> {
        if let Some(cursor) = outbox.alarm_cursor(id)? {
            return Ok(cursor);
        }
        let newest = outbox.last_alarm_event()?;
        outbox.set_alarm_cursor(id, newest)?;
        Ok(newest)
    }

    fn save(outbox: &dyn Outbox, id: &str, seq: u64) -> Result<(), PortError> {
        outbox.set_alarm_cursor(id, seq)
    }

    fn read(
        outbox: &dyn Outbox,
        seq: u64,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError> {
        outbox.alarm_events_after(seq, limit)
    }

    fn last(outbox: &dyn Outbox) -> Result<u64, PortError> {
        outbox.last_alarm_event()
    }

    fn time(item: &AlarmEvent) -> Timestamp {
        item.t
    }

    fn encode(&self, seq: u64, item: &AlarmEvent) -> Encoded {
        // Shelved, suppressed, out of service, or told of with its group: written down, not told.
        if item.detail.quiet.is_some() {
            return Encoded::Nothing;
        }
        let description = self.description();
        let site = &description.id;
        let message = Message { id: seq, site, title: self.title(item), event: item };
        match serde_json::to_vec(&message) {
            Ok(body) => Encoded::Letter(body),
            Err(error) => {
                Encoded::Unsendable { body: item.alarm.clone().into(), reason: chain(&error) }
            }
        }
    }

    async fn deliver(&self, letters: &[Letter]) -> Outcome {
        for letter in letters {
            let outcome = self.send(letter).await.map_or_else(|error| later(error, None), outcome);
            if outcome != Outcome::Delivered {
                return outcome;
            }
        }
        Outcome::Delivered
    }
}

fn later(reason: String, after: Option<Duration>) -> Outcome {
    Outcome::RetryLater { reason, after, contact: Contact::Kept }
}

fn outcome(answer: Answer) -> Outcome {
    let Answer { status, retry_after, text } = answer;
    if status.is_success() {
        return Outcome::Delivered;
    }
    if status.is_redirection() {
        let reason = format!("{status}: redirects are not followed; set the final address");
        return Outcome::Hold { reason };
    }
    let reason = quoted(&format!("{status} {text}"));
    let patient = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_client_error() && !patient {
        Outcome::Refused { reason }
    } else {
        later(reason, retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_another_implementation() {
        // printf '1795341600.{"id":7}' | openssl dgst -sha256 -hmac 'correct horse'
        let signature = sign("correct horse", 1_795_341_600, br#"{"id":7}"#);
        assert_eq!(
            signature,
            "sha256=f2aba709a368aec31ac77b4cf18efb034b9f678a1228cd0b4d9d375124f66c56"
        );
    }

    #[test]
    fn an_address_or_secret_that_cannot_work_is_refused() {
        let new = |url: &str, secret: &str| {
            let description = Arc::new(crate::testing::description());
            let clock = Arc::new(crate::testing::Fixed);
            WebhookSink::new("hook", url, secret.into(), description, clock).err()
        };
        assert!(matches!(new("example.com/hook", "s"), Some(NorthboundError::Url { .. })));
        assert!(matches!(new("ftp://example.com", "s"), Some(NorthboundError::Url { .. })));
        assert!(matches!(new("http://me:pass@a/", "s"), Some(NorthboundError::Url { .. })));
        assert!(matches!(new("http://a/", ""), Some(NorthboundError::EmptySecret(_))));
        assert!(new("http://a/", "s").is_none());
        assert!(new("https://a/", "s").is_none(), "TLS cannot be set up");
    }
}
