//! The marks that the engine knows, and what they make of a reading.
//!
//! # What a reading counts as
//! Of the persons' marks over it one decides: a supervisor's before an operator's, a later before an
//! earlier. Then, in this order, the first that applies:
//!
//! 1. That mark says it is not good: what the mark says.
//! 2. It was stored as not good: as it was stored. No mark makes such a reading good.
//! 3. That mark says it is valid: good, whatever checks say.
//! 4. A check's mark: what the mark says. Of several, bad before uncertain, then the later.
//! 5. As it was stored.
//!
//! A mark that a supervisor has rejected counts for nothing.

use crate::{
    instance::Refusal,
    mark::{
        Capacity, Mark, MarkChange, MarkEvent, MarkId, MarkReason, Origin, Person, Review,
        ReviewOutcome,
    },
    record::{CalibrationCheck, Effect, ManualValue, NewMark},
};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_domain::{PointId, Quality, Reading, Sample, Timestamp};

/// A mark of a stretch that ended so long ago cannot be changed any more, and is forgotten here
/// (the store keeps it).
const REMEMBERED: Duration = Duration::from_secs(400 * 86_400);

/// Marks remembered; beyond, those that ended first are forgotten.
const MARKS_MAX: usize = 2_000;

/// Readings that come later than this after they were measured are judged again from the history,
/// with marks from the store, so the marks of that time need not be at hand.
const AT_HAND: Duration = Duration::from_secs(2 * 3_600);

/// A failed check without a passed one before it invalidates so much: the longest time that may
/// lie between two calibrations (HJ 355-2019).
const CHECK_BACK: Duration = Duration::from_secs(168 * 3_600);

/// Passed checks remembered of a point.
const PASSES_MAX: usize = 64;

/// All that is known of marks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MarkState {
    marks: BTreeMap<MarkId, Mark>,
    checks: BTreeMap<PointId, Checks>,
}

/// The comparisons with standards that a point has had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Checks {
    /// When it passed, oldest first.
    passed: Vec<Timestamp>,
    /// The failure that no passed check has followed yet, and its mark.
    failed: Option<(Timestamp, MarkId)>,
}

/// Marks, ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    state: MarkState,
    /// For each point the marks that count and may concern what comes, those that go first first.
    at_hand: Vec<Vec<Mark>>,
    points: Vec<PointId>,
    are_known: bool,
}

/// A stretch of time whose readings count otherwise now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changed {
    pub(crate) mark: MarkId,
    pub(crate) points: Vec<PointId>,
    pub(crate) from: Timestamp,
    /// None: for all time to come.
    pub(crate) to: Option<Timestamp>,
}

impl Marks {
    /// No marks yet, for the points of a site in its order.
    pub(crate) fn new(points: Vec<PointId>) -> Self {
        let at_hand = vec![Vec::new(); points.len()];
        Self { state: MarkState::default(), at_hand, points, are_known: false }
    }

    pub(crate) fn state(&self) -> &MarkState {
        &self.state
    }

    pub(crate) fn restore(&mut self, state: MarkState, now: Timestamp) {
        self.state = state;
        self.lay_out(None, now);
    }

    /// Takes marks as they are, in place of all that is known: for judging again.
    pub(crate) fn know(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.are_known = true;
        self.foretell(marks);
    }

    /// Takes marks as they are, in place of all that is known.
    pub(crate) fn foretell(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.state.marks = marks.into_iter().map(|mark| (mark.id.clone(), mark)).collect();
        self.lay_out(None, Timestamp::from_millis(i64::MIN));
    }

    /// Whether they were given from outside.
    pub(crate) fn are_known(&self) -> bool {
        self.are_known
    }

    /// The sample as it counts.
    pub(crate) fn applied(&self, point: usize, sample: &Sample) -> Sample {
        let marks = &self.at_hand[point];
        if marks.is_empty() {
            return *sample;
        }
        let raw = sample.reading.quality();
        let quality = counts_as(raw, sample.source_time, marks);
        let reading = match quality == raw {
            true => sample.reading,
            false => Reading::from_parts(sample.reading.value(), quality),
        };
        Sample { reading, ..*sample }
    }

    /// The sample as it counts by the word of people alone: what the checks are to look at.
    pub(crate) fn by_hand(&self, point: usize, sample: &Sample) -> Sample {
        let raw = sample.reading.quality();
        let mut manual = self.at_hand[point].iter().filter(|mark| mark.is_manual());
        match manual.find(|mark| mark.covers(sample.source_time)) {
            Some(mark) if !mark.quality.is_good() && mark.quality != raw => {
                let reading = Reading::from_parts(sample.reading.value(), mark.quality);
                Sample { reading, ..*sample }
            }
            _ => *sample,
        }
    }

    /// A check or a person makes a mark.
    pub(crate) fn open(&mut self, now: Timestamp, mark: Mark, out: &mut Vec<Effect>) -> Changed {
        let by = match &mark.origin {
            Origin::Person(person) => Some(person.clone()),
            Origin::Check(_) => None,
        };
        let changed = Changed {
            mark: mark.id.clone(),
            points: mark.points.clone(),
            from: mark.from,
            to: mark.to,
        };
        self.put(now, MarkChange::Opened, by, mark, out);
        changed
    }

    /// A mark ends at `to`, or earlier than it did. None if there is nothing to end.
    pub(crate) fn end(
        &mut self,
        now: Timestamp,
        id: &MarkId,
        to: Timestamp,
        by: Option<&Person>,
        out: &mut Vec<Effect>,
    ) -> Option<Changed> {
        let mut mark = self.state.marks.get(id)?.clone();
        if mark.to.is_some_and(|end| end <= to) {
            return None;
        }
        let before = mark.to.replace(to.max(mark.from));
        let changed =
            Changed { mark: id.clone(), points: mark.points.clone(), from: to, to: before };
        self.put(now, MarkChange::Ended, by.cloned(), mark, out);
        Some(changed)
    }

    /// What a person's new mark comes to.
    pub(crate) fn mark(
        &mut self,
        seq: u64,
        now: Timestamp,
        new: &NewMark,
        out: &mut Vec<Effect>,
    ) -> Result<Changed, Refusal> {
        self.check_stretch(now, &new.points, new.from, new.to)?;
        let mark = Mark {
            id: MarkId::of_record(seq),
            points: new.points.clone(),
            from: new.from,
            to: new.to,
            quality: new.quality.unwrap_or_else(|| new.reason.quality()),
            reason: new.reason,
            origin: Origin::Person(new.by.clone()),
            comment: new.comment.clone(),
            evidence: new.evidence.clone(),
            value: None,
            made_at: now,
            review: None,
        };
        Ok(self.open(now, mark, out))
    }

    /// What it comes to that a person ends a mark.
    pub(crate) fn end_mark(
        &mut self,
        now: Timestamp,
        id: &MarkId,
        to: Timestamp,
        by: &Person,
        out: &mut Vec<Effect>,
    ) -> Result<Changed, Refusal> {
        let mark = self.state.marks.get(id).ok_or(Refusal::UnknownMark)?;
        if !mark.is_manual() || mark.is_void() || mark.to.is_some_and(|end| end <= to) {
            return Err(Refusal::MarkIsOver);
        }
        if to <= mark.from {
            return Err(Refusal::BadStretch);
        }
        self.end(now, id, to, Some(by), out).ok_or(Refusal::MarkIsOver)
    }

    /// What a supervisor's word on a mark comes to; no stretch if all counts as before.
    pub(crate) fn review(
        &mut self,
        now: Timestamp,
        id: &MarkId,
        review: Review,
        out: &mut Vec<Effect>,
    ) -> Result<Option<Changed>, Refusal> {
        if review.by.role != Capacity::Supervisor {
            return Err(Refusal::NotSupervisor);
        }
        let mut mark = self.state.marks.get(id).ok_or(Refusal::UnknownMark)?.clone();
        if mark.review.as_ref().is_some_and(|before| before.outcome == review.outcome) {
            return Err(Refusal::AlreadyReviewed);
        }
        let was_void = mark.is_void();
        let (by, outcome) = (review.by.clone(), review.outcome);
        mark.review = Some(review);
        let changed = (was_void != mark.is_void()).then(|| Changed {
            mark: id.clone(),
            points: mark.points.clone(),
            from: mark.from,
            to: mark.to,
        });
        let change = match outcome {
            ReviewOutcome::Confirmed => MarkChange::Reviewed,
            ReviewOutcome::Rejected => MarkChange::Voided,
        };
        self.put(now, change, Some(by), mark, out);
        Ok(changed)
    }

    /// What a comparison with a standard comes to: a failed one invalidates all readings since the
    /// last passed one, and until the next (HJ 356-2019).
    pub(crate) fn calibration(
        &mut self,
        seq: u64,
        now: Timestamp,
        check: &CalibrationCheck,
        out: &mut Vec<Effect>,
    ) -> Result<Option<Changed>, Refusal> {
        if !self.points.contains(&check.point) {
            return Err(Refusal::UnknownPoint);
        }
        if check.done_at > now || now.since(check.done_at) > REMEMBERED {
            return Err(Refusal::BadStretch);
        }
        let checks = self.state.checks.entry(check.point.clone()).or_default();
        if check.passed {
            let at = checks.passed.partition_point(|passed| *passed < check.done_at);
            checks.passed.insert(at, check.done_at);
            if checks.passed.len() > PASSES_MAX {
                checks.passed.remove(0);
            }
            let ended = checks.failed.take_if(|(failed, _)| *failed < check.done_at);
            return Ok(
                ended.and_then(|(_, id)| self.end(now, &id, check.done_at, Some(&check.by), out))
            );
        }
        let before = checks.passed.iter().rfind(|passed| **passed <= check.done_at).copied();
        let after = checks.passed.iter().find(|passed| **passed > check.done_at).copied();
        let id = MarkId::of_record(seq);
        if after.is_none() && checks.failed.is_none() {
            checks.failed = Some((check.done_at, id.clone()));
        } else if after.is_none() {
            // It failed before, and that mark goes on.
            return Ok(None);
        }
        let mark = Mark {
            id,
            points: vec![check.point.clone()],
            from: before.unwrap_or(check.done_at - CHECK_BACK),
            to: after,
            quality: MarkReason::CalibrationFailed.quality(),
            reason: MarkReason::CalibrationFailed,
            origin: Origin::Person(check.by.clone()),
            comment: check.comment.clone(),
            evidence: check.evidence.clone(),
            value: Some(check.reference),
            made_at: now,
            review: None,
        };
        Ok(Some(self.open(now, mark, out)))
    }

    /// What a value measured by hand comes to.
    pub(crate) fn manual_value(
        &mut self,
        seq: u64,
        now: Timestamp,
        manual: &ManualValue,
        out: &mut Vec<Effect>,
    ) -> Result<Changed, Refusal> {
        let points = vec![manual.point.clone()];
        self.check_stretch(now, &points, manual.from, Some(manual.to))?;
        let mark = Mark {
            id: MarkId::of_record(seq),
            points,
            from: manual.from,
            to: Some(manual.to),
            quality: MarkReason::ManualValue.quality(),
            reason: MarkReason::ManualValue,
            origin: Origin::Person(manual.by.clone()),
            comment: manual.comment.clone(),
            evidence: manual.evidence.clone(),
            value: Some(manual.value),
            made_at: now,
            review: None,
        };
        Ok(self.open(now, mark, out))
    }

    fn check_stretch(
        &self,
        now: Timestamp,
        points: &[PointId],
        from: Timestamp,
        to: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        if points.is_empty() || points.iter().any(|point| !self.points.contains(point)) {
            return Err(Refusal::UnknownPoint);
        }
        if to.is_some_and(|to| to <= from) || now.since(from) > REMEMBERED {
            return Err(Refusal::BadStretch);
        }
        Ok(())
    }

    fn put(
        &mut self,
        now: Timestamp,
        change: MarkChange,
        by: Option<Person>,
        mark: Mark,
        out: &mut Vec<Effect>,
    ) {
        let event = MarkEvent { t: now, change, by, mark: mark.clone() };
        out.push(Effect::Mark(Box::new(event)));
        let points = mark.points.clone();
        self.state.marks.insert(mark.id.clone(), mark);
        self.forget(now);
        self.lay_out(Some(&points), now);
    }

    fn forget(&mut self, now: Timestamp) {
        let marks = &mut self.state.marks;
        marks.retain(|_, mark| mark.to.is_none_or(|to| now.since(to) <= REMEMBERED));
        while marks.len() > MARKS_MAX {
            let first = marks.values().filter_map(|m| Some((m.to?, m.id.clone()))).min();
            let Some((_, id)) = first else { break };
            marks.remove(&id);
        }
    }

    /// Puts the marks of some points, or of all, where samples meet them.
    fn lay_out(&mut self, points: Option<&[PointId]>, now: Timestamp) {
        let horizon = now - AT_HAND;
        for (point, at_hand) in self.points.iter().zip(&mut self.at_hand) {
            if points.is_some_and(|points| !points.contains(point)) {
                continue;
            }
            *at_hand = self
                .state
                .marks
                .values()
                .filter(|mark| mark.points.contains(point) && !mark.is_void())
                .filter(|mark| mark.to.is_none_or(|to| to > horizon))
                .cloned()
                .collect();
            at_hand.sort_by(|a, b| precedence(b).cmp(&precedence(a)));
        }
    }
}

/// The greater goes before the smaller.
fn precedence(mark: &Mark) -> (u8, u8, Timestamp, &MarkId) {
    let (kind, rank) = match &mark.origin {
        Origin::Person(Person { role: Capacity::Supervisor, .. }) => (1, 2),
        Origin::Person(Person { role: Capacity::Operator, .. }) => (1, 1),
        Origin::Check(_) => (0, u8::from(matches!(mark.quality, Quality::Bad(_)))),
    };
    (kind, rank, mark.made_at, &mark.id)
}

/// What a reading of this source time counts as; the marks stand in the order of precedence.
fn counts_as(raw: Quality, source_time: Timestamp, marks: &[Mark]) -> Quality {
    let mut covering = marks.iter().filter(|mark| mark.covers(source_time));
    match covering.next() {
        None => raw,
        Some(mark) if mark.is_manual() && !mark.quality.is_good() => mark.quality,
        Some(_) if !raw.is_good() => raw,
        Some(mark) => mark.quality,
    }
}
