//! Messages and what is made of them, as tables, and at random.

use super::*;
use proptest::prelude::*;
use std::sync::Arc;
use weir_domain::{BadReason, Text, UncertainReason, Unit, Value, ValueKind};
use weir_profiles::{MqttAccess, Profile, State, TimeForm};
use weir_wire::telemetry::{Boot, Field, Scalar, encode_cbor};

const NOW: i64 = 1_795_341_600_000;

fn point(id: &str, kind: ValueKind, name: &str) -> PointDef {
    PointDef {
        id: id.parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        parameter: id.parse().unwrap(),
        unit: Unit::One,
        kind,
        range: (kind == ValueKind::Number).then_some((0.0, 150.0)),
        decimals: 1,
        states: Vec::new(),
        source: Source::Field(FieldSource::named(name)),
    }
}

fn device(format: MessageFormat, points: Vec<PointDef>) -> DeviceSettings {
    let series = (1..).map(SeriesId).take(points.len()).collect();
    let profile = Profile {
        id: "cabinet".parse().unwrap(),
        name: Text { zh: String::new(), en: String::new() },
        source: "generic".into(),
        access: Access::Mqtt(MqttAccess {
            topic: "{site}/{device}/{address}".into(),
            format,
            occasional: false,
        }),
        points,
        info: Vec::new(),
    };
    DeviceSettings {
        id: "cabinet-1".parse().unwrap(),
        unit_id: None,
        address: Some("17".into()),
        profile: Arc::new(profile),
        scan_interval: Duration::from_secs(10),
        series,
        site: "demo".parse().unwrap(),
    }
}

fn receipt(is_old: bool) -> Receipt {
    let at = Timestamp::from_millis(NOW);
    Receipt { at, unique: at + Duration::from_millis(3), is_old }
}

fn reader(device: &DeviceSettings) -> Reader {
    let all: Vec<usize> = (0..device.profile.points.len()).collect();
    Reader::new(device, &all).unwrap()
}

fn read(device: &DeviceSettings, payload: &[u8], is_old: bool) -> Understood {
    let reader = reader(device);
    reader.read(&Parsed::parse(reader.kind(), payload).unwrap(), device, &receipt(is_old))
}

fn value(n: f64) -> Value {
    Value::new(n).unwrap()
}

const FAILURE: Reading = Reading::Bad(None, BadReason::SensorFailure);
const CONFIGURATION: Reading = Reading::Bad(None, BadReason::ConfigurationError);

fn good(n: f64) -> Reading {
    Reading::Good(value(n))
}

fn beyond(n: f64) -> Reading {
    Reading::Uncertain(value(n), UncertainReason::EngineeringUnitsExceeded)
}

mod telemetry_of_our_own {
    use super::*;

    fn cabinet() -> DeviceSettings {
        let points = vec![
            point("temperature", ValueKind::Number, "temperature"),
            point("door", ValueKind::Boolean, "door"),
        ];
        device(MessageFormat::Weir, points)
    }

    fn field(name: &str, value: Scalar, quality: Option<&str>) -> Field {
        Field { name: name.into(), value, quality: quality.map(Into::into) }
    }

    fn hear(t: Option<i64>, fields: Vec<Field>) -> Understood {
        let telemetry = Telemetry { boot: Boot::Number(1), seq: 1, t, fields };
        read(&cabinet(), &encode_cbor(&telemetry), false)
    }

    #[test]
    fn values_and_qualities() {
        use Reading::{Bad, Uncertain};
        let number = Scalar::Number;
        let cases = [
            ("temperature", number(121.5), None, good(121.5)),
            ("temperature", number(121.5), Some("good"), good(121.5)),
            ("temperature", number(151.0), None, beyond(151.0)),
            ("temperature", number(f64::NAN), None, FAILURE),
            ("temperature", Scalar::Null, None, FAILURE),
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
            ("temperature", Scalar::Boolean(true), None, CONFIGURATION),
            ("door", Scalar::Boolean(true), None, good(1.0)),
            ("door", number(7.0), None, good(1.0)),
            ("door", number(0.0), None, good(0.0)),
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
            let time = if plausible { t.unwrap() } else { NOW + 3 };
            assert_eq!(sample.source_time, Timestamp::from_millis(time));
            assert_eq!(heard.remark.is_some(), !plausible && t.is_some());
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let fields: Vec<Field> =
            (0..7).map(|i| field(&format!("x{i}"), Scalar::Null, None)).collect();
        let heard = hear(Some(NOW), fields);
        assert!(heard.rows.is_empty());
        let remark = heard.remark.unwrap();
        assert_eq!(remark, "message with 7 unknown names: x0, x1, x2, x3, x4, …");
        let heard = hear(Some(NOW), vec![field("door", Scalar::Null, Some("fine"))]);
        assert_eq!(heard.remark.as_deref(), Some("message with unknown qualities: fine"));
    }
}

fn json(time: Option<&str>, time_form: TimeForm) -> MessageFormat {
    MessageFormat::Json { time: time.map(Into::into), time_form }
}

fn state(value: f64, word: Option<&str>) -> State {
    let name = Text { zh: String::new(), en: String::new() };
    State { value, name, word: word.map(Into::into) }
}

#[test]
fn json_by_path() {
    let document = br#"{"a": {"ph": 7.12, "list": [1, "2.5", true, null, {"x": 3}]},
        "sensors": [{"id": "16", "v": 1.5}, {"id": "17", "v": 2.5}],
        "odd name": {"$": 9}, "huge": [9007199254740992, 9007199254740993], "texts": ["RUN", " 8.5 ", "off", "", "nan"]}"#;
    let text = String::from_utf8_lossy(document);
    let document = text.as_ref();
    let cases = [
        ("$.a.ph", Some(good(7.12))),
        ("$['a']['ph']", Some(good(7.12))),
        ("$.a.list[0]", Some(good(1.0))),
        ("$.a.list[1]", Some(good(2.5))),
        ("$.a.list[-1].x", Some(good(3.0))),
        ("$.a.list[2]", Some(good(1.0))),
        ("$.a.list[3]", Some(FAILURE)),
        ("$.a.list[4]", Some(CONFIGURATION)),
        ("$.a.list[9]", None),
        ("$.a.ph.x", None),
        ("$.b", None),
        ("$.sensors[?@.id=='{address}'].v", Some(good(2.5))),
        ("$.sensors[?@.id=='99'].v", None),
        ("$.sensors[*].v", Some(CONFIGURATION)),
        ("$..v", Some(CONFIGURATION)),
        ("$[\"odd name\"]['$']", Some(good(9.0))),
        ("$.texts[1]", Some(good(8.5))),
        ("$.huge[0]", Some(beyond(9_007_199_254_740_992.0))),
        ("$.texts[0]", Some(FAILURE)),
        ("$.texts[3]", Some(FAILURE)),
        ("$.texts[4]", Some(FAILURE)),
    ];
    for (path, expected) in cases {
        let points = vec![point("p", ValueKind::Number, path)];
        let heard =
            read(&device(json(None, TimeForm::Seconds), points), document.as_bytes(), false);
        let reading = heard.rows.first().map(|row| row.sample.reading);
        assert_eq!(reading, expected, "{path}");
        let several = path.contains('*') || path.contains("..");
        assert_eq!(heard.remark.is_some(), several, "{path}: {:?}", heard.remark);
    }
}

#[test]
fn what_is_not_exact_is_not_called_good() {
    let mut counter = point("p", ValueKind::Number, "$.n");
    counter.range = None;
    let device = device(json(None, TimeForm::Seconds), vec![counter]);
    let cases = [
        ("9007199254740992", true),
        ("9007199254740993", false),
        ("18446744073709551615", false),
        ("-9007199254740993", false),
        ("9223372036854775808", true),
        ("0.1", true),
    ];
    for (number, is_good) in cases {
        let heard = read(&device, format!("{{\"n\": {number}}}").as_bytes(), false);
        assert_eq!(heard.rows[0].sample.reading.good().is_some(), is_good, "{number}");
    }
}

#[test]
fn a_path_that_is_none_is_said() {
    let points = vec![point("p", ValueKind::Number, "a.b")];
    let device = device(json(None, TimeForm::Seconds), points);
    let why = Reader::new(&device, &[0]).unwrap_err();
    assert!(why.starts_with("a.b is not a JSON path (RFC 9535)"), "{why}");
}

#[test]
fn times_in_json() {
    use TimeForm::{Milliseconds, Rfc3339, Seconds};
    let ms = Some(NOW - 250);
    let cases = [
        (Milliseconds, "1795341599750", ms),
        (Milliseconds, "\"1795341599750\"", ms),
        (Seconds, "1795341599.75", ms),
        (Seconds, "\"1795341599\"", Some(NOW - 1000)),
        (Rfc3339, "\"2026-11-22T10:00:00.000Z\"", Some(1_795_341_600_000)),
        (Rfc3339, "\"2026-11-22T18:00:00+08:00\"", Some(1_795_341_600_000)),
        (Rfc3339, "\"2026-11-22 10:00\"", None),
        (Rfc3339, "1795341600000", None),
        (Milliseconds, "1795341599", None),
        (Seconds, "1795341600000", None),
        (Seconds, "1e300", None),
        (Milliseconds, "null", None),
        (Milliseconds, "true", None),
    ];
    for (form, text, expected) in cases {
        let points = vec![point("p", ValueKind::Number, "$.v")];
        let device = device(json(Some("$.t"), form), points);
        let heard = read(&device, format!("{{\"v\": 5, \"t\": {text}}}").as_bytes(), true);
        let sample = heard.rows[0].sample;
        let time = expected.unwrap_or(NOW + 3);
        assert_eq!(sample.source_time, Timestamp::from_millis(time), "{form:?} {text}");
        assert_eq!(sample.reading.good().is_some(), expected.is_some(), "{form:?} {text}");
        assert_eq!(heard.remark.is_some(), expected.is_none(), "{form:?} {text}");
    }
}

/// A format without times: as of its receipt, unless it may have been lying somewhere.
#[test]
fn without_a_time_what_was_kept_is_uncertain() {
    let points = || vec![point("p", ValueKind::Number, "$.v")];
    let device = device(json(None, TimeForm::Milliseconds), points());
    let sample = |is_old| read(&device, b"{\"v\": 5}", is_old).rows[0].sample;
    assert_eq!(sample(false).reading, good(5.0));
    let uncertain = Reading::Uncertain(value(5.0), UncertainReason::ClockUncertain);
    assert_eq!(sample(true).reading, uncertain);
    assert_eq!(sample(true).source_time, Timestamp::from_millis(NOW + 3));
}

#[test]
fn plain_words_and_numbers() {
    let mut phase = point("phase", ValueKind::Number, "");
    phase.states = vec![state(0.0, Some("IDLE")), state(3.0, Some("STER")), state(5.0, None)];
    let mut level = point("level", ValueKind::Number, "");
    if let Source::Field(field) = &mut level.source {
        (field.scale, field.offset, field.sentinels) = (0.1, -40.0, vec![-9999.0]);
    }
    let pump = point("pump", ValueKind::Boolean, "");
    let mut door = point("door", ValueKind::Boolean, "");
    door.states = vec![state(0.0, Some("true")), state(1.0, Some("false"))];
    let cases = [
        (&phase, "STER", good(3.0)),
        (&phase, " IDLE\r\n\0", good(0.0)),
        (&phase, "ster", FAILURE),
        (&phase, "5", good(5.0)),
        (&phase, "4", beyond(4.0)),
        (&level, "403", good(0.3)),
        (&level, "-9999", FAILURE),
        (&level, "9999", beyond(959.9)),
        (&level, "1,5", FAILURE),
        (&level, "inf", FAILURE),
        (&level, "", FAILURE),
        (&pump, "true", good(1.0)),
        (&pump, "false", good(0.0)),
        (&pump, "2", good(1.0)),
        (&pump, "NaN", FAILURE),
        (&door, "true", good(0.0)),
        (&door, "false", good(1.0)),
    ];
    for (def, text, expected) in cases {
        let device = device(MessageFormat::Plain, vec![def.clone()]);
        let heard = read(&device, text.as_bytes(), false);
        assert_eq!(heard.rows[0].sample.reading, expected, "{} {text:?}", def.id);
    }
    assert!(Parsed::parse(Kind::Plain, &[0xFF]).is_err());
    for (contact, open) in [(true, 0.0), (false, 1.0)] {
        assert_eq!(
            value::read(&door, value::Raw::Boolean(contact)),
            good(open),
            "JSON's own words"
        );
    }
}

#[test]
fn large_and_deep_messages_are_refused() {
    let deep = "[".repeat(100_000);
    assert!(Parsed::parse(Kind::Json, deep.as_bytes()).is_err());
    assert!(Parsed::parse(Kind::Json, &vec![b' '; TEXT_BYTES_MAX + 1]).is_err());
    assert!(Parsed::parse(Kind::Plain, &vec![b'1'; TEXT_BYTES_MAX + 1]).is_err());
}

#[test]
fn a_topic_is_filled_in() {
    let device = device(MessageFormat::Plain, Vec::new());
    assert_eq!(filled_in("{site}/{device}/{address}/+", &device), "demo/cabinet-1/17/+");
    let nameless = DeviceSettings { address: None, ..device };
    assert_eq!(filled_in("{address}", &nameless), "cabinet-1");
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value as Json, json};
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        "[a-z0-9.]{0,6}".prop_map(|t| json!(t)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::hash_map("[ab]", inner, 0..3).prop_map(|m| json!(m)),
        ]
    })
}

proptest! {
    /// A path followed directly finds what the query engine finds.
    #[test]
    fn the_short_way_is_the_right_way(
        document in tree(),
        path in r"(\.[ab]|\[[0-3]\]|\['[ab]'\]){0,4}",
    ) {
        let path = format!("${path}");
        let query = serde_json_path::JsonPath::parse(&path).unwrap();
        let expected = query.query(&document).exactly_one().ok();
        let device = device(json(None, TimeForm::Seconds), vec![point("p", ValueKind::Number, &path)]);
        let parsed = Parsed::Json(document.clone());
        let rows = reader(&device).read(&parsed, &device, &receipt(false)).rows;
        prop_assert_eq!(rows.len(), usize::from(expected.is_some()));
    }

    /// Whatever comes, a good reading is a number in range.
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        for format in [MessageFormat::Weir, json(Some("$.t"), TimeForm::Rfc3339), MessageFormat::Plain] {
            let device = device(format, vec![point("p", ValueKind::Number, "$..*")]);
            let reader = reader(&device);
            let Ok(parsed) = Parsed::parse(reader.kind(), &bytes) else { continue };
            for row in reader.read(&parsed, &device, &receipt(false)).rows {
                prop_assert!(row.sample.reading.good().is_none_or(|v| (0.0..=150.0).contains(&v.get())));
            }
        }
    }
}
