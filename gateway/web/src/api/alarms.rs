//! Alarms, and the two things that a person can do to them.

use super::Json;
use crate::{
    dto::{Alarm, AlarmAct},
    limits,
    problem::Problem,
    query::{self, Body, Params, Segment},
    state::{App, Shared},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use std::sync::Arc;
use weir_engine::{
    Act,
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
        Some(other) => {
            let detail = format!("`state` is {other:?}; write all, active, open or closed");
            return Err(Problem::bad("bad_state", detail));
        }
    };
    let limit = query::limit(asked.limit.as_deref(), limits::ALARMS_DEFAULT, limits::ALARMS)?;
    app.ask(move |web| {
        let stored = web.records.alarms(filter, limit)?;
        let view = web.view();
        let alarms: Vec<_> = stored.iter().map(|alarm| Alarm::of(view.site(), alarm)).collect();
        Json::of(&alarms)
    })
    .await
}

pub(crate) async fn acknowledge(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment } = check(act)?;
    perform(&app, alarm.clone(), Act::Acknowledge { alarm, by, comment }).await
}

pub(crate) async fn comment(
    State(app): Shared,
    Segment(alarm): Segment,
    Body(act): Body<AlarmAct>,
) -> Result<Json, Problem> {
    let AlarmAct { by, comment } = check(act)?;
    if comment.is_empty() {
        return Err(Problem::body("`comment` must not be empty"));
    }
    perform(&app, alarm.clone(), Act::Comment { alarm, by, comment }).await
}

fn check(act: AlarmAct) -> Result<AlarmAct, Problem> {
    let (by, comment) = query::signed(&act.by, &act.comment)?;
    Ok(AlarmAct { by, comment })
}

/// Resolves when the act is on disk, with the alarm as it stands then.
async fn perform(app: &Arc<App>, alarm: String, act: Act) -> Result<Json, Problem> {
    app.web.acts.submit(act).await.map_err(|error| match error {
        ActError::UnknownAlarm => unknown(&alarm),
        ActError::AlreadyDone => {
            let detail = format!("alarm {alarm:?} has been acknowledged before");
            Problem::new(StatusCode::CONFLICT, "already_acknowledged", detail)
        }
        ActError::Refused(refusal) => Problem::body(refusal.to_string()),
        ActError::Port(error) => error.into(),
    })?;
    app.ask(move |web| match web.records.alarm(&alarm)? {
        Some(stored) => Json::of(&Alarm::of(web.view().site(), &stored)),
        None => Err(unknown(&alarm)),
    })
    .await
}

fn unknown(alarm: &str) -> Problem {
    let detail = format!("there is no open alarm {alarm:?}; /api/v1/alarms lists them");
    Problem::unknown("unknown_alarm", detail)
}
