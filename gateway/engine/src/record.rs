//! What stands in the journal, and what the engine makes of it.

use crate::mark::{Finding, MarkEvent, MarkId, MarkReason, Person, RejudgeRequest, ReviewOutcome};
use serde::{Deserialize, Serialize};
use weir_alarms::{Quiet, Transition};
use weir_domain::{
    AlarmClass, AreaId, PointId, Priority, Quality, RequirementId, Sample, SeriesId, Timestamp,
    Value, Verdict,
};

/// One reading on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Which point.
    pub series: SeriesId,
    /// What was read, and when.
    pub sample: Sample,
}

/// One entry of the journal. Everything that can change a verdict or an alarm is one, so that the
/// engine can be run again over the journal and comes to the same end.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A reading.
    Reading(Row),
    /// Something that a person or the gateway itself did. In a box, as it is large and rare: so a
    /// record is no larger than a row.
    Command(Box<Command>),
}

/// An act that the engine must know of, with its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// When it was taken in.
    pub at: Timestamp,
    /// What.
    pub act: Act,
}

/// What a person or the gateway did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// The gateway started: silence before this moment was its own.
    Started,
    /// The site file was read again, and is in force from this record on. The engine that handles
    /// the next record is another one, made of the new file and of the state of this one: what is
    /// the same in both goes on as if nothing had happened.
    Reloaded {
        /// SHA-256 of the site file, in hex.
        config_hash: String,
    },
    /// A person acknowledged an alarm.
    Acknowledge {
        /// The alarm's id.
        alarm: String,
        /// Who.
        by: String,
        /// What they had to say.
        comment: String,
        /// How often it had been raised when they looked; what was raised since is not meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<u32>,
    },
    /// A person did something else to an alarm.
    Alarm {
        /// The alarm's id, or its name without the number of its occurrence.
        alarm: String,
        /// Who.
        by: String,
        /// Why, or what they had to say.
        #[serde(default)]
        comment: String,
        /// What.
        deed: Deed,
    },
    /// A person wrote a comment to an alarm.
    Comment {
        /// The alarm's id.
        alarm: String,
        /// Who.
        by: String,
        /// What they had to say.
        comment: String,
    },
    /// A person marked readings. The mark is named by the number of the record.
    Mark(NewMark),
    /// A person ended a mark that went on, or gave it an earlier end.
    EndMark {
        /// The mark.
        mark: MarkId,
        /// From this source time on readings count again.
        to: Timestamp,
        /// Who.
        by: Person,
        /// What they had to say.
        #[serde(default)]
        comment: String,
    },
    /// A supervisor confirmed or rejected a mark.
    ReviewMark {
        /// The mark.
        mark: MarkId,
        /// What came of it.
        outcome: ReviewOutcome,
        /// Who.
        by: Person,
        /// Why.
        comment: String,
    },
    /// Somebody held an instrument against a standard.
    CalibrationCheck(CalibrationCheck),
    /// Somebody measured by hand what an instrument did not: the mark that it makes carries the
    /// value, and the readings of the stretch do not count.
    ManualValue(ManualValue),
}

/// A mark as a person makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewMark {
    /// Whose readings.
    pub points: Vec<PointId>,
    /// From this source time on.
    pub from: Timestamp,
    /// Up to this source time; none if it goes on until somebody ends it.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: MarkReason,
    /// What the readings count as, if not what the reason says.
    #[serde(default, with = "crate::mark::quality_text::option")]
    pub quality: Option<Quality>,
    /// Who.
    pub by: Person,
    /// In words.
    pub comment: String,
    /// What it rests on.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// A comparison of an instrument with a standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationCheck {
    /// The point that was checked.
    pub point: PointId,
    /// When it was done.
    pub done_at: Timestamp,
    /// Whether the instrument was near enough.
    pub passed: bool,
    /// What the standard was, in the unit of the point.
    pub reference: Value,
    /// What the instrument said.
    pub reading: Value,
    /// Who.
    pub by: Person,
    /// In words.
    #[serde(default)]
    pub comment: String,
    /// What it rests on.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// A value that was measured by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManualValue {
    /// The point it stands for.
    pub point: PointId,
    /// From this source time on.
    pub from: Timestamp,
    /// Up to this source time.
    pub to: Timestamp,
    /// The value in the unit of the point.
    pub value: Value,
    /// Who.
    pub by: Person,
    /// In words: the method, the laboratory.
    pub comment: String,
    /// What it rests on.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// What a person does to an alarm, beside acknowledging it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Acknowledges it as a supervisor.
    SupervisorAcknowledge,
    /// Resets a latched alarm.
    Reset,
    /// Shelves it.
    Shelve {
        /// For how long.
        secs: u64,
    },
    /// Ends the shelving.
    Unshelve,
    /// Suppresses it.
    Suppress {
        /// For how long.
        secs: u64,
    },
    /// Ends the suppression.
    Unsuppress,
    /// Takes it out of service.
    OutOfService,
    /// Returns it to service.
    ReturnToService,
}

/// Records that are on disk, in their order. Record `i` has the number `first_seq + i`.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The number of the first record; the next number to be given if there are none.
    pub first_seq: u64,
    /// The records; may be empty when only time has passed.
    pub records: Vec<Record>,
    /// No later record has a received time before this.
    pub watermark: Timestamp,
}

/// A requirement's verdict on a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictRecord {
    /// When it became known.
    pub t: Timestamp,
    /// The area it was passed on.
    pub area: AreaId,
    /// The rule pack and its version, `gb18466-2005@1`.
    pub pack: String,
    /// The requirement.
    pub requirement: RequirementId,
    /// The points that were judged; the first is the one that names the verdict.
    pub points: Vec<PointId>,
    /// The verdict.
    pub verdict: Verdict,
    /// Start of the stretch judged.
    pub from: Timestamp,
    /// End of the stretch judged.
    pub to: Timestamp,
    /// The deciding value, e.g. the mean; in the unit of the first point.
    pub value: Option<f64>,
    /// The limit, as an interval such as `[3, 10]`, in the unit of the first point.
    pub limit: String,
    /// The clause of the standard.
    pub clause: String,
    /// How it was reached, in both languages.
    pub explanation: weir_domain::Text,
    /// Share of the stretch covered by good data, 0 to 1.
    pub coverage: f64,
}

/// What else there is to an event of an alarm. Written beside the rest, and only what there is: so
/// events of earlier versions are read, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlarmDetail {
    /// What the alarm is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<AlarmClass>,
    /// The group of alarms it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Raised as the first of its group.
    #[serde(skip_serializing_if = "is_false")]
    pub first_out: bool,
    /// Raised, and stays open until it is reset.
    #[serde(skip_serializing_if = "is_false")]
    pub latched: bool,
    /// Why nobody was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// How long it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The alarms whose conditions suppress this one by design.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed_by: Vec<String>,
    /// What was raised of a group in a flood ([`Transition::GroupRaised`]), most urgent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// How many more there are than `members` names.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// An alarm that was raised in a flood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The alarm's id.
    pub alarm: String,
    /// The requirement that was not met.
    pub requirement: RequirementId,
    /// The points behind it.
    pub points: Vec<PointId>,
    /// How soon somebody must act.
    pub priority: Priority,
    /// When it was raised.
    pub t: Timestamp,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A transition of an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmEvent {
    /// When.
    pub t: Timestamp,
    /// The alarm's id: one for each time the condition came, `effluent.trc-contact.trc-1.total_residual_chlorine~3`.
    pub alarm: String,
    /// The area.
    pub area: AreaId,
    /// The requirement that was not met.
    pub requirement: RequirementId,
    /// The rule pack and its version.
    pub pack: String,
    /// The points behind it.
    pub points: Vec<PointId>,
    /// What happened.
    pub transition: Transition,
    /// How soon somebody must act.
    pub priority: Priority,
    /// When the condition began (for [`Transition::Raised`]: before the on-delay).
    pub since: Timestamp,
    /// The value at that moment.
    pub value: Option<f64>,
    /// The limit, as in the verdict.
    pub limit: String,
    /// The clause of the standard.
    pub clause: String,
    /// Who, for what a person did.
    pub by: Option<String>,
    /// Their comment.
    pub comment: Option<String>,
    /// What else there is to it.
    #[serde(flatten)]
    pub detail: AlarmDetail,
}

/// What came of handling a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A verdict was passed.
    Verdict(VerdictRecord),
    /// An alarm changed.
    Alarm(AlarmEvent),
    /// A mark was made, ended, reviewed or voided.
    Mark(Box<MarkEvent>),
    /// A check found something that somebody should look at.
    Finding(Box<Finding>),
    /// Time that was judged already must be judged again.
    Rejudge(Box<RejudgeRequest>),
}

impl Effect {
    /// When it happened.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Verdict(verdict) => verdict.t,
            Self::Alarm(alarm) => alarm.t,
            Self::Mark(event) => event.t,
            Self::Finding(finding) => finding.t,
            Self::Rejudge(request) => request.t,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_records_in_place() {
        assert_eq!(core::mem::size_of::<Record>(), core::mem::size_of::<Row>());
    }
}
