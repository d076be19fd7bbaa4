//! Seeded physics of the four facilities of the demonstration site, on a virtual clock.
//!
//! * A **plant** is the four facilities together: effluent works, pool, disinfection cabinets and
//!   X-ray room ([`Plant`]). It has no clock and does no I/O: [`Plant::advance`] says what time it
//!   is, and how that time is chopped makes no difference.
//! * A **device** is an instrument of the site ([`Device`]); a **signal** is one value that it
//!   shows ([`Signal`]), with its sensor's lag and noise but before its registers' rounding.
//! * An **incident** is something that goes wrong ([`Incident`]); a **script** says when
//!   ([`Script`]). A plant without a script stays well within every limit.
//! * The **truth log** says what really happened and when ([`Truth`]), for those who judge what a
//!   gateway made of it.
//!
//! The same seed, start and script always give the same signals. Nothing here knows a rule, a
//! limit or a verdict.

#![forbid(unsafe_code)]

mod cabinet;
mod calendar;
mod effluent;
mod incident;
mod ledger;
mod noise;
mod plant;
mod pool;
mod radiology;
mod script;
mod signal;
mod truth;

pub use incident::{Incident, IncidentKind};
pub use plant::{Condition, Plant};
pub use script::Script;
pub use signal::{Area, Device, Measured, Signal};
pub use truth::Truth;
