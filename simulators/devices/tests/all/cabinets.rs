//! What the cabinets publish.

use crate::{fleet, options, start};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS};
use std::{net::Ipv4Addr, time::Duration};
use tokio::time::timeout;
use weir_devices::{
    BrokerAddress, Corruption, Knobs, Options,
    broker::Broker,
    plant::{Device, Script, Signal},
};
use weir_wire::telemetry::{Boot, Scalar, Telemetry, decode};

struct Listener {
    _client: AsyncClient,
    events: EventLoop,
}

impl Listener {
    async fn new(port: u16) -> Self {
        let (client, events) =
            AsyncClient::new(MqttOptions::new("listener", "127.0.0.1", port), 10);
        client.subscribe("weir/v1/demo/+/telemetry", QoS::AtLeastOnce).await.unwrap();
        Self { _client: client, events }
    }

    /// The next message of a device.
    async fn next(&mut self, device: &str) -> Publish {
        let wanted = format!("weir/v1/demo/{device}/telemetry");
        let search = async {
            loop {
                if let Event::Incoming(Packet::Publish(publish)) = self.events.poll().await.unwrap()
                    && publish.topic == wanted
                {
                    return publish;
                }
            }
        };
        timeout(Duration::from_secs(10), search).await.expect("a message")
    }

    async fn telemetry(&mut self, device: &str) -> Telemetry {
        decode(&self.next(device).await.payload).unwrap()
    }
}

async fn started() -> (Broker, weir_devices::Fleet, Listener) {
    let broker = Broker::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let port = broker.address().port();
    let options = Options {
        broker: Some(BrokerAddress { host: "127.0.0.1".into(), port }),
        publish_every: Duration::from_millis(50),
        ..options()
    };
    let (fleet, _) = fleet(Script::quiet(), options).await;
    (broker, fleet, Listener::new(port).await)
}

fn value(telemetry: &Telemetry, name: &str) -> Scalar {
    telemetry.fields.iter().find(|field| field.name == name).unwrap().value
}

#[tokio::test]
async fn each_writes_in_its_format_what_the_plant_measures() {
    let (_broker, fleet, mut listener) = started().await;
    for (device, first_byte, signal) in [
        ("cabinet-1", b'{', Signal::Cabinet1Temperature),
        ("cabinet-2", 0xA4, Signal::Cabinet2Temperature),
    ] {
        let publish = listener.next(device).await;
        assert_eq!((publish.qos, publish.payload[0]), (QoS::AtLeastOnce, first_byte));
        let telemetry = decode(&publish.payload).unwrap();
        assert_eq!(telemetry.t, Some(start().as_millis()));
        assert_eq!(telemetry.boot, Boot::Number(start().as_millis().unsigned_abs()));
        let truth = fleet.plant().look(|plant| plant.measure(signal).as_f64());
        let Scalar::Number(temperature) = value(&telemetry, "chamber_temperature") else {
            panic!("{telemetry:?}")
        };
        assert!((temperature - truth).abs() <= 0.006, "{temperature} {truth}");
        assert!(matches!(value(&telemetry, "door_open"), Scalar::Boolean(_)));
        assert!(matches!(value(&telemetry, "heater_power"), Scalar::Number(_)));
        assert!(telemetry.fields.iter().all(|field| field.quality.is_none()));
    }
}

#[tokio::test]
async fn numbers_go_up_by_one_and_silence_shows_as_a_gap_in_them() {
    let (_broker, fleet, mut listener) = started().await;
    let first = listener.telemetry("cabinet-1").await.seq;
    assert_eq!(listener.telemetry("cabinet-1").await.seq, first + 1);
    fleet.turn(Device::Cabinet1, Knobs { silent: true, ..Knobs::default() });
    // What was said before the silence still arrives.
    let other = listener.telemetry("cabinet-2").await.seq;
    while listener.telemetry("cabinet-2").await.seq < other + 5 {}
    fleet.turn(Device::Cabinet1, Knobs::default());
    let mut last = first + 1;
    loop {
        let seq = listener.telemetry("cabinet-1").await.seq;
        assert!(seq > last);
        if seq > last + 3 {
            break;
        }
        last = seq;
    }
}

#[tokio::test]
async fn a_dead_sensor_is_a_null_with_its_reason_and_garbage_is_no_message() {
    let (_broker, fleet, mut listener) = started().await;
    fleet.turn(Device::Cabinet2, Knobs { dead: true, ..Knobs::default() });
    let dead = loop {
        let telemetry = listener.telemetry("cabinet-2").await;
        if value(&telemetry, "chamber_temperature") == Scalar::Null {
            break telemetry;
        }
    };
    assert_eq!(dead.fields[0].quality.as_deref(), Some("bad:sensor_failure"));
    assert!(
        matches!(value(&dead, "door_open"), Scalar::Boolean(_)),
        "the contact is not the sensor"
    );

    let garbage = Some(Corruption::Garbage);
    fleet.turn(Device::Cabinet2, Knobs { corruption: garbage, ..Knobs::default() });
    while decode(&listener.next("cabinet-2").await.payload).is_ok() {}
}

#[tokio::test]
async fn a_cabinet_comes_back_when_the_broker_does() {
    let (broker, _fleet, mut listener) = started().await;
    let before = listener.telemetry("cabinet-1").await.seq;
    let address = broker.address();
    broker.stop().await;
    let _broker = Broker::start(address).await.unwrap();
    let mut listener = Listener::new(address.port()).await;
    assert!(listener.telemetry("cabinet-1").await.seq > before);
}
