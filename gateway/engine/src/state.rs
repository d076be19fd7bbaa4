//! What of the engine survives a restart. Written as JSON, so that a technician can read it.

use crate::{Doubts, MarkState, WatchState, alarm_desk::DeskState, ports::StoredAlarm};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_alarms::Alarm;
use weir_compliance::EvaluatorState;
use weir_domain::{PointId, Sample, Timestamp};

/// The state of an engine after the record `seq`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EngineState {
    /// How far time had come.
    pub clock: Timestamp,
    /// The last record handled.
    pub seq: u64,
    /// The latest sample of each point.
    pub samples: BTreeMap<PointId, Sample>,
    /// The state of each requirement, by its name.
    pub instances: BTreeMap<String, InstanceState>,
    /// The marks that may still be changed, and the calibrations behind them.
    #[serde(default)]
    pub marks: MarkState,
    /// What the checks of each point remember.
    #[serde(default)]
    pub checks: BTreeMap<PointId, WatchState>,
    /// What is to be judged again when its verdict is passed.
    #[serde(default)]
    pub doubts: Doubts,
    /// What concerns several alarms.
    #[serde(default)]
    pub desk: DeskState,
    /// Alarms of requirements that the site file no longer has, until that has been said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<StoredAlarm>,
    /// How many alarms requirements had that the site file no longer has: should one come back, its
    /// alarms get new numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub past: BTreeMap<String, u64>,
}

/// The state of one requirement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceState {
    /// What the rule has seen.
    pub evaluator: EvaluatorState,
    /// The alarm's facts and timers.
    pub alarm: Alarm,
    /// How many alarms there have been.
    pub alarms: u64,
    /// The alarm that somebody still has to look at.
    pub open: Option<StoredAlarm>,
    /// Alarms that were closed before a supervisor had acknowledged them, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupervised: Vec<u64>,
}

impl EngineState {
    /// The state as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("maps with text keys and finite numbers are always JSON")
    }

    /// The state in bytes.
    ///
    /// # Errors
    /// When the bytes are not such a state, e.g. of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
