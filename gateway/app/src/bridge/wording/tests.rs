//! What the messages look like, held against the decoder that `weir run` uses.

use super::*;
use proptest::prelude::*;
use std::sync::Arc;
use weir_domain::{BadReason, Sample, SeriesId, Timestamp, UncertainReason};
use weir_wire::telemetry::{self, Boot, Scalar};

impl Wording {
    /// The words of one device with one point.
    pub(in crate::bridge) fn of_one(point: &str) -> Self {
        let points = vec![place(0, point, ValueKind::Number)];
        Self { boot: 7, points, said: vec![0], scratch: Vec::new() }
    }
}

fn place(device: usize, key: &str, kind: ValueKind) -> Place {
    Place { device, key: format!("\"{key}\":").into(), kind }
}

/// Two devices: the first with a number and a switch, the second with a number.
fn two() -> Wording {
    let points = vec![
        place(0, "ph", ValueKind::Number),
        place(0, "pump", ValueKind::Boolean),
        place(1, "ph", ValueKind::Number),
    ];
    Wording { boot: 7, points, said: vec![0; 2], scratch: Vec::new() }
}

fn row(series: u32, t: i64, reading: Reading) -> Row {
    Row { series: SeriesId(series), sample: Sample::at(Timestamp::from_millis(t), reading) }
}

fn said(wording: &mut Wording, rows: &[Row]) -> Vec<(usize, String)> {
    let mut said = Vec::new();
    wording.put(rows, |device, payload| {
        said.push((device, String::from_utf8(payload.to_vec()).unwrap()));
    });
    said
}

fn number(number: f64) -> Reading {
    Reading::from_number(number)
}

#[test]
fn a_scan_is_one_message_and_each_device_has_its_own() {
    let mut wording = two();
    let rows = [row(0, 5, number(7.25)), row(1, 6, number(1.0)), row(2, 9, number(4.0))];
    let first = said(&mut wording, &rows);
    let expected = r#"{"boot":7,"seq":0,"t":5,"points":{"ph":7.25,"pump":true}}"#;
    assert_eq!(first[0], (0, expected.into()));
    assert_eq!(first[1], (1, r#"{"boot":7,"seq":0,"t":9,"points":{"ph":4}}"#.into()));
    let second = said(&mut wording, &rows[..1]);
    assert_eq!(second, [(0, r#"{"boot":7,"seq":1,"t":5,"points":{"ph":7.25}}"#.into())]);
    assert_eq!(said(&mut wording, &[]), []);
    assert_eq!(said(&mut wording, &[row(99, 1, number(1.0))]), [], "of no device");
}

#[test]
fn what_is_not_good_says_so_and_what_is_bad_has_no_value() {
    let value = Value::new(4.5).unwrap();
    for (reading, expected) in [
        (
            Reading::Bad(Some(value), BadReason::Calibration),
            r#"{"value":null,"quality":"bad:calibration"}"#,
        ),
        (
            Reading::Uncertain(value, UncertainReason::ClockUncertain),
            r#"{"value":4.5,"quality":"uncertain:clock_uncertain"}"#,
        ),
    ] {
        let said = said(&mut two(), &[row(0, 5, reading)]);
        assert!(said[0].1.contains(expected), "{}", said[0].1);
    }
}

#[test]
fn numbers_are_short() {
    for (given, expected) in [
        (0.0, "0"),
        (-0.0, "0"),
        (65535.0, "65535"),
        (-12.0, "-12"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (9_007_199_254_740_991.0, "9007199254740991"),
    ] {
        let said = said(&mut two(), &[row(0, 5, number(given))]);
        assert!(said[0].1.ends_with(&format!("{{\"ph\":{expected}}}}}")), "{}", said[0].1);
    }
}

proptest! {
    /// Whatever is said is understood by the gateway itself, to the last bit.
    #[test]
    fn every_number_survives(value in prop::num::f64::ANY, t in 0_i64..1 << 45) {
        let reading = number(value);
        let said = said(&mut two(), &[row(0, t, reading)]);
        let telemetry = telemetry::decode(said[0].1.as_bytes()).expect("our own form");
        prop_assert_eq!(telemetry.boot, Boot::Number(7));
        prop_assert_eq!(telemetry.t, Some(t));
        let expected = match reading.good() {
            Some(value) => Scalar::Number(value.get()),
            None => Scalar::Null,
        };
        prop_assert_eq!(telemetry.fields[0].value, expected);
    }
}

/// Names come from the profiles, series count on from device to device.
#[test]
fn the_words_are_those_of_the_profiles() {
    let profiles = weir_profiles::builtin_profiles();
    let profile = profiles.iter().find(|p| p.id.as_str() == "generic-residual-chlorine");
    let profile = profile.expect("built in");
    let points = profile.points.len();
    let device = |id: &str| DeviceSpec {
        id: id.parse().unwrap(),
        name: profile.name.clone(),
        profile: Arc::clone(profile),
        link: "l".parse().unwrap(),
        unit_id: Some(1),
        area: "a".parse().unwrap(),
        role: "r".parse().unwrap(),
        scan_interval: core::time::Duration::from_secs(1),
        stale_after: core::time::Duration::from_secs(9),
        series: Vec::new(),
    };
    let mut wording = Wording::new(&[device("a"), device("b")], 1);
    let rows = (0..2 * points).map(|i| row(u32::try_from(i).unwrap(), 1, number(1.0)));
    let said = said(&mut wording, &rows.collect::<Vec<_>>());
    assert_eq!(said.len(), 2);
    for (index, (device, text)) in said.iter().enumerate() {
        assert_eq!(index, *device);
        let message = telemetry::decode(text.as_bytes()).unwrap();
        let names: Vec<&str> = message.fields.iter().map(|field| field.name.as_str()).collect();
        let expected: Vec<&str> = profile.points.iter().map(|point| point.id.as_str()).collect();
        assert_eq!(names, expected);
    }
}
