//! The life of alarms, after ISA-18.2, IEC 62682 and OPC UA Part 9.
//!
//! An [`Alarm`] is a handful of independent facts; there is no list of combined states, and whatever
//! a screen calls a state is derived from them:
//!
//! | fact            | it means                                              | it begins               | it ends                          |
//! |-----------------|-------------------------------------------------------|-------------------------|----------------------------------|
//! | active          | the condition holds                                   | held for the on-delay   | gone for the off-delay           |
//! | acknowledged    | an operator has seen this occurrence                  | somebody says so        | the next occurrence              |
//! | supervised      | a supervisor has seen it too                          | somebody says so        | the next occurrence              |
//! | latched         | it stays open after its return                        | raised, where so set    | somebody resets it               |
//! | shelved         | nobody wants to hear of it for a while                | somebody says so        | its time is over, or by hand     |
//! | suppressed      | it says nothing new, by design or by decision         | its cause begins        | its cause ends                   |
//! | out of service  | it is being worked on                                 | somebody says so        | somebody says so                 |
//! | chattering      | three transitions in a minute                         | by itself               | ten minutes of quiet             |
//!
//! An alarm that is shelved, suppressed or out of service is **held**: it lives on unheard. What was
//! raised meanwhile and is still active when nothing holds it any more is **announced** then.
//!
//! An unknown condition neither raises nor returns: missing data never raise an alarm and never
//! close one. Every raise is a new **occurrence**, and each wants its own acknowledgement.
//!
//! Of several alarms: [`FirstOut`] marks the first of a group, [`Flood`] knows when there are too
//! many, and a [`Tally`] measures how the alarm system does.
//!
//! The crate reads no clock. A transition carries the moment at which it was due, however late
//! [`Alarm::advance`] is called.
//!
//! ```
//! use std::time::Duration;
//! use weir_alarms::{Alarm, AlarmSettings, Change, Condition, Transition};
//! use weir_domain::Timestamp;
//!
//! let settings = AlarmSettings { on_delay: Duration::from_secs(30), ..AlarmSettings::default() };
//! let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
//! let (mut alarm, mut changes) = (Alarm::default(), Vec::new());
//! alarm.observe(at(0), Condition::Abnormal, &settings, &mut changes);
//! assert_eq!(alarm.deadline(&settings), Some(at(30)));
//! alarm.advance(at(45), &settings, &mut changes);
//! assert_eq!(changes, [Change { at: at(30), what: Transition::Raised, quiet: None }]);
//! ```

#![forbid(unsafe_code)]

mod alarm;
mod change;
mod chatter;
mod flood;
mod group;
mod hold;
mod kpi;

pub use alarm::{Alarm, Condition};
pub use change::{AlarmSettings, Change, Quiet, Refused, SHELVE_MAX, SHELVE_USUAL, Transition};
pub use chatter::{CHATTER_QUIET, CHATTER_TRANSITIONS, CHATTER_WINDOW};
pub use flood::{FLOOD_ABOVE, FLOOD_BELOW, FLOOD_WINDOW, Flood};
pub use group::{FIRST_OUT_WINDOW, FirstOut};
pub use hold::{Hold, SUPPRESS_MAX};
pub use kpi::{FloodSpan, Kpis, Noted, RATE_STEP, Tally};

#[cfg(test)]
mod tests;
