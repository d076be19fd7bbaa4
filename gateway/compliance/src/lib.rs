//! Rule packs, their evaluation and its explanation.
//!
//! Terms:
//!
//! * **Pack**: the requirements of one standard as data, with version, source and tests ([`Pack`]).
//! * **Requirement**: one limit or rule of a pack, for some classes of facility ([`Requirement`]).
//! * **Binding**: a requirement applied to points of an area ([`bind`], [`Binding`]).
//! * **Evaluator**: what judges the samples of one binding ([`Evaluator`]). It passes **verdicts**
//!   on closed stretches of time ([`Passed`]), and says how the requirement **stands** at the
//!   moment ([`Standing`]), which is what an alarm goes by.
//!
//! Three rules hold everywhere:
//!
//! * Only good samples count. A good sample speaks for the time from its source time until the
//!   next sample of its point, and never longer than the point's `max_gap`. All other time is
//!   missing, and missing time is indeterminate: never compliant, never zero, never the last value.
//! * Limits are closed intervals and values are compared as they were read: 0.3 is within 0.3-1.0.
//! * Time is an argument. The same calls yield the same verdicts, in the same order; calling
//!   [`Evaluator::advance`] more often than needed changes nothing.

#![forbid(unsafe_code)]

mod bind;
mod builtin;
mod calendar;
mod evaluator;
mod judgement;
mod limits;
mod pack;
mod rehearsal;
mod schedule;
#[cfg(test)]
mod testing;
mod timeline;
mod wording;

pub use bind::{AreaFacts, BindFault, BindLevel, Binding, PointFacts, bind};
pub use builtin::{builtin, builtin_packs};
pub use evaluator::{Evaluator, EvaluatorState, StateError};
pub use judgement::{Judgement, Passed, Standing};
pub use pack::{
    AlarmSpec, ClassDef, ForbiddenWhen, InputSpec, Pack, PackError, PackFault, Requirement, Rule,
    Statistic, TestCase,
};
pub use rehearsal::{TestOutcome, run_tests};
pub use schedule::{Schedule, ScheduleError};
