//! Northbound: everything that leaves the gateway.
//!
//! A **sink** is one way out: readings to a time-series database, alarm events to a webhook. Each
//! has a **lane** of its own that reads the outbox by number, in order, from the sink's **cursor**,
//! which is durable and moves only over what is safe at the other side, or in **quarantine** with
//! the reason. A sink may be away for weeks: nothing is lost, and nobody else waits for it.
//!
//! Delivery is at least once; it has the effect of exactly once, because a reading is identified by
//! its series and time, and an alarm event by its number.
//!
//! What this crate does not do: judge readings, keep them, or take anything in.

#![forbid(unsafe_code)]

mod backoff;
mod batch;
mod deliver;
mod error;
mod guard;
mod influx;
mod lane;
mod live;
mod post;
mod progress;
mod settings;
mod sink;
mod status;
#[cfg(test)]
mod testing;
mod webhook;

pub use error::NorthboundError;
pub use settings::{Secret, SinkKind, SinkSettings};

use influx::{Address, InfluxSink};
use lane::Lane;
use sink::Sink;
use status::{Board, Report, Reporter};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use webhook::WebhookSink;
use weir_domain::Clock;
use weir_engine::{
    Description,
    ports::{Outbox, SinkStatus, Sinks},
};

/// All sinks of the site, at work.
pub struct Northbound {
    lanes: Vec<Running>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct Running {
    report: Box<dyn Report>,
    wake: Arc<Notify>,
}

/// What every lane is given.
struct Ground {
    description: Arc<Description>,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    cancel: CancellationToken,
}

impl Northbound {
    /// Starts a lane for each sink, within the current runtime. Reads the cursors, so it may wait
    /// for the disk. The lanes end when `cancel` is cancelled.
    ///
    /// # Errors
    /// When a setting cannot be right, or a cursor cannot be read; then nothing has been started.
    pub fn start(
        sinks: Vec<SinkSettings>,
        description: Arc<Description>,
        outbox: Arc<dyn Outbox>,
        clock: Arc<dyn Clock>,
        cancel: CancellationToken,
    ) -> Result<Self, NorthboundError> {
        let ground = Ground { description, outbox, clock, cancel };
        let mut names = std::collections::BTreeSet::new();
        if let Some(twice) = sinks.iter().find(|sink| !names.insert(sink.id.as_str())) {
            return Err(NorthboundError::Duplicate(twice.id.clone()));
        }
        // All are set up before the first one runs.
        let lanes = sinks.into_iter().map(|s| ground.prepare(s)).collect::<Result<Vec<_>, _>>()?;
        let (lanes, tasks) = lanes.into_iter().map(|(running, start)| (running, start())).unzip();
        Ok(Self { lanes, tasks: Mutex::new(tasks) })
    }

    /// Says that there is something new in the outbox. Without it the lanes look twice a second.
    pub fn wake(&self) {
        for lane in &self.lanes {
            lane.wake.notify_one();
        }
    }

    /// Resolves when all lanes have ended, which they do when cancelled.
    pub async fn join(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(panic) = task.await {
                tracing::error!(%panic, "a sink's lane panicked");
            }
        }
    }
}

impl Sinks for Northbound {
    fn sinks(&self) -> Vec<SinkStatus> {
        self.lanes.iter().map(|lane| lane.report.report()).collect()
    }
}

type Start = Box<dyn FnOnce() -> JoinHandle<()>>;

impl Ground {
    fn prepare(&self, settings: SinkSettings) -> Result<(Running, Start), NorthboundError> {
        let SinkSettings { id, kind } = settings;
        match kind {
            SinkKind::Influx { url, org, bucket, token, grace } => {
                let token = token.reveal();
                let address = Address { url: &url, org: &org, bucket: &bucket, token, grace };
                let sink = InfluxSink::new(&id, &address, &self.description)?;
                self.lane(id, sink)
            }
            SinkKind::Webhook { url, secret } => {
                let description = Arc::clone(&self.description);
                let clock = Arc::clone(&self.clock);
                let sink = WebhookSink::new(&id, &url, secret, description, clock)?;
                self.lane(id, sink)
            }
        }
    }

    fn lane<S: Sink>(&self, id: String, sink: S) -> Result<(Running, Start), NorthboundError> {
        let cursor = S::open(&*self.outbox, &id)
            .map_err(|source| NorthboundError::Cursor { sink: id.clone(), source })?;
        let (sink, board, wake) = (Arc::new(sink), Arc::new(Board::default()), Arc::default());
        let lane = Lane::new(
            id.clone(),
            Arc::clone(&sink),
            Arc::clone(&self.outbox),
            Arc::clone(&board),
            cursor,
        );
        let (outbox, clock) = (Arc::clone(&self.outbox), Arc::clone(&self.clock));
        let report = Box::new(Reporter { id, sink, outbox, board, clock });
        let (awake, cancel) = (Arc::clone(&wake), self.cancel.clone());
        let start: Start = Box::new(move || tokio::spawn(lane.run(awake, cancel)));
        Ok((Running { report, wake }, start))
    }
}
