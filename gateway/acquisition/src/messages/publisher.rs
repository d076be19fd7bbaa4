//! A device that sends messages: when it was last heard, and when its silence is to be put on
//! record.

use super::{Receipt, Understood};
use crate::{DeviceSettings, gauge::Gauge};
use core::time::Duration;
use tokio::time::Instant;
use weir_domain::{BadReason, Reading, Sample, Timestamp};
use weir_engine::Row;

/// So many intervals without a message are silence.
const OVERDUE_INTERVALS: u32 = 3;
/// Shorter silences are none, and bad samples are no closer than this.
const SILENCE_MIN: Duration = Duration::from_secs(10);
/// Messages that cannot be understood are logged this often.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// How far times of receipt may run ahead to differ from each other.
const SPREAD_MAX: Duration = Duration::from_secs(1);

/// What is said of a message that is right and of no use.
pub(crate) const NO_POINTS: &str =
    "message with none of the device's points: check topic and names";

/// A device and what is known of it.
pub(crate) struct Publisher {
    pub(crate) settings: DeviceSettings,
    pub(crate) gauge: Gauge,
    /// Why nothing can come from it as the site file has it.
    fault: Option<String>,
    /// It is known to be gone: why.
    gone: Option<String>,
    heard_at: Instant,
    recorded_at: Option<Instant>,
    logged_at: Option<Instant>,
    unlogged: u64,
    stamped: Timestamp,
}

impl Publisher {
    pub(crate) fn new(settings: DeviceSettings, gauge: Gauge, now: Instant) -> Self {
        Self {
            settings,
            gauge,
            fault: None,
            gone: None,
            heard_at: now,
            recorded_at: None,
            logged_at: None,
            unlogged: 0,
            stamped: Timestamp::from_millis(i64::MIN),
        }
    }

    /// Nothing can come from it, and why.
    pub(crate) fn cannot_work(&mut self, why: String) {
        tracing::error!(device = %self.settings.id, "{why}");
        self.gauge.offline(why.clone());
        self.fault = Some(why);
    }

    /// The receipt of a message. Messages that come in the same millisecond get different times, as
    /// the store keeps one reading for each point and time.
    pub(crate) fn receipt(&mut self, at: Timestamp, is_old: bool) -> Receipt {
        let next = self.stamped + Duration::from_millis(1);
        let unique = if next <= at + SPREAD_MAX { next.max(at) } else { at };
        self.stamped = unique;
        Receipt { at, unique, is_old }
    }

    /// A message that was understood. One with none of its points is as good as none, but told.
    pub(crate) fn understood(
        &mut self,
        understood: &Understood,
        received: Timestamp,
        now: Instant,
    ) {
        if understood.rows.is_empty() {
            let remark = understood.remark.clone();
            self.gauge.remark(remark.unwrap_or_else(|| NO_POINTS.to_owned()));
            return;
        }
        self.heard(received, now);
        if let Some(remark) = &understood.remark {
            self.gauge.remark(remark.clone());
        }
    }

    /// It is there.
    pub(crate) fn heard(&mut self, received: Timestamp, now: Instant) {
        self.heard_at = now;
        self.recorded_at = None;
        self.gone = None;
        self.gauge.success(received, None);
    }

    /// It is not there any more, as somebody who knows says; a bad sample for each point.
    pub(crate) fn gone(&mut self, why: String, now: Instant, wall: Timestamp) -> Vec<Row> {
        self.gone = Some(why);
        self.record_silence(None, now, wall)
    }

    /// A message that was not understood: counted, and logged now and then.
    pub(crate) fn invalid(&mut self, why: &str, now: Instant) {
        if self.logged_at.is_none_or(|at| now - at >= LOG_INTERVAL) {
            tracing::warn!(device = %self.settings.id, more = self.unlogged, "message refused: {why}");
            self.logged_at = Some(now);
            self.unlogged = 0;
        } else {
            self.unlogged += 1;
        }
        self.gauge.invalid_message(format!("message refused: {why}"));
    }

    /// When its silence is to be put on record next.
    pub(crate) fn silence_due(&self) -> Instant {
        let interval = self.settings.scan_interval;
        let overdue = interval.saturating_mul(OVERDUE_INTERVALS).max(SILENCE_MIN);
        let first = self.heard_at + overdue;
        self.recorded_at.map_or(first, |at| at + interval.max(SILENCE_MIN))
    }

    /// Whether this would be the first record of the present silence.
    pub(crate) fn silence_is_new(&self) -> bool {
        self.recorded_at.is_none() && self.fault.is_none() && self.gone.is_none()
    }

    /// Gives it one more interval before its silence is put on record.
    pub(crate) fn excuse(&mut self, now: Instant) {
        self.recorded_at = Some(now);
    }

    /// Puts its silence on record: why, and a bad sample for each point.
    pub(crate) fn record_silence(
        &mut self,
        link_down: Option<&str>,
        now: Instant,
        wall: Timestamp,
    ) -> Vec<Row> {
        self.recorded_at = Some(now);
        let silent = now.saturating_duration_since(self.heard_at).as_secs();
        let (reason, why) = match (&self.fault, link_down, &self.gone) {
            (Some(fault), ..) => (BadReason::ConfigurationError, fault.clone()),
            (_, Some(why), _) => (BadReason::NotConnected, why.to_owned()),
            (.., Some(gone)) => (BadReason::NotConnected, gone.clone()),
            _ => (
                BadReason::CommFailure,
                format!(
                    "no message with its points for {silent} s: device off, wrong topic, or no \
                     network"
                ),
            ),
        };
        self.gauge.offline(why);
        let sample = Sample::at(wall, Reading::Bad(None, reason));
        self.settings.series.iter().map(|series| Row { series: *series, sample }).collect()
    }
}
