//! How a store is opened.

use core::{fmt, time::Duration};
use std::{path::PathBuf, sync::Arc};
use weir_domain::Clock;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The folder; made if it is not there.
    pub dir: PathBuf,
    /// How long a reading waits for others, to be written with them. A second is usual.
    pub commit_interval: Duration,
    /// Readings older than this are dropped. Verdicts and alarms are kept for ever.
    pub retention: Duration,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Readings are sealed at least this often.
    pub seal_after: Duration,
    /// And when there are this many.
    pub seal_rows: usize,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, commit_interval, retention, clock: _, seal_after, seal_rows } = self;
        f.debug_struct("StoreOptions")
            .field("dir", dir)
            .field("commit_interval", commit_interval)
            .field("retention", retention)
            .field("seal_after", seal_after)
            .field("seal_rows", seal_rows)
            .finish_non_exhaustive()
    }
}
