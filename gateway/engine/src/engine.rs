//! Records in, effects out, and nothing else: no clock, no disk, no order but that of the records.
//!
//! # Time
//! The engine's clock is the greatest received time it has seen (or has been [told](Engine::tick)).
//! A timer that is due at *T* fires with *T* as its time once the clock passes *T*; records at *T*
//! come first. So it makes no difference how often the engine is told the time, and a replay of
//! the journal comes to the same effects as the live run.

mod checked;

use crate::{
    Act, AlarmEvent, Command, Description, Effect, PointState, Record, RequirementState, Row,
    SiteSpec, Snapshot,
    alarm_desk::DeskState,
    assemble::{Assembled, BoundRequirement, assemble},
    doubts::Doubts,
    instance::{Doing, Instance, Refusal, removed},
    lookout::Lookout,
    mark::{Mark, MarkId, RejudgeReason, RejudgeRequest, Review},
    marks::{Changed, Marks},
    ports::StoredAlarm,
    state::EngineState,
    validity::Checks,
};
use core::mem;
use std::{collections::BTreeMap, sync::Arc};
use weir_compliance::{BindFault, Rule, Said};
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
    checks: Checks,
    /// Marks of checks that are gone, to be ended with the next record.
    orphans: Vec<MarkId>,
    /// Which instances judge whether devices deliver, and not what.
    on_delivery: Vec<bool>,
    said: Vec<Said>,
    doubts: Doubts,
    clock: Timestamp,
    seq: u64,
    /// No timer is due before this. A lower bound: it may be early, never late.
    due_not_before: Timestamp,
    changes: Changes,
    /// Whether a point is among the changes already.
    is_listed: Vec<bool>,
    desk: DeskState,
    /// For each instance: which instances its alarm suppresses, and which suppress its own.
    suppresses: Vec<Vec<usize>>,
    suppressed_by: Vec<Vec<usize>>,
    /// Whether the alarm of an instance was active when it was last looked at.
    was_active: Vec<bool>,
    /// Alarms of requirements that are gone, of which that has not been said yet.
    removed: Vec<StoredAlarm>,
    past: BTreeMap<String, u64>,
    /// A state was taken up: what it says of several alarms may not fit this site.
    is_unsettled: bool,
}

/// What waits for its time; of those due at once, the first in this order is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A reading that a check holds, by its point: it comes before what is due at that moment.
    Held(usize),
    /// A requirement, by its index.
    Instance(usize),
    /// What concerns several alarms.
    Desk,
    /// Late readings that are being gathered.
    Doubts,
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
        let limits = spec.alarms;
        let Assembled { description, requirements: bound, checks, faults } = assemble(spec);
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
        let is_on_delivery = |requirement: &BoundRequirement| {
            matches!(requirement.binding.requirement().rule, Rule::Availability(_))
        };
        let on_delivery = bound.iter().map(is_on_delivery).collect();
        let instances: Vec<Instance> = bound
            .into_iter()
            .zip(&description.requirements)
            .map(|(requirement, info)| {
                Instance::new(requirement, info, &description, limits, start)
            })
            .collect();
        let marks = Marks::new(description.points.iter().map(|p| p.id.clone()).collect());
        let suppressed_by: Vec<Vec<usize>> =
            (0..instances.len()).map(|index| suppressors(&instances, index)).collect();
        let mut suppresses = vec![Vec::new(); instances.len()];
        for (index, by) in suppressed_by.iter().enumerate() {
            by.iter().for_each(|by| suppresses[*by].push(index));
        }
        let engine = Self {
            marks,
            checks: Checks::new(description.points.len(), checks),
            orphans: Vec::new(),
            on_delivery,
            said: Vec::new(),
            doubts: Doubts::default(),
            desk: DeskState::default(),
            suppresses,
            suppressed_by,
            was_active: vec![false; instances.len()],
            removed: Vec::new(),
            past: BTreeMap::new(),
            is_unsettled: false,
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
        if !self.orphans.is_empty() {
            self.end_orphans(self.clock, out);
        }
        self.settle(out);
        match record {
            Record::Reading(row) => {
                self.tick(row.sample.received_time, out);
                let first = out.len();
                self.observe(row, out);
                self.doubts.follow(first, out);
                Ok(())
            }
            Record::Command(command) => self.act(command, out),
        }
    }

    /// Judges by these marks and by no others: for going over the past with what is known now.
    pub fn know_marks(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.marks.know(marks);
    }

    /// Knows from the start what people will have said; checks make their own marks.
    pub fn foretell_marks(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.marks.foretell(marks);
    }

    /// Whether the marks were given from outside, so that no check has to make any.
    pub fn knows_marks(&self) -> bool {
        self.marks.are_known()
    }

    /// Time has come to `now`: every timer due before it fires, in order, at its own time.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.settle(out);
        if now <= self.clock {
            return;
        }
        while self.due_not_before < now {
            let instances = self.instances.iter().enumerate();
            let earliest = instances
                .filter_map(|(i, x)| Some((x.deadline()?, Timer::Instance(i))))
                .chain(self.desk.deadline().map(|due| (due, Timer::Desk)))
                .chain(self.doubts.deadline().map(|due| (due, Timer::Doubts)))
                .chain(self.checks.deadline().map(|(due, point)| (due, Timer::Held(point))));
            match earliest.min() {
                Some((due, timer)) if due < now => {
                    // A timer set for the past (a late sample) fires now, not then.
                    self.clock = self.clock.max(due);
                    self.fire(timer, out);
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

    fn fire(&mut self, timer: Timer, out: &mut Vec<Effect>) {
        let first = out.len();
        match timer {
            Timer::Held(point) => self.let_go(point, out),
            Timer::Instance(index) => {
                self.instances[index].advance(self.clock, &mut self.desk, out);
                self.note_requirement(index, out);
            }
            Timer::Desk => self.desk.advance(self.clock, out),
            Timer::Doubts => self.doubts.advance(self.clock, out),
        }
        // At once, and not when all timers have fired: how often time is told must not matter.
        self.doubts.follow(first, out);
    }

    /// Ends a replay: open stretches of time are closed and judged as they are.
    pub fn finish(&mut self, out: &mut Vec<Effect>) {
        let end = self.clock;
        self.due_not_before = end;
        self.tick(Timestamp::from_millis(end.as_millis() + 1), out);
        self.let_all_go(out);
        let first = out.len();
        for instance in &mut self.instances {
            instance.finish(end, &mut self.desk, out);
        }
        self.doubts.finish(end, out);
        self.doubts.follow(first, out);
    }

    fn observe(&mut self, row: &Row, out: &mut Vec<Effect>) {
        let series = row.series.0 as usize;
        let Some(point) = self.points_by_series.get(series).copied().flatten() else {
            return; // A point that the site file no longer has: stored, and not judged.
        };
        let id = &self.description.points[point].id;
        if self.doubts.observe(self.clock, id, self.samples[point].as_ref(), &row.sample) {
            self.note_doubts();
        }
        let latest = &mut self.samples[point];
        if latest.is_none_or(|old| old.source_time <= row.sample.source_time) {
            *latest = Some(row.sample);
            if !mem::replace(&mut self.is_listed[point], true) {
                self.changes.points.push(point);
            }
        }
        self.check(point, &row.sample, out);
    }

    fn act(&mut self, command: &Command, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let done = self.act_on(command, out);
        if done.is_ok() {
            self.tell_checks(command);
        }
        done
    }

    fn act_on(&mut self, command: &Command, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        match &command.act {
            Act::Started => {
                let first = out.len();
                for index in 0..self.instances.len() {
                    self.instances[index].resume(self.clock, command.at, &mut self.desk, out);
                    self.note_requirement(index, out);
                }
                self.doubts.follow(first, out);
                self.tick(command.at, out);
                Ok(())
            }
            Act::Reloaded { .. } => {
                self.tick(command.at, out);
                Ok(())
            }
            Act::Acknowledge { alarm, by, comment, seen } => {
                let doing = Doing { alarm, by, comment };
                self.act_on_alarm(command.at, alarm, out, |instance, desk, out| {
                    instance.acknowledge(command.at, &doing, *seen, desk, out)
                })
            }
            Act::Alarm { alarm, by, comment, deed } => {
                let doing = Doing { alarm, by, comment };
                self.act_on_alarm(command.at, alarm, out, |instance, desk, out| {
                    instance.deed(command.at, *deed, &doing, desk, out)
                })
            }
            Act::Comment { alarm, by, comment } => {
                let doing = Doing { alarm, by, comment };
                self.act_on_alarm(command.at, alarm, out, |instance, desk, out| {
                    instance.comment(command.at, &doing, desk, out);
                    Ok(())
                })
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
    pub(super) fn judge_again(&mut self, changed: Changed, out: &mut Vec<Effect>) {
        let Changed { mark, points, from, to } = changed;
        let to = to.map_or(self.clock, |to| to.min(self.clock));
        if from < to {
            let why = RejudgeReason::Mark(mark);
            self.doubts.raise(RejudgeRequest { t: self.clock, points, from, to, why }, out);
            self.note_doubts();
        }
    }

    fn note_doubts(&mut self) {
        if let Some(due) = self.doubts.deadline() {
            self.due_not_before = self.due_not_before.min(due);
        }
    }

    fn act_on_alarm(
        &mut self,
        at: Timestamp,
        alarm: &str,
        out: &mut Vec<Effect>,
        act: impl FnOnce(&mut Instance, &mut DeskState, &mut Vec<Effect>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.tick(at, out);
        let index = self.instances.iter().position(|i| i.answers_to(alarm));
        let index = index.ok_or(Refusal::UnknownAlarm)?;
        let instance = &mut self.instances[index];
        // What is due at this very moment comes first: nobody acts on what is about to change.
        instance.advance_alarm(self.clock, &mut self.desk, out);
        let done = act(instance, &mut self.desk, out);
        self.note_requirement(index, out);
        done
    }

    /// Keeps the lower bound of the timers right, lets the alarm suppress others, and remembers
    /// what to publish.
    fn note_requirement(&mut self, index: usize, out: &mut Vec<Effect>) {
        let is_active = self.instances[index].is_active();
        if mem::replace(&mut self.was_active[index], is_active) != is_active {
            for other in 0..self.suppresses[index].len() {
                self.suppress(self.suppresses[index][other], out);
            }
        }
        let due = [self.instances[index].deadline(), self.desk.deadline()];
        if let Some(due) = due.into_iter().flatten().min() {
            self.due_not_before = self.due_not_before.min(due);
        }
        if self.instances[index].take_changed() {
            self.changes.requirements.push(index);
        }
    }

    /// Tells an alarm what suppresses it now.
    fn suppress(&mut self, index: usize, out: &mut Vec<Effect>) {
        let active = |by: &&usize| self.instances[**by].is_active();
        let causes: Vec<String> = self.suppressed_by[index]
            .iter()
            .filter(active)
            .map(|by| self.instances[*by].key().to_owned())
            .collect();
        self.instances[index].suppress_by_design(self.clock, &causes, &mut self.desk, out);
        if let Some(due) = self.instances[index].deadline() {
            self.due_not_before = self.due_not_before.min(due);
        }
    }

    /// Puts right what a saved state says of several alarms, where the site is another one now:
    /// alarms of requirements that are gone are closed, and what they suppressed is free.
    fn settle(&mut self, out: &mut Vec<Effect>) {
        if !mem::take(&mut self.is_unsettled) {
            return;
        }
        for open in mem::take(&mut self.removed) {
            let name = open.raised.alarm.rsplit_once('~').map_or("", |(name, _)| name).to_owned();
            let mut event = removed(self.clock, open);
            self.desk.note(&name, &mut event);
            out.push(Effect::Alarm(event));
        }
        let active = self.instances.iter().filter(|i| i.is_active()).map(Instance::key);
        self.desk.keep(&active.collect());
        for index in 0..self.instances.len() {
            self.suppress(index, out);
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

    /// Looks out for readings that bring an alarm, from how the alarms stand now.
    pub fn lookout(&self) -> Lookout {
        let mut lookout = Lookout::default();
        for (instance, info) in self.instances.iter().zip(&self.description.requirements) {
            if let Some(watch) = instance.watch() {
                lookout.add(watch, info.points.iter().map(|p| self.description.points[*p].series));
            }
        }
        lookout
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
            alarm_facts: {
                let instances = self.instances.iter().enumerate();
                instances.filter_map(|(index, instance)| instance.facts(index)).collect()
            },
            flood_since: self.desk.flood_since(),
            raised_lately: self.desk.raised_lately(self.clock),
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
            checks: self.checks.state(&self.description.points),
            doubts: self.doubts.clone(),
            desk: self.desk.clone(),
            removed: self.removed.clone(),
            past: self.past.clone(),
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
        self.orphans = self.checks.restore(&self.description.points, state.checks);
        self.doubts = state.doubts;
        let mut afresh = Vec::new();
        self.desk = state.desk;
        self.past = state.past;
        self.removed = state.removed;
        for (index, instance) in self.instances.iter_mut().enumerate() {
            let saved = state.instances.remove(instance.key());
            if !saved.is_some_and(|saved| instance.restore(saved)) {
                afresh.push(instance.key().to_owned());
            }
            instance.count_from(self.past.remove(instance.key()).unwrap_or(0));
            self.was_active[index] = instance.is_active();
        }
        for (name, gone) in state.instances {
            self.removed.extend(gone.open);
            if gone.alarms > 0 {
                self.past.insert(name, gone.alarms);
            }
        }
        self.is_unsettled = true;
        afresh
    }
}

/// The instances whose alarms suppress the one of `index`, as its requirement says: those of the
/// same device, if there are any, and else those of the area.
fn suppressors(instances: &[Instance], index: usize) -> Vec<usize> {
    let (area, wanted) = instances[index].suppressors();
    let (_, _, points) = instances[index].names();
    let mut found = Vec::new();
    for requirement in wanted {
        let of_area = instances.iter().enumerate().filter(|(other, instance)| {
            let (its_area, its_requirement, _) = instance.names();
            *other != index && its_area == area && its_requirement == requirement
        });
        let of_area: Vec<usize> = of_area.map(|(other, _)| other).collect();
        let is_near = |other: &&usize| {
            let (_, _, others) = instances[**other].names();
            others.iter().any(|p| points.iter().any(|own| own.device() == p.device()))
        };
        let near: Vec<usize> = of_area.iter().filter(is_near).copied().collect();
        found.extend(if near.is_empty() { of_area } else { near });
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The alarm events among effects.
pub fn alarm_events(effects: &[Effect]) -> impl Iterator<Item = &AlarmEvent> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Alarm(event) => Some(event),
        _ => None,
    })
}
