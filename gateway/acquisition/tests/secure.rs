//! How the gateway stands at a broker: TLS with certificates on both sides, passwords, its status
//! and will, and shared subscriptions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Rig,
    broker::{Broker, link},
    until,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};
use weir_acquisition::{DeviceSettings, MqttSettings, MqttVersion, Tls};
use weir_domain::{SeriesId, Text, Unit, ValueKind};
use weir_engine::ports::Health;
use weir_profiles::{
    Access, FieldSource, MessageFormat, MqttAccess, PointDef, Profile, Source, TimeForm,
};

const VERSIONS: [MqttVersion; 2] = [MqttVersion::V3, MqttVersion::V5];

fn device() -> DeviceSettings {
    let text = || Text { zh: String::new(), en: String::new() };
    let format = MessageFormat::Json { time: None, time_form: TimeForm::Milliseconds };
    DeviceSettings {
        id: "device".parse().unwrap(),
        unit_id: None,
        address: None,
        profile: Arc::new(Profile {
            id: "test".parse().unwrap(),
            name: text(),
            source: "generic".into(),
            access: Access::Mqtt(MqttAccess {
                topic: "plant/{device}".into(),
                format,
                occasional: false,
            }),
            points: vec![PointDef {
                id: "ph".parse().unwrap(),
                name: text(),
                parameter: "ph".parse().unwrap(),
                unit: Unit::One,
                kind: ValueKind::Number,
                range: None,
                decimals: 1,
                states: Vec::new(),
                source: Source::Field(FieldSource::named("$.ph")),
            }],
            info: Vec::new(),
        }),
        scan_interval: Duration::from_secs(10),
        series: vec![SeriesId(1)],
        site: "demo".parse().unwrap(),
    }
}

async fn start(settings: MqttSettings) -> Rig {
    let rig = Rig::start(vec![link(settings, vec![device()])], Arc::default());
    until("connected", || {
        let link = &rig.acquisition.links()[0];
        assert_eq!(link.last_error, None, "connects at once");
        link.up
    })
    .await;
    sleep(Duration::from_millis(150)).await;
    rig
}

/// Mosquitto's own client publishes one message.
async fn publish(arguments: &[&str], payload: &str) {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-q", "1", "-t", "plant/device", "-m", payload]);
    assert!(command.args(arguments).status().await.unwrap().success());
}

/// The error of a link that cannot come up.
async fn refusal(settings: MqttSettings) -> String {
    let rig = Rig::start(vec![link(settings, vec![device()])], Arc::default());
    until("a refusal", || rig.acquisition.links()[0].last_error.is_some()).await;
    rig.stop().await;
    let health = &rig.acquisition.links()[0];
    assert!(!health.up);
    assert_eq!(rig.health("device").last_error, health.last_error, "devices say the same");
    health.last_error.clone().unwrap()
}

/// Certificates of an authority, a broker and a gateway, as PEM.
struct Papers {
    ca: String,
    broker: (String, String),
    gateway: (String, String),
}

impl Papers {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "plant authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, &ca).unwrap().pem(), key.serialize_pem())
        };
        Self { ca: ca.pem(), broker: signed("broker.plant"), gateway: signed("gateway.plant") }
    }

    fn write(&self, folder: &Path) {
        let files = [
            ("ca.pem", &self.ca),
            ("broker.pem", &self.broker.0),
            ("broker.key", &self.broker.1),
            ("gateway.pem", &self.gateway.0),
            ("gateway.key", &self.gateway.1),
        ];
        for (name, content) in files {
            std::fs::write(folder.join(name), content).unwrap();
        }
    }

    fn tls(&self) -> Tls {
        Tls {
            ca: Some(self.ca.clone()),
            identity: Some(self.gateway.clone()),
            server_name: Some("broker.plant".into()),
        }
    }
}

#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    for version in VERSIONS {
        let papers = Papers::new();
        let Some(broker) = Broker::with(version, |port, folder| {
            papers.write(folder);
            let folder = folder.display();
            format!(
                "listener {port} 127.0.0.1\ncafile {folder}/ca.pem\ncertfile {folder}/broker.pem\n\
                 keyfile {folder}/broker.key\nrequire_certificate true\nallow_anonymous true\n"
            )
        })
        .await
        else {
            return;
        };
        let secure = |tls: Tls| MqttSettings { tls: Some(tls), ..broker.settings() };
        let rig = start(secure(papers.tls())).await;
        let file = |name: &str| broker.directory.path().join(name).display().to_string();
        let (ca, cert, key) = (file("ca.pem"), file("gateway.pem"), file("gateway.key"));
        let port = broker.port.to_string();
        let arguments =
            ["-p", &port, "--cafile", &ca, "--cert", &cert, "--key", &key, "--insecure"];
        publish(&arguments, r#"{"ph": 7.1}"#).await;
        until("a message", || rig.store.good(1) == [7.1]).await;
        rig.stop().await;

        let stranger = Papers::new();
        let named = refusal(secure(Tls { server_name: None, ..papers.tls() })).await;
        assert!(named.contains("certificate"), "of another name: {named}");
        let other = refusal(secure(Tls { ca: Some(stranger.ca), ..papers.tls() })).await;
        assert!(other.contains("certificate"), "of another authority: {other}");
        let nobody = refusal(secure(Tls { identity: None, ..papers.tls() })).await;
        assert!(nobody.contains("broker not reachable"), "{nobody}");
        let broken = refusal(secure(Tls { ca: Some("no".into()), ..papers.tls() })).await;
        assert!(broken.contains("not in the PEM form"), "{broken}");
    }
}

#[tokio::test]
async fn a_password_is_shown_and_a_wrong_one_is_told() {
    for version in VERSIONS {
        let Some(broker) = Broker::with(version, |port, folder| {
            let file = folder.join("passwords");
            let status = std::process::Command::new("mosquitto_passwd")
                .args(["-b", "-c"])
                .args([file.as_os_str(), "weir".as_ref(), "secret".as_ref()])
                .status();
            assert!(status.unwrap().success());
            format!("listener {port} 127.0.0.1\npassword_file {}\n", file.display())
        })
        .await
        else {
            return;
        };
        let with = |password: Option<&str>| MqttSettings {
            username: Some("weir".into()),
            password: password.map(Into::into),
            ..broker.settings()
        };
        let rig = start(with(Some("secret"))).await;
        let port = broker.port.to_string();
        publish(&["-p", &port, "-u", "weir", "-P", "secret"], r#"{"ph": 7.1}"#).await;
        until("a message", || rig.store.good(1) == [7.1]).await;
        rig.stop().await;
        for wrong in [Some("wrong"), None] {
            let said = refusal(with(wrong)).await;
            assert!(said.contains("the broker refuses us"), "{said}");
        }
    }
}

/// Mosquitto's own client, listening.
struct Ears {
    _process: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Ears {
    fn on(port: u16, topic: &str) -> Self {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-t", topic, "-F", "%r %p"]);
        let mut process =
            command.stdout(std::process::Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { _process: process, lines }
    }

    async fn hear(&mut self) -> String {
        let line = timeout(Duration::from_secs(20), self.lines.next_line()).await;
        line.expect("a line in time").unwrap().expect("a line")
    }
}

#[tokio::test]
async fn others_see_whether_the_gateway_is_there() {
    for version in VERSIONS {
        let Some(broker) = Broker::start(version, false).await else { return };
        let topic = "weir/gateway/status";
        let settings = MqttSettings { status_topic: Some(topic.into()), ..broker.settings() };
        let rig = start(settings.clone()).await;
        let mut ears = Ears::on(broker.port, topic);
        assert_eq!(ears.hear().await, "1 online", "retained");
        rig.stop().await;
        assert_eq!(ears.hear().await, "0 offline", "an orderly end");

        let rig = start(settings.clone()).await;
        assert_eq!(ears.hear().await, "0 online");
        // Somebody takes its place: its connection is gone without a farewell.
        let mut thief = Command::new("mosquitto_sub");
        thief.args([
            "-h",
            "127.0.0.1",
            "-p",
            &broker.port.to_string(),
            "-i",
            "weir-test",
            "-t",
            "x",
        ]);
        let mut thief = thief.kill_on_drop(true).spawn().unwrap();
        assert_eq!(ears.hear().await, "0 offline", "the will");
        thief.kill().await.unwrap();
        assert_eq!(ears.hear().await, "0 online", "back again");
        rig.stop().await;
    }
}

#[tokio::test]
async fn gateways_share_the_messages() {
    for version in VERSIONS {
        let Some(broker) = Broker::start(version, false).await else { return };
        let shared = |client_id: &str| MqttSettings {
            share: Some("gateways".into()),
            client_id: client_id.into(),
            ..broker.settings()
        };
        let (one, other) = (start(shared("one")).await, start(shared("other")).await);
        let port = broker.port.to_string();
        for n in 0..10 {
            publish(&["-p", &port], &format!("{{\"ph\": {n}}}")).await;
        }
        let came = || [one.store.good(1), other.store.good(1)].concat();
        until("all of them", || came().len() == 10).await;
        let mut all = came();
        all.sort_by(f64::total_cmp);
        assert_eq!(all, (0..10).map(f64::from).collect::<Vec<_>>(), "each once");
        assert!(!one.store.good(1).is_empty() && !other.store.good(1).is_empty());
        one.stop().await;
        other.stop().await;
    }
}
