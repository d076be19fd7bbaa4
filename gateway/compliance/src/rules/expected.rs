//! A duty: something is done so often in each period, before each opening, or every so many hours.

use super::{
    AnyJudge, Bound, Kind, Reader, Watches,
    event::{RawEvent, WatchOptions, grace, inputs, low_high, open_calendar, watch},
};
use crate::{
    EventSpec, Period,
    evaluator::events::{
        Watched,
        every::{Every, EverySettings},
        expected::{Expected, ExpectedSettings},
        period::Windows,
        words,
    },
};
use core::time::Duration;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text};

/// No duty comes round more seldom than every ten years.
const EVERY_DAYS_MAX: f64 = 3_660.0;
/// What is done before an opening is done on the same day.
const BEFORE_MINS_MAX: u64 = 24 * 60;

/// Something is done often enough.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedRule {
    /// What is done.
    pub event: EventSpec,
    /// How often.
    pub often: Often,
    /// How late it may be reported.
    pub grace: Duration,
}

/// How often something is to be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Often {
    /// So many times in each period of the local calendar.
    Per(Period, f64),
    /// So many times within so long before each opening.
    BeforeOpening(Duration, f64),
    /// Again before so long has passed.
    Every(Duration),
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExpected {
    event: Spanned<RawEvent>,
    at_least: Option<u32>,
    per: Option<RawPer>,
    before_mins: Option<u64>,
    every_hours: Option<f64>,
    every_days: Option<f64>,
    #[serde(default)]
    grace_mins: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawPer {
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Opening,
}

impl RawExpected {
    fn often(&self, span: core::ops::Range<usize>, reader: &mut Reader<'_, '_>) -> Option<Often> {
        let at_least = f64::from(self.at_least.unwrap_or(1));
        if at_least < 1.0 {
            reader.fault(span.clone(), "at_least is 0", "a duty is done at least once");
        }
        let opening = self.per == Some(RawPer::Opening);
        if opening != self.before_mins.is_some() {
            let hint = "per = \"opening\" has before_mins, the other periods have not";
            reader.fault(span.clone(), "per and before_mins do not fit", hint);
        }
        let hours = self.every_hours.or(self.every_days.map(|days| days * 24.0));
        match (self.per, hours) {
            (Some(per), None) => {
                let before = self.before_mins.unwrap_or(1);
                if before == 0 || before > BEFORE_MINS_MAX {
                    reader.fault(span, "before_mins is 0 or longer than a day", "");
                }
                Some(per.often(Duration::from_secs(before.min(BEFORE_MINS_MAX) * 60), at_least))
            }
            (None, Some(hours)) if self.every_hours.is_none() || self.every_days.is_none() => {
                if !(hours > 0.0 && hours <= EVERY_DAYS_MAX * 24.0) {
                    reader.fault(span, "no duty comes round like that", "give up to ten years");
                    return None;
                }
                if self.at_least.is_some() {
                    let hint = "what comes round is done once each time";
                    reader.fault(span, "at_least does not fit", hint);
                }
                Some(Often::Every(Duration::from_secs_f64((hours * 3_600.0).round().max(1.0))))
            }
            _ => {
                let hint = "give one of per, every_hours, every_days";
                reader.fault(span, "not exactly one way to say how often", hint);
                None
            }
        }
    }
}

impl RawPer {
    fn often(self, before: Duration, at_least: f64) -> Often {
        let period = match self {
            Self::Opening => return Often::BeforeOpening(before, at_least),
            Self::Day => Period::Day,
            Self::Week => Period::Week,
            Self::Month => Period::Month,
            Self::Quarter => Period::Quarter,
            Self::Year => Period::Year,
        };
        Often::Per(period, at_least)
    }
}

impl Kind for ExpectedRule {
    type Raw = RawExpected;

    fn read(raw: Spanned<RawExpected>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let event = RawEvent::read(&raw.event, reader);
        let grace = grace(raw.grace_mins, span.clone(), reader);
        let often = raw.often(span, reader);
        often.map(|often| (None, Self { event, often, grace })).into_iter().collect()
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs(inputs([&self.event]))
    }

    fn limit_text(&self) -> Text {
        let Text { zh, en } = self.event.label();
        match self.often {
            Often::Per(period, least) => {
                let (per_zh, per_en) = words::per(period);
                Text {
                    zh: format!("{per_zh}至少 {least} 次 {zh}"),
                    en: format!("{en} at least {least} times {per_en}"),
                }
            }
            Often::BeforeOpening(before, least) => {
                let before = words::span(before);
                Text {
                    zh: format!("每次开放前 {} 内至少 {least} 次 {zh}", before.zh),
                    en: format!("{en} at least {least} times within {} before opening", before.en),
                }
            }
            Often::Every(every) => {
                let every = words::span(every);
                Text {
                    zh: format!("至少每 {} 一次 {zh}", every.zh),
                    en: format!("{en} at least every {}", every.en),
                }
            }
        }
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        low_high(&self.event)
    }

    fn knows_opening_hours(&self) -> bool {
        true
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let (label, start) = (self.event.label(), bound.start);
        let options = WatchOptions { grace: self.grace, ..WatchOptions::default() };
        let watches = vec![watch(&self.event, bound, 0, options)];
        let calendar = bound.calendar();
        let (windows, at_least) = match self.often {
            Often::Every(every) => {
                let rule = Every::new(EverySettings { label, every, calendar }, start);
                return AnyJudge::Every(Watched::new(rule, watches, start));
            }
            Often::Per(period, least) => {
                (Windows::Calendar(bound.area.time_zone.clone(), period), least)
            }
            Often::BeforeOpening(before, least) => {
                (Windows::Opening(open_calendar(bound), before), least)
            }
        };
        let calendar = match windows {
            // The time before an opening is closed.
            Windows::Opening(..) => crate::calendar::Calendar { schedule: None, ..calendar },
            Windows::Calendar(..) => calendar,
        };
        let settings = ExpectedSettings { label, at_least, windows, calendar };
        AnyJudge::Expected(Watched::new(Expected::new(settings, start), watches, start))
    }
}
