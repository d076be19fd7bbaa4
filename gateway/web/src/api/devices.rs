//! Devices and their links as they stand, and what devices post themselves.

use super::Json;
use crate::{
    dto::{Device, Link},
    limits,
    problem::Problem,
    query::{self, Segment},
    state::Shared,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
};
use weir_engine::ports::DeliveryError;

pub(crate) async fn devices(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| {
        let (view, health) = (web.view(), web.health.devices());
        let site = view.site();
        let devices = site.devices.iter().map(|info| Device::of(site, info, &health));
        Json::of(&devices.collect::<Vec<_>>())
    })
    .await
}

pub(crate) async fn device(State(app): Shared, Segment(id): Segment) -> Result<Json, Problem> {
    app.ask(move |web| {
        let (view, health) = (web.view(), web.health.devices());
        let site = view.site();
        let Some(info) = site.devices.iter().find(|info| info.id.as_str() == id) else {
            let detail = format!("there is no device {id:?}; /api/v1/devices lists them");
            return Err(Problem::unknown("unknown_device", detail));
        };
        Json::of(&Device::of(site, info, &health))
    })
    .await
}

pub(crate) async fn links(State(app): Shared) -> Result<Json, Problem> {
    app.ask(|web| {
        let (view, health) = (web.view(), web.health.links());
        let site = view.site();
        let links = site.links.iter().map(|info| Link::of(site, info, &health));
        Json::of(&links.collect::<Vec<_>>())
    })
    .await
}

/// Takes in what a device posts; the answer comes when its readings are on disk. Whoever has the
/// token may post, so it does not matter which page a request comes from.
pub(crate) async fn telemetry(
    State(app): Shared,
    Segment(device): Segment,
    request: Request,
) -> Result<StatusCode, Problem> {
    // Before the body is read: nobody without a token is given memory.
    let token = bearer(request.headers()).ok_or_else(unauthorized)?.to_owned();
    let body = query::body(request, limits::TELEMETRY_BYTES).await?;
    match app.web.mailbox.deliver(&device, Some(&token), body.into()).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(DeliveryError::Unauthorized) => Err(unauthorized()),
        Err(DeliveryError::Invalid(reason)) => Err(Problem::bad("bad_message", reason)),
        Err(DeliveryError::Busy) => {
            Err(Problem::busy("busy", "too many messages are under way; send this one again"))
        }
        Err(DeliveryError::Port(error)) => Err(error.into()),
    }
}

fn unauthorized() -> Problem {
    let detail = "no device of this name posts here with this token; send the token of its link as \
                  `Authorization: Bearer …`";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}

/// The token that a request brings.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
