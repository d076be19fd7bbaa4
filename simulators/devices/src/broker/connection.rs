//! One client's connection: packets in, packets out, until either side has enough.

use super::{
    router::{Attached, Refusal, Router},
    topic,
    wire::{End, Wire},
};
use rumqttc::{
    QoS,
    mqttbytes::{
        self,
        v4::{
            ConnAck, Connect, ConnectReturnCode, LastWill, Packet, PubAck, PubComp, PubRec,
            Publish, SubAck, SubscribeReasonCode, UnsubAck,
        },
    },
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long a client may take to introduce itself.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Silence of a client without a keep-alive that is taken for its end.
const SILENCE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The router, shared by all connections and never held over an await.
pub(super) type Shared = Arc<Mutex<Router>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Router> {
    // No code that holds it panics; if one did, the state is still whole.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one client.
pub(super) async fn serve(stream: TcpStream, router: Shared, close: CancellationToken) -> End {
    let introduced = tokio::select! {
        () = close.cancelled() => Err(End::Closed),
        introduced = timeout(CONNECT_TIME, introduce(stream, &router, &close)) => {
            introduced.unwrap_or(Err(End::Silent))
        }
    };
    let (wire, attached, connect) = match introduced {
        Ok(introduced) => introduced,
        Err(end) => return end,
    };
    let mut client = Client { wire, router, attached };
    let end = client.run(keep_alive(&connect)).await;
    let will: Option<LastWill> = connect.last_will.filter(|_| !matches!(end, End::Goodbye));
    lock(&client.router).disconnect(&client.attached, will);
    end
}

/// Hears who a client is, and gives it its session.
async fn introduce(
    stream: TcpStream,
    router: &Shared,
    close: &CancellationToken,
) -> Result<(Wire, Attached, Connect), End> {
    let mut wire = Wire::new(stream)?;
    let connect = wire.connect().await?;
    let joined = match connect.protocol {
        mqttbytes::Protocol::V4 => lock(router)
            .connect(&connect.client_id, connect.clean_session, close.clone())
            .map_err(|refusal| match refusal {
                Refusal::ClientId => ConnectReturnCode::BadClientId,
                Refusal::Full => ConnectReturnCode::ServiceUnavailable,
            }),
        mqttbytes::Protocol::V5 => Err(ConnectReturnCode::RefusedProtocolVersion),
    };
    match joined {
        Ok((attached, present)) => {
            // It is written with the first that is sent to the client, which is at once.
            wire.put(&Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, present)))?;
            Ok((wire, attached, connect))
        }
        Err(code) => {
            wire.put(&Packet::ConnAck(ConnAck::new(code, false)))?;
            wire.flush().await?;
            Err(End::Protocol("refused"))
        }
    }
}

/// A client is given half as long again as it promised.
fn keep_alive(connect: &Connect) -> Duration {
    match connect.keep_alive {
        0 => SILENCE_MAX,
        secs => Duration::from_secs(u64::from(secs)) * 3 / 2,
    }
}

struct Client {
    wire: Wire,
    router: Shared,
    attached: Attached,
}

impl Client {
    async fn run(&mut self, keep_alive: Duration) -> End {
        let (wake, close) = (self.attached.link.wake.clone(), self.attached.link.close.clone());
        loop {
            let sent = tokio::select! {
                () = close.cancelled() => return End::Closed,
                sent = self.send_waiting() => sent,
            };
            if let Err(end) = sent {
                return end;
            }
            let packet = tokio::select! {
                () = close.cancelled() => return End::Closed,
                () = wake.notified() => continue,
                packet = timeout(keep_alive, self.wire.next()) => packet,
            };
            let handled = match packet {
                Ok(Ok(packet)) => self.handle(packet),
                Ok(Err(end)) => Err(end),
                Err(_) => Err(End::Silent),
            };
            if let Err(end) = handled {
                return end;
            }
        }
    }

    /// Writes what has been answered, and what the session may send.
    async fn send_waiting(&mut self) -> Result<(), End> {
        loop {
            let publish = lock(&self.router).session(&self.attached).ok_or(End::Closed)?.next();
            let Some(publish) = publish else { return self.wire.flush().await };
            self.wire.put(&Packet::Publish(publish))?;
            if self.wire.is_full() {
                self.wire.flush().await?;
            }
        }
    }

    fn handle(&mut self, packet: Packet) -> Result<(), End> {
        let shared = self.router.clone();
        let mut router = lock(&shared);
        match packet {
            Packet::Publish(publish) => return self.take(&mut router, publish),
            Packet::PubAck(ack) => {
                router.session(&self.attached).ok_or(End::Closed)?.acknowledge(ack.pkid);
            }
            Packet::PubRel(release) => {
                router.session(&self.attached).ok_or(End::Closed)?.release(release.pkid);
                self.wire.put(&Packet::PubComp(PubComp::new(release.pkid)))?;
            }
            Packet::Subscribe(subscribe) => {
                let grant = |filter: &mqttbytes::v4::SubscribeFilter| {
                    let granted = router.subscribe(&self.attached, &filter.path, filter.qos);
                    granted.map_or(SubscribeReasonCode::Failure, SubscribeReasonCode::Success)
                };
                let codes = subscribe.filters.iter().map(grant).collect();
                self.wire.put(&Packet::SubAck(SubAck::new(subscribe.pkid, codes)))?;
            }
            Packet::Unsubscribe(unsubscribe) => {
                let session = router.session(&self.attached).ok_or(End::Closed)?;
                unsubscribe.topics.iter().for_each(|filter| session.unsubscribe(filter));
                self.wire.put(&Packet::UnsubAck(UnsubAck::new(unsubscribe.pkid)))?;
            }
            Packet::PingReq => self.wire.put(&Packet::PingResp)?,
            Packet::Disconnect => return Err(End::Goodbye),
            _ => return Err(End::Protocol("a packet that is not for a broker")),
        }
        Ok(())
    }

    /// A message comes in: it is handed out before it is acknowledged.
    fn take(&mut self, router: &mut Router, publish: Publish) -> Result<(), End> {
        if !topic::is_topic(&publish.topic) {
            return Err(End::Protocol("a topic that is none"));
        }
        let (id, qos) = (publish.pkid, publish.qos);
        let new = match qos {
            QoS::ExactlyOnce => router.session(&self.attached).ok_or(End::Closed)?.receive(id),
            _ => true,
        };
        if new {
            router.publish(publish);
        }
        match qos {
            QoS::AtMostOnce => Ok(()),
            QoS::AtLeastOnce => self.wire.put(&Packet::PubAck(PubAck::new(id))),
            QoS::ExactlyOnce => self.wire.put(&Packet::PubRec(PubRec::new(id))),
        }
    }
}
