//! MQTT through Debian's mosquitto: what is acknowledged is on disk, what is not comes again.
//!
//! Without the broker's binary these tests say so and pass.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Rig, Store,
    broker::{Broker, link, settings},
    until,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{sleep, timeout};
use weir_acquisition::{DeviceSettings, MqttVersion};
use weir_domain::{BadReason, Clock, Quality, SeriesId, Text, Unit, ValueKind};
use weir_engine::ports::DeviceState;
use weir_profiles::{Access, FieldSource, MessageFormat, MqttAccess, PointDef, Profile, Source};
use weir_wire::telemetry::{Boot, Field, Scalar, Telemetry, encode_cbor, encode_json};

/// Every test in both versions of MQTT.
macro_rules! in_both_versions {
    ($($test:ident,)*) => {
        mod v3 {$(
            #[tokio::test]
            async fn $test() {
                super::$test(weir_acquisition::MqttVersion::V3).await;
            }
        )*}
        mod v5 {$(
            #[tokio::test]
            async fn $test() {
                super::$test(weir_acquisition::MqttVersion::V5).await;
            }
        )*}
    };
}

in_both_versions! {
    json_and_cbor_become_rows_and_nonsense_is_counted,
    unknown_names_are_named,
    what_is_not_on_disk_is_not_acknowledged,
    a_store_that_refuses_for_a_while_loses_nothing,
    a_restart_of_the_broker_loses_nothing_and_doubles_nothing,
    a_broker_without_memory_is_subscribed_to_again,
    the_broker_keeps_messages_while_the_gateway_is_away,
    a_huge_message_is_refused_and_does_not_block_the_next,
}

fn cabinet(n: u32) -> DeviceSettings {
    let point = |id: &str, kind| PointDef {
        id: id.parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: id.parse().unwrap(),
        unit: Unit::One,
        kind,
        range: None,
        decimals: 1,
        states: Vec::new(),
        source: Source::Field(FieldSource::named(id)),
    };
    let profile = Profile {
        id: "cabinet".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        source: "generic".into(),
        access: Access::Mqtt(MqttAccess {
            topic: "weir/v1/{site}/{device}/telemetry".into(),
            format: MessageFormat::Weir,
            occasional: false,
        }),
        info: Vec::new(),
        points: vec![point("temperature", ValueKind::Number), point("door", ValueKind::Boolean)],
    };
    DeviceSettings {
        id: format!("cabinet-{n}").parse().unwrap(),
        unit_id: None,
        address: None,
        profile: Arc::new(profile),
        scan_interval: Duration::from_secs(10),
        series: vec![SeriesId(10 * n), SeriesId(10 * n + 1)],
        site: "demo".parse().unwrap(),
    }
}

fn message(seq: u64, temperature: f64) -> Telemetry {
    let now = common::TestClock::default().now().as_millis();
    let field = |name: &str, value| Field { name: name.into(), value, quality: None };
    let fields = vec![
        field("temperature", Scalar::Number(temperature)),
        field("door", Scalar::Boolean(true)),
    ];
    Telemetry { boot: Boot::Text("b1".into()), seq, t: Some(now + seq as i64), fields }
}

fn messages(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    numbers.map(|seq| encode_cbor(&message(seq, seq as f64))).collect()
}

const TOPIC_1: &str = "weir/v1/demo/cabinet-1/telemetry";
const TOPIC_2: &str = "weir/v1/demo/cabinet-2/telemetry";

/// The subscription is known to stand when a message comes through.
async fn connected(broker: &Broker, rig: &Rig) {
    for seq in 1_000_000.. {
        broker.publish(TOPIC_1, vec![encode_cbor(&message(seq, -1.0))]).await;
        let so = async { until("a first message", || !rig.store.good(10).is_empty()).await };
        if timeout(Duration::from_millis(300), so).await.is_ok() {
            return;
        }
    }
}

/// The temperatures that came, without the first messages.
fn temperatures(rig: &Rig) -> Vec<f64> {
    let mut all = rig.store.good(10);
    all.retain(|value| *value >= 0.0);
    all
}

async fn json_and_cbor_become_rows_and_nonsense_is_counted(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1), cabinet(2)])], Arc::default());
    connected(&broker, &rig).await;
    assert_eq!(rig.health("cabinet-2").state, DeviceState::Waiting);
    let mut odd = message(2, 60.0);
    odd.fields.push(Field { name: "humidity".into(), value: Scalar::Null, quality: None });
    let payloads = vec![
        encode_json(&message(1, 50.5)),
        b"not a message".to_vec(),
        encode_json(&odd),
        vec![0xBF, 0xFF],
        encode_json(&message(3, 70.0)),
    ];
    broker.publish(TOPIC_2, payloads).await;
    until("three messages", || rig.store.good(21).len() == 3).await;
    assert_eq!(rig.store.good(20), [50.5, 60.0, 70.0]);
    let row = rig.store.of(20)[0];
    assert!(row.sample.source_time.as_millis() - row.sample.received_time.as_millis() < 1000);
    let health = rig.health("cabinet-2");
    assert_eq!(
        (health.state, health.successes, health.invalid_answers),
        (DeviceState::Online, 3, 2)
    );
    assert!(rig.store.at_once.load(Ordering::SeqCst) >= 3, "the broker is waiting");
    rig.stop().await;

    // Nothing is left with the broker: the malformed ones were acknowledged as well.
    let rig = Rig::start(vec![broker.link(vec![cabinet(1), cabinet(2)])], Arc::default());
    connected(&broker, &rig).await;
    sleep(Duration::from_millis(200)).await;
    assert!(rig.store.of(20).is_empty());
    rig.stop().await;
}

async fn unknown_names_are_named(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    let mut odd = message(2, 60.0);
    odd.fields.push(Field { name: "humidity".into(), value: Scalar::Null, quality: None });
    broker.publish(TOPIC_1, vec![encode_cbor(&odd)]).await;
    until("it named", || {
        let said = rig.health("cabinet-1").last_error.unwrap_or_default();
        said.contains("1 unknown names: humidity")
    })
    .await;
    rig.stop().await;
}

async fn what_is_not_on_disk_is_not_acknowledged(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let refusing = Arc::new(Store::default());
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], refusing.clone());
    connected(&broker, &rig).await;
    refusing.refuse.store(u32::MAX, Ordering::SeqCst);
    // More than the broker leaves unacknowledged at a time.
    broker.publish(TOPIC_1, messages(0..30)).await;
    until("they were heard", || rig.health("cabinet-1").successes >= 20).await;
    rig.stop().await;
    assert!(temperatures(&rig).is_empty());

    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    until("all of them again", || temperatures(&rig).len() >= 30).await;
    sleep(Duration::from_millis(100)).await;
    rig.stop().await;
    assert_eq!(temperatures(&rig), (0..30).map(f64::from).collect::<Vec<_>>(), "once each");
}

async fn a_store_that_refuses_for_a_while_loses_nothing(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    rig.store.refuse.store(3, Ordering::SeqCst);
    broker.publish(TOPIC_1, messages(0..60)).await;
    until("all of them", || temperatures(&rig).len() >= 60).await;
    rig.stop().await;
    let mut came = temperatures(&rig);
    came.sort_by(f64::total_cmp);
    assert_eq!(came, (0..60).map(f64::from).collect::<Vec<_>>(), "once each");
}

/// The broker goes while messages are unacknowledged, and sends them again when it is back.
async fn a_restart_of_the_broker_loses_nothing_and_doubles_nothing(version: MqttVersion) {
    let Some(mut broker) = Broker::start(version, true).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    rig.store.refuse.store(u32::MAX, Ordering::SeqCst);
    broker.publish(TOPIC_1, messages(0..10)).await;
    until("they were heard", || rig.health("cabinet-1").successes >= 11).await;
    broker.down().await;
    until("the link down", || rig.health("cabinet-1").state == DeviceState::Offline).await;
    assert!(rig.health("cabinet-1").last_error.unwrap().contains("broker not reachable"));
    broker.up().await;
    broker.publish(TOPIC_1, messages(10..20)).await;
    // The new ones come behind those that the broker sends again, while these are under way still.
    until("they were heard again", || rig.health("cabinet-1").successes >= 21).await;
    rig.store.refuse.store(0, Ordering::SeqCst);
    until("all of them", || temperatures(&rig).len() >= 20).await;
    sleep(Duration::from_millis(500)).await;
    rig.stop().await;
    let mut came = temperatures(&rig);
    came.sort_by(f64::total_cmp);
    assert_eq!(came, (0..20).map(f64::from).collect::<Vec<_>>(), "redelivered, and once each");
}

/// A broker that has forgotten the session is subscribed to again.
async fn a_broker_without_memory_is_subscribed_to_again(version: MqttVersion) {
    let Some(mut broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    broker.down().await;
    until("the link down", || rig.health("cabinet-1").state == DeviceState::Offline).await;
    broker.up().await;
    for seq in 0..200 {
        broker.publish(TOPIC_1, messages(seq..seq + 1)).await;
        if !temperatures(&rig).is_empty() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!temperatures(&rig).is_empty(), "messages come through again");
    rig.stop().await;
}

/// What the gateway missed while it was away comes when it is back.
async fn the_broker_keeps_messages_while_the_gateway_is_away(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    rig.stop().await;
    broker.publish(TOPIC_1, messages(0..50)).await;
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    until("all of them", || temperatures(&rig).len() >= 50).await;
    rig.stop().await;
    assert_eq!(temperatures(&rig), (0..50).map(f64::from).collect::<Vec<_>>());
}

/// A message larger than any should be must not block those behind it.
async fn a_huge_message_is_refused_and_does_not_block_the_next(version: MqttVersion) {
    let Some(broker) = Broker::start(version, false).await else { return };
    let rig = Rig::start(vec![broker.link(vec![cabinet(1)])], Arc::default());
    connected(&broker, &rig).await;
    broker.publish(TOPIC_1, vec![vec![b' '; 300 * 1024]]).await;
    broker.publish(TOPIC_1, messages(0..1)).await;
    until("the next message", || temperatures(&rig) == [0.0]).await;
    let health = rig.health("cabinet-1");
    assert_eq!(health.invalid_answers, 1, "{health:?}");
    rig.stop().await;
}

/// Silence of a device, and of the broker, in virtual time.
#[tokio::test(start_paused = true)]
async fn silence_is_a_record() {
    // Nobody listens on the port of "discard".
    let link = link(settings(MqttVersion::V3, 9), vec![cabinet(1)]);
    let rig = Rig::start(vec![link], Arc::default());
    sleep(Duration::from_secs(120)).await;
    rig.stop().await;
    let bad = rig.store.bad(10);
    assert!((9..=10).contains(&bad.len()), "after 30 s, every 10 s: {}", bad.len());
    assert!(bad.iter().all(|quality| *quality == Quality::Bad(BadReason::NotConnected)));
    assert_eq!(rig.store.bad(11).len(), bad.len());
    assert_eq!(rig.health("cabinet-1").state, DeviceState::Offline);
}
