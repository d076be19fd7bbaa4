//! The tables of marks: every change, and each mark as it is now.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    records::RECORDS,
};
use rusqlite::{OptionalExtension, Transaction, params};
use weir_domain::{PointId, Timestamp};
use weir_engine::{Mark, MarkEvent, MarkId, ports::MarkFilter};

/// Writes a change, brings its mark up to date, and tells the change's number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    event: &MarkEvent,
) -> Result<i64, StorageError> {
    let json = |source| StorageError::Json { doing: "write a mark as JSON", source };
    let mark = &event.mark;
    let record = serde_json::to_string(event).map_err(json)?;
    let standing = serde_json::to_string(mark).map_err(json)?;
    let write = || {
        transaction
            .prepare_cached("INSERT INTO mark_event(mark, record) VALUES(?1, ?2)")?
            .execute([mark.id.as_str(), &record])?;
        let number = transaction.last_insert_rowid();
        let review = mark.review.as_ref().map(|review| review.outcome.as_str());
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO mark(mark, t_from, t_to, is_manual, review, record)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                mark.id.as_str(),
                mark.from.as_millis(),
                mark.to.map(Timestamp::as_millis),
                mark.is_manual(),
                review,
                standing
            ])?;
        Ok(number)
    };
    write().doing("write a mark to", RECORDS)
}

/// See [`weir_engine::ports::Marks::marks`].
pub(crate) fn list(
    readers: &Readers,
    filter: MarkFilter,
    from: Timestamp,
    to: Timestamp,
    point: Option<&PointId>,
    limit: usize,
) -> Result<Vec<Mark>, StorageError> {
    let condition = match filter {
        MarkFilter::All => "1",
        MarkFilter::InForce => "review IS NOT 'rejected'",
        MarkFilter::Unreviewed => "review IS NULL AND is_manual",
    };
    let reader = readers.get()?;
    let rows = (|| {
        // A stretch without length is a moment, and belongs to the stretch it is in.
        let mut statement = reader.prepare_cached(&format!(
            "SELECT mark, record FROM mark
             WHERE {condition} AND t_from < ?2
               AND (t_to IS NULL OR t_to > ?1 OR (t_to = t_from AND t_from = ?1))
               AND (?3 IS NULL OR ?3 IN (SELECT value FROM json_each(record, '$.points')))
             ORDER BY t_from DESC, mark DESC LIMIT ?4"
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let point = point.map(PointId::to_string);
        let values = params![from.as_millis(), to.as_millis(), point, limit];
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map(values, read)?.collect::<rusqlite::Result<Vec<(String, String)>>>()
    })();
    let mut rows = rows.doing("read marks of", RECORDS)?;
    rows.reverse();
    rows.into_iter().map(|(id, record)| parsed(&format!("mark {id}"), &record)).collect()
}

/// See [`weir_engine::ports::Marks::mark`].
pub(crate) fn get(
    readers: &Readers,
    id: &MarkId,
) -> Result<Option<(Mark, Vec<MarkEvent>)>, StorageError> {
    let reader = readers.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", RECORDS)?;
    let standing: Option<String> = snapshot
        .prepare_cached("SELECT record FROM mark WHERE mark = ?1")
        .and_then(|mut statement| statement.query_row([id.as_str()], |row| row.get(0)).optional())
        .doing("read a mark of", RECORDS)?;
    let Some(standing) = standing else { return Ok(None) };
    let mark = parsed(&format!("mark {id}"), &standing)?;
    let events = (|| {
        let mut statement = snapshot
            .prepare_cached("SELECT id, record FROM mark_event WHERE mark = ?1 ORDER BY id")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map([id.as_str()], read)?.collect::<rusqlite::Result<Vec<(i64, String)>>>()
    })();
    let events = events.doing("read a mark of", RECORDS)?;
    let event = |(number, record): (i64, String)| parsed(&format!("mark event {number}"), &record);
    Ok(Some((mark, events.into_iter().map(event).collect::<Result<_, _>>()?)))
}

/// A row's JSON.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(
    at: &str,
    record: &str,
) -> Result<T, StorageError> {
    serde_json::from_str(record).map_err(|error| StorageError::Damaged {
        file: RECORDS,
        at: at.to_owned(),
        why: error.to_string(),
    })
}
