//! Between the journal and the rules: the checks of readings at work on the points of a site.
//!
//! A reading goes to the watch of its point first. What the watch says of a stretch becomes a mark,
//! and marks alone decide what a reading counts as ([`marks`](crate::marks)), so that a supervisor
//! can reject what a check found. What a watch holds back is passed on with the next reading, or
//! when its time is up.

use crate::{
    PointInfo,
    mark::{CheckName, Finding, Mark, MarkId, MarkReason, Origin},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_compliance::{FindingSaid, MarkSaid, Said, Watch, WatchBinding, WatchMemory};
use weir_domain::{PackId, PointId, Sample, Timestamp, Value};

/// What of a watch survives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchState {
    /// What its checks remember.
    memory: WatchMemory,
    /// How many marks it has made.
    marks: u64,
    /// The one that goes on, and its beginning.
    open: Option<(MarkId, Timestamp)>,
}

/// A section of a pack on a point of the site.
#[derive(Debug)]
pub(crate) struct BoundChecks {
    pub(crate) binding: WatchBinding,
    /// The point, as an index into the description.
    pub(crate) point: usize,
    /// Its inputs, likewise.
    pub(crate) inputs: Vec<Option<usize>>,
}

/// The watches of a site.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    watches: Vec<Option<Box<Watched>>>,
    /// Points with a sample that waits.
    held: Vec<usize>,
}

#[derive(Debug)]
struct Watched {
    watch: Watch,
    pack: PackId,
    inputs: Vec<Option<usize>>,
    marks: u64,
    open: Option<(MarkId, Timestamp)>,
}

/// What a mark of a check comes to.
pub(crate) enum MarkStep {
    /// It is made; it may have its end already.
    Open(Box<Mark>),
    /// It is made, on samples that have been judged as good.
    Reopen(Box<Mark>),
    /// It ends.
    End(MarkId, Timestamp),
}

impl Checks {
    pub(crate) fn new(points: usize, bound: Vec<BoundChecks>) -> Self {
        let mut watches: Vec<Option<Box<Watched>>> = (0..points).map(|_| None).collect();
        for BoundChecks { binding, point, inputs } in bound {
            let watch = binding.watch();
            let pack = binding.pack;
            watches[point] = Some(Box::new(Watched { watch, pack, inputs, marks: 0, open: None }));
        }
        Self { watches, held: Vec::new() }
    }

    pub(crate) fn watches(&self, point: usize) -> bool {
        self.watches[point].is_some()
    }

    /// Takes a sample of a point in; `input` yields the good value of another point.
    pub(crate) fn observe(
        &mut self,
        now: Timestamp,
        point: usize,
        sample: &Sample,
        input: impl Fn(usize) -> Option<Value>,
        out: &mut Vec<Said>,
    ) {
        let Some(watched) = &mut self.watches[point] else { return };
        let was_held = watched.watch.deadline().is_some();
        let inputs = &watched.inputs;
        let value = |nth: usize| {
            let index = inputs.get(nth).copied().flatten()?;
            input(index).map(Value::get)
        };
        watched.watch.observe(now, sample, value, out);
        match (was_held, watched.watch.deadline().is_some()) {
            (false, true) => self.held.push(point),
            (true, false) => self.held.retain(|held| *held != point),
            _ => {}
        }
    }

    /// The point whose held sample is to be let go next, and when.
    pub(crate) fn deadline(&self) -> Option<(Timestamp, usize)> {
        let due = |point: &usize| Some((self.watches[*point].as_ref()?.watch.deadline()?, *point));
        self.held.iter().filter_map(due).min()
    }

    /// Lets the held sample of a point go.
    pub(crate) fn advance(&mut self, point: usize, now: Timestamp, out: &mut Vec<Said>) {
        if let Some(watched) = &mut self.watches[point] {
            watched.watch.advance(now, out);
            if watched.watch.deadline().is_none() {
                self.held.retain(|held| *held != point);
            }
        }
    }

    /// The records end: a sample that is held is let go. None if there is none.
    pub(crate) fn finish_one(&mut self, out: &mut Vec<Said>) -> Option<usize> {
        let point = self.held.pop()?;
        if let Some(watched) = &mut self.watches[point] {
            watched.watch.finish(out);
        }
        Some(point)
    }

    /// A point was held against a standard and passed.
    pub(crate) fn note_calibration_passed(&mut self, point: usize, at: Timestamp) {
        if let Some(watched) = &mut self.watches[point] {
            watched.watch.note_calibration_passed(at);
        }
    }

    /// The site file was changed.
    pub(crate) fn note_change(&mut self, at: Timestamp) {
        self.watches.iter_mut().flatten().for_each(|watched| watched.watch.note_change(at));
    }

    /// What a mark that a watch says comes to.
    pub(crate) fn mark(
        &mut self,
        now: Timestamp,
        info: &PointInfo,
        point: usize,
        said: MarkSaid,
    ) -> Option<MarkStep> {
        let watched = self.watches[point].as_mut()?;
        if let Some(to) = said.to
            && let Some((id, _)) = watched.open.take_if(|(_, from)| *from == said.from)
        {
            return Some(MarkStep::End(id, to));
        }
        watched.marks += 1;
        let id = MarkId::of_check(&said.check, &info.id, watched.marks);
        if said.to.is_none() {
            watched.open = Some((id.clone(), said.from));
        }
        let step = if said.reaches_back { MarkStep::Reopen } else { MarkStep::Open };
        Some(step(Box::new(Mark {
            id,
            points: vec![info.id.clone()],
            from: said.from,
            to: said.to,
            quality: said.quality,
            reason: reason(&said.check),
            origin: Origin::Check(CheckName { pack: watched.pack.clone(), check: said.check }),
            comment: format!("{} / {}", said.why.zh, said.why.en),
            evidence: Vec::new(),
            value: None,
            made_at: now,
            review: None,
        })))
    }

    /// A finding of a watch, with its point and its pack.
    pub(crate) fn finding(
        &self,
        now: Timestamp,
        info: &PointInfo,
        point: usize,
        said: FindingSaid,
    ) -> Option<Finding> {
        let watched = self.watches[point].as_ref()?;
        let kind = said.kind.as_str().to_owned();
        Some(Finding {
            t: now,
            area: info.area.clone(),
            points: vec![info.id.clone()],
            check: CheckName { pack: watched.pack.clone(), check: kind.clone() },
            kind,
            from: said.from,
            to: said.to,
            numbers: said.numbers.into_iter().collect(),
            explanation: said.explanation,
            confidence: said.confidence,
        })
    }

    pub(crate) fn state(&self, points: &[PointInfo]) -> BTreeMap<PointId, WatchState> {
        let state = |watched: &Watched| WatchState {
            memory: watched.watch.memory().clone(),
            marks: watched.marks,
            open: watched.open.clone(),
        };
        let watches = points.iter().zip(&self.watches);
        watches.filter_map(|(info, w)| Some((info.id.clone(), state(w.as_ref()?)))).collect()
    }

    /// Goes on from a state. Yields the marks that nobody would end any more, as their check is gone.
    pub(crate) fn restore(
        &mut self,
        points: &[PointInfo],
        mut state: BTreeMap<PointId, WatchState>,
    ) -> Vec<MarkId> {
        let mut orphans = Vec::new();
        self.held.clear();
        for (index, info) in points.iter().enumerate() {
            let Some(watched) = &mut self.watches[index] else { continue };
            let Some(saved) = state.remove(&info.id) else { continue };
            watched.marks = saved.marks;
            if watched.watch.restore(saved.memory) {
                watched.open = saved.open;
            } else {
                orphans.extend(saved.open.map(|(id, _)| id));
            }
            if watched.watch.deadline().is_some() {
                self.held.push(index);
            }
        }
        orphans.extend(state.into_values().filter_map(|saved| Some(saved.open?.0)));
        orphans
    }
}

fn reason(check: &str) -> MarkReason {
    match check {
        "needs" => MarkReason::Dependency,
        _ => MarkReason::Suspect,
    }
}
