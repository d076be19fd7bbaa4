//! What the checks of a pack say of the points of one of its tests.

use super::{MarkSaid, PointTraits, Said, WatchBinding, bind_validity};
use crate::{AreaFacts, Pack, TestCase, wording};
use std::sync::Arc;
use weir_domain::{Sample, ValueKind};

/// Decimals of the points of a test.
const DECIMALS: u8 = 2;

/// Why the checks did not say what the test expects.
pub(crate) fn failure(pack: &Arc<Pack>, area: &AreaFacts, test: &TestCase) -> Option<String> {
    if test.marks.is_empty() && test.findings.is_empty() {
        return None;
    }
    let traits = PointTraits {
        kind: ValueKind::Number,
        has_states: false,
        step: None,
        decimals: DECIMALS,
        limits: Vec::new(),
    };
    let traits = vec![traits; area.points.len()];
    let bindings = bind_validity(std::slice::from_ref(pack), area, &traits);
    let said: Vec<(String, Vec<Said>)> = bindings
        .iter()
        .map(|binding| {
            let point = &area.points[binding.point];
            (format!("{}.{}", point.role, point.parameter), play(binding, area, test))
        })
        .collect();
    let of = |name: &str| said.iter().find(|(point, _)| point == name).map(|(_, said)| &said[..]);
    for (point, expected) in &test.marks {
        let found = of(point).map(|said| marks(said, test)).unwrap_or_default();
        if found != *expected {
            return Some(format!("{point} was marked {found:?}"));
        }
    }
    for (point, expected) in &test.findings {
        let found = of(point).map(findings).unwrap_or_default();
        if found != *expected {
            return Some(format!("of {point} was found {found:?}"));
        }
    }
    None
}

fn play(binding: &WatchBinding, area: &AreaFacts, test: &TestCase) -> Vec<Said> {
    let mut samples: Vec<(usize, Sample)> = Vec::new();
    for (index, point) in test.points.iter().enumerate() {
        samples.extend(point.samples(test.start).into_iter().map(|sample| (index, sample)));
    }
    samples.sort_by_key(|(_, sample)| sample.source_time);
    let (mut watch, mut out) = (binding.watch(), Vec::new());
    let mut latest: Vec<Option<Sample>> = vec![None; area.points.len()];
    for (point, sample) in &samples {
        let now = sample.received_time;
        latest[*point] = Some(*sample);
        if let Some(due) = watch.deadline().filter(|due| *due < now) {
            watch.advance(due, &mut out);
        }
        if *point == binding.point {
            let input = |nth: usize| {
                let index = binding.inputs.get(nth).copied().flatten()?;
                let sample = latest[index]
                    .filter(|sample| now.since(sample.source_time) <= area.points[index].max_gap)?;
                sample.reading.good().map(weir_domain::Value::get)
            };
            watch.observe(now, sample, input, &mut out);
        }
    }
    watch.finish(&mut out);
    out
}

/// Each mark that has ended, and the one that goes on.
fn marks(said: &[Said], test: &TestCase) -> Vec<String> {
    let mut marks: Vec<MarkSaid> = Vec::new();
    for said in said {
        if let Said::Mark(mark) = said {
            match marks.last_mut().filter(|last| last.from == mark.from && last.to.is_none()) {
                Some(last) => last.to = mark.to,
                None => marks.push((**mark).clone()),
            }
        }
    }
    let line = |mark: &MarkSaid| match mark.to {
        Some(to) => {
            format!("{} {}", mark.quality, wording::stretch(mark.from, to, &test.time_zone))
        }
        None => format!("{} {}", mark.quality, wording::moment(mark.from, &test.time_zone)),
    };
    marks.iter().map(line).collect()
}

fn findings(said: &[Said]) -> Vec<String> {
    let kind = |said: &Said| match said {
        Said::Finding(finding) => Some(finding.kind.as_str().to_owned()),
        _ => None,
    };
    said.iter().filter_map(kind).collect()
}
