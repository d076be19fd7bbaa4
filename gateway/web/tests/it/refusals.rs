//! Every way to ask wrongly has a code, and a text with the fix in it.

use crate::{
    harness::{Server, refusal},
    schema::knows_code,
};
use std::{net::SocketAddr, sync::atomic::Ordering};
use weir_web::WebError;

#[tokio::test]
async fn every_wrong_question_is_refused_with_the_fix() {
    let server = Server::start().await;
    let samples = "/api/v1/points/probe-1.ph/samples";
    let cases = [
        ("/api/v1/points/{id}", "/api/v1/points/nope", "unknown_point", "/api/v1/points"),
        ("/api/v1/points/{id}", "/api/v1/points/probe-1.nope", "unknown_point", "nope"),
        ("/api/v1/points/{id}", "/api/v1/points/%FF", "bad_path", "UTF-8"),
        ("/api/v1/devices/{id}", "/api/v1/devices/probe-9", "unknown_device", "/api/v1/devices"),
        ("/api/v1/points/{id}/samples", "/api/v1/points/a.b/samples", "unknown_point", "a.b"),
        (
            "/api/v1/points/{id}/samples",
            &format!("{samples}?from=yesterday"),
            "bad_time",
            "RFC 3339",
        ),
        ("/api/v1/points/{id}/samples", &format!("{samples}?to="), "bad_time", "`to`"),
        (
            "/api/v1/points/{id}/samples",
            &format!("{samples}?from=2026-11-22T10:00:00+08:00"),
            "bad_time",
            "%2B",
        ),
        (
            "/api/v1/points/{id}/samples",
            &format!("{samples}?from=2026-11-22T10:00:00Z&to=2026-11-22T09:00:00Z"),
            "bad_range",
            "must not be after",
        ),
        ("/api/v1/points/{id}/samples", &format!("{samples}?step=5"), "bad_step", "60s"),
        ("/api/v1/points/{id}/samples", &format!("{samples}?step=0s"), "bad_step", "60s"),
        (
            "/api/v1/points/{id}/samples",
            &format!("{samples}?step=1s&from=2026-01-01T00:00:00Z"),
            "too_many_steps",
            "at most 10000",
        ),
        ("/api/v1/points/{id}/samples", &format!("{samples}?limit=0"), "bad_limit", "1 to 100000"),
        ("/api/v1/points/{id}/samples", &format!("{samples}?limit=100001"), "bad_limit", "100000"),
        ("/api/v1/points/{id}/samples", &format!("{samples}?limit=5&step=5m"), "bad_limit", "step"),
        ("/api/v1/points/{id}/samples", &format!("{samples}?form=x"), "bad_query", "form"),
        (
            "/api/v1/points/{id}/samples",
            &format!("{samples}?step=5m&step=6m"),
            "bad_query",
            "duplicate",
        ),
        ("/api/v1/verdicts", "/api/v1/verdicts?area=lobby", "unknown_area", "/api/v1/areas"),
        ("/api/v1/verdicts", "/api/v1/verdicts?limit=10001", "bad_limit", "10000"),
        ("/api/v1/verdicts", "/api/v1/verdicts?from=1", "bad_time", "from"),
        ("/api/v1/verdicts/{id}/explain", "/api/v1/verdicts/8/explain", "unknown_verdict", "8"),
        ("/api/v1/verdicts/{id}/explain", "/api/v1/verdicts/x/explain", "unknown_verdict", "x"),
        ("/api/v1/alarms", "/api/v1/alarms?state=loud", "bad_state", "all, active, open, closed"),
        ("/api/v1/alarms", "/api/v1/alarms?limit=x", "bad_limit", "1 to"),
        (
            "/api/v1/alarms/kpis",
            "/api/v1/alarms/kpis?from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z",
            "bad_range",
            "92 days",
        ),
    ];
    for (path, address, code, hint) in cases {
        let (status, said, detail) = refusal(server.get(address).await).await;
        assert_eq!(said, code, "{address}: {detail}");
        assert!(detail.contains(hint), "{address}: {detail}");
        assert_eq!(
            status,
            if code.starts_with("unknown_") && code != "unknown_area" { 404 } else { 400 }
        );
        assert!(knows_code("get", path, status, code), "{path} does not document {status} {code}");
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods() {
    let server = Server::start().await;
    for path in ["/api", "/api/", "/api/v1/nope", "/api/v1/points/probe-1.ph/", "/api/v2/site"] {
        let (status, code, _) = refusal(server.get(path).await).await;
        assert_eq!((status, code.as_str()), (404, "unknown_path"), "{path}");
    }
    let delete = server.client.delete(format!("{}/api/v1/site", server.url));
    let (status, code, _) = refusal(delete.send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (405, "method_not_allowed"));
    let read = server.get("/api/v1/alarms/x/acknowledge").await;
    assert_eq!(read.headers()["allow"], "POST");
    let (status, code, _) = refusal(read).await;
    assert_eq!((status, code.as_str()), (405, "method_not_allowed"));
    let long = format!("/api/v1/alarms?state={}", "x".repeat(3_000));
    let (status, code, _) = refusal(server.get(&long).await).await;
    assert_eq!((status, code.as_str()), (414, "query_too_long"));
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_a_fault_of_ours_and_tells_no_paths() {
    let server = Server::start().await;
    server.gateway.broken.store(true, Ordering::Relaxed);
    for path in [
        "/api/v1/points/probe-1.ph/samples",
        "/api/v1/points/probe-1.ph/samples?step=1m",
        "/api/v1/verdicts",
        "/api/v1/verdicts/7/explain",
        "/api/v1/alarms",
    ] {
        let (status, code, detail) = refusal(server.get(path).await).await;
        assert_eq!((status, code.as_str()), (500, "store_failed"), "{path}");
        assert!(detail.contains("could not read history.sqlite"), "{detail}");
        assert!(!detail.contains("/secret"), "{detail}");
    }
    assert_eq!(server.get("/api/v1/points").await.status(), 200, "what is live needs no disk");
}

#[tokio::test]
async fn a_port_that_is_taken_names_the_setting() {
    let server = Server::start().await;
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let error = weir_web::bind(address).await.unwrap_err();
    assert!(matches!(error, WebError::Taken(_)), "{error}");
    let said = error.to_string();
    assert!(said.contains(&address.port().to_string()) && said.contains("`listen`"), "{said}");
    let foreign = weir_web::bind("192.0.2.1:8080".parse().unwrap()).await.unwrap_err();
    assert!(foreign.to_string().contains("`listen`"), "{foreign}");
}
