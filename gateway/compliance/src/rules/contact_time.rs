//! Water stays in a tank for long enough to be disinfected.

use super::{
    AnyJudge, Bound, Gate, Kind, Number, RawInput, Reader, Watches,
    reader::SECONDS_MAX,
    statistic::persistence,
    value::{RawFormula, RawNumber, Wiring},
};
use crate::{
    InputSpec,
    evaluator::{Changing, Contact, InstantLimit, InstantSettings, LimitWords},
    limits::Limits,
    timeline::{Channel, Judged, Lens},
};
use core::time::Duration;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, Text, Unit};

/// Water stays in a tank for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactTimeRule {
    /// The flow through the tank, in m³/h.
    pub flow: InputSpec,
    /// The volume of the tank, in m³.
    pub volume: Number,
    /// The part of the volume that counts: 1 by the letter of the law, less where water takes
    /// short cuts.
    pub baffle: Number,
    /// How long it must stay.
    pub at_least: Duration,
    /// How long a violation must last in good data.
    pub persistence: Duration,
    /// When it is judged, besides while anything flows.
    pub gate: Gate,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawContactTime {
    flow: RawInput,
    volume: Spanned<RawNumber>,
    baffle: Option<Spanned<RawNumber>>,
    at_least_mins: Option<u64>,
    by_class: Option<BTreeMap<Class, Spanned<RawAtLeast>>>,
    #[serde(default)]
    persistence_secs: u64,
    while_on: Option<RawInput>,
    #[serde(rename = "while")]
    holds: Option<Spanned<RawFormula>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAtLeast {
    at_least_mins: u64,
}

impl ContactTimeRule {
    fn limits(&self) -> Limits {
        Limits { low: Some(self.at_least.as_secs_f64() / 60.0), high: None }
    }
}

impl Kind for ContactTimeRule {
    type Raw = RawContactTime;

    fn read(raw: Spanned<Self::Raw>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let persistence = persistence(raw.persistence_secs, span.clone(), reader);
        if raw.flow.spec().unit != Unit::CubicMetrePerHour {
            reader.fault(span.clone(), "the flow is not in m³/h", "the volume is in m³");
        }
        let gate = Gate::read(raw.while_on.as_ref(), raw.holds.as_ref(), reader);
        let volume = Number::read(raw.volume.get_ref(), raw.volume.span(), reader);
        let baffle = match &raw.baffle {
            None => Some(Number::Given(1.0)),
            Some(raw) => Number::read(raw.get_ref(), raw.span(), reader),
        };
        let (Some(volume), Some(baffle)) = (volume, baffle) else { return Vec::new() };
        let mut rule = |minutes: u64, span| {
            if minutes == 0 || minutes * 60 > SECONDS_MAX {
                reader.fault(span, "at_least_mins is not 1 to a day", "");
            }
            Self {
                flow: raw.flow.spec(),
                volume: volume.clone(),
                baffle: baffle.clone(),
                at_least: Duration::from_secs(minutes.saturating_mul(60)),
                persistence,
                gate: gate.clone(),
            }
        };
        match (raw.at_least_mins, &raw.by_class) {
            (Some(minutes), None) => vec![(None, rule(minutes, span))],
            (None, Some(by_class)) if !by_class.is_empty() => {
                let rules: Vec<_> = by_class
                    .iter()
                    .map(|(class, said)| {
                        let rule = rule(said.get_ref().at_least_mins, said.span());
                        (class, Spanned::new(said.span(), rule))
                    })
                    .collect();
                if reader.names_classes() {
                    let hint = "give classes with at_least_mins, or by_class alone";
                    reader.fault(span, "classes stand here twice", hint);
                }
                let in_order = reader.by_class(rules.iter().map(|(class, rule)| (*class, rule)));
                let own = |(class, rule): (&Class, &Spanned<Self>)| {
                    (Some(class.clone()), rule.get_ref().clone())
                };
                in_order.into_iter().map(own).collect()
            }
            _ => {
                let problem = "not exactly one of at_least_mins and by_class";
                reader.fault(span, problem, "give one of them");
                Vec::new()
            }
        }
    }

    fn watches(&self) -> Watches<'_> {
        let mut wiring = Wiring::default();
        wiring.slot(&self.flow);
        self.gate.wire(&mut wiring);
        Watches::Inputs(wiring.inputs)
    }

    fn facts(&self) -> Vec<&str> {
        let mut facts: Vec<&str> =
            self.volume.fact().into_iter().chain(self.baffle.fact()).collect();
        facts.extend(self.gate.facts());
        facts
    }

    fn limit_text(&self) -> Text {
        let limit = self.limits().text(Unit::Minute);
        Text { zh: format!("接触时间 {}", limit.zh), en: format!("contact time {}", limit.en) }
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        let Limits { low, high } = self.limits();
        (low, high)
    }

    fn deadband_max(&self) -> Option<f64> {
        Some(f64::INFINITY)
    }

    fn knows_opening_hours(&self) -> bool {
        true
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let mut wiring = Wiring::default();
        let value = Channel::Input(wiring.slot(&self.flow));
        let gates = self.gate.channels(&mut wiring, bound);
        let volume = self.volume.of(bound) * self.baffle.of(bound);
        let what = Text {
            zh: format!("接触时间（有效容积 {volume} m³） "),
            en: format!("contact time (effective volume {volume} m³) "),
        };
        let (time_zone, limits) = (bound.area.time_zone.clone(), self.limits());
        let words = LimitWords { limits, unit: Unit::Minute, what, time_zone };
        let (persistence, deadband) = (self.persistence, bound.requirement.alarm.deadband);
        let settings = InstantSettings { persistence, gated: true, deadband };
        let limit = InstantLimit::new(words, settings, bound.calendar(), bound.start);
        let contact = Contact::new(volume, self.at_least, bound.start);
        let changing = Changing::new(contact, limit, !self.gate.is_open());
        let judged = Judged::new(changing, bound.max_gaps(), bound.start);
        AnyJudge::ContactTime(judged.through(Lens { value, gates, more: Vec::new() }))
    }
}
