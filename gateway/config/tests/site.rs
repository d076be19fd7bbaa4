//! What a good file becomes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use weir_config::{
    FacilityKind, Library, MqttVersion, Secret, SinkKind, Site, Transport, area_facts, render,
};
use weir_domain::Unit;
use weir_profiles::{Access, MessageFormat, MqttAccess, Profile};

const WHOLE: &str = include_str!("whole-site.toml");

fn whole() -> Site {
    match Site::parse(WHOLE, &Library::builtin()) {
        Ok(checked) => checked.site,
        Err(error) => panic!("{}", render(&error, "whole-site.toml", WHOLE)),
    }
}

#[test]
fn areas_keep_what_the_file_says() {
    let site = whole();
    assert_eq!((site.id.as_str(), site.time_zone_name.as_str()), ("demo", "Asia/Shanghai"));
    assert_eq!(site.time_zone.iana_name(), Some("Asia/Shanghai"));
    let kinds: Vec<_> = site.areas.iter().map(|area| area.kind).collect();
    let expected = [
        FacilityKind::HospitalWastewater,
        FacilityKind::Pool,
        FacilityKind::Lodging,
        FacilityKind::Radiation,
    ];
    assert_eq!(kinds, expected, "the first has the site's kind");
    assert_eq!(site.areas[0].contact_tank_m3, Some(14.0));
    assert_eq!(site.areas[1].name.zh, "Pool", "one text serves both languages");
    assert_eq!(site.areas[2].name.zh, "lodging", "a name left out is the id");
    let packs: Vec<_> =
        site.areas.iter().flat_map(|area| &area.packs).map(|p| p.id.as_str()).collect();
    assert_eq!(packs, ["gb18466-2005", "gb37488-2019", "lodging-cups", "gbz130-2020"]);
    let pool = &site.areas[1];
    assert_eq!(pool.opening_hours.len(), 2);
    let at = |text: &str| pool.schedule.is_open(text.parse().unwrap());
    assert!(at("2026-11-23T21:00") && !at("2026-11-22T21:00"), "Monday and Sunday evening");
}

#[test]
fn links_and_devices_are_resolved() {
    let site = whole();
    let shown: Vec<_> = site.links.iter().map(|link| link.transport.to_string()).collect();
    let expected = [
        "modbus rtu /dev/ttyUSB0 9600 8N1",
        "modbus tcp 192.168.1.20:502",
        "modbus tcp rad-gw.local:502",
        "modbus rtu over tcp over tls 10.0.0.7:4001 10.0.0.8:4001 [fe80::8]:4001 spare.local:4001",
        "modbus tcp over tls 10.0.1.7:802 10.0.1.8:802",
        "modbus rtu over tcp dialled in on 0.0.0.0:5020",
        "modbus rtu over tcp dialled in on 0.0.0.0:5020",
        "http",
        "http",
        "mqtt 127.0.0.1:1883",
        "mqtt 127.0.0.1:1883",
        "mqtt mqtt.example:8883",
    ];
    assert_eq!(shown, expected);
    assert_eq!(site.links[3].request_gap, Duration::from_millis(20));
    let Transport::ModbusTcp { tls: Some(tls), .. } = &site.links[3].transport else { panic!() };
    assert_eq!(tls.identity, Some((PathBuf::from("weir.pem"), PathBuf::from("weir.key"))));
    let packets: Vec<_> = site.links[5..7]
        .iter()
        .map(|link| match &link.transport {
            Transport::ModbusDialIn { registration, heartbeat, .. } => {
                (registration.as_slice(), heartbeat.as_deref())
            }
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(packets[0], (&b"YKC0001"[..], Some(&b"PING"[..])));
    assert_eq!(packets[1], (&[0x86, 1, 2][..], Some(&[0xFE][..])));
    let Transport::Mqtt(mqtt) = &site.links[10].transport else { panic!() };
    assert_eq!(mqtt.client_id, "weir-demo-broker-2");
    assert_eq!(mqtt.password, Some(Secret::Env("MQTT_2".into())));
    let Transport::Mqtt(mqtt) = &site.links[11].transport else { panic!() };
    assert_eq!((mqtt.version, mqtt.share.as_deref()), (MqttVersion::V5, Some("weir")));
    assert_eq!(mqtt.keep_alive, Duration::from_secs(60));
    let cabinet = site.device(&"cabinet-3".parse().unwrap()).unwrap();
    assert_eq!(cabinet.address.as_deref(), Some("cabinet-3"));

    let cod = site.device(&"cod-1".parse().unwrap()).unwrap();
    assert_eq!((cod.unit_id, cod.scan_interval), (Some(2), Duration::from_secs(60)));
    assert_eq!(cod.stale_after, Duration::from_secs(180), "three intervals");
    let trc = site.device(&"trc-1".parse().unwrap()).unwrap();
    assert_eq!(trc.stale_after, Duration::from_secs(90), "but not before 90 s");
    assert_eq!(trc.profile.id.as_str(), "generic-residual-chlorine");
    assert_eq!(site.link(&trc.link).unwrap().timeout, Duration::from_millis(800));
    let cabinet = site.device(&"cabinet-1".parse().unwrap()).unwrap();
    assert_eq!(cabinet.unit_id, None);
}

#[test]
fn sinks_keep_their_secrets_where_they_are() {
    let site = whole();
    let SinkKind::Influx { url, token, .. } = &site.sinks[1].kind else { panic!() };
    assert_eq!(url, "http://127.0.0.1:8086");
    assert_eq!(*token, Some(Secret::File(PathBuf::from("/etc/weir/token"))));
    let SinkKind::Webhook { secret, .. } = &site.sinks[3].kind else { panic!() };
    assert_eq!(secret.to_string(), "environment variable WEIR_ARCHIVE");
}

#[test]
fn an_area_knows_the_points_of_its_devices() {
    let site = whole();
    let facts = area_facts(&site, &site.areas[0]);
    let points: Vec<_> = facts.points.iter().map(|point| point.id.to_string()).collect();
    let expected = [
        "trc-1.total_residual_chlorine",
        "trc-1.temperature",
        "trc-2.total_residual_chlorine",
        "trc-2.temperature",
        "ph-1.ph",
        "ph-1.temperature",
        "flow-1.flow",
        "flow-1.volume_total",
        "cod-1.cod",
    ];
    assert_eq!(points, expected);
    assert_eq!(facts.points[0].role.as_str(), "contact_tank_outlet");
    assert_eq!(
        facts.points[1].role.as_str(),
        "contact_tank_outlet",
        "the role holds for all points"
    );
    assert_eq!(facts.points[0].unit, Unit::MilligramPerLitre);
    assert_eq!(facts.points[8].max_gap, Duration::from_secs(180));
    assert_eq!(facts.class.as_ref().unwrap().as_str(), "general_direct");
}

#[test]
fn a_large_site_is_read_in_a_moment() {
    let mut text = String::from(
        "[site]\nid = \"s\"\nkind = \"pool\"\ntime_zone = \"UTC\"\n[[area]]\nid = \"a\"\n",
    );
    for link in 0..10 {
        text += &format!(
            "[[link]]\nid = \"l{link}\"\ntransport = {{ modbus_tcp = {{ host = \"h{link}\" }} }}\n"
        );
        for unit in 1..=190 {
            text += &format!(
                "[[device]]\nid = \"d{link}-{unit}\"\nprofile = \"generic-ph\"\nlink = \"l{link}\"\n\
                 unit_id = {unit}\narea = \"a\"\nrole = \"r\"\n"
            );
        }
    }
    let site = Site::parse(&text, &Library::builtin()).unwrap().site;
    assert_eq!(site.devices.len(), 1_900);
    let broken = text.replace("generic-ph", "generic-hp");
    let reasons = Site::parse(&broken, &Library::builtin()).unwrap_err().reasons;
    assert_eq!(reasons.len(), 500, "the list of reasons is bounded");
}

#[test]
fn reasons_say_where_in_the_file_and_in_the_form() {
    let text = WHOLE
        .replace("profile = \"generic-ph\"", "profile = \"generic-hp\"")
        .replace("client_id", "clientid")
        .replace("sat,sun 08:00-20:00", "sat,sun 8-20");
    let error = Site::parse(&text, &Library::builtin()).unwrap_err();
    let places: Vec<_> =
        error.reasons.iter().map(|r| (r.line, r.column, r.length, r.path.as_str())).collect();
    let line = |what: &str| text.lines().position(|line| line.contains(what)).unwrap() + 1;
    let expected = [
        (line("sat,sun"), 41, 14, "area[1].opening_hours[1]"),
        (line("clientid"), 1, 8, "link[9].transport.mqtt.clientid"),
        (line("generic-hp"), 11, 12, "device[2].profile"),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_pack_that_contradicts_the_area_is_a_fault() {
    let (_, text) = weir_profiles::builtin()
        .iter()
        .find(|(file, _)| *file == "generic-residual-chlorine.toml")
        .unwrap();
    let other_unit = Profile::parse(&text.replace("\"mg/L\"", "\"%\"")).unwrap();
    let mut library = Library::builtin();
    library.profiles.retain(|profile| profile.id != other_unit.id);
    library.profiles.push(Arc::new(other_unit));
    let error = Site::parse(WHOLE, &library).unwrap_err();
    let reason = &error.reasons[0];
    assert_eq!(reason.path, "area[0].packs[0]");
    assert!(reason.problem.contains("trc-1.total_residual_chlorine is in %"), "{reason}");
}

/// A library in which the cabinet publishes in another way.
fn library_with(topic: &str, format: MessageFormat) -> Library {
    let mut library = Library::builtin();
    let cabinet = "generic-disinfection-cabinet";
    let at = library.profiles.iter().position(|p| p.id.as_str() == cabinet);
    let at = at.expect("the cabinet comes with the gateway");
    let mut profile = Profile::clone(&library.profiles[at]);
    profile.access =
        Access::Mqtt(MqttAccess { topic: topic.to_owned(), format, occasional: false });
    library.profiles[at] = Arc::new(profile);
    library
}

/// Two cabinets on one link; their own lines are given.
fn two_cabinets(link: &str, first: &str, second: &str) -> String {
    let device = |id: &str, own: &str| {
        format!(
            "[[device]]\nid = \"{id}\"\nprofile = \"generic-disinfection-cabinet\"\nlink = \"l\"\n\
             area = \"a\"\nrole = \"cup_disinfection\"\n{own}\n"
        )
    };
    let head =
        "[site]\nid = \"s\"\nkind = \"lodging\"\ntime_zone = \"UTC\"\n[[area]]\nid = \"a\"\n";
    let link = format!("[[link]]\nid = \"l\"\ntransport = {{ {link} }}\n");
    format!("{head}{link}{}{}", device("c1", first), device("c2", second))
}

#[test]
fn devices_that_publish_are_called_what_their_profile_calls_for() {
    const BROKER: &str = "mqtt = { host = \"h\" }";
    const SHARED: &str = "mqtt = { host = \"h\", version = \"5\", share = \"g\" }";
    const POSTS: &str = "http = { token = { env = \"T\" } }";
    let (sparkplug, plain) = (MessageFormat::Sparkplug, MessageFormat::Plain);
    let json = MessageFormat::Json { time: None, time_form: weir_profiles::TimeForm::Seconds };
    let (c1, c2) = ("address = \"g/e/c1\"", "address = \"g/e/c2\"");
    let by_address = "plant/{address}";
    for (topic, format, link, own, faults) in [
        ("", &sparkplug, BROKER, (c1, c2), &[][..]),
        ("", &sparkplug, BROKER, ("address = \"g/e\"", c2), &[]),
        ("", &sparkplug, BROKER, ("", c2), &["missing key `address`"]),
        ("", &sparkplug, BROKER, ("address = \"g\"", c2), &["names no edge node"]),
        ("", &sparkplug, BROKER, ("address = \"g/e/d/x\"", c2), &["names no edge node"]),
        ("", &sparkplug, BROKER, (c1, c1), &["hears the same messages"]),
        ("", &sparkplug, SHARED, (c1, c2), &["counts its messages"; 2]),
        ("", &sparkplug, POSTS, (c1, c2), &["MQTT only"; 2]),
        (by_address, &plain, POSTS, (c1, c2), &["MQTT only"; 2]),
        (by_address, &json, POSTS, (c1, c1), &[]),
        (by_address, &json, BROKER, (c1, c2), &[]),
        (by_address, &json, BROKER, ("", ""), &[]),
        (by_address, &json, BROKER, (c1, c1), &["hears the same messages"]),
        ("plant/all", &json, BROKER, ("", ""), &["hears the same messages"]),
        ("plant/{device}", &json, BROKER, ("", ""), &[]),
        ("plant/{device}", &json, BROKER, ("unit_id = 1", ""), &["has no unit id"]),
    ] {
        let text = two_cabinets(link, own.0, own.1);
        let problems: Vec<String> = match Site::parse(&text, &library_with(topic, format.clone())) {
            Ok(_) => Vec::new(),
            Err(error) => error.reasons.into_iter().map(|reason| reason.problem).collect(),
        };
        let as_expected = problems.len() == faults.len()
            && problems.iter().zip(faults).all(|(problem, fault)| problem.contains(fault));
        assert!(as_expected, "{topic} {format:?} {link} {own:?}: {problems:?}");
    }
}

#[test]
fn what_speaks_on_occasion_is_not_stale_for_being_silent() {
    let mut library = Library::builtin();
    let profile = r#"
[profile]
id = "hand-tests"
name = "Tests by hand"
source = "generic: for this test"
mqtt = { occasional = true }
[[point]]
id = "dpd"
name = "DPD"
parameter = "free_chlorine_manual"
unit = "mg/L"
field = "dpd"
"#;
    library.profiles.push(Arc::new(weir_profiles::Profile::parse(profile).unwrap()));
    let text = r#"
[site]
id = "pool"
kind = "pool"
time_zone = "UTC"
[[area]]
id = "pool"
packs = ["gb37488-2019"]
[[link]]
id = "broker"
transport = { mqtt = { host = "localhost" } }
[[device]]
id = "kit"
profile = "hand-tests"
link = "broker"
area = "pool"
role = "pool_water"
"#;
    let site = Site::parse(text, &library).unwrap().site;
    let facts = weir_config::area_facts(&site, &site.areas[0]);
    assert!(facts.points[0].occasional && facts.points[0].max_gap.as_secs() == 400 * 86_400);
    let system = library.packs.iter().find(|pack| pack.id.as_str() == "weir-system").unwrap();
    assert!(weir_compliance::bind(system, &facts).0.is_empty());
}

/// The whole site with a pack of facts for its pool.
fn with_facts(facts: &str) -> (Library, String) {
    let pack = include_str!("../../compliance/packs/gb37488-2019.toml").replacen(
        "\n[[requirement]]",
        "\n[[fact]]\nid = \"volume\"\nname = { zh = \"水量\", en = \"Volume\" }\nunit = \"m³\"\n\n[[requirement]]",
        1,
    );
    let mut library = Library::builtin();
    library.packs.retain(|known| known.id.as_str() != "gb37488-2019");
    library.packs.push(Arc::new(weir_compliance::Pack::parse(&pack).unwrap()));
    (library, WHOLE.replace("facts = {}", facts))
}

#[test]
fn facts_are_asked_for_by_packs() {
    let (library, text) = with_facts("facts = { volume = 480 }");
    let site = Site::parse(&text, &library).unwrap().site;
    assert_eq!(area_facts(&site, &site.areas[0]).facts["contact_tank_m3"], 14.0);
    assert_eq!(area_facts(&site, &site.areas[1]).facts["volume"], 480.0);
    for (facts, fault) in [
        ("facts = { volum = 480 }", "unknown fact \"volum\""),
        ("facts = { volume = \"big\" }", "expected"),
        ("facts = [480]", "expected a table of numbers"),
    ] {
        let (library, text) = with_facts(facts);
        let error = Site::parse(&text, &library).unwrap_err();
        assert_eq!(error.reasons.len(), 1, "{error}");
        assert!(error.reasons[0].problem.contains(fault), "{error}");
    }
}
