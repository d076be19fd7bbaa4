//! Readings from the data folder of a gateway that is not running, in their order of arrival.

use crate::{clock::SystemClock, exit::Failure};
use anyhow::Context as _;
use std::{path::Path, sync::Arc, time::Duration, vec};
use weir_domain::{Clock as _, PointId, SeriesId, Timestamp};
use weir_engine::{Row, ports::History as _};
use weir_storage::{Store, StoreOptions};

/// So much of the past is read and put in order at once. Readings that arrived later than this
/// after they were measured come with the stretch they were measured in.
const STRETCH: Duration = Duration::from_secs(6 * 3600);

/// Readings of one point in a stretch: more than any scan interval can bring about.
const STRETCH_MAX: usize = 10_000_000;

/// The readings of the points, stretch by stretch.
pub(super) fn rows(
    dir: &Path,
    points: &[PointId],
) -> Result<impl Iterator<Item = Result<Row, Failure>>, Failure> {
    let options = StoreOptions {
        dir: dir.to_owned(),
        commit_interval: Duration::from_secs(1),
        retention: Duration::MAX,
        clock: Arc::new(SystemClock),
        seal_after: Duration::MAX,
        seal_rows: usize::MAX,
    };
    let store = Store::open(options, Box::new(|_| {}))
        .with_context(|| format!("could not open the data in {}", dir.display()))?;
    let series = store.series(points)?;
    let (mut from, end) = extent(&store, &series)?;
    let mut stretch: vec::IntoIter<Row> = Vec::new().into_iter();
    Ok(std::iter::from_fn(move || {
        loop {
            if let Some(row) = stretch.next() {
                return Some(Ok(row));
            }
            if from >= end {
                return None;
            }
            match read(&store, &series, from, from + STRETCH) {
                Ok(rows) => stretch = rows.into_iter(),
                Err(failure) => {
                    from = end + STRETCH;
                    return Some(Err(failure));
                }
            }
            from = from + STRETCH;
        }
    }))
}

/// The days that have readings, from the start of the first to the end of the last.
fn extent(store: &Store, series: &[SeriesId]) -> Result<(Timestamp, Timestamp), Failure> {
    const DAY: Duration = Duration::from_secs(86_400);
    let (epoch, future) = (Timestamp::from_millis(0), SystemClock.now() + 2 * DAY);
    let mut days = Vec::new();
    for series in series {
        days.extend(store.buckets(*series, epoch, future, DAY)?.into_iter().map(|bucket| bucket.t));
    }
    let first = days.iter().min().copied().unwrap_or(future);
    let last = days.iter().max().map_or(epoch, |day| *day + DAY);
    Ok((first, last))
}

/// All readings of a stretch, in their order of arrival. The numbers are those of the replay.
fn read(
    store: &Store,
    series: &[SeriesId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (number, stored) in (0..).map(SeriesId).zip(series) {
        let samples = store.samples(*stored, from, to, STRETCH_MAX)?;
        rows.extend(samples.into_iter().map(|sample| Row { series: number, sample }));
    }
    rows.sort_by_key(|row| (row.sample.received_time, row.sample.source_time, row.series));
    Ok(rows)
}
