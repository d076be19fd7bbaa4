//! What a process has used, as the kernel accounts for it.

use anyhow::{Context as _, Result};
use std::fs;

/// Kernel ticks a second (`getconf CLK_TCK`; 100 on every Linux of today).
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system CPU seconds of a process.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).context("read the process's stat")?;
    // The command's name may hold spaces; the fields after it do not.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
}

/// Peak resident memory of a process, in MB.
pub(crate) fn peak_mb(pid: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("read the process's status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
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
    let stat = fs::read_to_string("/proc/self/stat").context("read our own stat")?;
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(13) + ticks(14)) / TICKS_PER_SECOND)
}
