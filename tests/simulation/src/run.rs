//! A week of a site: from the plant through the engine and what judges again, and what came out.

use crate::{
    memory::Memory,
    site::{Installed, install},
    span::Span,
};
use anyhow::ensure;
use std::{collections::BTreeMap, time::Duration};
use weir_domain::{PointId, Reading, Sample, Timestamp};
use weir_engine::{
    Act, AlarmEvent, Capacity, Command, Effect, Engine, Finding, Mark, MarkReason, NewMark, Person,
    Record, RejudgeRequest, Row, VerdictRecord,
};
use weir_plant::{
    exam::Week,
    facility::{Cause, Incident, Report, Shown, Signal, Site, Truth},
};

/// How often the engine is told the time where nothing comes in, as by a gateway's commits.
pub(crate) const TICK: Duration = Duration::from_secs(60);

/// How long after their work a person marks what nobody marked meanwhile.
const MARKED_LATER: Duration = Duration::from_secs(3 * 3_600);

/// What came of a week.
pub(crate) struct Outcome {
    pub(crate) site: Site,
    pub(crate) points: Vec<PointId>,
    /// Those in force in the end.
    pub(crate) verdicts: Vec<VerdictRecord>,
    /// Of those that did not stand.
    pub(crate) superseded: usize,
    pub(crate) alarms: Vec<AlarmEvent>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) truth: Vec<Truth>,
    /// The requirements that are watched, whether each only warns, and the signals behind it.
    pub(crate) watched: BTreeMap<String, (bool, Vec<usize>)>,
    /// For each signal: where its good samples leave gaps longer than a sample may speak for.
    pub(crate) silent: Vec<Vec<Span>>,
    /// The same, whatever was marked.
    pub(crate) unheard: Vec<Vec<Span>>,
    /// For each signal: what reached the gateway.
    pub(crate) samples: Vec<Vec<Sample>>,
}

/// A week's records, in the order in which they come in.
pub(crate) struct Inflow {
    pub(crate) installed: Installed,
    pub(crate) records: Vec<(Timestamp, Record)>,
    pub(crate) truth: Vec<Truth>,
    pub(crate) site: Site,
}

/// Lets the plant run for the week.
pub(crate) fn inflow(week: &Week) -> anyhow::Result<Inflow> {
    let mut facility = week.facility();
    let site = facility.site().clone();
    let installed = install(&site)?;
    let mut records = Vec::new();
    let mut marks = marks(week, &site, &installed);
    let mut now = week.start;
    while now < week.end() {
        now = (now + TICK).min(week.end());
        facility.advance(now, |Shown { signal, mut sample }| {
            let factor = installed.factors[signal];
            if let Reading::Good(value) = sample.reading
                && (factor - 1.0).abs() > f64::EPSILON
            {
                sample.reading = Reading::from_number(value.get() * factor);
            }
            records.push((now, Record::Reading(Row { series: installed.series[signal], sample })));
        });
        while marks.last().is_some_and(|command| command.at <= now) {
            records.extend(marks.pop().map(|c| (now, Record::Command(Box::new(c)))));
        }
    }
    Ok(Inflow { truth: facility.truth().to_vec(), installed, records, site })
}

/// What people mark by hand: of the work that no instrument marks, every second one. The latest
/// comes first.
fn marks(week: &Week, site: &Site, installed: &Installed) -> Vec<Command> {
    let unmarked = |incident: &&Incident| {
        matches!(incident.cause, Cause::MaintenanceUnmarked | Cause::CalibrationUnmarked)
    };
    let mark = |incident: &Incident| {
        let device = &site.signals[incident.signal?].device;
        let points = site.signals_of(device).map(|signal| installed.points[signal].clone());
        let after = Duration::from_secs_f64(incident.cause.about().aftermath * 60.0);
        let reason = match incident.cause {
            Cause::CalibrationUnmarked => MarkReason::Calibration,
            _ => MarkReason::Maintenance,
        };
        let act = Act::Mark(NewMark {
            points: points.collect(),
            from: incident.at,
            to: Some(incident.until() + after),
            reason,
            quality: None,
            by: Person { name: "exam".into(), role: Capacity::Operator },
            comment: "work on the instrument".into(),
            evidence: vec!["work order".into()],
        });
        Some(Command { at: incident.until() + MARKED_LATER, act })
    };
    let all = week.incidents.iter().filter(unmarked).step_by(2);
    let mut commands: Vec<_> = all.filter_map(mark).collect();
    commands.sort_by_key(|command| std::cmp::Reverse(command.at));
    commands
}

/// Runs a week through the engine, and judges again what has to be.
///
/// # Errors
/// When the site cannot be installed, or a record is refused.
pub(crate) fn run(week: &Week) -> anyhow::Result<Outcome> {
    let Inflow { installed, records, truth, site } = inflow(week)?;
    let (mut engine, faults) = Engine::new(installed.spec.clone(), week.start);
    ensure!(
        faults.iter().all(|fault| fault.level == weir_compliance::BindLevel::Missing),
        "{faults:?}"
    );
    let mut memory = Memory::new(site.signals.len());
    let (mut alarms, mut findings) = (Vec::new(), Vec::new());
    let mut requests: Vec<RejudgeRequest> = Vec::new();
    let mut effects = Vec::new();
    let mut clock = week.start;
    for (seq, (now, record)) in (1..).zip(&records) {
        if *now > clock {
            engine.tick(clock, &mut effects);
            clock = *now;
        }
        if let Record::Reading(row) = record {
            memory.keep_sample(row.series, row.sample);
        }
        engine
            .handle(seq, record, &mut effects)
            .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        take(&mut effects, &mut memory, &mut alarms, &mut findings, &mut requests);
    }
    engine.tick(week.end(), &mut effects);
    engine.finish(&mut effects);
    take(&mut effects, &mut memory, &mut alarms, &mut findings, &mut requests);
    memory.sort();
    let times = (week.start, week.end() + Duration::from_secs(60));
    let superseded = memory.judge_again(&installed.spec, &engine, &requests, times)?;
    let watched = watched(&engine, &installed.points);
    let (verdicts, marks, by_series) = memory.into_parts();
    let of_series = |signal: usize| by_series[installed.series[signal].0 as usize].clone();
    let samples: Vec<_> = (0..site.signals.len()).map(of_series).collect();
    let unheard = silent(&site, &installed.points, &samples, &[], (week.start, week.end()));
    let silent = silent(&site, &installed.points, &samples, &marks, (week.start, week.end()));
    let points = installed.points;
    Ok(Outcome {
        site,
        points,
        verdicts,
        superseded,
        alarms,
        findings,
        marks,
        truth,
        watched,
        silent,
        unheard,
        samples,
    })
}

fn take(
    effects: &mut Vec<Effect>,
    memory: &mut Memory,
    alarms: &mut Vec<AlarmEvent>,
    findings: &mut Vec<Finding>,
    requests: &mut Vec<RejudgeRequest>,
) {
    for effect in effects.drain(..) {
        match effect {
            Effect::Verdict(verdict) => memory.keep_verdict(verdict),
            Effect::Alarm(event) => alarms.push(event),
            Effect::Finding(finding) => findings.push(*finding),
            Effect::Mark(event) => memory.keep_mark(event.mark),
            Effect::Rejudge(request) => requests.push(*request),
        }
    }
}

fn watched(engine: &Engine, points: &[PointId]) -> BTreeMap<String, (bool, Vec<usize>)> {
    let site = engine.description();
    let mut watched = BTreeMap::<String, (bool, Vec<usize>)>::new();
    for info in &site.requirements {
        let entry = watched.entry(info.id.to_string()).or_insert((info.warning, Vec::new()));
        let ids = info.points.iter().map(|place| &site.points[*place].id);
        entry.1.extend(ids.filter_map(|id| points.iter().position(|point| point == id)));
    }
    watched
}

/// Where each signal's samples say nothing, found by the examiner and not by the gateway: bad ones,
/// marked ones, and none at all.
fn silent(
    site: &Site,
    points: &[PointId],
    samples: &[Vec<Sample>],
    marks: &[Mark],
    (start, end): (Timestamp, Timestamp),
) -> Vec<Vec<Span>> {
    // The longest time that a sample may speak for: three scans of the slowest of
    // its device, and ninety seconds at least.
    let most = |signal: &Signal| match signal.report {
        Report::Event => Duration::from_secs(400 * 86_400),
        _ => {
            let mut scans = site.signals_of(&signal.device).map(|place| &site.signals[place]);
            let slowest = scans.by_ref().filter(|s| s.report != Report::Event).map(|s| s.scan_secs);
            let secs = u64::from(slowest.max().unwrap_or(signal.scan_secs)) * 3;
            Duration::from_secs(secs).max(Duration::from_secs(90))
        }
    };
    let each = site.signals.iter().zip(points).zip(samples);
    each.map(|((signal, point), samples)| {
        let most = most(signal);
        let mine: Vec<&Mark> = marks
            .iter()
            .filter(|mark| mark.points.contains(point) && !mark.quality.is_good())
            .collect();
        let speaks = |sample: &&Sample| {
            sample.reading.good().is_some() && !mine.iter().any(|m| m.covers(sample.source_time))
        };
        let mut newest = start;
        let mut gaps = Vec::new();
        // Nothing is measured in the future: a clock that is ahead speaks of when it is heard.
        let time = |sample: &Sample| sample.source_time.min(sample.received_time);
        let mut times: Vec<_> = samples.iter().filter(speaks).map(time).collect();
        times.sort_unstable();
        for at in times.into_iter().chain([end]) {
            if at > newest && at.since(newest) > most {
                gaps.push(Span::new(newest + most, at));
            }
            newest = newest.max(at);
        }
        gaps
    })
    .collect()
}
