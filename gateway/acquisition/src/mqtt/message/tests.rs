//! Messages and what is made of them, as a table.

use super::*;
use std::sync::Arc;
use weir_domain::{SeriesId, Text, Unit};
use weir_profiles::{Access, FieldSource, MessageFormat, MqttAccess, Profile};
use weir_wire::telemetry::Boot;

const NOW: i64 = 1_795_341_600_000;

fn point(id: &str, kind: ValueKind) -> PointDef {
    PointDef {
        id: id.parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: id.parse().unwrap(),
        unit: Unit::One,
        kind,
        range: (kind == ValueKind::Number).then_some((0.0, 150.0)),
        decimals: 1,
        states: Vec::new(),
        source: Source::Field(FieldSource::named(id)),
    }
}

fn device() -> DeviceSettings {
    let points = vec![point("temperature", ValueKind::Number), point("door", ValueKind::Boolean)];
    let profile = Profile {
        id: "cabinet".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        source: "generic".into(),
        access: Access::Mqtt(MqttAccess {
            topic: "weir/v1/{site}/{device}/telemetry".into(),
            format: MessageFormat::Weir,
        }),
        points,
        info: Vec::new(),
    };
    DeviceSettings {
        id: "cabinet-1".parse().unwrap(),
        unit_id: None,
        address: None,
        profile: Arc::new(profile),
        scan_interval: Duration::from_secs(10),
        series: vec![SeriesId(1), SeriesId(2)],
        site: "demo".parse().unwrap(),
    }
}

fn field(name: &str, value: Scalar, quality: Option<&str>) -> Field {
    Field { name: name.into(), value, quality: quality.map(Into::into) }
}

fn hear(t: Option<i64>, fields: Vec<Field>) -> Understood {
    let telemetry = Telemetry { boot: Boot::Number(1), seq: 1, t, fields };
    understand(&telemetry, &device(), Timestamp::from_millis(NOW))
}

#[test]
fn values_and_qualities() {
    use Reading::{Bad, Good, Uncertain};
    let value = |n: f64| Value::new(n).unwrap();
    let number = Scalar::Number;
    let cases = [
        ("temperature", number(121.5), None, Good(value(121.5))),
        ("temperature", number(121.5), Some("good"), Good(value(121.5))),
        (
            "temperature",
            number(151.0),
            None,
            Uncertain(value(151.0), UncertainReason::EngineeringUnitsExceeded),
        ),
        ("temperature", number(f64::NAN), None, Bad(None, BadReason::SensorFailure)),
        ("temperature", Scalar::Null, None, Bad(None, BadReason::SensorFailure)),
        ("temperature", Scalar::Null, Some("bad:stale"), Bad(None, BadReason::Stale)),
        (
            "temperature",
            number(20.0),
            Some("bad:calibration"),
            Bad(Some(value(20.0)), BadReason::Calibration),
        ),
        (
            "temperature",
            number(20.0),
            Some("fine"),
            Uncertain(value(20.0), UncertainReason::Unspecified),
        ),
        ("temperature", Scalar::Boolean(true), None, Bad(None, BadReason::ConfigurationError)),
        ("door", Scalar::Boolean(true), None, Good(value(1.0))),
        ("door", number(7.0), None, Good(value(1.0))),
        ("door", number(0.0), None, Good(value(0.0))),
    ];
    for (name, scalar, quality, reading) in cases {
        let rows = hear(Some(NOW - 5), vec![field(name, scalar, quality)]).rows;
        assert_eq!(rows.len(), 1, "a point that is not in the message yields nothing");
        assert_eq!(rows[0].sample.reading, reading, "{name} {scalar:?} {quality:?}");
        assert_eq!(rows[0].series, SeriesId(if name == "door" { 2 } else { 1 }));
        assert_eq!(rows[0].sample.source_time, Timestamp::from_millis(NOW - 5));
        assert_eq!(rows[0].sample.received_time, Timestamp::from_millis(NOW));
    }
}

#[test]
fn an_implausible_clock_is_not_believed() {
    let day = 24 * 3_600_000;
    let cases = [
        (Some(NOW), true),
        (Some(NOW + day), true),
        (Some(NOW - 300 * day), true),
        (Some(NOW + day + 1), false),
        (Some(1_577_836_799_999), false),
        (Some(0), false),
        (Some(i64::MIN), false),
        (Some(i64::MAX), false),
        (None, false),
    ];
    for (t, plausible) in cases {
        let heard = hear(t, vec![field("temperature", Scalar::Number(20.0), None)]);
        let sample = heard.rows[0].sample;
        assert_eq!(sample.reading.good().is_some(), plausible, "{t:?}");
        let time = if plausible { t.unwrap() } else { NOW };
        assert_eq!(sample.source_time, Timestamp::from_millis(time));
        assert_eq!(heard.remark.is_some(), !plausible && t.is_some());
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let fields: Vec<Field> = (0..7).map(|i| field(&format!("x{i}"), Scalar::Null, None)).collect();
    let heard = hear(Some(NOW), fields);
    assert!(heard.rows.is_empty());
    let remark = heard.remark.unwrap();
    assert_eq!(remark, "message with 7 unknown names: x0, x1, x2, x3, x4, …");
    let heard = hear(Some(NOW), vec![field("door", Scalar::Null, Some("fine"))]);
    assert_eq!(heard.remark.as_deref(), Some("message with unknown qualities: fine"));
}
