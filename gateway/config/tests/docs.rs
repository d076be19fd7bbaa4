//! What the reference of the site file says must be true.

use std::time::Duration;
use weir_config::{
    Framing, Library, MqttVersion, SinkKind, Site, Transport, render, render_warnings,
};

const REFERENCE: &str = include_str!("../../../docs/reference/site-file.md");
const WHOLE: &str = include_str!("whole-site.toml");

/// A site that leaves out whatever it can.
const SPARSE: &str = r#"
[site]
id = "s"
time_zone = "UTC"
[[area]]
id = "a"
kind = "pool"
[[link]]
id = "tcp"
transport = { modbus_tcp = { host = "h" } }
[[link]]
id = "rtu"
transport = { modbus_rtu = { port = "/dev/ttyS0" } }
[[link]]
id = "tls"
transport = { modbus_tcp = { host = "h-2", tls = {} } }
[[link]]
id = "over"
transport = { modbus_rtu_over_tcp = { host = "h-3" } }
[[link]]
id = "dial"
transport = { modbus_dial_in = { listen = "127.0.0.1:5020", registration = "r" } }
[[link]]
id = "mqtt"
transport = { mqtt = { host = "h" } }
[[device]]
id = "d"
profile = "generic-ph"
link = "tcp"
unit_id = 1
area = "a"
role = "r"
[[sink]]
id = "i"
influxdb = { url = "http://h" }
"#;

fn parse(text: &str) -> Site {
    match Site::parse(text, &Library::builtin()) {
        Ok(checked) => checked.site,
        Err(error) => panic!("{}", render(&error, "site.toml", text)),
    }
}

/// The TOML blocks of the reference as one file.
fn example() -> String {
    REFERENCE
        .split("```toml\n")
        .skip(1)
        .map(|block| block.split("```").next().expect("a split has a first part"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The default that the reference gives for a key, in the section or table that begins with `head`.
fn documented(head: &str, key: &str) -> &'static str {
    let start = REFERENCE.find(head).unwrap_or_else(|| panic!("no {head}"));
    let row = REFERENCE[start..].lines().find(|line| line.starts_with(&format!("| `{key}`")));
    let cells: Vec<_> = row.unwrap_or_else(|| panic!("no {key}")).split('|').collect();
    cells[3].trim().trim_matches('`')
}

#[test]
fn the_example_is_a_site() {
    let text = example();
    let site = parse(&text);
    assert_eq!((site.areas.len(), site.links.len(), site.devices.len()), (2, 5, 5));
    assert_eq!(site.sinks.len(), 2);
    let warnings = Site::parse(&text, &Library::builtin()).unwrap().warnings;
    // The example is short, so many a rule is not watched; nothing else may be odd about it.
    for warning in &warnings {
        let unwatched = warning.problem.starts_with("nothing watches ");
        assert!(unwatched, "{}", render_warnings(&warnings, "site.toml", &text));
    }
}

#[test]
fn defaults_are_the_documented_ones() {
    let site = parse(SPARSE);
    let millis = |duration: Duration| duration.as_millis().to_string();
    let days = |duration: Duration| (duration.as_secs() / 86_400).to_string();
    let mut found = vec![
        ("## `[[link]]`", "timeout_ms", millis(site.links[0].timeout)),
        ("## `[[link]]`", "request_gap_ms", millis(site.links[0].request_gap)),
        ("## `[[device]]`", "scan_interval_ms", millis(site.devices[0].scan_interval)),
        ("## `[storage]`", "retention_days", days(site.storage.retention)),
        ("## `[storage]`", "commit_interval_ms", millis(site.storage.commit_interval)),
        ("## `[web]`", "listen", site.web.listen.to_string()),
    ];
    for link in site.links {
        match link.transport {
            Transport::ModbusTcp { endpoints, tls, framing } => {
                let head = match framing {
                    Framing::Rtu => "`modbus_rtu_over_tcp`, for",
                    Framing::Mbap => "`modbus_tcp`, for",
                };
                assert_eq!(endpoints[0].port, if tls.is_some() { 802 } else { 502 });
                found.push((head, "port", "502; 802 with `tls".to_owned()));
            }
            Transport::ModbusRtu { baud, parity, stop_bits, data_bits, .. } => {
                let parity = format!("{parity:?}").to_lowercase();
                found.push(("`modbus_rtu`, for", "baud", baud.to_string()));
                found.push(("`modbus_rtu`, for", "parity", parity));
                found.push(("`modbus_rtu`, for", "stop_bits", stop_bits.to_string()));
                found.push(("`modbus_rtu`, for", "data_bits", data_bits.to_string()));
            }
            Transport::ModbusDialIn { framing, .. } => {
                assert_eq!(framing, Framing::Rtu);
                found.push(("`modbus_dial_in`, for", "framing", "rtu".to_owned()));
            }
            Transport::Http { .. } => {}
            Transport::Mqtt(mqtt) => {
                assert_eq!(mqtt.endpoint.port, 1883);
                found.push(("`mqtt`, for", "port", "1883; 8883 with `tls".to_owned()));
                assert_eq!(mqtt.version, MqttVersion::V3);
                found.push(("`mqtt`, for", "version", "3.1.1".to_owned()));
                let keep_alive = mqtt.keep_alive.as_secs().to_string();
                found.push(("`mqtt`, for", "keep_alive_secs", keep_alive));
                let pattern = mqtt.client_id.replace("weir-s-mqtt", "weir-<site>-<link>");
                found.push(("`mqtt`, for", "client_id", pattern));
            }
        }
    }
    let SinkKind::Influx { org, bucket, grace, .. } = &site.sinks[0].kind else { panic!() };
    found.push(("`influxdb`:", "org", org.clone()));
    found.push(("`influxdb`:", "bucket", bucket.clone()));
    found.push(("`influxdb`:", "grace_secs", grace.as_secs().to_string()));
    for (head, key, value) in found {
        assert_eq!(documented(head, key), value, "{head} {key}");
    }
    assert_eq!(site.devices[0].stale_after, Duration::from_secs(90), "not before 90 s");
}

#[test]
fn every_key_is_documented() {
    for line in WHOLE.lines().filter(|line| !line.starts_with('#')) {
        for piece in line.split(" = ").collect::<Vec<_>>().split_last().map_or(&[][..], |(_, p)| p)
        {
            let key = piece.rsplit([' ', '{', '(']).next().unwrap().trim();
            let documented = ["zh", "en", "file", "env", "hex"].contains(&key)
                || REFERENCE.contains(&format!("| `{key}` |"))
                || REFERENCE.contains(&format!("\n`{key}`"));
            assert!(documented, "`{key}` is not in the reference");
        }
    }
}

#[test]
fn bounds_are_the_documented_ones() {
    let rows = REFERENCE.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let (least, most) = cells.get(2)?.split_once(" to ")?;
        let key = cells.get(1)?.trim_matches('`');
        Some((key, least.parse::<i64>().ok()?, most.parse::<i64>().ok()?))
    });
    let mut count = 0;
    for (key, least, most) in rows {
        for (value, fits) in [(least, true), (most, true), (least - 1, false), (most + 1, false)] {
            let text = with(key, value);
            let refused = match Site::parse(&text, &Library::builtin()) {
                Ok(_) => false,
                Err(error) => error.reasons.iter().any(|reason| reason.path.ends_with(key)),
            };
            // Beyond 247 a unit id may still be the device itself; 0 likewise.
            let fits = fits || (key == "unit_id" && value == 0);
            assert_eq!(!refused, fits, "{key} = {value}");
        }
        count += 1;
    }
    assert!(count >= 8, "only {count} rows with bounds");
}

/// The sparse site with one key set wherever it belongs.
fn with(key: &str, value: i64) -> String {
    match key {
        "timeout_ms" | "request_gap_ms" => {
            SPARSE.replace("id = \"tcp\"", &format!("id = \"tcp\"\n{key} = {value}"))
        }
        "keep_alive_secs" => SPARSE.replace("mqtt = { ", &format!("mqtt = {{ {key} = {value}, ")),
        "port" => SPARSE.replace("modbus_tcp = { ", &format!("modbus_tcp = {{ {key} = {value}, ")),
        "baud" => SPARSE.replace("modbus_rtu = { ", &format!("modbus_rtu = {{ {key} = {value}, ")),
        "unit_id" => SPARSE.replace("unit_id = 1", &format!("{key} = {value}")),
        "scan_interval_ms" => {
            SPARSE.replace("unit_id = 1", &format!("unit_id = 1\n{key} = {value}"))
        }
        "grace_secs" => {
            SPARSE.replace("influxdb = { ", &format!("influxdb = {{ {key} = {value}, "))
        }
        "retention_days" | "commit_interval_ms" => format!("{SPARSE}[storage]\n{key} = {value}\n"),
        "shelve_max_mins" => format!("{SPARSE}[alarms]\n{key} = {value}\n"),
        _ => panic!("where does {key} belong?"),
    }
}
