//! How each device is doing: written by its link, read by anybody.

use crate::Failure;
use core::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_domain::{DeviceId, LinkId, Timestamp};
use weir_engine::ports::{BreakerState, DeviceHealth, DeviceState, LinkHealth, RoundTrip};

/// The health of one device. Clones show the same device.
#[derive(Debug, Clone)]
pub(crate) struct Gauge {
    health: Arc<Mutex<DeviceHealth>>,
    skipped: Arc<AtomicU64>,
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
        Self { health: Arc::new(Mutex::new(health)), skipped: Arc::default() }
    }

    /// A panic elsewhere leaves at worst a counter behind by one.
    fn lock(&self) -> MutexGuard<'_, DeviceHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> DeviceHealth {
        self.lock().clone()
    }

    /// Scans that could not be made before the next one was due.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    pub(crate) fn set_skipped(&self, skipped: u64) {
        self.skipped.store(skipped, Ordering::Relaxed);
    }

    /// A good answer, or a good message (which has no round trip).
    pub(crate) fn success(&self, at: Timestamp, round_trip: Option<Duration>) {
        let mut health = self.lock();
        health.successes += 1;
        health.last_success = Some(at);
        health.state = DeviceState::Online;
        if let Some(round_trip) = round_trip {
            let ms = round_trip.as_secs_f64() * 1000.0;
            health.round_trip =
                Some(RoundTrip { last_ms: ms, median_ms: ms, p95_ms: ms, max_ms: ms });
        }
    }

    /// An exchange that failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut health = self.lock();
        match failure {
            Failure::Timeout { .. } => health.timeouts += 1,
            Failure::Closed { .. } | Failure::Noise { .. } | Failure::Invalid { .. } => {
                health.invalid_answers += 1;
            }
            Failure::Exception { .. } => health.exceptions += 1,
            Failure::NotConnected { .. } | Failure::Configuration { .. } => {}
        }
        health.last_error = Some(failure.to_string());
    }

    /// A message that could not be understood.
    pub(crate) fn invalid_message(&self, why: String) {
        let mut health = self.lock();
        health.invalid_answers += 1;
        health.last_error = Some(why);
    }

    /// Something worth saying that did not stop the readings.
    pub(crate) fn remark(&self, what: String) {
        self.lock().last_error = Some(what);
    }

    /// Nothing can be had from it at present.
    pub(crate) fn offline(&self, why: String) {
        let mut health = self.lock();
        health.state = DeviceState::Offline;
        health.last_error = Some(why);
    }
}

/// The health of one link. Clones show the same link.
#[derive(Debug, Clone)]
pub(crate) struct LinkGauge(Arc<Mutex<LinkHealth>>);

impl LinkGauge {
    pub(crate) fn new(link: LinkId) -> Self {
        Self(Arc::new(Mutex::new(LinkHealth {
            link,
            up: false,
            endpoint: None,
            last_error: None,
            busy: 0.0,
            connects: 0,
            cause: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, LinkHealth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> LinkHealth {
        self.lock().clone()
    }

    /// Connected, to one of several if there are several.
    pub(crate) fn up(&self, endpoint: Option<String>) {
        let mut health = self.lock();
        health.up = true;
        health.connects += 1;
        health.endpoint = endpoint;
    }

    /// Not connected any more, and why.
    pub(crate) fn down(&self, why: String) {
        let mut health = self.lock();
        health.up = false;
        health.last_error = Some(why);
    }
}
