//! A pack as it is written: the shape of the text, before anything is checked against anything.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, PackId, Priority, RequirementId, Text, Verdict};

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
    pub(super) points: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) expect: BTreeMap<RequirementId, Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) stands: BTreeMap<RequirementId, Spanned<String>>,
}
