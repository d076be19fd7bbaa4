//! The ways to a Modbus device: TCP, RTU through TCP, TLS, a modem that dials in, backup addresses;
//! and a server that nobody here wrote.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Rig, device, profile,
    server::{Behaviour, TcpServer, Units, serve_mbap, serve_rtu},
    until,
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};
use weir_acquisition::{Endpoint, Framing, Tls, Transport};
use weir_domain::Text;
use weir_engine::ports::{BreakerState, DeviceState, Health};
use weir_profiles::{
    Access, InfoDef, Profile,
    RegisterKind::{Coil, HoldingRegister, InputRegister},
    Source,
};
use weir_wire::modbus::Exception;

const TIMEOUT: Duration = Duration::from_millis(200);
const INTERVAL: Duration = Duration::from_millis(50);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn all_are(rig: &Rig, series: u32, value: f64) {
    let good = rig.store.good(series);
    assert!(good.iter().all(|v| *v == value), "series {series}: {good:?}");
}

/// The profile with a change in what the device bears.
fn bearing(
    profile: &Arc<Profile>,
    change: impl FnOnce(&mut weir_profiles::ModbusAccess),
) -> Arc<Profile> {
    let mut profile = Profile::clone(profile);
    let Access::Modbus(access) = &mut profile.access else { panic!("a Modbus profile") };
    change(access);
    Arc::new(profile)
}

/// Answers in pieces, and several at once, are put together and taken apart.
#[tokio::test]
async fn segments_are_no_frames() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Dribbles);
    server.units.set(2, Behaviour::Twice);
    let profile = profile(0, &[(HoldingRegister, 7), (InputRegister, 3), (Coil, 1)]);
    let devices = vec![device(1, &profile, ms(200)), device(2, &profile, ms(20))];
    let rig = Rig::link(server.transport(), ms(1000), devices);
    until("both", || rig.store.good(12).len() >= 3 && rig.store.good(22).len() >= 10).await;
    rig.stop().await;
    for series in [10, 11, 12, 20, 21, 22] {
        assert!(rig.store.bad(series).is_empty(), "{:?}", rig.health("unit-1"));
    }
    all_are(&rig, 10, 1007.0);
    all_are(&rig, 11, 1003.0);
    all_are(&rig, 20, 2007.0);
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

/// The late answer is counted, told of, and thrown away; the connection stays, and nobody else
/// notices.
#[tokio::test]
async fn a_late_answer_costs_no_connection() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Counts(TIMEOUT + ms(60)));
    server.units.set(2, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let devices = vec![device(1, &profile, ms(400)), device(2, &profile, ms(400))];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until("late answers", || rig.health("unit-1").late_answers >= 2).await;
    let health = rig.health("unit-1");
    let cause = health.cause.expect("it is late again and again").en;
    assert!(cause.contains("too late"), "{cause}");
    server.units.set(1, Behaviour::Counts(Duration::ZERO));
    until("it is in time", || !rig.store.good(10).is_empty()).await;
    rig.stop().await;
    // Every request left one row, in their order: no answer was taken for a later one's.
    for (request, row) in (1..).zip(rig.store.of(10)) {
        let came = row.sample.reading.good().map_or(request, |value| value.get() as usize);
        assert_eq!(came, request, "{:?}", rig.store.of(10));
    }
    assert!(rig.store.bad(20).is_empty());
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

/// A connection over which nobody answers may be half open: it is given up.
#[tokio::test]
async fn a_connection_where_all_are_silent_is_opened_again() {
    let server = TcpServer::start().await;
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let rig = Rig::link(server.transport(), TIMEOUT, vec![device(1, &profile, INTERVAL)]);
    until("two silences", || rig.health("unit-1").timeouts >= 2).await;
    server.units.set(1, Behaviour::Answers);
    until("a probe", || !rig.store.good(10).is_empty()).await;
    rig.stop().await;
    assert_eq!(*server.connections.lock().unwrap(), 2);
    let health = rig.health("unit-1");
    assert_eq!((health.breaker, health.state), (BreakerState::Closed, DeviceState::Online));
    let link = &rig.acquisition.links()[0];
    assert_eq!((link.connects, link.up, link.endpoint.as_deref()), (2, true, None));
}

#[tokio::test]
async fn rtu_through_tcp_is_read_and_its_late_answers_are_never_taken() {
    let server = TcpServer::start_with(0, Units::default(), Framing::Rtu).await;
    server.units.set(1, Behaviour::Answers);
    server.units.set(2, Behaviour::Counts(TIMEOUT + ms(40)));
    server.units.set(3, Behaviour::Damaged);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let devices = vec![
        device(1, &profile, ms(400)),
        device(2, &profile, ms(200)),
        device(3, &profile, ms(400)),
    ];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until("all were asked", || {
        rig.health("unit-2").late_answers >= 1 && rig.health("unit-3").crc_errors >= 2
    })
    .await;
    server.units.set(2, Behaviour::Counts(Duration::ZERO));
    until("it is in time", || rig.store.good(20).len() >= 2).await;
    rig.stop().await;
    for (request, row) in (1..).zip(rig.store.of(20)) {
        let came = row.sample.reading.good().map_or(request, |value| value.get() as usize);
        assert_eq!(came, request, "taken for the answer to a later request");
    }
    all_are(&rig, 10, 1000.0);
    assert!(rig.store.bad(10).is_empty() && rig.store.good(30).is_empty());
    assert_eq!(*server.connections.lock().unwrap(), 1, "a silence is no fault of the connection");
    let frames = rig.health("unit-1").last_frames.unwrap();
    assert_eq!(frames.request, "01 03 00 00 00 01 84 0A");
    assert!(frames.answer.starts_with("01 03 02 03 E8"), "{}", frames.answer);
}

/// A certificate authority, and what it has signed.
struct Authority {
    pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A certificate for a name, and its key.
    fn sign(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

fn chain(pem: &str) -> Vec<tokio_rustls::rustls::pki_types::CertificateDer<'static>> {
    tokio_rustls::rustls::pki_types::CertificateDer::pem_slice_iter(pem.as_bytes())
        .map(Result::unwrap)
        .collect()
}

/// Modbus/TCP Security: the server shows who it is, and wants to know who asks.
#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    let authority = Authority::new();
    let (server_pem, server_key) = authority.sign("plc.plant");
    let mut roots = RootCertStore::empty();
    roots.add(chain(&authority.pem).remove(0)).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            chain(&server_pem),
            PrivateKeyDer::from_pem_slice(server_key.as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let units = Units::default();
    units.set(1, Behaviour::Answers);
    let served = units.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, served) = (acceptor.clone(), served.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve_mbap(stream, served).await;
                }
            });
        }
    });
    let link = |tls: Tls| {
        let transport = Transport::ModbusTcp {
            endpoints: vec![Endpoint { host: "127.0.0.1".into(), port }],
            framing: Framing::Mbap,
            tls: Some(tls),
        };
        let profile = profile(0, &[(HoldingRegister, 0)]);
        Rig::link(transport, ms(1000), vec![device(1, &profile, INTERVAL)])
    };
    let name = Some("plc.plant".to_owned());
    let identity = Some(authority.sign("gateway"));
    let tls = Tls { ca: Some(authority.pem.clone()), identity, server_name: name };
    let rig = link(tls.clone());
    until("readings", || rig.store.good(10).len() >= 3).await;
    rig.stop().await;
    all_are(&rig, 10, 1000.0);

    let stranger = Authority::new();
    let cases = [
        ("trusts another", Tls { ca: Some(stranger.pem.clone()), ..tls.clone() }),
        ("expects another name", Tls { server_name: None, ..tls.clone() }),
        ("shows nothing", Tls { identity: None, ..tls.clone() }),
        ("is another's", Tls { identity: Some(stranger.sign("gateway")), ..tls.clone() }),
        ("no certificate", Tls { ca: Some("nothing".into()), ..tls }),
    ];
    for (what, tls) in cases {
        let rig = link(tls);
        until(what, || rig.health("unit-1").state == DeviceState::Offline).await;
        rig.stop().await;
        assert!(rig.store.good(10).is_empty(), "{what}");
    }
    assert!(units.asked().iter().all(|(_, pdu)| pdu[0] == 3));
}

fn dial_in(listen: SocketAddr, registration: &str, framing: Framing) -> Transport {
    let (registration, heartbeat) = (registration.as_bytes().to_vec(), Some(b"HB".to_vec()));
    Transport::ModbusDialIn { listen, registration, heartbeat, framing }
}

async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Dials in, says who it is.
async fn dial(listen: SocketAddr, registration: &[&[u8]]) -> TcpStream {
    let mut stream = loop {
        if let Ok(stream) = TcpStream::connect(listen).await {
            break stream;
        }
        sleep(ms(5)).await;
    };
    stream.set_nodelay(true).unwrap();
    for part in registration {
        stream.write_all(part).await.unwrap();
        sleep(ms(10)).await;
    }
    stream
}

/// A modem and the units behind it; between frames it says that it is there.
async fn modem(listen: SocketAddr, registration: &[&[u8]], framing: Framing, units: Units) {
    let stream = dial(listen, registration).await;
    let (near, far) = tokio::io::duplex(2048);
    tokio::spawn(async move {
        match framing {
            Framing::Mbap => serve_mbap(far, units).await,
            Framing::Rtu => serve_rtu(far, units).await,
        }
    });
    let (mut from_net, to_net) = stream.into_split();
    let (mut from_units, mut to_units) = tokio::io::split(near);
    let to_net = Arc::new(tokio::sync::Mutex::new(to_net));
    let answers = to_net.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok(n @ 1..) = from_units.read(&mut buffer).await {
            // A heartbeat right before the answer, and one behind it.
            let bytes = [b"HB", &buffer[..n], b"HB"].concat();
            if answers.lock().await.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while to_net.lock().await.write_all(b"HB").await.is_ok() {
            sleep(ms(30)).await;
        }
    });
    tokio::io::copy(&mut from_net, &mut to_units).await.ok();
}

#[tokio::test]
async fn modems_dial_in_with_either_framing_and_their_heartbeats_hurt_nobody() {
    let listen = free().await;
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let link = |id: &str, unit, framing| weir_acquisition::LinkSettings {
        id: id.parse().unwrap(),
        transport: dial_in(listen, id, framing),
        timeout: ms(300),
        request_gap: Duration::ZERO,
        devices: vec![device(unit, &profile, INTERVAL)],
    };
    let links = vec![link("dtu-1", 1, Framing::Mbap), link("dtu-12", 2, Framing::Rtu)];
    let rig = Rig::start(links.clone(), Arc::default());
    until("told who is missing", || {
        rig.health("unit-1").last_error.is_some_and(|said| said.contains("\"dtu-1\" has not"))
    })
    .await;
    let units = Units::default();
    units.set(1, Behaviour::Answers);
    units.set(2, Behaviour::Answers);
    // One packet in two pieces; the other with a heartbeat right behind it.
    let one = tokio::spawn(modem(listen, &[b"dt", b"u-1"], Framing::Mbap, units.clone()));
    tokio::spawn(modem(listen, &[b"dtu-12HB"], Framing::Rtu, units.clone()));
    until("both", || rig.store.good(10).len() >= 5 && rig.store.good(20).len() >= 5).await;
    for link in rig.acquisition.links() {
        assert!(link.up && link.endpoint.is_some_and(|peer| peer.starts_with("127.0.0.1:")));
    }

    // A stranger is shown the door.
    let mut stranger = dial(listen, &[b"dtu-9"]).await;
    assert!(matches!(stranger.read(&mut [0; 8]).await, Ok(0) | Err(_)));

    // The modem dials in again while its old connection still looks alive.
    let before = rig.store.good(10).len();
    tokio::spawn(modem(listen, &[b"dtu-1"], Framing::Mbap, units.clone()));
    until("on the newer connection", || rig.acquisition.links()[0].connects == 2).await;
    until("readings go on", || rig.store.good(10).len() > before + 5).await;
    until("the old connection is closed", || one.is_finished()).await;

    // The other link of the address goes; this one's connection stays.
    let applied = rig.acquisition.apply(vec![links[0].clone()]).await;
    assert_eq!((applied.kept.len(), applied.stopped.len()), (1, 1));
    let before = rig.store.good(10).len();
    until("readings go on", || rig.store.good(10).len() > before + 3).await;
    assert_eq!(rig.acquisition.links()[0].connects, 2);
    rig.stop().await;
    all_are(&rig, 10, 1000.0);
    all_are(&rig, 20, 2000.0);
    let health = rig.health("unit-1");
    assert_eq!((health.crc_errors, health.invalid_answers), (0, 0), "{health:?}");
}

#[tokio::test]
async fn a_backup_address_serves_when_the_first_does_not() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Answers);
    let nowhere = Endpoint { host: "127.0.0.1".into(), port: free().await.port() };
    let Transport::ModbusTcp { mut endpoints, framing, tls } = server.transport() else {
        panic!("over TCP")
    };
    endpoints.insert(0, nowhere);
    let transport = Transport::ModbusTcp { endpoints: endpoints.clone(), framing, tls };
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let rig = Rig::link(transport, TIMEOUT, vec![device(1, &profile, INTERVAL)]);
    until("readings", || rig.store.good(10).len() >= 3).await;
    rig.stop().await;
    assert!(rig.store.bad(10).is_empty(), "not even the first scan is lost");
    let link = &rig.acquisition.links()[0];
    assert_eq!(link.endpoint, Some(endpoints[1].to_string()));
}

/// A server that nobody here wrote.
struct Independent(Arc<Mutex<u64>>);

impl tokio_modbus::server::Service for Independent {
    type Request = tokio_modbus::SlaveRequest<'static>;
    type Response = tokio_modbus::Response;
    type Exception = tokio_modbus::ExceptionCode;
    type Future = std::future::Ready<Result<Self::Response, Self::Exception>>;

    fn call(&self, asked: Self::Request) -> Self::Future {
        use tokio_modbus::{ExceptionCode, Request, Response};
        *self.0.lock().unwrap() += 1;
        std::future::ready(match asked.request {
            Request::ReadHoldingRegisters(first, count) => {
                Ok(Response::ReadHoldingRegisters((first..first + count).collect()))
            }
            Request::ReadCoils(_, count) => {
                Ok(Response::ReadCoils((0..count).map(|i| i % 3 == 0).collect()))
            }
            _ => Err(ExceptionCode::IllegalFunction),
        })
    }
}

#[tokio::test]
async fn an_independent_server_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = Arc::new(Mutex::new(0));
    let counted = served.clone();
    tokio::spawn(async move {
        let server = tokio_modbus::server::tcp::Server::new(listener);
        let connected = |stream, address| {
            let service = Independent(counted.clone());
            std::future::ready(tokio_modbus::server::tcp::accept_tcp_connection(
                stream,
                address,
                move |_| Ok(Some(Independent(service.0.clone()))),
            ))
        };
        server.serve(&connected, |error| panic!("{error}")).await.unwrap();
    });
    let transport = Transport::ModbusTcp {
        endpoints: vec![Endpoint { host: "localhost".into(), port }],
        framing: Framing::Mbap,
        tls: None,
    };
    let points: Vec<_> =
        (0..120).map(|a| (HoldingRegister, a)).chain([(Coil, 3), (Coil, 4)]).collect();
    let mut device = device(1, &profile(0, &points), Duration::from_millis(10));
    device.series = (0..122).map(weir_domain::SeriesId).collect();
    let mut input = device.clone();
    input.id = "input".parse().unwrap();
    input.profile = profile(0, &[(InputRegister, 0)]);
    input.series = vec![weir_domain::SeriesId(500)];
    let rig = Rig::link(transport, TIMEOUT, vec![device, input]);
    until("scans", || rig.store.good(119).len() >= 20 && !rig.store.bad(500).is_empty()).await;
    rig.stop().await;
    (0..120).for_each(|address| all_are(&rig, address, f64::from(address)));
    all_are(&rig, 120, 1.0);
    all_are(&rig, 121, 0.0);
    assert!(*served.lock().unwrap() >= 40);
    assert!(rig.health("input").cause.unwrap().en.contains("exception 1"));
}

/// A device that is busy is asked once more, and one that says who it is, is heard.
#[tokio::test]
async fn a_device_is_asked_again_when_busy_and_who_it_is_when_met() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Refuses(Exception::ServerDeviceBusy));
    let mut with_info = Profile::clone(&profile(0, &[(HoldingRegister, 0)]));
    let point = common::u16_point(0, InputRegister, 77);
    let Source::Register(source) = point.source else { panic!("a register") };
    let name = Text { zh: "序列号".into(), en: "Serial number".into() };
    with_info.info = vec![InfoDef { id: point.id, name: name.clone(), source }];
    let rig =
        Rig::link(server.transport(), TIMEOUT, vec![device(1, &Arc::new(with_info), ms(400))]);
    until("asked twice in the first scan", || server.units.times_asked(1) == 2).await;
    server.units.set(1, Behaviour::Answers);
    until("readings", || rig.store.good(10).len() >= 3).await;
    rig.stop().await;
    assert_eq!(rig.store.bad(10).len(), 1, "a scan that was busy twice is one bad sample");
    assert_eq!(rig.health("unit-1").identity, [(name, "1077".to_owned())]);
    let info = server.units.asked().iter().filter(|(_, pdu)| pdu[0] == 4).count();
    assert_eq!(info, 1, "once is enough");
    let health = rig.health("unit-1");
    assert!(health.requests_per_scan == 1 && health.scan_ms.is_some());
}

#[tokio::test]
async fn what_a_device_bears_is_kept_to() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::WrongUnit);
    let shy = bearing(&profile(0, &[(HoldingRegister, 0), (HoldingRegister, 9)]), |access| {
        access.any_answer_unit = true;
        access.close_after_scan = true;
        access.connect_delay = ms(40);
        access.request_gap = ms(30);
    });
    let rig = Rig::link(server.transport(), TIMEOUT, vec![device(1, &shy, ms(100))]);
    until("scans", || rig.store.good(11).len() >= 4).await;
    rig.stop().await;
    all_are(&rig, 11, 1009.0);
    let health = rig.health("unit-1");
    assert!(health.scan_ms.unwrap() >= 70.0, "the rests are kept: {:?}", health.scan_ms);
    assert!(*server.connections.lock().unwrap() >= 4, "a connection a scan");
    assert!(health.cause.is_none() && rig.store.bad(11).is_empty());
}

/// Addresses that a device refuses are found in the scan in which it refuses them, and told.
#[tokio::test]
async fn what_a_device_refuses_is_left_out_and_the_rest_is_read() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Lacks(12));
    let points: Vec<_> = (5..25).map(|address| (HoldingRegister, address)).collect();
    let mut device = device(1, &profile(0, &points), INTERVAL);
    device.series = (100..120).map(weir_domain::SeriesId).collect();
    let rig = Rig::link(server.transport(), ms(1000), vec![device]);
    until("five scans", || rig.store.of(107).len() >= 5).await;
    rig.stop().await;
    for address in (5..25).filter(|address| *address != 12) {
        all_are(&rig, 95 + address, 1000.0 + f64::from(address));
        let bad = rig.store.bad(95 + address);
        assert!(bad.is_empty(), "{address}: also in the first scan, {bad:?}");
    }
    assert!(rig.store.good(107).is_empty(), "the one it does not have");
    let health = rig.health("unit-1");
    assert_eq!(health.refused, ["holding 12"]);
    assert!(health.exceptions <= 6, "found by halves: {}", health.exceptions);
    assert_eq!(health.requests_per_scan, 2);
}

#[tokio::test]
async fn again_at_once_is_flat_out_and_others_have_their_turn() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Answers);
    server.units.set(2, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let devices = vec![device(1, &profile, Duration::ZERO), device(2, &profile, ms(200))];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until("many scans", || rig.store.good(10).len() >= 1000).await;
    let (fast, slow) = (rig.store.good(10).len(), rig.store.good(20).len());
    rig.stop().await;
    assert!(slow >= 1 && fast > 10 * slow, "{fast} and {slow}");
    assert!(rig.store.bad(10).is_empty() && rig.store.bad(20).is_empty());
    assert_eq!(rig.health("unit-2").skipped_scans, 0);
    assert!(rig.acquisition.links()[0].busy > 0.3);
}
