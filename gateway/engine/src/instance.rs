//! A requirement at work on its points: the rule's evaluator and the alarm that stands behind it.

use crate::{
    AlarmDetail, AlarmEvent, AlarmFacts, AlarmLimits, Deed, Description, Effect, RequirementInfo,
    RequirementState, VerdictRecord, alarm_desk::DeskState, assemble::BoundRequirement,
    lookout::Watch, ports::StoredAlarm, state::InstanceState,
};
use core::fmt;
use weir_alarms::{Alarm, AlarmSettings, Change, Condition, Quiet, Refused, Transition};
use weir_compliance::{Evaluator, Judgement, Passed, Standing};
use weir_domain::{
    AlarmClass, AreaId, PointId, Priority, RequirementId, Sample, Timestamp, Verdict,
};

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
    /// The alarm is not so that it could be done.
    Alarm(Refused),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyAcknowledged => Self::AlreadyAcknowledged,
            other => Self::Alarm(other),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownAlarm => "no open alarm has this id",
            Self::AlreadyAcknowledged => "the alarm has been acknowledged before",
            Self::Alarm(refused) => return refused.fmt(f),
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

/// What a person does to an alarm, and what they say.
pub(crate) struct Doing<'a> {
    pub(crate) alarm: &'a str,
    pub(crate) by: &'a str,
    pub(crate) comment: &'a str,
}

/// Numbers of closed alarms kept for the supervisor; older ones count as seen.
const UNSUPERVISED_MAX: usize = 256;

/// The names that verdicts and alarm events of a requirement carry.
struct Names {
    area: AreaId,
    pack: String,
    requirement: RequirementId,
    points: Vec<PointId>,
    limit: String,
    clause: String,
    priority: Priority,
    class: AlarmClass,
    group: Option<String>,
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
    /// Closed without a supervisor's acknowledgement: numbers of alarms.
    unsupervised: Vec<u64>,
    suppressed_by: Vec<RequirementId>,
    changed: bool,
    judgements: Vec<Judgement>,
    changes: Vec<Change>,
    watch: Option<Watch>,
}

impl Instance {
    pub(crate) fn new(
        bound: BoundRequirement,
        info: &RequirementInfo,
        description: &Description,
        limits: AlarmLimits,
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
                class: info.class,
                group: info.group.clone(),
            },
            warning: requirement.warning,
            raise_on: requirement.alarm.raise_on,
            settings: AlarmSettings {
                on_delay: requirement.alarm.on_delay,
                off_delay: requirement.alarm.off_delay,
                latch: requirement.alarm.latch,
                realarm: requirement.alarm.realarm,
                shelve_max: limits.shelve_max(requirement.alarm.shelve_max),
            },
            suppressed_by: requirement.alarm.suppressed_by.clone(),
            evaluator: bound.binding.evaluator(start),
            alarm: Alarm::default(),
            alarms: 0,
            open: None,
            unsupervised: Vec::new(),
            changed: false,
            judgements: Vec::new(),
            changes: Vec::new(),
            watch: Watch::of(requirement),
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
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        self.evaluator.observe(now, input, sample, &mut self.judgements);
        self.conclude(now, desk, out);
    }

    pub(crate) fn advance(&mut self, now: Timestamp, desk: &mut DeskState, out: &mut Vec<Effect>) {
        self.advance_alarm(now, desk, out);
        self.evaluator.advance(now, &mut self.judgements);
        self.conclude(now, desk, out);
    }

    /// The gateway was down from `since` to `now`.
    pub(crate) fn resume(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        self.alarm.resume(now);
        self.evaluator.resume(since, now);
        self.conclude(now, desk, out);
    }

    pub(crate) fn finish(&mut self, now: Timestamp, desk: &mut DeskState, out: &mut Vec<Effect>) {
        self.evaluator.finish(now, &mut self.judgements);
        self.conclude(now, desk, out);
    }

    /// When [`advance`](Self::advance) must be called next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match (self.evaluator.deadline(), self.alarm.deadline(&self.settings)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub(crate) fn standing(&self) -> RequirementState {
        let Standing { verdict, since, value, note, early } = self.evaluator.standing();
        RequirementState { verdict, since, value, note, early }
    }

    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// What a lookout has to know of it; none where no alarm comes or goes with a reading.
    pub(crate) fn watch(&self) -> Option<Watch> {
        self.watch.clone().map(|watch| watch.standing(self.alarm.is_active()))
    }

    pub(crate) fn open_alarm(&self) -> Option<&StoredAlarm> {
        self.open.as_ref()
    }

    pub(crate) fn has_open_alarm(&self, id: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.raised.alarm == id)
    }

    /// Whether an act on this id is meant for this alarm: the open one, its name, or one that is
    /// closed and waits for a supervisor.
    pub(crate) fn answers_to(&self, id: &str) -> bool {
        self.has_open_alarm(id) || id == self.key || self.closed_number(id).is_some()
    }

    /// The number of an alarm that was closed without a supervisor's acknowledgement.
    fn closed_number(&self, id: &str) -> Option<u64> {
        let number = id.strip_prefix(self.key.as_str())?.strip_prefix('~')?.parse().ok()?;
        self.unsupervised.contains(&number).then_some(number)
    }

    /// Whether it tells of somebody who still has to look, or of what holds it.
    pub(crate) fn facts(&self, requirement: usize) -> Option<AlarmFacts> {
        if self.open.is_none() && self.alarm.quiet().is_none() && !self.alarm.is_chattering() {
            return None;
        }
        Some(AlarmFacts {
            requirement,
            name: self.key.clone(),
            open: self.open.as_ref().map(|open| open.raised.alarm.clone()),
            facts: self.alarm.clone(),
        })
    }

    pub(crate) fn is_active(&self) -> bool {
        self.alarm.is_active()
    }

    /// The requirements whose alarms suppress this one.
    pub(crate) fn suppressors(&self) -> (&AreaId, &[RequirementId]) {
        (&self.names.area, &self.suppressed_by)
    }

    pub(crate) fn names(&self) -> (&AreaId, &RequirementId, &[PointId]) {
        (&self.names.area, &self.names.requirement, &self.names.points)
    }

    /// The alarms that are active and suppress this one, by their names.
    pub(crate) fn suppress_by_design(
        &mut self,
        now: Timestamp,
        causes: &[String],
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        self.alarm.suppress_by_design(now, causes, &mut self.changes);
        self.tell(desk, out);
    }

    pub(crate) fn acknowledge(
        &mut self,
        now: Timestamp,
        doing: &Doing<'_>,
        seen: Option<u32>,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let raises = self.open.as_ref().ok_or(Refusal::UnknownAlarm)?.raises;
        if seen.is_some_and(|seen| seen < raises) {
            return Err(Refused::RaisedAgain.into());
        }
        let change = self.alarm.acknowledge(now)?;
        self.alarm_event(change, Some(doing), desk, out);
        Ok(())
    }

    pub(crate) fn comment(
        &mut self,
        now: Timestamp,
        doing: &Doing<'_>,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        let change = Change { at: now, what: Transition::Commented, quiet: None };
        self.alarm_event(change, Some(doing), desk, out);
    }

    pub(crate) fn deed(
        &mut self,
        now: Timestamp,
        deed: Deed,
        doing: &Doing<'_>,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if let Some(number) = self.closed_number(doing.alarm) {
            // A supervisor may come late; nothing else can be done to an alarm that is over.
            if deed != Deed::SupervisorAcknowledge {
                return Err(Refusal::UnknownAlarm);
            }
            self.supervise_closed(now, number, doing, desk, out);
            return Ok(());
        }
        let why = (doing.by, doing.comment);
        let secs = core::time::Duration::from_secs;
        let (alarm, changes) = (&mut self.alarm, &mut self.changes);
        let change = match deed {
            Deed::SupervisorAcknowledge if self.open.is_none() => {
                return Err(Refusal::UnknownAlarm);
            }
            Deed::SupervisorAcknowledge => alarm.supervise(now)?,
            Deed::Reset => alarm.reset(now)?,
            Deed::Shelve { secs: length } => {
                alarm.shelve(now, secs(length), why, &self.settings)?
            }
            Deed::Suppress { secs: length } => alarm.suppress(now, secs(length), why)?,
            Deed::OutOfService => alarm.take_out(now, doing.by, doing.comment)?,
            Deed::Unshelve => first_of(changes, |changes| alarm.unshelve(now, changes))?,
            Deed::Unsuppress => match alarm.unsuppress(now, changes) {
                // What still suppresses it by design goes on.
                Ok(()) if changes.is_empty() => {
                    Change { at: now, what: Transition::Unsuppressed, quiet: alarm.quiet() }
                }
                Ok(()) => changes.remove(0),
                Err(refused) => return Err(refused.into()),
            },
            Deed::ReturnToService => first_of(changes, |changes| alarm.put_back(now, changes))?,
        };
        self.alarm_event(change, Some(doing), desk, out);
        self.tell(desk, out);
        Ok(())
    }

    fn supervise_closed(
        &mut self,
        now: Timestamp,
        number: u64,
        doing: &Doing<'_>,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        self.unsupervised.retain(|kept| *kept != number);
        let change = Change { at: now, what: Transition::SupervisorAcknowledged, quiet: None };
        let event = self.event(change, doing.alarm.to_owned(), Some(doing));
        self.put(event, desk, out);
    }

    pub(crate) fn state(&self) -> InstanceState {
        InstanceState {
            evaluator: self.evaluator.state(),
            alarm: self.alarm.clone(),
            alarms: self.alarms,
            open: self.open.clone(),
            unsupervised: self.unsupervised.clone(),
        }
    }

    /// Goes on from a saved state; false if the rule is another one now. The alarm goes on in any
    /// case: a changed rule must not make an open alarm vanish.
    pub(crate) fn restore(&mut self, state: InstanceState) -> bool {
        self.alarm = state.alarm;
        self.alarms = state.alarms;
        self.open = state.open;
        self.unsupervised = state.unsupervised;
        self.evaluator.restore(state.evaluator).is_ok()
    }

    /// Goes on counting alarms where a requirement of the same name ended.
    pub(crate) fn count_from(&mut self, alarms: u64) {
        self.alarms = self.alarms.max(alarms);
    }

    fn conclude(&mut self, now: Timestamp, desk: &mut DeskState, out: &mut Vec<Effect>) {
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
                    self.alarm.observe(now, condition, &self.settings, &mut self.changes);
                    self.tell(desk, out);
                }
            }
        }
        self.judgements = judgements;
    }

    pub(crate) fn advance_alarm(
        &mut self,
        now: Timestamp,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        self.alarm.advance(now, &self.settings, &mut self.changes);
        self.tell(desk, out);
    }

    /// Makes events of what has happened.
    fn tell(&mut self, desk: &mut DeskState, out: &mut Vec<Effect>) {
        let mut changes = core::mem::take(&mut self.changes);
        for change in changes.drain(..) {
            self.alarm_event(change, None, desk, out);
        }
        self.changes = changes;
    }

    fn condition(&self, verdict: Option<Verdict>) -> Condition {
        match (self.raise_on, verdict) {
            (raise_on, Some(verdict)) if raise_on == verdict => Condition::Abnormal,
            (_, None) => Condition::Idle,
            (Verdict::NonCompliant, Some(Verdict::Indeterminate)) => Condition::Unknown,
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

    fn alarm_event(
        &mut self,
        change: Change,
        doing: Option<&Doing<'_>>,
        desk: &mut DeskState,
        out: &mut Vec<Effect>,
    ) {
        if change.what == Transition::Raised && self.open.is_none() {
            self.alarms += 1;
        }
        // What happens while nothing is open is said of the alarm by its name.
        let is_of_open = self.open.is_some() || change.what == Transition::Raised;
        let id =
            if is_of_open { format!("{}~{}", self.key, self.alarms) } else { self.key.clone() };
        let event = self.event(change, id, doing);
        self.put(event, desk, out);
    }

    fn event(&self, change: Change, alarm: String, doing: Option<&Doing<'_>>) -> AlarmEvent {
        let Change { at, what, quiet } = change;
        let standing = self.evaluator.standing();
        let names = &self.names;
        let begins = self.alarm.since().unwrap_or(at);
        let mut detail = self.detail(what, quiet);
        if doing.is_none() && matches!(what, Transition::Suppressed | Transition::Unsuppressed) {
            // It comes and goes with its cause, of which people are told.
            detail.quiet = Some(Quiet::Suppressed);
        }
        AlarmEvent {
            t: at,
            alarm,
            area: names.area.clone(),
            requirement: names.requirement.clone(),
            pack: names.pack.clone(),
            points: names.points.clone(),
            transition: what,
            priority: names.priority,
            since: standing.since.unwrap_or(at).min(begins),
            value: standing.value,
            limit: names.limit.clone(),
            clause: names.clause.clone(),
            by: doing.map(|doing| doing.by.to_owned()),
            comment: doing.map(|doing| doing.comment.to_owned()).filter(|c| !c.is_empty()),
            detail,
        }
    }

    fn detail(&self, what: Transition, quiet: Option<Quiet>) -> AlarmDetail {
        let mut detail = AlarmDetail {
            class: Some(self.names.class),
            group: self.names.group.clone(),
            ..AlarmDetail::default()
        };
        match what {
            Transition::Raised => {
                detail.latched = self.settings.latch;
                detail.quiet = quiet;
            }
            Transition::ReturnedToNormal | Transition::Realarmed => detail.quiet = quiet,
            Transition::Shelved => detail.until = self.alarm.shelved().and_then(|h| h.until),
            Transition::Suppressed => {
                detail.until = self.alarm.suppressed().filter_map(|hold| hold.until).next();
                let by_design = self.alarm.suppressed().filter(|hold| hold.until.is_none());
                detail.suppressed_by = by_design.map(|hold| hold.by.clone()).collect();
            }
            _ => {}
        }
        detail
    }

    fn put(&mut self, mut event: AlarmEvent, desk: &mut DeskState, out: &mut Vec<Effect>) {
        desk.note(&self.key, &mut event);
        let is_of_open = self.open.as_ref().is_none_or(|open| open.raised.alarm == event.alarm);
        if is_of_open && let Some(alarm) = apply(self.open.take(), &event) {
            if alarm.is_open() {
                self.open = Some(alarm);
            } else if alarm.supervised.is_none() {
                if self.unsupervised.len() == UNSUPERVISED_MAX {
                    self.unsupervised.remove(0);
                }
                self.unsupervised.push(self.alarms);
            }
        }
        out.push(Effect::Alarm(event));
    }
}

/// Does something that is told of first, whatever else comes of it.
fn first_of(
    changes: &mut Vec<Change>,
    act: impl FnOnce(&mut Vec<Change>) -> Result<(), Refused>,
) -> Result<Change, Refused> {
    act(changes)?;
    Ok(changes.remove(0))
}

/// What is said of an alarm whose requirement the site file no longer has.
pub(crate) fn removed(now: Timestamp, open: StoredAlarm) -> AlarmEvent {
    AlarmEvent {
        t: now,
        transition: Transition::RequirementRemoved,
        by: None,
        comment: None,
        value: None,
        detail: AlarmDetail {
            class: open.raised.detail.class,
            group: open.raised.detail.group.clone(),
            ..AlarmDetail::default()
        },
        ..open.raised
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
