//! `history.sqlite`: chunks of samples, and how they are read together with the heads.

use crate::{
    chunk::{self, Encoder},
    database::Schema,
    error::{Doing, StorageError},
    head::Totals,
    merge::{CHUNK_SPAN_MAX, merge},
    shared::Shared,
    summary::Summary,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::sync::LazyLock;
use weir_domain::{Sample, SeriesId, Timestamp};

/// The name of the file.
pub(crate) const HISTORY: &str = "history.sqlite";

/// The file.
pub(crate) static SCHEMA: Schema = Schema {
    file: HISTORY,
    page_size: 8192,
    steps: &["
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY,
            series INTEGER NOT NULL,
            t0 INTEGER NOT NULL,           -- source time of the first sample, ms since 1970
            t1 INTEGER NOT NULL,           -- and of the last
            n INTEGER NOT NULL,            -- samples
            good INTEGER NOT NULL,         -- good samples; the next three are about these
            vmin REAL, vmax REAL, vsum REAL,
            summary_crc INTEGER NOT NULL,  -- of all the columns before
            data BLOB NOT NULL);
        CREATE INDEX chunk_by_start ON chunk(series, t0, t1);
        CREATE INDEX chunk_by_end ON chunk(t1);
        CREATE TABLE meta(
            id INTEGER PRIMARY KEY CHECK(id = 1),
            sealed_seq INTEGER NOT NULL,   -- every record up to here is in chunks
            rows INTEGER NOT NULL,         -- samples in chunks
            expired INTEGER NOT NULL,      -- samples dropped by the retention
            duplicates INTEGER NOT NULL,   -- samples replaced by later ones
            seen_at INTEGER);              -- the clock when expiry was last at work
        INSERT INTO meta VALUES(1, 0, 0, 0, 0, NULL);"],
};

/// A chunk without its data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) id: i64,
    pub(crate) summary: Summary,
}

impl Chunk {
    fn read(row: &Row<'_>) -> rusqlite::Result<Result<Self, StorageError>> {
        let id = row.get(0)?;
        let damaged = || damaged(id, "its summary's check sum is wrong");
        Ok(Summary::read(row, 1)?.map(|summary| Self { id, summary }).ok_or_else(damaged))
    }

    /// Its samples, in strict order of source time.
    pub(crate) fn samples(&self, connection: &Connection) -> Result<Vec<Sample>, StorageError> {
        let mut statement = connection
            .prepare_cached("SELECT data FROM chunk WHERE id = ?1")
            .doing("read a chunk of", HISTORY)?;
        let data: Vec<u8> =
            statement.query_row([self.id], |row| row.get(0)).doing("read a chunk of", HISTORY)?;
        let samples = chunk::decode(&data).map_err(|why| damaged(self.id, why))?;
        match Summary::of(self.summary.series, &samples) {
            Some(summary) if summary == self.summary => Ok(samples),
            _ => Err(damaged(self.id, "its samples are not those of its summary")),
        }
    }
}

fn damaged(id: i64, why: impl Into<String>) -> StorageError {
    StorageError::Damaged { file: HISTORY, at: format!("chunk {id}"), why: why.into() }
}

/// The chunks of a series with samples that may be in `first ≤ source time ≤ last`, in order.
pub(crate) fn chunks(
    connection: &Connection,
    series: SeriesId,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<Chunk>, StorageError> {
    // No chunk is longer than CHUNK_SPAN_MAX, which bounds the search from below.
    let sql = select(
        "FROM chunk WHERE series = ?1 AND t0 BETWEEN ?2 AND ?3 AND t1 >= ?4 ORDER BY t0, id",
    );
    let earliest = first - CHUNK_SPAN_MAX;
    let found = (|| {
        let mut statement = connection.prepare_cached(&sql)?;
        let range = params![series.0, earliest.as_millis(), last.as_millis(), first.as_millis()];
        statement.query_map(range, Chunk::read)?.collect::<rusqlite::Result<Vec<_>>>()
    })();
    found.doing("read chunks of", HISTORY)?.into_iter().collect()
}

/// The chunk of a series that begins last before a moment.
pub(crate) fn chunk_before(
    connection: &Connection,
    series: SeriesId,
    moment: Timestamp,
) -> Result<Option<Chunk>, StorageError> {
    let sql = select("FROM chunk WHERE series = ?1 AND t0 < ?2 ORDER BY t0 DESC LIMIT 1");
    let found = (|| {
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_row(params![series.0, moment.as_millis()], Chunk::read).optional()
    })();
    found.doing("read chunks of", HISTORY)?.transpose()
}

fn select(rest: &str) -> String {
    format!("SELECT id, {} {rest}", Summary::COLUMNS)
}

/// Writes a chunk; `samples` are in strict order of source time, and not too many.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    encoder: &mut Encoder,
    series: SeriesId,
    samples: &[Sample],
) -> Result<(), StorageError> {
    let Some(summary) = Summary::of(series, samples) else { return Ok(()) };
    let data = encoder
        .encode(samples)
        .map_err(|source| StorageError::Compress { series: series.0, source })?;
    static INSERT: LazyLock<String> = LazyLock::new(|| {
        let columns = Summary::COLUMNS;
        format!(
            "INSERT INTO chunk({columns}, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        )
    });
    let values = params![
        series.0,
        summary.first.as_millis(),
        summary.last.as_millis(),
        summary.count,
        summary.good,
        summary.min,
        summary.max,
        summary.sum,
        summary.crc(),
        data
    ];
    let done = transaction.prepare_cached(&INSERT).and_then(|mut s| s.execute(values));
    done.doing("write a chunk to", HISTORY)?;
    Ok(())
}

/// Removes a chunk.
pub(crate) fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), StorageError> {
    let done = transaction
        .prepare_cached("DELETE FROM chunk WHERE id = ?1")
        .and_then(|mut statement| statement.execute([id]));
    done.doing("remove a chunk from", HISTORY)?;
    Ok(())
}

/// Number of the last sealed record, and the totals.
pub(crate) fn meta(connection: &Connection) -> Result<(u64, Totals), StorageError> {
    let read = |row: &Row<'_>| {
        let totals = Totals { rows: row.get(1)?, expired: row.get(2)?, duplicates: row.get(3)? };
        Ok((row.get(0)?, totals))
    };
    connection
        .query_row("SELECT sealed_seq, rows, expired, duplicates FROM meta", [], read)
        .doing("read", HISTORY)
}

/// Sets what [`meta`] reads.
pub(crate) fn set_meta(
    transaction: &Transaction<'_>,
    sealed_seq: u64,
    totals: Totals,
) -> Result<(), StorageError> {
    let sql = "UPDATE meta SET sealed_seq = ?1, rows = ?2, expired = ?3, duplicates = ?4";
    transaction
        .execute(sql, params![sealed_seq, totals.rows, totals.expired, totals.duplicates])
        .doing("write", HISTORY)?;
    Ok(())
}

/// See [`weir_engine::ports::History::samples`].
pub(crate) fn samples(
    shared: &Shared,
    series: SeriesId,
    from: Timestamp,
    to: Timestamp,
    limit: usize,
) -> Result<Vec<Sample>, StorageError> {
    if from >= to || limit == 0 {
        return Ok(Vec::new());
    }
    // Heads first, history second: see the head's module.
    let newer = shared.heads(series, from, to, limit);
    let reader = shared.history.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", HISTORY)?;
    let mut older: Vec<Sample> = Vec::new();
    for chunk in chunks(&snapshot, series, from, to)? {
        let is_enough = |last: &Sample| last.source_time < chunk.summary.first;
        if older.len() >= limit && older.last().is_some_and(is_enough) {
            break;
        }
        let mut samples = chunk.samples(&snapshot)?;
        samples.truncate(samples.partition_point(|s| s.source_time < to));
        samples.drain(..samples.partition_point(|s| s.source_time < from));
        older = merge(older, samples).0;
    }
    let mut all = merge(older, newer).0;
    all.truncate(limit);
    Ok(all)
}
