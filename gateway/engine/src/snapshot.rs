//! The site as it stands: what a screen shows before it asks the past.

use crate::{
    AlarmEvent, Description, Finding, MarkEvent, VerdictRecord,
    ports::{StoredAlarm, StoredVerdict},
};
use std::sync::Arc;
use weir_alarms::Alarm;
use weir_compliance::EarlyWarning;
use weir_domain::{Sample, Text, Timestamp, Verdict};

/// Everything that is live, as of one moment.
///
/// The site file may be read again while the gateway runs, so a snapshot carries the site that it
/// is of: an index without the description it belongs to would give a value a wrong name.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The site in words; the indexes in here are its.
    pub description: Arc<Description>,
    /// The engine's clock.
    pub t: Option<Timestamp>,
    /// The journal record it has reached.
    pub seq: u64,
    /// One for each point.
    pub points: Vec<PointState>,
    /// One for each requirement.
    pub requirements: Vec<RequirementState>,
    /// Alarms that are active, not yet acknowledged or not reset, oldest first.
    pub alarms: Vec<StoredAlarm>,
    /// Every alarm that is open or held by somebody or something, by its requirement.
    pub alarm_facts: Vec<AlarmFacts>,
    /// Since when there are too many alarms at once.
    pub flood_since: Option<Timestamp>,
    /// How many were raised in the last ten minutes.
    pub raised_lately: usize,
}

/// The alarm of a requirement as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmFacts {
    /// Index into [`Description::requirements`].
    pub requirement: usize,
    /// Its name, the same for all its occurrences: `area.requirement.point`.
    pub name: String,
    /// The id of the alarm that is open.
    pub open: Option<String>,
    /// All facts.
    pub facts: Alarm,
}

/// A point as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointState {
    /// The latest sample, if there ever was one.
    pub sample: Option<Sample>,
    /// Whether it is older than the point allows.
    pub stale: bool,
}

/// A requirement as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RequirementState {
    /// What can be said now; none while the requirement does not apply (e.g. a closed pool).
    pub verdict: Option<Verdict>,
    /// Since when; none before the first data.
    pub since: Option<Timestamp>,
    /// The deciding value.
    pub value: Option<f64>,
    /// Why, in a sentence.
    pub note: Text,
    /// The violation to come that it warns of.
    pub early: Option<EarlyWarning>,
}

/// Something just happened, for those who watch. What has an index has its site with it.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveEvent {
    /// The site is this one from here on: what was known of the one before is no longer so.
    Site(Arc<Description>),
    /// New latest samples: index of the point, sample.
    Samples(Arc<Description>, Vec<(usize, Sample)>),
    /// A requirement stands otherwise than before: its index and state.
    Requirement(Arc<Description>, usize, RequirementState),
    /// A verdict was passed, with its number in the store.
    Verdict(i64, Box<VerdictRecord>),
    /// An alarm changed.
    Alarm(Box<AlarmEvent>),
    /// A mark was made, ended or reviewed.
    Mark(Box<MarkEvent>),
    /// A check found something, with its number in the store.
    Finding(i64, Box<Finding>),
    /// Verdicts do not stand any more, and others took their place.
    Revised(Vec<i64>, Vec<StoredVerdict>),
}
