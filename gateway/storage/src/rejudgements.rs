//! The table of stretches that are to be judged again, and what came of it.
//!
//! A request is written with the engine's state, and taken off with the verdicts that came of it,
//! each in one transaction: whatever happens between, it is judged again, and once.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    marks::parsed,
    records::{RECORDS, Records},
    verdicts,
};
use rusqlite::{Connection, Transaction, params};
use weir_domain::Timestamp;
use weir_engine::{RejudgeRequest, ports::RejudgeStatus, rejudge::Revision};

/// Writes a request and tells its number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    request: &RejudgeRequest,
) -> Result<i64, StorageError> {
    let record = serde_json::to_string(request)
        .map_err(|source| StorageError::Json { doing: "write a request as JSON", source })?;
    transaction
        .prepare_cached("INSERT INTO rejudgement(record) VALUES(?1)")
        .and_then(|mut statement| statement.execute([record]))
        .doing("write a request to judge again to", RECORDS)?;
    Ok(transaction.last_insert_rowid())
}

/// The first `limit` requests that wait, oldest first.
pub(crate) fn waiting(
    readers: &Readers,
    limit: usize,
) -> Result<Vec<(i64, RejudgeRequest)>, StorageError> {
    let reader = readers.get()?;
    let rows = (|| {
        let mut statement = reader.prepare_cached(
            "SELECT id, record FROM rejudgement WHERE done_at IS NULL ORDER BY id LIMIT ?1",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map([limit], read)?.collect::<rusqlite::Result<Vec<(i64, String)>>>()
    })();
    let rows = rows.doing("read requests to judge again of", RECORDS)?;
    rows.into_iter()
        .map(|(id, record)| Ok((id, parsed(&format!("rejudgement {id}"), &record)?)))
        .collect()
}

/// See [`weir_engine::ports::Marks::rejudging`].
pub(crate) fn status(readers: &Readers) -> Result<RejudgeStatus, StorageError> {
    let counts = |connection: &Connection| {
        connection.query_row(
            "SELECT (SELECT count(*) FROM rejudgement),
                    (SELECT count(*) FROM rejudgement WHERE done_at IS NULL)",
            [],
            |row| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?)),
        )
    };
    let (all, pending) =
        counts(&*readers.get()?).doing("count requests to judge again of", RECORDS)?;
    let oldest = waiting(readers, 1)?.first().map(|(_, request)| request.t);
    Ok(RejudgeStatus { pending, done: all - pending, oldest })
}

impl Records {
    /// Writes what came of requests, and takes them off, all or nothing. The numbers are those of
    /// the new verdicts in their order.
    pub(crate) fn revise(
        &mut self,
        requests: &[i64],
        revision: &Revision,
        now: Timestamp,
    ) -> Result<Vec<i64>, StorageError> {
        let doing = "write verdicts that were passed once more to";
        let transaction = self.connection.transaction().doing(doing, RECORDS)?;
        // The request that was made last says why; all of them were about the same time.
        let why = requests.iter().max().copied().unwrap_or(0);
        let mut numbers = Vec::with_capacity(revision.verdicts.len());
        for (verdict, revises) in &revision.verdicts {
            let number = verdicts::insert(&transaction, verdict)?;
            let write = || {
                transaction
                    .prepare_cached("UPDATE verdict SET rejudgement = ?2 WHERE id = ?1")?
                    .execute([number, why])?;
                let mut link =
                    transaction.prepare_cached("INSERT INTO revision(old, new) VALUES(?1, ?2)")?;
                revises.iter().try_for_each(|old| link.execute([*old, number]).map(drop))
            };
            write().doing(doing, RECORDS)?;
            numbers.push(number);
        }
        let finish = || {
            let mut put_out =
                transaction.prepare_cached("UPDATE verdict SET superseded = ?2 WHERE id = ?1")?;
            for old in &revision.superseded {
                put_out.execute([*old, why])?;
            }
            let mut take_off =
                transaction.prepare_cached("UPDATE rejudgement SET done_at = ?2 WHERE id = ?1")?;
            requests
                .iter()
                .try_for_each(|id| take_off.execute(params![id, now.as_millis()]).map(drop))
        };
        finish().doing(doing, RECORDS)?;
        transaction.commit().doing(doing, RECORDS)?;
        Ok(numbers)
    }
}
