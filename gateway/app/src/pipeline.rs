//! The engine's own thread: committed records in; effects saved, then published.

use crate::{
    desk::Outcomes,
    hurry::SharedLookout,
    rejudge::{Bell, Rejudge, SpecInForce},
};
use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::{Notify, broadcast, watch};
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    Act, Committed, Effect, Engine, LiveEvent, Record, SiteSpec, Snapshot, alarm_events,
};
use weir_storage::{EffectNumber, StorageError, Store};

/// The state is saved at least this often, so that a restart has little to handle again.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// And after this many records, which are handled again in a fraction of a second.
const SAVE_EVERY_RECORDS: u64 = 1_000_000;

/// How long to wait before a save that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Live events kept for a watcher that is slow.
const LIVE_EVENTS: usize = 4096;

/// Committed batches that may wait for the engine, while it saves. At full speed a batch is a
/// megabyte in memory.
const BATCHES: usize = 16;

/// Where the engine's results are to be had.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) snapshot: watch::Receiver<Arc<Snapshot>>,
    pub(crate) live: broadcast::Sender<Arc<LiveEvent>>,
    pub(crate) outcomes: Arc<Outcomes>,
    pub(crate) next_site: Arc<NextSite>,
    /// Knows which readings would bring an alarm.
    pub(crate) lookout: SharedLookout,
    /// An alarm event is saved.
    pub(crate) alarmed: Arc<Notify>,
}

/// The site that the next record of a reload ([`Act::Reloaded`]) puts in force. Without one, as
/// when the journal is handled again after a crash, such a record changes nothing: the engine was
/// made of the newest file to begin with.
#[derive(Default)]
pub(crate) struct NextSite(Mutex<Option<SiteSpec>>);

impl NextSite {
    /// Puts a site there, or takes it back.
    pub(crate) fn set(&self, site: Option<SiteSpec>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = site;
    }

    fn take(&self) -> Option<SiteSpec> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The engine at work.
pub(crate) struct Pipeline {
    engine: Engine,
    store: Store,
    snapshot: watch::Sender<Arc<Snapshot>>,
    live: broadcast::Sender<Arc<LiveEvent>>,
    outcomes: Arc<Outcomes>,
    next_site: Arc<NextSite>,
    spec: SpecInForce,
    rejudge: Bell,
    lookout: SharedLookout,
    alarmed: Arc<Notify>,
    saved_at: Timestamp,
    saved_seq: u64,
}

/// What is needed to judge time again beside the engine.
pub(crate) struct Beside {
    pub(crate) spec: SiteSpec,
    pub(crate) clock: Arc<dyn Clock>,
    /// Readings older than this are not there any more.
    pub(crate) retention: Duration,
}

/// The way from the store to the engine.
pub(crate) fn channel() -> (mpsc::SyncSender<Committed>, mpsc::Receiver<Committed>) {
    mpsc::sync_channel(BATCHES)
}

impl Pipeline {
    /// Starts the thread, which ends when the store's side of the channel is gone, having handled
    /// everything in it; and the thread that judges again, which ends after it.
    pub(crate) fn start(
        engine: Engine,
        store: Store,
        committed: mpsc::Receiver<Committed>,
        Beside { spec, clock, retention }: Beside,
    ) -> std::io::Result<(Published, [thread::JoinHandle<()>; 2])> {
        let (snapshot, snapshot_rx) = watch::channel(Arc::new(engine.snapshot()));
        let (live, _) = broadcast::channel(LIVE_EVENTS);
        let outcomes = Arc::<Outcomes>::default();
        let next_site = Arc::<NextSite>::default();
        let lookout = SharedLookout::new(Mutex::new(engine.lookout()));
        let alarmed = Arc::<Notify>::default();
        let published = Published {
            snapshot: snapshot_rx,
            live: live.clone(),
            outcomes: outcomes.clone(),
            next_site: next_site.clone(),
            lookout: lookout.clone(),
            alarmed: alarmed.clone(),
        };
        let spec = SpecInForce::new(spec);
        let (rejudge, rejudging) = Rejudge {
            store: store.clone(),
            spec: spec.clone(),
            clock,
            retention,
            live: live.clone(),
            is_over: Arc::default(),
        }
        .start()?;
        let (saved_at, saved_seq) = (engine.clock(), engine.seq());
        let mut pipeline = Self {
            engine,
            store,
            snapshot,
            live,
            outcomes,
            next_site,
            spec,
            rejudge,
            lookout,
            alarmed,
            saved_at,
            saved_seq,
        };
        let thread = thread::Builder::new().name("engine".into()).spawn(move || {
            for batch in &committed {
                pipeline.handle(&batch);
            }
            pipeline.save_at_the_end();
        })?;
        Ok((published, [thread, rejudging]))
    }

    fn handle(&mut self, batch: &Committed) {
        let mut effects = Vec::new();
        let mut outcomes = Vec::new();
        let mut is_another = false;
        for (seq, record) in (batch.first_seq..).zip(&batch.records) {
            let before = effects.len();
            let result = self.engine.handle(seq, record, &mut effects);
            if let Record::Command(command) = record {
                let came_of_it = effects[before..].to_vec();
                outcomes.push((seq, result.map(|()| came_of_it)));
                if matches!(command.act, Act::Reloaded { .. }) {
                    is_another |= self.take_next_site();
                }
            }
        }
        self.keep_acts(batch);
        self.engine.tick(batch.watermark, &mut effects);
        // The state of another site is saved at once: what is handled again after a crash is then
        // handled by the engine that handled it first.
        let is_due = is_another
            || self.engine.clock().since(self.saved_at) >= SAVE_EVERY
            || self.engine.seq() - self.saved_seq >= SAVE_EVERY_RECORDS;
        let numbers = if !effects.is_empty() || is_due { self.save(&effects) } else { Vec::new() };
        if effects.iter().any(|effect| matches!(effect, Effect::Rejudge(_))) {
            self.rejudge.ring();
        }
        if alarm_events(&effects).next().is_some() {
            self.alarmed.notify_one();
        }
        self.publish(effects, numbers);
        for (seq, outcome) in outcomes {
            self.outcomes.put(seq, outcome);
        }
    }

    /// Writes the acts of a batch down for replays, before the state that covers them is saved and
    /// the journal may be trimmed. What is handled again after a crash is written once.
    fn keep_acts(&self, batch: &Committed) {
        let acts: Vec<_> = (batch.first_seq..)
            .zip(&batch.records)
            .filter_map(|(seq, record)| match record {
                Record::Command(command) => Some((seq, (**command).clone())),
                Record::Reading(_) => None,
            })
            .collect();
        if acts.is_empty() {
            return;
        }
        while let Err(error) = self.store.keep_acts(&acts) {
            wait_after(&error);
        }
    }

    /// Goes on with another site, if there is one, from the state of this one.
    fn take_next_site(&mut self) -> bool {
        let Some(spec) = self.next_site.take() else { return false };
        self.spec.set(spec.clone());
        let (mut engine, faults) = Engine::new(spec, self.engine.clock());
        for fault in faults {
            tracing::debug!("{fault}");
        }
        for name in engine.restore(self.engine.state()) {
            tracing::info!("{name} starts afresh: it is new or has changed");
        }
        *self.lookout.lock().unwrap_or_else(PoisonError::into_inner) = engine.lookout();
        self.engine = engine;
        true
    }

    /// Saves state and effects as one. Nothing is published that is not saved, so a disk that is
    /// full holds everything up until it has space again; nothing is lost by waiting.
    fn save(&mut self, effects: &[Effect]) -> Vec<EffectNumber> {
        let state = self.engine.state().to_bytes();
        loop {
            match self.store.save_engine(self.engine.seq(), &state, effects) {
                Ok(numbers) => {
                    self.saved_at = self.engine.clock();
                    self.saved_seq = self.engine.seq();
                    return numbers;
                }
                Err(error) => wait_after(&error),
            }
        }
    }

    /// What is not saved now is made again from the journal, so a full disk must not hold up the end.
    fn save_at_the_end(&mut self) {
        let state = self.engine.state().to_bytes();
        if let Err(error) = self.store.save_engine(self.engine.seq(), &state, &[]) {
            tracing::warn!(%error, "the engine's state was not saved; the next start makes it again from the journal");
        }
    }

    fn publish(&mut self, effects: Vec<Effect>, numbers: Vec<EffectNumber>) {
        let changes = self.engine.take_changes();
        let before = self.snapshot.send_replace(Arc::new(self.engine.snapshot()));
        if self.live.receiver_count() == 0 {
            return;
        }
        // Sending fails only when nobody watches, which is nobody's loss.
        let send = |event: LiveEvent| drop(self.live.send(Arc::new(event)));
        let site = self.engine.description();
        if !Arc::ptr_eq(site, &before.description) {
            send(LiveEvent::Site(site.clone()));
        }
        let sampled = |point: usize| Some((point, self.engine.sample(point)?));
        let samples: Vec<_> = changes.points.into_iter().filter_map(sampled).collect();
        if !samples.is_empty() {
            send(LiveEvent::Samples(site.clone(), samples));
        }
        for index in changes.requirements {
            let state = self.engine.requirement(index);
            send(LiveEvent::Requirement(site.clone(), index, state));
        }
        for (effect, number) in effects.into_iter().zip(numbers) {
            match (effect, number) {
                (Effect::Verdict(verdict), EffectNumber::Verdict(id)) => {
                    send(LiveEvent::Verdict(id, Box::new(verdict)));
                }
                (Effect::Alarm(event), _) => send(LiveEvent::Alarm(Box::new(event))),
                (Effect::Mark(event), _) => send(LiveEvent::Mark(event)),
                (Effect::Finding(finding), EffectNumber::Finding(id)) => {
                    send(LiveEvent::Finding(id, finding));
                }
                // What comes of it is told when it has come.
                (Effect::Rejudge(_), _) => {}
                (Effect::Verdict(_) | Effect::Finding(_), _) => {
                    unreachable!("numbers come in the order of the effects")
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine's thread has nothing else to do until then"
)]
fn wait_after(error: &StorageError) {
    tracing::error!(error = %error, cause = ?std::error::Error::source(error), "verdicts and alarms cannot be saved; trying again");
    thread::sleep(RETRY_AFTER);
}
