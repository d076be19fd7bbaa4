//! JSON of any shape, plain text and Sparkplug through mosquitto: who hears what, from when it is,
//! and that nothing is counted twice.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Rig, broker::Broker, until};
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{sleep, timeout},
};
use weir_acquisition::{DeviceSettings, MqttVersion};
use weir_domain::{BadReason, Clock, Quality, SeriesId, Text, UncertainReason, Unit, ValueKind};
use weir_engine::ports::{DeviceState, Health};
use weir_profiles::{
    Access, FieldSource, MessageFormat, MqttAccess, PointDef, Profile, Source, State, TimeForm,
};
use weir_wire::sparkplug::{Metric, Payload, encode, metric_value::MetricValue as Wire};

fn text() -> Text {
    Text { zh: String::new(), en: String::new() }
}

fn point(id: &str, name: &str, topic: Option<&str>) -> PointDef {
    PointDef {
        id: id.parse().unwrap(),
        name: text(),
        parameter: id.parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 1,
        states: Vec::new(),
        source: Source::Field(FieldSource {
            topic: topic.map(Into::into),
            ..FieldSource::named(name)
        }),
    }
}

/// A device whose series are ten times `n`, and so on.
fn device(
    n: u32,
    address: &str,
    topic: &str,
    format: MessageFormat,
    points: Vec<PointDef>,
) -> DeviceSettings {
    let series = (0..).map(|i| SeriesId(10 * n + i)).take(points.len()).collect();
    DeviceSettings {
        id: format!("device-{n}").parse().unwrap(),
        unit_id: None,
        address: Some(address.into()),
        profile: Arc::new(Profile {
            id: "test".parse().unwrap(),
            name: text(),
            source: "generic".into(),
            access: Access::Mqtt(MqttAccess { topic: topic.into(), format, occasional: false }),
            points,
            info: Vec::new(),
        }),
        scan_interval: Duration::from_secs(10),
        series,
        site: "demo".parse().unwrap(),
    }
}

fn json(time: Option<&str>) -> MessageFormat {
    MessageFormat::Json { time: time.map(Into::into), time_form: TimeForm::Milliseconds }
}

/// Somebody else at the broker.
struct Other {
    client: AsyncClient,
    events: EventLoop,
}

impl Other {
    fn at(port: u16) -> Self {
        let options = MqttOptions::new("other", "127.0.0.1", port);
        let (client, events) = AsyncClient::new(options, 100);
        Self { client, events }
    }

    async fn publish(&mut self, topic: &str, qos: QoS, retain: bool, payload: impl Into<Vec<u8>>) {
        self.client.publish(topic, qos, retain, payload).await.unwrap();
        loop {
            match (qos, self.events.poll().await.unwrap()) {
                (QoS::AtMostOnce, Event::Outgoing(rumqttc::Outgoing::Publish(_)))
                | (QoS::AtLeastOnce, Event::Incoming(Incoming::PubAck(_)))
                | (QoS::ExactlyOnce, Event::Incoming(Incoming::PubComp(_))) => return,
                _ => {}
            }
        }
    }

    /// The next message on what was subscribed to.
    async fn hears(&mut self) -> (String, Vec<u8>) {
        let next = async {
            loop {
                if let Event::Incoming(Incoming::Publish(p)) = self.events.poll().await.unwrap() {
                    return (p.topic, p.payload.to_vec());
                }
            }
        };
        timeout(Duration::from_secs(20), next).await.expect("a message")
    }

    async fn subscribe(&mut self, filter: &str) {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        while !matches!(self.events.poll().await.unwrap(), Event::Incoming(Incoming::SubAck(_))) {}
    }
}

/// A gateway that is connected, and its subscriptions stand.
async fn start(broker: &Broker, devices: Vec<DeviceSettings>) -> Rig {
    let rig = Rig::start(vec![broker.link(devices)], Arc::default());
    until("connected", || rig.acquisition.links()[0].up).await;
    sleep(Duration::from_millis(150)).await;
    rig
}

fn now() -> i64 {
    common::TestClock::default().now().as_millis()
}

/// In both versions of MQTT.
async fn both(test: impl AsyncFn(Broker)) {
    for version in [MqttVersion::V3, MqttVersion::V5] {
        let Some(broker) = Broker::start(version, false).await else { return };
        test(broker).await;
    }
}

#[tokio::test]
async fn devices_and_topics_in_any_combination() {
    both(async |broker: Broker| {
        let of = |id: &str| format!("$.nodes[?@.id=='{id}'].ph");
        let devices = vec![
            // Two devices on one topic, told apart by a path.
            device(
                1,
                "a",
                "plant/all",
                json(Some("$.ts")),
                vec![point("ph", &of("{address}"), None)],
            ),
            device(
                2,
                "b",
                "plant/all",
                json(Some("$.ts")),
                vec![point("ph", &of("{address}"), None)],
            ),
            // Several topics of one device, one of them for two points.
            device(
                3,
                "c",
                "plant/{address}/+",
                json(None),
                vec![
                    point("level", "$.level", None),
                    point("flow", "$.q", Some("plant/{address}/flow")),
                    point("total", "$.sum", Some("plant/{address}/flow")),
                ],
            ),
            // A topic for each point.
            device(
                4,
                "d",
                "",
                MessageFormat::Plain,
                vec![
                    point("ph", "", Some("plant/{address}/ph")),
                    PointDef {
                        states: vec![State { value: 3.0, name: text(), word: Some("RUN".into()) }],
                        ..point("phase", "", Some("plant/{address}/phase"))
                    },
                ],
            ),
        ];
        let rig = start(&broker, devices).await;
        let mut other = Other::at(broker.port);
        let t = now();
        let all = format!(
            r#"{{"ts": {t}, "nodes": [{{"id": "a", "ph": "7.12"}}, {{"id": "b", "ph": 6}}]}}"#
        );
        let messages = [
            ("plant/all", QoS::AtLeastOnce, all.as_str()),
            ("plant/c/tank", QoS::ExactlyOnce, r#"{"level": 2.5}"#),
            ("plant/c/flow", QoS::AtMostOnce, r#"{"q": 12, "sum": 345}"#),
            ("plant/d/ph", QoS::AtLeastOnce, "7.4"),
            ("plant/d/phase", QoS::AtMostOnce, "RUN"),
            ("plant/d/other", QoS::AtLeastOnce, "1"),
            ("plant/c/tank", QoS::AtLeastOnce, "not json"),
        ];
        for (topic, qos, payload) in messages {
            other.publish(topic, qos, false, payload).await;
        }
        let expected =
            [(10, 7.12), (20, 6.0), (30, 2.5), (31, 12.0), (32, 345.0), (40, 7.4), (41, 3.0)];
        for (series, value) in expected {
            until(&format!("{series}"), || !rig.store.of(series).is_empty()).await;
            assert_eq!(rig.store.good(series), [value], "{series}");
        }
        assert_eq!(rig.store.of(10)[0].sample.source_time.as_millis(), t);
        until("the one that is none", || rig.health("device-3").invalid_answers == 1).await;
        assert_eq!(rig.health("device-3").state, DeviceState::Online);
        rig.stop().await;
    })
    .await;
}

#[tokio::test]
async fn messages_without_the_points_are_told() {
    both(async |broker: Broker| {
        let devices =
            vec![device(1, "a", "plant/{address}", json(None), vec![point("ph", "$.ph", None)])];
        let rig = start(&broker, devices).await;
        Other::at(broker.port).publish("plant/a", QoS::AtLeastOnce, false, r#"{"pH": 7}"#).await;
        until("it is told", || {
            let said = rig.health("device-1").last_error.unwrap_or_default();
            said.contains("none of the device's points")
        })
        .await;
        assert_eq!(rig.health("device-1").successes, 0);
        rig.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_listened_to_is_told_and_disturbs_no_other() {
    let Some(broker) = Broker::start(MqttVersion::V3, false).await else { return };
    let devices = vec![
        device(1, "a", "plant/{address}", json(None), vec![point("ph", "$.[ph", None)]),
        device(2, "a", "plant/a#", json(None), vec![point("ph", "$.ph", None)]),
        device(3, "a", "", MessageFormat::Sparkplug, vec![point("ph", "ph", None)]),
        device(4, "a", "plant/{address}", json(None), vec![point("ph", "$.ph", None)]),
    ];
    let rig = start(&broker, devices).await;
    Other::at(broker.port).publish("plant/a", QoS::AtLeastOnce, false, r#"{"ph": 7}"#).await;
    until("the right one", || rig.store.good(40) == [7.0]).await;
    for (device, said) in
        [("device-1", "JSON path"), ("device-2", "no topic"), ("device-3", "no Sparkplug")]
    {
        let error = rig.health(device).last_error.unwrap_or_default();
        assert!(error.contains(said), "{device}: {error}");
    }
    rig.stop().await;
}

/// What a broker had kept is not taken for fresh.
#[tokio::test]
async fn retained_messages_are_not_fresh() {
    both(async |broker: Broker| {
        let mut other = Other::at(broker.port);
        let t = now() - 3_600_000;
        other.publish("plant/a", QoS::AtLeastOnce, true, "7.4").await;
        other.publish("plant/b", QoS::AtLeastOnce, true, format!(r#"{{"t": {t}, "v": 5}}"#)).await;
        let devices = vec![
            device(1, "a", "plant/{address}", MessageFormat::Plain, vec![point("ph", "", None)]),
            device(2, "b", "plant/{address}", json(Some("$.t")), vec![point("ph", "$.v", None)]),
        ];
        let rig = start(&broker, devices).await;
        until("both", || !rig.store.of(10).is_empty() && !rig.store.of(20).is_empty()).await;
        assert_eq!(rig.store.bad(10), [Quality::Uncertain(UncertainReason::ClockUncertain)]);
        assert_eq!(rig.store.of(20)[0].sample.source_time.as_millis(), t, "it says how old it is");
        other.publish("plant/a", QoS::AtLeastOnce, true, "7.5").await;
        until("a fresh one", || rig.store.good(10) == [7.5]).await;
        rig.stop().await;
    })
    .await;
}

/// Messages without a time that the broker kept while we were away are not taken for fresh.
#[tokio::test]
async fn a_backlog_without_times_is_not_fresh() {
    both(async |broker: Broker| {
        let devices = || {
            vec![device(
                1,
                "a",
                "plant/{address}",
                MessageFormat::Plain,
                vec![point("ph", "", None)],
            )]
        };
        let rig = start(&broker, devices()).await;
        rig.stop().await;
        let mut other = Other::at(broker.port);
        for value in ["1", "2", "3"] {
            other.publish("plant/a", QoS::AtLeastOnce, false, value).await;
        }
        let rig = start(&broker, devices()).await;
        until("the backlog", || rig.store.of(10).len() == 3).await;
        assert!(rig.store.good(10).is_empty());
        let times: Vec<i64> =
            rig.store.of(10).iter().map(|row| row.sample.source_time.as_millis()).collect();
        assert!(
            times.windows(2).all(|pair| pair[0] < pair[1]),
            "none takes another's place: {times:?}"
        );
        sleep(Duration::from_millis(1100)).await;
        other.publish("plant/a", QoS::AtLeastOnce, false, "4").await;
        until("a fresh one", || rig.store.good(10) == [4.0]).await;
        rig.stop().await;
    })
    .await;
}

/// Between the gateway and the broker: does not pass on what the gateway says when told so.
struct Deaf {
    port: u16,
    is_deaf: Arc<AtomicBool>,
    cut: Arc<Notify>,
}

impl Deaf {
    async fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (is_deaf, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (deaf, cutting) = (is_deaf.clone(), cut.clone());
        tokio::spawn(async move {
            while let Ok((gateway, _)) = listener.accept().await {
                let broker = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let ((mut from_gateway, mut to_gateway), (mut from_broker, mut to_broker)) =
                    (gateway.into_split(), broker.into_split());
                let (deaf, cutting) = (deaf.clone(), cutting.clone());
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    let there = async {
                        while let Ok(n @ 1..) = from_gateway.read(&mut bytes).await {
                            if !deaf.load(Ordering::SeqCst) {
                                to_broker.write_all(&bytes[..n]).await.unwrap();
                            }
                        }
                    };
                    let back = tokio::io::copy(&mut from_broker, &mut to_gateway);
                    tokio::select! {
                        () = there => {}
                        _ = back => {}
                        () = cutting.notified() => {}
                    }
                });
            }
        });
        Self { port: own, is_deaf, cut }
    }
}

/// The acknowledgement is lost, the broker sends the message again: it is not counted twice. A
/// message that merely looks the same is.
#[tokio::test]
async fn a_message_that_comes_again_is_counted_once() {
    both(async |broker: Broker| {
        let deaf = Deaf::before(broker.port).await;
        let mut settings = broker.settings();
        settings.endpoint.port = deaf.port;
        let devices = vec![device(
            1,
            "a",
            "plant/{address}",
            MessageFormat::Plain,
            vec![point("ph", "", None)],
        )];
        let rig = Rig::start(vec![common::broker::link(settings, devices)], Arc::default());
        until("connected", || rig.acquisition.links()[0].up).await;
        sleep(Duration::from_millis(150)).await;
        let mut other = Other::at(broker.port);
        deaf.is_deaf.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            other.publish("plant/a", QoS::AtLeastOnce, false, "7.4").await;
        }
        until("three that look the same", || rig.store.good(10) == [7.4; 3]).await;
        sleep(Duration::from_millis(50)).await;
        deaf.is_deaf.store(false, Ordering::SeqCst);
        deaf.cut.notify_waiters();
        until("connected again", || rig.acquisition.links()[0].connects == 2).await;
        sleep(Duration::from_millis(1200)).await;
        other.publish("plant/a", QoS::AtLeastOnce, false, "7.4").await;
        until("a fourth", || rig.store.good(10) == [7.4; 4]).await;
        assert_eq!(rig.store.of(10).len(), 4);
        rig.stop().await;
    })
    .await;
}

fn metric(name: Option<&str>, alias: Option<u64>, value: f64, timestamp: i64) -> Metric {
    Metric {
        name: name.map(Into::into),
        alias,
        timestamp: u64::try_from(timestamp).ok(),
        value: Some(Wire::Double(value)),
        ..Metric::default()
    }
}

fn session() -> Metric {
    Metric { name: Some("bdSeq".into()), value: Some(Wire::Long(4)), ..Metric::default() }
}

fn payload(seq: Option<u64>, metrics: Vec<Metric>) -> Vec<u8> {
    encode(&Payload { timestamp: u64::try_from(now()).ok(), metrics, seq })
}

/// An edge node's life, from before the gateway came to its death.
#[tokio::test]
async fn an_edge_node_is_followed() {
    both(async |broker: Broker| {
        let mut node = Other::at(broker.port);
        node.subscribe("spBv1.0/plant/NCMD/edge-1").await;
        let devices = vec![
            device(1, "plant/edge-1", "", MessageFormat::Sparkplug, vec![point("t", "temp", None)]),
            device(
                2,
                "plant/edge-1/line-1",
                "",
                MessageFormat::Sparkplug,
                vec![point("ph", "ph", None), point("cl", "chlorine", None)],
            ),
        ];
        let rig = start(&broker, devices).await;
        let (topic, wish) = node.hears().await;
        assert_eq!(topic, "spBv1.0/plant/NCMD/edge-1", "it is asked to say everything");
        assert_eq!(weir_wire::sparkplug::decode(&wish).unwrap().metrics.len(), 1);
        let (q, t) = (QoS::AtMostOnce, now());
        let birth = vec![session(), metric(Some("temp"), Some(1), 21.5, t)];
        node.publish("spBv1.0/plant/NBIRTH/edge-1", q, false, payload(Some(0), birth)).await;
        let birth = vec![
            metric(Some("ph"), Some(2), 7.1, t),
            Metric {
                is_null: Some(true),
                value: None,
                ..metric(Some("chlorine"), Some(3), 0.0, t)
            },
        ];
        node.publish("spBv1.0/plant/DBIRTH/edge-1/line-1", q, false, payload(Some(1), birth)).await;
        let old = Metric { is_historical: Some(true), ..metric(None, Some(2), 6.9, t - 600_000) };
        let data = vec![metric(None, Some(2), 7.2, t + 100), old];
        node.publish("spBv1.0/plant/DDATA/edge-1/line-1", q, false, payload(Some(2), data)).await;
        until("its values", || rig.store.good(20).len() == 3).await;
        assert_eq!((rig.store.good(10), rig.store.good(20)), (vec![21.5], vec![7.1, 7.2, 6.9]));
        assert_eq!(rig.store.of(20)[2].sample.source_time.as_millis(), t - 600_000);
        assert_eq!(rig.store.bad(21), [Quality::Bad(BadReason::SensorFailure)], "null");
        // Number 3 is lost: what follows is in doubt, and it is asked again.
        let data = vec![metric(None, Some(1), 22.0, t + 200)];
        node.publish("spBv1.0/plant/NDATA/edge-1", q, false, payload(Some(4), data)).await;
        until("what is in doubt", || rig.store.bad(10).len() == 1).await;
        assert_eq!(rig.store.bad(10), [Quality::Uncertain(UncertainReason::Unspecified)]);
        assert_eq!(node.hears().await.0, "spBv1.0/plant/NCMD/edge-1");
        node.publish("spBv1.0/plant/NDEATH/edge-1", q, false, payload(None, vec![session()])).await;
        let gone = Quality::Bad(BadReason::NotConnected);
        until("its death", || rig.store.bad(10).contains(&gone)).await;
        assert!(rig.store.bad(20).contains(&gone) && rig.store.bad(21).contains(&gone));
        let health = rig.health("device-2");
        assert_eq!(health.state, DeviceState::Offline);
        assert_eq!(health.last_error.unwrap(), "edge node edge-1 is gone");
        rig.stop().await;
    })
    .await;
}
