//! The past of a gateway that is not running, from its data folder: readings in the order in which
//! they were measured, acts and marks.

use super::output::Span;
use crate::{clock::SystemClock, exit::Failure};
use anyhow::Context as _;
use std::{path::Path, sync::Arc, time::Duration, vec};
use weir_domain::{Clock as _, PointId, SeriesId, Timestamp};
use weir_engine::{
    Command, Mark, Row,
    ports::{History as _, MarkFilter, Marks as _},
};
use weir_storage::{Store, StoreOptions};

/// So much of the past is read and put in order at once.
const STRETCH: Duration = Duration::from_secs(6 * 3600);

/// Readings of one point in a stretch: more than any scan interval can bring about.
const STRETCH_MAX: usize = 10_000_000;

/// A data folder.
pub(super) struct Journal {
    store: Store,
}

impl Journal {
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
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
        Ok(Self { store })
    }

    /// What people and the gateway did, but for marks, which are known already.
    pub(super) fn acts(&self) -> Result<Vec<(u64, Command)>, Failure> {
        let mut acts = self.store.acts()?;
        acts.retain(|(_, command)| !super::acts::is_on_marks(&command.act));
        Ok(acts)
    }

    /// Every mark, of people and of checks, as it is now.
    pub(super) fn marks(&self) -> Result<Vec<Mark>, Failure> {
        let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        Ok(self.store.marks(MarkFilter::All, first, last, None, usize::MAX)?)
    }

    /// The readings of the points in a span, stretch by stretch.
    pub(super) fn rows(
        self,
        points: &[PointId],
        span: Span,
    ) -> Result<impl Iterator<Item = Result<Row, Failure>>, Failure> {
        let series = self.store.series(points)?;
        let (first, last) = extent(&self.store, &series)?;
        let mut from = span.from.map_or(first, |from| from.max(first));
        let end = span.to.map_or(last, |to| to.min(last));
        let mut stretch: vec::IntoIter<Row> = Vec::new().into_iter();
        Ok(std::iter::from_fn(move || {
            loop {
                if let Some(row) = stretch.next() {
                    return Some(Ok(row));
                }
                if from >= end {
                    return None;
                }
                let next = (from + STRETCH).min(end);
                match read(&self.store, &series, from, next) {
                    Ok(rows) => stretch = rows.into_iter(),
                    Err(failure) => {
                        from = end;
                        return Some(Err(failure));
                    }
                }
                from = next;
            }
        }))
    }
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

/// All readings of a stretch, as if each had come when it was measured. The numbers are those of
/// the replay.
fn read(
    store: &Store,
    series: &[SeriesId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (number, stored) in (0..).map(SeriesId).zip(series) {
        for mut sample in store.samples(*stored, from, to, STRETCH_MAX)? {
            // Nothing can be measured in the future.
            sample.received_time = sample.source_time.min(sample.received_time);
            rows.push(Row { series: number, sample });
        }
    }
    rows.sort_by_key(|row| (row.sample.received_time, row.sample.source_time, row.series));
    Ok(rows)
}
