//! What the server is given, and how it asks for more.

use crate::{events::Hub, limits, problem::Problem};
use std::sync::Arc;
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use weir_domain::{Clock, Timestamp};
use weir_engine::{
    LiveEvent, Snapshot,
    ports::{Acts, Configuration, Health, History, Mailbox, Marks, Records, Sinks, Storage},
};

/// Everything the API and the console show.
#[derive(Clone)]
pub struct WebState {
    /// The site in words, and as it stands. A new one must come at least once a minute, also when nothing
    /// happens: the engine's clock in it is the proof that the engine is alive.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// What happens, as it happens; subscribed to when the server starts.
    pub live: broadcast::Sender<Arc<LiveEvent>>,
    /// The readings of the past.
    pub history: Arc<dyn History>,
    /// Verdicts and alarms of the past.
    pub records: Arc<dyn Records>,
    /// What was said of readings.
    pub marks: Arc<dyn Marks>,
    /// Takes what people do.
    pub acts: Arc<dyn Acts>,
    /// How the devices are.
    pub health: Arc<dyn Health>,
    /// Takes messages that devices post.
    pub mailbox: Arc<dyn Mailbox>,
    /// Reads the site file again.
    pub configuration: Arc<dyn Configuration>,
    /// How the sinks are.
    pub sinks: Arc<dyn Sinks>,
    /// How the store is.
    pub storage: Arc<dyn Storage>,
    /// The clock of the gateway.
    pub clock: Arc<dyn Clock>,
    /// The gateway's version.
    pub version: &'static str,
    /// When the gateway was started.
    pub started_at: Timestamp,
}

/// What the handlers share.
pub(crate) struct App {
    pub(crate) web: WebState,
    pub(crate) hub: Arc<Hub>,
    pub(crate) cancel: CancellationToken,
    questions: Arc<Semaphore>,
}

/// What a handler is given.
pub(crate) type Shared = axum::extract::State<Arc<App>>;

impl App {
    pub(crate) fn new(web: WebState, cancel: CancellationToken) -> Self {
        let hub = Arc::new(Hub::new(web.started_at));
        Self { web, hub, cancel, questions: Arc::new(Semaphore::new(limits::QUESTIONS)) }
    }

    /// Asks a port that may wait for the disk, on a thread that may wait, and not too many at once.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&WebState) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let questions = Arc::clone(&self.questions);
        let turn = tokio::time::timeout(limits::TURN, questions.acquire_owned()).await;
        let Ok(Ok(permit)) = turn else {
            return Err(Problem::busy("busy", "too many questions at once; ask again in a while"));
        };
        let app = Arc::clone(self);
        let call = move || {
            let answer = call(&app.web);
            drop(permit);
            answer
        };
        match tokio::task::spawn_blocking(call).await {
            Ok(answer) => answer,
            Err(panic) => Err(Problem::internal(&panic)),
        }
    }
}
