//! The table of acts: what people and the gateway did stays here when the journal is trimmed, so
//! that a replay knows of it years later.

use crate::{
    database::Readers,
    error::{Doing, StorageError},
    marks::parsed,
    records::{RECORDS, Records},
};
use rusqlite::params;
use weir_engine::Command;

impl Records {
    /// Writes acts by their numbers in the journal; one that is there already stays as it is.
    pub(crate) fn keep_acts(&mut self, acts: &[(u64, Command)]) -> Result<(), StorageError> {
        let doing = "keep acts in";
        let transaction = self.connection.transaction().doing(doing, RECORDS)?;
        for (seq, command) in acts {
            let record = serde_json::to_string(command)
                .map_err(|source| StorageError::Json { doing: "write an act as JSON", source })?;
            transaction
                .prepare_cached("INSERT OR IGNORE INTO act(seq, at, record) VALUES(?1, ?2, ?3)")
                .and_then(|mut statement| {
                    statement.execute(params![seq, command.at.as_millis(), record])
                })
                .doing(doing, RECORDS)?;
        }
        transaction.commit().doing(doing, RECORDS)
    }
}

/// Every act that was kept, in the order of the journal.
pub(crate) fn list(readers: &Readers) -> Result<Vec<(u64, Command)>, StorageError> {
    let reader = readers.get()?;
    let rows = (|| {
        let mut statement = reader.prepare_cached("SELECT seq, record FROM act ORDER BY seq")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map([], read)?.collect::<rusqlite::Result<Vec<(u64, String)>>>()
    })();
    let rows = rows.doing("read acts of", RECORDS)?;
    rows.into_iter()
        .map(|(seq, record)| Ok((seq, parsed(&format!("act {seq}"), &record)?)))
        .collect()
}
