//! A device that publishes: when it was last heard, and when its silence is to be put on record.

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

/// A device and what is known of it.
pub(super) struct Publisher {
    pub(super) settings: DeviceSettings,
    pub(super) gauge: Gauge,
    heard_at: Instant,
    recorded_at: Option<Instant>,
    logged_at: Option<Instant>,
    unlogged: u64,
}

impl Publisher {
    pub(super) fn new(settings: DeviceSettings, gauge: Gauge, now: Instant) -> Self {
        Self { settings, gauge, heard_at: now, recorded_at: None, logged_at: None, unlogged: 0 }
    }

    /// Its topic.
    pub(super) fn topic(&self) -> Option<String> {
        match &self.settings.profile.access {
            weir_profiles::Access::Mqtt(access) => Some(
                access
                    .topic
                    .replace("{site}", self.settings.site.as_str())
                    .replace("{device}", self.settings.id.as_str()),
            ),
            weir_profiles::Access::Modbus(_) => None,
        }
    }

    /// A message that was understood.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.recorded_at = None;
    }

    /// A message that was not: counted, and logged now and then.
    pub(super) fn invalid(&mut self, why: String, now: Instant) {
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
    pub(super) fn silence_due(&self) -> Instant {
        let interval = self.settings.scan_interval;
        let overdue = interval.saturating_mul(OVERDUE_INTERVALS).max(SILENCE_MIN);
        let first = self.heard_at + overdue;
        self.recorded_at.map_or(first, |at| at + interval.max(SILENCE_MIN))
    }

    /// Puts its silence on record: why, and a bad sample for each point.
    pub(super) fn record_silence(
        &mut self,
        broker_down: Option<&str>,
        now: Instant,
        wall: Timestamp,
    ) -> Vec<Row> {
        self.recorded_at = Some(now);
        let silent = now.saturating_duration_since(self.heard_at).as_secs();
        let (reason, why) = match (broker_down, self.topic()) {
            (_, None) => {
                let profile = &self.settings.profile.id;
                let why = format!("profile {profile} is not of a device that publishes");
                (BadReason::ConfigurationError, why)
            }
            (Some(why), _) => (BadReason::NotConnected, why.to_owned()),
            (None, Some(topic)) => (
                BadReason::CommFailure,
                format!(
                    "no message on {topic} for {silent} s: device off, wrong topic, or no network"
                ),
            ),
        };
        self.gauge.offline(why);
        let sample = Sample::at(wall, Reading::Bad(None, reason));
        self.settings.series.iter().map(|series| Row { series: *series, sample }).collect()
    }
}
