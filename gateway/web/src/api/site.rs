//! The site, its areas and its devices.

use super::Json;
use crate::{
    dto::{Area, Device, Site},
    problem::Problem,
    state::Shared,
};
use axum::extract::State;
use std::cmp::Reverse;

pub(crate) async fn site(State(app): Shared) -> Result<Json, Problem> {
    let web = &app.web;
    Json::of(&Site {
        id: &web.description.id,
        name: &web.description.name,
        time_zone: &web.description.time_zone,
        version: web.version,
        config_hash: &web.description.config_hash,
        started_at: web.started_at,
        now: web.clock.now(),
    })
}

/// Worst first; equals in the order of the site file.
pub(crate) async fn areas(State(app): Shared) -> Result<Json, Problem> {
    let view = app.web.view();
    let mut infos: Vec<_> = view.site.areas.iter().collect();
    infos.sort_by_cached_key(|info| Reverse(view.area_badness(&info.id)));
    let areas: Vec<_> = infos.into_iter().map(|info| Area::of(&view, info)).collect();
    Json::of(&areas)
}

pub(crate) async fn devices(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| {
        let (site, health) = (&*web.description, web.health.devices());
        let devices = site.devices.iter().map(|info| Device::of(site, info, &health));
        Json::of(&devices.collect::<Vec<_>>())
    })
    .await
}
