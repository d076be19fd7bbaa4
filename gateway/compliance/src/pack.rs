//! Rule packs: the requirements of a standard as data.

mod event;
pub(crate) mod fault;
mod raw;
mod requirement;
mod script;
mod signal;
mod validate;

pub use event::{Edge, EventSpec};
pub use fault::{PackError, PackFault};
pub(crate) use script::Expected;
pub use script::TestCase;
pub(crate) use signal::TestPoint;

use crate::{
    rules::{Rule, Watches},
    validity::Validity,
};
use core::{fmt, time::Duration};
use jiff::civil::Date;
use weir_domain::{
    AlarmClass, Class, PackId, Parameter, Priority, RequirementId, Role, Text, Unit, Verdict,
};

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
    /// Who vouches for it.
    pub seal: Seal,
    /// The classes of facility it knows; empty if it makes no difference between them.
    pub classes: Vec<ClassDef>,
    /// The facts it asks of an area, besides `contact_tank_m3`.
    pub facts: Vec<FactDef>,
    /// Its requirements, in the order of the file, one for each class where the limits differ.
    pub requirements: Vec<Requirement>,
    /// How readings are checked before they are judged.
    pub validity: Vec<Validity>,
    /// Its tests; there is at least one.
    pub tests: Vec<TestCase>,
}

/// Who vouches for a pack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seal {
    /// It comes with the gateway.
    BuiltIn,
    /// The holder of a key, whose signature fits the text to the byte.
    Signed {
        /// The public key, as a site file names it: `ed25519:` and 64 hex digits.
        key: String,
    },
    /// Nobody.
    #[default]
    Unsigned,
}

/// A requirement of another pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridden {
    /// The pack.
    pub pack: PackId,
    /// Its requirement.
    pub requirement: RequirementId,
}

/// A class of facility.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDef {
    /// The class.
    pub id: Class,
    /// Its name.
    pub name: Text,
}

/// A number that an area may have, such as its beds.
#[derive(Debug, Clone, PartialEq)]
pub struct FactDef {
    /// Its name in expressions and in the site file.
    pub id: String,
    /// Its name for people.
    pub name: Text,
    /// What it is in.
    pub unit: Unit,
    /// What it is where the site file does not say.
    pub default: Option<f64>,
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
    /// The requirement of another pack in whose place it stands, where both apply.
    pub overrides: Option<Overridden>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSpec {
    /// How soon somebody must act.
    pub priority: Priority,
    /// What it is about.
    pub class: AlarmClass,
    /// How long it must stand before the alarm is raised.
    pub on_delay: Duration,
    /// How long it must be over before the alarm returns.
    pub off_delay: Duration,
    /// How far inside the limits the value must be before the requirement stands compliant again.
    pub deadband: f64,
    /// Which verdict raises it.
    pub raise_on: Verdict,
    /// Whether it stays open after its return until somebody resets it.
    pub latch: bool,
    /// After how long it is announced again while it is active and nobody has acknowledged it.
    pub realarm: Option<Duration>,
    /// The alarms of an area with the same word belong together: the first of them names the cause.
    pub group: Option<String>,
    /// While the alarm of one of these requirements is active in the area, this one says nothing new.
    pub suppressed_by: Vec<RequirementId>,
    /// How long it may be shelved at most, if not as long as the site allows; zero: not at all.
    pub shelve_max: Option<Duration>,
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

impl Seal {
    /// `builtin`, `signed` or `unsigned`, as interfaces show it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::BuiltIn => "builtin",
            Self::Signed { .. } => "signed",
            Self::Unsigned => "unsigned",
        }
    }
}

impl fmt::Display for Overridden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pack, self.requirement)
    }
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
        self.rule.kind().limit_text()
    }

    /// Least and greatest allowed value of the first input, for drawing.
    pub fn low_high(&self) -> (Option<f64>, Option<f64>) {
        self.rule.kind().low_high()
    }

    /// Whether [`low_high`](Self::low_high) holds for every value of the first input: what a cycle
    /// must reach at some time is no limit on the value at any time.
    pub fn limits_every_value(&self) -> bool {
        self.rule.kind().limits_every_value()
    }

    /// The facts its rule asks for.
    pub fn facts(&self) -> Vec<&str> {
        self.rule.kind().facts()
    }

    /// Every input of its rule; none where it looks at whole devices.
    pub fn inputs(&self) -> Vec<&InputSpec> {
        match self.rule.kind().watches() {
            Watches::Inputs(inputs) => inputs,
            Watches::Devices => Vec::new(),
        }
    }
}
