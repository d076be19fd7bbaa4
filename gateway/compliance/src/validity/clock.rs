//! Whether the instrument's clock can be trusted.
//!
//! A sample from the future is from a wrong clock, and nothing that it says of time can be used. A
//! sample from the past may have waited somewhere; only if the freshest samples of ten minutes are
//! all old by much the same is the clock behind, which is told and changes nothing.

use super::{
    point::{Point, length, seconds},
    said::{FindingKind, FindingSaid, text},
};
use serde::{Deserialize, Serialize};
use weir_domain::{Sample, Text, Timestamp};

/// The delay of samples is looked at over so long, ms, and so many of them.
const WINDOW: i64 = 600_000;
const SAMPLES_MIN: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct ClockMemory {
    /// When the look began, by the gateway's clock.
    since: Option<i64>,
    samples: u32,
    least: i64,
    most: i64,
    is_told: bool,
}

/// Whether a sample is from the future by more than so many seconds.
#[inline]
pub(super) fn is_ahead(secs: u64, sample: &Sample) -> bool {
    sample.source_time.as_millis() - sample.received_time.as_millis() > seconds(secs)
}

pub(super) fn ahead_words(point: &Point, sample: &Sample) -> Text {
    let by = length(sample.source_time.as_millis() - sample.received_time.as_millis());
    let when = point.when(sample.source_time);
    text(
        format!("采样时间 {when} 比收到时间晚 {by}，仪表时钟不可信"),
        format!("measured at {when}, {by} after it was received: the instrument's clock is wrong"),
    )
}

/// Looks at the delay of a sample that is in its order.
#[inline]
pub(super) fn behind(secs: u64, memory: &mut ClockMemory, sample: &Sample) -> Option<FindingSaid> {
    let received = sample.received_time.as_millis();
    let delay = received - sample.source_time.as_millis();
    let limit = seconds(secs);
    if delay <= limit {
        *memory = ClockMemory::default();
        return None;
    }
    let since = *memory.since.get_or_insert(received);
    let is_first = memory.samples == 0;
    memory.samples = memory.samples.saturating_add(1);
    memory.least = if is_first { delay } else { memory.least.min(delay) };
    memory.most = memory.most.max(delay);
    if memory.is_told || received - since < WINDOW || memory.samples < SAMPLES_MIN {
        return None;
    }
    // What waited somewhere gets fresher as it is worked off.
    if memory.most - memory.least > limit {
        *memory = ClockMemory::default();
        return None;
    }
    memory.is_told = true;
    let by = length(memory.least);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let secs = memory.least as f64 / 1_000.0;
    Some(FindingSaid {
        kind: FindingKind::ClockBehind,
        from: Timestamp::from_millis(since),
        to: sample.received_time,
        numbers: vec![("behind_secs".into(), secs)],
        explanation: text(
            format!("{} 内每个数据都至少晚到 {by}，仪表时钟可能偏慢", length(WINDOW)),
            format!(
                "for {} every sample was at least {by} old when it came: the clock of the instrument is probably behind",
                length(WINDOW)
            ),
        ),
        confidence: 0.7,
    })
}
