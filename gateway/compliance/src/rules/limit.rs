//! A value stays within limits: every value, or the mean of a window.

use super::{AnyJudge, Bound, Kind, RawInput, Reader, Watches, reader::SECONDS_MAX};
use crate::{
    InputSpec,
    evaluator::{InstantLimit, InstantSettings, LimitWords, MeanLimit, MeanSettings},
    limits::Limits,
    timeline::Judged,
};
use core::{ops::Range, time::Duration};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, Text};

const MINUTES_OF_DAY: u64 = 24 * 60;
/// Samples are kept in order for so long.
const LATENESS_MAX_SECS: u64 = 3_600;

/// A value stays within limits.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitRule {
    /// The value.
    pub input: InputSpec,
    /// How it is looked at.
    pub statistic: Statistic,
    /// Least allowed value.
    pub low: Option<f64>,
    /// Greatest allowed value.
    pub high: Option<f64>,
    /// Judged only while this is on.
    pub while_on: Option<InputSpec>,
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

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimit {
    input: RawInput,
    instant: Option<RawInstant>,
    mean: Option<Spanned<RawMean>>,
    low: Option<f64>,
    high: Option<f64>,
    by_class: Option<BTreeMap<Class, Spanned<RawBounds>>>,
    while_on: Option<RawInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBounds {
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInstant {
    persistence_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMean {
    window_mins: u64,
    #[serde(default = "coverage_min")]
    coverage_min: f64,
    lateness_secs: u64,
}

/// Three quarters, as HJ 356 and its like ask of an hour and a day.
fn coverage_min() -> f64 {
    0.75
}

impl LimitRule {
    fn limits(&self) -> Limits {
        Limits { low: self.low, high: self.high }
    }
}

impl Kind for LimitRule {
    type Raw = RawLimit;

    fn read(raw: Spanned<RawLimit>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let Some(statistic) = statistic(raw, span.clone(), reader) else { return Vec::new() };
        let rule = |low, high| Self {
            input: raw.input.spec(),
            statistic,
            low,
            high,
            while_on: raw.while_on.as_ref().map(RawInput::spec),
        };
        let Some(by_class) = &raw.by_class else {
            check_bounds(raw.low, raw.high, span, reader);
            return vec![(None, rule(raw.low, raw.high))];
        };
        if raw.low.is_some() || raw.high.is_some() || reader.names_classes() {
            let hint = "give classes with low and high, or by_class alone";
            reader.fault(span.clone(), "limits stand here twice", hint);
        }
        if by_class.is_empty() {
            reader.fault(span, "by_class is empty", "");
        }
        let by_class = reader.by_class(by_class);
        let mut rules = Vec::new();
        for (class, bounds) in by_class {
            let RawBounds { low, high } = *bounds.get_ref();
            check_bounds(low, high, bounds.span(), reader);
            rules.push((Some(class.clone()), rule(low, high)));
        }
        rules
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs([&self.input].into_iter().chain(&self.while_on).collect())
    }

    fn limit_text(&self) -> Text {
        self.limits().text(self.input.unit)
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        (self.low, self.high)
    }

    fn limits_every_value(&self) -> bool {
        true
    }

    fn deadband_max(&self) -> Option<f64> {
        let room = match (self.low, self.high) {
            (Some(low), Some(high)) => (high - low) / 2.0,
            _ => f64::INFINITY,
        };
        (room >= 0.0).then_some(room)
    }

    fn knows_opening_hours(&self) -> bool {
        true
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let time_zone = bound.area.time_zone.clone();
        let words = LimitWords { limits: self.limits(), unit: self.input.unit, time_zone };
        let deadband = bound.requirement.alarm.deadband;
        let (calendar, start) = (bound.calendar(), bound.start);
        match self.statistic {
            Statistic::Instant { persistence } => {
                let gated = self.while_on.is_some();
                let settings = InstantSettings { persistence, gated, deadband };
                let limit = InstantLimit::new(words, settings, calendar, start);
                AnyJudge::Instant(Judged::new(limit, bound.max_gaps(), start))
            }
            Statistic::Mean { window, coverage_min, lateness } => {
                let max_gap = bound.points.first().map(|point| point.max_gap).unwrap_or_default();
                let settings = MeanSettings { window, coverage_min, lateness, deadband, max_gap };
                AnyJudge::Mean(MeanLimit::new(words, settings, calendar, start))
            }
        }
    }
}

fn check_bounds(
    low: Option<f64>,
    high: Option<f64>,
    span: Range<usize>,
    reader: &mut Reader<'_, '_>,
) {
    let finite = low.into_iter().chain(high).all(f64::is_finite);
    match (low, high) {
        _ if !finite => reader.fault(span, "a limit is not a finite number", ""),
        (None, None) => reader.fault(span, "neither low nor high", "give at least one limit"),
        (Some(low), Some(high)) if low > high => {
            reader.fault(span, format!("low {low} is above high {high}"), "");
        }
        _ => {}
    }
}

fn statistic(raw: &RawLimit, span: Range<usize>, reader: &mut Reader<'_, '_>) -> Option<Statistic> {
    match (&raw.instant, &raw.mean) {
        (Some(instant), None) => {
            if instant.persistence_secs > SECONDS_MAX {
                reader.fault(span, "persistence is longer than a day", "");
            }
            Some(Statistic::Instant { persistence: Duration::from_secs(instant.persistence_secs) })
        }
        (None, Some(mean)) => {
            if raw.while_on.is_some() {
                reader.fault(mean.span(), "a mean knows no while_on", "use an instant limit");
            }
            Some(self::mean(mean, reader))
        }
        _ => {
            reader.fault(span, "not exactly one statistic", "give either instant or mean");
            None
        }
    }
}

fn mean(raw: &Spanned<RawMean>, reader: &mut Reader<'_, '_>) -> Statistic {
    let (span, mean) = (raw.span(), raw.get_ref());
    if mean.window_mins == 0 || !MINUTES_OF_DAY.is_multiple_of(mean.window_mins) {
        let hint = "a window is a day or a part of it that fits in a whole number of times";
        reader.fault(span.clone(), format!("no window of {} min", mean.window_mins), hint);
    }
    if !(mean.coverage_min > 0.0 && mean.coverage_min <= 1.0) {
        reader.fault(span.clone(), "coverage_min is not above 0 and at most 1", "");
    }
    if mean.lateness_secs > LATENESS_MAX_SECS {
        reader.fault(span, "lateness is longer than an hour", "");
    }
    Statistic::Mean {
        window: Duration::from_secs(mean.window_mins.saturating_mul(60)),
        coverage_min: mean.coverage_min,
        lateness: Duration::from_secs(mean.lateness_secs),
    }
}
