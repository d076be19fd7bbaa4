//! Brings readings from a link to the store, in order, without holding up the link. (A batch that
//! the store refused may come after one that was under way behind it.)
//!
//! A link drops its rows into a [`Tray`] and goes on. The courier hands them to the store, within
//! a [`Budget`] that all links share; a link that could wait looks whether the tray
//! [is full](Tray::is_full) first, so that a store that is slower than the wire slows down the
//! wire. What the store refuses is handed in again until it takes
//! it. Beyond [`ROWS_MAX`] waiting rows the oldest batch is given up: that is counted and logged,
//! and once the store is back each point that lost rows gets a bad sample in their place, so that
//! the gap is on record.

use crate::backoff::Backoff;
use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use weir_domain::{BadReason, LinkId, Reading, Sample, SeriesId};
use weir_engine::{
    Row,
    ports::{Intake, PortError},
};

/// Rows of all links that are with the store and not yet confirmed, beyond which the rest waits.
/// Several commits' worth, so that the store writes one while the next is gathered.
const IN_FLIGHT_ROWS: usize = 65_536;
/// Waiting rows with which a tray is full while the store does take readings.
const FULL_ROWS: usize = 2_048;
/// Most rows of one link waiting for the store: more than an hour of 50 readings a second.
const ROWS_MAX: usize = 250_000;
/// First and longest wait before a refused batch is handed in again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// How long the store has at the end to take what is left.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// What all links together may have with the store; clones are the same. However many there are, and
/// however few, the store has enough to do and memory has its bound.
#[derive(Clone)]
pub(crate) struct Budget {
    rows: Arc<AtomicUsize>,
    rows_max: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(IN_FLIGHT_ROWS)
    }
}

impl Budget {
    fn of(rows_max: usize) -> Self {
        Self { rows: Arc::default(), rows_max }
    }

    fn is_spent(&self) -> bool {
        self.rows.load(Ordering::Relaxed) >= self.rows_max
    }
}

/// Where a link puts its rows. Clones are the same tray.
#[derive(Clone)]
pub(crate) struct Tray {
    waiting: Arc<Mutex<Waiting>>,
    filled: Arc<Notify>,
}

struct Waiting {
    rows_max: usize,
    batches: VecDeque<Vec<Row>>,
    rows: usize,
    given_up: u64,
    /// Whether the store refused what it was handed in last.
    is_refused: bool,
    /// The last row of each point that was given up since the store last took something.
    gaps: BTreeMap<SeriesId, Sample>,
}

impl Tray {
    /// A tray for one link.
    pub(crate) fn new() -> Self {
        Self::with_rows_max(ROWS_MAX)
    }

    fn with_rows_max(rows_max: usize) -> Self {
        let (batches, gaps) = (VecDeque::new(), BTreeMap::new());
        let waiting = Waiting { rows_max, batches, rows: 0, given_up: 0, is_refused: false, gaps };
        Self { waiting: Arc::new(Mutex::new(waiting)), filled: Arc::default() }
    }

    /// Puts the rows of one scan in. Never waits.
    pub(crate) fn put(&self, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        waiting.rows += rows.len();
        waiting.batches.push_back(rows);
        waiting.keep_within_limit();
        drop(waiting);
        self.filled.notify_one();
    }

    /// Whether so much waits for the store that a link which could wait should. A store that is
    /// only slow makes it wait soon, so that little is in memory; while it takes nothing at all,
    /// what is measured meanwhile is kept for it.
    pub(crate) fn is_full(&self) -> bool {
        let waiting = self.lock();
        let enough = if waiting.is_refused { waiting.rows_max / 2 } else { FULL_ROWS };
        waiting.rows > enough.min(waiting.rows_max / 2)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Vec<Row>> {
        let mut waiting = self.lock();
        let batch = waiting.batches.pop_front()?;
        waiting.rows -= batch.len();
        Some(batch)
    }

    /// Puts refused batches back before all others, in their order.
    fn put_back(&self, batches: Vec<Vec<Row>>) {
        let mut waiting = self.lock();
        for batch in batches.into_iter().rev() {
            waiting.rows += batch.len();
            waiting.batches.push_front(batch);
        }
        waiting.keep_within_limit();
    }

    /// Puts rows in that go before all others and are not given up for them.
    fn put_first(&self, rows: Vec<Row>) {
        let mut waiting = self.lock();
        waiting.rows += rows.len();
        waiting.batches.push_front(rows);
    }

    /// A bad sample in the place of all that was given up.
    fn take_gaps(&self) -> Vec<Row> {
        let gaps = core::mem::take(&mut self.lock().gaps);
        let reading = Reading::Bad(None, BadReason::Unspecified);
        gaps.into_iter()
            .map(|(series, sample)| Row { series, sample: Sample { reading, ..sample } })
            .collect()
    }
}

impl Waiting {
    fn keep_within_limit(&mut self) {
        while self.rows > self.rows_max
            && let Some(batch) = self.batches.pop_front()
        {
            self.rows -= batch.len();
            if self.gaps.is_empty() {
                tracing::error!("the store takes no readings; the oldest are being given up");
            }
            self.given_up += batch.len() as u64;
            self.gaps.extend(batch.into_iter().map(|row| (row.series, row.sample)));
        }
    }
}

/// Runs until the tray is empty after `done`, or the store does not take the rest in time.
pub(crate) async fn run(
    link: LinkId,
    tray: Tray,
    intake: Arc<dyn Intake>,
    budget: Budget,
    done: CancellationToken,
) {
    let mut courier = Courier {
        link,
        tray: &tray,
        intake,
        budget,
        in_flight: FuturesOrdered::new(),
        own_rows: 0,
        refused: Vec::new(),
        refusals: 0,
        backoff: Backoff::new(RETRY.0, RETRY.1),
        retry_at: None,
    };
    while !(done.is_cancelled() && courier.is_idle()) {
        if done.is_cancelled() {
            courier.retry_at = courier.retry_at.map(|_| Instant::now());
            if timeout(FLUSH_MAX, courier.flush()).await.is_err() {
                courier.report_loss();
            }
            return;
        }
        tokio::select! {
            () = courier.step() => {}
            () = done.cancelled() => {}
        }
    }
}

/// One batch on its way, with a copy to hand in again.
type Delivery = (Vec<Row>, Result<(), PortError>);

struct Courier<'a> {
    link: LinkId,
    tray: &'a Tray,
    intake: Arc<dyn Intake>,
    budget: Budget,
    in_flight: FuturesOrdered<BoxFuture<'static, Delivery>>,
    /// Rows in flight, which the budget counts.
    own_rows: usize,
    /// Refused batches, until all that is in flight has come back.
    refused: Vec<Vec<Row>>,
    refusals: u64,
    backoff: Backoff,
    /// While the store refuses, the next try; then one batch at a time.
    retry_at: Option<Instant>,
}

/// What was under way is given back when the courier ends before it has come back.
impl Drop for Courier<'_> {
    fn drop(&mut self) {
        self.budget.rows.fetch_sub(self.own_rows, Ordering::Relaxed);
    }
}

impl Courier<'_> {
    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.tray.lock().batches.is_empty()
    }

    async fn flush(&mut self) {
        while !self.is_idle() {
            self.step().await;
        }
    }

    /// Hands in what may be handed in, and waits until something changes. May be dropped while it
    /// waits.
    async fn step(&mut self) {
        let may_send = match self.retry_at {
            // One batch may always go: its confirmation is what wakes this link again.
            None => self.in_flight.is_empty() || !self.budget.is_spent(),
            Some(at) => self.in_flight.is_empty() && Instant::now() >= at,
        };
        if may_send && let Some(rows) = self.tray.take() {
            self.hand_in(rows);
            return;
        }
        let retry_at = self.retry_at.filter(|_| self.in_flight.is_empty());
        tokio::select! {
            Some(delivery) = self.in_flight.next() => self.delivered(delivery),
            () = self.tray.filled.notified(), if may_send => {}
            () = sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() && !may_send => {}
        }
    }

    fn hand_in(&mut self, rows: Vec<Row>) {
        let intake = self.intake.clone();
        self.own_rows += rows.len();
        self.budget.rows.fetch_add(rows.len(), Ordering::Relaxed);
        // Links would stand still until the next commit.
        let at_once = self.budget.is_spent();
        let delivery = async move {
            let result = intake.submit(rows.clone(), at_once).await;
            (rows, result)
        };
        self.in_flight.push_back(delivery.boxed());
    }

    fn delivered(&mut self, (rows, result): Delivery) {
        self.own_rows -= rows.len();
        self.budget.rows.fetch_sub(rows.len(), Ordering::Relaxed);
        match result {
            Ok(()) => self.taken(),
            Err(error) => self.refused(rows, &error),
        }
        if self.in_flight.is_empty() {
            self.tray.put_back(core::mem::take(&mut self.refused));
        }
    }

    fn taken(&mut self) {
        if !self.refused.is_empty() {
            // An earlier batch is still to be handed in again.
            return;
        }
        if self.retry_at.take().is_some() {
            self.tray.lock().is_refused = false;
            tracing::info!(link = %self.link, refusals = self.refusals, "the store takes readings again");
            self.backoff.reset();
        }
        let gaps = self.tray.take_gaps();
        if !gaps.is_empty() {
            self.report_loss();
            self.tray.put_first(gaps);
        }
    }

    fn refused(&mut self, rows: Vec<Row>, error: &PortError) {
        self.refusals += 1;
        self.tray.lock().is_refused = true;
        if self.retry_at.is_none() {
            let cause = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
            tracing::error!(link = %self.link, "{error}: {cause}; readings wait in memory");
        }
        if self.refused.is_empty() {
            self.retry_at = Some(Instant::now() + self.backoff.after_failure());
        }
        self.refused.push(rows);
    }

    fn report_loss(&self) {
        let (given_up, waiting) = {
            let waiting = self.tray.lock();
            (waiting.given_up, waiting.rows)
        };
        tracing::error!(link = %self.link, given_up, waiting, "readings lost, as the store did not take them");
    }
}

#[cfg(test)]
mod tests;
