//! The thread that judges time again: requests out of the store, revised verdicts into it.
//!
//! It works beside the engine and never holds it up. What was asked for waits in the store, and is
//! taken off in the same transaction that writes what came of it; so a crash at any point loses
//! nothing, and nothing is judged again twice.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use tokio::sync::broadcast;
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    Act, LiveEvent, RejudgeRequest, SiteSpec,
    ports::Records as _,
    rejudge::{Past, Revision, Task, rejudge},
};
use weir_storage::Store;

/// Requests that come within so long are worked off together.
const GATHER: Duration = Duration::from_millis(500);

/// How long to wait before what failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Requests worked off together.
const REQUESTS_MAX: usize = 1_000;

/// The site in force, for whoever needs all of it.
#[derive(Clone)]
pub(crate) struct SpecInForce(Arc<Mutex<Arc<SiteSpec>>>);

impl SpecInForce {
    pub(crate) fn new(spec: SiteSpec) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(spec))))
    }

    pub(crate) fn set(&self, spec: SiteSpec) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(spec);
    }

    fn get(&self) -> Arc<SiteSpec> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells the thread that there is something to do. When it is gone, the thread ends, having worked
/// off no more than the requirement it is at.
pub(crate) struct Bell {
    rung: mpsc::SyncSender<()>,
    is_over: Arc<AtomicBool>,
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        // Full: it has been rung already. Nobody there: the gateway is ending.
        let _ = self.rung.try_send(());
    }
}

/// See the module.
pub(crate) struct Rejudge {
    pub(crate) store: Store,
    pub(crate) spec: SpecInForce,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retention: Duration,
    pub(crate) live: broadcast::Sender<Arc<LiveEvent>>,
    pub(crate) is_over: Arc<AtomicBool>,
}

impl Rejudge {
    /// Starts the thread, which begins with what waits in the store.
    pub(crate) fn start(self) -> std::io::Result<(Bell, thread::JoinHandle<()>)> {
        let (bell, rung) = mpsc::sync_channel(1);
        bell.try_send(()).expect("there is room for one");
        let bell = Bell { rung: bell, is_over: self.is_over.clone() };
        let thread = thread::Builder::new().name("rejudge".into()).spawn(move || {
            let mut wait = None;
            loop {
                let rang = match wait {
                    None => rung.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                    Some(time) => rung.recv_timeout(time),
                };
                if rang == Err(mpsc::RecvTimeoutError::Disconnected) {
                    return;
                }
                // More of a burst may be on its way.
                if rung.recv_timeout(GATHER) == Err(mpsc::RecvTimeoutError::Disconnected) {
                    return;
                }
                wait = self.work_off().then_some(RETRY_AFTER);
            }
        })?;
        Ok((bell, thread))
    }

    /// Judges what waits; whether something has to be tried again.
    fn work_off(&self) -> bool {
        loop {
            match self.round() {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    tracing::error!("time could not be judged again; trying again: {error:#}");
                    return true;
                }
            }
        }
    }

    /// Judges some of what waits; false if nothing does.
    fn round(&self) -> anyhow::Result<bool> {
        let waiting = self.store.rejudge_requests(REQUESTS_MAX)?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let (ids, requests): (Vec<i64>, Vec<RejudgeRequest>) = waiting.into_iter().unzip();
        let spec = self.spec.get();
        let site = weir_engine::Engine::new((*spec).clone(), self.clock.now()).0;
        let tasks = Task::of(site.description(), &requests);
        let (requested, tasked) = (requests.len(), tasks.len());
        tracing::info!("judging again: {requested} requests, {tasked} requirements");
        let acts = self.store.acts()?;
        let starts: Vec<Timestamp> = acts
            .iter()
            .filter(|(_, command)| command.act == Act::Started)
            .map(|(_, command)| command.at)
            .collect();
        let now = self.clock.now();
        let past = Past {
            history: &self.store,
            records: &self.store,
            marks: &self.store,
            starts: &starts,
            born: self.store.first_judged()?.unwrap_or(now),
            horizon: now - self.retention,
        };
        let mut revision = Revision::default();
        for task in &tasks {
            if self.is_over.load(Ordering::Relaxed) {
                return Ok(false); // The next start begins with it.
            }
            let of_task = rejudge(&spec, task, past, now)?;
            revision.superseded.extend(of_task.superseded);
            revision.verdicts.extend(of_task.verdicts);
        }
        let numbers = self.store.revise(&ids, &revision, now)?;
        let (old, new) = (revision.superseded.len(), numbers.len());
        tracing::info!(
            "judged again: {old} verdicts do not stand any more, {new} take their place"
        );
        self.tell(revision.superseded, &numbers)?;
        Ok(true)
    }

    fn tell(&self, superseded: Vec<i64>, numbers: &[i64]) -> anyhow::Result<()> {
        if superseded.is_empty() && numbers.is_empty() || self.live.receiver_count() == 0 {
            return Ok(());
        }
        let mut verdicts = Vec::with_capacity(numbers.len());
        for number in numbers {
            verdicts.extend(self.store.verdict(*number)?);
        }
        // Sending fails only when nobody watches, which is nobody's loss.
        let _ = self.live.send(Arc::new(LiveEvent::Revised(superseded, verdicts)));
        Ok(())
    }
}
