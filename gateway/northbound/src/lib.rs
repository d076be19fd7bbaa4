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
    ground: Ground,
    lanes: Mutex<Vec<Arc<Running>>>,
}

struct Running {
    settings: SinkSettings,
    report: Box<dyn Report>,
    wake: Arc<Notify>,
    cancel: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What every lane is given.
struct Ground {
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
        let ground = Ground { outbox, clock, cancel };
        refuse_twins(&sinks)?;
        // All are set up before the first one runs.
        let prepare = |sink| ground.prepare(sink, &description);
        let lanes = sinks.into_iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let lanes = lanes.into_iter().map(Prepared::start).collect();
        Ok(Self { ground, lanes: Mutex::new(lanes) })
    }

    /// Makes these the sinks of the site, and tells each of them what the site is now. A sink whose
    /// settings are the same works on; one that is gone or changed ends, and a changed one goes on
    /// from its durable cursor. Names of points that the site no longer has stay known to a sink
    /// that works on, as their readings may still wait.
    ///
    /// Two calls must not overlap.
    ///
    /// # Errors
    /// When a setting cannot be right; then nothing has been changed. Or when a cursor cannot be
    /// read; then what could not be started is missing.
    pub async fn apply(
        &self,
        sinks: Vec<SinkSettings>,
        description: &Arc<Description>,
    ) -> Result<(), NorthboundError> {
        refuse_twins(&sinks)?;
        let old = self.lanes();
        let kept = |sink: &SinkSettings| old.iter().find(|lane| lane.settings == *sink).cloned();
        for sink in sinks.iter().filter(|sink| kept(sink).is_none()) {
            self.ground.prepare(sink.clone(), description)?;
        }
        for lane in &old {
            match sinks.contains(&lane.settings) {
                true => lane.report.describe(description)?,
                false => lane.end().await,
            }
        }
        let mut lanes = Vec::with_capacity(sinks.len());
        let mut fault = None;
        for sink in sinks {
            match kept(&sink) {
                Some(lane) => lanes.push(lane),
                // Prepared anew: the cursor has moved until its lane ended.
                None => match self.ground.prepare(sink, description) {
                    Ok(prepared) => lanes.push(prepared.start()),
                    Err(error) => fault = Some(error),
                },
            }
        }
        *self.lanes.lock().unwrap_or_else(PoisonError::into_inner) = lanes;
        fault.map_or(Ok(()), Err)
    }

    /// Says that there is something new in the outbox. Without it the lanes look twice a second.
    pub fn wake(&self) {
        for lane in self.lanes() {
            lane.wake.notify_one();
        }
    }

    /// Resolves when all lanes have ended, which they do when cancelled.
    pub async fn join(&self) {
        for lane in self.lanes() {
            lane.ended().await;
        }
    }

    fn lanes(&self) -> Vec<Arc<Running>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Running {
    async fn end(&self) {
        self.cancel.cancel();
        self.ended().await;
    }

    async fn ended(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(panic) = task.await
        {
            tracing::error!(%panic, "a sink's lane panicked");
        }
    }
}

fn refuse_twins(sinks: &[SinkSettings]) -> Result<(), NorthboundError> {
    let mut names = std::collections::BTreeSet::new();
    match sinks.iter().find(|sink| !names.insert(sink.id.as_str())) {
        Some(twice) => Err(NorthboundError::Duplicate(twice.id.clone())),
        None => Ok(()),
    }
}

impl Sinks for Northbound {
    fn sinks(&self) -> Vec<SinkStatus> {
        self.lanes().iter().map(|lane| lane.report.report()).collect()
    }
}

/// A lane that is set up and does not run yet.
struct Prepared {
    settings: SinkSettings,
    report: Box<dyn Report>,
    wake: Arc<Notify>,
    cancel: CancellationToken,
    run: Box<dyn FnOnce() -> JoinHandle<()>>,
}

impl Prepared {
    fn start(self) -> Arc<Running> {
        let Self { settings, report, wake, cancel, run } = self;
        Arc::new(Running { settings, report, wake, cancel, task: Mutex::new(Some(run())) })
    }
}

impl Ground {
    fn prepare(
        &self,
        settings: SinkSettings,
        description: &Arc<Description>,
    ) -> Result<Prepared, NorthboundError> {
        let id = &settings.id;
        match &settings.kind {
            SinkKind::Influx { url, org, bucket, token, grace } => {
                let address = Address { url, org, bucket, token: token.reveal(), grace: *grace };
                let sink = InfluxSink::new(id, &address, description)?;
                self.lane(settings, sink)
            }
            SinkKind::Webhook { url, secret } => {
                let (secret, clock) = (secret.clone(), Arc::clone(&self.clock));
                let sink = WebhookSink::new(id, url, secret, Arc::clone(description), clock)?;
                self.lane(settings, sink)
            }
        }
    }

    fn lane<S: Sink>(&self, settings: SinkSettings, sink: S) -> Result<Prepared, NorthboundError> {
        let id = settings.id.clone();
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
        let cancel = self.cancel.child_token();
        let (awake, cancelled) = (Arc::clone(&wake), cancel.clone());
        let run = Box::new(move || tokio::spawn(lane.run(awake, cancelled)));
        Ok(Prepared { settings, report, wake, cancel, run })
    }
}
