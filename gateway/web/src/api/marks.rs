//! Marks on readings, calibrations, findings, and how judging again gets on.

use super::Json;
use crate::{
    dto::{CalibrationAct, EndMarkAct, Finding, Mark, MarkAct, MarkEventBody, ReviewMarkAct},
    limits,
    problem::Problem,
    query::{self, Body, Params, Range, Segment},
    state::{App, Shared},
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use weir_domain::{PointId, Value};
use weir_engine::{
    Act, CalibrationCheck, Capacity, Effect, ManualValue, MarkId, MarkReason, NewMark, Person,
    Refusal,
    ports::{ActError, MarkFilter},
};

/// How far back marks and findings go if nothing is said.
const DEFAULT: Duration = Duration::from_secs(30 * 86_400);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarksQuery {
    from: Option<String>,
    to: Option<String>,
    point: Option<String>,
    state: Option<String>,
    limit: Option<String>,
}

/// By their start; the latest ones if there are more than asked for.
pub(crate) async fn marks(
    State(app): Shared,
    Params(asked): Params<MarksQuery>,
) -> Result<Json, Problem> {
    let filter = match asked.state.as_deref() {
        None | Some("all") => MarkFilter::All,
        Some("in_force") => MarkFilter::InForce,
        Some("unreviewed") => MarkFilter::Unreviewed,
        Some(other) => {
            let detail = format!("`state` is {other:?}; write all, in_force or unreviewed");
            return Err(Problem::bad("bad_state", detail));
        }
    };
    let now = app.web.clock.now();
    let Range { from, to } =
        query::range(asked.from.as_deref(), asked.to.as_deref(), now, DEFAULT)?;
    let point = asked.point.as_deref().map(point).transpose()?;
    let limit = query::limit(asked.limit.as_deref(), limits::MARKS_DEFAULT, limits::MARKS)?;
    app.ask(move |web| {
        let marks = web.marks.marks(filter, from, to, point.as_ref(), limit)?;
        Json::of(&marks.iter().map(Mark::of).collect::<Vec<_>>())
    })
    .await
}

fn point(text: &str) -> Result<PointId, Problem> {
    text.parse().map_err(|error| {
        let detail = format!("`point` is {text:?}: {error}; /api/v1/points lists them");
        Problem::bad("unknown_point", detail)
    })
}

/// A mark with all that happened to it.
#[derive(Serialize)]
struct History<'a> {
    #[serde(flatten)]
    mark: Mark<'a>,
    events: Vec<MarkEventBody<'a>>,
}

pub(crate) async fn one(State(app): Shared, Segment(id): Segment) -> Result<Json, Problem> {
    app.ask(move |web| {
        let Some((mark, events)) = web.marks.mark(&MarkId::named(&id))? else {
            return Err(unknown(&id));
        };
        let events = events.iter().map(MarkEventBody::from).collect();
        Json::of(&History { mark: Mark::of(&mark), events })
    })
    .await
}

pub(crate) async fn mark(State(app): Shared, Body(act): Body<MarkAct>) -> Result<Json, Problem> {
    let quality = act.quality().map_err(|error| Problem::body(format!("`quality` is {error}")))?;
    let (by, comment) = person(&act.by, act.role, &act.comment)?;
    if comment.is_empty() {
        return Err(Problem::body("`comment` must say why the readings do not count"));
    }
    if !(1..=limits::MARK_POINTS).contains(&act.points.len()) {
        let detail = format!("`points` must be 1 to {} points", limits::MARK_POINTS);
        return Err(Problem::body(detail));
    }
    let evidence = evidence(act.evidence)?;
    let (from, to, reason) = (act.from, act.to, act.reason);
    let act = match (reason, act.value) {
        (MarkReason::ManualValue, Some(value)) => {
            let ([point], Some(to)) = (&act.points[..], to) else {
                let detail = "a `value` needs one point, and `to`";
                return Err(Problem::body(detail));
            };
            let (point, value) = (point.clone(), number("value", value)?);
            Act::ManualValue(ManualValue { point, from, to, value, by, comment, evidence })
        }
        (MarkReason::ManualValue, None) => {
            return Err(Problem::body("`value` must be what was measured by hand"));
        }
        (_, Some(_)) => {
            return Err(Problem::body("only the reason manual_value has a `value`"));
        }
        (MarkReason::CalibrationFailed, None) => {
            let detail = "a failed check is sent to /api/v1/calibrations";
            return Err(Problem::body(detail));
        }
        (reason, None) => {
            let points = act.points;
            Act::Mark(NewMark { points, from, to, reason, quality, by, comment, evidence })
        }
    };
    let effects = perform(&app, "", act).await?;
    marked(&effects)
}

pub(crate) async fn end(
    State(app): Shared,
    Segment(id): Segment,
    Body(act): Body<EndMarkAct>,
) -> Result<Json, Problem> {
    let (by, comment) = person(&act.by, act.role, &act.comment)?;
    let to = act.to.unwrap_or_else(|| app.web.clock.now());
    let act = Act::EndMark { mark: MarkId::named(&id), to, by, comment };
    let effects = perform(&app, &id, act).await?;
    marked(&effects)
}

pub(crate) async fn review(
    State(app): Shared,
    Segment(id): Segment,
    Body(act): Body<ReviewMarkAct>,
) -> Result<Json, Problem> {
    let (by, comment) = person(&act.by, act.role, &act.comment)?;
    if comment.is_empty() {
        return Err(Problem::body("`comment` must say why"));
    }
    let act = Act::ReviewMark { mark: MarkId::named(&id), outcome: act.outcome, by, comment };
    let effects = perform(&app, &id, act).await?;
    marked(&effects)
}

/// What came of a calibration: the mark that it made, ended, or nothing.
#[derive(Serialize)]
struct Calibration<'a> {
    mark: Option<Mark<'a>>,
}

pub(crate) async fn calibration(
    State(app): Shared,
    Body(act): Body<CalibrationAct>,
) -> Result<Json, Problem> {
    let (by, comment) = person(&act.by, act.role, &act.comment)?;
    let check = CalibrationCheck {
        point: act.point,
        done_at: act.done_at.unwrap_or_else(|| app.web.clock.now()),
        passed: act.passed,
        reference: number("reference", act.reference)?,
        reading: number("reading", act.reading)?,
        by,
        comment,
        evidence: evidence(act.evidence)?,
    };
    let effects = perform(&app, "", Act::CalibrationCheck(check)).await?;
    let mark = mark_of(&effects).map(Mark::of);
    Json::of(&Calibration { mark })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingsQuery {
    from: Option<String>,
    to: Option<String>,
    point: Option<String>,
    limit: Option<String>,
}

/// By their start; the latest ones if there are more than asked for.
pub(crate) async fn findings(
    State(app): Shared,
    Params(asked): Params<FindingsQuery>,
) -> Result<Json, Problem> {
    let now = app.web.clock.now();
    let Range { from, to } =
        query::range(asked.from.as_deref(), asked.to.as_deref(), now, DEFAULT)?;
    let point = asked.point.as_deref().map(point).transpose()?;
    let limit = query::limit(asked.limit.as_deref(), limits::FINDINGS_DEFAULT, limits::FINDINGS)?;
    app.ask(move |web| {
        let found = web.marks.findings(from, to, point.as_ref(), limit)?;
        Json::of(&found.iter().map(|f| Finding::of(f.id, &f.finding)).collect::<Vec<_>>())
    })
    .await
}

pub(crate) async fn rejudging(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| Json::of(&web.marks.rejudging()?)).await
}

fn person(by: &str, role: Capacity, comment: &str) -> Result<(Person, String), Problem> {
    let (name, comment) = query::signed(by, comment)?;
    Ok((Person { name, role }, comment))
}

fn number(name: &str, number: f64) -> Result<Value, Problem> {
    Value::new(number).ok_or_else(|| Problem::body(format!("`{name}` must be a finite number")))
}

fn evidence(evidence: Vec<String>) -> Result<Vec<String>, Problem> {
    let fits = |text: &String| {
        (1..=limits::EVIDENCE_CHARS).contains(&text.chars().count())
            && !text.contains(char::is_control)
    };
    if evidence.len() <= limits::EVIDENCE && evidence.iter().all(fits) {
        return Ok(evidence);
    }
    let (most, chars) = (limits::EVIDENCE, limits::EVIDENCE_CHARS);
    let detail = format!("`evidence` has at most {most} texts of 1 to {chars} characters");
    Err(Problem::body(detail))
}

/// Resolves when the act is on disk, with what came of it.
async fn perform(app: &Arc<App>, id: &str, act: Act) -> Result<Vec<Effect>, Problem> {
    app.web.acts.submit(act).await.map_err(|error| match error {
        ActError::Refused(Refusal::UnknownMark) | ActError::UnknownAlarm => unknown(id),
        ActError::Refused(refusal @ Refusal::NotSupervisor) => {
            Problem::new(StatusCode::FORBIDDEN, "not_supervisor", refusal.to_string())
        }
        ActError::Refused(refusal @ Refusal::UnknownPoint) => {
            let detail = format!("{refusal}; /api/v1/points lists them");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_point", detail)
        }
        ActError::Refused(refusal @ Refusal::BadStretch) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_stretch", refusal.to_string())
        }
        ActError::Refused(refusal) => {
            Problem::new(StatusCode::CONFLICT, "mark_is_over", refusal.to_string())
        }
        ActError::AlreadyDone => {
            Problem::new(StatusCode::CONFLICT, "mark_is_over", "it has been done before")
        }
        ActError::Port(error) => error.into(),
    })
}

fn mark_of(effects: &[Effect]) -> Option<&weir_engine::Mark> {
    effects.iter().find_map(|effect| match effect {
        Effect::Mark(event) => Some(&event.mark),
        _ => None,
    })
}

/// The mark as it is after an act.
fn marked(effects: &[Effect]) -> Result<Json, Problem> {
    match mark_of(effects) {
        Some(mark) => Json::of(&Mark::of(mark)),
        None => Err(unknown("")),
    }
}

fn unknown(id: &str) -> Problem {
    let detail = format!("there is no mark {id:?} that can be changed; /api/v1/marks lists them");
    Problem::unknown("unknown_mark", detail)
}
