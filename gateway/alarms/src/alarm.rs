//! One alarm: two independent facts, and at most one delay that is running.

use core::{fmt, time::Duration};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// How long a condition must hold before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlarmSettings {
    /// How long it must be abnormal before the alarm is raised.
    pub on_delay: Duration,
    /// How long it must be normal before the alarm returns.
    pub off_delay: Duration,
}

/// What is known of the condition behind an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It does not hold, and good data show it.
    Normal,
    /// It holds, and good data show it.
    Abnormal,
    /// It cannot be said.
    Unknown,
}

/// What happened to an alarm, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The condition had held for the on-delay.
    Raised {
        /// When the alarm was raised.
        at: Timestamp,
        /// When the condition began, the on-delay before.
        since: Timestamp,
    },
    /// The condition had been gone for the off-delay.
    ReturnedToNormal {
        /// When the alarm returned.
        at: Timestamp,
    },
    /// A person has seen it.
    Acknowledged {
        /// When they said so.
        at: Timestamp,
    },
}

impl Change {
    /// When it happened.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Raised { at, .. } | Self::ReturnedToNormal { at } | Self::Acknowledged { at } => {
                at
            }
        }
    }
}

/// Why an alarm cannot be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It was never raised.
    NeverRaised,
    /// Its latest occurrence has been acknowledged before.
    AlreadyAcknowledged,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverRaised => "the alarm was never raised",
            Self::AlreadyAcknowledged => "the alarm has been acknowledged before",
        })
    }
}

impl core::error::Error for Refused {}

/// An alarm. What is stored of it is its whole life: it can be put away and taken up again at any
/// moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    active: bool,
    unacknowledged: bool,
    occurrence: u64,
    raised_at: Option<Timestamp>,
    /// Start of the condition of the latest occurrence.
    since: Option<Timestamp>,
    /// When the condition began to differ from `active`: a delay is running from then on.
    turned_at: Option<Timestamp>,
}

impl Alarm {
    /// Takes note of the condition from `at` on. A delay that had run out by then takes effect
    /// first, at its own moment; what the new condition brings is then due at the next
    /// [`advance`](Self::advance).
    pub fn observe(
        &mut self,
        at: Timestamp,
        condition: Condition,
        settings: &AlarmSettings,
    ) -> Option<Change> {
        let overdue = self.advance(at, settings);
        let differs = match condition {
            Condition::Normal => self.active,
            Condition::Abnormal => !self.active,
            Condition::Unknown => false,
        };
        self.turned_at = differs.then(|| self.turned_at.unwrap_or(at));
        overdue.or_else(|| self.advance(at, settings))
    }

    /// Lets the time pass until `now`; the change, if any, happened when it was due.
    pub fn advance(&mut self, now: Timestamp, settings: &AlarmSettings) -> Option<Change> {
        let at = self.deadline(settings).filter(|due| *due <= now)?;
        let turned_at = self.turned_at.take()?;
        self.active = !self.active;
        if !self.active {
            return Some(Change::ReturnedToNormal { at });
        }
        self.unacknowledged = true;
        self.occurrence += 1;
        self.raised_at = Some(at);
        self.since = Some(turned_at);
        Some(Change::Raised { at, since: turned_at })
    }

    /// When [`advance`](Self::advance) must be called next, if nothing is observed before.
    pub fn deadline(&self, settings: &AlarmSettings) -> Option<Timestamp> {
        let delay = if self.active { settings.off_delay } else { settings.on_delay };
        self.turned_at.map(|turned_at| turned_at + delay)
    }

    /// A person has seen the latest occurrence. Call [`advance`](Self::advance) first: an
    /// occurrence that nobody was told of cannot be acknowledged.
    ///
    /// # Errors
    /// When there is nothing to acknowledge.
    pub fn acknowledge(&mut self, at: Timestamp) -> Result<Change, Refused> {
        if self.occurrence == 0 {
            return Err(Refused::NeverRaised);
        }
        if !self.unacknowledged {
            return Err(Refused::AlreadyAcknowledged);
        }
        self.unacknowledged = false;
        Ok(Change::Acknowledged { at })
    }

    /// Whether the condition holds, after its delays.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether the latest occurrence has been acknowledged; true if there never was one.
    pub fn is_acknowledged(&self) -> bool {
        !self.unacknowledged
    }

    /// Whether somebody still has to look at it: active or not acknowledged.
    pub fn is_open(&self) -> bool {
        self.active || self.unacknowledged
    }

    /// How often it has been raised; the number of the latest occurrence.
    pub fn occurrence(&self) -> u64 {
        self.occurrence
    }

    /// When it was raised last.
    pub fn raised_at(&self) -> Option<Timestamp> {
        self.raised_at
    }

    /// When the condition of the latest occurrence began, its on-delay before it was raised.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }
}
