//! The tests that a pack carries: what is played, and what must come of it.

use super::{
    Pack, Requirement,
    fault::Faults,
    raw::RawTest,
    signal::{self, TestPoint},
};
use crate::{
    Schedule,
    rules::{Reader, facts_of},
};
use core::ops::Range;
use jiff::{civil, tz::TimeZone};
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, RequirementId, Timestamp, Verdict};

/// The zone of a test that names none.
const TIME_ZONE: &str = "Asia/Shanghai";

/// A test that a pack carries.
///
/// ```toml
/// [[test]]
/// name = "0.29 mg/L for 31 minutes is a violation"
/// at = 2026-11-22T10:00:00
/// [test.points]
/// "pool_water.free_chlorine" = "every 5s: 0.5 for 10m; 0.29 for 31m; bad:comm_failure for 1m; none for 5m"
/// [test.expect]
/// free-chlorine = ["compliant 10:00-10:10 = 0.5", "non_compliant 10:10-10:41 = 0.29", "indeterminate 10:41-10:47"]
/// [test.stands]
/// free-chlorine = "indeterminate"
/// ```
///
/// A signal is a row of steps; each step begins with a sample. `0.5 to 0.2 over 10m` is a ramp,
/// `none` a silence; `bad:…` and `uncertain:…` are samples of that quality. A sample speaks for
/// three intervals unless `gap` says otherwise: `every 5s gap 1m: …`. The points of one role are
/// one device. A point that is only sent on occasion has one sample a step, at its beginning:
/// `occasional: none for 9h; 0.5 for 4h; 0.6 for 11h` are tests at nine and at one o'clock.
///
/// `expect` lists all verdicts of a requirement, with the deciding value behind `=` where it
/// matters; `stands` says how it stands at the end (`none` = it does not apply). A requirement that
/// is not listed must not find anything non-compliant. `facts = { beds = 300 }` gives the area facts.
/// `marks` and `findings` list what the checks
/// of the pack say of a point: `"pool_water.ph" = ["bad:out_of_range 10:02-10:03"]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    pub(crate) class: Option<Class>,
    pub(crate) facts: BTreeMap<String, f64>,
    pub(crate) schedule: Schedule,
    pub(crate) time_zone: TimeZone,
    pub(crate) start: Timestamp,
    pub(crate) points: Vec<TestPoint>,
    pub(crate) expect: Vec<(RequirementId, Vec<Expected>)>,
    pub(crate) stands: Vec<(RequirementId, Option<Verdict>)>,
    /// For each point all marks of the checks, as `uncertain:suspect_spike 10:05-10:05:05`.
    pub(crate) marks: Vec<(String, Vec<String>)>,
    /// For each point all findings, as `flatline`.
    pub(crate) findings: Vec<(String, Vec<String>)>,
}

/// A verdict that a test expects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub(crate) verdict: Verdict,
    /// The stretch as it stands in explanations.
    pub(crate) when: String,
    pub(crate) value: Option<f64>,
}

impl TestCase {
    /// Whether it says what a requirement must find.
    pub(crate) fn expects(&self, id: &RequirementId) -> bool {
        self.expect.iter().any(|(known, _)| known == id)
    }
}

/// Reads a test; none if it has a fault. Of requirements and classes that could not be read
/// themselves nothing can be said.
pub(super) fn test_case(
    raw: RawTest,
    requirements: Option<&[Requirement]>,
    header: Option<&Pack>,
    faults: &mut Faults<'_>,
) -> Option<TestCase> {
    if let Some(class) = &raw.class {
        Reader::new(faults, header, false).check_class(class.get_ref(), class.span());
    }
    let known = facts_of(header);
    for fact in raw.facts.keys() {
        if header.is_some() && !known.contains(&fact.get_ref().as_str()) {
            let hint = format!("the facts are: {}", known.join(", "));
            faults.add(fact.span(), format!("there is no fact {}", fact.get_ref()), hint);
        }
    }
    let time_zone = time_zone(raw.time_zone.as_ref(), faults)?;
    let at = raw.at.get_ref().to_string().parse::<civil::DateTime>().ok();
    let start = at.and_then(|at| time_zone.to_ambiguous_timestamp(at).compatible().ok());
    let Some(start) = start else {
        faults.add(raw.at.span(), "no local time", "write 2026-11-22T10:00:00");
        return None;
    };
    let points = raw.points.iter().filter_map(|(name, text)| {
        signal::point(name, text.get_ref())
            .map_err(|problem| faults.add(text.span(), problem, "see the notation of signals"))
            .ok()
    });
    let points = points.collect();
    let mut known = |id: &RequirementId, span: Range<usize>| {
        if requirements.is_some_and(|all| all.iter().all(|known| known.id != *id)) {
            faults.add(span, format!("there is no requirement {id}"), "");
        }
    };
    for (id, expected) in &raw.expect {
        known(id, expected.span());
    }
    for (id, stands) in &raw.stands {
        known(id, stands.span());
    }
    let (expect, stands) = (expect(&raw, faults), stands(&raw, faults));
    let schedule = opening_hours(&raw.opening_hours, faults);
    let class = raw.class.map(Spanned::into_inner);
    let start = start.into();
    let facts = raw.facts.into_iter().map(|(id, value)| (id.into_inner(), value)).collect();
    let (marks, findings) =
        (said(&raw.marks, &raw.points, faults), said(&raw.findings, &raw.points, faults));
    let name = raw.name;
    Some(TestCase {
        name,
        class,
        facts,
        schedule,
        time_zone,
        start,
        points,
        expect,
        stands,
        marks,
        findings,
    })
}

/// What the checks must say of points of the test.
fn said(
    raw: &BTreeMap<String, Spanned<Vec<String>>>,
    points: &BTreeMap<String, Spanned<String>>,
    faults: &mut Faults<'_>,
) -> Vec<(String, Vec<String>)> {
    for (point, lines) in raw {
        if !points.contains_key(point) {
            faults.add(lines.span(), format!("the test has no point {point}"), "");
        }
    }
    raw.iter().map(|(point, lines)| (point.clone(), lines.get_ref().clone())).collect()
}

fn time_zone(raw: Option<&Spanned<String>>, faults: &mut Faults<'_>) -> Option<TimeZone> {
    let name = raw.map_or(TIME_ZONE, |raw| raw.get_ref());
    let zone = TimeZone::get(name).ok();
    if let (None, Some(raw)) = (&zone, raw) {
        faults.add(raw.span(), format!("{name} is no time zone"), "write Asia/Shanghai");
    }
    zone
}

fn opening_hours(raw: &[Spanned<String>], faults: &mut Faults<'_>) -> Schedule {
    let lines: Vec<String> = raw.iter().map(|line| line.get_ref().clone()).collect();
    Schedule::parse(&lines).unwrap_or_else(|error| {
        faults.add(raw.first().map_or(0..0, Spanned::span), error.to_string(), "");
        Schedule::default()
    })
}

fn verdict(word: &str) -> Option<Verdict> {
    [Verdict::Compliant, Verdict::NonCompliant, Verdict::Indeterminate]
        .into_iter()
        .find(|verdict| verdict.as_str() == word)
}

fn expect(raw: &RawTest, faults: &mut Faults<'_>) -> Vec<(RequirementId, Vec<Expected>)> {
    let mut all = Vec::new();
    for (id, lines) in &raw.expect {
        let mut expected = Vec::new();
        for line in lines.get_ref() {
            match expectation(line) {
                Some(verdict) => expected.push(verdict),
                None => {
                    let hint = "write \"compliant 10:00-11:00\" or \"compliant 10:00-11:00 = 0.5\"";
                    faults.add(lines.span(), format!("{line:?} is no verdict"), hint);
                }
            }
        }
        all.push((id.clone(), expected));
    }
    all
}

fn expectation(line: &str) -> Option<Expected> {
    let (word, rest) = line.split_once(' ')?;
    let (when, value) = match rest.split_once('=') {
        Some((when, value)) => (when, Some(value.trim().parse().ok()?)),
        None => (rest, None),
    };
    Some(Expected { verdict: verdict(word)?, when: when.trim().into(), value })
}

fn stands(raw: &RawTest, faults: &mut Faults<'_>) -> Vec<(RequirementId, Option<Verdict>)> {
    let mut all = Vec::new();
    for (id, word) in &raw.stands {
        let found = verdict(word.get_ref());
        if found.is_none() && word.get_ref() != "none" {
            let hint = "write compliant, non_compliant, indeterminate or none";
            faults.add(word.span(), format!("{:?} is no verdict", word.get_ref()), hint);
        }
        all.push((id.clone(), found));
    }
    all
}
