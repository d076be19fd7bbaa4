//! What every request passes through: bounds on the address, the check that a change comes from
//! our own page, and the headers that keep a browser from being turned against the gateway.

use crate::{limits, problem::Problem};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Everything from ourselves, nothing from elsewhere, and in nobody's frame.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Refuses what must not reach a handler, and dresses every answer.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What the API says is true for a moment; files say themselves how long they keep.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(request: &Request) -> Result<(), Problem> {
    if request.uri().query().is_some_and(|query| query.len() > limits::QUERY_BYTES) {
        let detail = format!("the query is longer than {} bytes", limits::QUERY_BYTES);
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "query_too_long", detail));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_of_a_device(request.uri().path()) || from_our_page(request.headers()) {
        return Ok(());
    }
    let detail = "the request comes from a page of another site; use the gateway's own console";
    Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail))
}

/// What a device posts is let in by a token, which no page of another site can know.
fn is_of_a_device(path: &str) -> bool {
    path.starts_with("/api/v1/devices/") && path.ends_with("/telemetry")
}

/// A browser says where a request comes from; a program does not have to.
fn from_our_page(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = HeaderName::from_static("sec-fetch-site");
    if headers.contains_key(&site) && !matches!(text(&site), Some("same-origin" | "none")) {
        return false;
    }
    if !headers.contains_key(header::ORIGIN) {
        return true;
    }
    // The scheme is left out: behind a proxy that speaks TLS it differs from ours.
    let origin = text(&header::ORIGIN).and_then(|origin| origin.split_once("://"));
    match (origin, text(&header::HOST)) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_page_may_change_anything() {
        let cases: [(&[(&'static str, &'static str)], bool); 9] = [
            (&[("host", "10.0.0.2:8080")], true),
            (&[("host", "10.0.0.2:8080"), ("origin", "http://10.0.0.2:8080")], true),
            (&[("host", "weir.example"), ("origin", "https://weir.example")], true),
            (&[("host", "10.0.0.2:8080"), ("origin", "http://10.0.0.2:9090")], false),
            (&[("host", "10.0.0.2:8080"), ("origin", "http://evil.example")], false),
            (&[("host", "10.0.0.2:8080"), ("origin", "null")], false),
            (&[("origin", "http://10.0.0.2:8080")], false),
            (&[("host", "a"), ("origin", "http://a"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "a"), ("origin", "http://a"), ("sec-fetch-site", "same-origin")], true),
        ];
        for (pairs, allowed) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(from_our_page(&headers), allowed, "{pairs:?}");
        }
    }
}
