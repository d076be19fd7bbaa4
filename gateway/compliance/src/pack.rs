//! Rule packs: the requirements of a standard as data.

mod fault;
mod raw;
mod requirement;
mod script;
mod signal;
mod validate;

pub use fault::{PackError, PackFault};
pub(crate) use script::Expected;
pub use script::TestCase;
pub(crate) use signal::TestPoint;

use crate::{limits::Limits, wording};
use core::time::Duration;
use jiff::civil::Date;
use weir_domain::{Class, PackId, Parameter, Priority, RequirementId, Role, Text, Unit, Verdict};

/// The requirements of one standard.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// The pack's name.
    pub id: PackId,
    /// Its version; any change that could change a verdict is a new one.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// The standard it was taken from.
    pub source: String,
    /// What the pack does not watch, and which of its numbers are not the standard's.
    pub notes: Option<Text>,
    /// First day on which it applies.
    pub effective_from: Option<Date>,
    /// Last day on which it applies.
    pub effective_to: Option<Date>,
    /// The classes of facility it knows; empty if it makes no difference between them.
    pub classes: Vec<ClassDef>,
    /// Its requirements, in the order of the file, one for each class where the limits differ.
    pub requirements: Vec<Requirement>,
    /// Its tests; there is at least one.
    pub tests: Vec<TestCase>,
}

/// A class of facility.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDef {
    /// The class.
    pub id: Class,
    /// Its name.
    pub name: Text,
}

/// One rule of a pack, and what to do when it is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// Its name within the pack; variants for different classes share it.
    pub id: RequirementId,
    /// Its title.
    pub title: Text,
    /// The clause of the standard.
    pub clause: String,
    /// How sure the value is: `V`, `M-h`, `M-m`, `M-l` or `C`.
    pub confidence: String,
    /// The classes it applies to; empty = every class.
    pub classes: Vec<Class>,
    /// Whether it only warns: its verdicts are no violations of the standard.
    pub warning: bool,
    /// Whether only opening hours count.
    pub open_hours_only: bool,
    /// What is required.
    pub rule: Rule,
    /// How its alarm behaves.
    pub alarm: AlarmSpec,
    /// What usually causes it to be broken.
    pub cause: Text,
    /// What comes of it.
    pub consequence: Text,
    /// What to do.
    pub response: Text,
    /// Within how long.
    pub respond_within: Duration,
}

/// How the alarm of a requirement behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmSpec {
    /// How soon somebody must act.
    pub priority: Priority,
    /// How long it must stand before the alarm is raised.
    pub on_delay: Duration,
    /// How long it must be over before the alarm returns.
    pub off_delay: Duration,
    /// How far inside the limits the value must be before the requirement stands compliant again.
    pub deadband: f64,
    /// Which verdict raises it.
    pub raise_on: Verdict,
}

/// What is required.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// A value stays within limits.
    Limit {
        /// The value.
        input: InputSpec,
        /// How it is looked at.
        statistic: Statistic,
        /// Least allowed value.
        low: Option<f64>,
        /// Greatest allowed value.
        high: Option<f64>,
        /// Judged only while this is on.
        while_on: Option<InputSpec>,
    },
    /// Each cycle holds a value for a time.
    HoldCycle {
        /// The value.
        input: InputSpec,
        /// What must be reached.
        threshold: f64,
        /// For how long.
        hold: Duration,
        /// How far below the threshold one dip may go.
        dip_depth: f64,
        /// How long that dip may last.
        dip_time: Duration,
        /// Above this a cycle starts.
        starts_above: f64,
        /// Below this it ends.
        ends_below: f64,
        /// While this is on, nothing is held.
        door: Option<InputSpec>,
    },
    /// Two things never happen together.
    Interlock {
        /// What is done, e.g. an exposure.
        active: InputSpec,
        /// What forbids it.
        forbidden: InputSpec,
        /// Whether it forbids while on (an open door) or while off (a dark lamp).
        forbidden_when: ForbiddenWhen,
    },
    /// There are good data of every point of a device.
    Availability {},
}

/// How a limit looks at the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Every value, once it has been outside the limits for the persistence.
    Instant {
        /// How long a violation must last in good data.
        persistence: Duration,
    },
    /// The time-weighted mean over windows of local time, one after the other.
    Mean {
        /// Length of the window: a day, or a divisor of a day.
        window: Duration,
        /// Least share of the window that must be covered by good data.
        coverage_min: f64,
        /// How long after the end of the window samples may still come.
        lateness: Duration,
    },
}

/// Which state of an input forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForbiddenWhen {
    /// While it is on, e.g. `door_open`.
    On,
    /// While it is off, e.g. `lamp_on`.
    Off,
}

/// Which points a rule looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpec {
    /// Where it is measured; none = anywhere in the area.
    pub role: Option<Role>,
    /// What is measured.
    pub parameter: Parameter,
    /// In which unit.
    pub unit: Unit,
}

impl Pack {
    /// Reads a pack.
    ///
    /// # Errors
    /// Every fault of the text, each with its place and a hint.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        validate::pack(text)
    }
}

impl Requirement {
    /// The limit as an interval with its unit, or the rule in words.
    pub fn limit_text(&self) -> Text {
        match &self.rule {
            Rule::Limit { input, low, high, .. } => {
                Limits { low: *low, high: *high }.text(input.unit)
            }
            Rule::HoldCycle { input, threshold, hold, .. } => {
                let limit = Limits { low: Some(*threshold), high: None }.text(input.unit);
                let hold = wording::duration(*hold);
                Text {
                    zh: format!("{}，保持 {hold}", limit.zh),
                    en: format!("{} for {hold}", limit.en),
                }
            }
            Rule::Interlock { active, forbidden, forbidden_when } => {
                let (active, forbidden) = (&active.parameter, &forbidden.parameter);
                let state = if *forbidden_when == ForbiddenWhen::On { "1" } else { "0" };
                Text {
                    zh: format!("{forbidden}={state} 时不得 {active}=1"),
                    en: format!("no {active}=1 while {forbidden}={state}"),
                }
            }
            Rule::Availability {} => Text { zh: "有有效数据".into(), en: "good data".into() },
        }
    }

    /// Least and greatest allowed value of the first input, for drawing.
    pub fn low_high(&self) -> (Option<f64>, Option<f64>) {
        match &self.rule {
            Rule::Limit { low, high, .. } => (*low, *high),
            Rule::HoldCycle { threshold, .. } => (Some(*threshold), None),
            Rule::Interlock { .. } | Rule::Availability {} => (None, None),
        }
    }
}
