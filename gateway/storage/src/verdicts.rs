//! The table of verdicts, and which of them took the place of which.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    marks::parsed,
    records::RECORDS,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use weir_domain::{AreaId, Timestamp, Verdict};
use weir_engine::{
    RejudgeReason, RejudgeRequest, VerdictRecord,
    ports::{StoredVerdict, Superseded, VerdictFilter, VerdictTally},
};

/// How many verdicts of each kind stand, and how many do not any more: kept by the database itself,
/// as counting years of them would take seconds.
pub(crate) const STEP_TALLY: &str = "
    CREATE TABLE tally(verdict TEXT NOT NULL, stands INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY(verdict, stands)) WITHOUT ROWID;
    INSERT INTO tally
        SELECT record ->> '$.verdict', superseded IS NULL, count(*) FROM verdict GROUP BY 1, 2;
    CREATE TRIGGER verdict_passed AFTER INSERT ON verdict BEGIN
        INSERT INTO tally VALUES(new.record ->> '$.verdict', new.superseded IS NULL, 1)
            ON CONFLICT DO UPDATE SET n = n + 1;
    END;
    CREATE TRIGGER verdict_revised AFTER UPDATE OF superseded ON verdict
        WHEN (old.superseded IS NULL) <> (new.superseded IS NULL) BEGIN
        UPDATE tally SET n = n - 1
            WHERE verdict = old.record ->> '$.verdict' AND stands = (old.superseded IS NULL);
        INSERT INTO tally VALUES(new.record ->> '$.verdict', new.superseded IS NULL, 1)
            ON CONFLICT DO UPDATE SET n = n + 1;
    END;";

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
    filter: VerdictFilter,
    from: Timestamp,
    to: Timestamp,
    area: Option<&AreaId>,
    limit: usize,
) -> Result<Vec<StoredVerdict>, StorageError> {
    let reader = readers.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", RECORDS)?;
    let mut rows =
        overlapping(&snapshot, filter, from, to, area, limit).doing("read verdicts of", RECORDS)?;
    rows.reverse();
    rows.into_iter().map(|row| stored(&snapshot, row)).collect()
}

/// A row: number, record, the re-judgement that passed it, the one that took it out of force.
type Stored = (i64, String, Option<i64>, Option<i64>);

/// Newest first. A stretch that overlaps cannot begin earlier than the longest stretch there is
/// before `from`, which bounds the search; its length comes straight from an index.
fn overlapping(
    connection: &Connection,
    filter: VerdictFilter,
    from: Timestamp,
    to: Timestamp,
    area: Option<&AreaId>,
    limit: usize,
) -> rusqlite::Result<Vec<Stored>> {
    let longest: Option<i64> =
        connection.query_row("SELECT max(t_to - t_from) FROM verdict", [], |row| row.get(0))?;
    let earliest = from.as_millis().saturating_sub(longest.unwrap_or(0).max(0));
    let of_area = if area.is_some() { "area = ?5 AND" } else { "?5 IS NULL AND" };
    let in_force = match filter {
        VerdictFilter::InForce => "superseded IS NULL AND",
        VerdictFilter::All => "",
    };
    // A stretch without length is a moment, and belongs to the stretch it is in.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, record, rejudgement, superseded FROM verdict
         WHERE {of_area} {in_force} t_from BETWEEN ?1 AND ?3 AND t_from < ?3
           AND (t_to > ?2 OR (t_to = t_from AND t_from = ?2))
         ORDER BY t_from DESC, id DESC LIMIT ?4"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let area = area.map(AreaId::as_str);
    let values = params![earliest, from.as_millis(), to.as_millis(), limit, area];
    statement.query_map(values, columns)?.collect()
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// See [`weir_engine::ports::Records::verdict`].
pub(crate) fn get(readers: &Readers, id: i64) -> Result<Option<StoredVerdict>, StorageError> {
    let reader = readers.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", RECORDS)?;
    let row = snapshot
        .prepare_cached("SELECT id, record, rejudgement, superseded FROM verdict WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], columns).optional());
    row.doing("read a verdict of", RECORDS)?.map(|row| stored(&snapshot, row)).transpose()
}

/// See [`weir_engine::ports::Records::tally`].
pub(crate) fn tally(readers: &Readers) -> Result<VerdictTally, StorageError> {
    let standing = |verdict: Verdict| {
        format!("sum(n) FILTER (WHERE stands AND verdict = '{}')", verdict.as_str())
    };
    let sql = format!(
        "SELECT {}, {}, {}, sum(n) FILTER (WHERE NOT stands) FROM tally",
        standing(Verdict::Compliant),
        standing(Verdict::NonCompliant),
        standing(Verdict::Indeterminate),
    );
    let counts = readers.get()?.query_row(&sql, [], |row| {
        let count = |column| row.get(column).map(Option::unwrap_or_default);
        Ok(VerdictTally {
            compliant: count(0)?,
            non_compliant: count(1)?,
            indeterminate: count(2)?,
            superseded: count(3)?,
        })
    });
    counts.doing("count verdicts of", RECORDS)
}

/// The start of the earliest stretch there is.
pub(crate) fn first(readers: &Readers) -> Result<Option<Timestamp>, StorageError> {
    let first: Option<i64> = readers
        .get()?
        .query_row("SELECT min(t_from) FROM verdict", [], |row| row.get(0))
        .doing("read verdicts of", RECORDS)?;
    Ok(first.map(Timestamp::from_millis))
}

fn stored(
    connection: &Connection,
    (id, record, rejudgement, superseded): Stored,
) -> Result<StoredVerdict, StorageError> {
    let record = parsed(&format!("verdict {id}"), &record)?;
    let revised_for = rejudgement.map(|number| why(connection, number)).transpose()?;
    let revises = match rejudgement {
        None => Vec::new(),
        Some(_) => linked(connection, "SELECT old FROM revision WHERE new = ?1", id)?,
    };
    let superseded = match superseded {
        None => None,
        Some(number) => {
            let by = linked(connection, "SELECT new FROM revision WHERE old = ?1", id)?;
            let (why, at) = why(connection, number)?;
            Some(Superseded { at, why, by })
        }
    };
    let revised_for = revised_for.map(|(why, _)| why);
    Ok(StoredVerdict { id, record, revises, revised_for, superseded })
}

fn linked(connection: &Connection, sql: &str, id: i64) -> Result<Vec<i64>, StorageError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()
        })
        .doing("read verdicts of", RECORDS)
}

/// Why a re-judgement was asked for, and when it was made.
fn why(
    connection: &Connection,
    rejudgement: i64,
) -> Result<(RejudgeReason, Timestamp), StorageError> {
    let (record, done_at): (String, Option<i64>) = connection
        .prepare_cached("SELECT record, done_at FROM rejudgement WHERE id = ?1")
        .and_then(|mut s| s.query_row([rejudgement], |row| Ok((row.get(0)?, row.get(1)?))))
        .doing("read verdicts of", RECORDS)?;
    let request: RejudgeRequest = parsed(&format!("rejudgement {rejudgement}"), &record)?;
    Ok((request.why, done_at.map_or(request.t, Timestamp::from_millis)))
}
