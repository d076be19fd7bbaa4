//! What a measurement rests on: sample flow through the probe, water in the channel.
//!
//! While it is not there the instrument measures something else, and its value is bad. While
//! nobody knows whether it is there, the value is uncertain. A point that the area does not have is
//! not asked for.

use super::point::{Point, seconds};
use super::said::text;
use crate::{InputSpec, rules::RawInput};
use serde::{Deserialize, Deserializer, Serialize};
use weir_domain::{BadReason, Quality, Text, UncertainReason};

/// What is not known for so long is unknown, ms.
const UNKNOWN_AFTER: i64 = 60_000;

/// Something that must be there while a value is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// What shows it: on the same device, or else the only one in the area.
    #[serde(deserialize_with = "input")]
    pub input: InputSpec,
    /// The least value that it needs; 1 for a switch that must be on.
    pub low: Option<f64>,
    /// The greatest value that it may have; 0 for a switch that must be off.
    pub high: Option<f64>,
    /// For how long it must be missing before it counts, s.
    #[serde(default)]
    pub for_secs: u64,
}

/// An input as packs write it.
pub(super) fn input<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InputSpec, D::Error> {
    Ok(RawInput::deserialize(deserializer)?.spec())
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct NeedMemory {
    since: Option<i64>,
}

impl Need {
    pub(super) fn fault(&self) -> Option<&'static str> {
        (self.low.is_none() && self.high.is_none()).then_some("needs says neither low nor high")
    }

    /// What a sample is worth, given what the input is at that time.
    pub(super) fn judge(
        &self,
        memory: &mut NeedMemory,
        t: i64,
        input: Option<f64>,
    ) -> Option<Quality> {
        let is_met = input.is_some_and(|value| {
            self.low.is_none_or(|low| value >= low) && self.high.is_none_or(|high| value <= high)
        });
        if is_met {
            memory.since = None;
            return None;
        }
        let lasted = t - *memory.since.get_or_insert(t);
        let patience = seconds(self.for_secs);
        match input {
            Some(_) => (lasted >= patience).then_some(Quality::Bad(BadReason::DependencyFailed)),
            None => (lasted >= patience.max(UNKNOWN_AFTER))
                .then_some(Quality::Uncertain(UncertainReason::SubNormal)),
        }
    }

    pub(super) fn words(&self, point: &Point, value: f64, input: Option<f64>) -> Text {
        let number = point.number(value);
        let unit = self.input.unit.suffix();
        let wanted = match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{low} – {high}{unit}"),
            (Some(low), None) => format!("≥ {low}{unit}"),
            (None, Some(high)) => format!("≤ {high}{unit}"),
            (None, None) => String::new(),
        };
        let name = &self.input.parameter;
        match input {
            Some(found) => text(
                format!("{number} 不代表被测水体：{name} 为 {found}{unit}，须 {wanted}"),
                format!(
                    "{number} does not speak for the process: {name} is {found}{unit}, it must be {wanted}"
                ),
            ),
            None => text(
                format!("{number} 的测量条件不明：没有 {name} 的有效数据"),
                format!("nobody knows what {number} rests on: there are no good data of {name}"),
            ),
        }
    }
}
