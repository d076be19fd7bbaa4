//! Alarms, what a person can do to them, and how the alarm system does.

use super::Json;
use crate::{
    dto::{Alarm, AlarmAct, AlarmKpis, HeldAlarm, HoldAct, by_name, name_of},
    limits,
    problem::Problem,
    query::{self, Body, Params, Range, Segment},
    state::{App, Shared},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use weir_engine::{
    Act, AlarmFacts, Deed, Noted, Refusal, Refused, Tally,
    ports::{ActError, AlarmFilter},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmsQuery {
    state: Option<String>,
    limit: Option<String>,
}

/// Newest first.
pub(crate) async fn alarms(
    State(app): Shared,
    Params(asked): Params<AlarmsQuery>,
) -> Result<Json, Problem> {
    let filter = match asked.state.as_deref() {
        None | Some("all") => AlarmFilter::All,
        Some("active") => AlarmFilter::Active,
        Some("open") => AlarmFilter::Open,
        Some("closed") => AlarmFilter::Closed,
        Some("unsupervised") => AlarmFilter::Unsupervised,
        Some(other) => {
            let detail =
                format!("`state` is {other:?}; write all, active, open, closed or unsupervised");
            return Err(Problem::bad("bad_state", detail));
        }
    };
    let limit = query::limit(asked.limit.as_deref(), limits::ALARMS_DEFAULT, limits::ALARMS)?;
    app.ask(move |web| {
        let stored = web.records.alarms(filter, limit)?;
        let view = web.view();
        let alarms: Vec<_> = stored.iter().map(|alarm| Alarm::of(&view, alarm)).collect();
        Json::of(&alarms)
    })
    .await
}

pub(crate) async fn acknowledge(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment, raises: seen } = check(act)?;
    perform(&app, alarm.clone(), Act::Acknowledge { alarm, by, comment, seen }).await
}

/// A fact of its own, before or after the operator's, and possible when the alarm is over.
pub(crate) async fn supervise(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment, .. } = check(act)?;
    let deed = Deed::SupervisorAcknowledge;
    perform(&app, alarm.clone(), Act::Alarm { alarm, by, comment, deed }).await
}

pub(crate) async fn reset(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment, .. } = check(act)?;
    perform(&app, alarm.clone(), Act::Alarm { alarm, by, comment, deed: Deed::Reset }).await
}

/// Alarms that are shelved, suppressed or out of service, whether they are raised or not.
pub(crate) async fn held(State(app): Shared) -> Result<Json, Problem> {
    let view = app.web.view();
    let is_held = |facts: &&AlarmFacts| facts.facts.quiet().is_some();
    let held = view.snapshot.alarm_facts.iter().filter(is_held).filter_map(|facts| {
        let info = view.site().requirements.get(facts.requirement)?;
        Some(HeldAlarm::of(&view, &facts.name, info, Some(facts)))
    });
    Json::of(&held.collect::<Vec<_>>())
}

pub(crate) async fn shelve(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    let secs = secs(&act)?;
    hold(&app, alarm, act, Deed::Shelve { secs }).await
}

pub(crate) async fn unshelve(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    hold(&app, alarm, act, Deed::Unshelve).await
}

pub(crate) async fn suppress(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    let secs = secs(&act)?;
    hold(&app, alarm, act, Deed::Suppress { secs }).await
}

pub(crate) async fn unsuppress(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    hold(&app, alarm, act, Deed::Unsuppress).await
}

pub(crate) async fn out_of_service(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    hold(&app, alarm, act, Deed::OutOfService).await
}

pub(crate) async fn return_to_service(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<HoldAct>,
) -> Result<Json, Problem> {
    hold(&app, alarm, act, Deed::ReturnToService).await
}

fn secs(act: &HoldAct) -> Result<u64, Problem> {
    let Some(minutes @ 1..) = act.minutes else {
        return Err(Problem::body("`minutes` must say for how long, 1 or more"));
    };
    Ok(minutes.saturating_mul(60))
}

/// Resolves when the act is on disk, with the alarm's facts as they stand then.
async fn hold(app: &Arc<App>, alarm: String, act: HoldAct, deed: Deed) -> Result<Json, Problem> {
    let HoldAct { by, reason, minutes } = act;
    let needs = matches!(deed, Deed::Shelve { .. } | Deed::Suppress { .. } | Deed::OutOfService);
    let is_timed = matches!(deed, Deed::Shelve { .. } | Deed::Suppress { .. });
    if minutes.is_some() && !is_timed {
        return Err(Problem::body("`minutes` has no meaning here"));
    }
    let AlarmAct { by, comment, .. } = check(AlarmAct { by, comment: reason, raises: None })?;
    if needs && comment.is_empty() {
        return Err(Problem::body("`reason` must say why"));
    }
    submit(app, &alarm, Act::Alarm { alarm: alarm.clone(), by, comment, deed }).await?;
    let view = app.web.view();
    let name = name_of(&alarm);
    let Some((index, info)) = by_name(view.site(), name) else { return Err(unknown(&alarm)) };
    let facts = view.snapshot.alarm_facts.iter().find(|facts| facts.requirement == index);
    Json::of(&HeldAlarm::of(&view, name, info, facts))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KpisQuery {
    from: Option<String>,
    to: Option<String>,
}

/// The figures of a stretch of time, 30 days if nothing is said. Bounded by the span and by the
/// events it reads: where there are more, it says up to when it has come.
pub(crate) async fn kpis(
    State(app): Shared,
    Params(asked): Params<KpisQuery>,
) -> Result<Json, Problem> {
    let now = app.web.clock.now();
    let Range { from, to } =
        query::range(asked.from.as_deref(), asked.to.as_deref(), now, limits::KPI_USUAL)?;
    if to.since(from) > limits::KPI_SPAN {
        let days = limits::KPI_SPAN.as_secs() / 86_400;
        return Err(Problem::bad("bad_range", format!("the stretch is longer than {days} days")));
    }
    app.ask(move |web| {
        let mut tally = Tally::new(from, to);
        let (mut after, mut read) = (None, 0);
        let complete_to = loop {
            let events = web.records.alarm_events(from, to, after, limits::KPI_PAGE)?;
            for (_, event) in &events {
                tally.take(Noted {
                    at: event.t,
                    alarm: name_of(&event.alarm),
                    priority: event.priority,
                    what: event.transition,
                    quiet: event.detail.quiet,
                });
            }
            read += events.len();
            let Some((id, last)) = events.last().filter(|_| events.len() == limits::KPI_PAGE)
            else {
                break to;
            };
            if read >= limits::KPI_EVENTS {
                break last.t;
            }
            after = Some((last.t, *id));
        };
        Json::of(&AlarmKpis::of(&web.view(), tally.finish(), complete_to))
    })
    .await
}

pub(crate) async fn comment(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment, .. } = check(act)?;
    if comment.is_empty() {
        return Err(Problem::body("`comment` must not be empty"));
    }
    perform(&app, alarm.clone(), Act::Comment { alarm, by, comment }).await
}

fn check(act: AlarmAct) -> Result<AlarmAct, Problem> {
    let (by, comment) = query::signed(&act.by, &act.comment)?;
    Ok(AlarmAct { by, comment, raises: act.raises })
}

/// Resolves when the act is on disk, with the alarm as it stands then.
async fn perform(app: &Arc<App>, alarm: String, act: Act) -> Result<Json, Problem> {
    submit(app, &alarm, act).await?;
    app.ask(move |web| match web.records.alarm(&alarm)? {
        Some(stored) => Json::of(&Alarm::of(&web.view(), &stored)),
        None => Err(unknown(&alarm)),
    })
    .await
}

async fn submit(app: &App, alarm: &str, act: Act) -> Result<(), Problem> {
    let refused = |error| match error {
        ActError::UnknownAlarm => unknown(alarm),
        ActError::AlreadyDone => {
            let detail = format!("alarm {alarm:?} has been acknowledged before");
            Problem::new(StatusCode::CONFLICT, "already_acknowledged", detail)
        }
        ActError::Refused(refusal) => {
            let (status, code) = match refusal {
                Refusal::Alarm(Refused::RaisedAgain) => (StatusCode::CONFLICT, "raised_again"),
                Refusal::Alarm(Refused::AlreadyHeld) => (StatusCode::CONFLICT, "already_held"),
                Refusal::Alarm(Refused::NotHeld) => (StatusCode::CONFLICT, "not_held"),
                Refusal::Alarm(Refused::NotLatched) => (StatusCode::CONFLICT, "not_latched"),
                Refusal::Alarm(Refused::StillActive) => (StatusCode::CONFLICT, "still_active"),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "bad_body"),
            };
            Problem::new(status, code, format!("{alarm:?}: {refusal}"))
        }
        ActError::Port(error) => error.into(),
    };
    app.web.acts.submit(act).await.map(drop).map_err(refused)
}

fn unknown(alarm: &str) -> Problem {
    let detail = format!("there is no open alarm {alarm:?}; /api/v1/alarms lists them");
    Problem::unknown("unknown_alarm", detail)
}
