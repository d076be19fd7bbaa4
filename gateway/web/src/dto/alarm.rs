//! Alarms, what happens to them, and what a person does to them.

use crate::view::{View, find_requirement};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use weir_domain::{AlarmClass, AreaId, PointId, Priority, RequirementId, Text, Timestamp};
use weir_engine::{
    AlarmDetail, AlarmEvent, AlarmFacts, Description, Hold, RequirementInfo, ports::StoredAlarm,
};

/// An alarm that is active for longer is stale (ISA-18.2).
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(86_400);

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
    class: Option<AlarmClass>,
    group: Option<&'a str>,
    /// The first of its group.
    first_out: bool,
    /// Active for more than a day.
    stale: bool,
    /// Comes and goes.
    chattering: bool,
    /// Stays open until it is reset.
    latched: bool,
    /// How often it was announced again.
    realarms: u32,
    supervised_at: Option<Timestamp>,
    supervised_by: Option<&'a str>,
    /// When its requirement was taken out of the site file.
    removed_at: Option<Timestamp>,
    /// Why nobody hears of it: `shelved`, `suppressed`, `out_of_service`.
    held: Option<&'static str>,
    shelved: Option<HoldBody>,
    suppressed: Vec<HoldBody>,
    out_of_service: Option<HoldBody>,
}

/// Who or what holds an alarm, and why.
#[derive(Serialize)]
pub(crate) struct HoldBody {
    since: Timestamp,
    until: Option<Timestamp>,
    /// Who; for what is by design, the name of the alarm that suppresses this one.
    by: String,
    why: Text,
    by_design: bool,
}

impl HoldBody {
    fn of(site: &Description, hold: &Hold) -> Self {
        let by_design = hold.why.is_empty();
        let why = if by_design {
            let title = by_name(site, &hold.by).map(|(_, info)| info.title.clone());
            title.unwrap_or_else(|| Text { zh: hold.by.clone(), en: hold.by.clone() })
        } else {
            Text { zh: hold.why.clone(), en: hold.why.clone() }
        };
        Self { since: hold.since, until: hold.until, by: hold.by.clone(), why, by_design }
    }
}

/// The requirement whose alarm has this name: `area.requirement.point`.
pub(crate) fn by_name<'a>(
    site: &'a Description,
    name: &str,
) -> Option<(usize, &'a RequirementInfo)> {
    let is_it = |info: &RequirementInfo| {
        let point = info.points.first().and_then(|index| site.points.get(*index));
        let rest = name.strip_prefix(info.area.as_str()).and_then(|rest| rest.strip_prefix('.'));
        let rest = rest.and_then(|rest| rest.strip_prefix(info.id.as_str()));
        rest.and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| point.is_some_and(|point| point.id.to_string() == rest))
    };
    site.requirements.iter().enumerate().find(|(_, info)| is_it(info))
}

/// The name of an alarm without the number of its occurrence.
pub(crate) fn name_of(alarm: &str) -> &str {
    alarm.rsplit_once('~').map_or(alarm, |(name, _)| name)
}

/// An alarm that is shelved, suppressed or out of service, whether it is raised or not.
#[derive(Serialize)]
pub(crate) struct HeldAlarm<'a> {
    name: String,
    /// The alarm that is open.
    alarm: Option<&'a str>,
    area: &'a AreaId,
    requirement: &'a RequirementId,
    title: &'a Text,
    points: Vec<PointId>,
    priority: Priority,
    class: AlarmClass,
    active: bool,
    acknowledged: bool,
    chattering: bool,
    since: Option<Timestamp>,
    held: Option<&'static str>,
    shelved: Option<HoldBody>,
    suppressed: Vec<HoldBody>,
    out_of_service: Option<HoldBody>,
}

impl<'a> HeldAlarm<'a> {
    /// The alarm of a requirement, with what is known of it; nothing is, if nobody has to look at
    /// it and nothing holds it.
    pub(crate) fn of(
        view: &'a View,
        name: &str,
        info: &'a RequirementInfo,
        facts: Option<&'a AlarmFacts>,
    ) -> Self {
        let site = view.site();
        let alarm = facts.map(|facts| &facts.facts);
        let hold = |hold: &Hold| HoldBody::of(site, hold);
        Self {
            name: name.to_owned(),
            alarm: facts.and_then(|facts| facts.open.as_deref()),
            area: &info.area,
            requirement: &info.id,
            title: &info.title,
            points: view.point_ids(&info.points),
            priority: info.priority,
            class: info.class,
            active: alarm.is_some_and(|alarm| alarm.is_active()),
            acknowledged: alarm.is_none_or(|alarm| alarm.is_acknowledged()),
            chattering: alarm.is_some_and(|alarm| alarm.is_chattering()),
            since: alarm.filter(|alarm| alarm.is_active()).and_then(|alarm| alarm.since()),
            held: alarm.and_then(|alarm| alarm.quiet()).map(|quiet| quiet.as_str()),
            shelved: alarm.and_then(|alarm| alarm.shelved()).map(hold),
            suppressed: alarm.into_iter().flat_map(|alarm| alarm.suppressed()).map(hold).collect(),
            out_of_service: alarm.and_then(|alarm| alarm.out_of_service()).map(hold),
        }
    }
}

#[derive(Serialize)]
struct Comment<'a> {
    t: Timestamp,
    by: &'a str,
    text: &'a str,
}

/// What the facts make together, in a word.
fn state(alarm: &StoredAlarm) -> &'static str {
    match (alarm.is_active(), alarm.acknowledged_at.is_some()) {
        (true, false) => "active_unacknowledged",
        (true, true) => "active_acknowledged",
        _ if !alarm.is_open() => "closed",
        (false, false) => "returned_unacknowledged",
        (false, true) => "returned_latched",
    }
}

impl<'a> Alarm<'a> {
    /// An alarm with what its requirement says of it, as far as that is still in the site file.
    pub(crate) fn of(view: &View, alarm: &'a StoredAlarm) -> Self {
        let site = view.site();
        let facts = view.facts(&alarm.raised.alarm).map(|facts| &facts.facts);
        let hold = |hold: &Hold| HoldBody::of(site, hold);
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
            class: raised.detail.class.or(info.map(|info| info.class)),
            group: raised.detail.group.as_deref(),
            first_out: alarm.first_out,
            stale: alarm.is_active() && view.now.since(raised.t) > STALE_AFTER,
            chattering: facts.is_some_and(|facts| facts.is_chattering()),
            latched: alarm.latched && alarm.removed_at.is_none(),
            realarms: alarm.realarms,
            supervised_at: alarm.supervised.as_ref().map(|(t, _)| *t),
            supervised_by: alarm.supervised.as_ref().map(|(_, by)| by.as_str()),
            removed_at: alarm.removed_at,
            held: facts.and_then(|facts| facts.quiet()).map(|quiet| quiet.as_str()),
            shelved: facts.and_then(|facts| facts.shelved()).map(hold),
            suppressed: facts.into_iter().flat_map(|facts| facts.suppressed()).map(hold).collect(),
            out_of_service: facts.and_then(|facts| facts.out_of_service()).map(hold),
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
    #[serde(flatten)]
    detail: &'a AlarmDetail,
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
            detail: &event.detail,
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
    /// With an acknowledgement: the `raises` that the person saw.
    #[serde(default)]
    pub(crate) raises: Option<u32>,
}

/// What a person sends to keep an alarm quiet, or to end that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldAct {
    pub(crate) by: String,
    /// Why; needed to begin, and a comment at the end.
    #[serde(default)]
    pub(crate) reason: String,
    /// For how long, where it ends by itself.
    #[serde(default)]
    pub(crate) minutes: Option<u64>,
}
