//! Judges time once more that was judged before: as it must be, with every reading that is in the
//! history by now and all marks in force.
//!
//! For each requirement that a request concerns, a fresh engine goes over the history and its
//! verdicts are held against those in force. What is the same stays. What differs, and touches the
//! stretch that was asked for, directly or through others that differ, is taken out of force, and
//! the fresh verdicts take its place.
//!
//! # How early it starts
//! [`LEAD`] before the start of the earliest verdict in force that touches the stretch. A verdict
//! says itself how far back it goes: a day's mean, a cycle, a rolling week; and instant limits close
//! their stretches every hour. The lead is what a rule may remember beside (an exposure that
//! begins, a door, a trigger), and is longer than any of them.
//!
//! # How far it goes
//! Up to where the requirement is judged already, and no further than [`TRAIL`] behind the stretch.
//! What the live engine has not judged yet is its own; it asks again when it has. What is older than
//! [`SETTLED`] it will not judge any more.
//!
//! Readings are taken in the order in which they were measured, as if none had come late. The
//! pack of today must be that of the verdict: by another version of the law nothing is judged
//! again.

use crate::{
    Act, Command, Description, Effect, Engine, Mark, Record, RejudgeRequest, RequirementInfo, Row,
    SiteSpec, VerdictRecord,
    ports::{History, MarkFilter, Marks, PortError, Records, StoredVerdict, VerdictFilter},
};
use core::time::Duration;
use std::{collections::BTreeSet, vec};
use weir_domain::{AreaId, PointId, RequirementId, SeriesId, Timestamp};

/// See the module.
pub const LEAD: Duration = Duration::from_secs(26 * 3_600);

/// See the module.
pub const TRAIL: Duration = Duration::from_secs(26 * 3_600);

/// See the module.
pub const SETTLED: Duration = Duration::from_secs(26 * 3_600);

/// So much of the past is read and put in order at once.
const STRETCH: Duration = Duration::from_secs(6 * 3_600);

/// Readings of one point in a stretch: more than any scan interval can bring about.
const STRETCH_MAX: usize = 10_000_000;

/// Verdicts and marks that are read of a stretch.
const RECORDS_MAX: usize = 1_000_000;

/// The stretch grows with what differs beyond it; in the end it is taken as it is.
const ROUNDS_MAX: usize = 16;

/// How long after the last reading a moment may stay unsettled.
const SETTLE: Duration = Duration::from_secs(3_600);

/// Verdicts that turned out otherwise, and those that take their place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revision {
    /// Numbers of the verdicts that do not stand any more.
    pub superseded: Vec<i64>,
    /// The new verdicts, each with the numbers of those among `superseded` whose place it takes.
    pub verdicts: Vec<(VerdictRecord, Vec<i64>)>,
}

/// A stretch of a requirement that is to be judged again.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    area: AreaId,
    pack: String,
    requirement: RequirementId,
    points: Vec<PointId>,
    series: Vec<SeriesId>,
    from: Timestamp,
    to: Timestamp,
}

impl Task {
    /// What the requests come to: one task for each requirement that looks at one of their points.
    pub fn of<'a>(
        site: &Description,
        requests: impl IntoIterator<Item = &'a RejudgeRequest> + Clone,
    ) -> Vec<Self> {
        let task = |info: &RequirementInfo| {
            let points = || info.points.iter().map(|point| &site.points[*point]);
            let concerns = |request: &&RejudgeRequest| {
                points().any(|point| request.points.contains(&point.id))
            };
            let asked: Vec<_> = requests.clone().into_iter().filter(concerns).collect();
            // What a reading says goes on until the next one: with it begins what may differ.
            let speaks = points().map(|point| point.stale_after).max()?;
            Some(Self {
                area: info.area.clone(),
                pack: info.pack.clone(),
                requirement: info.id.clone(),
                points: points().map(|point| point.id.clone()).collect(),
                series: points().map(|point| point.series).collect(),
                from: asked.iter().map(|request| request.from).min()?,
                to: asked.iter().map(|request| request.to).max()? + speaks,
            })
        };
        site.requirements.iter().filter(|info| !info.warning).filter_map(task).collect()
    }

    fn is_on(&self, verdict: &VerdictRecord) -> bool {
        verdict.requirement == self.requirement
            && verdict.points == self.points
            && verdict.pack == self.pack
    }
}

/// The past, as it is known now.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// Its readings.
    pub history: &'a dyn History,
    /// Its verdicts.
    pub records: &'a dyn Records,
    /// What was said of its readings.
    pub marks: &'a dyn Marks,
    /// When the gateway was started: silence before is its own.
    pub starts: &'a [Timestamp],
    /// Nothing was judged before this.
    pub born: Timestamp,
    /// Readings before this are not there any more, so nothing of that time can be judged.
    pub horizon: Timestamp,
}

/// Judges a task again. `now` is when the new verdicts become known.
///
/// # Errors
/// When the past cannot be read.
pub fn rejudge(
    spec: &SiteSpec,
    task: &Task,
    past: Past<'_>,
    now: Timestamp,
) -> Result<Revision, PortError> {
    let (mut from, mut to) = (task.from.max(past.horizon).max(past.born), task.to);
    let mut revision = Revision::default();
    for _ in 0..ROUNDS_MAX {
        if from >= to {
            return Ok(revision);
        }
        let stored = in_force(task, past, from, to)?;
        let begin = stored.iter().map(|stored| stored.record.from).min().unwrap_or(from);
        let start = (begin.min(from) - LEAD).max(past.born);
        let known = in_force(task, past, start, to + TRAIL)?;
        let Some(stop) = Stop::of(&known, from, to + TRAIL, now) else { return Ok(revision) };
        let marks = past.marks.marks(MarkFilter::InForce, start, stop.at, None, RECORDS_MAX)?;
        let fresh = judge(spec, task, marks, rows(task, past, start, stop.at), start, stop)?;
        let differing = Differing::of(&stored, &fresh, from, to);
        let (low, high) = differing.extent(from, to);
        revision = differing.revision(now);
        if (low, high) == (from, to) || low < past.horizon {
            return Ok(revision);
        }
        (from, to) = (low, high);
    }
    Ok(revision)
}

/// Where judging stops.
#[derive(Debug, Clone, Copy)]
struct Stop {
    at: Timestamp,
    /// Whether the requirement is judged no further than this, so that what is open is closed here.
    is_end: bool,
}

impl Stop {
    /// None if nothing from `from` on was judged yet.
    fn of(
        known: &[StoredVerdict],
        from: Timestamp,
        end: Timestamp,
        now: Timestamp,
    ) -> Option<Self> {
        let settled = (now - SETTLED).min(end);
        match known.iter().map(|stored| stored.record.to).max() {
            Some(judged) if judged > settled => {
                Some(Self { at: judged.min(end), is_end: judged <= end })
            }
            _ => (settled > from).then_some(Self { at: settled, is_end: false }),
        }
    }
}

fn in_force(
    task: &Task,
    past: Past<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StoredVerdict>, PortError> {
    let verdicts =
        past.records.verdicts(VerdictFilter::InForce, from, to, Some(&task.area), RECORDS_MAX)?;
    let on_task = verdicts.into_iter().filter(|stored| task.is_on(&stored.record));
    Ok(on_task.filter(|stored| stored.record.from >= past.horizon).collect())
}

/// The verdicts of a task's requirement as a fresh engine passes them.
fn judge(
    spec: &SiteSpec,
    task: &Task,
    marks: Vec<Mark>,
    records: impl Iterator<Item = Result<Record, PortError>>,
    start: Timestamp,
    stop: Stop,
) -> Result<Vec<VerdictRecord>, PortError> {
    let (mut engine, _) = Engine::new(narrowed(spec, task), start);
    engine.know_marks(marks);
    let mut effects = Vec::new();
    let mut verdicts = Vec::new();
    let mut take = |effects: &mut Vec<Effect>| {
        verdicts.extend(effects.drain(..).filter_map(|effect| match effect {
            Effect::Verdict(verdict) if task.is_on(&verdict) => Some(verdict),
            _ => None,
        }));
    };
    for (seq, record) in (1..).zip(records) {
        // Nothing is refused: of acts, only the starts of the gateway are among the records.
        let _ = engine.handle(seq, &record?, &mut effects);
        take(&mut effects);
    }
    if stop.is_end {
        engine.tick(stop.at, &mut effects);
        engine.finish(&mut effects);
    } else {
        engine.tick(stop.at + SETTLE, &mut effects);
    }
    take(&mut effects);
    verdicts.retain(|verdict| verdict.to <= stop.at);
    Ok(verdicts)
}

/// The site without what the task does not need.
fn narrowed(spec: &SiteSpec, task: &Task) -> SiteSpec {
    let mut spec = spec.clone();
    spec.areas.retain(|area| area.facts.id == task.area);
    for area in &mut spec.areas {
        area.packs.retain(|pack| format!("{}@{}", pack.id, pack.version) == task.pack);
    }
    spec
}

/// Readings and starts of the gateway in the order of their time, stretch by stretch.
fn rows<'a>(
    task: &'a Task,
    past: Past<'a>,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Result<Record, PortError>> + 'a {
    let mut next = from;
    let mut stretch: vec::IntoIter<Record> = Vec::new().into_iter();
    core::iter::from_fn(move || {
        loop {
            if let Some(record) = stretch.next() {
                return Some(Ok(record));
            }
            if next >= to {
                return None;
            }
            let end = (next + STRETCH).min(to);
            match read(task, past, next, end) {
                Ok(records) => stretch = records.into_iter(),
                Err(error) => {
                    next = to;
                    return Some(Err(error));
                }
            }
            next = end;
        }
    })
}

fn read(
    task: &Task,
    past: Past<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Record>, PortError> {
    let mut records = Vec::new();
    let wanted: BTreeSet<SeriesId> = task.series.iter().copied().collect();
    for series in wanted {
        for mut sample in past.history.samples(series, from, to, STRETCH_MAX)? {
            // As if it had come at once; nothing can be measured in the future.
            sample.received_time = sample.source_time.min(sample.received_time).max(from);
            records.push((sample.received_time, Record::Reading(Row { series, sample })));
        }
    }
    let starts = past.starts.iter().filter(|at| from <= **at && **at < to);
    records.extend(starts.map(|at| {
        let command = Command { at: *at, act: Act::Started };
        (*at, Record::Command(Box::new(command)))
    }));
    records.sort_by_key(|(at, _)| *at);
    Ok(records.into_iter().map(|(_, record)| record).collect())
}

/// What is not the same in both: numbers and stretches in force, and fresh verdicts.
struct Differing<'a> {
    old: Vec<&'a StoredVerdict>,
    new: Vec<&'a VerdictRecord>,
}

impl<'a> Differing<'a> {
    fn of(
        stored: &'a [StoredVerdict],
        fresh: &'a [VerdictRecord],
        from: Timestamp,
        to: Timestamp,
    ) -> Self {
        let fresh: Vec<_> = fresh.iter().filter(|v| touches(v, from, to)).collect();
        let has_same = |old: &&StoredVerdict| fresh.iter().any(|new| is_same(&old.record, new));
        let is_stored = |new: &&&VerdictRecord| stored.iter().any(|old| is_same(&old.record, new));
        Self {
            old: stored.iter().filter(|old| !has_same(old)).collect(),
            new: fresh.iter().filter(|new| !is_stored(new)).copied().collect(),
        }
    }

    /// The stretch together with all that differs.
    fn extent(&self, from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
        let records = self.old.iter().map(|old| &old.record).chain(self.new.iter().copied());
        records.fold((from, to), |(from, to), record| (from.min(record.from), to.max(record.to)))
    }

    fn revision(self, now: Timestamp) -> Revision {
        let revises = |new: &VerdictRecord| {
            let old = self.old.iter().filter(|old| touches(&old.record, new.from, new.to));
            old.map(|old| old.id).collect()
        };
        Revision {
            superseded: self.old.iter().map(|old| old.id).collect(),
            verdicts: self
                .new
                .iter()
                .map(|new| (VerdictRecord { t: now, ..(*new).clone() }, revises(new)))
                .collect(),
        }
    }
}

fn touches(verdict: &VerdictRecord, from: Timestamp, to: Timestamp) -> bool {
    verdict.from < to && from < verdict.to
}

/// Whether two verdicts say the same; the explanation follows from the rest.
fn is_same(a: &VerdictRecord, b: &VerdictRecord) -> bool {
    let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    a.from == b.from
        && a.to == b.to
        && a.verdict == b.verdict
        && is_near(a.coverage, b.coverage)
        && match (a.value, b.value) {
            (Some(a), Some(b)) => is_near(a, b),
            (a, b) => a == b,
        }
}
