//! Each cycle holds a value for a time: a disinfection cabinet at 125 °C for a quarter of an hour.

use super::{AnyJudge, Bound, Kind, RawInput, Reader, Watches, reader::SECONDS_MAX};
use crate::{InputSpec, evaluator::HoldCycle, limits::Limits, timeline::Judged, wording};
use core::time::Duration;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text};

/// Each cycle holds a value for a time.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldCycleRule {
    /// The value.
    pub input: InputSpec,
    /// What must be reached.
    pub threshold: f64,
    /// For how long.
    pub hold: Duration,
    /// How far below the threshold one dip may go.
    pub dip_depth: f64,
    /// How long that dip may last.
    pub dip_time: Duration,
    /// Above this a cycle starts.
    pub starts_above: f64,
    /// Below this it ends.
    pub ends_below: f64,
    /// While this is on, nothing is held.
    pub door: Option<InputSpec>,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHoldCycle {
    input: RawInput,
    threshold: f64,
    hold_secs: u64,
    dip_depth: f64,
    dip_secs: u64,
    starts_above: f64,
    ends_below: f64,
    door: Option<RawInput>,
}

impl Kind for HoldCycleRule {
    type Raw = RawHoldCycle;

    fn read(raw: Spanned<RawHoldCycle>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        if !(raw.ends_below <= raw.starts_above && raw.starts_above < raw.threshold) {
            let hint = "they must rise: ends_below, starts_above, threshold";
            reader.fault(span.clone(), "a cycle could not begin, hold and end", hint);
        } else if !(raw.dip_depth >= 0.0 && raw.threshold - raw.dip_depth > raw.starts_above) {
            let problem = "dip_depth is negative or reaches below starts_above";
            reader.fault(span.clone(), problem, "");
        }
        if raw.hold_secs == 0 || raw.hold_secs > SECONDS_MAX || raw.dip_secs >= raw.hold_secs {
            let hint = "hold_secs is at most a day, and longer than dip_secs";
            reader.fault(span, "hold_secs and dip_secs do not fit", hint);
        }
        let rule = Self {
            input: raw.input.spec(),
            threshold: raw.threshold,
            hold: Duration::from_secs(raw.hold_secs),
            dip_depth: raw.dip_depth,
            dip_time: Duration::from_secs(raw.dip_secs),
            starts_above: raw.starts_above,
            ends_below: raw.ends_below,
            door: raw.door.as_ref().map(RawInput::spec),
        };
        vec![(None, rule)]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs([&self.input].into_iter().chain(&self.door).collect())
    }

    fn limit_text(&self) -> Text {
        let limit = Limits { low: Some(self.threshold), high: None }.text(self.input.unit);
        let hold = wording::duration(self.hold);
        Text { zh: format!("{}，保持 {hold}", limit.zh), en: format!("{} for {hold}", limit.en) }
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        (Some(self.threshold), None)
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let cycle = HoldCycle::new(self.clone(), bound.area.time_zone.clone(), bound.start);
        AnyJudge::HoldCycle(Judged::new(cycle, bound.max_gaps(), bound.start))
    }
}
