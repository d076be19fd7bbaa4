//! How long the disk lasts.

use serde::Serialize;
use std::{path::Path, time::Duration};

/// Bytes of all files for each reading: measured over a week of the demonstration site, with its
/// verdicts and alarms and the journal at its high-water mark (`docs/reference/performance.md`).
const BYTES_PER_READING: f64 = 8.5;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What the readings need, and what there is.
#[derive(Debug, Serialize)]
pub(super) struct Disk {
    pub(super) bytes_per_reading: f64,
    pub(super) bytes_per_day: f64,
    pub(super) retention_days: u64,
    /// What is kept in the end, when as much is dropped as comes.
    pub(super) bytes_at_retention: f64,
    /// Free bytes where the data are; none if the system does not tell.
    pub(super) free_bytes: Option<u64>,
    /// How long they last, if nothing is dropped.
    pub(super) free_days: Option<f64>,
}

impl Disk {
    pub(super) fn of(data: &Path, readings_per_second: f64, retention: Duration) -> Self {
        let bytes_per_day = readings_per_second * BYTES_PER_READING * SECONDS_PER_DAY;
        let retention_days = retention.as_secs() / 86_400;
        let free_bytes = free(data);
        let days = |free: u64| (bytes_per_day > 0.0).then(|| free as f64 / bytes_per_day);
        Self {
            bytes_per_reading: BYTES_PER_READING,
            bytes_per_day,
            retention_days,
            bytes_at_retention: bytes_per_day * retention_days as f64,
            free_bytes,
            free_days: free_bytes.and_then(days),
        }
    }
}

/// Free bytes where a folder is, or will be.
fn free(folder: &Path) -> Option<u64> {
    let here = Path::new(".");
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(here);
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
