//! A limit is not about to be crossed: an early warning on another requirement of the pack.
//!
//! A forecast names a limit and takes its value, its limits and its conditions, class by class. It
//! passes no verdicts and is always a warning: nobody is fined for what has not happened.

use super::{AnyJudge, Bound, Kind, LimitRule, Reader, Watches, limit::RawLimit};
use crate::{
    evaluator::{Forecast, ForecastSettings},
    pack::fault::Faults,
    timeline::Judged,
    wording,
};
use core::time::Duration;
use serde::Deserialize;
use std::borrow::Cow;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use weir_domain::{Class, RequirementId, Text};

/// A day is as far as a straight line leads, in either direction.
const MINUTES_MAX: u64 = 24 * 60;

/// A limit is not about to be crossed.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRule {
    /// The requirement whose limit it is.
    pub of: RequirementId,
    /// That limit.
    pub limit: LimitRule,
    /// How far ahead.
    pub horizon: Duration,
    /// How far back the line is drawn from.
    pub window: Duration,
    /// How likely it must be before it is told, 0.5 to 1.
    pub confidence_min: f64,
}

/// The rule as it is written, with the limit that was put beside it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForecast {
    of: Spanned<RequirementId>,
    horizon_mins: u64,
    window_mins: u64,
    #[serde(default = "confidence_min")]
    confidence_min: f64,
    limit: Option<Spanned<RawLimit>>,
}

/// Four times out of five.
fn confidence_min() -> f64 {
    0.8
}

/// The limit of each requirement that has one, as it is written.
pub(crate) fn limits_by_id<'t>(
    requirements: &[Spanned<DeValue<'t>>],
) -> Vec<(String, Spanned<DeValue<'t>>)> {
    let limit = |item: &Spanned<DeValue<'t>>| {
        let DeValue::Table(table) = item.get_ref() else { return None };
        let id = table.get("id")?.get_ref().as_str()?.to_owned();
        Some((id, table.get("limit")?.clone()))
    };
    requirements.iter().filter_map(limit).collect()
}

/// Puts the limit that a forecast names beside it; it cannot be written there.
pub(crate) fn tell_forecast<'t>(
    requirement: &mut DeTable<'t>,
    limits: &[(String, Spanned<DeValue<'t>>)],
    faults: &mut Faults<'_>,
) {
    let Some(forecast) = requirement.get_mut("forecast") else { return };
    let span = forecast.span();
    let DeValue::Table(table) = forecast.get_mut() else { return };
    if table.contains_key("limit") {
        faults.add(span.clone(), "a forecast has no limit of its own", "name one with `of`");
    }
    let of = table.get("of").and_then(|of| of.get_ref().as_str()).map(str::to_owned);
    if let Some((_, limit)) = limits.iter().find(|(id, _)| Some(id) == of.as_ref()) {
        table.insert(Spanned::new(span, Cow::Borrowed("limit")), limit.clone());
    }
}

impl Kind for ForecastRule {
    type Raw = RawForecast;

    fn read(raw: Spanned<RawForecast>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let span = raw.span();
        let RawForecast { of, horizon_mins, window_mins, confidence_min, limit } = raw.into_inner();
        let is_sound = (1..=MINUTES_MAX).contains(&horizon_mins)
            && (8..=MINUTES_MAX).contains(&window_mins)
            && (0.5..1.0).contains(&confidence_min);
        if !is_sound {
            let hint = "horizon_mins 1 to 1440, window_mins 8 to 1440, confidence_min 0.5 to 1";
            reader.fault(span, "the forecast does not fit", hint);
        }
        let Some(limit) = limit else {
            let problem = format!("there is no limit {}", of.get_ref());
            reader.fault(of.span(), problem, "name a requirement of this pack that is a limit");
            return Vec::new();
        };
        let rule = |limit| Self {
            of: of.get_ref().clone(),
            limit,
            horizon: Duration::from_secs(horizon_mins.saturating_mul(60)),
            window: Duration::from_secs(window_mins.saturating_mul(60)),
            confidence_min,
        };
        let limits = LimitRule::read(limit, reader).into_iter();
        limits.map(|(class, limit)| (class, rule(limit))).collect()
    }

    fn watches(&self) -> Watches<'_> {
        self.limit.watches()
    }

    fn facts(&self) -> Vec<&str> {
        self.limit.facts()
    }

    fn limit_text(&self) -> Text {
        let limit = self.limit.limits().text(self.limit.unit());
        let horizon = wording::duration(self.horizon);
        Text {
            zh: format!("预计 {horizon} 内不超出 {}", limit.zh),
            en: format!("{} for the next {horizon}", limit.en),
        }
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        self.limit.low_high()
    }

    fn knows_opening_hours(&self) -> bool {
        true
    }

    fn only_warns(&self) -> bool {
        true
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let settings = ForecastSettings {
            horizon: self.horizon,
            window: self.window,
            confidence_min: self.confidence_min,
        };
        let words = self.limit.words(bound);
        let forecast = Forecast::new(words, settings, bound.calendar(), bound.start);
        let judged = Judged::new(forecast, bound.max_gaps(), bound.start);
        AnyJudge::Forecast(judged.through(self.limit.lens(bound)))
    }
}
