//! Something happens so often at most: exposures outside the licensed hours, dark lamps in a day.

use super::{
    AnyJudge, Bound, Kind, RawInput, Reader, Watches,
    event::{RawEvent, WatchOptions, gate, grace, open_calendar, watch},
};
use crate::{
    EventSpec, InputSpec, Period,
    evaluator::events::{
        Watched,
        count::{Count, CountSettings, Hours},
        period::Windows,
        words,
    },
};
use core::time::Duration;
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Class, Text};

/// Something happens so often at most.
#[derive(Debug, Clone, PartialEq)]
pub struct CountRule {
    /// What happens.
    pub event: EventSpec,
    /// How often it may.
    pub at_most: u32,
    /// In which period.
    pub per: Period,
    /// Only while this is on, or off.
    pub gate: Option<(InputSpec, bool)>,
    /// Only outside the opening hours.
    pub outside_hours: bool,
    /// Least share of a period that must have been seen.
    pub coverage_min: f64,
    /// How late it may be reported.
    pub grace: Duration,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCount {
    event: Spanned<RawEvent>,
    at_most: u32,
    per: Period,
    while_on: Option<RawInput>,
    while_off: Option<RawInput>,
    #[serde(default)]
    outside_hours: bool,
    #[serde(default = "all")]
    coverage_min: f64,
    #[serde(default)]
    grace_mins: u64,
}

/// What was not seen may have happened.
fn all() -> f64 {
    1.0
}

impl Kind for CountRule {
    type Raw = RawCount;

    fn read(raw: Spanned<RawCount>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        if !(raw.coverage_min > 0.0 && raw.coverage_min <= 1.0) {
            reader.fault(span.clone(), "coverage_min is not above 0 and at most 1", "");
        }
        let gate = match (&raw.while_on, &raw.while_off) {
            (Some(_), Some(_)) => {
                reader.fault(span.clone(), "while_on and while_off exclude each other", "");
                None
            }
            (on, off) => {
                let gate = |input: &RawInput, on: bool| (input.spec(), on);
                on.as_ref().map(|on| gate(on, true)).or(off.as_ref().map(|off| gate(off, false)))
            }
        };
        let rule = Self {
            event: RawEvent::read(&raw.event, reader),
            at_most: raw.at_most,
            per: raw.per,
            gate,
            outside_hours: raw.outside_hours,
            coverage_min: raw.coverage_min,
            grace: grace(raw.grace_mins, span, reader),
        };
        vec![(None, rule)]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs(
            [&self.event.input]
                .into_iter()
                .chain(self.gate.as_ref().map(|(input, _)| input))
                .collect(),
        )
    }

    fn limit_text(&self) -> Text {
        let (Text { zh, en }, (per_zh, per_en)) = (self.event.label(), words::per(self.per));
        let most = self.at_most;
        let (gate_zh, gate_en) = self.gate.as_ref().map_or_else(Default::default, |(gate, on)| {
            let (gate, on) = (&gate.parameter, u8::from(*on));
            (format!("{gate}={on} 期间 "), format!(" while {gate}={on}"))
        });
        let (hours_zh, hours_en) =
            if self.outside_hours { ("规定时间外", " outside the hours") } else { ("", "") };
        Text {
            zh: format!("{hours_zh}{gate_zh}{zh} {per_zh}至多 {most} 次"),
            en: format!("{en}{gate_en}{hours_en} at most {most} times {per_en}"),
        }
    }

    fn knows_opening_hours(&self) -> bool {
        !self.outside_hours
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let (hours, calendar) = match (self.outside_hours, bound.requirement.open_hours_only) {
            (true, _) => (Hours::Closed, open_calendar(bound)),
            (_, true) => (Hours::Open, bound.calendar()),
            _ => (Hours::All, bound.calendar()),
        };
        let settings = CountSettings {
            label: self.event.label(),
            at_most: f64::from(self.at_most),
            windows: Windows::Calendar(bound.area.time_zone.clone(), self.per),
            hours,
            calendar,
            gated: self.gate.is_some(),
            coverage_min: self.coverage_min,
        };
        let options = WatchOptions { grace: self.grace, ..WatchOptions::default() };
        let mut watches = vec![watch(&self.event, bound, 0, options)];
        watches.extend(self.gate.as_ref().map(|(_, on)| gate(bound, 1, *on)));
        AnyJudge::Count(Watched::new(Count::new(settings, bound.start), watches, bound.start))
    }
}
