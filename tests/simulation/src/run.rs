//! A week of a site: from the plant through the engine, and what came out.

use crate::{site::install, span::Span};
use anyhow::ensure;
use std::{ops::Range, time::Duration};
use weir_domain::{PointId, Sample, Timestamp};
use weir_engine::{AlarmEvent, Effect, Engine, Finding, MarkEvent, Record, Row, VerdictRecord};
use weir_plant::facility::{Facility, Incident, Kind, Report, Shown, Signal, Site, Truth};

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
    pub(crate) findings: Vec<Finding>,
    pub(crate) marks: Vec<MarkEvent>,
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
    let mut facility = Facility::new(week.kind, week.seed, week.span.start, week.incidents.clone());
    let site = facility.site().clone();
    let installed = install(&site)?;
    let (mut engine, faults) = Engine::new(installed.spec, week.span.start);
    ensure!(
        faults.iter().all(|fault| fault.level == weir_compliance::BindLevel::Missing),
        "{faults:?}"
    );
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
    let mut outcome = Outcome {
        truth: facility.truth().to_vec(),
        site,
        points: installed.points,
        verdicts: Vec::new(),
        alarms: Vec::new(),
        findings: Vec::new(),
        marks: Vec::new(),
        silent: speech.end(week.span.end),
        samples,
    };
    for effect in effects {
        match effect {
            Effect::Verdict(verdict) => outcome.verdicts.push(verdict),
            Effect::Alarm(event) => outcome.alarms.push(event),
            Effect::Finding(finding) => outcome.findings.push(*finding),
            Effect::Mark(mark) => outcome.marks.push(*mark),
            Effect::Rejudge(_) => {}
        }
    }
    Ok(outcome)
}

/// Where each signal's good samples leave gaps, found by the examiner and not by the gateway.
struct Speech {
    /// The longest time that a sample may speak for: three scans, and ninety seconds at least.
    most: Vec<Duration>,
    newest: Vec<Timestamp>,
    gaps: Vec<Vec<Span>>,
}

impl Speech {
    fn new(site: &Site, start: Timestamp) -> Self {
        let most = |signal: &Signal| match signal.report {
            Report::Event => Duration::MAX,
            _ => Duration::from_secs(u64::from(signal.scan_secs) * 3).max(Duration::from_secs(90)),
        };
        let count = site.signals.len();
        Self {
            most: site.signals.iter().map(most).collect(),
            newest: vec![start; count],
            gaps: vec![Vec::new(); count],
        }
    }

    fn hear(&mut self, signal: usize, sample: &Sample) {
        if sample.reading.good().is_none() {
            return;
        }
        self.close(signal, sample.source_time);
        self.newest[signal] = self.newest[signal].max(sample.source_time);
    }

    fn close(&mut self, signal: usize, at: Timestamp) {
        let gap = Span::new(self.newest[signal], at);
        if gap.from < gap.to && gap.length() > self.most[signal] {
            self.gaps[signal].push(Span::new(gap.from + self.most[signal], at));
        }
    }

    fn end(mut self, end: Timestamp) -> Vec<Vec<Span>> {
        for signal in 0..self.newest.len() {
            self.close(signal, end);
        }
        self.gaps
    }
}
