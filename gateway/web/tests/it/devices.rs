//! Devices and links as they stand, and what devices post.

use crate::{
    harness::{Server, refusal},
    schema::knows_code,
    site::{description, snapshot},
};
use reqwest::Response;
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};

const TELEMETRY: &str = "/api/v1/devices/{id}/telemetry";

#[tokio::test]
async fn a_device_with_everything_that_is_known_of_its_health() {
    let server = Server::start().await;
    let device = server.json("/api/v1/devices/probe-1").await;
    assert_eq!(server.json("/api/v1/devices").await, json!([device]));
    assert_eq!(device["transport"], "modbus tcp 10.0.0.7:502");
    assert_eq!((&device["unit_id"], &device["timeout_ms"]), (&json!(3), &json!(500)));
    let expected = json!({
        "state": "online",
        "last_error": "no answer within 500 ms",
        "last_success": "2026-11-22T11:59:56.000Z",
        "round_trip_ms": 12.5,
        "round_trip": {"last_ms": 12.5, "median_ms": 12.0, "p95_ms": 30.0, "max_ms": 41.0},
        "scan_ms": 40.0,
        "requests_per_scan": 3,
        "successes": 100,
        "timeouts": 2,
        "crc_errors": 5,
        "invalid_answers": 1,
        "late_answers": 4,
        "exceptions": 6,
        "skipped_scans": 7,
        "breaker": "half_open",
        "cause": {
            "zh": "the line is noisy; look at its ends（中文）",
            "en": "the line is noisy; look at its ends",
        },
        "refused": ["holding 40-43"],
        "identity": [
            {"name": {"zh": "serial number（中文）", "en": "serial number"}, "value": "17-0042"},
        ],
        "last_frames": {"request": "03 04 00 00 00 02", "answer": ""},
    });
    assert_eq!(device["health"], expected);
}

#[tokio::test]
async fn a_link_with_its_devices() {
    let server = Server::start().await;
    let expected = json!([{
        "id": "bus",
        "transport": "modbus tcp 10.0.0.7:502",
        "timeout_ms": 500,
        "up": true,
        "endpoint": "10.0.0.7:502",
        "last_error": null,
        "busy": 0.25,
        "connects": 3,
        "cause": null,
        "devices": ["probe-1"],
    }]);
    assert_eq!(server.json("/api/v1/links").await, expected);
}

#[tokio::test]
async fn what_no_link_has_spoken_of_is_waiting_and_not_up() {
    let server = Server::start().await;
    let mut site = (*description()).clone();
    site.links[0].id = "other".parse().unwrap();
    site.devices[0].id = "probe-2".parse().unwrap();
    site.devices[0].link = "other".parse().unwrap();
    let mut changed = snapshot();
    changed.description = Arc::new(site);
    server.snapshot.send_replace(Arc::new(changed));
    let device = server.json("/api/v1/devices/probe-2").await;
    crate::schema::check("Device", &device);
    let health = &device["health"];
    assert_eq!((&health["state"], &health["breaker"]), (&json!("waiting"), &json!("closed")));
    let link = &server.json("/api/v1/links").await[0];
    crate::schema::check("Link", link);
    assert_eq!((&link["up"], &link["devices"]), (&json!(false), &json!(["probe-2"])));
}

#[tokio::test]
async fn points_say_what_their_states_mean() {
    let server = Server::start().await;
    let flow = server.json("/api/v1/points/probe-1.flow").await;
    assert_eq!(flow["states"][1]["value"], 1.0);
    assert_eq!(flow["states"][1]["name"]["en"], "flows");
    assert_eq!(server.json("/api/v1/points/probe-1.ph").await["states"], json!([]));
}

/// A device, what it sends as authorization, a message.
type Posted<'a> = (&'a str, Option<&'a str>, &'a [u8]);

async fn deliver(server: &Server, device: &str, token: Option<&str>, body: &[u8]) -> Response {
    let url = format!("{}/api/v1/devices/{device}/telemetry", server.url);
    let mut request = server.client.post(url).body(body.to_vec());
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    // As from any page: the token is what counts.
    request.header("origin", "http://elsewhere.example").send().await.unwrap()
}

#[tokio::test]
async fn a_device_posts_with_the_token_of_its_link() {
    let server = Server::start().await;
    for token in ["Bearer open sesame", "bearer open sesame"] {
        let response = deliver(&server, "probe-1", Some(token), b"{}").await;
        assert_eq!(response.status(), 204);
        assert!(response.bytes().await.unwrap().is_empty());
    }
    let full = vec![b'x'; 256 * 1024];
    let response = deliver(&server, "probe-1", Some("Bearer open sesame"), &full).await;
    assert_eq!(response.status(), 204, "256 KiB are not too much");
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_refused_with_the_reason() {
    let server = Server::start().await;
    let right = Some("Bearer open sesame");
    let full = vec![b'x'; 256 * 1024 + 1];
    let cases: [(Posted<'_>, u16, &str, &str); 9] = [
        (("probe-1", None, b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-1", Some(""), b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-1", Some("Bearer "), b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-1", Some("Basic open sesame"), b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-1", Some("Bearer open simsim"), b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-9", right, b"{}"), 401, "unauthorized", "Bearer"),
        (("probe-1", right, b"nonsense"), 400, "bad_message", "at line 1"),
        (("probe-1", right, &full), 413, "body_too_large", "262144"),
        (("probe-1", right, b"one too many"), 503, "busy", "again"),
    ];
    for ((device, token, body), status, code, hint) in cases {
        let response = deliver(&server, device, token, body).await;
        let retry = response.headers().get("retry-after").cloned();
        assert_eq!(retry.is_some(), status == 503, "{code}: when to come back");
        let challenge = response.headers().get("www-authenticate").cloned();
        assert_eq!(challenge.is_some(), status == 401, "{code}");
        let (got, said, detail) = refusal(response).await;
        assert_eq!((got, said.as_str()), (status, code), "{device} {token:?}");
        assert!(detail.contains(hint), "{detail}");
        assert!(knows_code("post", TELEMETRY, status, code), "{status} {code}");
    }
    server.gateway.broken.store(true, Ordering::Relaxed);
    let (status, code, _) = refusal(deliver(&server, "probe-1", right, b"{}").await).await;
    assert_eq!((status, code.as_str()), (500, "store_failed"));
}

#[tokio::test]
async fn every_other_change_is_refused_to_a_page_of_another_site() {
    let server = Server::start().await;
    let document = server.json("/api/v1/openapi.json").await;
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Value::Object(operation) = &item["post"] else { continue };
        if path == TELEMETRY {
            continue;
        }
        let url = format!("{}{}", server.url, path.replace("{id}", "x"));
        let foreign = [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")];
        for (name, value) in foreign {
            let request = server.client.post(&url).header(name, value).json(&json!({}));
            let (status, code, _) = refusal(request.send().await.unwrap()).await;
            assert_eq!((status, code.as_str()), (403, "foreign_origin"), "{path}");
        }
        assert!(operation["responses"]["403"].is_object(), "{path}");
        // A form of another site can be sent without a question being asked, but it is no JSON.
        let form = server.client.post(&url).header("content-type", "text/plain").body("{}");
        let (status, code, _) = refusal(form.send().await.unwrap()).await;
        assert_eq!((status, code.as_str()), (415, "unsupported_media_type"), "{path}");
        refused += 1;
    }
    assert_eq!(refused, 15);
}
