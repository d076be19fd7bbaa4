//! A SQLite file: how it is opened, brought up to date, and read by many.

use crate::error::{Doing, StorageError};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a connection waits for another one's lock. Only recovery and closing take one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A write-ahead log that has grown beyond this is cut back when it starts again.
const LOG_BYTES_MAX: i64 = 64 << 20;

/// Pages that a connection keeps in memory, in KiB. What it does not keep is in the system's cache,
/// which gives way when memory is short; SQLite's own 2 MiB a connection do not.
const CACHE_KIB: i64 = 512;

/// Idle reading connections kept of each file.
const IDLE_READERS_MAX: usize = 8;

/// A file of ours and its format.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Its name in the data folder.
    pub(crate) file: &'static str,
    /// Bytes of a page.
    pub(crate) page_size: u32,
    /// Step `i` brings format `i` to `i + 1`. A step that was released is never changed.
    pub(crate) steps: &'static [&'static str],
}

impl Schema {
    /// Opens the file for writing, and brings it to today's format.
    pub(crate) fn open(&self, dir: &Path) -> Result<Connection, StorageError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = self.connect(dir, flags)?;
        self.set_up(&connection).doing("set up", self.file)?;
        self.migrate(&mut connection)?;
        Ok(connection)
    }

    fn connect(&self, dir: &Path, flags: OpenFlags) -> Result<Connection, StorageError> {
        let connection =
            Connection::open_with_flags(dir.join(self.file), flags).doing("open", self.file)?;
        connection.busy_timeout(BUSY_TIMEOUT).doing("open", self.file)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).doing("open", self.file)?;
        // Or SQLite compiles a statement anew each time it is given other numbers to look for.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .doing("open", self.file)?;
        Ok(connection)
    }

    /// Page size and vacuum mode take effect only before the first page is written, so they come
    /// before everything else. A file that has pages keeps what it has: being told its vacuum mode
    /// again, SQLite writes it down, and a store on a full disk has to open without writing.
    fn set_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        if pages == 0 {
            connection.pragma_update(None, "page_size", self.page_size)?;
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update_and_check(
            None,
            "journal_size_limit",
            LOG_BYTES_MAX,
            |_| Ok(()),
        )?;
        connection.pragma_update(None, "cell_size_check", true)
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), StorageError> {
        let found: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .doing("read the format of", self.file)?;
        let known = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(StorageError::Newer { file: self.file, found, known });
        }
        for (version, step) in (1..).zip(self.steps).skip(found as usize) {
            apply(connection, step, version).doing("migrate", self.file)?;
        }
        Ok(())
    }
}

fn apply(connection: &mut Connection, step: &str, version: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

/// Gives free pages of a file back to the system, at most `pages` of them.
pub(crate) fn give_back(connection: &Connection, pages: u32) -> rusqlite::Result<()> {
    // The pragma frees one page for each step of its statement, so it has to be stepped to the end.
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Moves the write-ahead log into the file and empties it.
pub(crate) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Connections that only read. Each is used by one caller at a time.
#[derive(Debug)]
pub(crate) struct Readers {
    schema: &'static Schema,
    dir: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(schema: &'static Schema, dir: &Path) -> Self {
        Self { schema, dir: dir.to_owned(), idle: Mutex::default() }
    }

    /// An idle connection, or a new one.
    pub(crate) fn get(&self) -> Result<Reader<'_>, StorageError> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                self.schema.connect(&self.dir, flags)?
            }
        };
        Ok(Reader { readers: self, connection: Some(connection) })
    }

    /// Closes what is idle, so that the last one to close may empty the log.
    pub(crate) fn close(&self) {
        lock(&self.idle).clear();
    }
}

/// A reading connection on loan.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until the loan ends")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = lock(&self.readers.idle);
        if idle.len() < IDLE_READERS_MAX {
            idle.extend(self.connection.take());
        }
    }
}

/// Locks; what a thread that panicked left behind is still whole, because nothing of ours panics
/// half-way through a change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    static OLD: Schema =
        Schema { file: "x.sqlite", page_size: 8192, steps: &["CREATE TABLE a(x)"] };
    static NEW: Schema = Schema {
        file: "x.sqlite",
        page_size: 8192,
        steps: &["CREATE TABLE a(x)", "ALTER TABLE a ADD COLUMN y DEFAULT 7"],
    };

    #[test]
    fn a_file_is_brought_to_todays_format_and_never_back() {
        let dir = tempfile::tempdir().unwrap();
        OLD.open(dir.path()).unwrap().execute("INSERT INTO a VALUES(1)", []).unwrap();
        let connection = NEW.open(dir.path()).unwrap();
        let y: i64 = connection.query_row("SELECT y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(y, 7);
        drop(connection);
        let error = OLD.open(dir.path()).unwrap_err();
        assert_eq!(error.to_string(), "x.sqlite has format 2, and this version knows only up to 1");
    }

    #[test]
    fn settings_hold() {
        let dir = tempfile::tempdir().unwrap();
        let connection = OLD.open(dir.path()).unwrap();
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        };
        use rusqlite::types::Value::{Integer, Text};
        assert_eq!(pragma("auto_vacuum"), Ok(Integer(2)));
        assert_eq!(pragma("page_size"), Ok(Integer(8192)));
        assert_eq!(pragma("synchronous"), Ok(Integer(2)));
        assert_eq!(pragma("journal_mode"), Ok(Text("wal".into())));
        assert_eq!(pragma("cache_size"), Ok(Integer(-CACHE_KIB)));
    }

    #[test]
    fn free_pages_are_given_back_to_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let connection = OLD.open(dir.path()).unwrap();
        connection.execute("INSERT INTO a VALUES(zeroblob(1000000))", []).unwrap();
        connection.execute("DELETE FROM a", []).unwrap();
        give_back(&connection, 1000).unwrap();
        let free: i64 =
            connection.pragma_query_value(None, "freelist_count", |row| row.get(0)).unwrap();
        assert_eq!(free, 0);
    }

    #[test]
    fn readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let _writer = OLD.open(dir.path()).unwrap();
        let readers = Readers::new(&OLD, dir.path());
        assert!(readers.get().unwrap().execute("INSERT INTO a VALUES(1)", []).is_err());
    }
}
