//! The console's files, which are built into the binary.

use crate::problem::Problem;
use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/console"]
struct Files;

/// Everything that is no address of the API: a file of the console, or for a path that the console
/// itself understands its first page.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        let detail = format!("there is no {path}; see /api/v1/openapi.json");
        return Problem::unknown("unknown_path", detail).into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let detail = "the console's files can only be read";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Problem::new(status, "method_not_allowed", detail).into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Files::get(name) {
        return answer(name, &file, &headers);
    }
    // A missing script must not be answered with a page.
    if name.starts_with("assets/") {
        return Problem::unknown("unknown_path", format!("there is no {path}")).into_response();
    }
    match Files::get("index.html") {
        Some(file) => answer("index.html", &file, &headers),
        None => Problem::unknown("unknown_path", "the console has no page").into_response(),
    }
}

fn answer(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    // Weak, because the same file also goes out compressed.
    let hash = file.metadata.sha256_hash();
    let tag: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("W/\"{tag}\"");
    // The build puts a hash into the names under assets/, so that a name never changes its content.
    let keep = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    let known =
        known.flat_map(|tags| tags.split(',')).any(|t| matches!(t.trim(), "*") || t.trim() == tag);
    let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, keep.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, kind(name))];
    (headers, kind, file.data.clone()).into_response()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_first_page() {
        assert!(Files::get("index.html").is_some());
    }

    #[test]
    fn every_file_has_a_known_kind() {
        for name in Files::iter() {
            assert_ne!(kind(&name), "application/octet-stream", "{name}");
        }
    }
}
