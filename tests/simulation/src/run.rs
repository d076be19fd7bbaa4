//! A week of a site: from the plant through the engine, and what came out.

use crate::{site::install, span::Span};
use anyhow::ensure;
use std::{collections::BTreeMap, ops::Range, time::Duration};
use weir_domain::{PointId, RequirementId, Timestamp, Verdict};
use weir_engine::{
    AlarmEvent, Committed, Effect, Engine, Record, Row, Transition, VerdictRecord,
};
use weir_plant::facility::{Facility, Incident, Kind, Shown, Site, Truth};

/// How often the engine is told the time where nothing comes in, as by a gateway's commits.
const TICK: Duration = Duration::from_secs(60);

/// What a week is made of.
#[derive(Debug, Clone)]
pub(crate) struct Week {
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    pub(crate) span: Range<Timestamp>,
    pub(crate) incidents: Vec<Incident>,
}

/// What came of a week.
pub(crate) struct Outcome {
    pub(crate) site: Site,
    pub(crate) points: Vec<PointId>,
    pub(crate) verdicts: Vec<VerdictRecord>,
    pub(crate) alarms: Vec<AlarmEvent>,
    pub(crate) truth: Vec<Truth>,
    /// For each signal: where its good samples leave gaps longer than a sample may speak for.
    pub(crate) silent: Vec<Vec<Span>>,
    /// Samples that went in.
    pub(crate) samples: u64,
}

/// Runs a week through the engine.
///
/// # Errors
/// When the site cannot be installed, or one of its requirements cannot be watched.
pub(crate) fn run(week: &Week) -> anyhow::Result<Outcome> {
    let mut facility =
        Facility::new(week.kind, week.seed, week.span.start, week.incidents.clone());
    let site = facility.site().clone();
    let installed = install(&site)?;
    let (mut engine, faults) = Engine::new(installed.spec, week.span.start);
    ensure!(faults.iter().all(|fault| fault.level == weir_compliance::BindLevel::Missing), "{faults:?}");
    let mut effects = Vec::new();
    let mut speech = Speech::new(&site, week.span.start);
    let (mut seq, mut samples) = (0, 0);
    let mut now = week.span.start;
    while now < week.span.end {
        now = (now + TICK).min(week.span.end);
        facility.advance(now, |Shown { signal, sample }| {
            speech.hear(signal, &sample);
            seq += 1;
            samples += 1;
            let record = Record::Reading(Row { series: installed.series[signal], sample });
            // Only acts of people can be refused.
            let _ = engine.handle(seq, &record, &mut effects);
        });
        engine.tick(now, &mut effects);
    }
    engine.finish(&mut effects);
    let (mut verdicts, mut alarms) = (Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::Verdict(verdict) => verdicts.push(verdict),
            Effect::Alarm(event) => alarms.push(event),
        }
    }
    Ok(Outcome {
        truth: facility.truth().to_vec(),
        site,
        points: installed.points,
        verdicts,
        alarms,
        silent: speech.end(week.span.end),
        samples,
    })
}
