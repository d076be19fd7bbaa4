//! The link's task: takes what happens on the connection, understands messages, and stores and
//! acknowledges them.
//!
//! Messages that come together are stored together. A batch somebody waits for (there is a message
//! in it with QoS 1) goes to the store as soon as the one before is there; one that nobody waits for
//! gathers for [`LINGER`]. While [`ROWS_MAX`] readings are on their way the broker is left waiting.

mod messages;

use super::{
    batch::{Batch, Delivery, Owed, Stored},
    client::{Client, Ticket},
    filter::widest,
    routes::Routes,
    session::{Happening, Session},
    sparkplug::{Edges, Outcome},
};
use crate::{
    LinkSettings, MqttSettings, Transport,
    courier::Tray,
    gauge::{Gauge, LinkGauge},
    messages::{Publisher, Seen},
};
use core::{future, mem, time::Duration};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use std::{panic, sync::Arc};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use weir_domain::Clock;
use weir_engine::{Row, ports::Intake};
use weir_wire::sparkplug::encode_rebirth;

/// Handfuls of messages read from the broker and not yet looked at.
const QUEUE_MAX: usize = 64;
/// Readings handed to the store and not yet on disk; beyond, the broker is left waiting.
const ROWS_MAX: usize = 50_000;
/// A batch goes to the store at this size at the latest.
const BATCH_ROWS: usize = 4096;
/// How long a batch that nobody waits for gathers.
const LINGER: Duration = Duration::from_millis(20);
/// Stored messages without a number of their own that are remembered.
const REMEMBERED_MAX: usize = 4096;
/// How long the store has at the end to take what is under way.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// Time to send the last acknowledgements and to take leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// What the broker kept for us has come when nothing comes for this long,
const BACKLOG_PAUSE: Duration = Duration::from_secs(1);
/// or after this time.
const BACKLOG_MAX: Duration = Duration::from_secs(30);

/// What the link is made of.
pub(crate) struct Surroundings {
    pub(crate) settings: LinkSettings,
    pub(crate) gauge: LinkGauge,
    pub(crate) gauges: Vec<Gauge>,
    pub(crate) tray: Tray,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The link.
pub(crate) struct Link {
    settings: LinkSettings,
    gauge: LinkGauge,
    tray: Tray,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
    publishers: Vec<Publisher>,
    routes: Routes,
    edges: Edges,
    deliveries: Seen<Delivery, Ticket>,
    batch: Batch,
    storing: FuturesOrdered<BoxFuture<'static, Stored>>,
    rows_on_the_way: usize,
    awaited_on_the_way: usize,
    client: Option<Arc<Client>>,
    down: Option<String>,
    backlog: Option<Backlog>,
}

/// The broker is sending what it kept for us.
struct Backlog {
    until: Instant,
    heard_at: Instant,
}

impl Link {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        let Surroundings { settings, gauge, gauges, tray, intake, clock } = surroundings;
        let now = Instant::now();
        let devices = settings.devices.iter().cloned().zip(gauges);
        let mut publishers: Vec<_> =
            devices.map(|(d, gauge)| Publisher::new(d, gauge, now)).collect();
        let mut routes = Routes::default();
        for (index, publisher) in publishers.iter_mut().enumerate() {
            routes.add(index, publisher);
        }
        let edges = Edges::new(&mut publishers, now);
        Self {
            settings,
            gauge,
            tray,
            intake,
            clock,
            publishers,
            routes,
            edges,
            deliveries: Seen::new(REMEMBERED_MAX),
            batch: Batch::default(),
            storing: FuturesOrdered::new(),
            rows_on_the_way: 0,
            awaited_on_the_way: 0,
            client: None,
            down: None,
            backlog: None,
        }
    }

    /// Listens until it is cancelled.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let (sender, mut happenings) = mpsc::channel(QUEUE_MAX);
        let (mut session, leaving) = (JoinSet::new(), CancellationToken::new());
        if let Some(run) = self.session(leaving.clone()) {
            session.spawn(run.run(sender));
        }
        loop {
            let silence = self.publishers.iter().map(Publisher::silence_due).min();
            let gathered = self.batch.since.map(|since| since + LINGER);
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(stored) = self.storing.next() => self.stored(stored),
                () = until(silence) => self.record_silence(),
                () = until(self.edges.due()) => self.edges_tick(),
                () = until(gathered) => self.hand_in(),
                Some(happening) = happenings.recv(), if self.rows_on_the_way < ROWS_MAX => {
                    self.handle(happening);
                    for _ in 0..QUEUE_MAX {
                        let Ok(happening) = happenings.try_recv() else { break };
                        self.handle(happening);
                        self.hand_in_if_due();
                    }
                    self.hand_in_if_due();
                }
                Some(Err(error)) = session.join_next() => {
                    if error.is_panic() {
                        // The supervisor starts the link again.
                        panic::resume_unwind(error.into_panic());
                    }
                }
            }
        }
        self.finish(session, happenings, &leaving).await;
    }

    /// None if there is nothing to listen to.
    fn session(&self, leaving: CancellationToken) -> Option<Session> {
        let Transport::Mqtt(settings) = &self.settings.transport else { return None };
        let filters = self.routes.list.iter().map(|route| route.filter.clone());
        let filters = widest(filters.chain(self.edges.filters()).collect());
        if filters.is_empty() {
            return None;
        }
        let shared = |filter: String| match &settings.share {
            Some(share) => format!("$share/{share}/{filter}"),
            None => filter,
        };
        Some(Session {
            settings: MqttSettings::clone(settings),
            filters: filters.into_iter().map(shared).collect(),
            // A host of Sparkplug keeps no session: births tell all it needs.
            clean: self.routes.list.is_empty(),
            leaving,
        })
    }

    /// What is under way is stored and acknowledged; the broker keeps the rest.
    async fn finish(
        mut self,
        mut session: JoinSet<()>,
        mut happenings: mpsc::Receiver<Happening>,
        leaving: &CancellationToken,
    ) {
        leaving.cancel();
        self.hand_in();
        let flush = async {
            while let Some(stored) = self.storing.next().await {
                stored.settle(&mut self.routes, &mut self.deliveries);
            }
        };
        if timeout(FLUSH_MAX, flush).await.is_err() {
            tracing::warn!(link = %self.settings.id, "messages stay with the broker, as the store did not take them");
        }
        let Some(client) = self.client.take().filter(|_| self.down.is_none()) else { return };
        if let Transport::Mqtt(settings) = &self.settings.transport
            && let Some(topic) = &settings.status_topic
        {
            client.tell_status(topic, false);
        }
        client.leave();
        let farewell = async {
            // What still comes is heard and not acknowledged.
            while happenings.recv().await.is_some() {}
            session.join_next().await;
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::debug!(link = %self.settings.id, "the broker was left without a farewell");
        }
    }

    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Up(client, session_present) => self.up(client, session_present),
            Happening::Down(why) => self.down(why),
            Happening::Refused(topics) => {
                tracing::error!(link = %self.settings.id, "the broker refuses to let us hear {topics}");
                for publisher in &self.publishers {
                    publisher.gauge.remark(format!(
                        "the broker refuses to let us hear {topics}: check its access rules"
                    ));
                }
            }
            Happening::PublicationRefused(why) => {
                tracing::warn!(link = %self.settings.id, "the broker does not take what we publish: {why}");
            }
            Happening::Messages(messages) => {
                let now = Instant::now();
                let from_backlog = self.is_backlog(now);
                messages.into_iter().for_each(|message| self.message(message, from_backlog, now));
            }
        }
    }

    fn up(&mut self, client: Arc<Client>, session_present: bool) {
        tracing::info!(link = %self.settings.id, session_present, "connected to the broker");
        let now = Instant::now();
        self.gauge.connected();
        self.down = None;
        self.client = Some(client);
        let backlog = Backlog { until: now + BACKLOG_MAX, heard_at: now };
        self.backlog = session_present.then_some(backlog);
        let outcome = self.edges.connected(now);
        self.take(outcome, None);
    }

    fn down(&mut self, why: String) {
        if self.down.is_none() {
            tracing::warn!(link = %self.settings.id, "link down: {why}");
        }
        self.gauge.down(why.clone());
        for publisher in &self.publishers {
            publisher.gauge.offline(why.clone());
        }
        self.down = Some(why);
        self.client = None;
        self.edges.disconnected();
    }

    /// Whether a message that comes now may be one that the broker kept while we were away.
    fn is_backlog(&mut self, now: Instant) -> bool {
        if let Some(backlog) = &mut self.backlog {
            if now < backlog.until && now - backlog.heard_at < BACKLOG_PAUSE {
                backlog.heard_at = now;
                return true;
            }
            self.backlog = None;
        }
        false
    }

    /// Takes in what came of Sparkplug.
    fn take(&mut self, outcome: Outcome, ticket: Option<Ticket>) {
        self.add(outcome.rows);
        self.batch.owed.extend(ticket.map(Owed::Acknowledgement));
        if let Some(client) = &self.client {
            for topic in outcome.ask {
                let now = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
                tracing::debug!(link = %self.settings.id, topic, "asking for a rebirth");
                client.publish(&topic, false, &encode_rebirth(now));
            }
        }
    }

    fn add(&mut self, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.batch.since.get_or_insert_with(Instant::now);
            self.batch.rows.extend(rows);
        }
    }

    fn edges_tick(&mut self) {
        let wall = self.clock.now();
        let outcome = self.edges.tick(&mut self.publishers, Instant::now(), wall);
        self.take(outcome, None);
    }

    fn hand_in_if_due(&mut self) {
        let is_next = self.batch.is_awaited() && self.awaited_on_the_way == 0;
        if is_next || self.batch.rows.len() >= BATCH_ROWS {
            self.hand_in();
        }
    }

    /// Hands the batch to the store.
    fn hand_in(&mut self) {
        let batch = mem::take(&mut self.batch);
        if batch.is_empty() {
            return;
        }
        self.rows_on_the_way += batch.rows.len();
        self.awaited_on_the_way += usize::from(batch.is_awaited());
        let (link, intake) = (self.settings.id.clone(), self.intake.clone());
        let storing = async move { batch.store(&*intake, link.as_str()).await };
        self.storing.push_back(storing.boxed());
    }

    fn stored(&mut self, stored: Stored) {
        self.rows_on_the_way -= stored.rows;
        self.awaited_on_the_way -= usize::from(stored.is_awaited);
        stored.settle(&mut self.routes, &mut self.deliveries);
        self.hand_in_if_due();
    }

    fn record_silence(&mut self) {
        let now = Instant::now();
        for (index, publisher) in self.publishers.iter_mut().enumerate() {
            if publisher.silence_due() > now {
                continue;
            }
            if self.down.is_none() && publisher.silence_is_new() && self.edges.ask_again(index) {
                publisher.excuse(now);
                continue;
            }
            let wall = self.clock.now();
            self.tray.put(publisher.record_silence(self.down.as_deref(), now, wall));
        }
    }
}

/// At the moment, if there is one; else never.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => future::pending().await,
    }
}
