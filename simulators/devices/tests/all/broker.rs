//! The broker, with `rumqttc` as its client and with bare packets.

use bytes::BytesMut;
use proptest::prelude::*;
use rumqttc::{
    AsyncClient, ConnAck, Connect, ConnectReturnCode, Event, LastWill, MqttOptions, Packet, PubAck,
    Publish, QoS, Subscribe, SubscribeFilter,
};
use std::{net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use weir_devices::broker::Broker;

const SOON: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(150);

async fn broker() -> Broker {
    Broker::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

/// A client that does only what it is told.
struct Bare {
    stream: TcpStream,
    bytes: BytesMut,
}

impl Bare {
    async fn open(broker: &Broker) -> Self {
        let stream = TcpStream::connect(broker.address()).await.unwrap();
        Self { stream, bytes: BytesMut::new() }
    }

    async fn connect(broker: &Broker, id: &str, clean: bool) -> (Self, ConnAck) {
        Self::connect_as(broker, Connect { clean_session: clean, ..Connect::new(id) }).await
    }

    async fn connect_as(broker: &Broker, connect: Connect) -> (Self, ConnAck) {
        let mut bare = Self::open(broker).await;
        bare.send(Packet::Connect(connect)).await;
        let Some(Packet::ConnAck(ack)) = bare.next().await else { panic!("no CONNACK") };
        (bare, ack)
    }

    async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, 1 << 20).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// The next packet; none when the broker closed the connection.
    async fn next(&mut self) -> Option<Packet> {
        loop {
            match Packet::read(&mut self.bytes, 1 << 20) {
                Ok(packet) => return Some(packet),
                Err(rumqttc::Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("{error}"),
            }
            let read =
                timeout(SOON, self.stream.read_buf(&mut self.bytes)).await.expect("an answer");
            if matches!(read, Ok(0) | Err(_)) {
                return None;
            }
        }
    }

    async fn is_quiet(&mut self) -> bool {
        self.bytes.is_empty()
            && timeout(QUIET, self.stream.read_buf(&mut self.bytes)).await.is_err()
    }

    async fn publish(&mut self) -> Publish {
        match self.next().await {
            Some(Packet::Publish(publish)) => publish,
            other => panic!("{other:?}"),
        }
    }

    async fn acknowledge(&mut self, publish: &Publish) {
        self.send(Packet::PubAck(PubAck::new(publish.pkid))).await;
    }

    async fn subscribe(&mut self, filter: &str) {
        let mut subscribe = Subscribe::new(filter, QoS::AtLeastOnce);
        subscribe.pkid = 7;
        self.send(Packet::Subscribe(subscribe)).await;
        assert!(matches!(self.next().await, Some(Packet::SubAck(ack)) if ack.pkid == 7));
    }

    /// Publishes with QoS 1 and waits for the acknowledgement.
    async fn say(&mut self, topic: &str, text: &str, retain: bool) {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, text);
        (publish.pkid, publish.retain) = (9, retain);
        self.send(Packet::Publish(publish)).await;
        assert_eq!(self.next().await, Some(Packet::PubAck(PubAck::new(9))));
    }
}

fn text(publish: &Publish) -> &str {
    std::str::from_utf8(&publish.payload).unwrap()
}

#[tokio::test]
async fn rumqttc_gets_what_came_while_it_was_away_and_what_it_had_not_acknowledged() {
    let broker = broker().await;
    let options = || {
        let mut options = MqttOptions::new("gateway", "127.0.0.1", broker.address().port());
        options.set_clean_session(false).set_manual_acks(true);
        options
    };
    let (mut writer, _) = Bare::connect(&broker, "writer", true).await;

    let (client, mut events) = AsyncClient::new(options(), 10);
    client.subscribe("t/#", QoS::AtLeastOnce).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    for nth in 0..4 {
        writer.say("t/a", &nth.to_string(), false).await;
    }
    let mut received = Vec::new();
    while received.len() < 4 {
        if let Event::Incoming(Packet::Publish(publish)) = events.poll().await.unwrap() {
            received.push(publish);
        }
    }
    // It makes the second one durable first, and dies.
    client.ack(&received[1]).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Outgoing(rumqttc::Outgoing::PubAck(_))) {}
    tokio::time::sleep(QUIET).await;
    drop((client, events));
    for nth in 4..100 {
        writer.say("t/a", &nth.to_string(), false).await;
    }

    let (client, mut events) = AsyncClient::new(options(), 200);
    let mut again = Vec::new();
    while again.len() < 99 {
        match timeout(SOON, events.poll()).await.expect("the rest").unwrap() {
            Event::Incoming(Packet::ConnAck(ack)) => assert!(ack.session_present),
            Event::Incoming(Packet::Publish(publish)) => {
                client.ack(&publish).await.unwrap();
                again.push((text(&publish).parse::<u32>().unwrap(), publish.dup));
            }
            _ => {}
        }
    }
    let expected = [0, 2, 3].map(|nth| (nth, true)).into_iter().chain((4..100).map(|n| (n, false)));
    assert_eq!(again, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_clean_session_is_forgotten() {
    let broker = broker().await;
    let (mut reader, _) = Bare::connect(&broker, "reader", true).await;
    reader.subscribe("t").await;
    drop(reader);
    let (mut writer, _) = Bare::connect(&broker, "writer", true).await;
    writer.say("t", "x", false).await;
    let (mut reader, ack) = Bare::connect(&broker, "reader", false).await;
    assert!(!ack.session_present && reader.is_quiet().await);
}

#[tokio::test]
async fn a_second_connection_takes_the_session_over() {
    let broker = broker().await;
    let (mut one, _) = Bare::connect(&broker, "c", false).await;
    one.subscribe("t").await;
    let (mut two, ack) = Bare::connect(&broker, "c", false).await;
    assert!(ack.session_present);
    assert_eq!(one.next().await, None, "the first is closed without a word");
    let (mut writer, _) = Bare::connect(&broker, "writer", true).await;
    writer.say("t", "x", false).await;
    assert_eq!(text(&two.publish().await), "x");
}

#[tokio::test]
async fn a_retained_status_and_a_will_are_delivered() {
    let broker = broker().await;
    let mut connect = Connect::new("node");
    connect.last_will = Some(LastWill::new("status", "offline", QoS::AtLeastOnce, true));
    let (mut node, _) = Bare::connect_as(&broker, connect).await;
    node.say("status", "online", true).await;
    let (mut watcher, _) = Bare::connect(&broker, "watcher", true).await;
    watcher.subscribe("status").await;
    let greeting = watcher.publish().await;
    assert_eq!((text(&greeting), greeting.retain), ("online", true));
    watcher.acknowledge(&greeting).await;
    drop(node);
    let will = watcher.publish().await;
    assert_eq!((text(&will), will.retain), ("offline", false), "it is news, not a memory");
    let (mut late, _) = Bare::connect(&broker, "late", true).await;
    late.subscribe("#").await;
    assert_eq!(text(&late.publish().await), "offline");
}

#[tokio::test]
async fn a_will_dies_with_a_good_bye() {
    let broker = broker().await;
    let (mut watcher, _) = Bare::connect(&broker, "watcher", true).await;
    watcher.subscribe("status").await;
    let mut connect = Connect::new("node");
    connect.last_will = Some(LastWill::new("status", "offline", QoS::AtLeastOnce, true));
    let (mut node, _) = Bare::connect_as(&broker, connect).await;
    node.send(Packet::Disconnect).await;
    assert_eq!(node.next().await, None);
    assert!(watcher.is_quiet().await);
}

#[tokio::test]
async fn a_client_that_does_not_acknowledge_stops_nobody_and_loses_nothing() {
    const MESSAGES: usize = 3_000;
    let broker = broker().await;
    let (mut lazy, _) = Bare::connect(&broker, "lazy", false).await;
    lazy.subscribe("t").await;
    let (mut keen, _) = Bare::connect(&broker, "keen", true).await;
    keen.subscribe("t").await;
    let (mut writer, _) = Bare::connect(&broker, "writer", true).await;
    let writing = async {
        for nth in 0..MESSAGES {
            writer.say("t", &nth.to_string(), false).await;
        }
    };
    let reading = async {
        for nth in 0..MESSAGES {
            let publish = keen.publish().await;
            assert_eq!(text(&publish), nth.to_string());
            keen.acknowledge(&publish).await;
        }
    };
    tokio::join!(writing, reading);
    for nth in 0..MESSAGES {
        let publish = lazy.publish().await;
        assert_eq!((text(&publish), publish.dup), (&*nth.to_string(), false));
        lazy.acknowledge(&publish).await;
    }
}

#[tokio::test]
async fn a_silent_client_is_given_half_as_long_again_as_it_promised() {
    let broker = broker().await;
    let (mut node, _) =
        Bare::connect_as(&broker, Connect { keep_alive: 1, ..Connect::new("node") }).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    node.send(Packet::PingReq).await;
    assert_eq!(node.next().await, Some(Packet::PingResp));
    let before = tokio::time::Instant::now();
    assert_eq!(node.next().await, None);
    assert!((1_400..3_000).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
}

#[tokio::test]
async fn every_subscription_is_answered_and_qos_two_is_granted_as_one() {
    let broker = broker().await;
    let (mut client, _) = Bare::connect(&broker, "c", true).await;
    let filters = [("a", QoS::AtMostOnce), ("b/#", QoS::ExactlyOnce), ("c/#/d", QoS::AtLeastOnce)];
    let filters = filters.map(|(path, qos)| SubscribeFilter::new(path.to_owned(), qos));
    let mut subscribe = Subscribe::new_many(filters);
    subscribe.pkid = 3;
    client.send(Packet::Subscribe(subscribe)).await;
    use rumqttc::SubscribeReasonCode::{Failure, Success};
    let codes = vec![Success(QoS::AtMostOnce), Success(QoS::AtLeastOnce), Failure];
    assert_eq!(client.next().await, Some(Packet::SubAck(rumqttc::SubAck::new(3, codes))));
    client.say("b/x", "1", false).await;
    // Its own message: QoS 1 wants an acknowledgement, QoS 0 none.
    assert_eq!(client.publish().await.qos, QoS::AtLeastOnce);
}

#[tokio::test]
async fn what_is_not_mqtt_is_closed_and_disturbs_nobody() {
    let broker = broker().await;
    let (mut good, _) = Bare::connect(&broker, "good", true).await;
    good.subscribe("t").await;
    let stranger = Bare::connect_as(
        &broker,
        Connect { client_id: String::new(), clean_session: false, ..Connect::new("") },
    )
    .await;
    assert_eq!(stranger.1.code, ConnectReturnCode::BadClientId);
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xC0, 0x00],
        &[0x30, 0x05, 0x00, 0x03, b'a', b'/', b'#'],
        &[0x10, 0xFF, 0xFF, 0xFF, 0x7F],
        &[0x00, 0x00],
    ] {
        let mut bad = Bare::open(&broker).await;
        bad.stream.write_all(bytes).await.unwrap();
        assert_eq!(bad.next().await, None, "{bytes:02X?}");
    }
    let (mut bad, _) = Bare::connect(&broker, "bad", true).await;
    bad.send(Packet::Publish(Publish::new("t/+", QoS::AtMostOnce, "x"))).await;
    assert_eq!(bad.next().await, None, "a topic with a wildcard");
    good.say("余", "still here", false).await;
    good.say("t", "still here", false).await;
    assert_eq!(text(&good.publish().await), "still here");
}

#[tokio::test]
async fn a_stopped_broker_lets_go_of_clients_and_port() {
    let broker = broker().await;
    let address = broker.address();
    let (mut client, _) = Bare::connect(&broker, "c", true).await;
    let stranger = Bare::open(&broker).await;
    // One that is sent more than it takes.
    let (mut stuck, _) = Bare::connect(&broker, "stuck", true).await;
    stuck.subscribe("t").await;
    let big = "x".repeat(500_000);
    for _ in 0..40 {
        client.say("t", &big, false).await;
    }
    timeout(SOON, broker.stop()).await.expect("it waits for nobody");
    assert_eq!(client.next().await, None);
    drop((stranger, stuck));
    let again = Broker::start(address).await.unwrap();
    let taken = Broker::start(address).await.unwrap_err();
    assert!(taken.to_string().contains("could not listen on"), "{taken}");
    again.stop().await;
}

proptest! {
    /// The codec is not ours, and strangers feed it.
    #[test]
    fn any_bytes_do_the_codec_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..64), kind in 1_u8..15) {
        let mut framed = BytesMut::from(&[kind << 4, u8::try_from(bytes.len()).unwrap()][..]);
        framed.extend_from_slice(&bytes);
        let _ = Packet::read(&mut framed, 1 << 20);
        let _ = Packet::read(&mut BytesMut::from(&bytes[..]), 1 << 20);
    }
}
