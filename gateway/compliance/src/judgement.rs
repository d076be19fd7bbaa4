//! What an evaluator says.

use crate::WarningLevel;
use serde::{Deserialize, Serialize};
use weir_domain::{Text, Timestamp, Verdict};

/// Something an evaluator found.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// A stretch of time was judged, for ever.
    Verdict(Passed),
    /// The requirement stands otherwise than before.
    Standing(Standing),
}

/// A verdict on a closed stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// The verdict.
    pub verdict: Verdict,
    /// Start of the stretch.
    pub from: Timestamp,
    /// End of the stretch, not part of it.
    pub to: Timestamp,
    /// The deciding value in the unit of the first input: the mean, the worst or the highest value;
    /// none where there is no such value.
    pub value: Option<f64>,
    /// Share of the stretch covered by good data, 0 to 1.
    pub coverage: f64,
    /// How it was reached.
    pub explanation: Text,
}

/// How a requirement stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// What can be said now; none while the requirement does not apply (e.g. a closed pool).
    pub verdict: Option<Verdict>,
    /// Since when: the start of the stretch of time behind it, e.g. of the violation.
    pub since: Option<Timestamp>,
    /// The deciding value at the moment it changed.
    pub value: Option<f64>,
    /// Why, in a sentence.
    pub note: Text,
    /// The violation to come that it warns of; only forecasts do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<EarlyWarning>,
}

/// A limit that is about to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyWarning {
    /// How near and how sure.
    pub level: WarningLevel,
    /// When the course of the values crosses the limit; none if their scatter alone may.
    pub expected_at: Option<Timestamp>,
}
