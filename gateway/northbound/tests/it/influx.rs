//! What arrives at a database that works, and in which order.

use crate::{
    outbox::Memory,
    scripted::Scripted,
    site::{Sent, bad_reading, influx, reading, started},
};
use std::time::Duration;
use weir_domain::SeriesId;
use weir_engine::Record;

#[tokio::test]
async fn every_reading_arrives_once_and_the_cursor_follows() {
    let server = Scripted::default().start().await;
    let outbox = Memory::new();
    outbox.append([started()]);
    outbox.append((1..=6_000).map(reading));
    outbox.append([bad_reading(6_001)]);
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    let status = sent.until("all verified", |s| s.verified == 6_001).await;

    assert_eq!((status.pending, status.delivered, status.quarantined), (0, 6_001, 0));
    assert!(status.connected && status.last_error.is_none(), "{status:?}");
    assert_eq!((status.kind, status.lag_secs), ("influxdb", 0.0));
    assert_eq!(status.target, format!("{}/readings", server.url));
    assert_eq!(outbox.cursor_of("tsdb"), Some(6_002));
    assert_eq!(server.look(|rules| rules.rows.len()), 6_001);
    let first = "reading,area=pool,device=probe-1,point=orp,site=inn 1795341600100";
    let last = "reading,area=pool,device=probe-1,point=ph,site=inn 1795342200100";
    server.look(|rules| {
        assert_eq!(rules.rows[first], "value=1.0,quality=192i");
        assert_eq!(rules.rows[last], "quality=24i", "no value is no number");
        let header = rules.requests[0].header("authorization");
        assert_eq!(header, "Token t");
    });

    // What comes later is sent without being asked for again.
    outbox.append((7_000..7_010).map(reading));
    sent.wake();
    sent.until("the new ones", |s| s.verified == 6_011).await;
    sent.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_where_the_cursor_stands() {
    let server = Scripted::default().start().await;
    let outbox = Memory::new();
    outbox.append((1..=300).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    sent.until("the first", |s| s.verified == 300).await;
    sent.stop().await;

    outbox.append((301..=500).map(reading));
    server.change(|rules| rules.requests.clear());
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    sent.until("the rest", |s| s.verified == 200).await;
    let lines: usize = server.look(|rules| rules.requests.iter().map(|r| r.lines()).sum());
    assert_eq!(lines, 200, "only what was not confirmed is sent");
    assert_eq!(server.look(|rules| rules.rows.len()), 500);
    sent.stop().await;
}

#[tokio::test]
async fn what_may_never_be_sent_is_put_aside_with_the_reason() {
    let server = Scripted::default().start().await;
    let outbox = Memory::new();
    let Record::Reading(mut unknown) = reading(2) else { unreachable!() };
    unknown.series = SeriesId(99);
    let Record::Reading(mut ahead) = reading(3) else { unreachable!() };
    ahead.sample.source_time = ahead.sample.source_time + Duration::from_secs(30 * 86_400);
    outbox.append([reading(1), Record::Reading(unknown), Record::Reading(ahead), reading(4)]);
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    let status = sent.until("settled", |s| s.pending == 0 && s.verified == 2).await;
    assert_eq!(status.quarantined, 2);
    let aside = outbox.aside();
    assert_eq!(aside.iter().map(|(seq, ..)| *seq).collect::<Vec<_>>(), [2, 3]);
    assert!(aside[0].1.contains("99") && aside[0].2.contains("site file"), "{aside:?}");
    assert!(aside[1].2.contains("ahead"), "{aside:?}");
    sent.stop().await;
}

#[tokio::test]
async fn the_newest_reading_does_not_wait_for_the_backlog() {
    let server = Scripted::with(|rules| rules.latency = Duration::from_millis(60)).start().await;
    let outbox = Memory::new();
    outbox.append((1..=100_000).map(reading));
    let sent = Sent::start(&outbox, vec![influx(&server.url, Duration::ZERO)]);
    let newest = "reading,area=pool,device=probe-1,point=orp,site=inn 1795351600000";
    sent.until("the newest", |_| server.look(|rules| rules.rows.contains_key(newest))).await;
    let rows = server.look(|rules| rules.rows.len());
    assert!(rows < 50_000, "the newest came only after {rows} others");

    let status = sent.until("the backlog", |s| s.pending == 0).await;
    assert_eq!((status.delivered, status.verified), (100_000, 100_000), "copies do not count");
    assert_eq!(server.look(|rules| rules.rows.len()), 100_000);
    assert_eq!(outbox.cursor_of("tsdb"), Some(100_000));
    sent.stop().await;
}
