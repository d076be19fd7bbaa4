//! `records.sqlite`: point numbers and the engine's state; the tables of verdicts, alarms, marks,
//! findings, acts and cursors too, which have modules of their own.

use crate::{
    alarms,
    database::{Schema, checkpoint},
    error::{Doing, StorageError},
    findings, marks, packed, rejudgements, verdicts,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::path::Path;
use weir_domain::{PointId, SeriesId, Timestamp};
use weir_engine::Effect;

/// The name of the file.
pub(crate) const RECORDS: &str = "records.sqlite";

/// The file.
pub(crate) static SCHEMA: Schema = Schema {
    file: RECORDS,
    page_size: 4096,
    steps: &[
        "
        CREATE TABLE series(id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE);
        CREATE TABLE engine(
            id INTEGER PRIMARY KEY CHECK(id = 1),
            seq INTEGER NOT NULL,        -- number of the last record that the state covers
            watermark INTEGER NOT NULL,  -- the latest time the engine may have been told
            crc INTEGER NOT NULL,        -- of the state as it lies here
            state BLOB NOT NULL);        -- deflated JSON
        CREATE TABLE verdict(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            area TEXT NOT NULL,
            t_from INTEGER NOT NULL,
            t_to INTEGER NOT NULL,
            record TEXT NOT NULL);       -- JSON
        CREATE INDEX verdict_by_start ON verdict(t_from, t_to, area);
        CREATE INDEX verdict_by_area ON verdict(area, t_from, t_to);
        CREATE INDEX verdict_by_length ON verdict(t_to - t_from);
        CREATE TABLE alarm_event(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            alarm TEXT NOT NULL,
            record TEXT NOT NULL);       -- JSON
        CREATE INDEX alarm_event_by_alarm ON alarm_event(alarm, id);
        CREATE TABLE alarm(
            alarm TEXT PRIMARY KEY,
            raised INTEGER NOT NULL,     -- the event that raised it first
            returned_at INTEGER,
            acknowledged_at INTEGER);
        CREATE INDEX alarm_by_raise ON alarm(raised);
        CREATE INDEX alarm_open ON alarm(raised)
            WHERE returned_at IS NULL OR acknowledged_at IS NULL;
        CREATE TABLE cursor(sink TEXT PRIMARY KEY, seq INTEGER NOT NULL);
        CREATE TABLE alarm_cursor(sink TEXT PRIMARY KEY, event INTEGER NOT NULL);
        CREATE TABLE quarantine(
            id INTEGER PRIMARY KEY,
            sink TEXT NOT NULL,
            seq INTEGER NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            body BLOB NOT NULL,
            UNIQUE(sink, seq));",
        // Marks, findings, acts of people, and verdicts that are passed once more.
        "
        CREATE TABLE mark(
            mark TEXT PRIMARY KEY,
            t_from INTEGER NOT NULL,
            t_to INTEGER,                -- none while it goes on
            is_manual INTEGER NOT NULL,
            review TEXT,                 -- confirmed or rejected, once a supervisor has looked
            record TEXT NOT NULL);       -- JSON, as it is now
        CREATE INDEX mark_by_start ON mark(t_from, t_to);
        CREATE INDEX mark_unreviewed ON mark(t_from) WHERE review IS NULL AND is_manual;
        CREATE TABLE mark_event(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            mark TEXT NOT NULL,
            record TEXT NOT NULL);       -- JSON
        CREATE INDEX mark_event_by_mark ON mark_event(mark, id);
        CREATE TABLE finding(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            t_from INTEGER NOT NULL,
            t_to INTEGER NOT NULL,
            record TEXT NOT NULL);       -- JSON
        CREATE INDEX finding_by_start ON finding(t_from, t_to);
        CREATE TABLE act(                -- what the journal held of acts, for ever
            seq INTEGER PRIMARY KEY,     -- its number there
            at INTEGER NOT NULL,
            record TEXT NOT NULL);       -- JSON
        CREATE TABLE rejudgement(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            record TEXT NOT NULL,        -- JSON, what was asked for
            done_at INTEGER);            -- none while it waits
        CREATE INDEX rejudgement_waiting ON rejudgement(id) WHERE done_at IS NULL;
        ALTER TABLE verdict ADD COLUMN rejudgement INTEGER;  -- that passed it; none: passed live
        ALTER TABLE verdict ADD COLUMN superseded INTEGER;   -- rejudgement that took it out of force
        CREATE TABLE revision(
            old INTEGER NOT NULL,        -- verdict that does not stand any more
            new INTEGER NOT NULL,        -- verdict that took its place
            PRIMARY KEY(old, new)) WITHOUT ROWID;
        CREATE INDEX revision_by_new ON revision(new, old);",
        alarms::STEP_FACTS,
        verdicts::STEP_TALLY,
    ],
};

/// The engine's state as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineState {
    /// Number of the last record that it covers.
    pub seq: u64,
    /// The state, which only the engine understands.
    pub state: Vec<u8>,
}

/// The number that an effect was given in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectNumber {
    /// Of a verdict.
    Verdict(i64),
    /// Of an alarm event.
    Alarm(i64),
    /// Of a change of a mark.
    Mark(i64),
    /// Of a finding.
    Finding(i64),
    /// Of a stretch that is to be judged again.
    Rejudge(i64),
}

/// The writing side.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) connection: Connection,
}

impl Records {
    pub(crate) fn open(dir: &Path) -> Result<Self, StorageError> {
        Ok(Self { connection: SCHEMA.open(dir)? })
    }

    /// The numbers of points; new ones are given where there are none.
    pub(crate) fn series(&mut self, points: &[PointId]) -> Result<Vec<SeriesId>, StorageError> {
        let mut number = || {
            let transaction = self.connection.transaction()?;
            let numbers: rusqlite::Result<Vec<_>> =
                points.iter().map(|point| series(&transaction, point)).collect();
            transaction.commit()?;
            numbers
        };
        number().doing("number points in", RECORDS)
    }

    /// Saves state and effects, all or nothing. The numbers are in the order of the effects.
    pub(crate) fn save_engine(
        &mut self,
        seq: u64,
        watermark: Timestamp,
        state: &[u8],
        effects: &[Effect],
    ) -> Result<Vec<EffectNumber>, StorageError> {
        let saving = "save the engine's state in";
        let state = packed::pack(state).expect("memory takes whatever is written");
        let transaction = self.connection.transaction().doing(saving, RECORDS)?;
        let mut numbers = Vec::with_capacity(effects.len());
        for effect in effects {
            numbers.push(match effect {
                Effect::Verdict(verdict) => {
                    EffectNumber::Verdict(verdicts::insert(&transaction, verdict)?)
                }
                Effect::Alarm(event) => EffectNumber::Alarm(alarms::insert(&transaction, event)?),
                Effect::Mark(event) => EffectNumber::Mark(marks::insert(&transaction, event)?),
                Effect::Finding(finding) => {
                    EffectNumber::Finding(findings::insert(&transaction, finding)?)
                }
                Effect::Rejudge(request) => {
                    EffectNumber::Rejudge(rejudgements::insert(&transaction, request)?)
                }
            });
        }
        let sql = "INSERT OR REPLACE INTO engine(id, seq, watermark, crc, state)
                   VALUES(1, ?1, ?2, ?3, ?4)";
        let values = params![seq, watermark.as_millis(), crc32fast::hash(&state), state];
        transaction.execute(sql, values).doing(saving, RECORDS)?;
        transaction.commit().doing(saving, RECORDS)?;
        Ok(numbers)
    }

    /// The engine's state, and the latest time it may have been told.
    pub(crate) fn load_engine(&self) -> Result<Option<(EngineState, Timestamp)>, StorageError> {
        let row =
            self.connection.query_row("SELECT seq, watermark, crc, state FROM engine", [], |row| {
                let state = EngineState { seq: row.get(0)?, state: row.get(3)? };
                Ok((state, Timestamp::from_millis(row.get(1)?), row.get::<_, u32>(2)?))
            });
        let Some((mut state, watermark, crc)) = row.optional().doing("read", RECORDS)? else {
            return Ok(None);
        };
        let damaged = |why: String| StorageError::Damaged {
            file: RECORDS,
            at: "the engine's state".into(),
            why,
        };
        if crc != crc32fast::hash(&state.state) {
            return Err(damaged("its check sum is wrong".into()));
        }
        state.state = packed::unpack(state.state).map_err(|error| damaged(error.to_string()))?;
        Ok(Some((state, watermark)))
    }

    /// Empties the write-ahead log into the file.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        checkpoint(&self.connection).doing("tidy up", RECORDS)
    }
}

fn series(transaction: &Transaction<'_>, point: &PointId) -> rusqlite::Result<SeriesId> {
    let point = point.to_string();
    let known = transaction
        .prepare_cached("SELECT id FROM series WHERE point = ?1")?
        .query_row([&point], |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok(SeriesId(number));
    }
    transaction.prepare_cached("INSERT INTO series(point) VALUES(?1)")?.execute([&point])?;
    let number = transaction.last_insert_rowid();
    let number =
        u32::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))?;
    Ok(SeriesId(number))
}

/// Every point that has a number, in the order of the numbers.
pub(crate) fn points(connection: &Connection) -> Result<Vec<(SeriesId, PointId)>, StorageError> {
    let rows = (|| {
        let mut statement = connection.prepare("SELECT id, point FROM series ORDER BY id")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
        statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
    })();
    let point = |(number, text): (u32, String)| {
        let damaged = |error: weir_domain::IdError| StorageError::Damaged {
            file: RECORDS,
            at: format!("series {number}"),
            why: error.to_string(),
        };
        Ok((SeriesId(number), text.parse().map_err(damaged)?))
    };
    rows.doing("read points of", RECORDS)?.into_iter().map(point).collect()
}
