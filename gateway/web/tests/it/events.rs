//! The live events: what is sent, how a client resumes, and how it all ends.

use crate::{
    harness::{Server, refusal},
    schema::check,
    site::{NOON, ago, description, event, other_site, text, verdict},
};
use reqwest::Response;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use weir_domain::{Reading, Sample, Verdict};
use weir_engine::{EarlyWarning, LiveEvent, RequirementState, Transition, WarningLevel};

/// An event as it came over the wire.
#[derive(Debug)]
struct Received {
    id: u64,
    name: String,
    data: Value,
}

struct Stream {
    response: Response,
    buffer: String,
}

impl Stream {
    async fn open(server: &Server, last: Option<&str>) -> Self {
        let mut request = server.client.get(format!("{}/api/v1/events", server.url));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, buffer: String::new() }
    }

    /// One block of the stream, comments left out; none at its end.
    async fn block(&mut self) -> Option<Vec<(String, String)>> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let fields = block.lines().filter_map(|line| line.split_once(": "));
                let fields: Vec<_> = fields.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
                return Some(fields);
            }
            let chunk = timeout(Duration::from_secs(10), self.response.chunk()).await.unwrap();
            self.buffer.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// The next event; blocks without data only set the id.
    async fn next(&mut self) -> Received {
        loop {
            let fields = self.block().await.expect("the stream has ended");
            let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, v)| v);
            if let Some(data) = field("data") {
                return Received {
                    id: field("id").unwrap().parse().unwrap(),
                    name: field("event").unwrap().clone(),
                    data: serde_json::from_str(data).unwrap(),
                };
            }
        }
    }
}

fn alarm(number: u64) -> LiveEvent {
    LiveEvent::Alarm(Box::new(event(number, Transition::Raised)))
}

fn send(server: &Server, event: LiveEvent) {
    server.live.send(Arc::new(event)).unwrap();
}

/// Waits until the server has put everything sent so far into its ring.
async fn settle(server: &Server) {
    while !server.live.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[tokio::test]
async fn every_kind_of_event_is_as_the_document_says() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    let state = RequirementState {
        verdict: None,
        since: Some(NOON),
        value: Some(8.0),
        note: text("closed"),
        early: Some(EarlyWarning { level: WarningLevel::Orange, expected_at: Some(NOON) }),
    };
    send(&server, LiveEvent::Requirement(description(), 0, state));
    send(&server, LiveEvent::Verdict(9, Box::new(verdict())));
    send(&server, alarm(3));
    send(
        &server,
        LiveEvent::Samples(description(), vec![(0, Sample::at(ago(1), Reading::from_number(7.5)))]),
    );
    let mut last = 0;
    for (name, schema) in
        [("requirement", "RequirementEvent"), ("verdict", "Verdict"), ("alarm", "AlarmEvent")]
    {
        let received = stream.next().await;
        assert_eq!(received.name, name);
        check(schema, &received.data);
        assert!(received.id > last && received.id < 1 << 53, "{received:?}");
        last = received.id;
    }
    let samples = stream.next().await;
    assert_eq!((samples.name.as_str(), samples.id), ("samples", last + 1));
    check("SampleEvent", &samples.data[0]);
    assert_eq!(samples.data[0]["point"], "probe-1.ph");
    assert_eq!(samples.data[0]["sample"]["value"], 7.5);
}

#[tokio::test]
async fn samples_are_gathered_and_the_latest_of_each_point_is_sent() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    let site = description();
    let begin = Instant::now();
    for i in 0..100_u32 {
        let sample = Sample::at(ago(1), Reading::from_number(f64::from(i)));
        send(
            &server,
            LiveEvent::Samples(site.clone(), vec![(usize::try_from(i % 2).unwrap(), sample)]),
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut events = 0;
    loop {
        let received = stream.next().await;
        assert!(received.data.as_array().unwrap().len() <= 2);
        events += 1;
        if received.data[1]["sample"]["value"] == 99.0 {
            break;
        }
    }
    let most = begin.elapsed().as_millis() / 250 + 1;
    assert!(events <= most, "{events} events in {:?}", begin.elapsed());
}

#[tokio::test]
async fn a_change_of_the_site_is_told_and_no_sample_gets_a_wrong_name() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    let sample = |value| vec![(0, Sample::at(ago(1), Reading::from_number(value)))];
    let (old, new) = (description(), other_site());
    send(&server, LiveEvent::Samples(old.clone(), sample(1.0)));
    send(&server, LiveEvent::Site(new.clone()));
    send(&server, LiveEvent::Samples(new.clone(), sample(2.0)));
    // Should one of the site before still come, it keeps the name it had there.
    send(&server, LiveEvent::Samples(old, sample(3.0)));
    send(&server, LiveEvent::Samples(new, sample(4.0)));
    let told = stream.next().await;
    assert_eq!(told.name, "site", "what was gathered before is not sent after");
    check("SiteEvent", &told.data);
    assert_eq!(told.data["config_hash"], "5eed");
    for (point, value) in
        [("probe-1.temperature", 2.0), ("probe-1.ph", 3.0), ("probe-1.temperature", 4.0)]
    {
        let samples = stream.next().await;
        assert_eq!(samples.data[0]["point"], point);
        assert_eq!(samples.data[0]["sample"]["value"], value);
    }
}

#[tokio::test]
async fn a_client_that_was_away_misses_nothing() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    (0..5).for_each(|number| send(&server, alarm(number)));
    let mut third = stream.next().await;
    while third.data["alarm"] != "pool.ph.probe-1.ph~2" {
        third = stream.next().await;
    }
    drop(stream);
    (5..8).for_each(|number| send(&server, alarm(number)));
    settle(&server).await;
    let mut stream = Stream::open(&server, Some(&third.id.to_string())).await;
    for number in 3..8 {
        let received = stream.next().await;
        assert_eq!(received.data["alarm"], format!("pool.ph.probe-1.ph~{number}"));
        assert_eq!(received.id, third.id + number - 2);
    }
}

#[tokio::test]
async fn an_id_that_the_browser_remembers_before_the_first_event_is_good() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    let greeting = stream.block().await.unwrap();
    assert!(greeting.iter().all(|(key, _)| key != "data"), "{greeting:?}");
    let id = &greeting.iter().find(|(key, _)| key == "id").unwrap().1;
    drop(stream);
    send(&server, alarm(1));
    settle(&server).await;
    let mut stream = Stream::open(&server, Some(id)).await;
    assert_eq!(stream.next().await.name, "alarm");
}

#[tokio::test]
async fn an_unknown_id_is_answered_with_a_reset() {
    let earlier = Server::started_at(NOON - Duration::from_secs(60)).await;
    let mut stream = Stream::open(&earlier, None).await;
    send(&earlier, alarm(1));
    let of_earlier_run = stream.next().await.id.to_string();

    let server = Server::start().await;
    (0..1_100).for_each(|number| send(&server, alarm(number)));
    settle(&server).await;
    let fallen_off = (u64::try_from(NOON.as_millis()).unwrap() * 1_000 + 2).to_string();
    for last in [of_earlier_run.as_str(), fallen_off.as_str(), "0", "nonsense", "99999999999999999"]
    {
        let mut stream = Stream::open(&server, Some(last)).await;
        let reset = stream.next().await;
        assert_eq!(reset.name, "reset", "{last}");
        check("Reset", &reset.data);
        // From there on all is well.
        send(&server, alarm(7));
        let next = stream.next().await;
        assert_eq!((next.name.as_str(), next.id), ("alarm", reset.id + 1), "{last}");
    }
}

#[tokio::test]
async fn when_the_server_itself_missed_events_every_client_is_told() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    // More than the channel holds, without giving the server a turn.
    (0..9_000).for_each(|number| send(&server, alarm(number)));
    let first = stream.next().await;
    assert_eq!(first.name, "reset");
}

#[tokio::test]
async fn one_client_too_many_is_refused_and_a_place_becomes_free() {
    let server = Server::start().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Stream::open(&server, None).await);
    }
    let (status, code, detail) = refusal(server.get("/api/v1/events").await).await;
    assert_eq!((status, code.as_str()), (503, "too_many_listeners"));
    assert!(detail.contains("64"), "{detail}");
    assert_eq!(server.get("/api/v1/site").await.status(), 200, "everything else goes on");
    streams.pop();
    // The server learns that the client is gone when it next has something to say.
    for _ in 0..100 {
        send(&server, alarm(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
        if server.get("/api/v1/events").await.status() == 200 {
            return;
        }
    }
    panic!("the place never became free");
}

#[tokio::test]
async fn the_end_of_the_gateway_ends_the_streams() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    send(&server, alarm(1));
    assert_eq!(stream.next().await.name, "alarm");
    server.cancel.cancel();
    assert!(stream.block().await.is_none(), "the stream goes on");
    timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_changed_verdict_may_be_any_of_the_three_or_none() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, None).await;
    let verdicts = [Some(Verdict::Compliant), Some(Verdict::Indeterminate), None];
    for verdict in verdicts {
        let note = text("");
        let state = RequirementState { verdict, since: None, value: None, note, early: None };
        send(&server, LiveEvent::Requirement(description(), 2, state));
        let received = stream.next().await;
        check("RequirementEvent", &received.data);
        let said = verdict.map_or(Value::Null, |verdict| verdict.as_str().into());
        assert_eq!((&received.data["verdict"], &received.data["area"]), (&said, &"sauna".into()));
    }
}
