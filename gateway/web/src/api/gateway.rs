//! The gateway itself: whether it lives, whether it works, its sinks, its store, its contract.

use super::Json;
use crate::{
    dto::{Sink, Store},
    problem::Problem,
    state::{Shared, WebState},
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The contract, as it is checked in.
pub(crate) const OPENAPI: &str = include_str!("../../../../docs/reference/openapi.json");

#[derive(Serialize)]
struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The process answers.
pub(crate) async fn healthz() -> Result<Json, Problem> {
    Json::of(&Status { status: "ok", reason: None })
}

/// Readings are taken in and judged.
pub(crate) async fn readyz(State(app): Shared) -> Result<Response, Problem> {
    let reason = app.ask(|web| Ok(not_ready(web))).await?;
    let (code, status) = match reason {
        None => (StatusCode::OK, "ready"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    Ok((code, Json::of(&Status { status, reason })?).into_response())
}

/// Why the gateway does not do its work, if it does not.
pub(crate) fn not_ready(web: &WebState) -> Option<String> {
    if let Some(fault) = web.storage.status().fault {
        return Some(format!("the store takes no readings: {fault}"));
    }
    match web.view().engine_silent_since() {
        None => None,
        Some(None) => Some("nothing has been judged yet since the start".to_owned()),
        Some(Some(t)) => Some(format!("nothing has been judged since {t}")),
    }
}

pub(crate) async fn sinks(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| {
        let sinks: Vec<Sink> = web.sinks.sinks().into_iter().map(Into::into).collect();
        Json::of(&sinks)
    })
    .await
}

pub(crate) async fn store(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| Json::of(&Store::from(web.storage.status()))).await
}

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
