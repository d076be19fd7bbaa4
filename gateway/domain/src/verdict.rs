//! What the law says of a stretch of time.

use serde::{Deserialize, Serialize};

/// Three values, never two: missing, stale or bad data is indeterminate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The requirement was met, and good data show it.
    Compliant,
    /// The requirement was not met, and good data show it.
    NonCompliant,
    /// It cannot be said.
    Indeterminate,
}

impl Verdict {
    /// The verdict's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::NonCompliant => "non_compliant",
            Self::Indeterminate => "indeterminate",
        }
    }
}

/// What an alarm is about, so that each reaches those whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmClass {
    /// Somebody may come to harm.
    Safety,
    /// The law is broken, or soon will be.
    Compliance,
    /// There are no data, or none to be trusted.
    Data,
    /// Something wants to be cleaned, filled or checked.
    Maintenance,
}

impl AlarmClass {
    /// The class's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Compliance => "compliance",
            Self::Data => "data",
            Self::Maintenance => "maintenance",
        }
    }
}

/// How soon somebody must act, after ISA-18.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Within the shift.
    Low,
    /// Within the hour.
    Medium,
    /// Now.
    High,
}

impl Priority {
    /// The priority's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
