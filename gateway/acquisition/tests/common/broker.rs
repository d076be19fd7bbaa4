//! Debian's mosquitto, started for a test. Without its binary tests say so and pass.

use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, Outgoing, QoS};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::sleep,
};
use weir_acquisition::{
    DeviceSettings, Endpoint, LinkSettings, MqttSettings, MqttVersion, Transport,
};

const BROKER: &str = "/usr/sbin/mosquitto";

/// A port that nobody has, below those that the system gives to connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::SeqCst);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A broker with its files, on a port of its own.
pub(crate) struct Broker {
    pub(crate) version: MqttVersion,
    pub(crate) port: u16,
    pub(crate) directory: tempfile::TempDir,
    process: Option<Child>,
}

impl Broker {
    /// None, said aloud, if there is no mosquitto.
    pub(crate) async fn start(version: MqttVersion, persistent: bool) -> Option<Self> {
        Self::with(version, |port, _| {
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence {persistent}\n")
        })
        .await
    }

    /// With some lines of configuration, made of a port and a folder of its own.
    pub(crate) async fn with(
        version: MqttVersion,
        config: impl FnOnce(u16, &Path) -> String,
    ) -> Option<Self> {
        if !PathBuf::from(BROKER).exists() {
            // Not by println: that of a passing test is not shown.
            let skipped = format!("SKIPPED: {BROKER} is missing; nothing was tested\n");
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            return None;
        }
        let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
        let config = config(port, directory.path())
            + &format!(
                "persistence_location {}/\nmax_inflight_messages 20\nuser root\n",
                directory.path().display()
            );
        std::fs::write(directory.path().join("mosquitto.conf"), config).unwrap();
        let mut broker = Self { version, port, directory, process: None };
        broker.up().await;
        Some(broker)
    }

    pub(crate) async fn up(&mut self) {
        let mut command = Command::new(BROKER);
        command.arg("-c").arg(self.directory.path().join("mosquitto.conf")).kill_on_drop(true);
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let address = ("127.0.0.1", self.port);
        for _ in 0..500 {
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "mosquitto does not stay up");
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("mosquitto does not come up");
    }

    /// An orderly end: a persistent broker writes its sessions down.
    pub(crate) async fn down(&mut self) {
        let mut process = self.process.take().unwrap();
        let pid = process.id().unwrap().to_string();
        assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
        process.wait().await.unwrap();
    }

    /// How the gateway reaches it.
    pub(crate) fn settings(&self) -> MqttSettings {
        settings(self.version, self.port)
    }

    pub(crate) fn link(&self, devices: Vec<DeviceSettings>) -> LinkSettings {
        link(self.settings(), devices)
    }

    /// Publishes with QoS 1, and waits for the broker's word.
    pub(crate) async fn publish(&self, topic: &str, payloads: Vec<Vec<u8>>) {
        let mut options = MqttOptions::new("publisher", "127.0.0.1", self.port);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::new(options, 1000);
        let mut unconfirmed = payloads.len();
        for payload in payloads {
            client.publish(topic, QoS::AtLeastOnce, false, payload).await.unwrap();
        }
        while unconfirmed > 0 {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
                unconfirmed -= 1;
            }
        }
        client.disconnect().await.unwrap();
        while !matches!(events.poll().await, Ok(Event::Outgoing(Outgoing::Disconnect)) | Err(_)) {}
    }
}

/// A broker on this machine.
pub(crate) fn settings(version: MqttVersion, port: u16) -> MqttSettings {
    MqttSettings {
        endpoint: Endpoint { host: "127.0.0.1".into(), port },
        version,
        client_id: "weir-test".into(),
        username: None,
        password: None,
        tls: None,
        share: None,
        status_topic: None,
        keep_alive: Duration::from_secs(30),
    }
}

/// A link with it.
pub(crate) fn link(settings: MqttSettings, devices: Vec<DeviceSettings>) -> LinkSettings {
    LinkSettings {
        id: "broker".parse().unwrap(),
        transport: Transport::Mqtt(Box::new(settings)),
        timeout: Duration::from_secs(1),
        request_gap: Duration::ZERO,
        devices,
    }
}
