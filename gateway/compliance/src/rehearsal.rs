//! Runs the tests of a pack: its signals through the same evaluators, with the clock of the test.

use crate::{
    AreaFacts, BindLevel, Evaluator, Judgement, Pack, Passed, PointFacts, Requirement, TestCase,
    bind, bind_all,
    pack::{Expected, TestPoint},
    validity, wording,
};
use core::fmt::Write as _;
use std::sync::Arc;
use weir_domain::{
    AreaId, DeviceId, PointId, PointName, RequirementId, Sample, Timestamp, Unit, Verdict,
};

/// How far a value may be from the expected one: what a decimal number loses in binary.
const TOLERANCE: f64 = 1e-9;

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// The test.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// A requirement under test.
struct Played {
    id: RequirementId,
    inputs: Vec<usize>,
    evaluator: Evaluator,
    passed: Vec<Passed>,
}

/// Runs every test of a pack.
pub fn run_tests(pack: &Pack) -> Vec<TestOutcome> {
    let pack = Arc::new(pack.clone());
    let run =
        |test: &TestCase| TestOutcome { name: test.name.clone(), failure: failure(&pack, test) };
    pack.tests.iter().map(run).collect()
}

fn failure(pack: &Arc<Pack>, test: &TestCase) -> Option<String> {
    let area = area(pack, test)?;
    let (_, faults) = bind(pack, &area);
    // What stands in place of a requirement of another pack is tested for itself.
    let bound = bind_all(core::slice::from_ref(pack), &area);
    let bindings: Vec<_> = bound.into_iter().flat_map(|(bindings, _)| bindings).collect();
    if let Some(fault) = faults.iter().find(|fault| fault.level == BindLevel::Error) {
        return Some(fault.to_string());
    }
    let mut played: Vec<Played> = bindings
        .iter()
        .map(|binding| Played {
            id: binding.requirement().id.clone(),
            inputs: binding.inputs.clone(),
            evaluator: binding.evaluator(test.start),
            passed: Vec::new(),
        })
        .collect();
    let end = play(test, &mut played);
    let standings = check_standings(test, &played);
    played.iter_mut().for_each(|requirement| requirement.finish(end));
    standings
        .or_else(|| check_verdicts(test, &played))
        .or_else(|| validity::rehearsal::failure(pack, &area, test))
}

/// The area of a test: one device for each role.
fn area(pack: &Pack, test: &TestCase) -> Option<AreaFacts> {
    let points = test.points.iter().map(|point| {
        let device: DeviceId = point.role.as_str().parse().ok()?;
        let name: PointName = point.parameter.as_str().parse().ok()?;
        Some(PointFacts {
            id: PointId::new(device, name),
            role: point.role.clone(),
            parameter: point.parameter.clone(),
            unit: unit(pack, point),
            max_gap: point.max_gap,
            occasional: point.is_occasional(),
        })
    });
    let id: AreaId = "test".parse().ok()?;
    Some(AreaFacts {
        id,
        class: test.class.clone(),
        schedule: test.schedule.clone(),
        time_zone: test.time_zone.clone(),
        facts: test.facts.clone(),
        points: points.collect::<Option<_>>()?,
    })
}

/// The unit in which the pack wants the point.
fn unit(pack: &Pack, point: &TestPoint) -> Unit {
    let inputs = pack.requirements.iter().flat_map(Requirement::inputs);
    let mut wanted = inputs.filter(|input| {
        input.parameter == point.parameter
            && input.role.as_ref().is_none_or(|role| *role == point.role)
    });
    let validity = pack.validity.iter();
    let checked = validity.clone().find(|section| section.parameter == point.parameter);
    let needs = validity.flat_map(|section| &section.needs);
    let needed = needs.map(|need| &need.input).find(|input| input.parameter == point.parameter);
    let unit = wanted.next().or(needed).map(|input| input.unit);
    unit.or(checked.map(|section| section.unit)).unwrap_or(Unit::One)
}

/// Plays all signals, in order of time and of the points; yields the end of the longest.
fn play(test: &TestCase, played: &mut [Played]) -> Timestamp {
    let mut samples: Vec<(usize, Sample)> = Vec::new();
    let mut end = test.start;
    for (index, point) in test.points.iter().enumerate() {
        samples.extend(point.samples(test.start).into_iter().map(|sample| (index, sample)));
        end = end.max(test.start + point.length());
    }
    samples.sort_by_key(|(_, sample)| sample.source_time);
    for (point, sample) in &samples {
        for requirement in played.iter_mut() {
            requirement.observe(*point, sample);
        }
    }
    played.iter_mut().for_each(|requirement| requirement.fire(end));
    end
}

impl Played {
    fn observe(&mut self, point: usize, sample: &Sample) {
        let now = sample.received_time;
        self.fire(now);
        let mut out = Vec::new();
        for input in 0..self.inputs.len() {
            if self.inputs[input] == point {
                self.evaluator.observe(now, input, sample, &mut out);
            }
        }
        self.keep(out);
    }

    /// Fires every deadline until `now`.
    fn fire(&mut self, now: Timestamp) {
        let mut out = Vec::new();
        while let Some(due) = self.evaluator.deadline().filter(|due| *due <= now) {
            self.evaluator.advance(due, &mut out);
        }
        self.keep(out);
    }

    fn finish(&mut self, end: Timestamp) {
        let mut out = Vec::new();
        self.evaluator.finish(end, &mut out);
        self.keep(out);
    }

    fn keep(&mut self, out: Vec<Judgement>) {
        self.passed.extend(out.into_iter().filter_map(|judgement| match judgement {
            Judgement::Verdict(passed) => Some(passed),
            Judgement::Standing(_) => None,
        }));
    }
}

fn check_standings(test: &TestCase, played: &[Played]) -> Option<String> {
    for (id, expected) in &test.stands {
        let Some(found) = played.iter().find(|requirement| requirement.id == *id) else {
            return Some(format!("{id} is not bound: a point is missing"));
        };
        let found = found.evaluator.standing().verdict;
        if found != *expected {
            let word = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::as_str);
            return Some(format!("{id} stands {}, expected {}", word(found), word(*expected)));
        }
    }
    None
}

fn check_verdicts(test: &TestCase, played: &[Played]) -> Option<String> {
    for (id, expected) in &test.expect {
        let Some(found) = played.iter().find(|requirement| requirement.id == *id) else {
            return Some(format!("{id} is not bound: a point is missing"));
        };
        let same = found.passed.len() == expected.len()
            && found.passed.iter().zip(expected).all(|(passed, e)| matches(test, passed, e));
        if !same {
            return Some(format!("{id} passed{}", list(test, &found.passed)));
        }
    }
    let violated = |requirement: &&Played| {
        requirement.passed.iter().any(|passed| passed.verdict == Verdict::NonCompliant)
    };
    let unexpected = played.iter().find(|found| !test.expects(&found.id) && violated(found))?;
    Some(format!("unexpectedly, {} passed{}", unexpected.id, list(test, &unexpected.passed)))
}

fn matches(test: &TestCase, passed: &Passed, expected: &Expected) -> bool {
    let close = |value: f64| passed.value.is_some_and(|found| (found - value).abs() <= TOLERANCE);
    passed.verdict == expected.verdict
        && wording::stretch(passed.from, passed.to, &test.time_zone) == expected.when
        && expected.value.is_none_or(close)
}

/// The verdicts in the notation of `expect`.
fn list(test: &TestCase, passed: &[Passed]) -> String {
    let mut text = String::new();
    for passed in passed {
        let when = wording::stretch(passed.from, passed.to, &test.time_zone);
        let value = passed.value.map(|value| format!(" = {value}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {} {when}{value}", passed.verdict.as_str());
    }
    if text.is_empty() { " nothing".into() } else { text }
}
