//! The gateway as a whole: opened, started, running, stopped. `weir run` and `weir demo` both use
//! this one.

use crate::{
    cli,
    clock::SystemClock,
    desk::Desk,
    exit::{Exit, Failure},
    hurry::Hurry,
    memory,
    pipeline::{self, Beside, Pipeline, Published},
    plan,
    reload::{InForce, Parts, Reloader},
    site::{self, Loaded},
};
use anyhow::Context as _;
use std::{path::Path, sync::Arc, thread::JoinHandle, time::Duration};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use weir_acquisition::Acquisition;
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    Act, Command, Engine, EngineState, SiteSpec,
    ports::{Configuration as _, Outbox as _},
};
use weir_northbound::Northbound;
use weir_storage::{Store, StoreOptions};
use weir_web::WebState;

/// A chunk of history is sealed after this long, or when so many readings wait. The store seals
/// earlier when they take too much memory; in few bytes each, more of them make better chunks.
const SEAL_AFTER: Duration = Duration::from_secs(900);
const SEAL_ROWS: usize = 4_000_000;

/// A gateway whose store and engine run, and whose edges may be started.
pub(crate) struct Gateway {
    in_force: InForce,
    description: Arc<weir_engine::Description>,
    pub(crate) store: Store,
    published: Published,
    engine: [JoinHandle<()>; 2],
    clock: Arc<dyn Clock>,
    started_at: Timestamp,
}

impl Gateway {
    /// Opens the store, puts the engine back where it was, and lets records flow.
    pub(crate) fn open(
        loaded: Loaded,
        data: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(data)
            .with_context(|| format!("could not create the data folder {}", data.display()))?;
        let retention = loaded.site.storage.retention;
        let (sender, committed) = pipeline::channel();
        let options = StoreOptions {
            dir: data.to_owned(),
            commit_interval: loaded.site.storage.commit_interval,
            retention,
            clock: clock.clone(),
            seal_after: SEAL_AFTER,
            seal_rows: SEAL_ROWS,
        };
        // The engine's side of the channel lives as long as the store's, so sending cannot fail
        // before the end, when nothing is left to be sent.
        let store = Store::open(options, Box::new(move |batch| drop(sender.send(batch))))?;
        store.hold_journal_for(&site::journal_sinks(&loaded.site));
        let in_force = InForce::new(loaded, &store)?;
        let engine = engine(&store, in_force.spec.clone(), clock.now())?;
        let from_seq = engine.seq();
        let description = engine.description().clone();
        let beside = Beside { spec: in_force.spec.clone(), clock: clock.clone(), retention };
        let (published, threads) = Pipeline::start(engine, store.clone(), committed, beside)?;
        store.start(from_seq)?;
        let started_at = clock.now();
        Ok(Self { in_force, description, store, published, engine: threads, clock, started_at })
    }

    /// Where acts are handed in.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::new(Desk {
            store: self.store.clone(),
            clock: self.clock.clone(),
            outcomes: self.published.outcomes.clone(),
        })
    }

    /// The site in words.
    #[cfg(feature = "demo")]
    pub(crate) fn description(&self) -> &weir_engine::Description {
        &self.description
    }

    /// Waits until the engine has handled every record there is.
    #[cfg(feature = "demo")]
    pub(crate) async fn wait_for_engine(&self) {
        let last = self.store.last_record();
        let mut snapshot = self.published.snapshot.clone();
        // An error means that the engine has ended, and there is nothing to wait for.
        let _ = snapshot.wait_for(|snapshot| snapshot.seq >= last).await;
    }

    /// Starts links, sinks and the web server, and runs until `stop`. Each item of `reloads` has
    /// the site file read again.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
        reloads: Option<Signal>,
    ) -> Result<(), Failure> {
        let acts = self.desk();
        let Self { in_force, description, store, published, engine, clock, started_at } = self;
        store
            .submit_command(Command { at: clock.now(), act: Act::Started })
            .await
            .context("could not write the start into the journal")?;
        let ports: Arc<Store> = Arc::new(store.clone());
        let commit_interval = in_force.loaded.site.storage.commit_interval;
        let intake = Hurry::new(ports.clone(), published.lookout.clone(), commit_interval);
        let acquisition = Arc::new(Acquisition::start(
            in_force.links.clone(),
            Arc::new(intake),
            clock.clone(),
            stop.child_token(),
        ));
        let northbound = Arc::new(Northbound::start(
            in_force.sinks.clone(),
            description,
            ports.clone(),
            clock.clone(),
            stop.child_token(),
        )?);
        wake_on(published.alarmed.clone(), northbound.clone(), stop.clone());
        let site = in_force.spec.id.clone();
        let parts = Parts {
            store: store.clone(),
            clock: clock.clone(),
            acquisition: acquisition.clone(),
            northbound: northbound.clone(),
            published: published.clone(),
            stop: stop.clone(),
        };
        let configuration = Arc::new(Reloader::new(in_force, parts));
        if let Some(reloads) = reloads {
            reload_on(reloads, configuration.clone(), stop.clone());
        }
        let state = WebState {
            snapshot: published.snapshot.clone(),
            live: published.live.clone(),
            history: ports.clone(),
            records: ports.clone(),
            marks: ports.clone(),
            acts,
            health: acquisition.clone(),
            mailbox: acquisition.clone(),
            configuration,
            sinks: northbound.clone(),
            storage: ports,
            clock,
            version: env!("CARGO_PKG_VERSION"),
            started_at,
        };
        let address = listener.local_addr()?;
        tracing::info!("site {site} is watched; the console is at http://{address}/");
        let served = weir_web::serve(listener, state, stop.clone()).await;
        stop.cancel();
        acquisition.join().await;
        northbound.join().await;
        end(store, engine).await;
        Ok(served?)
    }

    /// Writes down what is under way and ends the engine.
    #[cfg(feature = "demo")]
    pub(crate) async fn close(self) {
        end(self.store, self.engine).await;
    }
}

/// Writes down what is under way and ends the engine.
async fn end(store: Store, threads: [JoinHandle<()>; 2]) {
    let ended = tokio::task::spawn_blocking(move || {
        store.shutdown();
        threads.into_iter().try_for_each(JoinHandle::join)
    });
    if !matches!(ended.await, Ok(Ok(()))) {
        tracing::error!(
            "the engine's thread ended with a panic; its state will be made again from the journal"
        );
    }
}

/// Has the site file read again at every signal.
fn reload_on(mut signal: Signal, reloader: Arc<Reloader>, stop: CancellationToken) {
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                asked = signal.recv() => if asked.is_none() { return },
            }
            // What comes of it is in the log, and shown by the console.
            drop(reloader.reload(false).await);
        }
    });
}

/// Has the sinks look for alarm events as soon as there are some.
fn wake_on(alarmed: Arc<Notify>, northbound: Arc<Northbound>, stop: CancellationToken) {
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = alarmed.notified() => northbound.wake(),
            }
        }
    });
}

/// The engine as it was when the gateway stopped.
fn engine(store: &Store, spec: SiteSpec, now: Timestamp) -> Result<Engine, Failure> {
    let (mut engine, faults) = Engine::new(spec, now);
    for fault in faults {
        tracing::debug!("{fault}");
    }
    if let Some(saved) = store.load_engine()? {
        let state = EngineState::from_bytes(&saved.state)
            .context("could not read the saved state of the engine")?;
        for name in engine.restore(state) {
            tracing::info!("{name} starts afresh: it is new or has changed");
        }
    }
    Ok(engine)
}

/// `weir run`.
pub(crate) async fn run(options: cli::Run) -> Result<Exit, Failure> {
    tokio::spawn(memory::forget_start());
    // From the first moment, as the signal would else end the program.
    let reloads = signal(SignalKind::hangup())?;
    let loaded = site::load(&options.site)?;
    plan::tell(&loaded.site);
    let data = options.data.unwrap_or_else(|| loaded.beside("data"));
    let listen = options.listen.unwrap_or(loaded.site.web.listen);
    let listener = weir_web::bind(listen).await?;
    let gateway = Gateway::open(loaded, &data, Arc::new(SystemClock))?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    gateway.serve(listener, stop, Some(reloads)).await?;
    Ok(Exit::Done)
}

/// Stops on SIGINT and SIGTERM.
pub(crate) fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(())
}
