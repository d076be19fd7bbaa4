//! What the edges ask of each other, as traits, so that they need not know each other.
//!
//! Calls without a future may wait for the disk: run them on a thread that may wait.

use crate::{
    Act, AlarmEvent, Effect, Finding, Mark, MarkEvent, MarkId, Record, Refusal, RejudgeReason, Row,
    Transition, VerdictRecord,
};
use core::{fmt, future::Future, pin::Pin, time::Duration};
use serde::{Deserialize, Serialize};
use std::error::Error;
use weir_domain::{AreaId, DeviceId, LinkId, PointId, Sample, SeriesId, Text, Timestamp};

/// A future behind a port.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What went wrong behind a port: what we were doing, and why it failed.
#[derive(Debug)]
pub struct PortError {
    /// What was being done, e.g. `append 25 readings to journal.sqlite`.
    pub doing: String,
    /// Why it failed.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.doing)
    }
}

impl Error for PortError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| &**e as &(dyn Error + 'static))
    }
}

/// Takes readings in.
pub trait Intake: Send + Sync {
    /// Resolves when the readings are on disk, and not before. With `at_once` the group commit does
    /// not wait for more to come.
    fn submit(&self, rows: Vec<Row>, at_once: bool) -> PortFuture<'_, Result<(), PortError>>;
}

/// Takes a person's act in; resolves with what the engine made of it.
pub trait Acts: Send + Sync {
    /// What came of it, or why it was refused.
    fn submit(&self, act: Act) -> PortFuture<'_, Result<Vec<Effect>, ActError>>;
}

/// Why an act was refused.
#[derive(Debug)]
pub enum ActError {
    /// There is no such alarm, or it is over and done with.
    UnknownAlarm,
    /// It has been done before.
    AlreadyDone,
    /// What it is about does not allow it.
    Refused(Refusal),
    /// It could not be written down.
    Port(PortError),
}

/// Minimum, mean and maximum of the good samples of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Start of the step.
    pub t: Timestamp,
    /// Good samples in it.
    pub good: u64,
    /// Samples in it that were not good.
    pub not_good: u64,
    /// Least good value; none if there was no good sample.
    pub min: Option<f64>,
    /// Mean of the good values.
    pub mean: Option<f64>,
    /// Greatest good value.
    pub max: Option<f64>,
}

/// The readings of the past.
pub trait History: Send + Sync {
    /// Samples of a point with `from ≤ source time < to`, in order of source time, the first
    /// `limit` of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn samples(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, PortError>;

    /// One bucket for each step that has samples; steps without any are left out. Steps are
    /// counted from the epoch.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn buckets(
        &self,
        series: SeriesId,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Bucket>, PortError>;
}

/// A verdict with its number in the store, and with those that it took the place of, or that took
/// its. A verdict is never changed: what turns out otherwise is judged again by a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVerdict {
    /// The number, for ever.
    pub id: i64,
    /// The verdict.
    pub record: VerdictRecord,
    /// The verdicts in whose place it stands, as they turned out otherwise.
    pub revises: Vec<i64>,
    /// Why it was passed once more; none for a verdict that was passed as the time went by.
    pub revised_for: Option<RejudgeReason>,
    /// Since when it does not stand any more; none while it is in force.
    pub superseded: Option<Superseded>,
}

impl StoredVerdict {
    /// Whether it stands. Of the verdicts of a requirement that stand, no two judge the same time.
    pub fn is_in_force(&self) -> bool {
        self.superseded.is_none()
    }
}

/// Why a verdict does not stand any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub why: RejudgeReason,
    /// The verdicts that took its place; none where nothing is left to be judged, such as a cycle
    /// that was none.
    pub by: Vec<i64>,
}

/// Which verdicts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerdictFilter {
    /// Those in force: each stretch of time counts once.
    #[default]
    InForce,
    /// Those that do not stand any more, too.
    All,
}

/// An alarm as it stands, put together from its events.
///
/// A condition that comes back before anybody has acknowledged the alarm is the same alarm again:
/// it is raised once more, and `raises` counts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredAlarm {
    /// The event that raised it first.
    pub raised: AlarmEvent,
    /// How often it was raised before it was acknowledged.
    pub raises: u32,
    /// When it returned to normal, if it has.
    pub returned_at: Option<Timestamp>,
    /// When it was acknowledged, if it was.
    pub acknowledged_at: Option<Timestamp>,
    /// Who acknowledged it.
    pub acknowledged_by: Option<String>,
    /// What they said, newest last: who, when, what.
    pub comments: Vec<(Timestamp, String, String)>,
    /// When and by whom it was acknowledged as a supervisor, if it was.
    #[serde(default)]
    pub supervised: Option<(Timestamp, String)>,
    /// Whether it stays open until somebody resets it.
    #[serde(default)]
    pub latched: bool,
    /// Whether it was the first of its group, once.
    #[serde(default)]
    pub first_out: bool,
    /// How often it was announced again.
    #[serde(default)]
    pub realarms: u32,
    /// When its requirement was taken out of the site file, if so: then it is over.
    #[serde(default)]
    pub removed_at: Option<Timestamp>,
}

impl StoredAlarm {
    /// The alarm that an event of [`Transition::Raised`] begins.
    pub fn new(raised: AlarmEvent) -> Self {
        Self {
            raises: 1,
            returned_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            comments: Vec::new(),
            supervised: None,
            latched: raised.detail.latched,
            first_out: raised.detail.first_out,
            realarms: 0,
            removed_at: None,
            raised,
        }
    }

    /// Takes a later event of the same alarm in.
    pub fn apply(&mut self, event: &AlarmEvent) {
        match event.transition {
            Transition::Raised => {
                self.raises += 1;
                self.returned_at = None;
                // What somebody saw was the occurrence before.
                (self.acknowledged_at, self.acknowledged_by) = (None, None);
                self.supervised = None;
                self.latched = event.detail.latched;
                self.first_out |= event.detail.first_out;
                self.removed_at = None;
            }
            Transition::ReturnedToNormal => self.returned_at = Some(event.t),
            Transition::Acknowledged => {
                self.acknowledged_at = Some(event.t);
                self.acknowledged_by.clone_from(&event.by);
            }
            Transition::SupervisorAcknowledged => {
                self.supervised = Some((event.t, event.by.clone().unwrap_or_default()));
            }
            Transition::Reset => self.latched = false,
            Transition::Realarmed => self.realarms += 1,
            Transition::RequirementRemoved => self.removed_at = Some(event.t),
            _ => {}
        }
        if let (Some(by), Some(comment)) = (&event.by, &event.comment) {
            self.comments.push((event.t, by.clone(), comment.clone()));
        }
    }

    /// Whether its condition holds.
    pub fn is_active(&self) -> bool {
        self.returned_at.is_none() && self.removed_at.is_none()
    }

    /// Whether somebody still has to look at it: active, not acknowledged, or not reset.
    pub fn is_open(&self) -> bool {
        self.removed_at.is_none()
            && (self.returned_at.is_none() || self.acknowledged_at.is_none() || self.latched)
    }
}

/// Which alarms to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmFilter {
    /// All of them.
    All,
    /// Those whose condition holds.
    Active,
    /// Active, not yet acknowledged, or not reset: what somebody still has to look at.
    Open,
    /// Over and done with.
    Closed,
    /// Those that no supervisor has acknowledged yet.
    Unsupervised,
}

/// Which marks to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarkFilter {
    /// All of them.
    #[default]
    All,
    /// Those that are not void.
    InForce,
    /// Those that a person made and no supervisor has looked at.
    Unreviewed,
}

/// A finding with its number in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFinding {
    /// The number, for ever.
    pub id: i64,
    /// What was found.
    pub finding: Finding,
}

/// How judging again is getting on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RejudgeStatus {
    /// Stretches that wait to be judged again, or are being judged.
    pub pending: u64,
    /// Stretches that were judged again, since the store was made.
    pub done: u64,
    /// When the oldest one that waits was asked for.
    pub oldest: Option<Timestamp>,
}

/// What was said of readings, by people and by checks.
pub trait Marks: Send + Sync {
    /// Marks whose stretch overlaps `[from, to)`, of one point or of all, by their start, the last
    /// `limit` of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn marks(
        &self,
        filter: MarkFilter,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<Mark>, PortError>;

    /// One mark, with all that happened to it, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn mark(&self, id: &MarkId) -> Result<Option<(Mark, Vec<MarkEvent>)>, PortError>;

    /// Findings whose stretch overlaps `[from, to)`, of one point or of all, by their start, the
    /// last `limit` of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn findings(
        &self,
        from: Timestamp,
        to: Timestamp,
        point: Option<&PointId>,
        limit: usize,
    ) -> Result<Vec<StoredFinding>, PortError>;

    /// How judging again is getting on.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn rejudging(&self) -> Result<RejudgeStatus, PortError>;
}

/// How many verdicts there are. A stretch that was judged again counts once, by what stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerdictTally {
    /// In force, and compliant.
    pub compliant: u64,
    /// In force, and non-compliant.
    pub non_compliant: u64,
    /// In force, and indeterminate.
    pub indeterminate: u64,
    /// Not in force any more: another verdict took their place, or none did.
    pub superseded: u64,
}

/// Verdicts and alarms of the past.
pub trait Records: Send + Sync {
    /// Verdicts whose stretch overlaps `[from, to)`, oldest first, the last `limit` of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn verdicts(
        &self,
        filter: VerdictFilter,
        from: Timestamp,
        to: Timestamp,
        area: Option<&AreaId>,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, PortError>;

    /// One verdict.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn verdict(&self, id: i64) -> Result<Option<StoredVerdict>, PortError>;

    /// How many verdicts there are, since the store was made.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn tally(&self) -> Result<VerdictTally, PortError>;

    /// Alarms, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarms(&self, filter: AlarmFilter, limit: usize) -> Result<Vec<StoredAlarm>, PortError>;

    /// One alarm.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarm(&self, id: &str) -> Result<Option<StoredAlarm>, PortError>;

    /// Alarm events with `from ≤ t < to` in order of time, after the given time and number, up to
    /// `limit` of them, with their numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarm_events(
        &self,
        from: Timestamp,
        to: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError>;
}

/// What a sink reads, each with a cursor of its own that survives a restart.
pub trait Outbox: Send + Sync {
    /// Up to `limit` journal records after number `seq`, with their numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn records_after(&self, seq: u64, limit: usize) -> Result<Vec<(u64, Record)>, PortError>;

    /// Up to `limit` alarm events after number `id`, with their numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarm_events_after(
        &self,
        id: u64,
        limit: usize,
    ) -> Result<Vec<(u64, AlarmEvent)>, PortError>;

    /// The last number given to a journal record.
    fn last_record(&self) -> u64;

    /// The last number given to an alarm event.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn last_alarm_event(&self) -> Result<u64, PortError>;

    /// How far a sink has come; 0 for a new one, which is registered by asking, and from then on
    /// holds back the trimming of the journal.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn cursor(&self, sink: &str) -> Result<u64, PortError>;

    /// Moves a sink's cursor forward, durably.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn set_cursor(&self, sink: &str, seq: u64) -> Result<(), PortError>;

    /// How far a sink of alarm events has come in them; none for a new one. These cursors count
    /// alarm events, not journal records, and hold nothing back.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn alarm_cursor(&self, sink: &str) -> Result<Option<u64>, PortError>;

    /// Moves the cursor of a sink of alarm events, durably.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn set_alarm_cursor(&self, sink: &str, id: u64) -> Result<(), PortError>;

    /// Puts something a sink could not get rid of aside, with the reason. The same sink and number
    /// again is the same entry.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn quarantine(&self, sink: &str, seq: u64, body: &[u8], reason: &str) -> Result<(), PortError>;

    /// How many entries of a sink are in quarantine.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn quarantined(&self, sink: &str) -> Result<u64, PortError>;
}

/// How a device is doing, as its link sees it. Counts are since the start of the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceHealth {
    /// The device.
    pub device: DeviceId,
    /// Its link.
    pub link: LinkId,
    /// Whether its last exchange went well.
    pub state: DeviceState,
    /// The last failure in words.
    pub last_error: Option<String>,
    /// When the last good answer came.
    pub last_success: Option<Timestamp>,
    /// How long its answers take; none before the first, and for devices that are not asked.
    pub round_trip: Option<RoundTrip>,
    /// How long the last scan took, in milliseconds.
    pub scan_ms: Option<f64>,
    /// Requests of a scan.
    pub requests_per_scan: u32,
    /// Exchanges that went well.
    pub successes: u64,
    /// Exchanges without an answer in time.
    pub timeouts: u64,
    /// Exchanges that brought bytes that are no frame: noise, as a rule a failed CRC.
    pub crc_errors: u64,
    /// Whole answers (or messages) that are not what was asked for.
    pub invalid_answers: u64,
    /// Answers that came after their time was over, and were thrown away.
    pub late_answers: u64,
    /// Modbus exceptions.
    pub exceptions: u64,
    /// Scans that could not be made before the next was due.
    pub skipped_scans: u64,
    /// Whether it is asked as often as it should be.
    pub breaker: BreakerState,
    /// What is probably wrong and what to do about it; none while all is well.
    pub cause: Option<Text>,
    /// Addresses it refuses, which are not asked for any more: `holding 40-43`.
    pub refused: Vec<String>,
    /// What it says of itself: name and value.
    pub identity: Vec<(Text, String)>,
    /// The last request and answer on the wire.
    pub last_frames: Option<Frames>,
}

/// How long answers take, over the last 64 of them, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RoundTrip {
    /// The last one.
    pub last_ms: f64,
    /// Half of them took no longer.
    pub median_ms: f64,
    /// 95 % of them took no longer.
    pub p95_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// Bytes as they went over the wire, in hex: `03 04 00 00 …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frames {
    /// What was asked.
    pub request: String,
    /// What came back; empty if nothing did.
    pub answer: String,
}

/// The state of a device on its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Nothing heard yet.
    Waiting,
    /// The last exchange went well.
    Online,
    /// Failing, and asked less often (its breaker is open).
    Offline,
}

/// Whether a device is asked as often as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It does not answer, and is asked now and then only.
    Open,
    /// It is being asked whether it is back.
    HalfOpen,
}

/// How a link is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkHealth {
    /// The link.
    pub link: LinkId,
    /// Whether it is up: port open, connection or session established.
    pub up: bool,
    /// What it is connected to, if that may be one of several: the backup address, the modem.
    pub endpoint: Option<String>,
    /// Why it is down, or was the last time.
    pub last_error: Option<String>,
    /// Share of the last minute in which it was busy, 0 to 1.
    pub busy: f64,
    /// Times it was connected since the start.
    pub connects: u64,
    /// What is probably wrong with the line as a whole; none while all is well.
    pub cause: Option<Text>,
}

/// Tells how the devices are doing.
pub trait Health: Send + Sync {
    /// Every device, in the order of the site file.
    fn devices(&self) -> Vec<DeviceHealth>;

    /// Every link, in the order of the site file.
    fn links(&self) -> Vec<LinkHealth>;
}

/// Takes in messages that devices post over HTTP.
pub trait Mailbox: Send + Sync {
    /// Resolves when the message's readings are on disk, with their number; 0 for a message that
    /// was there before.
    fn deliver<'a>(
        &'a self,
        device: &'a str,
        token: Option<&'a str>,
        body: Vec<u8>,
    ) -> PortFuture<'a, Result<usize, DeliveryError>>;
}

/// Why a message was not taken.
#[derive(Debug)]
pub enum DeliveryError {
    /// No device of that name posts over HTTP, or the token is not its link's. One answer for
    /// both, as the names of devices are nobody's business without a token.
    Unauthorized,
    /// It is not what the device's profile says, and why.
    Invalid(String),
    /// Too many messages are under way; the device should try again.
    Busy,
    /// It could not be written down.
    Port(PortError),
}

/// What came of reading the site file again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reload {
    /// When it was asked for.
    pub at: Timestamp,
    /// SHA-256 of the site file that is in force now, in hex.
    pub config_hash: String,
    /// How it ended.
    pub outcome: ReloadOutcome,
    /// What is different, a line each: `link rs485-1: changed`.
    pub changes: Vec<String>,
    /// Why it was refused or rolled back, a line each.
    pub faults: Vec<String>,
}

/// How a reload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReloadOutcome {
    /// There was nothing to change.
    Unchanged,
    /// Nothing was changed, as nothing should be: only the check was asked for.
    Checked,
    /// The new file is in force.
    Applied,
    /// The new file has faults; the old one stays in force.
    Refused,
    /// The changed links did not come good; the old file is in force again.
    RolledBack,
}

/// Reads the site file again while the gateway runs.
pub trait Configuration: Send + Sync {
    /// Reads, checks and applies the site file; with `check_only` nothing is applied.
    fn reload(&self, check_only: bool) -> PortFuture<'_, Reload>;

    /// The last reload, if there was one.
    fn last_reload(&self) -> Option<Reload>;
}

/// How a sink is doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SinkStatus {
    /// The sink's name.
    pub name: String,
    /// `influxdb` or `webhook`.
    pub kind: &'static str,
    /// Where it sends to, without secrets.
    pub target: String,
    /// Whether the last delivery went well.
    pub connected: bool,
    /// The last failure, in words.
    pub last_error: Option<String>,
    /// Records not yet delivered.
    pub pending: u64,
    /// Records delivered since the start.
    pub delivered: u64,
    /// Records known to be safe at the other side (beyond the grace).
    pub verified: u64,
    /// Records put aside because the other side refuses them.
    pub quarantined: u64,
    /// Age of the oldest record not delivered, in seconds.
    pub lag_secs: f64,
}

/// Tells how the sinks are doing.
pub trait Sinks: Send + Sync {
    /// Every sink, in the order of the site file.
    fn sinks(&self) -> Vec<SinkStatus>;
}

/// How the store is doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreStatus {
    /// Readings accepted since the store was made.
    pub accepted: u64,
    /// Readings in the journal that are not in a sealed chunk yet.
    pub in_journal: u64,
    /// Readings in sealed chunks.
    pub in_history: u64,
    /// Readings dropped because they were older than the retention.
    pub expired: u64,
    /// Readings replaced by a later one of the same point and time.
    pub duplicates: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Commits since the start.
    pub commits: u64,
    /// Why the store does not take readings at the moment, if it does not.
    pub fault: Option<String>,
}

/// Tells how the store is doing.
pub trait Storage: Send + Sync {
    /// As of now.
    fn status(&self) -> StoreStatus;
}
