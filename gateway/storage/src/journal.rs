//! `journal.sqlite`: batches of records, in the order of their numbers.
//!
//! A batch tells how many readings were accepted before it, and its check sum covers every column,
//! so that a batch that was changed, removed or put elsewhere is found when it is read. The newest
//! batch is never trimmed: it is what the numbers go on from.

use crate::{
    database::{Schema, checkpoint, give_back},
    error::{Doing, StorageError},
    payload,
};
use core::ops::ControlFlow;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::path::Path;
use weir_domain::Timestamp;
use weir_engine::{Committed, Record};

/// The name of the file.
pub(crate) const JOURNAL: &str = "journal.sqlite";

/// The file.
pub(crate) static SCHEMA: Schema = Schema {
    file: JOURNAL,
    page_size: 8192,
    steps: &["
        CREATE TABLE journal(
            seq INTEGER PRIMARY KEY,     -- number of the first record
            n INTEGER NOT NULL,          -- records
            readings INTEGER NOT NULL,   -- records that are readings
            before INTEGER NOT NULL,     -- readings in all batches before
            at INTEGER NOT NULL,         -- watermark handed out with the batch, ms since 1970
            payload BLOB NOT NULL);      -- CRC-32 of the rest and of the columns, records"],
};

/// Batches trimmed in one go. More than one, so that a backlog is worked off.
const TRIM_BATCHES: u32 = 8;

/// Free pages are given back when there are this many, and more than there are pages in use.
const FREE_PAGES_MAX: u32 = 1024;

/// Pages given back in one go.
const GIVE_BACK_PAGES: u32 = 256;

/// Length of the check sum.
const CRC_BYTES: usize = 4;

const COLUMNS: &str = "seq, n, readings, before, at, payload";

/// A row of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// Number of the first record.
    pub(crate) first: u64,
    /// Readings in all batches before.
    pub(crate) before: u64,
    /// The watermark handed out with it.
    pub(crate) at: Timestamp,
    /// The records; never none.
    pub(crate) records: Vec<Record>,
}

impl Batch {
    /// Number of the last record.
    pub(crate) fn last(&self) -> u64 {
        self.first + self.records.len() as u64 - 1
    }

    /// How many of the records are readings.
    pub(crate) fn readings(&self) -> u64 {
        self.records.iter().filter(|r| matches!(r, Record::Reading(_))).count() as u64
    }

    /// The batch without its records up to number `seq`.
    pub(crate) fn after(mut self, seq: u64) -> Self {
        let done = seq.saturating_add(1).saturating_sub(self.first);
        let done = usize::try_from(done).unwrap_or(usize::MAX).min(self.records.len());
        let readings = |r: &Record| u64::from(matches!(r, Record::Reading(_)));
        self.before += self.records.drain(..done).map(|r| readings(&r)).sum::<u64>();
        self.first += done as u64;
        self
    }

    /// The batch as it is handed out.
    pub(crate) fn committed(self) -> Committed {
        Committed { first_seq: self.first, records: self.records, watermark: self.at }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Result<Self, StorageError>> {
        let (first, n): (u64, u64) = (row.get(0)?, row.get(1)?);
        let (readings, before): (u64, u64) = (row.get(2)?, row.get(3)?);
        let at: i64 = row.get(4)?;
        let payload = row.get_ref(5)?.as_blob()?;
        let read = || {
            let (crc, body) = payload.split_at_checked(CRC_BYTES).ok_or("it is cut off")?;
            if crc != check_sum(&[first, n, readings, before, at as u64], body) {
                return Err("its check sum is wrong".to_owned());
            }
            let records = payload::decode(body, n)?;
            Ok(Self { first, before, at: Timestamp::from_millis(at), records })
        };
        Ok(read().map_err(|why| damaged(first, why)))
    }
}

fn damaged(seq: u64, why: impl Into<String>) -> StorageError {
    StorageError::Damaged { file: JOURNAL, at: format!("record {seq}"), why: why.into() }
}

fn check_sum(numbers: &[u64], body: &[u8]) -> [u8; CRC_BYTES] {
    let mut crc = crc32fast::Hasher::new();
    for number in numbers {
        crc.update(&number.to_le_bytes());
    }
    crc.update(body);
    crc.finalize().to_le_bytes()
}

/// The writing side.
#[derive(Debug)]
pub(crate) struct Journal {
    connection: Connection,
}

impl Journal {
    pub(crate) fn open(dir: &Path) -> Result<Self, StorageError> {
        Ok(Self { connection: SCHEMA.open(dir)? })
    }

    /// Writes a batch, and trims some of those whose records all have numbers up to `trim_to`.
    /// When it returns, the batch is on disk; when it fails, nothing has changed.
    pub(crate) fn append(&mut self, batch: &Batch, trim_to: u64) -> Result<(), StorageError> {
        let mut payload = payload::encode(&batch.records, CRC_BYTES)
            .map_err(|source| StorageError::Json { doing: "write an act as JSON", source })?;
        let (n, at) = (batch.records.len() as u64, batch.at.as_millis());
        let readings = batch.readings();
        let (room, body) = payload.split_at_mut(CRC_BYTES);
        room.copy_from_slice(&check_sum(
            &[batch.first, n, readings, batch.before, at as u64],
            body,
        ));
        let mut append = || {
            let transaction = self.connection.transaction()?;
            // First, so that the batch finds the room.
            trim(&transaction, trim_to)?;
            transaction
                .prepare_cached("INSERT INTO journal VALUES(?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![batch.first, n, readings, batch.before, at, payload])?;
            transaction.commit()
        };
        append().doing("append to", JOURNAL)
    }

    /// Trims as [`Self::append`] does, and gives pages back that will not be needed soon.
    pub(crate) fn tidy(&mut self, trim_to: u64) -> Result<(), StorageError> {
        let mut tidy = || {
            let transaction = self.connection.transaction()?;
            trim(&transaction, trim_to)?;
            transaction.commit()?;
            let pages = |name| self.connection.pragma_query_value(None, name, |row| row.get(0));
            let (all, free): (u32, u32) = (pages("page_count")?, pages("freelist_count")?);
            if free > FREE_PAGES_MAX && free > all / 2 {
                give_back(&self.connection, GIVE_BACK_PAGES)?;
            }
            Ok(())
        };
        tidy().doing("trim", JOURNAL)
    }

    /// Empties the write-ahead log into the file.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        checkpoint(&self.connection).doing("tidy up", JOURNAL)
    }

    /// The connection, for reading before the writer starts.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn trim(transaction: &Transaction<'_>, trim_to: u64) -> rusqlite::Result<()> {
    let ripe = {
        let mut statement = transaction.prepare_cached(
            "SELECT seq, n FROM journal
             WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM journal) ORDER BY seq LIMIT ?2",
        )?;
        let mut rows = statement.query(params![trim_to, TRIM_BATCHES])?;
        let mut ripe = None;
        while let Some(row) = rows.next()? {
            let (seq, n): (u64, u64) = (row.get(0)?, row.get(1)?);
            if seq + n - 1 <= trim_to {
                ripe = Some(seq);
            }
        }
        ripe
    };
    if let Some(seq) = ripe {
        transaction.prepare_cached("DELETE FROM journal WHERE seq <= ?1")?.execute([seq])?;
    }
    Ok(())
}

/// Number of the oldest record that is still there.
pub(crate) fn oldest(connection: &Connection) -> Result<Option<u64>, StorageError> {
    connection
        .query_row("SELECT min(seq) FROM journal", [], |row| row.get(0))
        .doing("read", JOURNAL)
}

/// The newest batch.
pub(crate) fn newest(connection: &Connection) -> Result<Option<Batch>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM journal ORDER BY seq DESC LIMIT 1");
    connection.query_row(&sql, [], Batch::read).optional().doing("read", JOURNAL)?.transpose()
}

/// Visits the batches with records after number `seq` in order, the first without those up to
/// `seq`, until `visit` breaks.
///
/// # Errors
/// When a batch cannot be read, is damaged, or is missing between two others.
pub(crate) fn walk(
    connection: &Connection,
    seq: u64,
    mut visit: impl FnMut(Batch) -> ControlFlow<()>,
) -> Result<(), StorageError> {
    // The batch that record seq + 1 is in begins at or before it.
    let sql = format!(
        "SELECT {COLUMNS} FROM journal
         WHERE seq >= (SELECT coalesce(max(seq), 0) FROM journal WHERE seq <= ?1) ORDER BY seq"
    );
    let mut statement = connection.prepare_cached(&sql).doing("read", JOURNAL)?;
    let mut rows = statement.query([seq.saturating_add(1)]).doing("read", JOURNAL)?;
    let mut expected = None;
    while let Some(row) = rows.next().doing("read", JOURNAL)? {
        let batch = Batch::read(row).doing("read", JOURNAL)??;
        if let Some(expected) = expected.filter(|e| *e != batch.first) {
            return Err(damaged(expected, "it is missing"));
        }
        expected = Some(batch.last() + 1);
        if batch.last() > seq && visit(batch.after(seq)).is_break() {
            break;
        }
    }
    Ok(())
}
