//! The table of findings: what checks found that somebody should look at.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    marks::parsed,
    records::RECORDS,
};
use rusqlite::{Transaction, params};
use weir_domain::{PointId, Timestamp};
use weir_engine::{Finding, ports::StoredFinding};

/// Writes a finding and tells its number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    finding: &Finding,
) -> Result<i64, StorageError> {
    let record = serde_json::to_string(finding)
        .map_err(|source| StorageError::Json { doing: "write a finding as JSON", source })?;
    transaction
        .prepare_cached("INSERT INTO finding(t_from, t_to, record) VALUES(?1, ?2, ?3)")
        .and_then(|mut statement| {
            statement.execute(params![finding.from.as_millis(), finding.to.as_millis(), record])
        })
        .doing("write a finding to", RECORDS)?;
    Ok(transaction.last_insert_rowid())
}

/// See [`weir_engine::ports::Marks::findings`].
pub(crate) fn list(
    readers: &Readers,
    from: Timestamp,
    to: Timestamp,
    point: Option<&PointId>,
    limit: usize,
) -> Result<Vec<StoredFinding>, StorageError> {
    let reader = readers.get()?;
    let rows = (|| {
        let mut statement = reader.prepare_cached(
            "SELECT id, record FROM finding
             WHERE t_from < ?2 AND (t_to > ?1 OR (t_to = t_from AND t_from = ?1))
               AND (?3 IS NULL OR ?3 IN (SELECT value FROM json_each(record, '$.points')))
             ORDER BY t_from DESC, id DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let point = point.map(PointId::to_string);
        let values = params![from.as_millis(), to.as_millis(), point, limit];
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map(values, read)?.collect::<rusqlite::Result<Vec<(i64, String)>>>()
    })();
    let mut rows = rows.doing("read findings of", RECORDS)?;
    rows.reverse();
    let stored = |(id, record): (i64, String)| {
        Ok(StoredFinding { id, finding: parsed(&format!("finding {id}"), &record)? })
    };
    rows.into_iter().map(stored).collect()
}
