//! Topics, formats, fields.

use super::*;
use crate::{FieldSource, MessageFormat, TimeForm};

fn text(access: &str, fields: &[&str]) -> String {
    let head = HEAD.replace("modbus = {}", access);
    let point = |(nth, field): (usize, &&str)| {
        format!("{}field = {field}\n", POINT.replace("id = \"a\"", &format!("id = \"p{nth}\"")))
    };
    head + &fields.iter().enumerate().map(point).collect::<String>()
}

fn parsed(access: &str, fields: &[&str]) -> (crate::MqttAccess, Vec<FieldSource>) {
    let profile = Profile::parse(&text(access, fields)).unwrap_or_else(|e| panic!("{access}: {e}"));
    let Access::Mqtt(access) = profile.access else { panic!() };
    let field = |point: crate::PointDef| match point.source {
        Source::Field(field) => field,
        Source::Register(_) => panic!(),
    };
    (access, profile.points.into_iter().map(field).collect())
}

#[test]
fn every_format_is_read() {
    let (weir, fields) = parsed("mqtt = {}", &["\"ph\"", "{ name = \"t\", scale = 0.1 }"]);
    assert_eq!(
        (weir.format, weir.topic.as_str()),
        (MessageFormat::Weir, "weir/v1/{site}/{device}/telemetry")
    );
    assert_eq!(
        fields,
        [FieldSource::named("ph"), FieldSource { scale: 0.1, ..FieldSource::named("t") }]
    );

    let access = "mqtt = { topic = \"plant/+/{address}/#\", format = \"json\", time = \"$.ts\", time_form = \"rfc3339\" }";
    let path = "$.sensors[?@.type=='ph'].value";
    let all = format!(
        "{{ path = \"{path}\", topic = \"{{device}}/x\", scale = 0.1, offset = -4, sentinels = [-9999, 0.5] }}"
    );
    let (json, fields) = parsed(access, &["\"$.a['b c'][0]\"", &all]);
    let format = MessageFormat::Json { time: Some("$.ts".into()), time_form: TimeForm::Rfc3339 };
    assert_eq!((json.format, json.topic.as_str()), (format, "plant/+/{address}/#"));
    assert_eq!(fields[0], FieldSource::named("$.a['b c'][0]"));
    assert_eq!(fields[1].topic.as_deref(), Some("{device}/x"));
    assert_eq!(
        (fields[1].scale, fields[1].offset, &fields[1].sentinels[..]),
        (0.1, -4.0, &[-9999.0, 0.5][..])
    );

    let (plain, fields) =
        parsed("mqtt = { format = \"plain\" }", &["{ topic = \"{address}/ph\" }"]);
    assert_eq!((plain.format, plain.topic.as_str()), (MessageFormat::Plain, ""));
    assert_eq!((fields[0].name.as_str(), fields[0].topic.as_deref()), ("", Some("{address}/ph")));

    let (sparkplug, fields) = parsed("mqtt = { format = \"sparkplug\" }", &["\"Sensor/pH\""]);
    assert_eq!(
        (sparkplug.format, fields[0].name.as_str()),
        (MessageFormat::Sparkplug, "Sensor/pH")
    );
}

#[test]
fn fields_are_checked() {
    let (weir, json) = ("mqtt = {}", "mqtt = { format = \"json\" }");
    let (plain, sparkplug) = ("mqtt = { format = \"plain\" }", "mqtt = { format = \"sparkplug\" }");
    let deep = format!("\"$[?{}@.a{}]\"", "(".repeat(100), ")".repeat(100));
    let long = format!("\"$.{}\"", "a".repeat(600));
    for (access, field, expected) in [
        (weir, "{ path = \"$.a\", name = \"a\" }", "a field of this format has no `path`"),
        (weir, "{ scale = 2 }", "missing key `name`"),
        (weir, "{ name = \"a\", scale = 0 }", "makes every value 0"),
        (weir, "{ name = \"a\", factor = 2 }", "unknown key `factor`"),
        (weir, "3", "expected a table, found a whole number"),
        (weir, "{ name = \"a\", topic = \"x\" }", "put {device} or {address} into it"),
        (json, "\"ph\"", "\"ph\" is no path in JSON (a path begins with $, as in \"$.ph\")"),
        (json, "\"$.a[\"", "not a path in JSON by RFC 9535, after \"$.a"),
        (json, "{ path = \"$.a..\" }", "not a path in JSON by RFC 9535"),
        (json, "{ topic = \"{device}\" }", "missing key `path`"),
        (json, &deep, "too long or too deep"),
        (json, &long, "too long or too deep"),
        (plain, "\"ph\"", "a plain value has no name, but a topic"),
        (plain, "{ scale = 2 }", "missing key `topic`"),
        (plain, "{ topic = \"{device}/a\", name = \"a\" }", "has no `name`"),
        (
            sparkplug,
            "{ name = \"a\", topic = \"{device}\" }",
            "a metric of Sparkplug has no `topic`",
        ),
    ] {
        let found = faults(&text(access, &[field]));
        assert_eq!(found.len(), 1, "{access} {field}: {found:?}");
        assert!(found[0].contains(expected), "{access} {field}: {found:?}");
    }
    let info = "[[info]]\nid = \"i\"\nname = \"I\"\nregister = { table = \"coil\", address = 0 }\n";
    let found = faults(&(text(weir, &["\"a\""]) + info));
    assert!(found[0].contains("only a device on Modbus is asked for [[info]]"), "{found:?}");
}

#[test]
fn two_points_share_no_field() {
    let json = "mqtt = { format = \"json\" }";
    let clash = |fields: &[&str]| faults(&text(json, fields));
    let same = clash(&["\"$.a\"", "{ path = \"$.a\", scale = 2 }"]);
    assert!(
        same.len() == 1 && same[0].contains("another point is read from the same place"),
        "{same:?}"
    );
    assert!(clash(&["\"$.a\"", "{ path = \"$.a\", topic = \"{device}/b\" }"]).is_empty());
}

#[test]
fn states_stand_with_fields_too() {
    let states = "states = [{ value = 0, name = \"Off\", word = \"OFF\" }, { value = 1, name = \"On\", word = \"ON\" }]\n";
    let profile = Profile::parse(&(text("mqtt = {}", &["\"a\""]) + states)).unwrap();
    let words: Vec<_> =
        profile.points[0].states.iter().map(|s| (s.value, s.word.as_deref())).collect();
    assert_eq!(words, [(0.0, Some("OFF")), (1.0, Some("ON"))]);
}
