//! Rule packs, their evaluation and its explanation.
//!
//! Terms:
//!
//! * **Pack**: the requirements of one standard as data, with version, source and tests ([`Pack`]).
//! * **Requirement**: one limit or rule of a pack, for some classes of facility ([`Requirement`]).
//! * **Binding**: a requirement applied to points of an area ([`bind()`], [`Binding`]).
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

//!
//! ```
//! use weir_compliance::{AreaFacts, PointFacts, Schedule, bind, builtin_packs};
//! use weir_domain::{Reading, Sample, Timestamp, Unit, Verdict};
//!
//! let packs = builtin_packs();
//! let pool_water = packs.iter().find(|pack| pack.id.as_str() == "gb37488-2019").unwrap();
//! let area = AreaFacts {
//!     id: "pool".parse()?,
//!     class: None,
//!     schedule: Schedule::parse(&["mon-sun 06:00-22:00".into()])?,
//!     time_zone: jiff::tz::TimeZone::UTC,
//!     facts: std::collections::BTreeMap::new(),
//!     points: vec![PointFacts {
//!         id: "pool-1.free_chlorine".parse()?,
//!         role: "pool_water".parse()?,
//!         parameter: "free_chlorine".parse()?,
//!         unit: Unit::MilligramPerLitre,
//!         max_gap: std::time::Duration::from_secs(15),
//!         occasional: false,
//!     }],
//! };
//! let (bindings, _not_watched) = bind(pool_water, &area);
//! let start: Timestamp = "2026-11-22T10:00:00Z".parse()?;
//! let (mut evaluator, mut found) = (bindings[0].evaluator(start), Vec::new());
//! for seconds in (0..31 * 60).step_by(5) {
//!     let now = start + std::time::Duration::from_secs(seconds);
//!     evaluator.observe(now, 0, &Sample::at(now, Reading::from_number(0.29)), &mut found);
//! }
//! assert_eq!(evaluator.standing().verdict, Some(Verdict::NonCompliant));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod bind;
mod builtin;
mod calendar;
mod evaluator;
mod expr;
mod forecast;
mod judgement;
mod limits;
mod pack;
mod rehearsal;
mod rules;
mod schedule;
mod term;
#[cfg(test)]
mod testing;
mod timeline;
mod validity;
mod wording;

pub use bind::{AreaFacts, BindFault, BindLevel, Binding, PointFacts, bind, bind_all};
pub use builtin::{builtin, builtin_packs};
pub use calendar::{Period, Window};
pub use evaluator::{Evaluator, EvaluatorState, StateError};
pub use forecast::WarningLevel;
pub use judgement::{EarlyWarning, Judgement, Passed, Standing};
pub use pack::{
    AlarmSpec, ClassDef, Edge, EventSpec, FactDef, InputSpec, Overridden, Pack, PackError,
    PackFault, Requirement, Seal, TestCase,
};
pub use rehearsal::{TestOutcome, run_tests};
pub use rules::{
    AvailabilityRule, AvailabilityShare, Background, ContactTimeRule, CountRule, DataKind,
    ExpectedRule, ForbiddenWhen, ForecastRule, Formula, Gate, HoldCycleRule, InterlockRule,
    LimitRule, Number, Often, PowerSpec, ProgramSpec, PulsesSpec, ReconcileRule, Rule,
    SequenceRule, SequenceTime, Settling, Side, Span, Statistic, SteamSpec, Value,
};
pub use schedule::{Schedule, ScheduleError};
pub use validity::{
    BottleSign, CalibrationCheck, ChatterCheck, FindingKind, FindingSaid, FraudSigns, HuggingSign,
    JumpCheck, MarkSaid, Need, PointTraits, RangeCheck, RateCheck, RepeatedSign, Said, SpikeCheck,
    StableSign, StuckCheck, Validity, Watch, WatchBinding, WatchMemory, bind_validity,
};
