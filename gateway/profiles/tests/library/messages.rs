//! Messages as the devices publish them, and what the models' paths find in them.

use serde_json::Value as Json;
use serde_json_path::JsonPath;
use weir_profiles::{Access, MessageFormat, Source, builtin_profiles, lookup};

/// A model, a message (from the source that the model names, where it has one), and what its points
/// read: the number after scale and offset, or the word.
type Example = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const MESSAGES: &[Example] = &[
    (
        "tasmota-ds18b20",
        r#"{"Time":"2017-02-16T10:13:52", "DS18B20":{"Temperature":20.6}}"#,
        &[("chamber_temperature", "20.6")],
    ),
    (
        "tasmota-plug",
        r#"{"Time":"2018-01-17T18:59:50","ENERGY":{"Total":1.956,"Yesterday":0.054,"Today":0.049,
            "Period":0,"Power":9,"Factor":0.43,"Voltage":231,"Current":0.089}}"#,
        &[("power", "9"), ("voltage", "231"), ("current", "0.089"), ("energy_total", "1.956")],
    ),
    (
        "shelly-gen2-plug",
        r#"{"id":0, "source":"WS_in", "output":false, "apower":0.0, "voltage":123.3,
            "current":0.000, "aenergy":{"total":500.0,"by_minute":[0.000,0.000,0.000],
            "minute_ts":1680536525},"temperature":{"tC":44.4, "tF":112.0}}"#,
        &[
            ("power", "0"),
            ("voltage", "123.3"),
            ("energy_total", "0.5"),
            ("device_temperature", "44.4"),
            ("switched_on", "false"),
        ],
    ),
    (
        "zigbee2mqtt-door-contact",
        r#"{"battery":100,"contact":false,"linkquality":128,"voltage":3045}"#,
        &[("door_open", "false"), ("battery", "100"), ("link_quality", "128")],
    ),
    (
        "zigbee2mqtt-climate",
        r#"{"battery":97,"humidity":41.5,"linkquality":90,"pressure":1013,"temperature":22.25}"#,
        &[("temperature", "22.25"), ("humidity", "41.5"), ("pressure", "101.3")],
    ),
    (
        "generic-dishwasher",
        r#"{"ts":"2026-03-01T08:00:00+08:00","cycle":{"phase":"rinse"},"door":false,
            "probes":[{"name":"wash","celsius":61.5},{"name":"rinse","celsius":84}]}"#,
        &[
            ("phase", "rinse"),
            ("chamber_temperature", "84"),
            ("wash_temperature", "61.5"),
            ("door_open", "false"),
        ],
    ),
    (
        "generic-rfid-linen-reader",
        r#"{"at":1772323200,"direction":"out","pieces":42,"missed_ratio":0.015,
            "totals":{"out":1042,"in":998}}"#,
        &[
            ("direction", "out"),
            ("pieces", "42"),
            ("pieces_out_total", "1042"),
            ("unread_share", "1.5"),
        ],
    ),
];

#[test]
fn the_paths_find_their_values() {
    let profiles = builtin_profiles();
    for (id, message, points) in MESSAGES {
        let profile = lookup(&profiles, id).unwrap();
        let message: Json = serde_json::from_str(message).unwrap();
        for (point, wanted) in *points {
            let def = profile.points.iter().find(|def| def.id.as_str() == *point).unwrap();
            let Source::Field(field) = &def.source else { panic!("{id} publishes") };
            let path = JsonPath::parse(&field.name).unwrap();
            let found = match path.query(&message).exactly_one().unwrap() {
                Json::Number(raw) => {
                    let number = raw.as_f64().unwrap() * field.scale + field.offset;
                    // To nine digits: what is tested is the path, not the arithmetic.
                    ((number * 1e9).round() / 1e9).to_string()
                }
                Json::String(word) => {
                    let state = def.states.iter().find(|state| state.word.as_ref() == Some(word));
                    assert!(state.is_some(), "{id}.{point}: no state is called {word}");
                    word.clone()
                }
                other => other.to_string(),
            };
            assert_eq!(found, *wanted, "{id}.{point}");
        }
        let Access::Mqtt(access) = &profile.access else { panic!("{id} publishes") };
        if let MessageFormat::Json { time: Some(time), .. } = &access.format {
            JsonPath::parse(time).unwrap().query(&message).exactly_one().unwrap();
        }
    }
}

#[test]
fn every_json_model_has_its_message_here() {
    let json = builtin_profiles().into_iter().filter(|profile| {
        matches!(&profile.access, Access::Mqtt(access)
            if matches!(access.format, MessageFormat::Json { .. }))
    });
    for profile in json {
        let has_one = MESSAGES.iter().any(|(id, ..)| *id == profile.id.as_str());
        assert!(has_one, "{} has no message", profile.id);
    }
}
