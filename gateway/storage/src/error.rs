//! What can go wrong in the store.

use std::{io, path::PathBuf};
use thiserror::Error;

/// Why the store could not do something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Two gateways on one folder would tear it apart.
    #[error("the data folder {} is in use by another gateway", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A file or folder could not be used.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// SQLite said no: the disk is full, cannot be written, or the file is damaged.
    #[error("could not {doing} {file}")]
    Sqlite {
        /// What was being done, with a preposition.
        doing: &'static str,
        /// With which file.
        file: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// What was read is not what was written.
    #[error("{file} is damaged at {at}: {why}")]
    Damaged {
        /// Which file.
        file: &'static str,
        /// Which row, e.g. `record 17` or `chunk 4 of series 2`.
        at: String,
        /// What is wrong with it.
        why: String,
    },
    /// A version of this program that is newer than this one has been here.
    #[error("{file} has format {found}, and this version knows only up to {known}")]
    Newer {
        /// Which file.
        file: &'static str,
        /// Its format.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// A file is missing, or has been put back from another time than the rest.
    #[error("the files in {} do not belong together: {why}", dir.display())]
    Mismatched {
        /// The folder.
        dir: PathBuf,
        /// How it shows.
        why: String,
    },
    /// Numbers could not be compressed.
    #[error("could not compress a chunk of series {series}")]
    Compress {
        /// The series.
        series: u32,
        /// Why not.
        source: pco::errors::PcoError,
    },
    /// Something could not be written as JSON, or read back.
    #[error("could not {doing}")]
    Json {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: serde_json::Error,
    },
    /// The head may not grow any more, because sealing fails.
    #[error("too many readings wait for the history, which cannot be written: {why}")]
    HeadFull {
        /// Why sealing fails.
        why: String,
    },
    /// A step of zero length has no buckets.
    #[error("a step has to be at least a millisecond")]
    NoStep,
    /// `start` was called twice.
    #[error("the store has been started before")]
    AlreadyStarted,
    /// Too late.
    #[error("the store is shut down")]
    ShutDown,
}

impl StorageError {
    /// The error with its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        text
    }
}

/// Puts words to an error of SQLite.
pub(crate) trait Doing<T> {
    /// What was being done, with which file.
    fn doing(self, doing: &'static str, file: &'static str) -> Result<T, StorageError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str, file: &'static str) -> Result<T, StorageError> {
        self.map_err(|source| StorageError::Sqlite { doing, file, source })
    }
}
