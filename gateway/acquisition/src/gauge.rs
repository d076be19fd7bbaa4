//! How each device and link is doing: written by the link, read by anybody.
//!
//! A link writes once an exchange, under a lock that nobody holds for long; what costs more (the
//! hex of frames, the percentiles, the likely cause) is made when somebody looks.

use crate::{
    Failure,
    diagnosis::{self, Facts, LinkFacts, Medium},
    tally::{Busy, Outcome, RoundTrips, Tally},
};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;
use weir_domain::{DeviceId, LinkId, Text, Timestamp};
use weir_engine::ports::{BreakerState, DeviceHealth, DeviceState, Frames, LinkHealth};

/// The health of one device. Clones show the same device.
#[derive(Debug, Clone)]
pub(crate) struct Gauge(Arc<Mutex<Shown>>);

#[derive(Debug)]
struct Shown {
    health: DeviceHealth,
    round_trips: RoundTrips,
    recent: Tally,
    late_after: Option<Duration>,
    frames: Option<(Vec<u8>, Vec<u8>)>,
}

impl Gauge {
    pub(crate) fn new(device: DeviceId, link: LinkId) -> Self {
        let health = DeviceHealth {
            device,
            link,
            state: DeviceState::Waiting,
            last_error: None,
            last_success: None,
            round_trip: None,
            scan_ms: None,
            requests_per_scan: 0,
            successes: 0,
            timeouts: 0,
            crc_errors: 0,
            invalid_answers: 0,
            late_answers: 0,
            exceptions: 0,
            skipped_scans: 0,
            breaker: BreakerState::Closed,
            cause: None,
            refused: Vec::new(),
            identity: Vec::new(),
            last_frames: None,
        };
        Self(Arc::new(Mutex::new(Shown {
            health,
            round_trips: RoundTrips::default(),
            recent: Tally::default(),
            late_after: None,
            frames: None,
        })))
    }

    /// A panic elsewhere leaves at worst a counter behind by one.
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it stands, without a cause: that takes the others on the link.
    pub(crate) fn read(&self) -> DeviceHealth {
        let shown = self.lock();
        DeviceHealth {
            round_trip: shown.round_trips.read(),
            last_frames: shown.frames.as_ref().map(|(request, answer)| Frames {
                request: in_hex(request),
                answer: in_hex(answer),
            }),
            ..shown.health.clone()
        }
    }

    /// What tells the likely cause.
    pub(crate) fn facts(&self) -> Facts {
        let shown = self.lock();
        let typical = shown.round_trips.read().map(|trip| trip.median_ms);
        Facts {
            recent: shown.recent.clone(),
            offline: shown.health.state == DeviceState::Offline,
            skipping: shown.recent.skipped() > 0,
            late_after: shown.late_after,
            typical_ms: typical,
        }
    }

    /// A good answer, or a good message (which has no round trip).
    pub(crate) fn success(&self, at: Timestamp, round_trip: Option<Duration>) {
        let mut shown = self.lock();
        shown.answered(at);
        if let Some(round_trip) = round_trip {
            shown.round_trips.push(round_trip);
        }
    }

    /// A good answer, with the bytes that went over the wire.
    pub(crate) fn answer(&self, at: Timestamp, round_trip: Duration, frames: (&[u8], &[u8])) {
        let mut shown = self.lock();
        shown.answered(at);
        shown.round_trips.push(round_trip);
        shown.keep(frames);
    }

    /// The bytes that went over the wire, of an exchange that failed.
    pub(crate) fn frames(&self, frames: (&[u8], &[u8])) {
        self.lock().keep(frames);
    }

    /// A scan was made: how long it took, and with how many requests.
    pub(crate) fn scan(&self, took: Duration, requests: usize) {
        let mut shown = self.lock();
        shown.health.scan_ms = Some(took.as_secs_f64() * 1000.0);
        shown.health.requests_per_scan = u32::try_from(requests).unwrap_or(u32::MAX);
    }

    /// An answer came so long after its question, and was thrown away.
    pub(crate) fn late(&self, after: Duration) {
        let mut shown = self.lock();
        shown.health.late_answers += 1;
        shown.late_after = Some(after);
        shown.recent.late();
    }

    /// Whether it is asked as often as it should be.
    pub(crate) fn breaker(&self, state: BreakerState) {
        self.lock().health.breaker = state;
    }

    /// Scans that could not be made before the next one was due.
    pub(crate) fn skipped(&self, scans: u64) {
        let mut shown = self.lock();
        shown.health.skipped_scans += scans;
        shown.recent.skip();
    }

    /// Addresses that it refuses.
    pub(crate) fn refused(&self, addresses: Vec<String>) {
        self.lock().health.refused = addresses;
    }

    /// What it says of itself. Returns what it said before, if that was something else.
    pub(crate) fn identity(&self, says: Vec<(Text, String)>) -> Option<Vec<(Text, String)>> {
        let mut shown = self.lock();
        if shown.health.identity == says {
            return None;
        }
        let before = core::mem::replace(&mut shown.health.identity, says);
        (!before.is_empty()).then_some(before)
    }

    /// An exchange that failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut shown = self.lock();
        let health = &mut shown.health;
        let outcome = match failure {
            Failure::Timeout { .. } => {
                health.timeouts += 1;
                Outcome::Silent
            }
            Failure::Noise { .. } => {
                health.crc_errors += 1;
                Outcome::Noise
            }
            Failure::Closed { .. } | Failure::Invalid { .. } => {
                health.invalid_answers += 1;
                Outcome::Invalid
            }
            Failure::Exception { exception, .. } => {
                health.exceptions += 1;
                Outcome::Refused(*exception)
            }
            Failure::NotConnected { .. } | Failure::Configuration { .. } => Outcome::NotAsked,
        };
        health.last_error = Some(failure.to_string());
        shown.recent.push(outcome);
    }

    /// A message that could not be understood.
    pub(crate) fn invalid_message(&self, why: String) {
        let mut shown = self.lock();
        shown.health.invalid_answers += 1;
        shown.health.last_error = Some(why);
    }

    /// Something worth saying that did not stop the readings.
    pub(crate) fn remark(&self, what: String) {
        self.lock().health.last_error = Some(what);
    }

    /// Nothing can be had from it at present.
    pub(crate) fn offline(&self, why: String) {
        let mut shown = self.lock();
        shown.health.state = DeviceState::Offline;
        shown.health.last_error = Some(why);
    }
}

impl Shown {
    fn answered(&mut self, at: Timestamp) {
        self.health.successes += 1;
        self.health.last_success = Some(at);
        self.health.state = DeviceState::Online;
        self.recent.push(Outcome::Answered);
    }

    fn keep(&mut self, (request, answer): (&[u8], &[u8])) {
        let (asked, came) = self.frames.get_or_insert_default();
        asked.clear();
        asked.extend_from_slice(request);
        came.clear();
        came.extend_from_slice(answer);
    }
}

fn in_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(3 * bytes.len());
    for byte in bytes {
        if !hex.is_empty() {
            hex.push(' ');
        }
        for nibble in [byte >> 4, byte & 0xF] {
            hex.extend(char::from_digit(u32::from(nibble), 16).map(|c| c.to_ascii_uppercase()));
        }
    }
    hex
}

/// The health of one link. Clones show the same link.
#[derive(Debug, Clone)]
pub(crate) struct LinkGauge(Arc<Mutex<ShownLink>>);

#[derive(Debug)]
struct ShownLink {
    health: LinkHealth,
    medium: Medium,
    busy: Busy,
}

impl LinkGauge {
    pub(crate) fn new(link: LinkId, medium: Medium) -> Self {
        let health = LinkHealth {
            link,
            up: false,
            endpoint: None,
            last_error: None,
            busy: 0.0,
            connects: 0,
            cause: None,
        };
        Self(Arc::new(Mutex::new(ShownLink { health, medium, busy: Busy::new(Instant::now()) })))
    }

    fn lock(&self) -> MutexGuard<'_, ShownLink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it stands, with the likely cause of what is wrong with it and its devices.
    pub(crate) fn read(&self, devices: &[Gauge]) -> (LinkHealth, Vec<DeviceHealth>) {
        let facts: Vec<Facts> = devices.iter().map(Gauge::facts).collect();
        let (mut health, medium, busy) = {
            let shown = self.lock();
            (shown.health.clone(), shown.medium, shown.busy.share(Instant::now()))
        };
        health.busy = busy;
        health.cause = diagnosis::of_link(LinkFacts {
            medium,
            up: health.up,
            tried: health.up || health.last_error.is_some(),
            busy,
            devices: &facts,
        });
        let device = |(index, gauge): (usize, &Gauge)| DeviceHealth {
            cause: diagnosis::of_device(medium, health.up, &facts, index),
            ..gauge.read()
        };
        let devices = devices.iter().enumerate().map(device).collect();
        (health, devices)
    }

    /// Connected so many times until now, and to which if there are several.
    pub(crate) fn up(&self, connects: u64, endpoint: Option<String>) {
        let mut shown = self.lock();
        shown.health.up = true;
        shown.health.connects = connects;
        shown.health.endpoint = endpoint;
    }

    /// Connected once more, to the only thing it can be connected to.
    pub(crate) fn connected(&self) {
        let mut shown = self.lock();
        shown.health.up = true;
        shown.health.connects += 1;
    }

    /// Not connected any more, and why.
    pub(crate) fn down(&self, why: String) {
        let mut shown = self.lock();
        shown.health.up = false;
        shown.health.last_error = Some(why);
    }

    /// It was busy for so long until now.
    pub(crate) fn busy(&self, now: Instant, took: Duration) {
        self.lock().busy.add(now, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_shown_in_hex() {
        assert_eq!(in_hex(&[3, 0xAF, 0]), "03 AF 00");
        assert_eq!(in_hex(&[]), "");
    }

    #[test]
    fn what_it_says_of_itself_is_news_only_when_it_was_something_else() {
        let gauge = Gauge::new("d".parse().unwrap(), "l".parse().unwrap());
        let name = || Text { zh: "序列号".to_owned(), en: "Serial number".to_owned() };
        let says = |text: &str| vec![(name(), text.to_owned())];
        assert_eq!(gauge.identity(says("A")), None, "met for the first time");
        assert_eq!(gauge.identity(says("A")), None, "the same");
        assert_eq!(gauge.identity(says("B")), Some(says("A")), "another device");
    }
}
