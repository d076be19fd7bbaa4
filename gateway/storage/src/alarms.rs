//! The tables of alarms: every event, and of each alarm what is needed to find it. An alarm as it
//! stands is put together from its events by [`StoredAlarm`] itself.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    records::RECORDS,
};
use rusqlite::{Connection, Row, Transaction, params};
use weir_domain::Timestamp;
use weir_engine::{
    AlarmEvent, Transition,
    ports::{AlarmFilter, StoredAlarm},
};

/// The step of the format that gave alarms a latch, a supervisor and an end with their requirement,
/// and events their time, for the figures over a stretch.
pub(crate) const STEP_FACTS: &str = "
    ALTER TABLE alarm ADD COLUMN supervised_at INTEGER;
    ALTER TABLE alarm ADD COLUMN latched INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE alarm ADD COLUMN removed_at INTEGER;
    DROP INDEX alarm_open;
    CREATE INDEX alarm_open ON alarm(raised)
        WHERE removed_at IS NULL
          AND (returned_at IS NULL OR acknowledged_at IS NULL OR latched);
    CREATE INDEX alarm_unsupervised ON alarm(raised) WHERE supervised_at IS NULL;
    ALTER TABLE alarm_event ADD COLUMN t INTEGER;
    UPDATE alarm_event SET
        t = CAST(round(unixepoch(json_extract(record, '$.t'), 'subsec') * 1000) AS INTEGER);
    CREATE INDEX alarm_event_by_time ON alarm_event(t, id);";

/// Writes an event, brings its alarm up to date, and tells the event's number.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    event: &AlarmEvent,
) -> Result<i64, StorageError> {
    let record = serde_json::to_string(event)
        .map_err(|source| StorageError::Json { doing: "write an alarm event as JSON", source })?;
    let write = || {
        transaction
            .prepare_cached("INSERT INTO alarm_event(alarm, t, record) VALUES(?1, ?2, ?3)")?
            .execute(params![event.alarm, event.t.as_millis(), record])?;
        let number = transaction.last_insert_rowid();
        update(transaction, event, number)?;
        Ok(number)
    };
    write().doing("write an alarm event to", RECORDS)
}

/// An alarm that is held while it is not raised has events, and no row.
fn update(transaction: &Transaction<'_>, event: &AlarmEvent, number: i64) -> rusqlite::Result<()> {
    let t = event.t.as_millis();
    let set = |what: &str| {
        let sql = format!("UPDATE alarm SET {what} WHERE alarm = ?1");
        transaction.prepare_cached(&sql)?.execute(params![event.alarm, t])
    };
    match event.transition {
        // An alarm that is raised once more under its name must not be shown as over, and what
        // people saw was the occurrence before.
        Transition::Raised => transaction
            .prepare_cached(
                "INSERT INTO alarm(alarm, raised, latched) VALUES(?1, ?2, ?3)
                 ON CONFLICT(alarm) DO UPDATE SET returned_at = NULL, acknowledged_at = NULL,
                     supervised_at = NULL, removed_at = NULL, latched = ?3",
            )?
            .execute(params![event.alarm, number, event.detail.latched])?,
        Transition::ReturnedToNormal => set("returned_at = ?2")?,
        Transition::Acknowledged => set("acknowledged_at = ?2")?,
        Transition::SupervisorAcknowledged => set("supervised_at = ?2")?,
        Transition::Reset => transaction
            .prepare_cached("UPDATE alarm SET latched = 0 WHERE alarm = ?1")?
            .execute([&event.alarm])?,
        Transition::RequirementRemoved => set("removed_at = ?2")?,
        _ => 0,
    };
    Ok(())
}

/// See [`weir_engine::ports::Records::alarms`].
pub(crate) fn list(
    readers: &Readers,
    filter: AlarmFilter,
    limit: usize,
) -> Result<Vec<StoredAlarm>, StorageError> {
    let open = "removed_at IS NULL
        AND (returned_at IS NULL OR acknowledged_at IS NULL OR latched)";
    let condition = match filter {
        AlarmFilter::All => "1".to_owned(),
        AlarmFilter::Active => "returned_at IS NULL AND removed_at IS NULL".to_owned(),
        AlarmFilter::Open => open.to_owned(),
        AlarmFilter::Closed => format!("NOT ({open})"),
        AlarmFilter::Unsupervised => "supervised_at IS NULL".to_owned(),
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

/// See [`weir_engine::ports::Records::alarm_events`].
pub(crate) fn events_between(
    readers: &Readers,
    from: Timestamp,
    to: Timestamp,
    after: Option<(Timestamp, u64)>,
    limit: usize,
) -> Result<Vec<(u64, AlarmEvent)>, StorageError> {
    let (after_t, after_id) = after.unwrap_or((Timestamp::from_millis(i64::MIN), 0));
    let reader = readers.get()?;
    let events = (|| {
        let mut statement = reader.prepare_cached(
            "SELECT id, record FROM alarm_event
             WHERE t >= ?1 AND t < ?2 AND (t, id) > (?3, ?4) ORDER BY t, id LIMIT ?5",
        )?;
        let id = i64::try_from(after_id).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let from = from.max(after_t).as_millis();
        let values = params![from, to.as_millis(), after_t.as_millis(), id, limit];
        statement.query_map(values, numbered)?.collect::<rusqlite::Result<Vec<_>>>()
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
