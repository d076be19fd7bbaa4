//! Reading the site file again.

use crate::{
    harness::{Server, refusal},
    schema::{check, check_answer, knows_code},
};
use serde_json::{Value, json};
use std::time::Duration;
use weir_engine::ports::ReloadOutcome;

const RELOAD: &str = "/api/v1/reload";

#[tokio::test]
async fn it_is_checked_or_applied_as_asked_and_remembered() {
    let server = Server::start().await;
    assert_eq!(server.json(RELOAD).await, Value::Null, "there was none yet");
    for (check_only, outcome) in [(true, "checked"), (false, "applied")] {
        let response = server.post(RELOAD, json!({ "check_only": check_only })).await;
        assert_eq!(response.status(), 200);
        let reload: Value = response.json().await.unwrap();
        check_answer("post", RELOAD, &reload);
        let expected = json!({
            "at": "2026-11-22T12:00:00.000Z",
            "config_hash": "ab".repeat(32),
            "outcome": outcome,
            "changes": ["link bus: changed"],
            "faults": [],
        });
        assert_eq!(reload, expected);
        let last = server.json(RELOAD).await;
        check_answer("get", RELOAD, &last);
        assert_eq!(last, expected);
    }
    *server.gateway.outcome.lock().unwrap() = Some(ReloadOutcome::Unchanged);
    let response = server.post(RELOAD, json!({"check_only": false})).await;
    assert_eq!(response.status(), 200, "nothing to do is well done");
}

#[tokio::test]
async fn a_refusal_has_the_faults_in_it() {
    let server = Server::start().await;
    let cases = [
        (ReloadOutcome::Refused, 422, "reload_refused", "refused"),
        (ReloadOutcome::RolledBack, 409, "reload_rolled_back", "rolled_back"),
    ];
    for (outcome, status, code, word) in cases {
        *server.gateway.outcome.lock().unwrap() = Some(outcome);
        for check_only in [true, false] {
            let response = server.post(RELOAD, json!({ "check_only": check_only })).await;
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let problem: Value = response.json().await.unwrap();
            check("Problem", &problem);
            assert_eq!(
                (&problem["code"], &problem["reload"]["outcome"]),
                (&json!(code), &json!(word))
            );
            let fault = problem["reload"]["faults"][0].as_str().unwrap();
            assert!(fault.contains("site.toml:7"), "{fault}");
            assert!(knows_code("post", RELOAD, status, code));
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_say_what_is_to_be_done_changes_nothing() {
    let server = Server::start().await;
    let bodies = [json!({}), json!({"check_only": 1}), json!({"chek_only": true}), json!([])];
    for body in bodies {
        let (status, code, _) = refusal(server.post(RELOAD, body.clone()).await).await;
        assert_eq!((status, code.as_str()), (422, "bad_body"), "{body}");
    }
    assert!(knows_code("post", RELOAD, 422, "bad_body"));
    assert_eq!(server.json(RELOAD).await, Value::Null);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_it_halfway() {
    let server = Server::start().await;
    let hold = server.gateway.reloading.lock().await;
    let request = server.client.post(format!("{}{RELOAD}", server.url));
    let request = request.json(&json!({"check_only": false})).timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    drop(hold);
    for _ in 0..200 {
        if server.json(RELOAD).await["outcome"] == "applied" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the reload was never finished");
}
