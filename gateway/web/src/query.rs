//! Reading what a request asks for: parts of the path, the query, the body. Whatever cannot be
//! read is refused with a word on what would be right; an unknown parameter is refused too, for a
//! misspelt `form=` would otherwise silently answer another question.

use crate::{limits, problem::Problem};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use std::time::Duration;
use weir_domain::Timestamp;

/// The variable part of a path.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|r| Problem::bad("bad_path", r.body_text()))
    }
}

/// The query, as a struct of optional texts.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query
            .map(|Query(params)| Self(params))
            .map_err(|r| Problem::bad("bad_query", r.body_text()))
    }
}

/// A body of JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "send JSON, with the header Content-Type: application/json";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "unsupported_media_type", detail));
        }
        let bytes = body(request, limits::BODY_BYTES).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| Problem::body(error.to_string()))
    }
}

/// The whole body, of at most so many bytes.
pub(crate) async fn body(request: Request, most: usize) -> Result<Bytes, Problem> {
    let mut request = request;
    DefaultBodyLimit::max(most).apply(&mut request);
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("a body has at most {most} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail);
        }
        Problem::bad("bad_body", rejection.body_text())
    })
}

/// A stretch of time, from the first moment up to but without the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// Reads `from` and `to`; `to` is now if it is not said, and `from` so long before it.
pub(crate) fn range(
    from: Option<&str>,
    to: Option<&str>,
    now: Timestamp,
    default: Duration,
) -> Result<Range, Problem> {
    let to = to.map(|text| moment("to", text)).transpose()?.unwrap_or(now);
    let from = from.map(|text| moment("from", text)).transpose()?.unwrap_or(to - default);
    if from > to {
        let detail = format!("`from` ({from}) must not be after `to` ({to})");
        return Err(Problem::bad("bad_range", detail));
    }
    Ok(Range { from, to })
}

fn moment(name: &str, text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|error| {
        let hint = if text.contains(' ') { "; a + in an address is written %2B" } else { "" };
        Problem::bad("bad_time", format!("`{name}` is {error}{hint}"))
    })
}

/// Reads the name of a person and what they had to say.
pub(crate) fn signed(by: &str, comment: &str) -> Result<(String, String), Problem> {
    let (by, comment) = (by.trim().to_owned(), comment.trim().to_owned());
    if !(1..=limits::NAME_CHARS).contains(&by.chars().count()) {
        let detail = format!("`by` must be a name of 1 to {} characters", limits::NAME_CHARS);
        return Err(Problem::body(detail));
    }
    if comment.chars().count() > limits::COMMENT_CHARS {
        let detail = format!("`comment` has at most {} characters", limits::COMMENT_CHARS);
        return Err(Problem::body(detail));
    }
    let strange = |c: char| c.is_control() && c != '\n';
    if by.contains(char::is_control) || comment.contains(strange) {
        return Err(Problem::body("control characters are not allowed in `by` and `comment`"));
    }
    Ok((by, comment))
}

/// Reads a step such as `60s`, `5m`, `1h`, `1d`.
pub(crate) fn step(text: &str) -> Result<Duration, Problem> {
    let bad = || Problem::bad("bad_step", format!("`step` is {text:?}; write 60s, 5m, 1h or 1d"));
    let unit = text.chars().last().ok_or_else(bad)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    let count: u64 = digits.parse().map_err(|_| bad())?;
    match count.checked_mul(seconds) {
        None | Some(0) => Err(bad()),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
    }
}

/// Refuses a step that would cut the stretch into too many.
pub(crate) fn check_steps(range: Range, step: Duration) -> Result<(), Problem> {
    let steps = range.to.since(range.from).as_millis().div_ceil(step.as_millis());
    if steps <= u128::from(limits::STEPS) {
        return Ok(());
    }
    let detail = format!(
        "{steps} steps are too many; choose a longer step or a shorter time, at most {} steps",
        limits::STEPS
    );
    Err(Problem::bad("too_many_steps", detail))
}

/// Reads `limit`.
pub(crate) fn limit(text: Option<&str>, default: usize, max: usize) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(default) };
    match text.parse() {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(Problem::bad("bad_limit", format!("`limit` is {text:?}; write 1 to {max}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        let good = [("1s", 1), ("60s", 60), ("5m", 300), ("1h", 3_600), ("2d", 172_800)];
        for (text, seconds) in good {
            assert_eq!(step(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        let bad =
            ["", "s", "0s", "5", "-5m", "+5m", "5 m", "1w", "1.5h", "99999999999999999999s", "1年"];
        for text in bad {
            assert!(step(text).is_err(), "{text:?}");
        }
        assert!(step(&format!("{}d", u64::MAX)).is_err());
    }

    #[test]
    fn a_stretch_has_its_defaults() {
        let now = Timestamp::from_millis(10_000_000);
        let hour = Duration::from_secs(3_600);
        assert_eq!(range(None, None, now, hour).unwrap(), Range { from: now - hour, to: now });
        let to = "1970-01-01T01:00:00Z";
        let first = Timestamp::from_millis(0);
        assert_eq!(range(None, Some(to), now, hour).unwrap().from, first);
        assert!(range(Some("1970-01-02T00:00:00Z"), Some(to), now, hour).is_err());
        assert!(range(Some(to), Some(to), now, hour).is_ok(), "an empty stretch is one");
        assert!(range(Some("yesterday"), None, now, hour).is_err());
    }

    #[test]
    fn the_number_of_steps_is_bounded() {
        let millis = Timestamp::from_millis;
        let day = Range { from: millis(0), to: millis(86_400_000) };
        assert!(check_steps(day, Duration::from_secs(9)).is_ok());
        assert!(check_steps(day, Duration::from_secs(8)).is_err());
        let ever = Range { from: millis(i64::MIN), to: millis(i64::MAX) };
        assert!(check_steps(ever, Duration::from_secs(1)).is_err());
    }
}
