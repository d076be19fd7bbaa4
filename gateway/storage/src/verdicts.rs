//! The table of verdicts.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    records::RECORDS,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use weir_domain::{AreaId, Timestamp};
use weir_engine::{VerdictRecord, ports::StoredVerdict};

/// Writes a verdict and tells its number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    verdict: &VerdictRecord,
) -> Result<i64, StorageError> {
    let record = serde_json::to_string(verdict)
        .map_err(|source| StorageError::Json { doing: "write a verdict as JSON", source })?;
    let values =
        params![verdict.area.as_str(), verdict.from.as_millis(), verdict.to.as_millis(), record];
    transaction
        .prepare_cached("INSERT INTO verdict(area, t_from, t_to, record) VALUES(?1, ?2, ?3, ?4)")
        .and_then(|mut statement| statement.execute(values))
        .doing("write a verdict to", RECORDS)?;
    Ok(transaction.last_insert_rowid())
}

/// See [`weir_engine::ports::Records::verdicts`].
pub(crate) fn list(
    readers: &Readers,
    from: Timestamp,
    to: Timestamp,
    area: Option<&AreaId>,
    limit: usize,
) -> Result<Vec<StoredVerdict>, StorageError> {
    let reader = readers.get()?;
    let mut rows =
        overlapping(&reader, from, to, area, limit).doing("read verdicts of", RECORDS)?;
    rows.reverse();
    rows.into_iter().map(stored).collect()
}

/// Newest first. A stretch that overlaps cannot begin earlier than the longest stretch there is
/// before `from`, which bounds the search; its length comes straight from an index.
fn overlapping(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
    area: Option<&AreaId>,
    limit: usize,
) -> rusqlite::Result<Vec<(i64, String)>> {
    let longest: Option<i64> =
        connection.query_row("SELECT max(t_to - t_from) FROM verdict", [], |row| row.get(0))?;
    let earliest = from.as_millis().saturating_sub(longest.unwrap_or(0).max(0));
    let of_area = if area.is_some() { "area = ?5 AND" } else { "?5 IS NULL AND" };
    // A stretch without length is a moment, and belongs to the stretch it is in.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, record FROM verdict
         WHERE {of_area} t_from BETWEEN ?1 AND ?3 AND t_from < ?3
           AND (t_to > ?2 OR (t_to = t_from AND t_from = ?2))
         ORDER BY t_from DESC, id DESC LIMIT ?4"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let area = area.map(AreaId::as_str);
    let values = params![earliest, from.as_millis(), to.as_millis(), limit, area];
    statement.query_map(values, numbered)?.collect()
}

fn numbered(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// See [`weir_engine::ports::Records::verdict`].
pub(crate) fn get(readers: &Readers, id: i64) -> Result<Option<StoredVerdict>, StorageError> {
    let reader = readers.get()?;
    let row = reader
        .prepare_cached("SELECT id, record FROM verdict WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], numbered).optional());
    row.doing("read a verdict of", RECORDS)?.map(stored).transpose()
}

fn stored((id, record): (i64, String)) -> Result<StoredVerdict, StorageError> {
    let record = serde_json::from_str(&record).map_err(|error| StorageError::Damaged {
        file: RECORDS,
        at: format!("verdict {id}"),
        why: error.to_string(),
    })?;
    Ok(StoredVerdict { id, record })
}
