//! Modbus RTU over a pseudo-terminal, with units that are silent, late, noisy and wrong.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Rig, device, profile,
    server::{Behaviour, SerialLine},
    until,
};
use futures_util::future::join_all;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};
use weir_acquisition::{Parity, Transport, read_once};
use weir_domain::{BadReason, Quality};
use weir_engine::ports::DeviceState;
use weir_profiles::RegisterKind::{Coil, DiscreteInput, HoldingRegister, InputRegister};
use weir_wire::modbus::Exception;

const TIMEOUT: Duration = Duration::from_millis(100);
const INTERVAL: Duration = Duration::from_millis(200);

#[tokio::test]
async fn all_four_tables_are_read_and_nothing_is_ever_written() {
    let line = SerialLine::start();
    line.units.set(3, Behaviour::Answers);
    let points = [(HoldingRegister, 5), (InputRegister, 7), (Coil, 1), (DiscreteInput, 4)];
    let devices = vec![device(3, &profile(0, &points), Duration::from_millis(50))];
    let rig = Rig::link(line.transport(), TIMEOUT, devices);
    until("ten scans", || rig.store.good(33).len() >= 10).await;
    rig.stop().await;
    for (series, value) in [(30, 3005.0), (31, 3007.0), (32, 1.0), (33, 0.0)] {
        assert!(rig.store.good(series).iter().all(|v| *v == value), "series {series}");
        assert!(rig.store.bad(series).is_empty());
    }
    let functions: BTreeSet<u8> = line.units.asked().iter().map(|(_, pdu)| pdu[0]).collect();
    assert_eq!(functions, BTreeSet::from([1, 2, 3, 4]), "no other function ever leaves");
}

#[tokio::test]
async fn every_fault_is_a_bad_sample_with_its_reason() {
    use BadReason::{CommFailure, ConfigurationError, DeviceFailure};
    let cases = [
        (Behaviour::Silent, CommFailure, 't', "no answer from unit 4 within"),
        (Behaviour::Late(TIMEOUT + Duration::from_millis(30)), CommFailure, 't', "no answer"),
        (Behaviour::WrongCount(1), CommFailure, 'i', "4 data bytes where 2 were asked for"),
        (Behaviour::WrongFunction, CommFailure, 'c', "CRC error"),
        (Behaviour::WrongUnit, CommFailure, 'c', "CRC error"),
        (Behaviour::Damaged, CommFailure, 'c', "noise, wrong baud rate"),
        (Behaviour::Garbage, CommFailure, 'c', "CRC error: 24 bytes"),
        (Behaviour::Refuses(Exception::IllegalDataAddress), ConfigurationError, 'e', "profile"),
        (Behaviour::Refuses(Exception::ServerDeviceFailure), DeviceFailure, 'e', "fault"),
    ];
    for (behaviour, reason, counter, words) in cases {
        let line = SerialLine::start();
        line.units.set(4, behaviour.clone());
        line.units.set(5, Behaviour::Answers);
        let profile = profile(0, &[(HoldingRegister, 0)]);
        let devices = vec![device(4, &profile, INTERVAL), device(5, &profile, INTERVAL)];
        let rig = Rig::link(line.transport(), TIMEOUT, devices);
        until(&format!("{behaviour:?}"), || {
            rig.health("unit-4").state == DeviceState::Offline && rig.store.good(50).len() >= 3
        })
        .await;
        rig.stop().await;
        let bad = rig.store.bad(40);
        assert!(bad.iter().all(|q| *q == Quality::Bad(reason)), "{behaviour:?}: {bad:?}");
        assert!(rig.store.good(40).is_empty(), "{behaviour:?}");
        assert!(rig.store.bad(50).is_empty(), "{behaviour:?} must not touch the neighbour");
        let health = rig.health("unit-4");
        let counts = [
            health.timeouts > 0,
            health.crc_errors > 0,
            health.invalid_answers > 0,
            health.exceptions > 0,
        ];
        assert_eq!(
            counts,
            ['t', 'c', 'i', 'e'].map(|one| one == counter),
            "{behaviour:?}: {health:?}"
        );
        let said = health.last_error.unwrap();
        assert!(said.contains(words), "{behaviour:?}: {said:?} lacks {words:?}");
    }
}

/// What does not hurt: noise before the answer, an adapter that hears itself, an answer sent twice.
#[tokio::test]
async fn an_answer_is_found_behind_noise() {
    let line = SerialLine::start();
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let request = weir_wire::modbus::rtu::frame(2, &[3, 0, 0, 0, 1]);
    line.units.set(1, Behaviour::Noise(vec![0x00, 0xFF, 0x01, 0x03]));
    line.units.set(2, Behaviour::Noise(request));
    line.units.set(3, Behaviour::Twice);
    let devices = (1..=3).map(|unit| device(unit, &profile, INTERVAL)).collect();
    let rig = Rig::link(line.transport(), TIMEOUT, devices);
    until("scans", || (1..=3).all(|unit| rig.store.good(unit * 10).len() >= 5)).await;
    rig.stop().await;
    for unit in 1..=3 {
        assert!(
            rig.store.bad(unit * 10).is_empty(),
            "unit {unit}: {:?}",
            rig.health(&format!("unit-{unit}"))
        );
        assert!(rig.store.good(unit * 10).iter().all(|v| *v == f64::from(unit) * 1000.0));
    }
}

#[tokio::test]
async fn a_dead_unit_does_not_delay_the_others() {
    let line = SerialLine::start();
    let profile = profile(0, &[(HoldingRegister, 0)]);
    for unit in 1..=9 {
        line.units.set(unit, Behaviour::Answers);
    }
    let interval = Duration::from_millis(400);
    let devices = (1..=10).map(|unit| device(unit, &profile, interval)).collect();
    let rig = Rig::link(line.transport(), TIMEOUT, devices);
    let started = Instant::now();
    sleep(Duration::from_secs(5)).await;
    let ticks = started.elapsed().as_millis() / interval.as_millis();
    rig.stop().await;
    let polls: usize = (1..=9).map(|unit| rig.store.good(unit * 10).len()).sum();
    assert!(polls as f64 >= 0.99 * 9.0 * ticks as f64, "{polls} polls in {ticks} ticks of 9 units");
    assert!((1..=9).all(|unit| rig.store.bad(unit * 10).is_empty()));
    assert!((2..=3).contains(&line.units.times_asked(10)));
}

/// There is no transaction id on a serial line: only time keeps a late answer from its neighbour.
#[tokio::test]
async fn a_late_answer_is_never_taken_for_another() {
    for late_by in [5, 20, 45, 70, 95] {
        let line = SerialLine::start();
        let profile = profile(0, &[(HoldingRegister, 0), (HoldingRegister, 100)]);
        line.units.set(7, Behaviour::Late(TIMEOUT + Duration::from_millis(late_by)));
        line.units.set(8, Behaviour::Late(Duration::from_millis(10)));
        let interval = Duration::from_millis(100);
        let devices = vec![device(7, &profile, interval), device(8, &profile, interval)];
        let rig = Rig::link(line.transport(), TIMEOUT, devices);
        until("both were asked", || rig.store.bad(70).len() >= 2 && rig.store.good(81).len() >= 5)
            .await;
        rig.stop().await;
        for (series, value) in [(70, 7000.0), (71, 7100.0), (80, 8000.0), (81, 8100.0)] {
            let good = rig.store.good(series);
            assert!(good.iter().all(|v| *v == value), "{late_by} ms, series {series}: {good:?}");
        }
        assert!(rig.store.bad(80).is_empty(), "{late_by} ms: {:?}", rig.health("unit-8"));
    }
}

/// Nor for the answer to the next question of the same kind, which only the unit's own count tells
/// apart.
#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_one() {
    join_all([5, 45, 60, 70, 95].map(late_then_in_time)).await;
}

async fn late_then_in_time(late_by: u64) {
    let line = SerialLine::start();
    let profile = profile(0, &[(HoldingRegister, 0)]);
    line.units.set(7, Behaviour::Counts(TIMEOUT + Duration::from_millis(late_by)));
    let devices = vec![device(7, &profile, Duration::from_millis(100))];
    let rig = Rig::link(line.transport(), TIMEOUT, devices);
    until("a late answer", || line.units.times_asked(7) >= 2).await;
    line.units.set(7, Behaviour::Counts(Duration::ZERO));
    until("answers in time", || rig.store.good(70).len() >= 3).await;
    rig.stop().await;
    // Every request has left one row, in their order.
    for (request, row) in (1..).zip(rig.store.of(70)) {
        let came = row.sample.reading.good().map_or(request, |value| value.get() as usize);
        assert_eq!(came, request, "{late_by} ms late: taken for the answer to a later request");
    }
}

#[tokio::test]
async fn a_port_that_vanishes_is_opened_again() {
    let mut line = SerialLine::start();
    line.units.set(1, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 0)]);
    let rig = Rig::link(line.transport(), TIMEOUT, vec![device(1, &profile, INTERVAL)]);
    until("good samples", || rig.store.good(10).len() >= 2).await;
    line.pull_out().await;
    let gone = Quality::Bad(BadReason::NotConnected);
    until("the link down", || rig.store.bad(10).contains(&gone)).await;
    assert_eq!(rig.health("unit-1").state, DeviceState::Offline);
    let before = rig.store.good(10).len();
    line.plug_in();
    until("good samples again", || rig.store.good(10).len() >= before + 2).await;
    rig.stop().await;
}

/// Silence is a record: here for a minute of virtual time, with nobody on the line, and without
/// the line.
#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_asked_gets_a_bad_sample_every_ten_seconds() {
    let line = SerialLine::start();
    let nowhere = Transport::ModbusRtu {
        port: "/nonexistent/tty".into(),
        baud: 9600,
        parity: Parity::Even,
        stop_bits: 1,
        data_bits: 8,
    };
    let profile = profile(0, &[(HoldingRegister, 0), (HoldingRegister, 1)]);
    for (transport, reason) in
        [(line.transport(), BadReason::CommFailure), (nowhere, BadReason::NotConnected)]
    {
        let devices = vec![
            device(1, &profile, Duration::from_secs(1)),
            device(2, &profile, Duration::from_secs(20)),
        ];
        let rig = Rig::link(transport, TIMEOUT, devices);
        sleep(Duration::from_secs(300)).await;
        rig.stop().await;
        let rows = rig.store.rows.lock().unwrap();
        for (series, most) in [(10, 10), (11, 10), (20, 20), (21, 20)] {
            let of = rows.iter().filter(|(_, row)| row.series.0 == series);
            let times: Vec<Instant> = of
                .map(|(at, row)| {
                    assert_eq!(row.sample.reading.quality(), Quality::Bad(reason));
                    *at
                })
                .collect();
            // A probe that fails is on record too; in five minutes there are few of them.
            let expected = 300 / most;
            assert!(
                (expected - 2..expected + 12).contains(&times.len()),
                "{series}: {}",
                times.len()
            );
            let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            assert!(
                longest <= Duration::from_secs(most as u64) + 2 * TIMEOUT,
                "{series}: {longest:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_device_is_read_once() {
    let line = SerialLine::start();
    line.units.set(1, Behaviour::Answers);
    let profile = profile(0, &[(HoldingRegister, 3)]);
    let asked = read_once(&line.transport(), TIMEOUT, 1, &profile).await.unwrap();
    let registers = weir_wire::modbus::Answer::Registers(vec![1003]);
    assert_eq!(asked[0].1, Ok(registers));
}
