//! Marking readings, reviewing marks, calibrations, findings.

use crate::{
    harness::{Server, refusal},
    schema::{check, check_answer, knows_code},
};
use serde_json::{Value, json};

fn act(with: Value) -> Value {
    let mut act = json!({
        "by": " Wang Wei ", "role": "operator", "points": ["probe-1.ph"],
        "from": "2026-11-22T11:00:00Z", "to": "2026-11-22T11:30:00Z",
        "reason": "calibration", "comment": "two-point", "evidence": ["sheet 4"],
    });
    for (key, value) in with.as_object().unwrap() {
        act[key] = value.clone();
    }
    act
}

#[tokio::test]
async fn readings_are_marked_and_the_mark_is_ended_and_reviewed() {
    let server = Server::start().await;
    let response = server.post("/api/v1/marks", act(json!({}))).await;
    assert_eq!(response.status(), 200);
    let mark: Value = response.json().await.unwrap();
    check_answer("post", "/api/v1/marks", &mark);
    assert_eq!((&mark["by"], &mark["quality"]), (&json!("Wang Wei"), &json!("bad:calibration")));
    assert_eq!(mark["reason_text"]["zh"], "校准");

    let end = json!({"by": "Li", "role": "operator"});
    let ended: Value = server.post("/api/v1/marks/m1/end", end).await.json().await.unwrap();
    check_answer("post", "/api/v1/marks/{id}/end", &ended);
    assert_eq!(ended["to"], "2026-11-22T12:00:00.000Z", "now, if nothing is said");

    let review = |role| json!({"by": "Zhao", "role": role, "outcome": "rejected", "comment": "no"});
    let path = "/api/v1/marks/m1/review";
    let (status, code, _) = refusal(server.post(path, review("operator")).await).await;
    assert_eq!((status, code.as_str()), (403, "not_supervisor"));
    assert!(knows_code("post", "/api/v1/marks/{id}/review", 403, "not_supervisor"));
    let reviewed: Value = server.post(path, review("supervisor")).await.json().await.unwrap();
    check_answer("post", "/api/v1/marks/{id}/review", &reviewed);
    assert_eq!((&reviewed["void"], &reviewed["review"]["by"]), (&json!(true), &json!("Zhao")));
    let (status, code, _) =
        refusal(server.post("/api/v1/marks/m99/review", review("supervisor")).await).await;
    assert_eq!((status, code.as_str()), (404, "unknown_mark"));
}

#[tokio::test]
async fn marks_are_listed_and_told_one_by_one() {
    let server = Server::start().await;
    let marks = server.json("/api/v1/marks?point=probe-1.ph&state=unreviewed").await;
    check_answer("get", "/api/v1/marks", &marks);
    assert_eq!(marks[0]["id"], "m1");
    assert_eq!(server.json("/api/v1/marks?point=probe-2.ph").await, json!([]));
    let one = server.json("/api/v1/marks/m1").await;
    check_answer("get", "/api/v1/marks/{id}", &one);
    let findings = server.json("/api/v1/findings").await;
    check_answer("get", "/api/v1/findings", &findings);
    check_answer("get", "/api/v1/rejudging", &server.json("/api/v1/rejudging").await);
    for (path, status, code) in [
        ("/api/v1/marks/m77", 404, "unknown_mark"),
        ("/api/v1/marks?state=void", 400, "bad_state"),
        ("/api/v1/marks?point=Ph", 400, "unknown_point"),
        ("/api/v1/verdicts?superseded=maybe", 400, "bad_superseded"),
    ] {
        let (got, said, _) = refusal(server.get(path).await).await;
        assert_eq!((got, said.as_str()), (status, code), "{path}");
    }
}

#[tokio::test]
async fn a_mark_without_reason_author_or_sense_is_refused() {
    let server = Server::start().await;
    let without = |key: &str| {
        let mut act = act(json!({}));
        act.as_object_mut().unwrap().remove(key);
        act
    };
    let bodies = [
        without("by"),
        without("role"),
        without("reason"),
        without("comment"),
        without("from"),
        act(json!({"comment": "  "})),
        act(json!({"points": []})),
        act(json!({"points": ["ph"]})),
        act(json!({"role": "king"})),
        act(json!({"reason": "because"})),
        act(json!({"quality": "splendid"})),
        act(json!({"evidence": [""]})),
        act(json!({"evidence": vec!["x"; 17]})),
        act(json!({"value": 3.0})),
        act(json!({"reason": "manual_value"})),
        act(json!({"reason": "manual_value", "value": 3.0, "to": null})),
        act(json!({"reason": "calibration_failed"})),
        act(json!({"reson": "misspelt"})),
    ];
    for body in bodies {
        let (status, code, _) = refusal(server.post("/api/v1/marks", body.clone()).await).await;
        assert_eq!((status, code.as_str()), (422, "bad_body"), "{body}");
    }
    let manual = act(json!({"reason": "manual_value", "value": 3.0}));
    let mark: Value = server.post("/api/v1/marks", manual).await.json().await.unwrap();
    assert_eq!(mark["value"], 3.0);
}

#[tokio::test]
async fn a_calibration_is_written_down() {
    let server = Server::start().await;
    let check = |passed| {
        json!({"by": "Li", "role": "operator", "point": "probe-1.ph", "passed": passed,
               "reference": 7.0, "reading": 7.4})
    };
    for (passed, has_mark) in [(true, false), (false, true)] {
        let response = server.post("/api/v1/calibrations", check(passed)).await;
        assert_eq!(response.status(), 200);
        let answer: Value = response.json().await.unwrap();
        check_answer("post", "/api/v1/calibrations", &answer);
        assert_eq!(answer["mark"].is_object(), has_mark);
    }
}

#[tokio::test]
async fn a_verdict_that_does_not_stand_any_more_is_shown_only_when_asked_for() {
    let server = Server::start().await;
    let all = server.json("/api/v1/verdicts?superseded=yes").await;
    check_answer("get", "/api/v1/verdicts", &all);
    let in_force = server.json("/api/v1/verdicts").await;
    let count = |verdicts: &Value| verdicts.as_array().unwrap().len();
    assert_eq!(count(&all), count(&in_force) + 1);
    let old = &all[0];
    assert_eq!((&old["in_force"], &old["revised_by"]), (&json!(false), &json!([20])));
    assert_eq!(old["superseded_for"], json!({"kind": "mark", "mark": "m9"}));
    let new = &in_force[count(&in_force) - 1];
    assert_eq!((&new["revises"], &new["in_force"]), (&json!([0]), &json!(true)));
    check("Verdict", new);
}
