//! A good site file, damaged one byte at a time: never a panic, and never is a key accepted that
//! nobody knows.

use proptest::prelude::*;
use std::sync::LazyLock;
use weir_config::{Library, Site, render, render_warnings};

const GOOD: &str = include_str!("whole-site.toml");

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);

/// Every key there is, written down a second time: `*` stands for an item of a list.
const KEYS: &[&str] = &[
    "site",
    "site.id",
    "site.name",
    "site.name.zh",
    "site.name.en",
    "site.kind",
    "site.time_zone",
    "area",
    "area.*.id",
    "area.*.name",
    "area.*.name.zh",
    "area.*.name.en",
    "area.*.kind",
    "area.*.class",
    "area.*.packs",
    "area.*.contact_tank_m3",
    "area.*.opening_hours",
    "area.*.facts",
    "link",
    "link.*.id",
    "link.*.transport",
    "link.*.transport.modbus_tcp",
    "link.*.transport.modbus_tcp.host",
    "link.*.transport.modbus_tcp.port",
    "link.*.transport.modbus_tcp.backup",
    "link.*.transport.modbus_tcp.tls",
    "link.*.transport.modbus_tcp.tls.ca",
    "link.*.transport.modbus_tcp.tls.cert",
    "link.*.transport.modbus_tcp.tls.key",
    "link.*.transport.modbus_tcp.tls.server_name",
    "link.*.transport.modbus_rtu_over_tcp",
    "link.*.transport.modbus_rtu_over_tcp.host",
    "link.*.transport.modbus_rtu_over_tcp.port",
    "link.*.transport.modbus_rtu_over_tcp.backup",
    "link.*.transport.modbus_rtu_over_tcp.tls",
    "link.*.transport.modbus_rtu_over_tcp.tls.ca",
    "link.*.transport.modbus_rtu_over_tcp.tls.cert",
    "link.*.transport.modbus_rtu_over_tcp.tls.key",
    "link.*.transport.modbus_rtu_over_tcp.tls.server_name",
    "link.*.transport.modbus_dial_in",
    "link.*.transport.modbus_dial_in.listen",
    "link.*.transport.modbus_dial_in.registration",
    "link.*.transport.modbus_dial_in.registration.hex",
    "link.*.transport.modbus_dial_in.heartbeat",
    "link.*.transport.modbus_dial_in.heartbeat.hex",
    "link.*.transport.modbus_dial_in.framing",
    "link.*.transport.modbus_rtu",
    "link.*.transport.modbus_rtu.port",
    "link.*.transport.modbus_rtu.baud",
    "link.*.transport.modbus_rtu.parity",
    "link.*.transport.modbus_rtu.stop_bits",
    "link.*.transport.modbus_rtu.data_bits",
    "link.*.transport.mqtt",
    "link.*.transport.mqtt.host",
    "link.*.transport.mqtt.port",
    "link.*.transport.mqtt.client_id",
    "link.*.transport.mqtt.username",
    "link.*.transport.mqtt.password",
    "link.*.transport.mqtt.password.file",
    "link.*.transport.mqtt.password.env",
    "link.*.transport.mqtt.version",
    "link.*.transport.mqtt.tls",
    "link.*.transport.mqtt.tls.ca",
    "link.*.transport.mqtt.tls.cert",
    "link.*.transport.mqtt.tls.key",
    "link.*.transport.mqtt.tls.server_name",
    "link.*.transport.mqtt.share",
    "link.*.transport.mqtt.status_topic",
    "link.*.transport.mqtt.keep_alive_secs",
    "link.*.transport.http",
    "link.*.transport.http.token",
    "link.*.transport.http.token.file",
    "link.*.transport.http.token.env",
    "link.*.timeout_ms",
    "link.*.request_gap_ms",
    "device",
    "device.*.id",
    "device.*.name",
    "device.*.name.zh",
    "device.*.name.en",
    "device.*.profile",
    "device.*.link",
    "device.*.unit_id",
    "device.*.address",
    "device.*.area",
    "device.*.role",
    "device.*.scan_interval_ms",
    "sink",
    "sink.*.id",
    "sink.*.influxdb",
    "sink.*.influxdb.url",
    "sink.*.influxdb.org",
    "sink.*.influxdb.bucket",
    "sink.*.influxdb.token",
    "sink.*.influxdb.token.file",
    "sink.*.influxdb.token.env",
    "sink.*.influxdb.grace_secs",
    "sink.*.webhook",
    "sink.*.webhook.url",
    "sink.*.webhook.secret",
    "sink.*.webhook.secret.file",
    "sink.*.webhook.secret.env",
    "storage",
    "storage.retention_days",
    "storage.commit_interval_ms",
    "web",
    "web.listen",
];

/// The paths of every key in a value.
fn paths(value: &toml::Value, path: &str, into: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                paths(value, &path, into);
                into.push(path);
            }
        }
        toml::Value::Array(items) => {
            items.iter().for_each(|item| paths(item, &format!("{path}.*"), into));
        }
        _ => {}
    }
}

/// What holds of every text, good or damaged.
fn holds(text: &str) {
    match Site::parse(text, &LIBRARY) {
        Ok(checked) => {
            let mut found = Vec::new();
            let table = text.parse().expect("what is accepted is TOML");
            paths(&toml::Value::Table(table), "", &mut found);
            for path in found {
                assert!(KEYS.contains(&path.as_str()), "{path} was accepted in\n{text}");
            }
            render_warnings(&checked.warnings, "site.toml", text);
        }
        Err(error) => {
            assert!(!error.reasons.is_empty());
            let lines = text.split('\n').count();
            for reason in &error.reasons {
                assert!((1..=lines).contains(&reason.line), "{reason}\n{text}");
            }
            assert!(render(&error, "site.toml", text).starts_with("error: "));
        }
    }
}

#[test]
fn the_whole_site_uses_every_key() {
    let mut found = Vec::new();
    paths(&toml::Value::Table(GOOD.parse().unwrap()), "", &mut found);
    for key in KEYS {
        assert!(found.iter().any(|path| path == key), "{key} is not in whole-site.toml");
    }
    if let Err(error) = Site::parse(GOOD, &LIBRARY) {
        panic!("{}", render(&error, "whole-site.toml", GOOD));
    }
}

#[test]
fn any_byte_may_be_missing() {
    for (at, character) in GOOD.char_indices() {
        holds(&format!("{}{}", &GOOD[..at], &GOOD[at + character.len_utf8()..]));
    }
}

#[test]
fn the_file_may_end_anywhere() {
    for (at, _) in GOOD.char_indices() {
        holds(&GOOD[..at]);
    }
}

#[test]
fn a_key_may_be_misspelt_anywhere() {
    let mut count = 0;
    for (at, _) in GOOD.match_indices(" = ") {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !GOOD[..at].ends_with(word) || GOOD[..at].rsplit('\n').next().unwrap().starts_with('#') {
            continue;
        }
        let text = format!("{}x{}", &GOOD[..at], &GOOD[at..]);
        let error = Site::parse(&text, &LIBRARY).expect_err(&text);
        assert!(error.reasons.iter().any(|r| r.problem.starts_with("unknown key `")), "{error}");
        count += 1;
    }
    assert!(count > KEYS.len(), "only {count} keys");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_byte_may_be_another(at in any::<prop::sample::Index>(), with in any::<char>()) {
        let (at, old) = GOOD.char_indices().nth(at.index(GOOD.chars().count())).unwrap();
        holds(&format!("{}{with}{}", &GOOD[..at], &GOOD[at + old.len_utf8()..]));
    }

    #[test]
    fn what_stands_in_toml_may_stand_anywhere(
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec![
            "\"", "'", "[", "]", "[[", "{", "}", "=", ".", ",", "#", "\n", "\\", "-", "0", "1e999",
            "true", "[site]\n", "[[device]]\n", "x = 1\n", "\"\"\"", "\u{0}", "余", "\r",
        ]),
    ) {
        let (at, _) = GOOD.char_indices().nth(at.index(GOOD.chars().count())).unwrap();
        holds(&format!("{}{with}{}", &GOOD[..at], &GOOD[at..]));
    }
}
