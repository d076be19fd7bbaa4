//! The tables of alarms: every event, and of each alarm what is needed to find it. An alarm as it
//! stands is put together from its events by [`StoredAlarm`] itself.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    records::RECORDS,
};
use rusqlite::{Connection, Row, Transaction, params};
use weir_engine::{
    AlarmEvent, Transition,
    ports::{AlarmFilter, StoredAlarm},
};

/// Writes an event, brings its alarm up to date, and tells the event's number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    event: &AlarmEvent,
) -> Result<i64, StorageError> {
    let record = serde_json::to_string(event)
        .map_err(|source| StorageError::Json { doing: "write an alarm event as JSON", source })?;
    let write = || {
        transaction
            .prepare_cached("INSERT INTO alarm_event(alarm, record) VALUES(?1, ?2)")?
            .execute([&event.alarm, &record])?;
        let number = transaction.last_insert_rowid();
        if !update(transaction, event, number)? {
            tracing::warn!(alarm = event.alarm, "an event of an alarm that was never raised");
        }
        Ok(number)
    };
    write().doing("write an alarm event to", RECORDS)
}

/// Whether there was an alarm to update.
fn update(
    transaction: &Transaction<'_>,
    event: &AlarmEvent,
    number: i64,
) -> rusqlite::Result<bool> {
    let t = event.t.as_millis();
    let set = |sql: &str| transaction.prepare_cached(sql)?.execute(params![event.alarm, t]);
    let changed = match event.transition {
        // An alarm that is raised once more under its name must not be shown as over.
        Transition::Raised => transaction
            .prepare_cached(
                "INSERT INTO alarm(alarm, raised) VALUES(?1, ?2)
                 ON CONFLICT(alarm) DO UPDATE SET returned_at = NULL",
            )?
            .execute(params![event.alarm, number])?,
        Transition::ReturnedToNormal => set("UPDATE alarm SET returned_at = ?2 WHERE alarm = ?1")?,
        Transition::Acknowledged => set("UPDATE alarm SET acknowledged_at = ?2 WHERE alarm = ?1")?,
        Transition::Commented => transaction
            .prepare_cached("SELECT 1 FROM alarm WHERE alarm = ?1")?
            .exists([&event.alarm])?
            .into(),
    };
    Ok(changed > 0)
}

/// See [`weir_engine::ports::Records::alarms`].
pub(crate) fn list(
    readers: &Readers,
    filter: AlarmFilter,
    limit: usize,
) -> Result<Vec<StoredAlarm>, StorageError> {
    let condition = match filter {
        AlarmFilter::All => "1",
        AlarmFilter::Active => "returned_at IS NULL",
        AlarmFilter::Open => "(returned_at IS NULL OR acknowledged_at IS NULL)",
        AlarmFilter::Closed => "returned_at IS NOT NULL AND acknowledged_at IS NOT NULL",
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let reader = readers.get()?;
    let snapshot = reader.unchecked_transaction().doing("read", RECORDS)?;
    let names = (|| {
        let sql =
            format!("SELECT alarm FROM alarm WHERE {condition} ORDER BY raised DESC LIMIT ?1");
        let mut statement = snapshot.prepare_cached(&sql)?;
        statement.query_map([limit], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
    })();
    let mut alarms = Vec::new();
    for name in names.doing("read alarms of", RECORDS)? {
        alarms.extend(standing(&snapshot, &name)?);
    }
    Ok(alarms)
}

/// See [`weir_engine::ports::Records::alarm`].
pub(crate) fn get(readers: &Readers, alarm: &str) -> Result<Option<StoredAlarm>, StorageError> {
    standing(&*readers.get()?, alarm)
}

/// An alarm as its events have left it.
fn standing(connection: &Connection, alarm: &str) -> Result<Option<StoredAlarm>, StorageError> {
    let events = (|| {
        let mut statement = connection.prepare_cached(
            "SELECT id, record FROM alarm_event
             WHERE alarm = ?1 AND id >= (SELECT raised FROM alarm WHERE alarm = ?1) ORDER BY id",
        )?;
        statement.query_map([alarm], numbered)?.collect::<rusqlite::Result<Vec<_>>>()
    })();
    let mut standing: Option<StoredAlarm> = None;
    for row in events.doing("read alarm events of", RECORDS)? {
        let (_, event) = event(row)?;
        match &mut standing {
            None => standing = Some(StoredAlarm::new(event)),
            Some(alarm) => alarm.apply(&event),
        }
    }
    Ok(standing)
}

/// See [`weir_engine::ports::Outbox::alarm_events_after`].
pub(crate) fn events_after(
    readers: &Readers,
    number: u64,
    limit: usize,
) -> Result<Vec<(u64, AlarmEvent)>, StorageError> {
    let reader = readers.get()?;
    let events = (|| {
        let mut statement = reader.prepare_cached(
            "SELECT id, record FROM alarm_event WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        statement.query_map([number, limit], numbered)?.collect::<rusqlite::Result<Vec<_>>>()
    })();
    events.doing("read alarm events of", RECORDS)?.into_iter().map(event).collect()
}

/// See [`weir_engine::ports::Outbox::last_alarm_event`].
pub(crate) fn last_event(readers: &Readers) -> Result<u64, StorageError> {
    let newest: Option<u64> = readers
        .get()?
        .query_row("SELECT max(id) FROM alarm_event", [], |row| row.get(0))
        .doing("read alarm events of", RECORDS)?;
    Ok(newest.unwrap_or(0))
}

fn numbered(row: &Row<'_>) -> rusqlite::Result<(u64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn event((number, record): (u64, String)) -> Result<(u64, AlarmEvent), StorageError> {
    let event = serde_json::from_str(&record).map_err(|error| StorageError::Damaged {
        file: RECORDS,
        at: format!("alarm event {number}"),
        why: error.to_string(),
    })?;
    Ok((number, event))
}
