//! Whatever is submitted, sealed, expired and opened again: the store says what a map would say,
//! and not one reading is unaccounted for.

use crate::common::{
    DAY, FOREVER, HandClock, START, assert_conserved, at, options, row, started, submit,
};
use proptest::{collection::vec, prelude::*};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tempfile::tempdir;
use weir_domain::{
    BadReason, Quality, Reading, Sample, SeriesId, Timestamp, UncertainReason, Value,
};
use weir_engine::{
    Row,
    ports::{Bucket, History, Outbox, Storage},
};
use weir_storage::Store;

/// What should be there.
type Oracle = BTreeMap<(SeriesId, Timestamp), Reading>;

#[derive(Debug, Clone)]
enum Step {
    Submit(Vec<Row>),
    Seal,
    SaveEngine,
    Reopen,
    /// The clock is so many minutes on; drop what is older than the retention.
    Expire(i64),
}

const SERIES: u32 = 3;
const MINUTE: i64 = 60_000;
/// Readings are spread over three weeks, which is more than a chunk may cover.
const MINUTES: i64 = 21 * 24 * 60;

fn any_reading() -> impl Strategy<Value = Reading> {
    let value = prop_oneof![(-50..50_i32).prop_map(|i| f64::from(i) / 10.0), any::<f64>()]
        .prop_filter_map("a number", |x| Value::new(x % 1e12));
    let qualities = vec![
        Quality::Good,
        Quality::Good,
        Quality::Uncertain(UncertainReason::SubNormal),
        Quality::Bad(BadReason::Calibration),
    ];
    (prop::sample::select(qualities), prop::option::weighted(0.9, value))
        .prop_map(|(quality, value)| Reading::from_parts(value, quality))
}

/// Runs of readings here and there, half of them close together: in order, late, and over one
/// another.
fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let run = (
        0..SERIES,
        prop_oneof![0..MINUTES, 0..50_i64],
        prop::sample::select(&[1_i64, 7, 600][..]),
        vec(any_reading(), 1..40),
    );
    run.prop_map(|(series, start, step, readings)| {
        let row = |(i, reading): (i64, Reading)| {
            let source_time = at(START + (start + i * step) * MINUTE);
            let received_time = at(START + 30 * MINUTES);
            Row { series: SeriesId(series), sample: Sample { source_time, received_time, reading } }
        };
        (0..).zip(readings).map(row).collect()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any_rows().prop_map(Step::Submit),
        3 => Just(Step::Seal),
        1 => Just(Step::SaveEngine),
        1 => Just(Step::Reopen),
        1 => (0..2 * MINUTES).prop_map(Step::Expire),
    ]
}

struct Model {
    dir: tempfile::TempDir,
    clock: Arc<HandClock>,
    store: Option<Store>,
    oracle: Oracle,
    submitted: u64,
}

impl Model {
    fn new() -> Self {
        let (dir, clock) = (tempdir().unwrap(), HandClock::new());
        let store = Some(open(dir.path(), &clock));
        Self { dir, clock, store, oracle: Oracle::new(), submitted: 0 }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Submit(rows) => {
                submit(self.store(), rows.clone()).unwrap();
                self.submitted += rows.len() as u64;
                let reading = |r: &Row| ((r.series, r.sample.source_time), r.sample.reading);
                self.oracle.extend(rows.iter().map(reading));
            }
            Step::Seal => self.store().seal_now().unwrap(),
            Step::SaveEngine => {
                self.store().save_engine(self.store().last_record(), b"", &[]).unwrap();
            }
            Step::Reopen => {
                self.store = None;
                self.store = Some(open(self.dir.path(), &self.clock));
            }
            Step::Expire(minutes) => self.expire(*minutes),
        }
    }

    /// A chunk expires as a whole, so what is gone has to be told by the store; it may only be
    /// what is old enough, and what is older than any chunk can be long has to be gone.
    fn expire(&mut self, minutes: i64) {
        self.store().seal_now().unwrap();
        self.clock.set(START + minutes * MINUTE + RETENTION.as_millis() as i64);
        let expired = self.store().expire_now().unwrap();
        let cutoff = at(START + minutes * MINUTE);
        let before = self.oracle.len() as u64;
        let there: Vec<Timestamp> = (0..SERIES)
            .flat_map(|s| {
                let all = self.store().samples(SeriesId(s), FOREVER.0, FOREVER.1, usize::MAX);
                let oracle = &mut self.oracle;
                let all = all.unwrap();
                let mut kept = all.iter().map(|sample| sample.source_time).peekable();
                let mut gone = Vec::new();
                oracle.retain(|(series, time), _| {
                    let is_kept = series.0 != s || kept.next_if(|k| k == time).is_some();
                    if !is_kept {
                        gone.push(*time);
                    }
                    is_kept
                });
                assert!(gone.iter().all(|time| *time < cutoff), "too early");
                all.into_iter().map(|sample| sample.source_time)
            })
            .collect();
        assert_eq!(before - self.oracle.len() as u64, expired);
        assert!(there.iter().all(|time| *time >= cutoff - 7 * DAY), "kept for too long");
    }

    fn check(&self, from: i64, minutes: i64, step: i64, limit: usize) {
        let (from, to) = (at(START + from * MINUTE), at(START + (from + minutes) * MINUTE));
        for series in (0..SERIES).map(SeriesId) {
            let expected: Vec<_> = self
                .oracle
                .range((series, from)..(series, to))
                .map(|((_, t), r)| (*t, *r))
                .collect();
            let samples = self.store().samples(series, from, to, limit).unwrap();
            let found: Vec<_> = samples.iter().map(|s| (s.source_time, s.reading)).collect();
            assert_eq!(found, expected[..limit.min(expected.len())]);
            let step = Duration::from_millis((step * MINUTE) as u64);
            let buckets = self.store().buckets(series, from, to, step).unwrap();
            assert_buckets(&buckets, &naive(&expected, step));
        }
        assert_conserved(self.store(), self.dir.path());
        assert_eq!(self.store().status().accepted, self.submitted);
    }
}

const RETENTION: Duration = Duration::from_secs(100 * 86_400);

fn open(dir: &Path, clock: &Arc<HandClock>) -> Store {
    let options = weir_storage::StoreOptions { retention: RETENTION, ..options(dir, clock) };
    let store = Store::open(options, Box::new(drop)).unwrap();
    store.start(store.load_engine().unwrap().map_or(0, |state| state.seq)).unwrap();
    store
}

fn naive(samples: &[(Timestamp, Reading)], step: Duration) -> Vec<Bucket> {
    let step = step.as_millis() as i64;
    let mut groups: BTreeMap<i64, Vec<Reading>> = BTreeMap::new();
    for (time, reading) in samples {
        groups.entry(time.as_millis().div_euclid(step) * step).or_default().push(*reading);
    }
    let bucket = |(start, readings): (i64, Vec<Reading>)| {
        let good: Vec<f64> = readings.iter().filter_map(|r| r.good()).map(Value::get).collect();
        Bucket {
            t: at(start),
            good: good.len() as u64,
            not_good: (readings.len() - good.len()) as u64,
            min: good.iter().copied().reduce(f64::min),
            mean: (!good.is_empty()).then(|| good.iter().sum::<f64>() / good.len() as f64),
            max: good.iter().copied().reduce(f64::max),
        }
    };
    groups.into_iter().map(bucket).collect()
}

/// Equal but for the last digits of the mean, which depend on the order of adding.
fn assert_buckets(found: &[Bucket], expected: &[Bucket]) {
    let without_mean = |list: &[Bucket]| -> Vec<Bucket> {
        list.iter().map(|bucket| Bucket { mean: None, ..*bucket }).collect()
    };
    assert_eq!(without_mean(found), without_mean(expected));
    for (found, expected) in found.iter().zip(expected) {
        let (Some(a), Some(b)) = (found.mean, expected.mean) else {
            assert_eq!(found.mean, expected.mean);
            continue;
        };
        let scale = found.max.unwrap().abs().max(found.min.unwrap().abs());
        assert!((a - b).abs() <= scale * 1e-12, "{found:?} for {expected:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn the_store_is_a_map(
        steps in vec((any_step(), 0..MINUTES, 1..MINUTES, 1..3000_i64, 0..200_usize), 1..25),
    ) {
        let mut model = Model::new();
        for (step, from, minutes, bucket, limit) in &steps {
            model.take(step);
            model.check(*from, *minutes, *bucket, *limit);
        }
        model.check(-1, MINUTES * 100, 100_000, usize::MAX);
        model.take(&Step::Reopen);
        model.check(-1, MINUTES * 100, 10, usize::MAX);
    }
}

/// The same where chunks are full: 60,000 readings at a second, an eighth of them late.
#[test]
fn full_chunks_are_sorted_and_whole_whatever_comes_late() {
    let mut model = Model::new();
    for part in 0..30_i64 {
        let on_time = (0..1750).map(|i| (part * 2000 + i) * 1000);
        let late = (1750..2000).map(|i| ((part + 17) % 30 * 2000 + i) * 1000);
        let rows = on_time.chain(late).map(|t| row(0, START + t, (t % 977) as f64 / 10.0));
        model.take(&Step::Submit(rows.collect()));
        if part % 3 == 2 {
            model.take(&Step::Seal);
        }
    }
    model.take(&Step::Seal);
    assert_eq!(model.oracle.len(), 60_000);
    model.check(0, 2000, 60, usize::MAX);
    model.check(100, 300, 7, 1000);
    let history = rusqlite::Connection::open(model.dir.path().join("history.sqlite")).unwrap();
    let (chunks, largest): (u64, u64) = history
        .query_row("SELECT count(*), max(n) FROM chunk", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap();
    assert!(largest <= 8192 && chunks <= 24, "{chunks} chunks of at most {largest} samples");
}

/// A slow series that is sealed often must not end in a heap of tiny chunks.
#[test]
fn small_chunks_grow_together() {
    let mut model = Model::new();
    for part in 0..60_i64 {
        let rows = (0..15).map(|i| row(0, START + (part * 15 + i) * MINUTE, i as f64)).collect();
        model.take(&Step::Submit(rows));
        model.take(&Step::Seal);
    }
    let history = rusqlite::Connection::open(model.dir.path().join("history.sqlite")).unwrap();
    let chunks: u64 = history.query_row("SELECT count(*) FROM chunk", [], |r| r.get(0)).unwrap();
    assert!(chunks <= 11, "{chunks} chunks for 900 samples");
    model.check(0, 2000, 60, usize::MAX);
}

#[test]
fn numbers_at_the_end_of_the_scale_have_a_mean() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    let huge = [f64::MAX, f64::MAX, f64::MAX];
    submit(&store, (0..).zip(huge).map(|(i, x)| row(1, START + i, x)).collect()).unwrap();
    for _ in 0..2 {
        let [bucket] = store.buckets(SeriesId(1), FOREVER.0, FOREVER.1, DAY).unwrap()[..] else {
            panic!("one bucket")
        };
        assert_eq!(bucket.mean, Some(f64::MAX));
        store.seal_now().unwrap();
    }
    let error = store.buckets(SeriesId(1), FOREVER.0, FOREVER.1, Duration::ZERO).unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "a step has to be at least a millisecond"
    );
}

/// While readings are sealed, a reader never misses one.
#[test]
fn sealing_hides_nothing_from_readers() {
    let (dir, clock) = (tempdir().unwrap(), HandClock::new());
    let store = started(dir.path(), &clock);
    let reader = std::thread::spawn({
        let store = store.clone();
        move || {
            let mut last = 0;
            while last < 200 * 20 {
                let samples = store.samples(SeriesId(1), FOREVER.0, FOREVER.1, usize::MAX).unwrap();
                let is_gapless = samples.iter().zip(START..).all(|(s, t)| s.source_time == at(t));
                assert!(is_gapless && samples.len() >= last, "{} after {last}", samples.len());
                last = samples.len();
            }
        }
    });
    for part in 0..200 {
        submit(&store, (0..20).map(|i| row(1, START + part * 20 + i, 1.0)).collect()).unwrap();
        store.seal_now().unwrap();
    }
    reader.join().unwrap();
}
