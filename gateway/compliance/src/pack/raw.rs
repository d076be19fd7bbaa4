//! A pack as it is written: the shape of the text, before anything is checked against anything.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{AlarmClass, Class, PackId, Priority, RequirementId, Text, Unit, Verdict};

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
    #[serde(default, rename = "fact")]
    pub(super) facts: Vec<Spanned<RawFact>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClass {
    pub(super) id: Class,
    pub(super) name: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFact {
    pub(super) id: String,
    pub(super) name: Text,
    pub(super) unit: Unit,
    pub(super) default: Option<f64>,
}

/// All of a requirement but its rule, which its kind reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequirement {
    pub(super) id: Spanned<RequirementId>,
    pub(super) title: Spanned<Text>,
    pub(super) clause: Spanned<String>,
    pub(super) confidence: Spanned<String>,
    #[serde(default)]
    pub(super) classes: Vec<Spanned<Class>>,
    pub(super) overrides: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) warning: bool,
    #[serde(default)]
    pub(super) open_hours_only: bool,
    pub(super) alarm: Spanned<RawAlarm>,
    pub(super) cause: Spanned<Text>,
    pub(super) consequence: Spanned<Text>,
    pub(super) response: Spanned<Text>,
    pub(super) respond_within_mins: Spanned<u64>,
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
    pub(super) class: Option<AlarmClass>,
    #[serde(default)]
    pub(super) latch: bool,
    pub(super) realarm_mins: Option<u64>,
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) suppressed_by: Vec<RequirementId>,
    pub(super) shelve_max_mins: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTest {
    pub(super) name: String,
    pub(super) class: Option<Spanned<Class>>,
    pub(super) at: Spanned<toml::value::Datetime>,
    pub(super) time_zone: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) opening_hours: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) facts: BTreeMap<Spanned<String>, f64>,
    pub(super) points: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) expect: BTreeMap<RequirementId, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) stands: BTreeMap<RequirementId, Spanned<String>>,
    #[serde(default)]
    pub(super) marks: BTreeMap<String, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) findings: BTreeMap<String, Spanned<Vec<String>>>,
}
