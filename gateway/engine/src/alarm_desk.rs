//! What concerns several alarms: which came first of a group, when there are too many at once, and
//! which keep others quiet by design.
//!
//! In a **flood** nobody is told of alarms one by one: what is raised is gathered by group for a
//! few seconds and told of in one event ([`Transition::GroupRaised`]), and after that at most once
//! in ten minutes a group, and when the flood ends. Nothing else changes: every alarm is raised,
//! stored and listed as ever.

use crate::{AlarmDetail, AlarmEvent, Effect, Member};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use weir_alarms::{FLOOD_WINDOW, FirstOut, Flood, Quiet, SHELVE_MAX, SHELVE_USUAL, Transition};
use weir_domain::Timestamp;

/// What is raised in a flood is gathered for so long before a group is told of for the first time.
const GATHER: Duration = Duration::from_secs(10);

/// Alarms named in one notification; the rest are counted.
const MEMBERS_MAX: usize = 200;

/// What a site allows people to do to alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmLimits {
    /// How long an alarm may be shelved at most.
    pub shelve_max: Duration,
}

impl Default for AlarmLimits {
    fn default() -> Self {
        Self { shelve_max: SHELVE_USUAL }
    }
}

impl AlarmLimits {
    /// How long an alarm may be shelved whose pack has its own mind.
    pub(crate) fn shelve_max(self, of_pack: Option<Duration>) -> Duration {
        of_pack.unwrap_or(self.shelve_max).min(self.shelve_max).min(SHELVE_MAX)
    }
}

/// The desk, and all that must survive a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeskState {
    flood: Flood,
    /// By area and group.
    groups: BTreeMap<String, FirstOut>,
    /// What was raised in the flood, by area and group.
    digests: BTreeMap<String, Digest>,
}

/// What of a group nobody has been told of yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Digest {
    due: Timestamp,
    gathered: Vec<AlarmEvent>,
    /// How many more than were kept.
    more: u64,
}

/// The name under which the alarms of a group are gathered; those of an area without one together.
fn group_of(event: &AlarmEvent) -> String {
    match &event.detail.group {
        Some(group) => format!("{}/{group}", event.area),
        None => format!("{}/", event.area),
    }
}

impl DeskState {
    /// Since when there is a flood.
    pub(crate) fn flood_since(&self) -> Option<Timestamp> {
        self.flood.since()
    }

    /// How many alarms were raised in the ten minutes before `now`.
    pub(crate) fn raised_lately(&self, now: Timestamp) -> usize {
        self.flood.count(now)
    }

    /// When [`advance`](Self::advance) must be called next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let due = |digest: &Digest| (!digest.gathered.is_empty()).then_some(digest.due);
        self.digests.values().filter_map(due).chain(self.flood.deadline()).min()
    }

    /// An alarm has changed; says in the event what the alarm itself cannot know. `name` is the
    /// alarm's, without the number of its occurrence.
    pub(crate) fn note(&mut self, name: &str, event: &mut AlarmEvent) {
        match event.transition {
            Transition::Raised => {
                if event.detail.group.is_some() {
                    let group = self.groups.entry(group_of(event)).or_default();
                    event.detail.first_out = group.raised(event.t, name);
                }
                self.tell(event);
            }
            Transition::Announced => self.tell(event),
            Transition::ReturnedToNormal | Transition::RequirementRemoved => {
                if let Some(group) = self.groups.get_mut(&group_of(event)) {
                    group.returned(name);
                }
                self.quieten(event);
            }
            Transition::Realarmed => self.quieten(event),
            _ => {}
        }
    }

    /// Forgets alarms that are no longer there, or belong to another group now.
    pub(crate) fn keep(&mut self, active: &BTreeSet<&str>) {
        for group in self.groups.values_mut() {
            group.keep(active);
        }
    }

    fn quieten(&self, event: &mut AlarmEvent) {
        if event.detail.quiet.is_none() && self.flood.since().is_some() {
            event.detail.quiet = Some(Quiet::Flood);
        }
    }

    fn tell(&mut self, event: &mut AlarmEvent) {
        if event.detail.quiet.is_some() {
            return;
        }
        self.flood.raised(event.t);
        if self.flood.since().is_none() {
            return;
        }
        event.detail.quiet = Some(Quiet::Flood);
        let due = event.t + GATHER;
        let digest = Digest { due, gathered: Vec::new(), more: 0 };
        let digest = self.digests.entry(group_of(event)).or_insert(digest);
        if digest.gathered.is_empty() {
            digest.due = digest.due.max(due);
        }
        if digest.gathered.len() < MEMBERS_MAX {
            digest.gathered.push(event.clone());
        } else {
            digest.more += 1;
        }
    }

    /// Lets the time pass until `now`.
    pub(crate) fn advance(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let has_ended = self.flood.advance(now).is_some();
        for digest in self.digests.values_mut() {
            if !digest.gathered.is_empty() && (has_ended || digest.due <= now) {
                digest.due = now + FLOOD_WINDOW;
                out.push(Effect::Alarm(told(now, digest)));
            }
        }
        if has_ended {
            self.digests.clear();
        }
    }
}

/// The one event for what was gathered of a group, and nothing is left of it. It stands with the
/// alarm that came first.
fn told(now: Timestamp, digest: &mut Digest) -> AlarmEvent {
    let gathered = core::mem::take(&mut digest.gathered);
    let member = |event: &AlarmEvent| Member {
        alarm: event.alarm.clone(),
        requirement: event.requirement.clone(),
        points: event.points.clone(),
        priority: event.priority,
        t: event.t,
    };
    let mut members: Vec<Member> = gathered.iter().map(member).collect();
    members.sort_by(|a, b| b.priority.cmp(&a.priority).then(a.t.cmp(&b.t)));
    let priority = members.first().map(|member| member.priority);
    let first = gathered.into_iter().next().expect("only what was gathered is told of");
    AlarmEvent {
        t: now,
        transition: Transition::GroupRaised,
        priority: priority.unwrap_or(first.priority),
        detail: AlarmDetail {
            class: first.detail.class,
            group: first.detail.group.clone(),
            members,
            more: core::mem::take(&mut digest.more),
            ..AlarmDetail::default()
        },
        ..first
    }
}
