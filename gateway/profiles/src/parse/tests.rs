//! Every fault of a profile is found, all at once, where it stands.

mod messages;
mod registers;

use crate::{
    Access, DataType, Profile, ProfileError, RegisterKind, Source, WordOrder, builtin,
    builtin_profiles, lookup,
};
use proptest::prelude::*;
use weir_domain::ValueKind;

const HEAD: &str = "[profile]\nid = \"m\"\nname = \"M\"\nsource = \"manual\"\nmodbus = {}\n";
const POINT: &str = "[[point]]\nid = \"a\"\nname = \"A\"\nparameter = \"a\"\nunit = \"1\"\n";

/// A profile with one point that is read from a register.
fn with_register(register: &str) -> String {
    format!("{HEAD}{POINT}register = {{ {register} }}\n")
}

fn faults(text: &str) -> Vec<String> {
    match Profile::parse(text) {
        Ok(_) => Vec::new(),
        Err(ProfileError { reasons }) => reasons
            .iter()
            .map(|r| match &r.hint {
                Some(hint) => format!("{}:{} {}: {} ({hint})", r.line, r.column, r.path, r.problem),
                None => format!("{}:{} {}: {}", r.line, r.column, r.path, r.problem),
            })
            .collect(),
    }
}

#[test]
fn every_fault_is_found_at_once() {
    let text = r#"
[profile]
id = "Model 7"
name = { zh = "型号" }
source = ""
modbus = { registers_max = 126, holemax = 2 }
[[point]]
id = "level"
name = "Level"
parameter = "level"
unit = "m3"
range = [5, 0]
register = { table = "inputs", address = 70000 }
[[point]]
id = "level"
name = 7
parameter = "level"
field = "level"
"#;
    let expected = [
        "3:6 profile.id: 'M' is not allowed in an id; use a-z, 0-9, '-' and '_', starting with a letter or digit",
        "4:8 profile.name.en: missing key `en`",
        "5:10 profile.source: must not be empty",
        "6:28 profile.modbus.registers_max: 126 is not between 1 and 125",
        "6:33 profile.modbus.holemax: unknown key `holemax` (did you mean `hole_max`?)",
        "11:8 point[0].unit: unknown unit \"m3\" (it is written \"m³\")",
        "12:9 point[0].range: a range is a least and a greatest value, in this order (as in [0, 5])",
        "13:22 point[0].register.table: unknown table \"inputs\" (did you mean \"input\"?)",
        "13:42 point[0].register.address: 70000 is not between 0 and 65535",
        "14:1 point[1].unit: missing key `unit`",
        "14:1 point[1].register: missing key `register`",
        "15:6 point[1].id: a second point with the id \"level\" (the first is on line 8)",
        "16:8 point[1].name: expected a text or { zh = \"...\", en = \"...\" }, found a whole number",
        "18:9 point[1].field: a point of a profile with `modbus` has no `field`",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn a_text_that_is_not_toml_has_one_fault() {
    assert_eq!(
        faults("[profile]\nid = "),
        ["2:6 : string values must be quoted, expected literal string"]
    );
    assert_eq!(faults("").len(), 2, "profile and point are missing");
    let long = "#".repeat(crate::form::TEXT_MAX + 1);
    assert_eq!(faults(&long), ["1:1 : longer than 4 MiB"]);
}

#[test]
fn a_unit_of_another_keyboard_is_recognised() {
    let register = "register = { table = \"input\", address = 0, type = \"f32\" }";
    for (written, expected) in [
        ("mg/l", "(it is written \"mg/L\")"),
        ("\u{3bc}Sv/h", "(it is written \"µSv/h\")"),
        ("℃", "(it is written \"°C\")"),
        ("ppm", "unknown unit \"ppm\"; known are 1 mg/L °C"),
    ] {
        let point = POINT.replace("\"1\"", &format!("\"{written}\""));
        let found = faults(&format!("{HEAD}{point}{register}\n"));
        assert!(found.len() == 1 && found[0].contains(expected), "{written}: {found:?}");
    }
}

#[test]
fn heads_are_checked() {
    let point = format!("{POINT}field = \"a\"\n");
    for (access, expected) in [
        ("", "either `modbus` or `mqtt`"),
        ("modbus = {}\nmqtt = {}", "either `modbus` or `mqtt`"),
        ("mqtt = { topic = \"plant/level\" }", "put {device} or {address} into it"),
        ("mqtt = { topic = \"plant/a+/{device}\" }", "not for a part of \"a+\""),
        ("mqtt = { topic = \"#/{device}\" }", "`#` is the last level"),
        ("mqtt = { topic = \"$share/g/{device}\" }", "are the broker's own"),
        ("mqtt = { format = \"xml\" }", "unknown format \"xml\" (use one of: weir, json, "),
        ("mqtt = { time = \"$.t\" }", "a format other than json has no `time`"),
        ("mqtt = { format = \"json\", time_form = \"seconds\" }", "`time_form` without `time`"),
        ("mqtt = { format = \"sparkplug\", topic = \"{device}\" }", "the profile has no `topic`"),
        ("mqtt = { topic = \"{building}/{device}\" }", "'{' may not stand in a topic"),
        ("mqtt = { topic = 3 }", "expected a text in quotes, found a whole number"),
        ("mqtt = { qos = 1 }", "unknown key `qos` (known here: format, time, "),
    ] {
        let point = if access.contains("json") {
            point.replace("field = \"a\"", "field = \"$.a\"")
        } else {
            point.clone()
        };
        let text =
            format!("[profile]\nid = \"m\"\nname = \"M\"\nsource = \"manual\"\n{access}\n{point}");
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{access}: {found:?}");
        assert!(found[0].contains(expected), "{access}: {found:?}");
    }
    let holes = HEAD.replace("{}", "{ registers_max = 4, hole_max = 4 }");
    let register = "register = { table = \"input\", address = 0, type = \"f64\" }\n";
    assert!(faults(&format!("{holes}{POINT}{register}"))[0].contains("a hole must be smaller"));
    let narrow = HEAD.replace("{}", "{ registers_max = 3 }");
    assert!(faults(&format!("{narrow}{POINT}{register}"))[0].contains("does not fit one request"));
}

#[test]
fn defaults_are_the_documented_ones() {
    let profile =
        Profile::parse(&with_register(r#"table = "input", address = 7, type = "f32""#)).unwrap();
    let Access::Modbus(access) = &profile.access else { panic!("{profile:?}") };
    assert_eq!((access.registers_max, access.bits_max, access.hole_max), (125, 2000, None));
    assert!(access.request_gap.is_zero());
    let point = &profile.points[0];
    assert_eq!((point.kind, point.decimals, point.range), (ValueKind::Number, 2, None));
    let Source::Register(register) = &point.source else { panic!("{point:?}") };
    assert_eq!((register.order, register.scale, register.offset), (WordOrder::Abcd, 1.0, 0.0));

    let bit = Profile::parse(&with_register(r#"table = "holding", address = 7, bit = 9"#)).unwrap();
    assert_eq!((bit.points[0].kind, bit.points[0].decimals), (ValueKind::Boolean, 0));
    let Source::Register(register) = &bit.points[0].source else { panic!() };
    assert_eq!(register.data_type, DataType::Bit(9));
}

#[test]
fn the_built_in_profiles_are_whole() {
    for (file, text) in builtin() {
        let profile = Profile::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(format!("{}.toml", profile.id), *file, "a file is named after its id");
        assert!(profile.points.iter().all(|p| p.name.zh != p.name.en), "{file}: two languages");
    }
    let ids: Vec<_> = builtin_profiles().iter().map(|profile| profile.id.clone()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).unwrap();
    assert_eq!(folder.count(), builtin().len(), "a model that is not in the list is dead");
}

#[test]
fn the_built_in_profiles_exercise_the_whole_of_modbus() {
    let profiles = builtin_profiles();
    let registers: Vec<_> = profiles
        .iter()
        .flat_map(|profile| &profile.points)
        .filter_map(|point| match &point.source {
            Source::Register(register) => Some(register),
            Source::Field(_) => None,
        })
        .collect();
    for order in [WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba] {
        assert!(
            registers.iter().any(|r| r.order == order && r.data_type.registers() == 2),
            "{order:?}"
        );
    }
    for kind in
        [RegisterKind::DiscreteInput, RegisterKind::HoldingRegister, RegisterKind::InputRegister]
    {
        assert!(registers.iter().any(|r| r.kind == kind), "{kind:?}");
    }
    for data_type in [DataType::U16, DataType::I16, DataType::U32, DataType::F32] {
        assert!(registers.iter().any(|r| r.data_type == data_type), "{data_type:?}");
    }
}

#[test]
fn a_profile_is_looked_up_with_a_proposal() {
    let profiles = builtin_profiles();
    assert!(lookup(&profiles, "generic-ph").is_ok());
    let slip = lookup(&profiles, "generic-flowmeter").unwrap_err();
    assert_eq!(slip.closest.map(|id| id.to_string()), Some("generic-flow-meter".into()));
    let stranger = lookup(&profiles, "Acme 3000").unwrap_err();
    assert_eq!(
        (stranger.to_string().as_str(), stranger.closest),
        ("unknown profile \"Acme 3000\"", None)
    );
}

/// Two profiles that between them have every key.
const RICH: [&str; 2] = [
    r#"[profile]
id = "m"
name = "M"
source = "manual"
modbus = { base = 1, registers_max = 64, hole_max = 4, one_by_one = true, turnaround_ms = 7, forbidden = [{ table = "coil", first = 4, last = 5 }] }
[[point]]
id = "a"
name = "A"
parameter = "a"
unit = "1"
range = [0, 9]
states = [{ value = 0, name = "Idle", word = "IDLE" }, { value = 1, name = "Run", word = "RUN" }]
register = { table = "input", address = 4, type = "text", registers = 4, order = "badc" }
[[point]]
id = "b"
name = "B"
parameter = "b"
unit = "m³"
register = { table = "input", address = 9, type = "u64", order = "efghabcd", scale = 0.1, sentinels = [0xFFFFFFFFFFFFFFFF, 7] }
[[point]]
id = "c"
name = "C"
parameter = "c"
unit = "1"
register = { table = "holding", address = 9, type = "u32", bits = [3, 19] }
[[point]]
id = "d"
name = "D"
parameter = "d"
unit = "1"
register = { table = "holding", address = 12, type = "i8", byte = "high" }
[[info]]
id = "i"
name = "I"
register = { table = "holding", address = 20, type = "bcd64" }
"#,
    r#"[profile]
id = "m"
name = "M"
source = "manual"
mqtt = { topic = "a/+/{address}/#", format = "json", time = "$.t", time_form = "seconds" }
[[point]]
id = "a"
name = "A"
parameter = "a"
unit = "1"
field = { path = "$.s[?@.type=='ph' && !(@['x'] > 1)].v", topic = "{site}/{device}", scale = 0.1, sentinels = [-9.5] }
"#,
];

#[test]
fn the_rich_profiles_are_whole() {
    for text in RICH {
        Profile::parse(text).unwrap_or_else(|error| panic!("{error}"));
    }
}

proptest! {
    #[test]
    fn a_damaged_profile_never_panics(
        which in 0..builtin().len() + 4 * RICH.len(),
        at in any::<proptest::sample::Index>(),
        with in "[\\PC\n]{0,3}",
    ) {
        let text = match builtin().get(which) {
            Some((_, text)) => text,
            None => RICH[which % RICH.len()],
        };
        let (at, _) = text.char_indices().nth(at.index(text.chars().count())).unwrap();
        let next = text[at..].chars().next().map_or(0, char::len_utf8);
        let damaged = format!("{}{with}{}", &text[..at], &text[at + next..]);
        if let Err(error) = Profile::parse(&damaged) {
            prop_assert!(!error.reasons.is_empty());
            for reason in &error.reasons {
                prop_assert!(reason.line <= damaged.lines().count() + 1, "{reason}");
            }
        }
    }
}
