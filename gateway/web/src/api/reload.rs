//! Reading the site file again while the gateway runs.

use super::Json;
use crate::{
    dto::{Reload, ReloadAct},
    problem::Problem,
    query::Body,
    state::Shared,
};
use axum::{extract::State, http::StatusCode};
use weir_engine::ports::ReloadOutcome;

/// The last reload; null if there was none.
pub(crate) async fn last(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| Json::of(&web.configuration.last_reload().map(Reload::from))).await
}

/// Reads, checks and, if so asked, applies the site file. A file that is not taken is a request
/// that cannot be processed; links that do not come good are a conflict with the world as it is.
pub(crate) async fn reload(
    State(app): Shared,
    Body(act): Body<ReloadAct>,
) -> Result<Json, Problem> {
    let configuration = app.web.configuration.clone();
    // On its own, for a client that goes away must not leave the site half changed.
    let reloading = tokio::spawn(async move { configuration.reload(act.check_only).await });
    let reload = reloading.await.map_err(|panic| Problem::internal(&panic))?;
    let refused = match reload.outcome {
        ReloadOutcome::Unchanged | ReloadOutcome::Checked | ReloadOutcome::Applied => {
            return Json::of(&Reload::from(reload));
        }
        ReloadOutcome::Refused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "reload_refused",
            "the site file was not taken, and `reload` says why; the one before stays in force",
        ),
        ReloadOutcome::RolledBack => Problem::new(
            StatusCode::CONFLICT,
            "reload_rolled_back",
            "the changed links did not come good; the site file before is in force again",
        ),
    };
    Err(refused.with_reload(reload.into()))
}
