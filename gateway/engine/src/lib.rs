//! The pure core: readings in, verdicts and alarm transitions out.
//!
//! Terms:
//!
//! * A **record** is one entry of the journal: a reading, or an act of a person ([`Record`]).
//!   Everything that can change a verdict is a record, so the engine can be run again.
//! * An **effect** is what came of a record, or of time passing: a verdict, or a transition of an
//!   alarm ([`Effect`]). The app saves effects with the engine's state in one transaction.
//! * A **port** is what one edge asks of another, as a trait ([`ports`]).
//!
//! The crate knows no clock, no file and no socket. The same records give the same effects, on
//! any machine, years later; `weir replay` rests on it.

#![forbid(unsafe_code)]

mod alarm_desk;
mod assemble;
pub mod decode;
mod describe;
mod doubts;
mod engine;
mod instance;
mod lookout;
mod mark;
mod marks;
pub mod plan;
pub mod ports;
mod record;
pub mod rejudge;
mod snapshot;
mod state;
mod validity;

pub use alarm_desk::AlarmLimits;
pub use assemble::{AreaSpec, DeviceSpec, SiteSpec};
pub use describe::{
    AreaInfo, Description, DeviceInfo, LimitInfo, LinkInfo, PackInfo, PointInfo, RequirementInfo,
};
pub use doubts::Doubts;
pub use engine::{Changes, Engine, alarm_events};
pub use instance::Refusal;
pub use lookout::Lookout;
pub use mark::{
    Capacity, CheckName, Finding, Mark, MarkChange, MarkEvent, MarkId, MarkReason, Origin, Person,
    RejudgeReason, RejudgeRequest, Review, ReviewOutcome,
};
pub use marks::MarkState;
pub use record::{
    Act, AlarmDetail, AlarmEvent, CalibrationCheck, Command, Committed, Deed, Effect, ManualValue,
    Member, NewMark, Record, Row, VerdictRecord,
};
pub use snapshot::{AlarmFacts, LiveEvent, PointState, RequirementState, Snapshot};
pub use state::{EngineState, InstanceState};
pub use validity::WatchState;
pub use weir_alarms::{
    Alarm, AlarmSettings, Condition, FLOOD_ABOVE, FloodSpan, Hold, Kpis, Noted, Quiet, RATE_STEP,
    Refused, SHELVE_USUAL, SUPPRESS_MAX, Tally, Transition,
};
pub use weir_compliance::{EarlyWarning, WarningLevel};
