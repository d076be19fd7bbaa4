//! A requirement at work on its points: the rule's evaluator and the alarm that stands behind it.

use crate::{
    AlarmEvent, Description, Effect, RequirementInfo, RequirementState, Transition, VerdictRecord,
    assemble::BoundRequirement, ports::StoredAlarm, state::InstanceState,
};
use core::fmt;
use weir_alarms::{Alarm, AlarmSettings, Change, Condition};
use weir_compliance::{Evaluator, Judgement, Passed, Standing};
use weir_domain::{AreaId, PointId, Priority, RequirementId, Sample, Timestamp, Verdict};

/// Why an act was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such alarm that anybody still has to look at.
    UnknownAlarm,
    /// It has been acknowledged before.
    AlreadyAcknowledged,
    /// There is no such mark, or its time is so long ago that nothing about it can be changed.
    UnknownMark,
    /// The mark is a check's, is void, or ends no later than that.
    MarkIsOver,
    /// A supervisor has said so before.
    AlreadyReviewed,
    /// Only a supervisor may do that.
    NotSupervisor,
    /// The site has no such point.
    UnknownPoint,
    /// The stretch has no length, or lies too long ago, or where it must not.
    BadStretch,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownAlarm => "no open alarm has this id",
            Self::AlreadyAcknowledged => "the alarm has been acknowledged before",
            Self::UnknownMark => "no mark that can still be changed has this id",
            Self::MarkIsOver => "the mark is over, void, or not a person's",
            Self::AlreadyReviewed => "a supervisor has said so before",
            Self::NotSupervisor => "only a supervisor may review a mark",
            Self::UnknownPoint => "the site has no such point",
            Self::BadStretch => "the stretch of time has no length, or lies where it must not",
        })
    }
}

impl std::error::Error for Refusal {}

/// The names that verdicts and alarm events of a requirement carry.
struct Names {
    area: AreaId,
    pack: String,
    requirement: RequirementId,
    points: Vec<PointId>,
    limit: String,
    clause: String,
    priority: Priority,
}

/// A requirement at work.
pub(crate) struct Instance {
    key: String,
    names: Names,
    warning: bool,
    raise_on: Verdict,
    settings: AlarmSettings,
    evaluator: Evaluator,
    alarm: Alarm,
    alarms: u64,
    open: Option<StoredAlarm>,
    changed: bool,
    judgements: Vec<Judgement>,
}

impl Instance {
    pub(crate) fn new(
        bound: BoundRequirement,
        info: &RequirementInfo,
        description: &Description,
        start: Timestamp,
    ) -> Self {
        let requirement = bound.binding.requirement();
        let points: Vec<PointId> =
            bound.points.iter().map(|p| description.points[*p].id.clone()).collect();
        let subject = points.first().map(ToString::to_string).unwrap_or_default();
        Self {
            key: format!("{}.{}.{subject}", info.area, info.id),
            names: Names {
                area: info.area.clone(),
                pack: info.pack.clone(),
                requirement: info.id.clone(),
                points,
                limit: interval(requirement.low_high()).unwrap_or_else(|| info.limit.en.clone()),
                clause: info.clause.clone(),
                priority: info.priority,
            },
            warning: requirement.warning,
            raise_on: requirement.alarm.raise_on,
            settings: AlarmSettings {
                on_delay: requirement.alarm.on_delay,
                off_delay: requirement.alarm.off_delay,
            },
            evaluator: bound.binding.evaluator(start),
            alarm: Alarm::default(),
            alarms: 0,
            open: None,
            changed: false,
            judgements: Vec::new(),
        }
    }

    /// `area.requirement.point`: the same as long as the site file says the same.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn observe(
        &mut self,
        now: Timestamp,
        input: usize,
        sample: &Sample,
        out: &mut Vec<Effect>,
    ) {
        self.evaluator.observe(now, input, sample, &mut self.judgements);
        self.conclude(now, out);
    }

    pub(crate) fn advance(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.advance_alarm(now, out);
        self.evaluator.advance(now, &mut self.judgements);
        self.conclude(now, out);
    }

    pub(crate) fn resume(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.evaluator.resume(now);
        self.conclude(now, out);
    }

    pub(crate) fn finish(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.evaluator.finish(now, &mut self.judgements);
        self.conclude(now, out);
    }

    /// When [`advance`](Self::advance) must be called next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match (self.evaluator.deadline(), self.alarm.deadline(&self.settings)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub(crate) fn standing(&self) -> RequirementState {
        let Standing { verdict, since, value, note } = self.evaluator.standing();
        RequirementState { verdict, since, value, note }
    }

    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    pub(crate) fn open_alarm(&self) -> Option<&StoredAlarm> {
        self.open.as_ref()
    }

    pub(crate) fn has_open_alarm(&self, id: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.raised.alarm == id)
    }

    pub(crate) fn acknowledge(
        &mut self,
        now: Timestamp,
        by: &str,
        comment: &str,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        self.alarm.acknowledge(now).map_err(|_| Refusal::AlreadyAcknowledged)?;
        self.alarm_event(now, Transition::Acknowledged, Some((by, comment)), out);
        Ok(())
    }

    pub(crate) fn comment(
        &mut self,
        now: Timestamp,
        by: &str,
        comment: &str,
        out: &mut Vec<Effect>,
    ) {
        self.alarm_event(now, Transition::Commented, Some((by, comment)), out);
    }

    pub(crate) fn state(&self) -> InstanceState {
        InstanceState {
            evaluator: self.evaluator.state(),
            alarm: self.alarm.clone(),
            alarms: self.alarms,
            open: self.open.clone(),
        }
    }

    /// Goes on from a saved state; false if the rule is another one now. The alarm goes on in any
    /// case: a changed rule must not make an open alarm vanish.
    pub(crate) fn restore(&mut self, state: InstanceState) -> bool {
        self.alarm = state.alarm;
        self.alarms = state.alarms;
        self.open = state.open;
        self.evaluator.restore(state.evaluator).is_ok()
    }

    fn conclude(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        if self.judgements.is_empty() {
            return;
        }
        let mut judgements = core::mem::take(&mut self.judgements);
        for judgement in judgements.drain(..) {
            match judgement {
                // A warning warns; it is no verdict, and nobody is fined for one.
                Judgement::Verdict(_) if self.warning => {}
                Judgement::Verdict(passed) => out.push(Effect::Verdict(self.verdict(now, passed))),
                Judgement::Standing(standing) => {
                    self.changed = true;
                    let condition = self.condition(standing.verdict);
                    if let Some(change) = self.alarm.observe(now, condition, &self.settings) {
                        self.alarm_changed(change, out);
                    }
                    // Where a delay ran out just before, the new condition may be due at once too.
                    self.advance_alarm(now, out);
                }
            }
        }
        self.judgements = judgements;
    }

    fn advance_alarm(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        while let Some(change) = self.alarm.advance(now, &self.settings) {
            self.alarm_changed(change, out);
        }
    }

    fn condition(&self, verdict: Option<Verdict>) -> Condition {
        match (self.raise_on, verdict) {
            (raise_on, Some(verdict)) if raise_on == verdict => Condition::Abnormal,
            (_, None) | (Verdict::NonCompliant, Some(Verdict::Indeterminate)) => Condition::Unknown,
            _ => Condition::Normal,
        }
    }

    fn verdict(&self, now: Timestamp, passed: Passed) -> VerdictRecord {
        let names = &self.names;
        VerdictRecord {
            t: now,
            area: names.area.clone(),
            pack: names.pack.clone(),
            requirement: names.requirement.clone(),
            points: names.points.clone(),
            verdict: passed.verdict,
            from: passed.from,
            to: passed.to,
            value: passed.value,
            limit: names.limit.clone(),
            clause: names.clause.clone(),
            explanation: passed.explanation,
            coverage: passed.coverage,
        }
    }

    fn alarm_changed(&mut self, change: Change, out: &mut Vec<Effect>) {
        let transition = match change {
            Change::Raised { .. } => Transition::Raised,
            Change::ReturnedToNormal { .. } => Transition::ReturnedToNormal,
            Change::Acknowledged { .. } => Transition::Acknowledged,
        };
        if transition == Transition::Raised && self.open.is_none() {
            self.alarms += 1;
        }
        self.alarm_event(change.at(), transition, None, out);
    }

    fn alarm_event(
        &mut self,
        now: Timestamp,
        transition: Transition,
        person: Option<(&str, &str)>,
        out: &mut Vec<Effect>,
    ) {
        let standing = self.evaluator.standing();
        let names = &self.names;
        let event = AlarmEvent {
            t: now,
            alarm: format!("{}~{}", self.key, self.alarms),
            area: names.area.clone(),
            requirement: names.requirement.clone(),
            pack: names.pack.clone(),
            points: names.points.clone(),
            transition,
            priority: names.priority,
            since: standing.since.unwrap_or(now).min(self.alarm.since().unwrap_or(now)),
            value: standing.value,
            limit: names.limit.clone(),
            clause: names.clause.clone(),
            by: person.map(|(by, _)| by.to_owned()),
            comment: person.map(|(_, comment)| comment.to_owned()).filter(|c| !c.is_empty()),
        };
        self.open = apply(self.open.take(), &event).filter(StoredAlarm::is_open);
        out.push(Effect::Alarm(event));
    }
}

/// The alarm after an event.
fn apply(alarm: Option<StoredAlarm>, event: &AlarmEvent) -> Option<StoredAlarm> {
    let Some(mut alarm) = alarm else {
        return (event.transition == Transition::Raised).then(|| StoredAlarm::new(event.clone()));
    };
    alarm.apply(event);
    Some(alarm)
}

/// A limit in the notation of standards: `[3, 10]`, `≤ 0.5`, `≥ 650`.
fn interval(low_high: (Option<f64>, Option<f64>)) -> Option<String> {
    match low_high {
        (Some(low), Some(high)) => Some(format!("[{low}, {high}]")),
        (None, Some(high)) => Some(format!("≤ {high}")),
        (Some(low), None) => Some(format!("≥ {low}")),
        (None, None) => None,
    }
}
