//! A store that refuses, stalls, and comes back.

use super::*;
use weir_domain::{Timestamp, Value};
use weir_engine::ports::PortFuture;

/// What the links of these tests may have with the store.
const IN_FLIGHT_ROWS: usize = 4_096;

/// Takes or refuses, as told, and keeps what it took.
#[derive(Default)]
struct Store {
    refuses: Mutex<u32>,
    stalls: Mutex<bool>,
    rows: Mutex<Vec<Row>>,
    /// How often it was asked to commit at once.
    urgent: Mutex<u32>,
}

impl Intake for Store {
    fn submit(&self, rows: Vec<Row>, at_once: bool) -> PortFuture<'_, Result<(), PortError>> {
        *self.urgent.lock().unwrap() += u32::from(at_once);
        Box::pin(async move {
            while *self.stalls.lock().unwrap() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            let mut refuses = self.refuses.lock().unwrap();
            if *refuses > 0 {
                *refuses -= 1;
                return Err(PortError { doing: "append".into(), source: None });
            }
            self.rows.lock().unwrap().extend(rows);
            Ok(())
        })
    }
}

fn row(series: u32, t: i64) -> Row {
    let reading = Reading::Good(Value::from(true));
    Row { series: SeriesId(series), sample: Sample::at(Timestamp::from_millis(t), reading) }
}

fn times(store: &Store) -> Vec<i64> {
    let rows = store.rows.lock().unwrap();
    rows.iter().map(|row| row.sample.source_time.as_millis()).collect()
}

fn start(tray: &Tray, store: &Arc<Store>) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let done = CancellationToken::new();
    let link: LinkId = "link".parse().unwrap();
    let budget = Budget::of(IN_FLIGHT_ROWS);
    (done.clone(), tokio::spawn(run(link, tray.clone(), store.clone(), budget, done)))
}

#[tokio::test(start_paused = true)]
async fn everything_arrives_once_and_in_order() {
    let (tray, store) = (Tray::new(), Arc::new(Store::default()));
    let (done, task) = start(&tray, &store);
    for t in 0..500 {
        tray.put(vec![row(1, t)]);
        if t % 7 == 0 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    done.cancel();
    task.await.unwrap();
    assert_eq!(times(&store), (0..500).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_handed_in_again_in_order() {
    let (tray, store) = (Tray::new(), Arc::new(Store::default()));
    *store.refuses.lock().unwrap() = 7;
    let (done, task) = start(&tray, &store);
    for t in 0..100 {
        tray.put(vec![row(1, t)]);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    done.cancel();
    task.await.unwrap();
    let mut arrived = times(&store);
    assert_eq!(arrived, (0..100).collect::<Vec<_>>(), "all, once, in order");
    arrived.dedup();
    assert_eq!(arrived.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_counted_and_leaves_a_bad_sample() {
    let (tray, store) = (Tray::with_rows_max(10), Arc::new(Store::default()));
    *store.stalls.lock().unwrap() = true;
    let (done, task) = start(&tray, &store);
    let in_flight = IN_FLIGHT_ROWS as i64 / 2;
    for t in 0..in_flight + 25 {
        tray.put(vec![row(1, t), row(2, t)]);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(tray.lock().given_up, 40, "25 batches of 2 rows, 10 rows of them kept");
    *store.stalls.lock().unwrap() = false;
    tokio::time::sleep(Duration::from_secs(1)).await;
    done.cancel();
    task.await.unwrap();

    let rows = store.rows.lock().unwrap();
    let bad: Vec<(u32, i64)> = rows
        .iter()
        .filter(|row| row.sample.reading == Reading::Bad(None, BadReason::Unspecified))
        .map(|row| (row.series.0, row.sample.source_time.as_millis()))
        .collect();
    assert_eq!(bad, [(1, in_flight + 19), (2, in_flight + 19)], "one where the gap ends");
    assert_eq!(rows.len(), IN_FLIGHT_ROWS + 10 + 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_does_not_hold_up_the_end() {
    let (tray, store) = (Tray::new(), Arc::new(Store::default()));
    *store.stalls.lock().unwrap() = true;
    let (done, task) = start(&tray, &store);
    tray.put(vec![row(1, 1)]);
    done.cancel();
    let started = Instant::now();
    task.await.unwrap();
    assert!(started.elapsed() < FLUSH_MAX + Duration::from_secs(1));
}

/// One link must not be bound to so many rows an interval.
#[tokio::test(start_paused = true)]
async fn a_link_that_stands_still_for_the_store_asks_for_a_commit() {
    let (tray, store) = (Tray::new(), Arc::new(Store::default()));
    *store.stalls.lock().unwrap() = true;
    let (done, task) = start(&tray, &store);
    let scan = |t: i64| (0..100).map(|series| row(series, t)).collect::<Vec<_>>();
    for t in 0..40 {
        tray.put(scan(t));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((*store.urgent.lock().unwrap(), tray.is_full()), (0, false));
    for t in 40..61 {
        tray.put(scan(t));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((*store.urgent.lock().unwrap(), tray.is_full()), (1, false));
    tray.put(scan(61));
    assert!(tray.is_full(), "4,100 rows are with the store and 2,100 wait");
    *store.stalls.lock().unwrap() = false;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!tray.is_full());
    done.cancel();
    task.await.unwrap();
    assert_eq!(store.rows.lock().unwrap().len(), 6_200);
}

#[tokio::test(start_paused = true)]
async fn while_the_store_refuses_much_is_kept_for_it() {
    let (tray, store) = (Tray::new(), Arc::new(Store::default()));
    *store.refuses.lock().unwrap() = 3;
    let (done, task) = start(&tray, &store);
    for t in 0..3_000 {
        tray.put(vec![row(1, t)]);
        assert!(!tray.is_full());
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    done.cancel();
    task.await.unwrap();
    // What was under way behind the refused ones has overtaken them.
    let mut arrived = times(&store);
    arrived.sort_unstable();
    assert_eq!(arrived, (0..3_000).collect::<Vec<_>>(), "all, once");
}
