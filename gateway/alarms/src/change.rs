//! What may happen to an alarm, how it is set, and why an act may be refused.

use core::{fmt, time::Duration};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// No alarm is shelved for longer, whatever a pack or a site says.
pub const SHELVE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// How long an alarm may be shelved where neither pack nor site say anything: a shift.
pub const SHELVE_USUAL: Duration = Duration::from_secs(8 * 3_600);

/// How an alarm is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSettings {
    /// How long it must be abnormal before the alarm is raised.
    pub on_delay: Duration,
    /// How long it must be normal before the alarm returns.
    pub off_delay: Duration,
    /// Whether it stays open after its return until somebody resets it.
    pub latch: bool,
    /// How long after it was announced it is announced again, while it is active and nobody has
    /// acknowledged it; none: never.
    pub realarm: Option<Duration>,
    /// How long it may be shelved at most; zero: not at all.
    pub shelve_max: Duration,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            on_delay: Duration::ZERO,
            off_delay: Duration::ZERO,
            latch: false,
            realarm: None,
            shelve_max: SHELVE_USUAL,
        }
    }
}

/// What happened to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// The condition held for its on-delay.
    Raised,
    /// An operator has seen it.
    Acknowledged,
    /// A supervisor has seen it.
    SupervisorAcknowledged,
    /// The condition is gone, and good data show it, for its off-delay.
    ReturnedToNormal,
    /// A person wrote a comment.
    Commented,
    /// A latched alarm was reset.
    Reset,
    /// Nobody wants to hear of it for a while.
    Shelved,
    /// The shelving is over.
    Unshelved,
    /// Something else, or somebody, says that it tells nothing new.
    Suppressed,
    /// And does so no more.
    Unsuppressed,
    /// It is being worked on.
    OutOfService,
    /// It is watched again.
    ReturnedToService,
    /// It was raised unheard, is still active, and nothing holds it any more.
    Announced,
    /// It is still active, and nobody has acknowledged it.
    Realarmed,
    /// Three transitions in a minute.
    ChatteringBegan,
    /// It has been quiet for a while.
    ChatteringEnded,
    /// In a flood: what of its group was raised, in one notification.
    GroupRaised,
    /// Its requirement is no longer in the site file.
    RequirementRemoved,
}

impl Transition {
    /// The transition's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::SupervisorAcknowledged => "supervisor_acknowledged",
            Self::ReturnedToNormal => "returned_to_normal",
            Self::Commented => "commented",
            Self::Reset => "reset",
            Self::Shelved => "shelved",
            Self::Unshelved => "unshelved",
            Self::Suppressed => "suppressed",
            Self::Unsuppressed => "unsuppressed",
            Self::OutOfService => "out_of_service",
            Self::ReturnedToService => "returned_to_service",
            Self::Announced => "announced",
            Self::Realarmed => "realarmed",
            Self::ChatteringBegan => "chattering_began",
            Self::ChatteringEnded => "chattering_ended",
            Self::GroupRaised => "group_raised",
            Self::RequirementRemoved => "requirement_removed",
        }
    }
}

/// What happened to an alarm, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When it was due, or done.
    pub at: Timestamp,
    /// What.
    pub what: Transition,
    /// What kept it quiet at that moment.
    pub quiet: Option<Quiet>,
}

/// Why nobody is told of something that is written down all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quiet {
    /// The alarm is shelved.
    Shelved,
    /// The alarm is suppressed.
    Suppressed,
    /// The alarm is out of service.
    OutOfService,
    /// There are too many: its group is told of in one notification.
    Flood,
}

impl Quiet {
    /// Its word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shelved => "shelved",
            Self::Suppressed => "suppressed",
            Self::OutOfService => "out_of_service",
            Self::Flood => "flood",
        }
    }
}

/// Why an act changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It was never raised.
    NeverRaised,
    /// Its latest occurrence has been acknowledged before.
    AlreadyAcknowledged,
    /// It was raised again since the person looked.
    RaisedAgain,
    /// It may not be held for so long, or not at all.
    TooLong(Duration),
    /// Holding an alarm needs a name and a reason.
    NoReason,
    /// It is held in this way already.
    AlreadyHeld,
    /// It is not held in this way.
    NotHeld,
    /// It waits for no reset.
    NotLatched,
    /// A latched alarm is reset after its return, not before.
    StillActive,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NeverRaised => "the alarm was never raised",
            Self::AlreadyAcknowledged => "the alarm has been acknowledged before",
            Self::RaisedAgain => "the alarm was raised again meanwhile",
            Self::TooLong(Duration::ZERO) => "the alarm may not be held",
            Self::TooLong(most) => {
                let minutes = most.as_secs() / 60;
                return write!(
                    f,
                    "the alarm may be held for at most {minutes} min, and no less than one"
                );
            }
            Self::NoReason => "it needs a name and a reason",
            Self::AlreadyHeld => "the alarm is so already",
            Self::NotHeld => "the alarm is not so",
            Self::NotLatched => "the alarm waits for no reset",
            Self::StillActive => "the alarm is still active",
        };
        f.write_str(text)
    }
}

impl core::error::Error for Refused {}
