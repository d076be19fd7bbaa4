//! Acknowledging and commenting.

use crate::{
    harness::{Server, refusal},
    schema::{check_answer, knows_code},
};
use serde_json::json;

const ALARM: &str = "pool.ph.probe-1.ph~1";

#[tokio::test]
async fn an_alarm_is_acknowledged_once() {
    let server = Server::start().await;
    let path = format!("/api/v1/alarms/{ALARM}/acknowledge");
    let response = server.post(&path, json!({"by": "  Wang Wei ", "comment": "on my way"})).await;
    assert_eq!(response.status(), 200);
    let alarm = response.json().await.unwrap();
    check_answer("post", "/api/v1/alarms/{id}/acknowledge", &alarm);
    assert_eq!(alarm["state"], "active_acknowledged");
    assert_eq!(alarm["acknowledged_by"], "Wang Wei");
    assert_eq!(alarm["title"]["en"], "title of ph");
    assert_eq!(
        alarm["comments"],
        json!([{"t": "2026-11-22T12:00:00.000Z", "by": "Wang Wei", "text": "on my way"}])
    );
    let (status, code, detail) = refusal(server.post(&path, json!({"by": "Li"})).await).await;
    assert_eq!((status, code.as_str()), (409, "already_acknowledged"));
    assert!(detail.contains(ALARM), "{detail}");
    assert!(knows_code("post", "/api/v1/alarms/{id}/acknowledge", 409, "already_acknowledged"));
}

#[tokio::test]
async fn a_comment_may_follow_an_acknowledgement() {
    let server = Server::start().await;
    let acknowledge = format!("/api/v1/alarms/{ALARM}/acknowledge");
    let path = format!("/api/v1/alarms/{ALARM}/comment");
    assert_eq!(server.post(&acknowledge, json!({"by": "Li"})).await.status(), 200);
    // The alarm's id as a browser writes it.
    let encoded = path.replace('~', "%7E");
    let response =
        server.post(&encoded, json!({"by": "李雷", "comment": "泵已更换\n复测正常"})).await;
    assert_eq!(response.status(), 200);
    let alarm = response.json().await.unwrap();
    check_answer("post", "/api/v1/alarms/{id}/comment", &alarm);
    assert_eq!(alarm["comments"][0]["text"], "泵已更换\n复测正常");
}

#[tokio::test]
async fn what_was_raised_again_meanwhile_is_not_acknowledged() {
    let server = Server::start().await;
    let path = format!("/api/v1/alarms/{ALARM}/acknowledge");
    let response = server.post(&path, json!({"by": "Li", "raises": 0})).await;
    let (status, code, _) = refusal(response).await;
    assert_eq!((status, code.as_str()), (409, "raised_again"));
    assert!(knows_code("post", "/api/v1/alarms/{id}/acknowledge", 409, "raised_again"));
    assert_eq!(server.post(&path, json!({"by": "Li", "raises": 1})).await.status(), 200);
}

#[tokio::test]
async fn a_supervisor_acknowledges_apart_from_the_operator() {
    let server = Server::start().await;
    let path = format!("/api/v1/alarms/{ALARM}/supervisor-acknowledge");
    let response = server.post(&path, json!({"by": "Zhao", "comment": "seen"})).await;
    assert_eq!(response.status(), 200);
    let alarm = response.json().await.unwrap();
    check_answer("post", "/api/v1/alarms/{id}/supervisor-acknowledge", &alarm);
    assert_eq!(
        (&alarm["supervised_by"], &alarm["acknowledged_by"]),
        (&json!("Zhao"), &json!(null))
    );
    assert_eq!(alarm["state"], "active_unacknowledged");
}

#[tokio::test]
async fn an_alarm_says_what_holds_it() {
    let server = Server::start().await;
    let open = server.json("/api/v1/alarms?state=open").await;
    check_answer("get", "/api/v1/alarms", &open);
    assert_eq!(open[0]["held"], "shelved");
    assert_eq!(open[0]["shelved"]["by"], "Li");
    assert_eq!(open[0]["shelved"]["why"]["en"], "probe is being cleaned");
    let held = server.json("/api/v1/alarms/held").await;
    check_answer("get", "/api/v1/alarms/held", &held);
    assert_eq!(held[0]["name"], "pool.ph.probe-1.ph");
    assert_eq!((&held[0]["active"], &held[0]["alarm"]), (&json!(true), &json!(ALARM)));
}

#[tokio::test]
async fn holding_needs_a_reason_and_a_length_that_is_allowed() {
    let server = Server::start().await;
    let path = format!("/api/v1/alarms/{ALARM}/shelve");
    for (body, hint) in [
        (json!({"by": "Li", "minutes": 60}), "`reason`"),
        (json!({"by": "Li", "reason": "x"}), "`minutes`"),
        (json!({"by": "Li", "reason": "x", "minutes": 0}), "`minutes`"),
        (json!({"by": "Li", "reason": "x", "minutes": 6000}), "at most 600 min"),
        (json!({"by": " ", "reason": "x", "minutes": 60}), "`by`"),
    ] {
        let (status, code, detail) = refusal(server.post(&path, body.clone()).await).await;
        assert_eq!((status, code.as_str()), (422, "bad_body"), "{body}");
        assert!(detail.contains(hint), "{body}: {detail}");
    }
    let body = json!({"by": "Li", "reason": "x", "minutes": 60});
    let response = server.post(&path, body.clone()).await;
    assert_eq!(response.status(), 200);
    check_answer("post", "/api/v1/alarms/{id}/shelve", &response.json().await.unwrap());
    let end = path.replace("/shelve", "/unshelve");
    assert_eq!(server.post(&end, json!({"by": "Li"})).await.status(), 200);
    let (_, code, _) = refusal(server.post(&end, body).await).await;
    assert_eq!(code, "bad_body", "an end has no length");
    let back = path.replace("/shelve", "/return-to-service");
    let (status, code, _) = refusal(server.post(&back, json!({"by": "Li"})).await).await;
    assert_eq!((status, code.as_str()), (409, "not_held"));
    assert!(knows_code("post", "/api/v1/alarms/{id}/return-to-service", 409, "not_held"));
}

#[tokio::test]
async fn the_alarm_system_has_figures() {
    let server = Server::start().await;
    let kpis = server.json("/api/v1/alarms/kpis").await;
    check_answer("get", "/api/v1/alarms/kpis", &kpis);
    assert_eq!((&kpis["told"], &kpis["most_per_step"]), (&json!(12), &json!(12)));
    assert_eq!(kpis["floods"][0]["raised"], 2, "{}", kpis["floods"]);
    assert_eq!(kpis["top"][0]["name"], "pool.ph.probe-1.ph");
    assert_eq!(kpis["now"]["shelved"], 1);
    assert_eq!((&kpis["now"]["standing"], &kpis["now"]["raised_lately"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn alarms_by_state() {
    let server = Server::start().await;
    let count = async |query| server.json(query).await.as_array().unwrap().len();
    assert_eq!(count("/api/v1/alarms").await, 2);
    assert_eq!(count("/api/v1/alarms?state=all&limit=1").await, 1);
    assert_eq!(count("/api/v1/alarms?state=active").await, 1);
    assert_eq!(count("/api/v1/alarms?state=open").await, 1);
    let closed = server.json("/api/v1/alarms?state=closed").await;
    assert_eq!(closed[0]["state"], "closed");
    assert_eq!(closed[0]["raises"], 1);
}

#[tokio::test]
async fn a_body_that_says_too_little_or_too_much_is_refused() {
    let server = Server::start().await;
    let bodies = [
        json!({}),
        json!({"by": ""}),
        json!({"by": "   "}),
        json!({"by": 5}),
        json!({"by": "x".repeat(65)}),
        json!({"by": "Li\u{7}"}),
        json!({"by": "Li", "comment": "x".repeat(1_001)}),
        json!({"by": "Li", "comment": "bell\u{7}"}),
        json!({"by": "Li", "coment": "misspelt"}),
        json!([]),
        json!("Li"),
    ];
    for act in ["acknowledge", "comment"] {
        for body in &bodies {
            let path = format!("/api/v1/alarms/{ALARM}/{act}");
            let (status, code, _) = refusal(server.post(&path, body.clone()).await).await;
            assert_eq!((status, code.as_str()), (422, "bad_body"), "{act} {body}");
        }
    }
    let path = format!("/api/v1/alarms/{ALARM}/comment");
    let (status, ..) = refusal(server.post(&path, json!({"by": "Li", "comment": " "})).await).await;
    assert_eq!(status, 422, "an empty comment");
    // 64 characters are not 64 bytes.
    let name = json!({"by": "王".repeat(64), "comment": "测".repeat(1_000)});
    assert_eq!(server.post(&path, name).await.status(), 200);
    let (status, code, _) = refusal(
        server.post("/api/v1/alarms/nope/comment", json!({"by": "Li", "comment": "x"})).await,
    )
    .await;
    assert_eq!((status, code.as_str()), (404, "unknown_alarm"));
}

#[tokio::test]
async fn what_is_no_json_or_too_large_or_from_elsewhere_is_refused() {
    let server = Server::start().await;
    let url = format!("{}/api/v1/alarms/{ALARM}/acknowledge", server.url);
    let post = |kind: &'static str, body: String| {
        server.client.post(&url).header("content-type", kind).body(body).send()
    };
    let json = "application/json";
    let cases = [
        (post("text/plain", r#"{"by":"Li"}"#.to_owned()), 415, "unsupported_media_type"),
        (
            post("application/x-www-form-urlencoded", "by=Li".to_owned()),
            415,
            "unsupported_media_type",
        ),
        (post(json, "{".to_owned()), 422, "bad_body"),
        (post(json, format!(r#"{{"by":"{}"}}"#, "x".repeat(70_000))), 413, "body_too_large"),
    ];
    for (request, status, code) in cases {
        let (got, said, _) = refusal(request.await.unwrap()).await;
        assert_eq!((got, said.as_str()), (status, code));
        assert!(knows_code("post", "/api/v1/alarms/{id}/acknowledge", status, code), "{code}");
    }
    let elsewhere = server.client.post(&url).json(&json!({"by": "Li"}));
    let elsewhere = elsewhere.header("origin", "http://evil.example").send().await.unwrap();
    let (status, code, _) = refusal(elsewhere).await;
    assert_eq!((status, code.as_str()), (403, "foreign_origin"));
    let own = server.client.post(&url).json(&json!({"by": "Li"}));
    let own = own.header("origin", &server.url).send().await.unwrap();
    assert_eq!(own.status(), 200, "our own console");
}
