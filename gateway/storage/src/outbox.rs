//! What sinks read, how far they have come, and what they have put aside.

use crate::{
    database::lock,
    error::{Doing, StorageError},
    journal,
    records::RECORDS,
    shared::Shared,
};
use core::ops::ControlFlow;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use weir_engine::Record;

/// See [`weir_engine::ports::Outbox::records_after`].
pub(crate) fn records_after(
    shared: &Shared,
    seq: u64,
    limit: usize,
) -> Result<Vec<(u64, Record)>, StorageError> {
    let mut records = Vec::new();
    if limit == 0 {
        return Ok(records);
    }
    let reader = shared.journal_readers.get()?;
    journal::walk(&reader, seq, |batch| {
        let room = limit - records.len();
        records.extend((batch.first..).zip(batch.records).take(room));
        if records.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(records)
}

/// Every cursor.
pub(crate) fn cursors(connection: &Connection) -> Result<BTreeMap<String, u64>, StorageError> {
    let cursors = (|| {
        let mut statement = connection.prepare("SELECT sink, seq FROM cursor")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map([], read)?.collect::<rusqlite::Result<_>>()
    })();
    cursors.doing("read cursors of", RECORDS)
}

/// See [`weir_engine::ports::Outbox::cursor`].
pub(crate) fn cursor(shared: &Shared, sink: &str) -> Result<u64, StorageError> {
    move_cursor(shared, sink, 0)
}

/// Moves a cursor forward, or leaves it where it is, and tells where that is.
pub(crate) fn move_cursor(shared: &Shared, sink: &str, seq: u64) -> Result<u64, StorageError> {
    let records = lock(&shared.records);
    // What is asked for often is not written again.
    let stands = lock(&shared.floors).cursors.get(sink).copied();
    if let Some(stands) = stands.filter(|stands| *stands >= seq) {
        return Ok(stands);
    }
    let sql = "INSERT INTO cursor(sink, seq) VALUES(?1, ?2)
               ON CONFLICT(sink) DO UPDATE SET seq = max(seq, excluded.seq) RETURNING seq";
    let stands = records
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params![sink, seq], |row| row.get(0)))
        .doing("move a cursor in", RECORDS)?;
    lock(&shared.floors).cursors.insert(sink.to_owned(), stands);
    Ok(stands)
}

/// See [`weir_engine::ports::Outbox::alarm_cursor`].
pub(crate) fn alarm_cursor(shared: &Shared, sink: &str) -> Result<Option<u64>, StorageError> {
    let stands = shared
        .record_readers
        .get()?
        .prepare_cached("SELECT event FROM alarm_cursor WHERE sink = ?1")
        .and_then(|mut statement| statement.query_row([sink], |row| row.get(0)).optional());
    stands.doing("read a cursor of", RECORDS)
}

/// See [`weir_engine::ports::Outbox::set_alarm_cursor`].
pub(crate) fn move_alarm_cursor(
    shared: &Shared,
    sink: &str,
    event: u64,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO alarm_cursor(sink, event) VALUES(?1, ?2)
               ON CONFLICT(sink) DO UPDATE SET event = max(event, excluded.event)";
    lock(&shared.records)
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params![sink, event]))
        .doing("move a cursor in", RECORDS)?;
    Ok(())
}

/// See [`weir_engine::ports::Outbox::quarantine`]. A record that is put aside again, because the
/// gateway was killed before the cursor moved, is still one record.
pub(crate) fn quarantine(
    shared: &Shared,
    sink: &str,
    seq: u64,
    body: &[u8],
    reason: &str,
) -> Result<(), StorageError> {
    let at = shared.clock.now().as_millis();
    lock(&shared.records)
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO quarantine(sink, seq, at, reason, body)
             VALUES(?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| statement.execute(params![sink, seq, at, reason, body]))
        .doing("put a record aside in", RECORDS)?;
    Ok(())
}

/// See [`weir_engine::ports::Outbox::quarantined`].
pub(crate) fn quarantined(shared: &Shared, sink: &str) -> Result<u64, StorageError> {
    let count = shared
        .record_readers
        .get()?
        .prepare_cached("SELECT count(*) FROM quarantine WHERE sink = ?1")
        .and_then(|mut statement| statement.query_row([sink], |row| row.get(0)).optional());
    Ok(count.doing("count what is put aside in", RECORDS)?.unwrap_or(0))
}
