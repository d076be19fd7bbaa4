//! A database that refuses, is away, is restarted, or has been set up wrongly.

use crate::{
    outbox::Memory,
    scripted::{Reply, Scripted},
    site::{Sent, influx, reading},
};
use std::time::Duration;

/// A grace short enough for a test.
const GRACE: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn one_poison_line_among_500_is_put_aside_alone() {
    for poison in ["value=1.0,", "value=123.0,", "value=500.0,"] {
        let server = Scripted::with(|rules| rules.poison = Some(poison)).start().await;
        let outbox = Memory::new();
        outbox.append((1..=500).map(reading));
        let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
        let status = sent.until("settled", |s| s.pending == 0 && s.verified == 499).await;
        assert_eq!((status.delivered, status.quarantined), (499, 1));
        let (_, body, reason) = outbox.aside().remove(0);
        assert!(body.contains(poison) && reason.contains("unable to parse"), "{body}: {reason}");
        let requests = server.look(|rules| rules.requests.len());
        assert!(requests <= 2 * 9 + 2, "{requests} requests to find one of 500");
        sent.stop().await;
    }
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let cases = [
        Reply::Status(408),
        Reply::Status(429),
        Reply::Status(500),
        Reply::Status(503),
        Reply::Cut,
        Reply::TakeAndCut,
    ];
    for reply in cases {
        let server = Scripted::with(|rules| rules.script.push_back(reply)).start().await;
        let outbox = Memory::new();
        outbox.append((1..=50).map(reading));
        let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
        sent.until("trouble", |s| s.last_error.is_some() && !s.connected && s.pending == 50).await;
        let status = sent.until("all", |s| s.verified == 50).await;
        assert!(status.connected && status.last_error.is_none(), "{reply:?}: {status:?}");
        assert_eq!(status.quarantined, 0, "{reply:?}");
        assert_eq!(server.look(|rules| rules.rows.len()), 50, "{reply:?}");
        sent.stop().await;
    }
}

#[tokio::test]
async fn a_server_that_was_away_gets_everything_when_it_is_back() {
    let server = Scripted::default().start().await;
    let (url, rules) = (server.url.clone(), server.rules.clone());
    server.stop().await;
    let outbox = Memory::new();
    outbox.append((1..=10).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&url, Duration::ZERO)]);
    let status = sent.until("trouble", |s| s.last_error.is_some()).await;
    assert!(status.lag_secs > 3_000.0, "{status:?}");
    outbox.append((11..=20).map(reading));
    let back = Scripted { rules }.start_at(url.trim_start_matches("http://")).await;
    sent.until("all", |s| s.verified == 20).await;
    assert_eq!(back.look(|rules| rules.rows.len()), 20);
    sent.stop().await;
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_split() {
    let server = Scripted::with(|rules| rules.lines_max = Some(100)).start().await;
    let outbox = Memory::new();
    outbox.append((1..=1_000).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    let status = sent.until("all", |s| s.verified == 1_000).await;
    assert_eq!(status.quarantined, 0);
    assert_eq!(server.look(|rules| rules.rows.len()), 1_000);
    sent.stop().await;
}

#[tokio::test]
async fn what_only_a_person_can_mend_holds_everything_and_loses_nothing() {
    // The last two: a server that refuses every line is set up wrongly; nothing is poison.
    for (code, said) in [(401, "401"), (403, "403"), (404, "404"), (400, "every"), (413, "every")] {
        let server =
            Scripted::with(|rules| rules.usually = Some(Reply::Status(code))).start().await;
        let outbox = Memory::new();
        outbox.append((1..=500).map(reading));
        let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
        let status = sent.until("trouble", |s| s.last_error.is_some()).await;
        assert!(status.last_error.as_ref().unwrap().contains(said), "{code}: {status:?}");
        assert_eq!((status.pending, status.quarantined, status.delivered), (500, 0, 0), "{code}");
        assert_eq!(outbox.cursor_of("tsdb"), Some(0), "{code}");
        let requests = server.look(|rules| rules.requests.len());
        assert!(requests < 20, "{requests} requests to a server that says {code}");
        sent.stop().await;

        server.change(|rules| rules.usually = None);
        let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
        sent.until("all", |s| s.verified == 500).await;
        sent.stop().await;
    }
}

#[tokio::test]
async fn nothing_is_confirmed_before_its_grace_has_passed() {
    let server = Scripted::with(|rules| rules.started = Some(100)).start().await;
    let outbox = Memory::new();
    outbox.append((1..=50).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&server.url, GRACE)]);
    let begin = tokio::time::Instant::now();
    let status = sent.until("delivered", |s| s.delivered == 50).await;
    assert_eq!((status.verified, status.pending), (0, 0));
    assert_eq!(outbox.cursor_of("tsdb"), Some(0));
    sent.until("verified", |s| s.verified == 50).await;
    assert!(begin.elapsed() >= GRACE);
    assert_eq!(outbox.cursor_of("tsdb"), Some(50));
    sent.stop().await;
}

#[tokio::test]
async fn what_a_restarted_server_forgot_is_sent_again() {
    let server = Scripted::with(|rules| rules.started = Some(100)).start().await;
    let outbox = Memory::new();
    outbox.append((1..=50).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&server.url, GRACE)]);
    sent.until("delivered", |s| s.delivered == 50).await;
    server.change(|rules| {
        rules.rows.clear();
        rules.started = Some(101);
    });
    sent.until("verified", |s| s.verified == 50).await;
    assert_eq!(server.look(|rules| rules.rows.len()), 50);
    sent.stop().await;
}

#[tokio::test]
async fn a_cut_line_counts_as_a_restart_only_if_the_server_cannot_prove_otherwise() {
    for (tells, requests_max) in [(Some(100), 3), (None, 5)] {
        let server = Scripted::with(|rules| rules.started = tells).start().await;
        let outbox = Memory::new();
        outbox.append((1..=50).map(reading));
        let sent = Sent::start(&outbox, vec![influx(&server.url, GRACE)]);
        sent.until("delivered", |s| s.delivered == 50).await;
        server.change(|rules| {
            rules.script.push_back(Reply::Cut);
            if tells.is_none() {
                rules.rows.clear();
            }
        });
        outbox.append([reading(51)]);
        sent.until("verified", |s| s.verified == 51).await;
        assert_eq!(server.look(|rules| rules.rows.len()), 51, "{tells:?}");
        let bodies = server.look(|rules| rules.requests.len());
        assert!(bodies <= requests_max, "{tells:?}: {bodies} requests");
        sent.stop().await;
    }
}

#[tokio::test]
async fn a_full_disk_holds_the_cursor_and_the_quarantine_and_is_shown() {
    for poison in [None, Some("value=7.0,")] {
        let server = Scripted::with(|rules| rules.poison = poison).start().await;
        let outbox = Memory::new();
        outbox.append((1..=50).map(reading));
        outbox.fill(true);
        let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
        let status = sent.until("trouble", |s| s.last_error.is_some()).await;
        assert!(status.last_error.unwrap().starts_with("could not "));
        assert_eq!(outbox.cursor_of("tsdb"), Some(0));
        outbox.fill(false);
        let status = sent.until("settled", |s| s.verified + s.quarantined == 50).await;
        assert_eq!(status.quarantined, poison.iter().count() as u64);
        assert_eq!(outbox.cursor_of("tsdb"), Some(50));
        sent.stop().await;
    }
}
