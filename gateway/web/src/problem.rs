//! Refusals, as `application/problem+json` (RFC 9457) with a stable `code` for programs and a
//! `detail` for people that says what would be right.

use crate::{dto::Reload, limits};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::error::Error;
use weir_engine::ports::PortError;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    reload: Option<Box<Reload>>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reload: Option<&'a Reload>,
}

impl Problem {
    /// A refusal with its code, and what would be right.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), reload: None }
    }

    /// The same, with what came of the reload that it refuses.
    pub(crate) fn with_reload(self, reload: Reload) -> Self {
        Self { reload: Some(Box::new(reload)), ..self }
    }

    /// The request cannot be understood.
    pub(crate) fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing.
    pub(crate) fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// The body can be read, but says something that is not allowed.
    pub(crate) fn body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", detail)
    }

    /// Too much at once.
    pub(crate) fn busy(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// A fault of our own.
    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        let detail = "the gateway failed to answer; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        tracing::error!(error = &error as &(dyn Error + 'static), "a request failed");
        let detail = format!("{error}; the gateway's log says why");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store_failed", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Refused");
        let (status, code, detail) = (self.status.as_u16(), self.code, &self.detail);
        let reload = self.reload.as_deref();
        let body = Body { r#type: "about:blank", title, status, code, detail, reload };
        let body = serde_json::to_vec(&body).expect("structs of texts and numbers are JSON");
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, body).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, limits::RETRY_AFTER_SECS.into());
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
