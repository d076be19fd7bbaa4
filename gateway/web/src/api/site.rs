//! The site and its areas.

use super::Json;
use crate::{
    dto::{Area, Site},
    problem::Problem,
    state::Shared,
};
use axum::extract::State;
use std::cmp::Reverse;

pub(crate) async fn site(State(app): Shared) -> Result<Json, Problem> {
    let view = app.web.view();
    let site = view.site();
    Json::of(&Site {
        id: &site.id,
        name: &site.name,
        time_zone: &site.time_zone,
        version: app.web.version,
        config_hash: &site.config_hash,
        started_at: app.web.started_at,
        now: view.now,
    })
}

/// Worst first; equals in the order of the site file.
pub(crate) async fn areas(State(app): Shared) -> Result<Json, Problem> {
    let view = app.web.view();
    let mut infos: Vec<_> = view.site().areas.iter().collect();
    infos.sort_by_cached_key(|info| Reverse(view.area_badness(&info.id)));
    let areas: Vec<_> = infos.into_iter().map(|info| Area::of(&view, info)).collect();
    Json::of(&areas)
}
