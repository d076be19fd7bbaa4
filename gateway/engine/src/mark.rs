//! Marks: what a person or a check says of the readings of a stretch of time.
//!
//! A mark annotates and never deletes: a sample keeps the quality it was stored with, and the mark
//! says what it **counts as**. Practice is that of HJ 356-2019 (readings of maintenance,
//! calibration, fault and standstill do not count, and are kept with their reason) and of the rule
//! of the Ministry of Ecology and Environment on marking automatic data (Announcement 21 of 2022):
//! a mark has an author, a reason, evidence, a limit in time, and is reviewed.

use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_domain::{
    AreaId, BadReason, PackId, PointId, Quality, Text, Timestamp, UncertainReason, Value,
};

/// Names a mark, for ever: `m1042` for the mark of journal record 1042,
/// `stuck.trc-1.total_residual_chlorine~3` for the third one that a check made of a point.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarkId(String);

impl MarkId {
    /// The mark that a person made by the journal record `seq`.
    pub fn of_record(seq: u64) -> Self {
        Self(format!("m{seq}"))
    }

    /// The `number`th mark that a check made of a point.
    pub fn of_check(check: &str, point: &PointId, number: u64) -> Self {
        Self(format!("{check}.{point}~{number}"))
    }

    /// A mark's id as somebody wrote it; whether there is such a mark is another question.
    pub fn named(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MarkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why readings are marked, after HJ 355/356-2019 and the ministry's rule on marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkReason {
    /// Cleaning, exchange of reagents or parts.
    Maintenance,
    /// Calibration, or a check with a standard.
    Calibration,
    /// The instrument is broken.
    Fault,
    /// The instrument, or what it watches, is out of use.
    Stopped,
    /// Measured or set by hand: the mark carries the value.
    ManualValue,
    /// No sample reaches the instrument: a dry pipe, a blocked intake.
    SampleLoss,
    /// No power.
    Power,
    /// No communication between instrument and gateway.
    Communication,
    /// A check with a standard failed, so nothing back to the last good one can be relied on.
    CalibrationFailed,
    /// A check finds the readings suspect: constant, spiking, changing too fast.
    Suspect,
    /// A reading that this one depends on is missing or says that it means nothing.
    Dependency,
    /// Somebody has looked, and the readings are right: automatic marks do not count here.
    Valid,
    /// Something else; the comment says what.
    Other,
}

impl MarkReason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::Maintenance,
        Self::Calibration,
        Self::Fault,
        Self::Stopped,
        Self::ManualValue,
        Self::SampleLoss,
        Self::Power,
        Self::Communication,
        Self::CalibrationFailed,
        Self::Suspect,
        Self::Dependency,
        Self::Valid,
        Self::Other,
    ];

    /// The reason's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Calibration => "calibration",
            Self::Fault => "fault",
            Self::Stopped => "stopped",
            Self::ManualValue => "manual_value",
            Self::SampleLoss => "sample_loss",
            Self::Power => "power",
            Self::Communication => "communication",
            Self::CalibrationFailed => "calibration_failed",
            Self::Suspect => "suspect",
            Self::Dependency => "dependency",
            Self::Valid => "valid",
            Self::Other => "other",
        }
    }

    /// What marked readings count as if nothing more is said.
    pub fn quality(self) -> Quality {
        match self {
            Self::Maintenance => Quality::Bad(BadReason::Maintenance),
            Self::Calibration | Self::CalibrationFailed => Quality::Bad(BadReason::Calibration),
            Self::Fault => Quality::Bad(BadReason::DeviceFailure),
            Self::Stopped | Self::Power => Quality::Bad(BadReason::OutOfService),
            Self::ManualValue => Quality::Uncertain(UncertainReason::ManualValue),
            Self::SampleLoss => Quality::Bad(BadReason::SensorFailure),
            Self::Communication => Quality::Bad(BadReason::CommFailure),
            Self::Suspect => Quality::Uncertain(UncertainReason::Unspecified),
            Self::Dependency | Self::Other => Quality::Bad(BadReason::Unspecified),
            Self::Valid => Quality::Good,
        }
    }

    /// The reason in both languages.
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Maintenance => ("维护", "maintenance"),
            Self::Calibration => ("校准", "calibration"),
            Self::Fault => ("仪器故障", "instrument fault"),
            Self::Stopped => ("停用", "out of use"),
            Self::ManualValue => ("人工数据", "manual value"),
            Self::SampleLoss => ("采样中断", "no sample"),
            Self::Power => ("停电", "power failure"),
            Self::Communication => ("通信中断", "no communication"),
            Self::CalibrationFailed => ("标样核查不合格", "failed calibration check"),
            Self::Suspect => ("数据可疑", "suspect readings"),
            Self::Dependency => ("依赖条件不满足", "dependency not met"),
            Self::Valid => ("核实有效", "confirmed valid"),
            Self::Other => ("其他", "other"),
        };
        Text { zh: zh.into(), en: en.into() }
    }
}

/// In which capacity a person acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Runs the facility, or maintains its instruments.
    Operator,
    /// Supervises it for the authority.
    Supervisor,
}

impl Capacity {
    /// The capacity's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
        }
    }
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// In which capacity they act.
    pub role: Capacity,
}

/// A check of a pack: `stuck` of `weir-validity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckName {
    /// The pack.
    pub pack: PackId,
    /// The check within it.
    pub check: String,
}

/// Where a mark comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody made it.
    Person(Person),
    /// The gateway made it of the data.
    Check(CheckName),
}

/// What came of looking at a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    /// It is right.
    Confirmed,
    /// It is not: the mark is void, as if it had never been made.
    Rejected,
}

impl ReviewOutcome {
    /// The outcome's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
        }
    }
}

/// A supervisor's word on a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What came of it.
    pub outcome: ReviewOutcome,
    /// Who looked.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub comment: String,
}

/// What somebody or something says of the readings of a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Its name.
    pub id: MarkId,
    /// Whose readings.
    pub points: Vec<PointId>,
    /// From this source time on.
    pub from: Timestamp,
    /// Up to this source time, which is not part of it; none while it goes on.
    pub to: Option<Timestamp>,
    /// What the readings count as.
    #[serde(with = "quality_text")]
    pub quality: Quality,
    /// Why.
    pub reason: MarkReason,
    /// Who says so.
    pub origin: Origin,
    /// In words.
    pub comment: String,
    /// What it rests on: numbers of work orders, names of files, values.
    pub evidence: Vec<String>,
    /// The value measured or set by hand, in the unit of the first point.
    pub value: Option<Value>,
    /// When it was made.
    pub made_at: Timestamp,
    /// A supervisor's word on it, if there is one.
    pub review: Option<Review>,
}

impl Mark {
    /// Whether it counts for nothing any more, as a supervisor has rejected it.
    pub fn is_void(&self) -> bool {
        self.review.as_ref().is_some_and(|review| review.outcome == ReviewOutcome::Rejected)
    }

    /// Whether a person made it.
    pub fn is_manual(&self) -> bool {
        matches!(self.origin, Origin::Person(_))
    }

    /// Whether it speaks of a reading of this source time.
    pub fn covers(&self, source_time: Timestamp) -> bool {
        self.from <= source_time && self.to.is_none_or(|to| source_time < to)
    }
}

/// A quality as the text that every interface has for it: `bad:maintenance`.
pub(crate) mod quality_text {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use weir_domain::Quality;

    pub(crate) fn serialize<S: Serializer>(quality: &Quality, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(quality)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Quality, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }

    /// The same, where there may be none.
    pub(crate) mod option {
        use serde::{Deserialize, Deserializer, Serializer, de};
        use weir_domain::Quality;

        pub(crate) fn serialize<S: Serializer>(
            quality: &Option<Quality>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match quality {
                Some(quality) => to.collect_str(quality),
                None => to.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Quality>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
        }
    }
}

/// What happened to a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkChange {
    /// It was made.
    Opened,
    /// It got its end, or an earlier one.
    Ended,
    /// A supervisor confirmed it.
    Reviewed,
    /// A supervisor rejected it, or what it rested on turned out wrong.
    Voided,
}

impl MarkChange {
    /// The change's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Ended => "ended",
            Self::Reviewed => "reviewed",
            Self::Voided => "voided",
        }
    }
}

/// A change of a mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkEvent {
    /// When.
    pub t: Timestamp,
    /// What happened.
    pub change: MarkChange,
    /// Who did it; none if the gateway did.
    pub by: Option<Person>,
    /// The mark as it is after it.
    pub mark: Mark,
}

/// Something in the data that somebody should look at: a sign of tampering, an overdue
/// calibration. Never a verdict, and no reading counts otherwise because of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// When it became known.
    pub t: Timestamp,
    /// The area.
    pub area: AreaId,
    /// The points it is about.
    pub points: Vec<PointId>,
    /// The check that found it.
    pub check: CheckName,
    /// What was found, in a word: `too_stable`, `repeated`, `calibration_overdue`.
    pub kind: String,
    /// Start of the stretch it is about.
    pub from: Timestamp,
    /// End of the stretch it is about.
    pub to: Timestamp,
    /// The numbers behind it by their names.
    pub numbers: BTreeMap<String, f64>,
    /// What it means, in both languages.
    pub explanation: Text,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
}

/// Why time that was judged already must be judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejudgeReason {
    /// A mark was made, ended or voided for it.
    Mark(MarkId),
    /// Readings of it came late.
    LateData,
}

/// A stretch of time that must be judged again from the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejudgeRequest {
    /// When it became known that it must.
    pub t: Timestamp,
    /// The points whose readings count otherwise now.
    pub points: Vec<PointId>,
    /// From this source time on.
    pub from: Timestamp,
    /// Up to this source time.
    pub to: Timestamp,
    /// Why.
    pub why: RejudgeReason,
}
