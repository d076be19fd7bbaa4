//! What a webhook's receiver sees.

use crate::{
    outbox::Memory,
    scripted::{Reply, Running, Scripted},
    site::{Sent, alarm, influx, reading, webhook},
};
use sha2::{Digest, Sha256};
use std::time::Duration;
use weir_engine::{AlarmEvent, Member, Quiet, Transition, ports::Outbox as _};

fn ids(server: &Running) -> Vec<u64> {
    server.look(|rules| {
        rules.requests.iter().map(|r| r.header("x-weir-event-id").parse().unwrap()).collect()
    })
}

async fn started_before(events: u64, server: &Running) -> (std::sync::Arc<Memory>, Sent) {
    let outbox = Memory::new();
    (1..=events).for_each(|number| outbox.raise(alarm(number)));
    let sent = Sent::start(&outbox, vec![webhook(&format!("{}/hook", server.url))]);
    (outbox, sent)
}

/// HMAC-SHA-256 after RFC 2104, written out, for a key shorter than a block.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    hex::encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

#[tokio::test]
async fn the_message_is_signed_and_says_what_happened() {
    let server = Scripted::default().start().await;
    let (outbox, sent) = started_before(0, &server).await;
    outbox.raise(alarm(1));
    sent.until("delivered", |s| s.verified == 1).await;
    let request = server.look(|rules| rules.requests[0].clone());
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let expected = serde_json::json!({
        "id": 1,
        "site": "inn",
        "title": {"zh": "pH of the pool（中文）", "en": "pH of the pool"},
        "event": {
            "t": "2026-11-22T10:00:01.000Z", "alarm": "pool.ph.probe-1.ph~1", "area": "pool",
            "requirement": "ph", "pack": "gb37488-2019@1", "points": ["probe-1.ph"],
            "transition": "raised", "priority": "high", "since": "2026-11-22T10:00:00.000Z",
            "value": 8.1, "limit": "[7, 7.8]", "clause": "4.2.4", "by": null, "comment": null,
        },
    });
    assert_eq!(body, expected);
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("x-weir-timestamp"), "1795345200");
    let signed = [b"1795345200.", &request.body[..]].concat();
    let signature = format!("sha256={}", hmac(b"correct horse", &signed));
    assert_eq!(request.header("x-weir-signature"), signature);
    sent.stop().await;
}

#[tokio::test]
async fn what_is_kept_quiet_is_not_sent_and_holds_up_nothing() {
    let server = Scripted::default().start().await;
    let (outbox, sent) = started_before(0, &server).await;
    for (number, quiet) in [
        (1, Some(Quiet::Shelved)),
        (2, None),
        (3, Some(Quiet::Suppressed)),
        (4, Some(Quiet::OutOfService)),
        (5, Some(Quiet::Flood)),
    ] {
        let mut event = alarm(number);
        event.detail.quiet = quiet;
        outbox.raise(event);
    }
    // In a flood, one for the group.
    let mut group = alarm(6);
    group.transition = Transition::GroupRaised;
    let member = |event: AlarmEvent| Member {
        alarm: event.alarm,
        requirement: event.requirement,
        points: event.points,
        priority: event.priority,
        t: event.t,
    };
    group.detail.members = vec![member(alarm(5)), member(alarm(6))];
    outbox.raise(group);
    sent.until("the sixth", |s| s.pending == 0 && s.verified == 2).await;
    assert_eq!(ids(&server), [2, 6]);
    let body = server.look(|rules| rules.requests[1].body.clone());
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["event"]["transition"], "group_raised");
    assert_eq!(body["event"]["members"][1]["alarm"], "pool.ph.probe-1.ph~6");
    sent.stop().await;
}

#[tokio::test]
async fn a_new_webhook_starts_with_the_next_event_and_only_once() {
    let server = Scripted::default().start().await;
    let (outbox, sent) = started_before(7, &server).await;
    outbox.raise(alarm(8));
    sent.until("the eighth", |s| s.verified == 1).await;
    sent.stop().await;
    // What happens while the gateway is down is not lost at the second start.
    outbox.raise(alarm(9));
    let sent = Sent::start(&outbox, vec![webhook(&format!("{}/hook", server.url))]);
    sent.until("the ninth", |s| s.verified == 1).await;
    assert_eq!(ids(&server), [8, 9]);
    sent.stop().await;
}

#[tokio::test]
async fn an_event_before_the_first_delivery_survives_a_restart() {
    let server = Scripted::with(|rules| rules.usually = Some(Reply::Status(503))).start().await;
    let (outbox, sent) = started_before(0, &server).await;
    outbox.raise(alarm(1));
    sent.until("trouble", |s| s.last_error.is_some()).await;
    sent.stop().await;
    assert_eq!(outbox.alarm_cursor("hook").unwrap(), Some(0));
    server.change(|rules| rules.usually = None);
    let sent = Sent::start(&outbox, vec![webhook(&format!("{}/hook", server.url))]);
    sent.until("the first", |s| s.verified == 1).await;
    sent.stop().await;
}

#[tokio::test]
async fn after_an_outage_all_come_in_order() {
    let server = Scripted::with(|rules| {
        rules.script.extend([Reply::Status(503), Reply::Cut, Reply::Status(500)]);
    });
    let server = server.start().await;
    let (outbox, sent) = started_before(0, &server).await;
    (1..=5).for_each(|number| outbox.raise(alarm(number)));
    sent.until("trouble", |s| s.last_error.is_some()).await;
    (6..=10).for_each(|number| outbox.raise(alarm(number)));
    let status = sent.until("all", |s| s.verified == 10).await;
    assert_eq!((status.quarantined, status.pending), (0, 0));
    assert_eq!(ids(&server)[3..], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(ids(&server)[..3], [1, 1, 1], "nothing overtakes");
    sent.stop().await;
}

#[tokio::test]
async fn a_refused_event_is_put_aside_and_the_next_one_sent() {
    for code in [400, 401, 404, 410, 422] {
        let server = Scripted::with(|rules| {
            rules.script.extend([Reply::Usual, Reply::Status(code)]);
        });
        let server = server.start().await;
        let (outbox, sent) = started_before(0, &server).await;
        (1..=3).for_each(|number| outbox.raise(alarm(number)));
        let status = sent.until("settled", |s| s.pending == 0 && s.verified == 2).await;
        assert_eq!(status.quarantined, 1);
        assert_eq!(ids(&server), [1, 2, 3], "{code}: each was tried once");
        let (seq, body, reason) = outbox.aside().remove(0);
        assert_eq!(seq, 2);
        assert!(body.contains("~2") && reason.contains(&code.to_string()), "{body}: {reason}");
        sent.stop().await;
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let server =
        Scripted::with(|rules| rules.script.push_back(Reply::RetryAfter(429, 2))).start().await;
    let (outbox, sent) = started_before(0, &server).await;
    outbox.raise(alarm(1));
    sent.until("trouble", |s| s.last_error.is_some()).await;
    let asked = tokio::time::Instant::now();
    sent.until("delivered", |s| s.verified == 1).await;
    assert!(asked.elapsed() > Duration::from_millis(1_900), "{:?}", asked.elapsed());
    sent.stop().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Scripted::with(|rules| rules.usually = Some(Reply::Status(307))).start().await;
    let (outbox, sent) = started_before(0, &server).await;
    outbox.raise(alarm(1));
    let status = sent.until("trouble", |s| s.last_error.is_some()).await;
    assert!(status.last_error.unwrap().contains("redirects are not followed"));
    assert_eq!((status.pending, status.quarantined), (1, 0));
    sent.stop().await;
}

#[tokio::test]
async fn a_dead_database_does_not_hold_up_the_alarms() {
    let away = Scripted::default().start().await;
    let dead = away.url.clone();
    away.stop().await;
    let server = Scripted::default().start().await;
    let outbox = Memory::new();
    outbox.append((1..=10).map(reading));
    let hook = webhook(&format!("{}/hook", server.url));
    let sent = Sent::start(&outbox, vec![influx(&dead, Duration::ZERO), hook]);
    sent.until("trouble", |s| s.last_error.is_some()).await;
    outbox.raise(alarm(1));
    sent.wake();
    let begin = tokio::time::Instant::now();
    while server.look(|rules| rules.requests.is_empty()) {
        assert!(begin.elapsed() < Duration::from_secs(5), "the alarm never came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sent.stop().await;
}
