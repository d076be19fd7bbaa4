//! The machinery that all sinks share: reads what is due after the sink's cursor, sends it in
//! bounded batches and in order, and moves the durable cursor only over what is safe at the other
//! side or put aside with a reason.
//!
//! | the other side | the lane |
//! |---|---|
//! | takes it | goes on; the cursor follows after the sink's grace |
//! | is away, slow, or asks to wait | keeps it and tries again, ever less often, at least every 30 s |
//! | refuses it | halves the batch until the one record that it refuses is alone, and puts that aside |
//! | refuses everything, or us | keeps it, shows why, tries again every 30 s |
//! | was restarted | sends again what was not confirmed |

use crate::{
    backoff::Backoff,
    batch::BatchSize,
    progress::Progress,
    sink::{Contact, Encoded, Letter, Sink, chain},
    status::Board,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use weir_engine::ports::{Outbox, PortError};

/// How often an idle lane looks for new records when nobody wakes it.
const POLL: Duration = Duration::from_millis(500);
/// How often at most the cursor of a sink with a grace is written: each time costs a question to
/// the server and a commit.
const CONFIRM_EVERY: Duration = Duration::from_secs(1);

/// Why a lane cannot go on at the moment.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The other side may be back later.
    Later { reason: String, after: Option<Duration>, contact: Contact },
    /// A person has to mend something.
    Hold { reason: String },
    /// Our own store failed.
    Store { reason: String },
}

impl Trouble {
    fn reason(&self) -> &str {
        match self {
            Self::Later { reason, .. } | Self::Hold { reason } | Self::Store { reason } => reason,
        }
    }
}

/// One sink at work.
pub(crate) struct Lane<S> {
    pub(crate) id: String,
    pub(crate) sink: Arc<S>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) board: Arc<Board>,
    pub(crate) progress: Progress,
    pub(crate) batch: BatchSize,
    pub(crate) guard: crate::guard::Guard,
    pub(crate) live: crate::live::Live,
    backoff: Backoff,
    confirmed_at: Option<Instant>,
}

impl<S: Sink> Lane<S> {
    /// A lane that goes on from `cursor`.
    pub(crate) fn new(
        id: String,
        sink: Arc<S>,
        outbox: Arc<dyn Outbox>,
        board: Arc<Board>,
        cursor: u64,
    ) -> Self {
        let progress = Progress::new(cursor, sink.grace());
        board.progress(&progress);
        Self {
            id,
            sink,
            outbox,
            board,
            progress,
            batch: BatchSize::new(S::BATCH_MAX),
            guard: crate::guard::Guard::default(),
            live: crate::live::Live::default(),
            backoff: Backoff::default(),
            confirmed_at: None,
        }
    }

    /// Works until cancelled. What is on its way then is sent again at the next start.
    pub(crate) async fn run(mut self, wake: Arc<Notify>, cancel: CancellationToken) {
        while !cancel.is_cancelled() {
            let step = tokio::select! {
                () = cancel.cancelled() => break,
                step = self.step() => step,
            };
            self.board.progress(&self.progress);
            let (pause, listen) = match step {
                Ok(true) => continue,
                Ok(false) => (self.idle_for(), true),
                Err(trouble) => (self.recover(trouble), false),
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
                () = wake.notified(), if listen => {}
            }
        }
        tracing::debug!(sink = self.id, sent = self.progress.sent(), "sink stopped");
    }

    /// Sends the next batch. Tells whether there was one.
    async fn step(&mut self) -> Result<bool, Trouble> {
        self.check_server().await?;
        self.confirm().await?;
        let limit = self.batch.size();
        let items = self.read(self.progress.sent(), limit).await?;
        if items.is_empty() {
            return Ok(false);
        }
        if items.len() == limit {
            self.send_live().await;
        }
        self.send(items).await?;
        self.backoff.reset();
        self.confirm().await?;
        Ok(true)
    }

    async fn send(&mut self, items: Vec<(u64, S::Item)>) -> Result<(), Trouble> {
        let mut letters = Vec::with_capacity(items.len());
        let mut last = self.progress.sent();
        for (seq, item) in items {
            last = seq;
            match self.sink.encode(seq, &item) {
                Encoded::Letter(body) => letters.push(Letter { seq, body }),
                Encoded::Nothing => {}
                Encoded::Unsendable { body, reason } => {
                    self.put_aside(Letter { seq, body }, reason).await?;
                }
            }
        }
        self.deliver(letters).await?;
        if last > self.progress.sent() {
            self.progress.settle(last, 0, Instant::now());
        }
        Ok(())
    }

    /// Moves the durable cursor over what has waited out its grace, if the server has stood since.
    async fn confirm(&mut self) -> Result<(), Trouble> {
        let now = Instant::now();
        if self.sink.grace() > Duration::ZERO {
            if self.confirmed_at.is_some_and(|at| now.duration_since(at) < CONFIRM_EVERY) {
                return Ok(());
            }
            if self.progress.due(now).is_none() {
                return Ok(());
            }
            self.confirmed_at = Some(now);
            self.ask_server().await?;
        }
        let Some(seq) = self.progress.due(now) else { return Ok(()) };
        let id = self.id.clone();
        self.store(move |outbox| S::save(outbox, &id, seq)).await?;
        self.progress.confirm(seq);
        Ok(())
    }

    /// Puts a record aside that can never be delivered.
    pub(crate) async fn put_aside(&self, letter: Letter, why: String) -> Result<(), Trouble> {
        let Letter { seq, body } = letter;
        tracing::warn!(sink = self.id, seq, why, "record put in quarantine");
        let id = self.id.clone();
        self.store(move |outbox| outbox.quarantine(&id, seq, &body, &why)).await
    }

    /// Reads from the outbox.
    pub(crate) async fn read(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, S::Item)>, Trouble> {
        self.store(move |outbox| S::read(outbox, after, limit)).await
    }

    /// Does something with the outbox, which may wait for the disk.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Outbox) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let outbox = Arc::clone(&self.outbox);
        match tokio::task::spawn_blocking(move || call(&*outbox)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Trouble::Store { reason: chain(&error) }),
            Err(panic) => Err(Trouble::Store { reason: chain(&panic) }),
        }
    }

    fn idle_for(&self) -> Duration {
        let now = Instant::now();
        let due = self.progress.next_due().map(|at| at.saturating_duration_since(now));
        // Never a busy loop: a confirmation that is due but not yet allowed waits a little.
        due.unwrap_or(POLL).clamp(Duration::from_millis(50), POLL)
    }

    fn recover(&mut self, trouble: Trouble) -> Duration {
        let reason = trouble.reason().to_owned();
        let pause = match trouble {
            Trouble::Later { after, contact, .. } => {
                self.lost_contact(contact);
                self.backoff.fail(after)
            }
            Trouble::Hold { .. } => self.backoff.hold(),
            Trouble::Store { .. } => self.backoff.fail(None),
        };
        if self.board.trouble(&reason) {
            tracing::warn!(sink = self.id, reason, retry_in = ?pause, "sink cannot deliver");
        }
        pause
    }
}
