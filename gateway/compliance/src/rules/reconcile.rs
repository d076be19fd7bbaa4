//! Two counts agree: exposures and examinations, cups disinfected and cups needed.

use super::{
    AnyJudge, Bound, Kind, Number, Reader, Watches,
    event::{RawEvent, WatchOptions, grace, inputs, watch},
    value::RawNumber,
};
use crate::{
    Edge, EventSpec, Period,
    evaluator::events::{
        Watched,
        period::Windows,
        reconcile::{Reconcile, ReconcileSettings, SideSettings},
        words,
    },
};
use core::time::Duration;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text};

/// Two counts agree.
#[derive(Debug, Clone, PartialEq)]
pub struct ReconcileRule {
    /// What is compared.
    pub left: Side,
    /// With what.
    pub right: Side,
    /// In which period.
    pub per: Period,
    /// Least and greatest ratio of left to right; the greatest may be infinite.
    pub ratio: (f64, f64),
    /// Least share of a period that must have been seen, on both sides.
    pub coverage_min: f64,
    /// How late it may be reported.
    pub grace: Duration,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// What is counted.
    pub event: EventSpec,
    /// How much each event stands for.
    pub times: Number,
    /// Whether the values of the samples are added up, instead of their number.
    pub sum: bool,
    /// Fewer events in a period say nothing, and the comparison is indeterminate.
    pub at_least: u64,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReconcile {
    left: Spanned<RawSide>,
    right: Spanned<RawSide>,
    per: Period,
    ratio: [f64; 2],
    #[serde(default = "all")]
    coverage_min: f64,
    #[serde(default)]
    grace_mins: u64,
}

/// What was not seen may have happened.
fn all() -> f64 {
    1.0
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSide {
    event: Spanned<RawEvent>,
    times: Option<RawNumber>,
    #[serde(default)]
    sum: bool,
    at_least: Option<u64>,
}

fn side(raw: &Spanned<RawSide>, reader: &mut Reader<'_, '_>) -> Side {
    let (span, raw) = (raw.span(), raw.get_ref());
    let event = RawEvent::read(&raw.event, reader);
    let is_sample = matches!(event.edge, Edge::Sample { .. });
    let times = raw.times.as_ref().and_then(|times| Number::read(times, span.clone(), reader));
    let times = times.unwrap_or(Number::Given(1.0));
    if times == Number::Given(0.0) {
        reader.fault(span.clone(), "times is 0", "an event that stands for nothing is not counted");
    }
    if raw.sum && !is_sample {
        let hint = "only samples have values; a counter is added up in any case";
        reader.fault(span, "sum has no effect here", hint);
    }
    // Where nothing is ever sent, nobody knows whether there was nothing to send.
    let at_least = raw.at_least.unwrap_or(u64::from(is_sample));
    Side { event, times, sum: raw.sum, at_least }
}

impl Kind for ReconcileRule {
    type Raw = RawReconcile;

    fn read(raw: Spanned<RawReconcile>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let [low, high] = raw.ratio;
        if !(low.is_finite() && low >= 0.0 && low <= high) {
            reader.fault(span.clone(), "ratio is no interval", "write [0.9, 1.1] or [0.9, inf]");
        }
        if !(raw.coverage_min > 0.0 && raw.coverage_min <= 1.0) {
            reader.fault(span.clone(), "coverage_min is not above 0 and at most 1", "");
        }
        let rule = Self {
            left: side(&raw.left, reader),
            right: side(&raw.right, reader),
            per: raw.per,
            ratio: (low, high),
            coverage_min: raw.coverage_min,
            grace: grace(raw.grace_mins, span, reader),
        };
        vec![(None, rule)]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs(inputs([&self.left.event, &self.right.event]))
    }

    fn facts(&self) -> Vec<&str> {
        [&self.left, &self.right].into_iter().filter_map(|side| side.times.fact()).collect()
    }

    fn limit_text(&self) -> Text {
        let (per_zh, per_en) = words::per(self.per);
        let (left, right) = (self.left.event.label(), self.right.event.label());
        let (low, high) = self.ratio;
        let ratio =
            if high.is_finite() { format!("[{low}, {high}]") } else { format!("≥ {low}") };
        Text {
            zh: format!("{per_zh} {} 与 {} 之比 {ratio}", left.zh, right.zh),
            en: format!("{} to {}, {ratio}, {per_en}", left.en, right.en),
        }
    }

    fn knows_opening_hours(&self) -> bool {
        true
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let sides = [&self.left, &self.right];
        let watches = [0, 1].map(|input| {
            let options = WatchOptions { sum: sides[input].sum, grace: self.grace };
            watch(&sides[input].event, bound, input, options)
        });
        let settings = ReconcileSettings {
            sides: sides.map(|side| SideSettings {
                label: side.event.label(),
                times: side.times.of(bound),
                at_least: side.at_least,
            }),
            ratio: self.ratio,
            windows: Windows::Calendar(bound.area.time_zone.clone(), self.per),
            calendar: bound.calendar(),
            coverage_min: self.coverage_min,
        };
        let rule = Reconcile::new(settings, bound.start);
        AnyJudge::Reconcile(Watched::new(rule, watches.into(), bound.start))
    }
}
