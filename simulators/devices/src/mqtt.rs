//! An instrument that publishes what it shows over MQTT.

use crate::{
    Format, Instrument, SharedPlant,
    instrument::{Point, Shown},
    knobs::Panel,
};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, QoS};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_domain::SiteId;
use weir_plant::{Condition, Plant};
use weir_profiles::{Access, Source};
use weir_wire::telemetry::{Boot, Field, Scalar, Telemetry, encode_cbor, encode_json};

/// Messages that wait while the broker is away; more than these are lost, and their numbers tell.
const WAITING_MAX: usize = 1_000;
/// Rest between two attempts to reach the broker.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const ONLINE: &str = "online";
const OFFLINE: &str = "offline";

/// One publisher, ready to run.
pub(crate) struct Publisher {
    pub(crate) instrument: Instrument,
    pub(crate) format: Format,
    pub(crate) site: SiteId,
    pub(crate) every: Duration,
    pub(crate) plant: SharedPlant,
    pub(crate) panel: Panel,
}

impl Publisher {
    /// Publishes until it is told to stop.
    pub(crate) fn start(
        self,
        host: &str,
        port: u16,
        tasks: &TaskTracker,
        close: CancellationToken,
    ) {
        let id = self.instrument.id();
        let status = format!("weir/v1/{}/{id}/status", self.site);
        let mut options = MqttOptions::new(format!("node-{id}"), host, port);
        options.set_keep_alive(KEEP_ALIVE).set_clean_session(false);
        options.set_last_will(LastWill::new(&status, OFFLINE, QoS::AtLeastOnce, true));
        let (client, events) = AsyncClient::new(options, WAITING_MAX);
        tasks.spawn(drive(events, client.clone(), status, close.clone()));
        tasks.spawn(async move {
            tokio::select! {
                () = close.cancelled() => {}
                () = self.publish(client) => {}
            }
        });
    }

    async fn publish(self, client: AsyncClient) {
        let Access::Mqtt(access) = &self.instrument.profile().access else { return };
        let id = self.instrument.id().as_str();
        let topic = access.topic.replace("{site}", self.site.as_str()).replace("{device}", id);
        let boot = self.plant.clock().now().as_millis().unsigned_abs();
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for seq in 0.. {
            ticks.tick().await;
            let knobs = self.panel.get(self.instrument.device());
            let telemetry = self.plant.look(|plant| self.message(plant, boot, seq, knobs.dead));
            let Some(telemetry) = telemetry.filter(|_| !knobs.silent) else { continue };
            sleep(knobs.delay).await;
            let mut payload = match self.format {
                Format::Json => encode_json(&telemetry),
                Format::Cbor => encode_cbor(&telemetry),
            };
            if let Some(corruption) = knobs.corruption {
                corruption.spoil(&mut payload, 0);
            }
            if let Err(error) = client.try_publish(&topic, QoS::AtLeastOnce, false, payload) {
                tracing::debug!(device = id, %error, "message lost");
            }
        }
    }

    /// What it has to say; none while it is silent.
    fn message(&self, plant: &Plant, boot: u64, seq: u64, dead: bool) -> Option<Telemetry> {
        let condition = plant.condition(self.instrument.device());
        let dead = dead || condition == Condition::SensorFault;
        let fields = self.instrument.points().iter().map(|point| field(point, plant, dead));
        (condition != Condition::Silent).then(|| Telemetry {
            boot: Boot::Number(boot),
            seq,
            t: Some(plant.now().as_millis()),
            fields: fields.collect(),
        })
    }
}

fn field(point: &Point, plant: &Plant, dead: bool) -> Field {
    let name = match &point.source {
        Source::Field(source) => source.name.clone(),
        Source::Register(_) => point.name.to_string(),
    };
    let (value, quality) = match point.show(plant, dead) {
        Shown::Number(number) => (Scalar::Number(number), None),
        Shown::Switch(on) => (Scalar::Boolean(on), None),
        Shown::Nothing => (Scalar::Null, Some("bad:sensor_failure".to_owned())),
    };
    Field { name, value, quality }
}

/// Keeps the connection, and says on the status topic that it is there.
async fn drive(
    mut events: EventLoop,
    client: AsyncClient,
    status: String,
    close: CancellationToken,
) {
    let (first, last) = RETRY;
    let mut rest = first;
    loop {
        let event = tokio::select! {
            () = close.cancelled() => return,
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                rest = first;
                if let Err(error) = client.try_publish(&status, QoS::AtLeastOnce, true, ONLINE) {
                    tracing::debug!(status, %error, "status lost");
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(status, %error, "broker not reached");
                tokio::select! {
                    () = close.cancelled() => return,
                    () = sleep(rest) => {}
                }
                rest = (rest * 2).min(last);
            }
        }
    }
}
