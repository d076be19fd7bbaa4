//! `/api/v1/events`: the live events as a stream that ends when the gateway does.

use crate::{events, limits, problem::Problem, state::Shared};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Sse, sse::KeepAlive},
};

pub(crate) async fn events(
    State(app): Shared,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let Some(stream) = events::listen(&app, last) else {
        let detail = format!("{} clients listen already; close a console", limits::LISTENERS);
        return Err(Problem::busy("too_many_listeners", detail));
    };
    let alive = KeepAlive::new().interval(limits::KEEP_ALIVE).text("still here");
    Ok(([("x-accel-buffering", "no")], Sse::new(stream).keep_alive(alive)))
}
