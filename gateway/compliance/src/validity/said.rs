//! What a watch says: samples with the quality they deserve, marks and findings.

use serde::{Deserialize, Serialize};
use weir_domain::{Quality, Sample, Text, Timestamp};

/// Something a watch says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A sample for the rules, as it came, and what it is worth. Samples of a point come in the
    /// order they came in; one that is not good is said once its mark has begun.
    Sample(Sample, Quality),
    /// A stretch of time with that quality has begun, or has ended.
    Mark(Box<MarkSaid>),
    /// A sign of interference.
    Finding(Box<FindingSaid>),
}

/// A stretch of samples that a check does not believe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkSaid {
    /// The check: `stuck`, `spike`, …
    pub check: String,
    /// What its samples are worth.
    pub quality: Quality,
    /// Source time of the first of them.
    pub from: Timestamp,
    /// Source time of the first one after them; none while it goes on. A mark is said once when it
    /// begins and once more when it ends.
    pub to: Option<Timestamp>,
    /// Whether samples since `from` have been let through as good: what rests on them is to be
    /// judged again.
    #[serde(default)]
    pub reaches_back: bool,
    /// Why, with the numbers.
    pub why: Text,
}

/// A sign that somebody interfered with a measurement. No verdict, and no mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingSaid {
    /// Which sign.
    pub kind: FindingKind,
    /// Start of the time it was seen in.
    pub from: Timestamp,
    /// When it was found.
    pub to: Timestamp,
    /// The numbers it rests on, by name.
    pub numbers: Vec<(String, f64)>,
    /// What was seen, in both languages.
    pub explanation: Text,
    /// How sure it is, 0 to 1; never a proof.
    pub confidence: f64,
}

/// The signs of interference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The value does not move at all.
    Flatline,
    /// The value moves far less than this instrument ever did.
    TooStable,
    /// The same stretch of values again.
    Repeated,
    /// The values press against a limit from the inside.
    HuggingLimit,
    /// No course of the day, at room temperature: a probe in a bottle or in tap water.
    Bottle,
    /// A jump just after an enclosure was opened.
    JumpAfterAccess,
    /// A jump just after the parameters were changed.
    JumpAfterChange,
    /// The instrument's clock is behind.
    ClockBehind,
    /// No check against a standard in the time allowed.
    CalibrationOverdue,
}

impl FindingKind {
    /// Every sign.
    pub const ALL: &[Self] = &[
        Self::Flatline,
        Self::TooStable,
        Self::Repeated,
        Self::HuggingLimit,
        Self::Bottle,
        Self::JumpAfterAccess,
        Self::JumpAfterChange,
        Self::ClockBehind,
        Self::CalibrationOverdue,
    ];

    /// The sign's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flatline => "flatline",
            Self::TooStable => "too_stable",
            Self::Repeated => "repeated",
            Self::HuggingLimit => "hugging_limit",
            Self::Bottle => "bottle",
            Self::JumpAfterAccess => "jump_after_access",
            Self::JumpAfterChange => "jump_after_change",
            Self::ClockBehind => "clock_behind",
            Self::CalibrationOverdue => "calibration_overdue",
        }
    }
}

/// A text in both languages.
pub(super) fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}
