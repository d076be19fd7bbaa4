//! The session against brokers that do what brokers do on bad days. What they say and hear are
//! real packets on real sockets.

use super::super::wording::Wording;
use super::*;
use tokio::{net::TcpListener, task::JoinHandle};
use weir_domain::{Reading, Sample, SeriesId, Timestamp};
use weir_engine::{Row, ports::Intake as _};

/// A session with QoS to a broker on a port, and what ends it.
fn start(
    port: u16,
    qos: QoS,
    bytes_max: usize,
) -> (Arc<Outbox>, CancellationToken, JoinHandle<()>) {
    let outbox = Arc::new(Outbox::new(Wording::of_one("p"), bytes_max));
    let broker = Broker {
        host: "127.0.0.1".into(),
        port,
        client_id: "bridge".into(),
        login: Some(("me".into(), "secret".into())),
        qos,
        retain: false,
    };
    let done = CancellationToken::new();
    let session = Session::new(broker, vec!["plant/a".into()], outbox.clone());
    (outbox, done.clone(), tokio::spawn(session.run(done)))
}

async fn put(outbox: &Outbox, value: u32) {
    let reading = Reading::from_number(value.into());
    let sample = Sample::at(Timestamp::from_millis(1), reading);
    outbox.submit(vec![Row { series: SeriesId(0), sample }], false).await.unwrap();
}

/// The other side of a connection.
struct Peer {
    stream: TcpStream,
    heard: BytesMut,
}

impl Peer {
    /// Takes a connection and greets it.
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Self { stream, heard: BytesMut::new() };
        let Packet::Connect(hello) = peer.next().await else { panic!("no greeting") };
        assert_eq!(hello.client_id, "bridge");
        assert_eq!(hello.login.unwrap().password, "secret");
        peer.say(&[0x20, 2, 0, 0]).await;
        peer
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn next(&mut self) -> Packet {
        loop {
            if let Some(packet) = next(&mut self.heard).unwrap() {
                return packet;
            }
            assert!(self.stream.read_buf(&mut self.heard).await.unwrap() > 0, "closed");
        }
    }

    /// The value of the next scan, and its packet id.
    async fn scan(&mut self) -> (u16, u32) {
        let Packet::Publish(publish) = self.next().await else { panic!("no scan") };
        assert_eq!(publish.topic, "plant/a");
        let message = weir_wire::telemetry::decode(&publish.payload).unwrap();
        let weir_wire::telemetry::Scalar::Number(value) = message.fields[0].value else {
            panic!("no number")
        };
        (publish.pkid, value as u32)
    }
}

#[tokio::test]
async fn scans_arrive_in_order_and_those_before_the_end_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (outbox, done, session) =
        start(listener.local_addr().unwrap().port(), QoS::AtMostOnce, 1 << 20);
    for value in 0..3 {
        put(&outbox, value).await;
    }
    let mut peer = Peer::accept(&listener).await;
    for value in 3..500 {
        put(&outbox, value).await;
    }
    assert_eq!(peer.scan().await, (0, 0));
    done.cancel();
    for value in 1..500 {
        assert_eq!(peer.scan().await, (0, value));
    }
    assert_eq!(peer.next().await, Packet::Disconnect);
    session.await.unwrap();
    assert_eq!(outbox.counts(), (500, 0));
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (outbox, done, session) =
        start(listener.local_addr().unwrap().port(), QoS::AtLeastOnce, 1 << 20);
    for value in 0..4 {
        put(&outbox, value).await;
    }
    let mut first = Peer::accept(&listener).await;
    assert_eq!(first.scan().await, (1, 0));
    assert_eq!(first.scan().await, (2, 1));
    first.say(&[0x40, 2, 0, 1]).await;
    // It is a while before the session has heard it.
    while outbox.counts().0 == 0 {
        tokio::task::yield_now().await;
    }
    drop(first);
    let mut second = Peer::accept(&listener).await;
    for (id, value) in [(2, 1), (3, 2), (4, 3)] {
        assert_eq!(second.scan().await, (id, value));
        done.cancel();
        second.say(&[0x40, 2, 0, id as u8]).await;
    }
    assert_eq!(second.next().await, Packet::Disconnect);
    session.await.unwrap();
    assert_eq!(outbox.counts(), (4, 0));
}

#[tokio::test]
async fn no_more_is_under_way_than_may_be() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (outbox, done, session) =
        start(listener.local_addr().unwrap().port(), QoS::AtLeastOnce, 1 << 20);
    let count = u32::try_from(UNACKED_MAX).unwrap() + 5;
    let mut peer = Peer::accept(&listener).await;
    for value in 0..count {
        put(&outbox, value).await;
    }
    let most = u16::try_from(UNACKED_MAX).unwrap();
    for id in 1..=most {
        assert_eq!(peer.scan().await.0, id);
    }
    for oldest in 1..=5_u16 {
        let more = timeout(Duration::from_millis(20), peer.next()).await;
        assert!(more.is_err(), "{more:?} while {most} are under way");
        let [high, low] = oldest.to_be_bytes();
        peer.say(&[0x40, 2, high, low]).await;
        assert_eq!(peer.scan().await.0, most + oldest);
    }
    done.cancel();
    drop(peer);
    session.await.unwrap();
}

/// A broker that takes nothing any more: memory stays within its bound, and all is accounted for.
#[tokio::test]
async fn a_broker_that_stalls_costs_scans_and_not_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bytes_max = 64 * 1024;
    let (outbox, done, session) =
        start(listener.local_addr().unwrap().port(), QoS::AtMostOnce, bytes_max);
    let peer = Peer::accept(&listener).await;
    let total = 200_000;
    for value in 0..total {
        put(&outbox, value).await;
        if value % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let (published, dropped) = outbox.counts();
    assert!(dropped > 0, "{published} of {total} were taken by the system's buffers");
    let mut waiting = 0;
    outbox.take(|_| {
        waiting += 1;
        true
    });
    assert!(waiting * 100 < bytes_max, "{waiting} wait");
    let under_way = u64::from(total) - published - dropped - waiting as u64;
    assert!(under_way as usize * 60 <= WRITE_BYTES + 200, "{under_way} under way");
    session.abort();
    done.cancel();
    drop(peer);
}

#[tokio::test]
async fn a_broker_that_refuses_us_is_told_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_outbox, done, session) =
        start(listener.local_addr().unwrap().port(), QoS::AtMostOnce, 1 << 20);
    for answer in [&[0x20_u8, 2, 0, 5][..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b""] {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(answer).await.unwrap();
    }
    let _peer = Peer::accept(&listener).await;
    done.cancel();
    session.await.unwrap();
}
