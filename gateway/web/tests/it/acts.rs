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
