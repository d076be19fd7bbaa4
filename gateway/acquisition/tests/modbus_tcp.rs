//! Modbus TCP against a server that misbehaves in every way we could think of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Rig, device, profile,
    server::{Behaviour, TcpServer, Units},
    until,
};
use futures_util::future::join_all;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use weir_acquisition::{Failure, LinkSettings, read_once};
use weir_domain::{BadReason, LinkId, Quality, Reading};
use weir_engine::ports::{DeviceState, Health};
use weir_profiles::RegisterKind::{Coil, DiscreteInput, HoldingRegister, InputRegister};
use weir_wire::modbus::{Answer, Exception};

const TIMEOUT: Duration = Duration::from_millis(100);
const INTERVAL: Duration = Duration::from_millis(200);

#[tokio::test]
async fn all_four_tables_are_read_and_nothing_is_ever_written() {
    let server = TcpServer::start().await;
    server.units.set(3, Behaviour::Answers);
    let points = [
        (HoldingRegister, 5),
        (HoldingRegister, 9),
        (InputRegister, 7),
        (Coil, 1),
        (DiscreteInput, 4),
    ];
    let rig = Rig::link(
        server.transport(),
        TIMEOUT,
        vec![device(3, &profile(4, &points), Duration::from_millis(20))],
    );
    until("ten scans", || rig.store.good(34).len() >= 10).await;
    rig.stop().await;
    for (series, value) in [(30, 3005.0), (31, 3009.0), (32, 3007.0), (33, 1.0), (34, 0.0)] {
        let good = rig.store.good(series);
        assert!(good.iter().all(|v| *v == value), "series {series}: {good:?}");
        assert!(rig.store.bad(series).is_empty());
    }
    for row in rig.store.of(30) {
        let (source, received) = (row.sample.source_time, row.sample.received_time);
        assert!(source <= received && received.since(source) <= TIMEOUT);
    }
    let functions: BTreeSet<u8> = server.units.asked().iter().map(|(_, pdu)| pdu[0]).collect();
    assert_eq!(functions, BTreeSet::from([1, 2, 3, 4]), "no other function ever leaves");
    assert_eq!(*server.connections.lock().unwrap(), 1, "one connection for all of it");
    let health = rig.health("unit-3");
    assert_eq!(health.state, DeviceState::Online);
    assert!(health.round_trip.is_some() && health.last_success.is_some());
    assert!(health.successes >= 40 && health.timeouts + health.invalid_answers == 0);
}

/// What goes wrong: what the sample says, which counter counts, what the words say, and whether
/// the connection may stay.
#[tokio::test]
async fn every_fault_is_a_bad_sample_with_its_reason() {
    use BadReason::{CommFailure, ConfigurationError, DeviceFailure};
    let refuses = |exception| Behaviour::Refuses(exception);
    let other_protocol = Behaviour::Noise(vec![0, 0, 0, 9, 0, 2, 4, 3]);
    let cases = [
        (Behaviour::Silent, CommFailure, 't', "no answer from unit 4 within"),
        (Behaviour::Late(2 * TIMEOUT), CommFailure, 't', "no answer"),
        (Behaviour::WrongCount(1), CommFailure, 'i', "4 data bytes where 2 were asked for"),
        (Behaviour::WrongByteCount, CommFailure, 'i', "4 data bytes where 2 were asked for"),
        (Behaviour::WrongFunction, CommFailure, 'i', "function 0x04 where 0x03 was asked"),
        (Behaviour::WrongUnit, CommFailure, 'i', "it came from unit 5"),
        (Behaviour::Damaged, CommFailure, 'I', "transaction "),
        (Behaviour::Garbage, CommFailure, 'I', "protocol id 42405 where Modbus has 0"),
        (other_protocol, CommFailure, 'I', "protocol id 9 where Modbus has 0"),
        (Behaviour::Closes, CommFailure, 'I', "connection closed"),
        (refuses(Exception::IllegalFunction), ConfigurationError, 'e', "illegal function"),
        (refuses(Exception::IllegalDataAddress), ConfigurationError, 'e', "check the profile"),
        (refuses(Exception::IllegalDataValue), ConfigurationError, 'e', "exception 0x03"),
        (refuses(Exception::ServerDeviceFailure), DeviceFailure, 'e', "has a fault"),
        (refuses(Exception::Acknowledge), DeviceFailure, 'e', "busy"),
        (refuses(Exception::ServerDeviceBusy), DeviceFailure, 'e', "busy"),
        (refuses(Exception::Other(0x41)), DeviceFailure, 'e', "exception 0x41"),
        (refuses(Exception::GatewayPathUnavailable), CommFailure, 'e', "no way to it"),
        (refuses(Exception::GatewayTargetFailedToRespond), CommFailure, 'e', "the gateway lives"),
    ];
    join_all(cases.map(one_fault)).await;
}

/// What goes wrong, the reason, the counter (a capital one: the connection is given up), the words.
type Fault = (Behaviour, BadReason, char, &'static str);

async fn one_fault((behaviour, reason, counter, words): Fault) {
    let server = TcpServer::start().await;
    server.units.set(4, behaviour.clone());
    server.units.set(5, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let devices = vec![device(4, &profile, INTERVAL), device(5, &profile, INTERVAL)];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until(&format!("{behaviour:?}"), || {
        rig.health("unit-4").state == DeviceState::Offline && rig.store.good(50).len() >= 2
    })
    .await;
    rig.stop().await;
    let bad = rig.store.bad(40);
    assert!(bad.iter().all(|q| *q == Quality::Bad(reason)), "{behaviour:?}: {bad:?}");
    assert!(rig.store.good(40).is_empty(), "{behaviour:?}");
    assert!(rig.store.bad(50).is_empty(), "{behaviour:?} must not touch the neighbour");
    assert!(rig.store.good(50).iter().all(|value| *value == 5000.0), "{behaviour:?}");
    let health = rig.health("unit-4");
    let counts = (health.timeouts > 0, health.invalid_answers > 0, health.exceptions > 0);
    let expected = (counter == 't', counter.eq_ignore_ascii_case(&'i'), counter == 'e');
    assert_eq!(counts, expected, "{behaviour:?}: {health:?}");
    let said = health.last_error.unwrap();
    assert!(said.contains(words), "{behaviour:?}: {said:?} lacks {words:?}");
    let kept = *server.connections.lock().unwrap() == 1;
    assert_eq!(kept, counter != 'I', "{behaviour:?}: it is kept while frames are in step");
}

/// W6: nine healthy units keep their pace beside a dead one.
#[tokio::test]
async fn a_dead_unit_does_not_delay_the_others() {
    let server = TcpServer::start().await;
    let profile = profile(0, &[(HoldingRegister, 0), (InputRegister, 0)]);
    for unit in 1..=9 {
        server.units.set(unit, Behaviour::Answers);
    }
    let devices = (1..=10).map(|unit| device(unit, &profile, INTERVAL)).collect();
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    let started = Instant::now();
    sleep(Duration::from_secs(5)).await;
    let ticks = started.elapsed().as_millis() / INTERVAL.as_millis();
    rig.stop().await;
    let polls: usize = (1..=9).map(|unit| rig.store.good(unit * 10).len()).sum();
    assert!(polls as f64 >= 0.99 * 9.0 * ticks as f64, "{polls} polls in {ticks} ticks of 9 units");
    assert!((1..=9).all(|unit| rig.store.bad(unit * 10).is_empty()));
    let asked = server.units.times_asked(10);
    assert!((2..=3).contains(&asked), "the dead unit was asked {asked} times in 5 s");
    assert_eq!(rig.store.bad(100).len(), asked, "every failed scan is on record");
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_another() {
    let server = TcpServer::start().await;
    // Two requests of one shape to the slow unit: the late answer to the first would fit the second.
    let profile = profile(0, &[(HoldingRegister, 0), (HoldingRegister, 100)]);
    server.units.set(7, Behaviour::Late(TIMEOUT + Duration::from_millis(30)));
    server.units.set(8, Behaviour::Late(Duration::from_millis(40)));
    let interval = Duration::from_millis(300);
    let devices = vec![device(7, &profile, interval), device(8, &profile, interval)];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until("scans of the slow unit", || rig.store.good(80).len() >= 10).await;
    server.units.set(7, Behaviour::Answers);
    until("the late unit in time", || rig.store.good(71).len() >= 2).await;
    rig.stop().await;
    for (series, value) in [(70, 7000.0), (71, 7100.0), (80, 8000.0), (81, 8100.0)] {
        let good = rig.store.good(series);
        assert!(good.iter().all(|v| *v == value), "series {series}: {good:?}");
    }
    assert!(!rig.store.bad(70).is_empty());
    assert!(rig.store.bad(80).is_empty(), "nor does it disturb the neighbour");
}

/// Monitoring only: the code has no word for a request that writes.
#[test]
fn no_source_file_can_write_to_a_device() {
    let mut directories =
        vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            files += 1;
            for word in
                ["WriteSingle", "WriteMultiple", "MaskWrite", "ReadWrite", "Custom(", "Writer"]
            {
                assert!(!source.contains(word), "{} has {word}", path.display());
            }
        }
    }
    assert!(files > 20, "only {files} files were looked at");
}

#[tokio::test]
async fn a_link_comes_up_when_its_server_does_and_again_after_a_restart() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let units = Units::default();
    units.set(1, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let transport = weir_acquisition::Transport::ModbusTcp {
        endpoints: vec![weir_acquisition::Endpoint { host: "localhost".into(), port: free.port() }],
        framing: weir_acquisition::Framing::Mbap,
        tls: None,
    };
    let rig = Rig::link(transport, TIMEOUT, vec![device(1, &profile, Duration::from_millis(50))]);
    until("a bad sample", || !rig.store.bad(10).is_empty()).await;
    assert_eq!(rig.store.bad(10)[0], Quality::Bad(BadReason::NotConnected));
    let health = rig.health("unit-1");
    assert_eq!(health.state, DeviceState::Offline);
    assert!(health.last_error.unwrap().contains("could not connect to localhost"));

    let server = TcpServer::start_on(free.port(), units.clone()).await;
    until("good samples", || rig.store.good(10).len() >= 3).await;
    drop(server);
    until("the link down again", || rig.health("unit-1").state == DeviceState::Offline).await;
    let before = rig.store.good(10).len();
    let _server = TcpServer::start_on(free.port(), units).await;
    until("good samples again", || rig.store.good(10).len() > before).await;
    rig.stop().await;
}

/// A server that closes idle connections is not a failing device.
#[tokio::test]
async fn a_connection_closed_while_idle_costs_nothing() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::ClosesAfter);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let devices = vec![device(1, &profile, Duration::from_millis(20))];
    let rig = Rig::link(server.transport(), TIMEOUT, devices);
    until("scans", || rig.store.good(10).len() >= 20).await;
    rig.stop().await;
    assert!(rig.store.bad(10).is_empty());
    assert_eq!(rig.health("unit-1").invalid_answers, 0);
}

#[tokio::test]
async fn holes_that_a_device_refuses_are_no_longer_asked_for() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::OnlyTens);
    let profile =
        profile(20, &[(HoldingRegister, 0), (HoldingRegister, 10), (HoldingRegister, 20)]);
    let rig = Rig::link(server.transport(), TIMEOUT, vec![device(1, &profile, INTERVAL)]);
    until("all points", || (10..=12).all(|series| rig.store.good(series).len() >= 2)).await;
    rig.stop().await;
    assert!((10..=12).all(|series| rig.store.bad(series).is_empty()));
    let in_vain = server.units.asked().iter().filter(|(_, pdu)| pdu[4] > 1).count();
    assert_eq!(in_vain, 2, "the whole, and the half that still has a hole");
}

#[tokio::test]
async fn what_the_store_refuses_arrives_later_and_once() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let rig = Rig::link(
        server.transport(),
        TIMEOUT,
        vec![device(1, &profile, Duration::from_millis(20))],
    );
    rig.store.refuse.store(3, std::sync::atomic::Ordering::SeqCst);
    until("rows in spite of refusals", || rig.store.good(10).len() >= 50).await;
    rig.stop().await;
    let times: Vec<_> = rig.store.of(10).iter().map(|row| row.sample.received_time).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "in order and once: {times:?}");
    assert_eq!(rig.health("unit-1").successes, times.len() as u64, "none is lost");
}

#[tokio::test]
async fn a_panic_in_one_link_disturbs_no_other_and_ends_in_a_restart() {
    let (one, two) = (TcpServer::start().await, TcpServer::start().await);
    one.units.set(1, Behaviour::Answers);
    two.units.set(2, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let link = |id: &str, server: &TcpServer, unit| LinkSettings {
        id: id.parse().unwrap(),
        transport: server.transport(),
        timeout: TIMEOUT,
        request_gap: Duration::ZERO,
        devices: vec![device(unit, &profile, Duration::from_millis(20))],
    };
    let rig = Rig::start(vec![link("one", &one, 1), link("two", &two, 2)], Default::default());
    until("both", || !rig.store.good(10).is_empty() && !rig.store.good(20).is_empty()).await;
    rig.clock.panics.store(true, std::sync::atomic::Ordering::SeqCst);
    let bad = |series| !rig.store.bad(series).is_empty();
    until("one link down", || bad(10) || bad(20)).await;
    assert!(bad(10) != bad(20), "only one of them");
    let (down, other) = if bad(10) { (10, 20) } else { (20, 10) };
    let (before, other_before) = (rig.store.good(down).len(), rig.store.good(other).len());
    until("both go on", || {
        rig.store.good(down).len() > before && rig.store.good(other).len() > other_before + 5
    })
    .await;
    let said = rig.health(&format!("unit-{}", down / 10)).last_error.unwrap();
    assert!(said.contains("the clock is broken"), "{said}");
    rig.stop().await;
}

#[tokio::test]
async fn a_device_is_read_once_for_the_person_who_connects_it() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 3), (Coil, 0)]);
    let asked = read_once(&server.transport(), TIMEOUT, 1, &profile).await.unwrap();
    let answers: Vec<_> = asked.iter().map(|(_, answer)| answer.clone()).collect();
    assert_eq!(answers, [Ok(Answer::Bits(vec![false])), Ok(Answer::Registers(vec![1003]))]);

    let silent = read_once(&server.transport(), TIMEOUT, 9, &profile).await.unwrap();
    assert!(silent.iter().all(|(_, answer)| matches!(answer, Err(Failure::Timeout { .. }))));
    assert_eq!(server.units.times_asked(9), 1, "a silent unit is asked once");

    let transport = server.transport();
    drop(server);
    sleep(Duration::from_millis(20)).await;
    let refused = read_once(&transport, TIMEOUT, 1, &profile).await;
    assert!(matches!(refused, Err(Failure::NotConnected { .. })), "{refused:?}");
}

/// The readings of a scan are one hand-over to the store, good and bad together.
#[tokio::test]
async fn a_scan_that_fails_in_part_keeps_what_it_has() {
    let server = TcpServer::start().await;
    server.units.set(1, Behaviour::OnlyTens);
    let mut points = vec![(HoldingRegister, 0), (InputRegister, 0)];
    // A value of two registers that this server refuses.
    let mut profile = (*profile(0, &points)).clone();
    points.clear();
    let mut wide = common::u16_point(2, HoldingRegister, 50);
    if let weir_profiles::Source::Register(register) = &mut wide.source {
        register.data_type = weir_profiles::DataType::F32;
    }
    profile.points.push(wide);
    let profile = std::sync::Arc::new(profile);
    let rig = Rig::link(server.transport(), TIMEOUT, vec![device(1, &profile, INTERVAL)]);
    until("two scans", || rig.store.of(12).len() >= 2).await;
    rig.stop().await;
    let refused = Reading::Bad(None, BadReason::ConfigurationError);
    assert!(rig.store.of(12).iter().all(|row| row.sample.reading == refused));
    assert_eq!(rig.store.good(10).len(), rig.store.of(12).len());
    assert_eq!(rig.store.good(11).len(), rig.store.of(12).len());
    assert_eq!(rig.health("unit-1").state, DeviceState::Online, "it answers");
}

/// Another set of links: what is the same runs on, what is gone has handed over all it read.
#[tokio::test]
async fn a_link_that_has_not_changed_runs_on_when_others_do() {
    let (one, two) = (TcpServer::start().await, TcpServer::start().await);
    one.units.set(1, Behaviour::Answers);
    two.units.set(2, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let link = |id: &str, server: &TcpServer, unit, interval| LinkSettings {
        id: id.parse().unwrap(),
        transport: server.transport(),
        timeout: TIMEOUT,
        request_gap: Duration::ZERO,
        devices: vec![device(unit, &profile, Duration::from_millis(interval))],
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<LinkId>>();
    let rig = Rig::start(vec![link("one", &one, 1, 20), link("two", &two, 2, 20)], Arc::default());
    until("both", || rig.store.good(10).len() > 3 && rig.store.good(20).len() > 3).await;

    let applied =
        rig.acquisition.apply(vec![link("two", &two, 2, 30), link("one", &one, 1, 20)]).await;
    let all = (ids(&["two"]), ids(&["two"]), ids(&["one"]));
    assert_eq!((applied.started, applied.stopped, applied.kept), all);
    let shown: Vec<_> = rig.acquisition.devices().into_iter().map(|d| d.device).collect();
    assert_eq!(shown, ["unit-2".parse().unwrap(), "unit-1".parse().unwrap()], "the new order");
    let before = rig.store.good(10).len();
    until("both go on", || rig.store.good(10).len() > before + 3).await;
    assert_eq!(*one.connections.lock().unwrap(), 1, "its connection was left alone");

    let applied = rig.acquisition.apply(vec![link("two", &two, 2, 30)]).await;
    assert_eq!((applied.stopped, applied.kept), (ids(&["one"]), ids(&["two"])));
    // What was on its way when the link was stopped still arrives.
    sleep(Duration::from_millis(50)).await;
    let asked = one.units.times_asked(1);
    assert!(asked - rig.store.good(10).len() <= 1, "all that was read is with the store");
    until("two goes on", || rig.store.good(20).len() > 10).await;
    assert_eq!(one.units.times_asked(1), asked, "nobody asks any more");
    assert_eq!(rig.acquisition.links().len(), 1);
    rig.stop().await;
    assert_eq!(rig.acquisition.apply(vec![link("one", &one, 1, 20)]).await.started.len(), 1);
    rig.acquisition.join().await;
    assert_eq!(one.units.times_asked(1), asked, "nothing starts after the end");
}
