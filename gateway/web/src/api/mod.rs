//! The handlers, one file for each kind of thing.

pub(crate) mod alarms;
pub(crate) mod devices;
pub(crate) mod events;
pub(crate) mod gateway;
pub(crate) mod marks;
pub(crate) mod metrics;
pub(crate) mod points;
pub(crate) mod reload;
pub(crate) mod site;
pub(crate) mod verdicts;

use crate::{problem::Problem, state::WebState, view::View};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::sync::Arc;

/// An answer of JSON that is already written; writing a large one takes a while and is done on the
/// thread that may wait.
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// Writes an answer.
    pub(crate) fn of(body: &impl Serialize) -> Result<Self, Problem> {
        serde_json::to_vec(body).map(Self).map_err(|error| Problem::internal(&error))
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

impl WebState {
    /// The site at this moment. One answer is made of one view, or its parts may not fit together.
    pub(crate) fn view(&self) -> View {
        View { snapshot: Arc::clone(&self.snapshot.borrow()), now: self.clock.now() }
    }
}
