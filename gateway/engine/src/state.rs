//! What of the engine survives a restart. Written as JSON, so that a technician can read it.

use crate::{MarkState, ports::StoredAlarm};
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
