//! Another site while the sinks work.

use crate::{
    outbox::Memory,
    scripted::{Running, Scripted},
    site::{Sent, influx, reading, webhook},
};
use std::time::Duration;
use weir_domain::SeriesId;
use weir_engine::Record;

/// A reading of a point that the first site does not have.
fn of_new_point(i: u64) -> Record {
    match reading(i) {
        Record::Reading(mut row) => {
            row.series = SeriesId(9);
            Record::Reading(row)
        }
        other => other,
    }
}

#[tokio::test]
async fn a_sink_that_stays_works_on_and_knows_new_and_old_points() {
    let server = Scripted::default().start().await;
    let outbox = Memory::new();
    let sinks = vec![influx(&server.url, Duration::ZERO)];
    let sent = Sent::start(&outbox, sinks.clone());
    outbox.append((1..=30).map(reading));
    sent.until("the first readings", |s| s.verified == 30).await;
    // The new site has lost two points, whose readings still come, and has another one.
    sent.apply(sinks, &[(1, "ph"), (9, "level")]).await;
    outbox.append((31..=60).map(reading));
    outbox.append((61..=70).map(of_new_point));
    let status = sent.until("all of them", |s| s.verified == 70).await;
    assert_eq!((status.delivered, status.quarantined), (70, 0), "it was never started anew");
    assert!(server.look(|rules| {
        let bodies = rules.requests.iter().map(|request| String::from_utf8_lossy(&request.body));
        bodies.collect::<String>().contains("point=level")
    }));
    sent.stop().await;
}

#[tokio::test]
async fn a_changed_sink_goes_on_from_its_cursor_and_one_that_is_gone_ends() {
    let (first, second) = (Scripted::default().start().await, Scripted::default().start().await);
    let outbox = Memory::new();
    let hook = webhook(&format!("{}/hook", first.url));
    let sent = Sent::start(&outbox, vec![influx(&first.url, Duration::ZERO), hook]);
    outbox.append((1..=30).map(reading));
    sent.until("the first readings", |s| s.verified == 30).await;
    let points = [(1, "ph"), (2, "orp"), (3, "turbidity")];
    sent.apply(vec![influx(&second.url, Duration::ZERO)], &points).await;
    assert_eq!(sent.all().len(), 1, "the webhook is gone");
    outbox.append((31..=60).map(reading));
    sent.until("the rest", |s| s.delivered == 30).await;
    let lines = |server: &Running| {
        server.look(|rules| rules.requests.iter().map(|request| request.lines()).sum::<usize>())
    };
    assert_eq!((lines(&first), lines(&second)), (30, 30), "nothing twice, nothing missing");
    sent.stop().await;
}
