//! The link's task: takes what happens on the connection, and stores and acknowledges messages.

use super::{
    message::understand,
    publisher::Publisher,
    seen::{Key, Seen},
    session::{self, Happening, Message},
};
use crate::{LinkSettings, backoff::Backoff, courier::Tray, gauge::Gauge};
use core::time::Duration;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::HashMap, panic, sync::Arc};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use weir_domain::Clock;
use weir_engine::{Row, ports::Intake};
use weir_wire::telemetry;

/// Messages read from the broker and not yet looked at.
const QUEUE_MAX: usize = 64;
/// Messages handed to the store and not yet on disk; beyond, the broker is left waiting.
const IN_FLIGHT_MAX: usize = 128;
/// First and longest wait before a refused message is handed in again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// How long the store has at the end to take what is under way.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// Time to send the last acknowledgements.
const FAREWELL: Duration = Duration::from_millis(100);

/// What the link is made of.
pub(crate) struct Surroundings {
    pub(crate) settings: LinkSettings,
    pub(crate) gauges: Vec<Gauge>,
    pub(crate) tray: Tray,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A topic, and the devices that listen to it (by index; as a rule one).
struct Route {
    topic: String,
    devices: Vec<usize>,
    seen: Seen,
}

/// The link.
pub(crate) struct Link {
    settings: LinkSettings,
    tray: Tray,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    publishers: Vec<Publisher>,
    routes: Vec<Route>,
    by_topic: HashMap<String, usize>,
    storing: FuturesUnordered<BoxFuture<'static, (usize, Key)>>,
    down: Option<String>,
}

impl Link {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        let Surroundings { settings, gauges, tray, intake, clock } = surroundings;
        let now = Instant::now();
        let devices = settings.devices.iter().cloned().zip(gauges);
        let publishers: Vec<_> = devices.map(|(d, gauge)| Publisher::new(d, gauge, now)).collect();
        let (mut routes, mut by_topic) = (Vec::<Route>::new(), HashMap::new());
        for (device, publisher) in publishers.iter().enumerate() {
            let Some(topic) = publisher.topic() else { continue };
            let route = *by_topic.entry(topic.clone()).or_insert_with(|| {
                routes.push(Route { topic, devices: Vec::new(), seen: Seen::default() });
                routes.len() - 1
            });
            routes[route].devices.push(device);
        }
        let (storing, down) = (FuturesUnordered::new(), None);
        Self { settings, tray, intake, clock, publishers, routes, by_topic, storing, down }
    }

    /// Listens until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let (sender, mut happenings) = mpsc::channel(QUEUE_MAX);
        let topics = self.routes.iter().map(|route| route.topic.clone()).collect();
        let mut session = JoinSet::new();
        if !self.routes.is_empty() {
            session.spawn(session::run(self.settings.transport.clone(), topics, sender));
        }
        loop {
            let silence = self.publishers.iter().map(Publisher::silence_due).min();
            let silence = silence.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some((route, key)) = self.storing.next() => self.routes[route].seen.stored(key),
                () = sleep_until(silence) => self.record_silence(),
                Some(happening) = happenings.recv(), if self.storing.len() < IN_FLIGHT_MAX => {
                    self.handle(happening);
                }
                Some(Err(error)) = session.join_next() => {
                    if error.is_panic() {
                        // The supervisor starts the link again.
                        panic::resume_unwind(error.into_panic());
                    }
                }
            }
        }
        self.finish().await;
    }

    /// What is under way is stored and acknowledged; the broker keeps the rest.
    async fn finish(mut self) {
        let flush = async {
            while let Some((route, key)) = self.storing.next().await {
                self.routes[route].seen.stored(key);
            }
        };
        if tokio::time::timeout(FLUSH_MAX, flush).await.is_ok() {
            sleep(FAREWELL).await;
        }
    }

    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Up => {
                tracing::info!(link = %self.settings.id, "connected to the broker");
                self.down = None;
            }
            Happening::Down(why) => {
                if self.down.is_none() {
                    tracing::warn!(link = %self.settings.id, "link down: {why}");
                }
                for publisher in &self.publishers {
                    publisher.gauge.offline(why.clone());
                }
                self.down = Some(why);
            }
            Happening::Refused(topics) => {
                tracing::error!(link = %self.settings.id, "the broker refuses to let us hear {topics}");
                for publisher in &self.publishers {
                    let why = format!(
                        "the broker refuses to let us hear {topics}: check its access rules"
                    );
                    publisher.gauge.remark(why);
                }
            }
            Happening::Message(message) => self.message(message),
        }
    }

    fn message(&mut self, message: Message) {
        let Some(route) = self.by_topic.get(message.topic()).copied() else {
            // A subscription of an earlier configuration that the broker remembers.
            tracing::debug!(link = %self.settings.id, topic = message.topic(), "not a topic of ours");
            message.acknowledge();
            return;
        };
        let now = Instant::now();
        match telemetry::decode(message.payload()) {
            Ok(telemetry) => self.telemetry(route, &telemetry, message, now),
            Err(error) => {
                for device in &self.routes[route].devices {
                    self.publishers[*device].invalid(error.to_string(), now);
                }
                message.acknowledge();
            }
        }
    }

    fn telemetry(
        &mut self,
        index: usize,
        telemetry: &telemetry::Telemetry,
        message: Message,
        now: Instant,
    ) {
        let (route, key) = (&mut self.routes[index], Key::of(telemetry));
        if !route.seen.is_new(&key, message) {
            return;
        }
        let received = self.clock.now();
        let mut rows = Vec::new();
        for device in &route.devices {
            let publisher = &mut self.publishers[*device];
            let understood = understand(telemetry, &publisher.settings, received);
            publisher.heard(now);
            publisher.gauge.success(received, None);
            if let Some(remark) = understood.remark {
                publisher.gauge.remark(remark);
            }
            rows.extend(understood.rows);
        }
        if rows.is_empty() {
            route.seen.stored(key);
            return;
        }
        let (link, intake) = (self.settings.id.clone(), self.intake.clone());
        let storing = async move {
            store(&*intake, rows, link.as_str()).await;
            (index, key)
        };
        self.storing.push(storing.boxed());
    }

    fn record_silence(&mut self) {
        let now = Instant::now();
        for publisher in &mut self.publishers {
            if publisher.silence_due() <= now {
                let wall = self.clock.now();
                self.tray.put(publisher.record_silence(self.down.as_deref(), now, wall));
            }
        }
    }
}

/// Hands rows in until they are on disk.
async fn store(intake: &dyn Intake, rows: Vec<Row>, link: &str) {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    let mut refusals = 0_u64;
    while let Err(error) = intake.submit(rows.clone(), true).await {
        refusals += 1;
        if refusals == 1 {
            let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
            tracing::error!(link, "{error}: {cause}; the message stays with the broker");
        }
        sleep(backoff.after_failure()).await;
    }
}
