//! What the tests of this crate share: requirements without a pack, and a clock that fires
//! deadlines as the engine does.

use crate::{
    AlarmSpec, AreaFacts, Evaluator, EvaluatorState, ForbiddenWhen, Gate, HoldCycleRule, InputSpec,
    InterlockRule, Judgement, LimitRule, Passed, PointFacts, Requirement, Rule, Schedule, Settling,
    Standing, Statistic, Value, Window, rules::Bound,
};
use core::time::Duration;
use jiff::tz::TimeZone;
use weir_domain::{
    AlarmClass, BadReason, Priority, Reading, Sample, Text, Timestamp, Unit, Verdict,
};

pub(crate) const MAX_GAP: Duration = Duration::from_secs(15);

/// So many seconds after 10:00 in Shanghai.
pub(crate) fn t(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-22T10:00:00+08:00".parse().unwrap();
    Timestamp::from_millis(ten.as_millis() + seconds * 1_000)
}

/// Seconds after 10:00.
pub(crate) fn seconds(moment: Timestamp) -> i64 {
    (moment.as_millis() - t(0).as_millis()) / 1_000
}

pub(crate) fn spec(parameter: &str) -> InputSpec {
    InputSpec { role: None, parameter: parameter.parse().unwrap(), unit: Unit::One }
}

pub(crate) fn text() -> Text {
    Text { zh: "文".into(), en: "text".into() }
}

/// 0.3 to 1.0, once it has lasted for so many seconds.
pub(crate) fn instant(persistence: u64) -> Rule {
    Rule::Limit(LimitRule {
        value: Value::Input(spec("chlorine")),
        statistic: Statistic::Instant { persistence: Duration::from_secs(persistence) },
        low: Some(0.3),
        high: Some(1.0),
        gate: Gate::default(),
    })
}

/// The same, while the second input is on.
pub(crate) fn gated(persistence: u64) -> Rule {
    match instant(persistence) {
        Rule::Limit(limit) => Rule::Limit(LimitRule { gate: Gate::on(spec("flow")), ..limit }),
        rule => rule,
    }
}

/// 0.3 to 1.0 in windows of so many minutes.
pub(crate) fn mean(window: u64) -> Rule {
    Rule::Limit(LimitRule {
        value: Value::Input(spec("chlorine")),
        statistic: Statistic::Mean {
            window: Window::Length(Duration::from_secs(window * 60)),
            weight: None,
            settling: Settling { coverage_min: 0.75, lateness: Duration::from_secs(60) },
        },
        low: Some(0.3),
        high: Some(1.0),
        gate: Gate::default(),
    })
}

/// 125 for 5 minutes, one dip of 3 for 30 s; a cycle is above 80 and ends below 60.
pub(crate) fn hold(door: bool) -> Rule {
    Rule::HoldCycle(HoldCycleRule {
        input: spec("temperature"),
        threshold: 125.0,
        hold: Duration::from_secs(300),
        dip_depth: 3.0,
        dip_time: Duration::from_secs(30),
        starts_above: 80.0,
        ends_below: 60.0,
        door: door.then(|| spec("door_open")),
        band_above: None,
        equilibration: Duration::ZERO,
        pressure: None,
        pressure_band: (None, None),
        steam: None,
        pulses: None,
        power: None,
        program: None,
    })
}

pub(crate) fn interlock() -> Rule {
    Rule::Interlock(InterlockRule {
        active: spec("exposure"),
        forbidden: spec("door_open"),
        forbidden_when: ForbiddenWhen::On,
    })
}

/// A rule as it is written in a pack that knows the fact `beds`.
pub(crate) fn rule(text: &str) -> Rule {
    let mut pack =
        crate::Pack::parse(&pack_of(text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
    pack.requirements.remove(0).rule
}

/// A pack of one rule.
pub(crate) fn pack_of(text: &str) -> String {
    format!(
        r#"
id = "p"
version = "1"
title = {{ zh = "包", en = "pack" }}
source = "GB 1"
[[fact]]
id = "beds"
name = {{ zh = "床位", en = "beds" }}
unit = "1"
[[requirement]]
id = "r"
title = {{ zh = "名", en = "name" }}
clause = "1"
confidence = "V"
respond_within_mins = 30
cause = {{ zh = "因", en = "cause" }}
consequence = {{ zh = "果", en = "consequence" }}
response = {{ zh = "办", en = "response" }}
alarm = {{ priority = "high" }}
{text}
[[test]]
name = "nothing"
at = 2026-11-22T10:00:00
points = {{}}
"#
    )
}

/// One rule of every statistic and kind that looks at values over time, each of two inputs at most.
pub(crate) fn rules_over_time() -> Vec<Rule> {
    [
        // Made of two inputs, while a third number holds.
        r#"limit.value = { expr = "a - 0.1 * b", unit = "1", within_secs = 20, of = { a = { parameter = "a", unit = "1" }, b = { parameter = "b", unit = "1" } } }
           limit.while = { expr = "b < 100", of = { b = { parameter = "b", unit = "1" } } }
           limit.instant = { persistence_secs = 30 }
           limit.low = 0.3
           limit.high = 1.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.while_on = { parameter = "b", unit = "1" }
           limit.mean = { window_mins = 10, lateness_secs = 60 }
           limit.high = 1.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.mean = { window_mins = 10, lateness_secs = 60, weight = { parameter = "b", unit = "1" } }
           limit.high = 1.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.percentile = { p = 80, window_mins = 10, lateness_secs = 60 }
           limit.high = 1.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.rate = { over_secs = 30, persistence_secs = 10 }
           limit.high = 2.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.total = { per = "day", unit = "1", background = { parameter = "b", unit = "1" }, lateness_secs = 60 }
           limit.high = 2.0"#,
        r#"limit.input = { parameter = "a", unit = "1" }
           limit.total = { rolling_days = 7, unit = "1", background = "beds", lateness_secs = 60 }
           limit.high = 2.0"#,
        r#"contact_time = { flow = { parameter = "q", unit = "m³/h" }, volume = 0.5, at_least_mins = 5, persistence_secs = 20 }"#,
    ]
    .map(rule)
    .into()
}

/// A rule with as many points as it has inputs.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) requirement: Requirement,
    pub(crate) area: AreaFacts,
}

impl Bench {
    pub(crate) fn new(rule: Rule) -> Self {
        let alarm = AlarmSpec {
            priority: Priority::High,
            on_delay: Duration::ZERO,
            off_delay: Duration::ZERO,
            deadband: 0.0,
            raise_on: Verdict::NonCompliant,
            class: AlarmClass::Compliance,
            latch: false,
            realarm: None,
            group: None,
            suppressed_by: Vec::new(),
            shelve_max: None,
        };
        let requirement = Requirement {
            id: "tested".parse().unwrap(),
            title: text(),
            clause: "1".into(),
            confidence: "V".into(),
            classes: Vec::new(),
            overrides: None,
            warning: false,
            open_hours_only: false,
            rule,
            alarm,
            cause: text(),
            consequence: text(),
            response: text(),
            respond_within: Duration::from_secs(60),
        };
        let points =
            ["a.first", "a.second", "a.third", "a.fourth", "a.fifth"].map(|id| PointFacts {
                id: id.parse().unwrap(),
                role: "role".parse().unwrap(),
                parameter: "parameter".parse().unwrap(),
                unit: Unit::One,
                max_gap: MAX_GAP,
                occasional: false,
            });
        let area = AreaFacts {
            id: "area".parse().unwrap(),
            class: None,
            schedule: Schedule::default(),
            time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
            facts: [("contact_tank_m3".into(), 14.0), ("beds".into(), 2.0)].into(),
            points: points.into(),
        };
        Self { requirement, area }
    }

    pub(crate) fn open(mut self, line: &str) -> Self {
        self.area.schedule = Schedule::parse(&[line.into()]).unwrap();
        self.requirement.open_hours_only = true;
        self
    }

    pub(crate) fn deadband(mut self, deadband: f64) -> Self {
        self.requirement.alarm.deadband = deadband;
        self
    }

    /// Local midnight comes ten minutes after the start.
    pub(crate) fn near_midnight(mut self) -> Self {
        let offset = jiff::tz::Offset::constant(21).saturating_add(jiff::Span::new().minutes(50));
        self.area.time_zone = TimeZone::fixed(offset);
        self
    }

    pub(crate) fn evaluator(&self, start: Timestamp) -> Evaluator {
        let inputs = match self.requirement.rule {
            Rule::Availability(_) => 2,
            _ => self.requirement.inputs().len(),
        };
        let (requirement, area) = (&self.requirement, &self.area);
        Evaluator::new(&Bound { requirement, area, points: &area.points[..inputs], start })
    }

    /// Plays events from 10:00 on, fires deadlines as they are due, and ends.
    pub(crate) fn play(&self, events: &[Event], end: i64) -> Played {
        let mut player = Player::new(self.evaluator(t(0)));
        events.iter().for_each(|event| player.observe(*event));
        player.finish(t(end))
    }
}

/// A sample that comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Event {
    pub(crate) now: Timestamp,
    pub(crate) input: usize,
    pub(crate) sample: Sample,
}

/// A sample of input 0 at so many seconds after 10:00, received at once; no value is a bad one.
pub(crate) fn at(second: i64, value: impl Into<Option<f64>>) -> Event {
    of(0, second, value)
}

/// A sample of any input.
pub(crate) fn of(input: usize, second: i64, value: impl Into<Option<f64>>) -> Event {
    let reading =
        value.into().map_or(Reading::Bad(None, BadReason::CommFailure), Reading::from_number);
    Event { now: t(second), input, sample: Sample::at(t(second), reading) }
}

impl Event {
    /// The same sample, received later.
    pub(crate) fn late(mut self, seconds: u64) -> Self {
        self.now = self.now + Duration::from_secs(seconds);
        self
    }
}

/// A value of input 0 every five seconds, from one second to another.
pub(crate) fn every5(from: i64, to: i64, value: impl Into<Option<f64>> + Copy) -> Vec<Event> {
    (from..to).step_by(5).map(|second| at(second, value)).collect()
}

/// An evaluator with the clock of an engine.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) evaluator: Evaluator,
    pub(crate) out: Vec<Judgement>,
}

impl Player {
    pub(crate) fn new(evaluator: Evaluator) -> Self {
        Self { evaluator, out: Vec::new() }
    }

    pub(crate) fn fire(&mut self, now: Timestamp) {
        let mut before = None;
        while let Some(due) = self.evaluator.deadline().filter(|due| *due <= now) {
            assert!(before < Some(due), "the deadline does not move on from {due}");
            before = Some(due);
            self.evaluator.advance(due, &mut self.out);
        }
    }

    pub(crate) fn observe(&mut self, event: Event) {
        self.fire(event.now);
        self.evaluator.observe(event.now, event.input, &event.sample, &mut self.out);
    }

    pub(crate) fn finish(mut self, now: Timestamp) -> Played {
        self.fire(now);
        let standing = self.evaluator.standing();
        self.evaluator.finish(now, &mut self.out);
        Played { out: self.out, standing }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Played {
    pub(crate) out: Vec<Judgement>,
    /// How it stood before the end.
    pub(crate) standing: Standing,
}

impl Played {
    pub(crate) fn passed(&self) -> Vec<&Passed> {
        self.out
            .iter()
            .filter_map(|judgement| match judgement {
                Judgement::Verdict(passed) => Some(passed),
                Judgement::Standing(_) => None,
            })
            .collect()
    }

    /// `+` compliant, `-` non-compliant, `?` indeterminate, with seconds after 10:00.
    pub(crate) fn verdicts(&self) -> String {
        let one = |passed: &&Passed| {
            format!("{}{}..{}", sign(passed.verdict), seconds(passed.from), seconds(passed.to))
        };
        self.passed().iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The changes of standing: `0` does not apply.
    pub(crate) fn standings(&self) -> String {
        self.out
            .iter()
            .filter_map(|judgement| match judgement {
                Judgement::Standing(standing) => Some(standing.verdict.map_or('0', sign)),
                Judgement::Verdict(_) => None,
            })
            .collect()
    }
}

fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Compliant => '+',
        Verdict::NonCompliant => '-',
        Verdict::Indeterminate => '?',
    }
}

/// Through JSON and back.
pub(crate) fn stored(state: &EvaluatorState) -> EvaluatorState {
    let json = serde_json::to_string(state).unwrap();
    serde_json::from_str(&json).unwrap()
}
