//! The life of one alarm, after ISA-18.2.
//!
//! Two facts are kept apart: whether the alarm is **active** (its condition holds) and whether a
//! person has **acknowledged** it. The four states of the standard are what they make together:
//!
//! | active | acknowledged | ISA-18.2                        |
//! |--------|--------------|---------------------------------|
//! | no     | yes          | normal                          |
//! | yes    | no           | unacknowledged                  |
//! | yes    | yes          | acknowledged                    |
//! | no     | no           | returned to normal, unacknowledged |
//!
//! An abnormal condition raises the alarm when it has held for the **on-delay**; a normal one
//! returns it when it has held for the **off-delay**. An unknown condition does neither: missing
//! data never raise an alarm and never close one. Every raise is a new **occurrence**, and each
//! occurrence wants its own acknowledgement.
//!
//! The crate reads no clock. A transition carries the moment at which it was due, however late
//! [`Alarm::advance`] is called.

//!
//! ```
//! use std::time::Duration;
//! use weir_alarms::{Alarm, AlarmSettings, Change, Condition};
//! use weir_domain::Timestamp;
//!
//! let settings = AlarmSettings { on_delay: Duration::from_secs(30), off_delay: Duration::ZERO };
//! let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
//! let mut alarm = Alarm::default();
//! assert_eq!(alarm.observe(at(0), Condition::Abnormal, &settings), None);
//! assert_eq!(alarm.deadline(&settings), Some(at(30)));
//! let raised = alarm.advance(at(45), &settings);
//! assert_eq!(raised, Some(Change::Raised { at: at(30), since: at(0) }));
//! ```

#![forbid(unsafe_code)]

mod alarm;

pub use alarm::{Alarm, AlarmSettings, Change, Condition, Refused};

#[cfg(test)]
mod tests;
