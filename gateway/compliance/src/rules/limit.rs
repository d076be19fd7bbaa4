//! A value stays within limits: every value, or a statistic of a window.

use super::{
    AnyJudge, Bound, Gate, Kind, RawInput, Reader, Watches,
    statistic::{Background, RawInstant, RawMean, RawPercentile, RawRate, RawStatistic, RawTotal},
    statistic::{Settling, Span, Statistic},
    value::{RawFormula, Value, Wiring},
};
use crate::{
    Period, Window,
    evaluator::{
        Changing, InstantLimit, InstantSettings, LimitWords, Rate, WindowLimit, WindowSettings,
    },
    limits::Limits,
    timeline::{Channel, Judged, Lens},
};
use core::{ops::Range, time::Duration};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, Text, Unit};

/// A value stays within limits.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitRule {
    /// The value.
    pub value: Value,
    /// How it is looked at.
    pub statistic: Statistic,
    /// Least allowed value.
    pub low: Option<f64>,
    /// Greatest allowed value.
    pub high: Option<f64>,
    /// When it is judged.
    pub gate: Gate,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimit {
    input: Option<RawInput>,
    value: Option<Spanned<RawFormula>>,
    instant: Option<RawInstant>,
    mean: Option<Spanned<RawMean>>,
    percentile: Option<Spanned<RawPercentile>>,
    rate: Option<Spanned<RawRate>>,
    total: Option<Spanned<RawTotal>>,
    low: Option<f64>,
    high: Option<f64>,
    by_class: Option<BTreeMap<Class, Spanned<RawBounds>>>,
    while_on: Option<RawInput>,
    #[serde(rename = "while")]
    holds: Option<Spanned<RawFormula>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl LimitRule {
    pub(super) fn limits(&self) -> Limits {
        Limits { low: self.low, high: self.high }
    }

    /// What the limits are in.
    pub(super) fn unit(&self) -> Unit {
        match self.statistic {
            Statistic::Total { unit, .. } => unit,
            _ => self.value.unit(),
        }
    }

    /// The input that the statistic asks for besides.
    fn beside(&self) -> Option<&crate::InputSpec> {
        match &self.statistic {
            Statistic::Mean { weight, .. } => weight.as_ref(),
            Statistic::Total { background: Some(Background::Input(input)), .. } => Some(input),
            _ => None,
        }
    }

    pub(super) fn lens(&self, bound: &Bound<'_>) -> Lens {
        let mut wiring = Wiring::default();
        let value = self.value.channel(&mut wiring, bound);
        let gates = self.gate.channels(&mut wiring, bound);
        let input = self.beside().map(|input| Channel::Input(wiring.slot(input)));
        let given = match &self.statistic {
            Statistic::Total { background: Some(background), .. } => background.of(bound),
            _ => None,
        };
        let more = input.into_iter().chain(given.map(Channel::Given)).collect();
        Lens { value, gates, more }
    }

    pub(super) fn words(&self, bound: &Bound<'_>) -> LimitWords {
        let what = match (self.value.expr(), &self.statistic) {
            (Some(expr), _) => Text { zh: format!("{expr} = "), en: format!("{expr} = ") },
            (None, Statistic::Rate { .. }) => {
                Text { zh: "每分钟变化 ".into(), en: "change per minute ".into() }
            }
            (None, _) => Text { zh: String::new(), en: String::new() },
        };
        let time_zone = bound.area.time_zone.clone();
        LimitWords { limits: self.limits(), unit: self.unit(), what, time_zone }
    }

    /// What judges single values, or their changes.
    fn instant(&self, persistence: Duration, bound: &Bound<'_>) -> InstantLimit {
        let deadband = bound.requirement.alarm.deadband;
        let gated = !self.gate.is_open() || matches!(self.statistic, Statistic::Rate { .. });
        let settings = InstantSettings { persistence, gated, deadband };
        InstantLimit::new(self.words(bound), settings, bound.calendar(), bound.start)
    }

    fn window(
        &self,
        window: Window,
        rolling_days: Option<u16>,
        settling: Settling,
        bound: &Bound<'_>,
    ) -> Option<WindowLimit> {
        let (statistic, name) = self.statistic.of_window()?;
        let settings = WindowSettings {
            window,
            rolling_days,
            statistic,
            name,
            coverage_min: settling.coverage_min,
            lateness: settling.lateness,
            deadband: bound.requirement.alarm.deadband,
            max_gaps: bound.max_gaps(),
            lens: self.lens(bound),
        };
        Some(WindowLimit::new(self.words(bound), settings, bound.calendar(), bound.start))
    }
}

impl LimitRule {
    /// Whether it is judged only while an input is on; none if an expression has a say, in the
    /// value or in when it is judged.
    pub fn gated_input(&self) -> Option<bool> {
        match self.value {
            Value::Input(_) => self.gate.input_only(),
            Value::Formula(_) => None,
        }
    }
}

impl Kind for LimitRule {
    type Raw = RawLimit;

    fn read(raw: Spanned<RawLimit>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.into_inner());
        let value = Value::read(raw.input.as_ref(), raw.value.as_ref(), span.clone(), reader);
        let gate = Gate::read(raw.while_on.as_ref(), raw.holds.as_ref(), reader);
        let RawLimit { instant, mean, percentile, rate, total, .. } = raw;
        let statistic = RawStatistic { instant, mean, percentile, rate, total };
        let statistic = Statistic::read(&statistic, span.clone(), reader);
        let (Some(value), Some(statistic)) = (value, statistic) else { return Vec::new() };
        let rule = |low, high| Self {
            value: value.clone(),
            statistic: statistic.clone(),
            low,
            high,
            gate: gate.clone(),
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
        let mut wiring = Wiring::default();
        self.value.wire(&mut wiring);
        self.gate.wire(&mut wiring);
        self.beside().into_iter().for_each(|input| {
            wiring.slot(input);
        });
        Watches::Inputs(wiring.inputs)
    }

    fn facts(&self) -> Vec<&str> {
        let mut facts = self.value.facts();
        facts.extend(self.gate.facts());
        facts.extend(self.statistic.facts());
        facts
    }

    fn limit_text(&self) -> Text {
        let limit = self.limits().text(self.unit());
        let expr = self.value.expr().map(|expr| Text { zh: expr.into(), en: expr.into() });
        let parts: Vec<Text> = self.statistic.words().into_iter().chain(expr).collect();
        parts.into_iter().rev().fold(limit, |limit, part| Text {
            zh: format!("{} {}", part.zh, limit.zh),
            en: format!("{} {}", part.en, limit.en),
        })
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        (self.low, self.high)
    }

    fn limits_every_value(&self) -> bool {
        matches!(self.value, Value::Input(_)) && self.statistic.is_of_values()
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
        let window = match self.statistic {
            Statistic::Instant { persistence } => {
                let judged =
                    Judged::new(self.instant(persistence, bound), bound.max_gaps(), bound.start);
                return AnyJudge::Instant(judged.through(self.lens(bound)));
            }
            Statistic::Rate { over, persistence } => {
                let limit = self.instant(persistence, bound);
                let changing =
                    Changing::new(Rate::new(over, bound.start), limit, !self.gate.is_open());
                let judged = Judged::new(changing, bound.max_gaps(), bound.start);
                return AnyJudge::Rate(judged.through(self.lens(bound)));
            }
            Statistic::Mean { window, settling, .. }
            | Statistic::Percentile { window, settling, .. } => {
                self.window(window, None, settling, bound)
            }
            Statistic::Total { span, settling, .. } => match span {
                Span::Per(period) => self.window(Window::Per(period), None, settling, bound),
                Span::RollingDays(days) => {
                    self.window(Window::Per(Period::Day), Some(days), settling, bound)
                }
            },
        };
        AnyJudge::Window(window.expect("a statistic of single values has been judged above"))
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
