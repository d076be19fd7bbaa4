//! Which address is answered by what.

use crate::{api, console, guard, limits, problem::Problem, state::App};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, Uri},
    middleware,
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use std::sync::Arc;
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// An address of the API: its method, its path, its handler.
type Route = (&'static str, &'static str, MethodRouter<Arc<App>>);

/// Every address but the console's files. A test holds them against the OpenAPI document.
fn routes() -> Vec<Route> {
    vec![
        ("get", "/healthz", get(api::gateway::healthz)),
        ("get", "/readyz", get(api::gateway::readyz)),
        ("get", "/metrics", get(api::metrics::metrics)),
        ("get", "/api/v1/site", get(api::site::site)),
        ("get", "/api/v1/areas", get(api::site::areas)),
        ("get", "/api/v1/devices", get(api::devices::devices)),
        ("get", "/api/v1/devices/{id}", get(api::devices::device)),
        ("post", "/api/v1/devices/{id}/telemetry", post(api::devices::telemetry)),
        ("get", "/api/v1/links", get(api::devices::links)),
        ("get", "/api/v1/points", get(api::points::points)),
        ("get", "/api/v1/points/{id}", get(api::points::point)),
        ("get", "/api/v1/points/{id}/samples", get(api::points::samples)),
        ("get", "/api/v1/verdicts", get(api::verdicts::verdicts)),
        ("get", "/api/v1/verdicts/{id}/explain", get(api::verdicts::explain)),
        ("get", "/api/v1/alarms", get(api::alarms::alarms)),
        ("post", "/api/v1/alarms/{id}/acknowledge", post(api::alarms::acknowledge)),
        ("post", "/api/v1/alarms/{id}/comment", post(api::alarms::comment)),
        ("post", "/api/v1/alarms/{id}/supervisor-acknowledge", post(api::alarms::supervise)),
        ("post", "/api/v1/alarms/{id}/reset", post(api::alarms::reset)),
        ("post", "/api/v1/alarms/{id}/shelve", post(api::alarms::shelve)),
        ("post", "/api/v1/alarms/{id}/unshelve", post(api::alarms::unshelve)),
        ("post", "/api/v1/alarms/{id}/suppress", post(api::alarms::suppress)),
        ("post", "/api/v1/alarms/{id}/unsuppress", post(api::alarms::unsuppress)),
        ("post", "/api/v1/alarms/{id}/out-of-service", post(api::alarms::out_of_service)),
        ("post", "/api/v1/alarms/{id}/return-to-service", post(api::alarms::return_to_service)),
        ("get", "/api/v1/alarms/held", get(api::alarms::held)),
        ("get", "/api/v1/alarms/kpis", get(api::alarms::kpis)),
        ("get", "/api/v1/marks", get(api::marks::marks)),
        ("post", "/api/v1/marks", post(api::marks::mark)),
        ("get", "/api/v1/marks/{id}", get(api::marks::one)),
        ("post", "/api/v1/marks/{id}/end", post(api::marks::end)),
        ("post", "/api/v1/marks/{id}/review", post(api::marks::review)),
        ("post", "/api/v1/calibrations", post(api::marks::calibration)),
        ("get", "/api/v1/findings", get(api::marks::findings)),
        ("get", "/api/v1/rejudging", get(api::marks::rejudging)),
        ("get", "/api/v1/sinks", get(api::gateway::sinks)),
        ("get", "/api/v1/store", get(api::gateway::store)),
        ("get", "/api/v1/reload", get(api::reload::last)),
        ("post", "/api/v1/reload", post(api::reload::reload)),
        ("get", "/api/v1/events", get(api::events::events)),
        ("get", "/api/v1/openapi.json", get(api::gateway::openapi)),
    ]
}

/// The whole service.
pub(crate) fn router(app: Arc<App>) -> Router {
    let add = |router: Router<Arc<App>>, (_, path, handler): Route| router.route(path, handler);
    routes()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(console::serve)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn(guard::guard))
        .with_state(app)
}

async fn wrong_method(uri: Uri) -> impl IntoResponse {
    let detail = format!("{} does not take this method; see /api/v1/openapi.json", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_openapi_document_has_exactly_these_routes() {
        let document: serde_json::Value = serde_json::from_str(api::gateway::OPENAPI).unwrap();
        let mut written = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                written.insert((method.clone(), path.clone()));
            }
        }
        let answered: BTreeSet<_> =
            routes().into_iter().map(|(method, path, _)| (method.into(), path.into())).collect();
        assert_eq!(answered, written);
    }
}
