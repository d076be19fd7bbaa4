//! A link of devices that post their messages over HTTP: understands them, and answers when they
//! are on disk.
//!
//! A message over HTTP stands by itself, with all points of the device in it; topics are not used.
//! Readings that are refused by the store are refused to the device, which keeps them.

use crate::{
    LinkSettings,
    courier::Tray,
    gauge::{Gauge, LinkGauge},
    mailbox::{Answer, Boxes, Posted},
    messages::{NO_POINTS, Parsed, Publisher, Reader, Seen, TelemetryKey, Verdict},
};
use core::time::Duration;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use weir_domain::Clock;
use weir_engine::{
    Row,
    ports::{DeliveryError, Intake, PortError},
};
use weir_profiles::{Access, MessageFormat};

/// Messages handed to the store and not yet on disk.
const IN_FLIGHT_MAX: usize = 256;
/// Stored messages of Weir's own that are remembered for each device.
const REMEMBERED_MAX: usize = 1024;
/// How long the store has at the end to take what is under way.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// A moment that is far enough away.
const LATER: Duration = Duration::from_secs(3600);

/// What the link is made of.
pub(crate) struct Surroundings {
    pub(crate) settings: LinkSettings,
    pub(crate) gauge: LinkGauge,
    pub(crate) gauges: Vec<Gauge>,
    pub(crate) tray: Tray,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) boxes: Boxes,
}

/// Somebody who waits for an answer.
type Waiting = oneshot::Sender<Answer>;

struct Device {
    publisher: Publisher,
    /// How its messages are read, or why they cannot be.
    reader: Result<Reader, String>,
    seen: Seen<TelemetryKey, Waiting>,
}

/// What came of a message.
struct Stored {
    device: usize,
    rows: usize,
    key: Option<TelemetryKey>,
    result: Result<(), PortError>,
    /// Who waits, where there is no key.
    waiting: Vec<Waiting>,
}

/// The link.
pub(crate) struct Link {
    token: String,
    boxes: Boxes,
    gauge: LinkGauge,
    tray: Tray,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    devices: Vec<Device>,
    storing: FuturesUnordered<BoxFuture<'static, Stored>>,
}

impl Link {
    /// A link whose devices have to show this token.
    pub(crate) fn new(surroundings: Surroundings, token: String) -> Self {
        let Surroundings { settings, gauge, gauges, tray, intake, clock, boxes } = surroundings;
        let now = Instant::now();
        let device = |(settings, gauge)| {
            let mut publisher = Publisher::new(settings, gauge, now);
            let reader = reader(&publisher);
            if let Err(why) = &reader {
                publisher.cannot_work(why.clone());
            }
            Device { publisher, reader, seen: Seen::new(REMEMBERED_MAX) }
        };
        let devices = settings.devices.into_iter().zip(gauges).map(device).collect();
        let storing = FuturesUnordered::new();
        Self { token, boxes, gauge, tray, intake, clock, devices, storing }
    }

    /// Takes messages until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let ids = self.devices.iter().map(|d| d.publisher.settings.id.clone()).collect();
        let (open, mut posted) = self.boxes.open(ids, &self.token);
        self.gauge.connected();
        loop {
            let silence = self.devices.iter().map(|d| d.publisher.silence_due()).min();
            let silence = silence.unwrap_or_else(|| Instant::now() + LATER);
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(stored) = self.storing.next() => self.stored(stored),
                () = sleep_until(silence) => self.record_silence(),
                Some(posted) = posted.recv(), if self.storing.len() < IN_FLIGHT_MAX => {
                    self.take(posted);
                }
            }
        }
        drop(open);
        self.finish(posted).await;
    }

    /// What is under way is stored and answered; what was not looked at is not.
    async fn finish(mut self, posted: mpsc::Receiver<Posted>) {
        drop(posted);
        self.gauge.down("the link was stopped".to_owned());
        let flush = async {
            while let Some(stored) = self.storing.next().await {
                self.stored(stored);
            }
        };
        if timeout(FLUSH_MAX, flush).await.is_err() {
            tracing::warn!("messages stay with their devices, as the store did not take them");
        }
    }

    fn take(&mut self, posted: Posted) {
        let Posted { device: index, body, answer } = posted;
        let Some(device) = self.devices.get_mut(index) else { return };
        let now = Instant::now();
        let reader = match &device.reader {
            Ok(reader) => reader,
            Err(why) => return reply(answer, Err(DeliveryError::Invalid(why.clone()))),
        };
        let parsed = match Parsed::parse(reader.kind(), &body) {
            Ok(parsed) => parsed,
            Err(why) => {
                device.publisher.invalid(&why, now);
                return reply(answer, Err(DeliveryError::Invalid(why)));
            }
        };
        let key = match &parsed {
            Parsed::Weir(telemetry) => Some(TelemetryKey::of("", telemetry)),
            Parsed::Json(_) | Parsed::Plain(_) => None,
        };
        let mut waiting = vec![answer];
        if let Some(key) = &key {
            match device.seen.take(key, waiting.pop(), |_, _| true) {
                Verdict::New => {}
                Verdict::UnderWay => return,
                Verdict::Stored(waiting) => {
                    return waiting.into_iter().for_each(|waiting| reply(waiting, Ok(0)));
                }
            }
        }
        let received = self.clock.now();
        let receipt = device.publisher.receipt(received, false);
        let understood = reader.read(&parsed, &device.publisher.settings, &receipt);
        device.publisher.understood(&understood, received, now);
        if understood.rows.is_empty() {
            waiting.extend(key.iter().flat_map(|key| device.seen.failed(key)));
            let why = understood.remark.unwrap_or_else(|| NO_POINTS.to_owned());
            return waiting.into_iter().for_each(|waiting| {
                reply(waiting, Err(DeliveryError::Invalid(why.clone())));
            });
        }
        let storing = store(self.intake.clone(), understood.rows, index, key, waiting);
        self.storing.push(storing.boxed());
    }

    /// The first who brought a message is told how many readings it was; the others that it was
    /// there.
    fn stored(&mut self, stored: Stored) {
        let Stored { device, rows, key, result, mut waiting } = stored;
        if let (Some(key), Some(device)) = (key, self.devices.get_mut(device)) {
            waiting.extend(match &result {
                Ok(()) => device.seen.stored(key),
                Err(_) => device.seen.failed(&key),
            });
        }
        let mut answer = match result {
            Ok(()) => Ok(rows),
            Err(error) => Err(DeliveryError::Port(error)),
        };
        for waiting in waiting {
            let next = match &answer {
                Ok(_) => Ok(0),
                Err(_) => Err(DeliveryError::Busy),
            };
            reply(waiting, core::mem::replace(&mut answer, next));
        }
    }

    fn record_silence(&mut self) {
        let now = Instant::now();
        for device in &mut self.devices {
            if device.publisher.silence_due() <= now {
                let wall = self.clock.now();
                self.tray.put(device.publisher.record_silence(None, now, wall));
            }
        }
    }
}

/// A body has no topic: all points are in it.
fn reader(publisher: &Publisher) -> Result<Reader, String> {
    let profile = &publisher.settings.profile;
    if let Access::Mqtt(access) = &profile.access
        && access.format == MessageFormat::Plain
        && profile.points.len() > 1
    {
        return Err(format!(
            "profile {} has several points in plain text, which over HTTP cannot be told apart",
            profile.id
        ));
    }
    let all: Vec<usize> = (0..profile.points.len()).collect();
    Reader::new(&publisher.settings, &all)
}

async fn store(
    intake: Arc<dyn Intake>,
    rows: Vec<Row>,
    device: usize,
    key: Option<TelemetryKey>,
    waiting: Vec<Waiting>,
) -> Stored {
    let count = rows.len();
    let result = intake.submit(rows, true).await;
    Stored { device, rows: count, key, result, waiting }
}

/// The device may have given up waiting.
fn reply(waiting: Waiting, answer: Answer) {
    drop(waiting.send(answer));
}
