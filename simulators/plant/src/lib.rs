//! Seeded physics of watched facilities, on a virtual clock.
//!
//! * The **demonstration site** ([`Plant`]) is one fixed campus with four small facilities:
//!   effluent works, pool, disinfection cabinets and X-ray room. Its **devices** ([`Device`]) show
//!   **signals** ([`Signal`]); a **script** ([`Script`]) says which **incidents** ([`Incident`])
//!   happen when, and a **truth log** ([`Truth`]) what really happened.
//! * A **facility** ([`facility::Facility`]) is one of six kinds of works or rooms, sized by a
//!   seed: two seeds are two different sites. It delivers samples as a gateway would get them,
//!   after instruments, clocks, links and people have had their way with them, and beside them the
//!   true physical values.
//! * An **exam** ([`exam::Exam`]) draws weeks in the life of such facilities, each with the truth
//!   that an examiner needs.
//!
//! Nothing here has a clock or does I/O: `advance` says what time it is, and how that time is
//! chopped makes no difference. The same seed, start and script always give the same signals.
//! Nothing here knows a rule, a limit or a verdict.

#![forbid(unsafe_code)]

mod calendar;
mod demo;
mod dice;
pub mod exam;
pub mod facility;
mod noise;

pub use demo::{
    Area, Condition, Device, Incident, IncidentKind, Measured, Plant, Script, Signal, Truth,
};
