//! The demonstration site: one fixed hospital campus with four small facilities, by the names and
//! with the incidents that the demonstration shows. Exams use [`crate::facility`] instead.

mod cabinet;
mod effluent;
mod incident;
mod ledger;
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
