//! Events as they are written, and how the rules of events are bound to their points.

use super::{Bound, RawInput, Reader, reader::SECONDS_MAX};
use crate::{
    Edge, EventSpec, InputSpec,
    calendar::Calendar,
    evaluator::events::watch::{Watch, WatchSettings},
};
use core::{ops::Range, time::Duration};
use serde::Deserialize;
use toml::Spanned;
use weir_domain::Text;

/// Samples of a duty may be reported so late, in minutes: a month.
pub(super) const GRACE_MINS_MAX: u64 = 31 * 24 * 60;

/// An event as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEvent {
    input: RawInput,
    edge: RawEdge,
    level: Option<f64>,
    hysteresis: Option<f64>,
    roll_over: Option<f64>,
    values: Option<RawValues>,
    #[serde(default)]
    lasting_secs: u64,
    name: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawEdge {
    On,
    Off,
    Sample,
    Increase,
    Above,
    Below,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValues {
    low: Option<f64>,
    high: Option<f64>,
}

impl RawEvent {
    /// What is meant, with the faults of what cannot be.
    pub(super) fn read(raw: &Spanned<Self>, reader: &mut Reader<'_, '_>) -> EventSpec {
        raw.get_ref().spec(raw.span(), reader)
    }

    pub(super) fn spec(&self, span: Range<usize>, reader: &mut Reader<'_, '_>) -> EventSpec {
        let raw = self;
        let levelled = matches!(raw.edge, RawEdge::Above | RawEdge::Below);
        let finite = |number: Option<f64>| number.is_none_or(f64::is_finite);
        if levelled != raw.level.is_some() {
            let hint = "above and below have a level, the others have none";
            reader.fault(span.clone(), "edge and level do not fit", hint);
        }
        if raw.hysteresis.is_some_and(|width| !levelled || width.is_nan() || width < 0.0) {
            reader.fault(span.clone(), "hysteresis is negative, or has no level", "");
        }
        if raw.roll_over.is_some_and(|range| range.is_nan() || range <= 0.0)
            || (raw.roll_over.is_some() && raw.edge != RawEdge::Increase)
        {
            reader.fault(span.clone(), "roll_over does not fit", "only increase has it, above 0");
        }
        if raw.values.is_some() && raw.edge != RawEdge::Sample {
            reader.fault(span.clone(), "values do not fit", "only samples have values");
        }
        if let Some(RawValues { low, high }) = raw.values
            && (low.zip(high).is_some_and(|(low, high)| low > high)
                || (low.is_none() && high.is_none())
                || !finite(low)
                || !finite(high))
        {
            reader.fault(span.clone(), "no value can be within values", "give low, high or both");
        }
        if !finite(raw.level) || !finite(raw.roll_over) || !finite(raw.hysteresis) {
            reader.fault(span.clone(), "a number of the event is not finite", "");
        }
        let lasts = raw.lasting_secs > 0;
        if raw.lasting_secs > SECONDS_MAX
            || (lasts && matches!(raw.edge, RawEdge::Sample | RawEdge::Increase))
        {
            let hint = "only a state lasts, and at most a day";
            reader.fault(span, "lasting_secs does not fit", hint);
        }
        EventSpec {
            input: raw.input.spec(),
            edge: raw.edge(),
            lasting: Duration::from_secs(raw.lasting_secs.min(SECONDS_MAX)),
            name: raw.name.clone(),
        }
    }

    fn edge(&self) -> Edge {
        let (level, hysteresis) =
            (self.level.unwrap_or_default(), self.hysteresis.unwrap_or_default());
        match self.edge {
            RawEdge::On => Edge::On,
            RawEdge::Off => Edge::Off,
            RawEdge::Sample => {
                let values = self.values.unwrap_or(RawValues { low: None, high: None });
                Edge::Sample { low: values.low, high: values.high }
            }
            RawEdge::Increase => Edge::Increase { roll_over: self.roll_over },
            RawEdge::Above => Edge::Above { level, hysteresis },
            RawEdge::Below => Edge::Below { level, hysteresis },
        }
    }
}

/// How the watch on an event is to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WatchOptions {
    pub(super) sum: bool,
    pub(super) grace: Duration,
}

/// The watch on an event, which is the input number `input`.
pub(super) fn watch(
    event: &EventSpec,
    bound: &Bound<'_>,
    input: usize,
    options: WatchOptions,
) -> Watch {
    let point = bound.points.get(input);
    let settings = WatchSettings {
        edge: event.edge,
        lasting: event.lasting,
        sum: options.sum,
        max_gap: point.map(|point| point.max_gap).unwrap_or_default(),
        occasional: point.is_some_and(|point| point.occasional),
        grace: options.grace,
        gate: false,
    };
    Watch::new(settings, bound.start)
}

/// The watch on a gate, which is the input number `input`, open while that is on, or off.
pub(super) fn gate(bound: &Bound<'_>, input: usize, on: bool) -> Watch {
    let point = bound.points.get(input);
    let settings = WatchSettings {
        edge: if on { Edge::On } else { Edge::Off },
        lasting: Duration::ZERO,
        sum: false,
        max_gap: point.map(|point| point.max_gap).unwrap_or_default(),
        occasional: point.is_some_and(|point| point.occasional),
        grace: Duration::ZERO,
        gate: true,
    };
    Watch::new(settings, bound.start)
}

/// Local time with the opening hours, whether they make a difference or not.
pub(super) fn open_calendar(bound: &Bound<'_>) -> Calendar {
    let schedule = Some(bound.area.schedule.clone());
    Calendar { time_zone: bound.area.time_zone.clone(), schedule }
}

/// Least and greatest value of an event, for drawing.
pub(super) fn low_high(event: &EventSpec) -> (Option<f64>, Option<f64>) {
    match event.edge {
        Edge::Sample { low, high } => (low, high),
        _ => (None, None),
    }
}

pub(super) fn inputs<'a>(events: impl IntoIterator<Item = &'a EventSpec>) -> Vec<&'a InputSpec> {
    events.into_iter().map(|event| &event.input).collect()
}

pub(super) fn grace(mins: u64, span: Range<usize>, reader: &mut Reader<'_, '_>) -> Duration {
    if mins > GRACE_MINS_MAX {
        reader.fault(span, "grace_mins is longer than a month", "");
    }
    Duration::from_secs(mins.min(GRACE_MINS_MAX) * 60)
}
