//! Records in, effects out, and nothing else: no clock, no disk, no order but that of the records.
//!
//! # Time
//! The engine's clock is the greatest received time it has seen (or has been [told](Engine::tick)).
//! A timer that is due at *T* fires with *T* as its time once the clock passes *T*; records at *T*
//! come first. So it makes no difference how often the engine is told the time, and a replay of
//! the journal comes to the same effects as the live run.

use crate::{
    Act, AlarmEvent, Command, Description, Effect, PointState, Record, RequirementState, Row,
    SiteSpec, Snapshot,
    assemble::assemble,
    instance::{Instance, Refusal},
    mark::{RejudgeReason, RejudgeRequest, Review},
    marks::{Changed, Marks},
    state::EngineState,
};
use core::mem;
use std::sync::Arc;
use weir_compliance::BindFault;
use weir_domain::{Sample, Timestamp};

/// The pure core of a gateway.
pub struct Engine {
    description: Arc<Description>,
    instances: Vec<Instance>,
    /// For each point: which instances take it, as which input.
    routes: Vec<Vec<(usize, usize)>>,
    /// The point of each series number.
    points_by_series: Vec<Option<usize>>,
    samples: Vec<Option<Sample>>,
    marks: Marks,
    clock: Timestamp,
    seq: u64,
    /// No timer is due before this. A lower bound: it may be early, never late.
    due_not_before: Timestamp,
    changes: Changes,
    /// Whether a point is among the changes already.
    is_listed: Vec<bool>,
}

/// What has changed since it was last asked.
#[derive(Debug, Default)]
pub struct Changes {
    /// Points with a new latest sample, as indexes.
    pub points: Vec<usize>,
    /// Requirements that stand otherwise, as indexes.
    pub requirements: Vec<usize>,
}

impl Engine {
    /// An engine that has seen nothing yet and whose clock stands at `start`. The faults tell
    /// which requirements are not watched.
    pub fn new(spec: SiteSpec, start: Timestamp) -> (Self, Vec<BindFault>) {
        let (description, bound, faults) = assemble(spec);
        let mut routes = vec![Vec::new(); description.points.len()];
        for (instance, requirement) in bound.iter().enumerate() {
            for (input, point) in requirement.points.iter().enumerate() {
                routes[*point].push((instance, input));
            }
        }
        let series_end = description.points.iter().map(|p| p.series.0 as usize + 1).max();
        let mut points_by_series = vec![None; series_end.unwrap_or(0)];
        for (index, point) in description.points.iter().enumerate() {
            points_by_series[point.series.0 as usize] = Some(index);
        }
        let instances = bound
            .into_iter()
            .zip(&description.requirements)
            .map(|(requirement, info)| Instance::new(requirement, info, &description, start))
            .collect();
        let marks = Marks::new(description.points.iter().map(|p| p.id.clone()).collect());
        let engine = Self {
            marks,
            samples: vec![None; description.points.len()],
            is_listed: vec![false; description.points.len()],
            description: Arc::new(description),
            instances,
            routes,
            points_by_series,
            clock: start,
            seq: 0,
            due_not_before: start,
            changes: Changes::default(),
        };
        (engine, faults)
    }

    /// The site in words.
    pub fn description(&self) -> &Arc<Description> {
        &self.description
    }

    /// The number of the last record handled; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// How far time has come.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Handles the record number `seq`. A refusal changes nothing but the clock; only acts of people can be
    /// refused.
    ///
    /// # Errors
    /// Why an act was refused.
    pub fn handle(
        &mut self,
        seq: u64,
        record: &Record,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        self.seq = seq;
        match record {
            Record::Reading(row) => {
                self.tick(row.sample.received_time, out);
                self.observe(row, out);
                Ok(())
            }
            Record::Command(command) => self.act(command, out),
        }
    }

    /// Time has come to `now`: every timer due before it fires, in order, at its own time.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        if now <= self.clock {
            return;
        }
        while self.due_not_before < now {
            let earliest = self
                .instances
                .iter()
                .enumerate()
                .filter_map(|(i, x)| Some((x.deadline()?, i)))
                .min();
            match earliest {
                Some((due, index)) if due < now => {
                    // A timer set for the past (a late sample) fires now, not then.
                    self.clock = self.clock.max(due);
                    self.instances[index].advance(self.clock, out);
                    self.note_requirement(index);
                }
                Some((due, _)) => {
                    self.due_not_before = due;
                    break;
                }
                None => {
                    self.due_not_before = Timestamp::from_millis(i64::MAX);
                    break;
                }
            }
        }
        self.clock = now;
    }

    /// Ends a replay: open stretches of time are closed and judged as they are.
    pub fn finish(&mut self, out: &mut Vec<Effect>) {
        let end = self.clock;
        self.due_not_before = end;
        self.tick(Timestamp::from_millis(end.as_millis() + 1), out);
        for instance in &mut self.instances {
            instance.finish(end, out);
        }
    }

    fn observe(&mut self, row: &Row, out: &mut Vec<Effect>) {
        let series = row.series.0 as usize;
        let Some(point) = self.points_by_series.get(series).copied().flatten() else {
            return; // A point that the site file no longer has: stored, and not judged.
        };
        let latest = &mut self.samples[point];
        if latest.is_none_or(|old| old.source_time <= row.sample.source_time) {
            *latest = Some(row.sample);
            if !mem::replace(&mut self.is_listed[point], true) {
                self.changes.points.push(point);
            }
        }
        let counted = self.marks.applied(point, &row.sample);
        for route in 0..self.routes[point].len() {
            let (index, input) = self.routes[point][route];
            self.instances[index].observe(self.clock, input, &counted, out);
            self.note_requirement(index);
        }
    }

    fn act(&mut self, command: &Command, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        match &command.act {
            Act::Started => {
                for index in 0..self.instances.len() {
                    self.instances[index].resume(command.at, out);
                    self.note_requirement(index);
                }
                self.tick(command.at, out);
                Ok(())
            }
            Act::Reloaded { .. } => {
                self.tick(command.at, out);
                Ok(())
            }
            Act::Acknowledge { alarm, by, comment } => {
                self.tick(command.at, out);
                let instance = self.instance_of(alarm)?;
                instance.acknowledge(command.at, by, comment, out)
            }
            Act::Comment { alarm, by, comment } => {
                self.tick(command.at, out);
                let instance = self.instance_of(alarm)?;
                instance.comment(command.at, by, comment, out);
                Ok(())
            }
            Act::Mark(_)
            | Act::EndMark { .. }
            | Act::ReviewMark { .. }
            | Act::CalibrationCheck(_)
            | Act::ManualValue(_) => {
                self.tick(command.at, out);
                self.act_on_marks(command, out)
            }
        }
    }

    fn act_on_marks(&mut self, command: &Command, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let (seq, now) = (self.seq, command.at);
        let changed = match &command.act {
            Act::Mark(new) => Some(self.marks.mark(seq, now, new, out)?),
            Act::EndMark { mark, to, by, .. } => {
                Some(self.marks.end_mark(now, mark, *to, by, out)?)
            }
            Act::ReviewMark { mark, outcome, by, comment } => {
                let (by, comment) = (by.clone(), comment.clone());
                let review = Review { outcome: *outcome, by, at: now, comment };
                self.marks.review(now, mark, review, out)?
            }
            Act::CalibrationCheck(check) => self.marks.calibration(seq, now, check, out)?,
            Act::ManualValue(manual) => Some(self.marks.manual_value(seq, now, manual, out)?),
            _ => None,
        };
        if let Some(changed) = changed {
            self.judge_again(changed, out);
        }
        Ok(())
    }

    /// Readings count otherwise now: what was judged of their time is to be judged again.
    fn judge_again(&mut self, changed: Changed, out: &mut Vec<Effect>) {
        let Changed { mark, points, from, to } = changed;
        let to = to.map_or(self.clock, |to| to.min(self.clock));
        if from < to {
            let why = RejudgeReason::Mark(mark);
            let request = RejudgeRequest { t: self.clock, points, from, to, why };
            out.push(Effect::Rejudge(Box::new(request)));
        }
    }

    fn instance_of(&mut self, alarm: &str) -> Result<&mut Instance, Refusal> {
        self.instances.iter_mut().find(|i| i.has_open_alarm(alarm)).ok_or(Refusal::UnknownAlarm)
    }

    /// Keeps the lower bound of the timers right and remembers what to publish.
    fn note_requirement(&mut self, index: usize) {
        if let Some(due) = self.instances[index].deadline() {
            self.due_not_before = self.due_not_before.min(due);
        }
        if self.instances[index].take_changed() {
            self.changes.requirements.push(index);
        }
    }

    /// What has changed since the last call; each index at most once, in order.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = mem::take(&mut self.changes);
        for point in &changes.points {
            self.is_listed[*point] = false;
        }
        for list in [&mut changes.points, &mut changes.requirements] {
            list.sort_unstable();
            list.dedup();
        }
        changes
    }

    /// How a requirement stands.
    pub fn requirement(&self, index: usize) -> RequirementState {
        self.instances[index].standing()
    }

    /// The latest sample of a point.
    pub fn sample(&self, point: usize) -> Option<Sample> {
        self.samples[point]
    }

    /// Everything as it stands.
    pub fn snapshot(&self) -> Snapshot {
        let points = self.description.points.iter().zip(&self.samples);
        let mut alarms: Vec<_> =
            self.instances.iter().filter_map(|i| i.open_alarm().cloned()).collect();
        alarms.sort_by(|a, b| (a.raised.t, &a.raised.alarm).cmp(&(b.raised.t, &b.raised.alarm)));
        Snapshot {
            description: Arc::clone(&self.description),
            t: Some(self.clock),
            seq: self.seq,
            points: points
                .map(|(info, sample)| PointState {
                    sample: *sample,
                    stale: sample
                        .is_none_or(|s| self.clock.since(s.source_time) > info.stale_after),
                })
                .collect(),
            requirements: self.instances.iter().map(Instance::standing).collect(),
            alarms,
        }
    }

    /// Everything that must survive a restart.
    pub fn state(&self) -> EngineState {
        let points = self.description.points.iter().zip(&self.samples);
        EngineState {
            clock: self.clock,
            seq: self.seq,
            samples: points.filter_map(|(info, s)| Some((info.id.clone(), (*s)?))).collect(),
            instances: self.instances.iter().map(|i| (i.key().to_owned(), i.state())).collect(),
            marks: self.marks.state().clone(),
        }
    }

    /// Goes on from a saved state. Requirements that are new or were changed since start afresh;
    /// their names are returned.
    pub fn restore(&mut self, mut state: EngineState) -> Vec<String> {
        self.clock = state.clock;
        self.seq = state.seq;
        self.due_not_before = state.clock;
        for (info, sample) in self.description.points.iter().zip(&mut self.samples) {
            *sample = state.samples.remove(&info.id);
        }
        self.marks.restore(state.marks, self.clock);
        let mut afresh = Vec::new();
        for instance in &mut self.instances {
            let saved = state.instances.remove(instance.key());
            if !saved.is_some_and(|saved| instance.restore(saved)) {
                afresh.push(instance.key().to_owned());
            }
        }
        afresh
    }
}

/// The alarm events among effects.
pub fn alarm_events(effects: &[Effect]) -> impl Iterator<Item = &AlarmEvent> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Alarm(event) => Some(event),
        _ => None,
    })
}
