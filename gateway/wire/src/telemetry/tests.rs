//! Messages that are right, wrong, and at random.

use super::*;
use alloc::{borrow::ToOwned, format, string::ToString, vec};
use proptest::prelude::*;

fn field(name: &str, value: Scalar, quality: Option<&str>) -> Field {
    Field { name: name.to_owned(), value, quality: quality.map(str::to_owned) }
}

fn example() -> Telemetry {
    Telemetry {
        boot: Boot::Text("7f3a".into()),
        seq: 12,
        t: Some(1_795_341_600_000),
        fields: vec![
            field("temperature", Scalar::Number(121.5), None),
            field("door_open", Scalar::Boolean(false), None),
            field("power", Scalar::Number(1800.0), Some("uncertain:sensor_not_accurate")),
            field("flow", Scalar::Null, None),
        ],
    }
}

#[test]
fn both_formats_say_the_same() {
    let json = br#"{"boot": "7f3a", "seq": 12, "t": 1795341600000, "points": {
        "temperature": 121.5, "door_open": false, "flow_": {"fw": [1]},
        "power": {"value": 1800, "quality": "uncertain:sensor_not_accurate"}, "flow": null}}"#;
    let mut from_json = decode(json).unwrap();
    assert_eq!(from_json.fields.remove(2), field("flow_", Scalar::Null, None));
    assert_eq!(from_json, example());
    assert_eq!(decode(&encode_cbor(&example())), Ok(example()));
    assert_eq!(decode(&encode_json(&example())), Ok(example()));
}

#[test]
fn cbor_of_other_encoders() {
    // Indefinite maps, a half, a single, a negative integer, unknown keys with anything in them.
    let bytes = [
        &[0xD9, 0xD9, 0xF7, 0xBF][..],
        &[0x62, b'f', b'w', 0x9F, 0x81, 0xC1, 0x01, 0xA1, 0x01, 0x02, 0x5F, 0x41, 0x00, 0xFF, 0xFF],
        &[0x64, b'b', b'o', b'o', b't', 0x19, 0x01, 0x00],
        &[0x63, b's', b'e', b'q', 0x00],
        &[0x66, b'p', b'o', b'i', b'n', b't', b's', 0xBF],
        &[0x61, b'a', 0xF9, 0x3E, 0x00],
        &[0x61, b'b', 0xFA, 0x3E, 0x99, 0x99, 0x9A],
        &[0x61, b'c', 0x38, 0x63],
        &[0x61, b'd', 0xF7],
        &[0x61, b'e', 0xFB, 0x7F, 0xF0, 0, 0, 0, 0, 0, 0],
        &[0xFF, 0xFF],
    ]
    .concat();
    let telemetry = decode(&bytes).unwrap();
    assert_eq!((telemetry.boot, telemetry.seq, telemetry.t), (Boot::Number(256), 0, None));
    let values: Vec<Scalar> = telemetry.fields.iter().map(|field| field.value).collect();
    let numbers = [1.5, 0.3, -100.0].map(Scalar::Number);
    assert_eq!(values[..3], numbers, "0.3 of a single is 0.3");
    assert_eq!(values[3..], [Scalar::Null, Scalar::Number(f64::INFINITY)]);
}

#[test]
fn what_is_wrong_is_said() {
    let cases: [(&[u8], &str); 19] = [
        (b"", "empty"),
        (b"hello", "first byte 0x68"),
        (b"[]", "first byte 0x5B"),
        (b"{", "EOF"),
        (b"{}", "missing key \"boot\""),
        (br#"{"boot":1,"points":{}}"#, "missing key \"seq\""),
        (br#"{"boot":1,"seq":1}"#, "missing key \"points\""),
        (br#"{"boot":-1,"seq":1,"points":{}}"#, "boot id"),
        (br#"{"boot":1,"seq":-1,"points":{}}"#, "-1"),
        (br#"{"boot":1,"seq":1,"seq":1,"points":{}}"#, "\"seq\" twice"),
        (br#"{"boot":1,"seq":1,"t":"now","points":{}}"#, "\"now\""),
        (br#"{"boot":1,"seq":1,"points":{"a":1,"a":2}}"#, "\"a\" twice"),
        (br#"{"boot":1,"seq":1,"points":{"a":"high"}}"#, "a number, a boolean or null"),
        (br#"{"boot":1,"seq":1,"points":{"a":{"value":{}}}}"#, "a number, a boolean or null"),
        (br#"{"boot":1,"seq":1,"points":{"":1}}"#, "empty field name"),
        (br#"{"boot":1,"seq":1,"points":{}} x"#, "trailing"),
        (&[0xA0], "missing key \"boot\""),
        (&[0xA1, 0x64, b'b', b'o', b'o', b't', 0x20], "at byte 6"),
        (&[0xBF], "end of input"),
    ];
    for (bytes, part) in cases {
        let error = decode(bytes).unwrap_err().to_string();
        assert!(error.contains(part), "{bytes:02X?}: {error:?} lacks {part:?}");
    }
}

#[test]
fn limits_hold() {
    let deep = |n: usize| {
        let (open, close) = ("[".repeat(n), "]".repeat(n));
        format!(r#"{{"x":{open}{close},"boot":1,"seq":1,"points":{{}}}}"#)
    };
    assert!(decode(deep(NESTING_MAX - 1).as_bytes()).is_ok());
    assert_eq!(decode(deep(NESTING_MAX).as_bytes()), Err(DecodeError::TooDeep));
    let quoted = br#"{"x":"[[[[[[[[[\"[[[[[","boot":1,"seq":1,"points":{}}"#;
    assert!(decode(quoted).is_ok(), "brackets in a text are text");

    let mut cbor = vec![0xA1, 0x61, b'x'];
    cbor.extend([0x81; 60_000]);
    assert_eq!(decode(&cbor), Err(DecodeError::TooDeep));

    let message = |n: usize| Telemetry {
        fields: (0..n).map(|i| field(&i.to_string(), Scalar::Null, None)).collect(),
        ..example()
    };
    assert!(decode(&encode_cbor(&message(FIELDS_MAX))).is_ok());
    for encode in [encode_cbor, encode_json] {
        let error = decode(&encode(&message(FIELDS_MAX + 1))).unwrap_err().to_string();
        assert!(error.contains("more than 1024 fields"), "{error}");
    }
    let long = Telemetry { boot: Boot::Text("b".repeat(TEXT_MAX + 1)), ..example() };
    assert!(decode(&encode_cbor(&long)).is_err() && decode(&encode_json(&long)).is_err());
    let too_long = DecodeError::TooLong { bytes: BYTES_MAX + 1 };
    assert_eq!(decode(&[b' '; BYTES_MAX + 1]), Err(too_long));
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Boolean),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Scalar::Number),
        any::<f32>()
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(|n| Scalar::Number(n.into())),
        any::<i32>().prop_map(|n| Scalar::Number(n.into())),
        (-1000..1000).prop_map(|n| Scalar::Number(f64::from(n) / 100.0)),
    ]
}

fn telemetry() -> impl Strategy<Value = Telemetry> {
    let boot = prop_oneof![any::<u64>().prop_map(Boot::Number), ".{0,16}".prop_map(Boot::Text)];
    let content = (scalar(), prop::option::of("[a-z:_\"\\\\余]{0,20}"));
    let fields = prop::collection::btree_map(".{1,16}", content, 0..20);
    (boot, any::<u64>(), any::<Option<i64>>(), fields).prop_map(|(boot, seq, t, fields)| {
        let fields = fields.into_iter();
        let fields = fields.map(|(name, (value, quality))| Field { name, value, quality });
        Telemetry { boot, seq, t, fields: fields.collect() }
    })
}

proptest! {
    #[test]
    fn a_message_survives_either_way(telemetry in telemetry()) {
        prop_assert_eq!(decode(&encode_cbor(&telemetry)), Ok(telemetry.clone()));
        prop_assert_eq!(decode(&encode_json(&telemetry)), Ok(telemetry));
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), first in 0u8..3) {
        let mut bytes = bytes;
        bytes.insert(0, [0xBF, b'{', 0xA4][usize::from(first)]);
        let _ = decode(&bytes);
    }

    #[test]
    fn a_damaged_message_does_no_harm(
        telemetry in telemetry(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        for mut bytes in [encode_cbor(&telemetry), encode_json(&telemetry)] {
            let cut = at.index(bytes.len());
            prop_assert!(decode(&bytes[..cut]).is_err(), "a part is not the whole");
            bytes[cut] = byte;
            let _ = decode(&bytes);
        }
    }
}
