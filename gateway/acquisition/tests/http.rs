//! Messages that devices post: who may, what they are told, and when.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Rig, Store, until};
use futures_util::future::join_all;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use weir_acquisition::{DeviceSettings, LinkSettings, Transport};
use weir_domain::{SeriesId, Text, Unit, ValueKind};
use weir_engine::ports::{DeliveryError, DeviceState, Health, Mailbox};
use weir_profiles::{
    Access, FieldSource, MessageFormat, MqttAccess, PointDef, Profile, Source, TimeForm,
};

fn device(n: u32, format: MessageFormat, names: &[&str]) -> DeviceSettings {
    let text = || Text { zh: String::new(), en: String::new() };
    let point = |name: &&str| PointDef {
        id: "ph".parse().unwrap(),
        name: text(),
        parameter: "ph".parse().unwrap(),
        unit: Unit::One,
        kind: ValueKind::Number,
        range: None,
        decimals: 1,
        states: Vec::new(),
        source: Source::Field(FieldSource::named(*name)),
    };
    DeviceSettings {
        id: format!("device-{n}").parse().unwrap(),
        unit_id: None,
        address: None,
        profile: Arc::new(Profile {
            id: "test".parse().unwrap(),
            name: text(),
            source: "generic".into(),
            access: Access::Mqtt(MqttAccess { topic: String::new(), format, occasional: false }),
            points: names.iter().map(point).collect(),
            info: Vec::new(),
        }),
        scan_interval: Duration::from_secs(10),
        series: (0..).map(|i| SeriesId(10 * n + i)).take(names.len()).collect(),
        site: "demo".parse().unwrap(),
    }
}

fn json() -> MessageFormat {
    MessageFormat::Json { time: Some("$.t".into()), time_form: TimeForm::Milliseconds }
}

fn link(token: &str) -> LinkSettings {
    LinkSettings {
        id: "posts".parse().unwrap(),
        transport: Transport::Http { token: token.into() },
        timeout: Duration::from_secs(1),
        request_gap: Duration::ZERO,
        devices: vec![
            device(1, json(), &["$.ph", "$.cl"]),
            device(2, MessageFormat::Weir, &["ph"]),
            device(3, MessageFormat::Plain, &[""]),
            device(4, MessageFormat::Plain, &["", ""]),
        ],
    }
}

async fn rig() -> Rig {
    let rig = Rig::start(vec![link("secret")], Arc::new(Store::default()));
    until("open", || rig.acquisition.links()[0].up).await;
    rig
}

async fn post(rig: &Rig, device: &str, body: &str) -> Result<usize, DeliveryError> {
    rig.acquisition.deliver(device, Some("secret"), body.into()).await
}

#[tokio::test]
async fn what_is_answered_is_on_disk() {
    let rig = rig().await;
    assert_eq!(
        post(&rig, "device-1", r#"{"t": 1795341600000, "ph": "7.1", "cl": 0.5}"#).await.unwrap(),
        2
    );
    assert_eq!((rig.store.of(10).len(), rig.store.of(11).len()), (1, 1));
    assert_eq!(rig.store.at_once.load(Ordering::SeqCst), 1, "somebody waits");
    let telemetry = r#"{"boot": 1, "seq": 1, "points": {"ph": 7}}"#;
    assert_eq!(post(&rig, "device-2", telemetry).await.unwrap(), 1);
    assert_eq!(post(&rig, "device-2", telemetry).await.unwrap(), 0, "it was there before");
    assert_eq!(rig.store.of(20).len(), 1);
    assert_eq!(post(&rig, "device-3", " 6.9\n").await.unwrap(), 1);
    assert_eq!(rig.store.good(30), [6.9]);
    assert_eq!(rig.health("device-3").state, DeviceState::Online);
    rig.stop().await;
}

#[tokio::test]
async fn who_has_no_token_is_told_nothing() {
    let rig = rig().await;
    let body = || br#"{"ph": 7}"#.to_vec();
    let cases = [
        ("device-1", None),
        ("device-1", Some("")),
        ("device-1", Some("secre")),
        ("device-1", Some("secret ")),
        ("device-9", Some("secret")),
        ("", Some("secret")),
    ];
    for (device, token) in cases {
        let answer = rig.acquisition.deliver(device, token, body()).await;
        assert!(
            matches!(answer, Err(DeliveryError::Unauthorized)),
            "{device} {token:?}: {answer:?}"
        );
    }
    rig.stop().await;
    let answer = rig.acquisition.deliver("device-1", Some("secret"), body()).await;
    assert!(matches!(answer, Err(DeliveryError::Unauthorized)), "the link is gone: {answer:?}");
    let nobody = Rig::start(vec![link("")], Arc::default());
    until("open", || nobody.acquisition.links()[0].up).await;
    let answer = nobody.acquisition.deliver("device-1", Some(""), body()).await;
    assert!(matches!(answer, Err(DeliveryError::Unauthorized)), "no token is none: {answer:?}");
    nobody.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_and_counted() {
    let rig = rig().await;
    let cases = [
        ("device-1", "{", "not JSON"),
        ("device-1", r#"{"pH": 7}"#, "none of the device's points"),
        ("device-2", r#"{"ph": 7}"#, "missing key"),
        ("device-4", "7", "cannot be told apart"),
    ];
    for (device, body, part) in cases {
        match post(&rig, device, body).await {
            Err(DeliveryError::Invalid(why)) => assert!(why.contains(part), "{device}: {why}"),
            other => panic!("{device} {body}: {other:?}"),
        }
    }
    let (health, clumsy) = (rig.health("device-2"), rig.health("device-4"));
    assert_eq!((health.invalid_answers, health.successes), (1, 0));
    assert!(clumsy.last_error.unwrap().contains("cannot be told apart"));
    rig.stop().await;
}

/// Refused by the store, it is refused to the device, and taken when it comes again.
#[tokio::test]
async fn what_cannot_be_stored_is_not_taken() {
    let rig = rig().await;
    rig.store.refuse.store(1, Ordering::SeqCst);
    let telemetry = r#"{"boot": 1, "seq": 1, "points": {"ph": 7}}"#;
    let answer = post(&rig, "device-2", telemetry).await;
    assert!(matches!(answer, Err(DeliveryError::Port(_))), "{answer:?}");
    assert_eq!(post(&rig, "device-2", telemetry).await.unwrap(), 1);
    rig.stop().await;
}

/// However many come at once: each is stored and answered, or told to come again.
#[tokio::test]
async fn too_many_at_once_are_told_to_come_again() {
    let rig = rig().await;
    let body = |i: usize| format!(r#"{{"t": {}, "ph": {i}}}"#, 1_795_341_600_000_u64 + i as u64);
    let posts = (0..2000).map(|i| {
        let (rig, body) = (&rig, body(i));
        async move { post(rig, "device-1", &body).await }
    });
    let answers = join_all(posts).await;
    let stored = answers.iter().filter(|answer| matches!(answer, Ok(1))).count();
    let busy = answers.iter().filter(|answer| matches!(answer, Err(DeliveryError::Busy))).count();
    assert_eq!(stored + busy, 2000);
    assert!(stored >= 256 && busy > 0, "{stored} stored, {busy} not");
    assert_eq!(rig.store.of(10).len(), stored);
    rig.stop().await;
}
