//! What a process has used, as the kernel accounts for it.

use anyhow::{Context as _, Result};
use std::fs;

/// Kernel ticks a second (`getconf CLK_TCK`; 100 on every Linux of today).
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system CPU seconds of a process: exact where its threads live on, else by the tick.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let by_tick = ticks(&format!("/proc/{pid}/stat"), 11)?;
    let mut exact = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may have ended since.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let nanoseconds = text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
        exact += nanoseconds.unwrap_or(0.0) / 1e9;
    }
    Ok(if by_tick > exact + 0.05 { by_tick } else { exact })
}

/// Two neighbouring counts of ticks in a stat file, in seconds.
fn ticks(path: &str, field: usize) -> Result<f64> {
    let stat = fs::read_to_string(path).with_context(|| format!("read {path}"))?;
    // The command's name may hold spaces; the fields after it do not.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(field) + ticks(field + 1)) / TICKS_PER_SECOND)
}

/// Peak resident memory of a process, in MB.
pub(crate) fn peak_mb(pid: u32) -> Result<f64> {
    status_mb(pid, "VmHWM:")
}

/// Resident memory of a process that is its own and not the program's file, in MB.
pub(crate) fn own_mb(pid: u32) -> Result<f64> {
    status_mb(pid, "RssAnon:")
}

fn status_mb(pid: u32, field: &str) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("read the process's status")?;
    let line = status.lines().find_map(|l| l.strip_prefix(field)).unwrap_or_default();
    let kb: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0.0);
    Ok(kb / 1000.0)
}

/// Bytes that a process has had written to disk.
pub(crate) fn written_bytes(pid: u32) -> Result<f64> {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).context("read the process's io")?;
    let line = io.lines().find_map(|l| l.strip_prefix("write_bytes:")).unwrap_or_default();
    Ok(line.trim().parse().unwrap_or(0.0))
}

/// User and system CPU seconds of this process's children that have ended.
pub(crate) fn children_cpu_seconds() -> Result<f64> {
    ticks("/proc/self/stat", 13)
}
