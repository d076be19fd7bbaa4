//! The kinds of rules, listed once.
//!
//! Each kind has a file here: how it is written in a pack, what is checked of it, what it is called
//! in words, which points it needs, and what judges it. A new kind is such a file, its judge, and
//! one entry in the list below.

mod availability;
mod contact_time;
mod count;
mod event;
mod expected;
mod forecast;
mod hold_cycle;
mod interlock;
mod limit;
mod reader;
mod reconcile;
mod sequence;
mod statistic;
mod value;

pub use availability::{AvailabilityRule, AvailabilityShare, DataKind};
pub use contact_time::ContactTimeRule;
pub use count::CountRule;
pub use expected::{ExpectedRule, Often};
pub use forecast::ForecastRule;
pub(crate) use forecast::{limits_by_id, tell_forecast};
pub use hold_cycle::{HoldCycleRule, PowerSpec, ProgramSpec, PulsesSpec, SteamSpec};
pub use interlock::{ForbiddenWhen, InterlockRule};
pub use limit::LimitRule;
pub(crate) use reader::{CONTACT_TANK, RawInput, Reader, facts_of};
pub use reconcile::{ReconcileRule, Side};
pub use sequence::{SequenceRule, SequenceTime};
pub use statistic::{Background, Settling, Span, Statistic};
pub(crate) use value::is_name;
pub use value::{Formula, Gate, Number, Value};

use crate::{
    AreaFacts, InputSpec, PointFacts, Requirement,
    calendar::Calendar,
    evaluator::{
        self, Judge, StateError,
        events::{self, Watched},
    },
    timeline::Judged,
};
use core::time::Duration;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use toml::Spanned;
use weir_domain::{Class, Text, Timestamp, Verdict};

/// A kind of rule: what it says of itself.
pub(crate) trait Kind {
    /// The rule as it is written.
    type Raw: DeserializeOwned
    where
        Self: Sized;

    /// Reads what is written: one rule for all classes, or one for each. What is wrong with it is
    /// told to the reader; a rule that cannot be understood is left out.
    fn read(raw: Spanned<Self::Raw>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)>
    where
        Self: Sized;

    /// The points it looks at.
    fn watches(&self) -> Watches<'_>;

    /// The facts it asks of the area.
    fn facts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What is required, in words.
    fn limit_text(&self) -> Text;

    /// Least and greatest allowed value of the first input, for drawing.
    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        (None, None)
    }

    /// Whether these limits hold for every value of the first input, or only for some.
    fn limits_every_value(&self) -> bool {
        false
    }

    /// The greatest deadband that leaves something between the limits; none where they cross.
    fn deadband_max(&self) -> Option<f64> {
        Some(0.0)
    }

    /// Whether it may be judged in opening hours only.
    fn knows_opening_hours(&self) -> bool {
        false
    }

    /// Whether it warns of what has not happened yet, whatever the pack says.
    fn only_warns(&self) -> bool {
        false
    }

    /// The verdict that raises its alarm unless the pack says otherwise.
    fn raised_on(&self) -> Verdict {
        Verdict::NonCompliant
    }

    /// What judges it.
    fn judge(&self, bound: &Bound<'_>) -> AnyJudge;
}

/// The points a rule looks at.
#[derive(Debug)]
pub(crate) enum Watches<'a> {
    /// One instance for each point that fits the first input; the others are looked for on its
    /// device, and then in its area. At most [`INPUTS_MAX`](crate::timeline::INPUTS_MAX).
    Inputs(Vec<&'a InputSpec>),
    /// One instance for each device, with all its points.
    Devices,
}

/// A requirement with the points it was bound to, about to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub(crate) requirement: &'a Requirement,
    pub(crate) area: &'a AreaFacts,
    /// The inputs in the order of the binding.
    pub(crate) points: &'a [PointFacts],
    pub(crate) start: Timestamp,
}

impl Bound<'_> {
    /// A fact of the area. Whatever [`Kind::facts`] names is there.
    pub(crate) fn fact(&self, id: &str) -> Option<f64> {
        self.area.facts.get(id).copied()
    }

    pub(crate) fn max_gaps(&self) -> Vec<Duration> {
        self.points.iter().map(|point| point.max_gap).collect()
    }

    /// Local time, with the opening hours if they make a difference.
    pub(crate) fn calendar(&self) -> Calendar {
        let schedule = self.requirement.open_hours_only.then(|| self.area.schedule.clone());
        Calendar { time_zone: self.area.time_zone.clone(), schedule }
    }
}

/// Reads a rule of one kind from its part of a requirement.
type Read = fn(toml::Spanned<toml::de::DeValue<'_>>, &mut Reader<'_, '_>) -> Vec<ByClass>;
/// A rule, and the class it is for; none = all that the requirement is for.
pub(crate) type ByClass = (Option<Class>, Rule);

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $key:literal $Kind:ident($Rule:ty), judged by $($Judge:ident($judge:ty)),+;)+) => {
        /// What is required.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Rule {
            $($(#[doc = $doc])+ $Kind($Rule),)+
        }

        impl Rule {
            pub(crate) fn kind(&self) -> &dyn Kind {
                match self { $(Rule::$Kind(rule) => rule,)+ }
            }
        }

        /// The key of each kind in a requirement, and what reads it.
        pub(crate) const KINDS: &[(&str, Read)] = &[$(($key, |part, reader| {
            let Some(raw) = reader.shape::<Spanned<<$Rule as Kind>::Raw>>(part) else {
                return Vec::new();
            };
            let rules = <$Rule as Kind>::read(raw, reader).into_iter();
            rules.map(|(class, rule)| (class, Rule::$Kind(rule))).collect()
        }),)+];

        /// What judges a rule.
        #[derive(Debug, Clone)]
        pub(crate) enum AnyJudge {
            $($($Judge($judge),)+)+
        }

        /// What a judge remembers.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Memory {
            $($($Judge(<$judge as Judge>::Memory),)+)+
        }

        impl AnyJudge {
            pub(crate) fn get(&self) -> &dyn Judge {
                match self { $($(AnyJudge::$Judge(judge) => judge,)+)+ }
            }

            pub(crate) fn get_mut(&mut self) -> &mut dyn Judge {
                match self { $($(AnyJudge::$Judge(judge) => judge,)+)+ }
            }

            pub(crate) fn memory(&self) -> Memory {
                match self { $($(AnyJudge::$Judge(judge) => Memory::$Judge(judge.memory()),)+)+ }
            }

            pub(crate) fn restore(&mut self, memory: Memory) -> Result<(), StateError> {
                match (self, memory) {
                    $($((AnyJudge::$Judge(judge), Memory::$Judge(memory)) => judge.restore(memory),)+)+
                    _ => Err(StateError),
                }
            }
        }
    };
}

kinds! {
    /// A value stays within limits.
    "limit" Limit(LimitRule),
        judged by Instant(Judged<evaluator::InstantLimit>),
        Rate(Judged<evaluator::Changing<evaluator::Rate>>),
        Window(evaluator::WindowLimit);
    /// A limit is not about to be crossed.
    "forecast" Forecast(ForecastRule), judged by Forecast(Judged<evaluator::Forecast>);
    /// Water stays in a tank for long enough.
    "contact_time" ContactTime(ContactTimeRule),
        judged by ContactTime(Judged<evaluator::Changing<evaluator::Contact>>);
    /// Each cycle holds a value for a time.
    "hold_cycle" HoldCycle(HoldCycleRule), judged by HoldCycle(Judged<evaluator::HoldCycle>);
    /// Two things never happen together.
    "interlock" Interlock(InterlockRule), judged by Interlock(Judged<evaluator::Interlock>);
    /// Something is done often enough.
    "expected" Expected(ExpectedRule),
        judged by Expected(Watched<events::expected::Expected>), Every(Watched<events::every::Every>);
    /// Something happens so often at most.
    "count" Count(CountRule), judged by Count(Watched<events::count::Count>);
    /// One thing asks for another.
    "sequence" Sequence(SequenceRule), judged by Sequence(Watched<events::sequence::Sequence>);
    /// Two counts agree.
    "reconcile" Reconcile(ReconcileRule), judged by Reconcile(Watched<events::reconcile::Reconcile>);
    /// There are good data of every point of a device.
    "availability" Availability(AvailabilityRule),
        judged by Availability(evaluator::Availability), Uptime(evaluator::Uptime);
}
