//! The site file, read again while the gateway runs: checked, compared with what is in force, tried,
//! and put back if what worked before does not work any more.
//!
//! In this order, so that no reading falls between two sites: the points get their numbers; a record
//! of the reload goes into the journal, and where it stands there the engine becomes that of the new
//! site; the sinks learn the new names; the links change. A link, sink or requirement that is the
//! same in both files notices nothing.
//!
//! What cannot change while the gateway runs is refused before anything is touched.

mod diff;
mod trial;

use crate::{
    pipeline::Published,
    plan,
    site::{self, Loaded},
};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::OwnedMutexGuard, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use trial::Trial;
use weir_acquisition::{Acquisition, LinkSettings, Transport};
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    Act, Command, SiteSpec,
    ports::{Configuration, Health as _, PortFuture, Reload, ReloadOutcome},
};
use weir_northbound::{Northbound, SinkSettings};
use weir_storage::Store;

/// The site that is in force, and what was made of it.
pub(crate) struct InForce {
    pub(crate) loaded: Loaded,
    pub(crate) spec: SiteSpec,
    pub(crate) links: Vec<LinkSettings>,
    pub(crate) sinks: Vec<SinkSettings>,
}

/// What a reload works on.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) acquisition: Arc<Acquisition>,
    pub(crate) northbound: Arc<Northbound>,
    pub(crate) published: Published,
    /// Ends a trial when the gateway ends.
    pub(crate) stop: CancellationToken,
}

/// Reads the site file again when asked to.
pub(crate) struct Reloader(Arc<Inner>);

struct Inner {
    file: PathBuf,
    parts: Parts,
    in_force: Arc<tokio::sync::Mutex<InForce>>,
    hash: Mutex<String>,
    last: Mutex<Option<Reload>>,
}

/// How a reload ended, and what there is to say of it.
struct Ended {
    outcome: ReloadOutcome,
    changes: Vec<String>,
    faults: Vec<String>,
}

impl Ended {
    fn refused(faults: Vec<String>) -> Self {
        Self { outcome: ReloadOutcome::Refused, changes: Vec::new(), faults }
    }
}

/// A file that was read, with the secrets and certificates it names, before its points have numbers.
struct Candidate {
    loaded: Loaded,
    transports: Vec<Transport>,
    sinks: Vec<SinkSettings>,
}

impl InForce {
    /// Gives the points of a site their numbers in the store, and works out its settings. Waits for
    /// the disk.
    pub(crate) fn new(loaded: Loaded, store: &Store) -> anyhow::Result<Self> {
        let series = store.series(&site::point_ids(&loaded.site))?;
        let spec = site::spec(&loaded, &series);
        let plain = |failure: crate::exit::Failure| anyhow::anyhow!("{failure}");
        let links = site::links(&loaded, &spec).map_err(plain)?;
        let sinks = site::sinks(&loaded).map_err(plain)?;
        Ok(Self { loaded, spec, links, sinks })
    }
}

impl Reloader {
    pub(crate) fn new(in_force: InForce, parts: Parts) -> Self {
        let hash = Mutex::new(in_force.loaded.hash.clone());
        let file = in_force.loaded.file.clone();
        let in_force = Arc::new(tokio::sync::Mutex::new(in_force));
        Self(Arc::new(Inner { file, parts, in_force, hash, last: Mutex::default() }))
    }
}

impl Configuration for Reloader {
    /// The reload goes on if the caller does not wait for it: half of one would be worse than
    /// either site.
    fn reload(&self, check_only: bool) -> PortFuture<'_, Reload> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let at = inner.parts.clock.now();
            let Ok(in_force) = Arc::clone(&inner.in_force).try_lock_owned() else {
                let faults = vec!["another reload is under way; ask again when it is over".into()];
                return inner.reload(at, Ended::refused(faults));
            };
            let task = tokio::spawn(Arc::clone(&inner).run(at, in_force, check_only));
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a reload ended by a fault of the gateway");
                let faults = vec![format!("the reload ended by a fault of the gateway: {error}")];
                inner.reload(at, Ended::refused(faults))
            })
        })
    }

    fn last_reload(&self) -> Option<Reload> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Inner {
    async fn run(
        self: Arc<Self>,
        at: Timestamp,
        mut in_force: OwnedMutexGuard<InForce>,
        check_only: bool,
    ) -> Reload {
        let ended = match self.read(&in_force).await {
            Err(faults) => Ended::refused(faults),
            Ok((_, changes)) if changes.is_empty() => {
                let outcome = ReloadOutcome::Unchanged;
                Ended { outcome, changes, faults: Vec::new() }
            }
            Ok((_, changes)) if check_only => {
                let outcome = ReloadOutcome::Checked;
                Ended { outcome, changes, faults: Vec::new() }
            }
            Ok((candidate, changes)) => self.apply(candidate, changes, &mut in_force).await,
        };
        *self.hash.lock().unwrap_or_else(PoisonError::into_inner) = in_force.loaded.hash.clone();
        let reload = self.reload(at, ended);
        tell(&reload);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(reload.clone());
        reload
    }

    fn reload(&self, at: Timestamp, ended: Ended) -> Reload {
        let config_hash = self.hash.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Ended { outcome, changes, faults } = ended;
        Reload { at, config_hash, outcome, changes, faults }
    }

    /// The file as it is now, and in what it differs; or its faults.
    async fn read(&self, in_force: &InForce) -> Result<(Candidate, Vec<String>), Vec<String>> {
        let file = self.file.clone();
        let candidate = spawn_blocking(move || candidate(&file)).await;
        let candidate = candidate.map_err(|error| vec![error.to_string()])??;
        let (old, new) = (&in_force.loaded, &candidate.loaded);
        let fixed = diff::needs_restart(&old.site, &new.site);
        if !fixed.is_empty() {
            return Err(fixed);
        }
        let mut changes = diff::changes(&old.site, &new.site);
        changes.extend(diff::secrets(in_force, &candidate));
        if changes.is_empty() && old.hash != new.hash {
            changes.push("the file says the same in other words".to_owned());
        }
        Ok((candidate, changes))
    }

    async fn apply(
        &self,
        candidate: Candidate,
        mut changes: Vec<String>,
        in_force: &mut InForce,
    ) -> Ended {
        let store = self.parts.store.clone();
        let next = spawn_blocking(move || InForce::new(candidate.loaded, &store)).await;
        let next = match next.map_err(anyhow::Error::from).flatten() {
            Ok(next) => next,
            Err(error) => return Ended::refused(vec![format!("{error:#}")]),
        };
        self.hold_journal(&[in_force, &next]);
        let parts = &self.parts;
        let before = parts.acquisition.devices();
        let links_before = parts.acquisition.links();
        let alarms = self.open_alarms();
        let faults = match self.put(&next).await {
            Err(fault) => vec![fault],
            Ok(()) => {
                let applied = parts.acquisition.apply(next.links.clone()).await;
                let trial = Trial::new(&before, &links_before, &applied.started, &next.links);
                let (remarks, faults) = trial.run(&*parts.acquisition, &parts.stop).await;
                changes.extend(remarks);
                faults
            }
        };
        if faults.is_empty() {
            changes.extend(alarms.difference(&self.open_alarms()).map(|alarm| {
                format!("alarm {alarm}: nothing watches its requirement any more; it is closed")
            }));
            *in_force = next;
            plan::tell(&in_force.loaded.site);
            self.hold_journal(&[in_force]);
            return Ended { outcome: ReloadOutcome::Applied, changes, faults };
        }
        self.roll_back(in_force, changes, faults).await
    }

    async fn roll_back(&self, old: &InForce, changes: Vec<String>, faults: Vec<String>) -> Ended {
        let mut faults = faults;
        if let Err(fault) = self.put(old).await {
            faults.push(format!("on the way back: {fault}"));
        }
        self.parts.acquisition.apply(old.links.clone()).await;
        self.hold_journal(&[old]);
        Ended { outcome: ReloadOutcome::RolledBack, changes, faults }
    }

    /// Lets the engine and the sinks go on with a site.
    async fn put(&self, site: &InForce) -> Result<(), String> {
        let Parts { store, clock, northbound, published, .. } = &self.parts;
        published.next_site.set(Some(site.spec.clone()));
        let act = Act::Reloaded { config_hash: site.loaded.hash.clone() };
        let written = store.submit_command(Command { at: clock.now(), act }).await;
        let seq = written.map_err(|error| {
            published.next_site.set(None);
            format!("{:#}", anyhow::Error::from(error))
        })?;
        if let Err(refusal) = published.outcomes.take(seq).await {
            return Err(refusal.to_string());
        }
        let description = published.snapshot.borrow().description.clone();
        let applied = northbound.apply(site.sinks.clone(), &description).await;
        applied.map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    }

    fn hold_journal(&self, sites: &[&InForce]) {
        let sinks = sites.iter().flat_map(|site| site::journal_sinks(&site.loaded.site));
        let sinks: BTreeSet<&str> = sinks.collect();
        self.parts.store.hold_journal_for(&Vec::from_iter(sinks));
    }

    fn open_alarms(&self) -> BTreeSet<String> {
        let snapshot = self.parts.published.snapshot.borrow().clone();
        snapshot.alarms.iter().map(|alarm| alarm.raised.alarm.clone()).collect()
    }
}

fn candidate(file: &std::path::Path) -> Result<Candidate, Vec<String>> {
    let loaded = site::load_or_lines(file)?;
    let transports = loaded.site.links.iter().map(|link| site::transport(&loaded, link));
    let transports = transports.collect::<Result<_, _>>();
    let transports = transports.map_err(|failure| vec![failure.to_string()])?;
    let sinks = site::sinks(&loaded).map_err(|failure| vec![failure.to_string()])?;
    Ok(Candidate { loaded, transports, sinks })
}

fn tell(reload: &Reload) {
    let word = match reload.outcome {
        ReloadOutcome::Unchanged => "nothing has changed",
        ReloadOutcome::Checked => "the site file could be put in force",
        ReloadOutcome::Applied => "the new site file is in force",
        ReloadOutcome::Refused => "the site file is refused; the old one stays in force",
        ReloadOutcome::RolledBack => "the changes did not come good; the old site file is in force",
    };
    match reload.faults.is_empty() {
        true => tracing::info!("reload: {word}"),
        false => tracing::error!("reload: {word}"),
    }
    reload.changes.iter().for_each(|change| tracing::info!("reload: {change}"));
    reload.faults.iter().for_each(|fault| tracing::error!("reload: {fault}"));
}
