//! What every address answers, held against the OpenAPI document and against the site.

use crate::{
    gateway::SAMPLES,
    harness::Server,
    schema::check_answer,
    site::{NOON, other_site, silence, snapshot},
};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let server = Server::start().await;
    let cases = [
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/api/v1/site", "/api/v1/site"),
        ("/api/v1/areas", "/api/v1/areas"),
        ("/api/v1/devices", "/api/v1/devices"),
        ("/api/v1/devices/{id}", "/api/v1/devices/probe-1"),
        ("/api/v1/links", "/api/v1/links"),
        ("/api/v1/points", "/api/v1/points"),
        ("/api/v1/points/{id}", "/api/v1/points/probe-1.ph"),
        ("/api/v1/points/{id}", "/api/v1/points/probe-1.flow"),
        ("/api/v1/points/{id}/samples", "/api/v1/points/probe-1.ph/samples"),
        ("/api/v1/points/{id}/samples", "/api/v1/points/probe-1.ph/samples?step=5m"),
        ("/api/v1/points/{id}/samples", "/api/v1/points/probe-1.orp/samples"),
        ("/api/v1/verdicts", "/api/v1/verdicts"),
        ("/api/v1/verdicts/{id}/explain", "/api/v1/verdicts/7/explain"),
        ("/api/v1/alarms", "/api/v1/alarms"),
        ("/api/v1/sinks", "/api/v1/sinks"),
        ("/api/v1/store", "/api/v1/store"),
        ("/api/v1/reload", "/api/v1/reload"),
        ("/api/v1/openapi.json", "/api/v1/openapi.json"),
    ];
    for (path, address) in cases {
        check_answer("get", path, &server.json(address).await);
    }
    // Before the engine has said anything, and after a change of the site's size.
    server.snapshot.send_replace(Arc::new(silence()));
    for path in ["/api/v1/areas", "/api/v1/points"] {
        check_answer("get", path, &server.json(path).await);
    }
}

#[tokio::test]
async fn the_site_and_its_areas_worst_first() {
    let server = Server::start().await;
    let site = server.json("/api/v1/site").await;
    assert_eq!(site["id"], "inn");
    assert_eq!(site["name"], json!({"zh": "Inn（中文）", "en": "Inn"}));
    assert_eq!((&site["version"], &site["now"]), (&json!("1.2.3"), &json!(NOON.to_string())));

    let areas = server.json("/api/v1/areas").await;
    let ids: Vec<_> = areas.as_array().unwrap().iter().map(|area| &area["id"]).collect();
    assert_eq!(ids, ["pool", "sauna"]);
    let pool = &areas[0];
    assert_eq!(pool["verdict"], "non_compliant", "the warning does not count");
    assert_eq!(
        pool["alarms"],
        json!({"active": 1, "unacknowledged": 1, "highest_priority": "high"})
    );
    assert_eq!(pool["points"], json!(["probe-1.ph", "probe-1.orp", "probe-1.flow"]));
    assert_eq!(pool["requirements"][0]["points"], json!(["probe-1.ph"]));
    assert_eq!(pool["requirements"][0]["respond_within_secs"], 600);
    let sauna = &areas[1];
    assert_eq!(sauna["verdict"], Value::Null, "closed");
    assert_eq!(sauna["requirements"][0]["verdict"], Value::Null);
    assert_eq!(sauna["alarms"]["highest_priority"], Value::Null);
}

#[tokio::test]
async fn after_a_change_of_the_site_every_index_has_its_new_name() {
    let server = Server::start().await;
    let mut changed = snapshot();
    changed.description = other_site();
    server.snapshot.send_replace(Arc::new(changed));
    assert_eq!(server.json("/api/v1/site").await["config_hash"], "5eed");
    let points = server.json("/api/v1/points").await;
    let names: Vec<_> = points.as_array().unwrap().iter().map(|point| &point["id"]).collect();
    assert_eq!(names, ["probe-1.temperature", "probe-1.flow", "probe-1.orp", "probe-1.ph"]);
    let gone = server.get("/api/v1/points/probe-1.nope").await;
    assert_eq!(gone.status(), 404);
    let area = &server.json("/api/v1/areas").await[0];
    assert_eq!(area["requirements"][0]["points"], json!(["probe-1.ph"]), "{area}");
}

#[tokio::test]
async fn an_alarm_that_returned_but_nobody_saw_still_shows_its_priority() {
    let server = Server::start().await;
    let mut snapshot = snapshot();
    snapshot.alarms[0].returned_at = Some(crate::site::ago(10));
    server.snapshot.send_replace(Arc::new(snapshot));
    let areas = server.json("/api/v1/areas").await;
    let expected = json!({"active": 0, "unacknowledged": 1, "highest_priority": "high"});
    assert_eq!(areas[0]["alarms"], expected);
}

#[tokio::test]
async fn an_engine_that_stands_still_is_shown_as_such() {
    let server = Server::start().await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    let mut old = snapshot();
    old.t = Some(crate::site::ago(600));
    for (snapshot, reason) in [(old, "nothing has been judged since"), (silence(), "yet")] {
        server.snapshot.send_replace(Arc::new(snapshot));
        let ready = server.get("/readyz").await;
        assert_eq!(ready.status(), 503);
        let ready: Value = ready.json().await.unwrap();
        crate::schema::check("Ready", &ready);
        assert!(ready["reason"].as_str().unwrap().contains(reason), "{ready}");
        let areas = server.json("/api/v1/areas").await;
        for area in areas.as_array().unwrap() {
            assert_eq!(area["verdict"], "indeterminate", "{area}");
        }
    }
}

#[tokio::test]
async fn a_store_that_takes_nothing_makes_the_gateway_not_ready() {
    let server = Server::start().await;
    *server.gateway.fault.lock().unwrap() = Some("disk full".to_owned());
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["reason"], "the store takes no readings: disk full");
    assert_eq!(server.json("/api/v1/store").await["fault"], "disk full");
    assert_eq!(server.get("/healthz").await.status(), 200, "the process lives");
}

#[tokio::test]
async fn points_with_their_samples_limits_and_verdicts() {
    let server = Server::start().await;
    let points = server.json("/api/v1/points").await;
    let ph = &points[0];
    let sample = json!({
        "t": "2026-11-22T11:59:55.000Z", "value": 8.125, "quality": "good", "reason": null, "flag": "N"
    });
    assert_eq!(ph["sample"], sample);
    assert_eq!(ph["received_at"], "2026-11-22T11:59:56.000Z");
    assert_eq!((&ph["age_ms"], &ph["stale"]), (&json!(5_000), &json!(false)));
    let limit = json!({"requirement": "ph", "low": 7.0, "high": 7.8, "warning": false});
    assert_eq!(ph["limits"], json!([limit]));
    assert_eq!((&ph["verdict"], &ph["range"]), (&json!("non_compliant"), &json!([0.0, 14.0])));
    let orp = &points[1];
    assert_eq!(
        (&orp["sample"]["quality"], &orp["sample"]["reason"], &orp["sample"]["flag"]),
        (&json!("bad"), &json!("calibration"), &json!("C"))
    );
    assert_eq!(orp["verdict"], Value::Null, "a warning is no verdict");
    let flow = &points[2];
    assert_eq!((&flow["sample"], &flow["stale"]), (&Value::Null, &json!(true)));
    assert_eq!((&flow["kind"], &flow["range"]), (&json!("boolean"), &Value::Null));
    assert_eq!(server.json("/api/v1/points/probe-1.ph").await, *ph);
}

#[tokio::test]
async fn samples_of_the_past() {
    let server = Server::start().await;
    let samples = "/api/v1/points/probe-1.ph/samples";
    let hour = server.json(samples).await;
    assert_eq!(hour["samples"].as_array().unwrap().len(), 3_600);
    assert_eq!(
        (&hour["from"], &hour["to"]),
        (&json!("2026-11-22T11:00:00.000Z"), &json!(NOON.to_string()))
    );
    assert_eq!((&hour["truncated"], &hour["step"]), (&json!(false), &Value::Null));
    assert_eq!(hour["samples"][0]["value"], Value::Null, "the first is a bad one");
    assert_eq!(hour["samples"][0]["reason"], "comm_failure");

    // A time with an offset, and one that only just leaves the last one out.
    let from = "from=2026-11-22T19:59:50%2B08:00";
    let few = server.json(&format!("{samples}?{from}&to=2026-11-22T11:59:59Z")).await;
    assert_eq!(few["samples"].as_array().unwrap().len(), 9);
    assert_eq!(few["samples"][0]["t"], "2026-11-22T11:59:50.000Z");

    let all = server.json(&format!("{samples}?from=2026-11-01T00:00:00Z")).await;
    const { assert!(SAMPLES > 100_000) };
    assert_eq!(all["samples"].as_array().unwrap().len(), 100_000);
    assert_eq!(all["truncated"], true);
    let two = server.json(&format!("{samples}?limit=2")).await;
    assert_eq!((two["samples"].as_array().unwrap().len(), &two["truncated"]), (2, &json!(true)));

    let steps = server.json(&format!("{samples}?step=5m")).await;
    assert_eq!(steps["step"], "5m");
    let second = json!({
        "t": "2026-11-22T11:15:00.000Z", "min": null, "mean": null, "max": null, "good": 0, "not_good": 4
    });
    assert_eq!(steps["buckets"][1], second, "steps without samples are left out");
}

#[tokio::test]
async fn verdicts_and_their_explanation() {
    let server = Server::start().await;
    let all = server.json("/api/v1/verdicts").await;
    assert_eq!(all.as_array().unwrap().len(), 20);
    let last = server.json("/api/v1/verdicts?area=pool&limit=2").await;
    assert_eq!((&last[0]["id"], &last[1]["id"]), (&json!(19), &json!(20)));
    assert_eq!(server.json("/api/v1/verdicts?area=sauna").await, json!([]));
    assert_eq!(server.json("/api/v1/verdicts?to=2026-11-22T10:00:00Z").await, json!([]));

    let explained = server.json("/api/v1/verdicts/7/explain").await;
    assert_eq!(explained["verdict"], "non_compliant");
    assert_eq!(explained["requirement_title"]["en"], "title of ph");
    assert_eq!(explained["explanation"]["en"], "the mean of 8.1 is above 7.8");
    let [ph, gone] = &explained["samples"].as_array().unwrap()[..] else { panic!("two points") };
    assert_eq!(ph["samples"].as_array().unwrap().len(), 2_000);
    assert_eq!((&ph["truncated"], &explained["truncated"]), (&json!(true), &json!(true)));
    assert_eq!(ph["samples"][0]["t"], "2026-11-22T10:00:00.000Z");
    assert_eq!((&gone["known"], &gone["samples"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn the_metrics_of_the_contract() {
    let server = Server::start().await;
    let response = server.get("/metrics").await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let page = response.text().await.unwrap();
    let expected = [
        "weir_readings_accepted_total 100",
        "weir_store_bytes 4096",
        "weir_conservation_off 0",
        "weir_alarms_active 1",
        "weir_ready 1",
        "weir_points_stale 2",
        "weir_build_info{version=\"1.2.3\"} 1",
        "weir_area_verdict{area=\"pool\",verdict=\"non_compliant\"} 1",
        "weir_area_verdict{area=\"sauna\",verdict=\"compliant\"} 0",
        "weir_verdicts{verdict=\"compliant\"} 30",
        "weir_verdicts{verdict=\"non_compliant\"} 20",
        "weir_verdicts{verdict=\"indeterminate\"} 10",
        "weir_verdicts_superseded_total 1",
        "weir_rejudgements_pending 1",
        "weir_rejudgements_done_total 2",
        "weir_device_up{device=\"probe-1\",link=\"bus\"} 1",
        "weir_device_round_trip_seconds{device=\"probe-1\",link=\"bus\"} 0.0125",
        "weir_device_timeouts_total{device=\"probe-1\",link=\"bus\"} 2",
        "weir_device_crc_errors_total{device=\"probe-1\",link=\"bus\"} 5",
        "weir_device_late_answers_total{device=\"probe-1\",link=\"bus\"} 4",
        "weir_device_skipped_scans_total{device=\"probe-1\",link=\"bus\"} 7",
        "weir_device_round_trip_p95_seconds{device=\"probe-1\",link=\"bus\"} 0.03",
        "weir_device_scan_seconds{device=\"probe-1\",link=\"bus\"} 0.04",
        "weir_device_breaker{device=\"probe-1\",link=\"bus\",state=\"half_open\"} 1",
        "weir_device_breaker{device=\"probe-1\",link=\"bus\",state=\"open\"} 0",
        "weir_link_up{link=\"bus\"} 1",
        "weir_link_busy_ratio{link=\"bus\"} 0.25",
        "weir_link_connects_total{link=\"bus\"} 3",
        "weir_sink_pending{sink=\"tsdb\",kind=\"influxdb\"} 3",
        "weir_sink_lag_seconds{sink=\"tsdb\",kind=\"influxdb\"} 1.5",
    ];
    for line in expected {
        assert!(page.lines().any(|l| l == line), "{line} is missing in\n{page}");
    }
    // Every sample belongs to a family with a help and a type.
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(page.contains(&format!("# HELP {name} ")), "{name}");
        assert!(page.contains(&format!("# TYPE {name} ")), "{name}");
    }
}
