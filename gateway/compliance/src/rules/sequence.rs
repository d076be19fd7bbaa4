//! One thing asks for another: a test before each discharge, a retraction after each alarm.

use super::{
    AnyJudge, Bound, Kind, Reader, Watches,
    event::{RawEvent, WatchOptions, grace, inputs, watch},
    reader::SECONDS_MAX,
};
use crate::{
    EventSpec,
    evaluator::events::{
        Watched,
        sequence::{Sequence, SequenceSettings, When},
    },
};
use core::{fmt, ops::Range, time::Duration};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use weir_domain::{Class, Text};

/// Before and after reach so far: as long as linen may be in the laundry.
const WITHIN_SECS_MAX: u64 = 31 * SECONDS_MAX;

/// One thing asks for another.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceRule {
    /// What asks for something.
    pub trigger: EventSpec,
    /// What it asks for, one after the other.
    pub needs: Vec<EventSpec>,
    /// When that must come.
    pub time: SequenceTime,
    /// How late it may be reported.
    pub grace: Duration,
}

/// When that must come which a trigger asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum SequenceTime {
    /// So long before the trigger at most.
    Before(Duration),
    /// Before the trigger, on the same local day.
    SameDay,
    /// Before the trigger, after this has happened for the last time.
    Since(EventSpec),
    /// So long after the trigger at most, unless something happens that cancels it.
    After(Duration, Option<EventSpec>),
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSequence {
    trigger: Spanned<RawEvent>,
    needs: Spanned<RawNeeds>,
    before_secs: Option<u64>,
    after_secs: Option<u64>,
    #[serde(default)]
    same_day: bool,
    since: Option<Spanned<RawEvent>>,
    unless: Option<Spanned<RawEvent>>,
    #[serde(default)]
    grace_mins: u64,
}

/// One event, or several in order.
#[derive(Debug)]
struct RawNeeds(Vec<RawEvent>);

impl<'de> Deserialize<'de> for RawNeeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Events;
        impl<'de> de::Visitor<'de> for Events {
            type Value = RawNeeds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, or a list of events")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RawNeeds, A::Error> {
                let one = RawEvent::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RawNeeds(vec![one]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<RawNeeds, A::Error> {
                let mut events = Vec::new();
                while let Some(event) = seq.next_element()? {
                    events.push(event);
                }
                Ok(RawNeeds(events))
            }
        }
        deserializer.deserialize_any(Events)
    }
}

impl RawSequence {
    fn time(&self, span: Range<usize>, reader: &mut Reader<'_, '_>) -> Option<SequenceTime> {
        let long = self.before_secs.or(self.after_secs);
        if long.is_some_and(|long| long == 0 || long > WITHIN_SECS_MAX) {
            let hint = "give one second to 31 days";
            reader.fault(span.clone(), "before_secs or after_secs does not fit", hint);
        }
        if self.unless.is_some() && self.after_secs.is_none() {
            let hint = "only what must come after can be cancelled";
            reader.fault(span.clone(), "unless has no effect here", hint);
        }
        let length = |secs: u64| Duration::from_secs(secs.clamp(1, WITHIN_SECS_MAX));
        match (self.before_secs, self.after_secs, self.same_day, &self.since) {
            (Some(before), None, false, None) => Some(SequenceTime::Before(length(before))),
            (None, Some(after), false, None) => {
                let unless = self.unless.as_ref().map(|unless| RawEvent::read(unless, reader));
                Some(SequenceTime::After(length(after), unless))
            }
            (None, None, true, None) => Some(SequenceTime::SameDay),
            (None, None, false, Some(since)) => {
                Some(SequenceTime::Since(RawEvent::read(since, reader)))
            }
            _ => {
                let hint = "give one of before_secs, after_secs, same_day, since";
                reader.fault(span, "not exactly one time for the needs", hint);
                None
            }
        }
    }
}

impl SequenceRule {
    fn reset(&self) -> Option<&EventSpec> {
        match &self.time {
            SequenceTime::Since(reset) | SequenceTime::After(_, Some(reset)) => Some(reset),
            _ => None,
        }
    }

    fn when(&self) -> When {
        match self.time {
            SequenceTime::Before(span) => When::Before(span),
            SequenceTime::SameDay => When::SameDay,
            SequenceTime::Since(_) => When::Since,
            SequenceTime::After(span, _) => When::After(span),
        }
    }

    fn events(&self) -> impl Iterator<Item = &EventSpec> {
        [&self.trigger].into_iter().chain(&self.needs).chain(self.reset())
    }
}

impl Kind for SequenceRule {
    type Raw = RawSequence;

    fn read(raw: Spanned<RawSequence>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let trigger = RawEvent::read(&raw.trigger, reader);
        let (needs, at) = (raw.needs.get_ref(), raw.needs.span());
        let needs: Vec<EventSpec> =
            needs.0.iter().map(|need| need.spec(at.clone(), reader)).collect();
        if needs.is_empty() {
            reader.fault(span.clone(), "needs is empty", "name what the trigger asks for");
        }
        let grace = grace(raw.grace_mins, span.clone(), reader);
        let time = raw.time(span, reader);
        time.map(|time| (None, Self { trigger, needs, time, grace })).into_iter().collect()
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Inputs(inputs(self.events()))
    }

    fn limit_text(&self) -> Text {
        let Text { zh, en } = self.trigger.label();
        let labels: Vec<Text> = self.needs.iter().map(EventSpec::label).collect();
        let all = |language: fn(&Text) -> &str, between: &str| {
            labels.iter().map(language).collect::<Vec<_>>().join(between)
        };
        let within = self.when().words(self.reset().map(EventSpec::label).as_ref());
        Text {
            zh: format!("{zh} {}须有 {}", within.zh, all(|label| &label.zh, "、")),
            en: format!("{} {} each {en}", all(|label| &label.en, ", then "), within.en),
        }
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let options = WatchOptions { grace: self.grace, ..WatchOptions::default() };
        let watches = self.events().enumerate();
        let watches = watches.map(|(input, event)| watch(event, bound, input, options)).collect();
        let settings = SequenceSettings {
            trigger: self.trigger.label(),
            needs: self.needs.iter().map(EventSpec::label).collect(),
            reset: self.reset().map(EventSpec::label),
            when: self.when(),
            time_zone: bound.area.time_zone.clone(),
        };
        AnyJudge::Sequence(Watched::new(Sequence::new(settings, bound.start), watches, bound.start))
    }
}
