//! Alarms, what happens to them, and what a person does to them.

use crate::view::find_requirement;
use serde::{Deserialize, Serialize};
use weir_domain::{AreaId, PointId, Priority, RequirementId, Text, Timestamp};
use weir_engine::{AlarmEvent, Description, ports::StoredAlarm};

/// An alarm as it stands.
#[derive(Serialize)]
pub(crate) struct Alarm<'a> {
    id: &'a str,
    area: &'a AreaId,
    requirement: &'a RequirementId,
    title: Text,
    pack: &'a str,
    clause: &'a str,
    points: &'a [PointId],
    priority: Priority,
    state: &'static str,
    /// How often it was raised before it was acknowledged.
    raises: u32,
    since: Timestamp,
    raised_at: Timestamp,
    returned_at: Option<Timestamp>,
    acknowledged_at: Option<Timestamp>,
    acknowledged_by: Option<&'a str>,
    value: Option<f64>,
    limit: &'a str,
    comments: Vec<Comment<'a>>,
    cause: Text,
    consequence: Text,
    response: Text,
    respond_within_secs: u64,
}

#[derive(Serialize)]
struct Comment<'a> {
    t: Timestamp,
    by: &'a str,
    text: &'a str,
}

/// Active and acknowledged are two facts; their four pairs have names.
fn state(alarm: &StoredAlarm) -> &'static str {
    match (alarm.is_active(), alarm.acknowledged_at.is_some()) {
        (true, false) => "active_unacknowledged",
        (true, true) => "active_acknowledged",
        (false, false) => "returned_unacknowledged",
        (false, true) => "closed",
    }
}

impl<'a> Alarm<'a> {
    /// An alarm with what its requirement says of it, as far as that is still in the site file.
    pub(crate) fn of(site: &Description, alarm: &'a StoredAlarm) -> Self {
        let raised = &alarm.raised;
        let info = find_requirement(site, &raised.area, &raised.requirement, raised.points.first());
        let empty = || Text { zh: String::new(), en: String::new() };
        let comment = |(t, by, text): &'a (Timestamp, String, String)| Comment { t: *t, by, text };
        Self {
            id: &raised.alarm,
            area: &raised.area,
            requirement: &raised.requirement,
            title: title(site, &raised.area, &raised.requirement, &raised.points),
            pack: &raised.pack,
            clause: &raised.clause,
            points: &raised.points,
            priority: raised.priority,
            state: state(alarm),
            raises: alarm.raises,
            since: raised.since,
            raised_at: raised.t,
            returned_at: alarm.returned_at,
            acknowledged_at: alarm.acknowledged_at,
            acknowledged_by: alarm.acknowledged_by.as_deref(),
            value: raised.value,
            limit: &raised.limit,
            comments: alarm.comments.iter().map(comment).collect(),
            cause: info.map_or_else(empty, |info| info.cause.clone()),
            consequence: info.map_or_else(empty, |info| info.consequence.clone()),
            response: info.map_or_else(empty, |info| info.response.clone()),
            respond_within_secs: info.map_or(0, |info| info.respond_within.as_secs()),
        }
    }
}

/// The title of a requirement; its id when it is no longer in the site file.
fn title(site: &Description, area: &AreaId, id: &RequirementId, points: &[PointId]) -> Text {
    match find_requirement(site, area, id, points.first()) {
        Some(info) => info.title.clone(),
        None => Text { zh: id.to_string(), en: id.to_string() },
    }
}

/// The event `alarm`: an alarm has changed.
#[derive(Serialize)]
pub(crate) struct AlarmEventBody<'a> {
    alarm: &'a str,
    transition: &'static str,
    t: Timestamp,
    area: &'a AreaId,
    requirement: &'a RequirementId,
    points: &'a [PointId],
    priority: Priority,
    value: Option<f64>,
    limit: &'a str,
    by: Option<&'a str>,
    comment: Option<&'a str>,
}

impl<'a> From<&'a AlarmEvent> for AlarmEventBody<'a> {
    fn from(event: &'a AlarmEvent) -> Self {
        Self {
            alarm: &event.alarm,
            transition: event.transition.as_str(),
            t: event.t,
            area: &event.area,
            requirement: &event.requirement,
            points: &event.points,
            priority: event.priority,
            value: event.value,
            limit: &event.limit,
            by: event.by.as_deref(),
            comment: event.comment.as_deref(),
        }
    }
}

/// What a person sends to acknowledge or to comment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmAct {
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) comment: String,
}
