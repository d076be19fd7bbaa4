//! What the tests have in common: a clock set by hand, a store in a folder of its own, rows.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use weir_domain::{Clock, Reading, Sample, SeriesId, Timestamp, Value};
use weir_engine::{
    Committed, Row,
    ports::{Intake, PortError, Storage},
};
use weir_storage::{Store, StoreOptions};

/// Where the tests' time begins.
pub(crate) const START: i64 = 1_795_341_600_000;

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) const FOREVER: (Timestamp, Timestamp) =
    (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));

/// A clock that is set by hand.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START)))
    }

    pub(crate) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// What was delivered, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivered(Arc<Mutex<Vec<Committed>>>);

impl Delivered {
    pub(crate) fn callback(&self) -> Box<dyn FnMut(Committed) + Send> {
        let list = self.0.clone();
        Box::new(move |committed| list.lock().unwrap().push(committed))
    }

    pub(crate) fn take(&self) -> Vec<Committed> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub(crate) fn last_watermark(&self) -> Timestamp {
        self.0.lock().unwrap().last().unwrap().watermark
    }

    /// Every record delivered so far, with its number.
    pub(crate) fn records(&self) -> Vec<(u64, weir_engine::Record)> {
        let list = self.0.lock().unwrap();
        let numbered = |c: &Committed| (c.first_seq..).zip(c.records.clone()).collect::<Vec<_>>();
        list.iter().flat_map(numbered).collect()
    }
}

pub(crate) fn options(dir: &Path, clock: &Arc<HandClock>) -> StoreOptions {
    StoreOptions {
        dir: dir.to_owned(),
        commit_interval: Duration::from_millis(20),
        retention: 365 * DAY,
        clock: clock.clone(),
        seal_after: Duration::from_secs(3600),
        seal_rows: 1_000_000,
    }
}

/// A store that is started and delivers to nobody.
pub(crate) fn started(dir: &Path, clock: &Arc<HandClock>) -> Store {
    let store = Store::open(options(dir, clock), Box::new(drop)).unwrap();
    let from = store.load_engine().unwrap().map_or(0, |state| state.seq);
    store.start(from).unwrap();
    store
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A good reading, received when it was measured.
pub(crate) fn row(series: u32, millis: i64, value: f64) -> Row {
    let reading = Reading::Good(Value::new(value).unwrap());
    Row { series: SeriesId(series), sample: Sample::at(at(millis), reading) }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

pub(crate) fn pause(time: Duration) {
    block_on(async { tokio::time::sleep(time).await });
}

pub(crate) fn submit(store: &Store, rows: Vec<Row>) -> Result<(), PortError> {
    block_on(store.submit(rows, true))
}

/// Tries for some seconds until something holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        pause(Duration::from_millis(10));
    }
    panic!("this has not come about: {what}");
}

/// The law of conservation, and that the counters are those of the file.
pub(crate) fn assert_conserved(store: &Store, dir: &Path) {
    let s = store.status();
    let sum = s.in_journal + s.in_history + s.expired + s.duplicates;
    assert_eq!(s.accepted, sum, "{s:?}");
    let history = rusqlite::Connection::open(dir.join("history.sqlite")).unwrap();
    let rows: u64 =
        history.query_row("SELECT coalesce(sum(n), 0) FROM chunk", [], |row| row.get(0)).unwrap();
    assert_eq!(s.in_history, rows, "{s:?}");
}
