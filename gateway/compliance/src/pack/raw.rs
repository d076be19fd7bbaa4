//! A pack as it is written: the shape of the text, before anything is checked against anything.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, PackId, Parameter, Priority, RequirementId, Role, Text, Unit, Verdict};

/// All but the requirements and the tests, which are read one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHeader {
    pub(super) id: PackId,
    pub(super) version: Spanned<String>,
    pub(super) title: Spanned<Text>,
    pub(super) source: Spanned<String>,
    pub(super) notes: Option<Text>,
    pub(super) effective_from: Option<Spanned<toml::value::Datetime>>,
    pub(super) effective_to: Option<Spanned<toml::value::Datetime>>,
    #[serde(default)]
    pub(super) classes: Vec<Spanned<RawClass>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClass {
    pub(super) id: Class,
    pub(super) name: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequirement {
    pub(super) id: Spanned<RequirementId>,
    pub(super) title: Spanned<Text>,
    pub(super) clause: Spanned<String>,
    pub(super) confidence: Spanned<String>,
    #[serde(default)]
    pub(super) classes: Vec<Spanned<Class>>,
    #[serde(default)]
    pub(super) warning: bool,
    #[serde(default)]
    pub(super) open_hours_only: bool,
    pub(super) alarm: Spanned<RawAlarm>,
    pub(super) cause: Spanned<Text>,
    pub(super) consequence: Spanned<Text>,
    pub(super) response: Spanned<Text>,
    pub(super) respond_within_mins: Spanned<u64>,
    pub(super) limit: Option<Spanned<RawLimit>>,
    pub(super) hold_cycle: Option<Spanned<RawHoldCycle>>,
    pub(super) interlock: Option<Spanned<RawInterlock>>,
    pub(super) availability: Option<RawAvailability>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlarm {
    pub(super) priority: Priority,
    #[serde(default)]
    pub(super) on_delay_secs: u64,
    #[serde(default)]
    pub(super) off_delay_secs: u64,
    #[serde(default)]
    pub(super) deadband: f64,
    pub(super) raise_on: Option<Verdict>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInput {
    pub(super) role: Option<Role>,
    pub(super) parameter: Parameter,
    pub(super) unit: Unit,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit {
    pub(super) input: RawInput,
    pub(super) instant: Option<RawInstant>,
    pub(super) mean: Option<Spanned<RawMean>>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) by_class: Option<BTreeMap<Class, Spanned<RawBounds>>>,
    pub(super) while_on: Option<RawInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBounds {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInstant {
    pub(super) persistence_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMean {
    pub(super) window_mins: u64,
    #[serde(default = "coverage_min")]
    pub(super) coverage_min: f64,
    pub(super) lateness_secs: u64,
}

/// Three quarters, as HJ 356 and its like ask of an hour and a day.
fn coverage_min() -> f64 {
    0.75
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHoldCycle {
    pub(super) input: RawInput,
    pub(super) threshold: f64,
    pub(super) hold_secs: u64,
    pub(super) dip_depth: f64,
    pub(super) dip_secs: u64,
    pub(super) starts_above: f64,
    pub(super) ends_below: f64,
    pub(super) door: Option<RawInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInterlock {
    pub(super) active: RawInput,
    pub(super) forbidden: RawInput,
    #[serde(default)]
    pub(super) forbidden_when: RawForbiddenWhen,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawForbiddenWhen {
    #[default]
    On,
    Off,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAvailability {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTest {
    pub(super) name: String,
    pub(super) class: Option<Spanned<Class>>,
    pub(super) at: Spanned<toml::value::Datetime>,
    pub(super) time_zone: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) opening_hours: Vec<Spanned<String>>,
    pub(super) points: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) expect: BTreeMap<RequirementId, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) stands: BTreeMap<RequirementId, Spanned<String>>,
}
