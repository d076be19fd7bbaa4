//! The library of models: every one parses, is whole, says where it is from, and stands in
//! `docs/reference/instruments.md`. `UPDATE_EXPECT=1` writes that page anew; review it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod classes;
mod messages;
mod page;

use classes::CLASSES;
use std::collections::BTreeSet;
use weir_domain::ValueKind;
use weir_profiles::{
    Access, DataType, InfoDef, MessageFormat, PointDef, Profile, RegisterKind, Source, builtin,
    builtin_profiles,
};

/// Kinds of instruments that the library must know at least.
const CLASSES_MIN: usize = 24;
/// Models whose maps are from published documents, at least.
const PUBLISHED_MIN: usize = 20;

fn every_point() -> impl Iterator<Item = (String, PointDef)> {
    builtin_profiles().into_iter().flat_map(|profile| {
        let name = |point: &PointDef| format!("{}.{}", profile.id, point.id);
        profile.points.iter().map(|point| (name(point), point.clone())).collect::<Vec<_>>()
    })
}

fn is_made_up(profile: &Profile) -> bool {
    profile.source.starts_with("generic")
}

#[test]
fn every_model_parses_and_is_listed() {
    let faults: Vec<String> = builtin()
        .iter()
        .filter_map(|(file, text)| {
            Profile::parse(text).err().map(|error| format!("{file}: {error}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).unwrap();
    assert_eq!(folder.count(), builtin().len(), "a model that is not in the list is dead");
    for ((file, _), profile) in builtin().iter().zip(builtin_profiles()) {
        assert_eq!(format!("{}.toml", profile.id), *file, "a file is named after its id");
    }
    let ids: Vec<_> = builtin_profiles().iter().map(|profile| profile.id.clone()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
}

#[test]
fn a_made_up_map_says_so_in_its_id_and_another_says_what_was_checked() {
    let mut published = 0;
    for ((file, text), profile) in builtin().iter().zip(builtin_profiles()) {
        let named = profile.id.as_str().starts_with("generic-");
        assert_eq!(is_made_up(&profile), named, "{file}: \"{}\"", profile.source);
        assert!(text.starts_with("# "), "{file} opens with what the instrument is");
        if !is_made_up(&profile) {
            published += 1;
            assert!(text.contains("Checked against"), "{file} must say what was checked");
            assert!(profile.source.len() > 30, "{file}: which document, which part of it?");
        }
    }
    assert!(published >= PUBLISHED_MIN, "{published}");
}

#[test]
fn names_are_chinese_and_english() {
    let check = |what: &str, name: &weir_domain::Text| {
        let is_cjk = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        // A name such as "pH" is the same everywhere; then the model's own name must tell.
        assert!(name.zh != name.en, "{what}: \"{}\" in both languages", name.en);
        assert!(name.zh.chars().any(is_cjk), "{what}: \"{}\" has no Chinese", name.zh);
        assert!(!name.en.chars().any(is_cjk), "{what}: \"{}\" has Chinese", name.en);
        assert!(!name.en.is_empty() && !name.en.ends_with('.'), "{what}: \"{}\"", name.en);
    };
    for profile in builtin_profiles() {
        check(profile.id.as_str(), &profile.name);
        for InfoDef { id, name, .. } in &profile.info {
            check(&format!("{}.{id}", profile.id), name);
        }
    }
    for (what, point) in every_point() {
        check(&what, &point.name);
        for state in &point.states {
            check(&format!("{what} = {}", state.value), &state.name);
        }
    }
}

#[test]
fn a_number_has_a_range_or_states_unless_it_only_grows() {
    for (what, point) in every_point() {
        let grows = point.parameter.as_str().ends_with("_total");
        if point.kind == ValueKind::Number && !grows {
            assert!(point.range.is_some() || !point.states.is_empty(), "{what} has no range");
        }
        if point.kind == ValueKind::Boolean {
            assert!(point.range.is_none() && point.decimals == 0, "{what}");
        }
        assert!(point.range.is_none() || point.states.is_empty(), "{what}: range or states");
    }
}

#[test]
fn a_rule_pack_finds_its_parameters_in_its_unit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../compliance/packs");
    let packs = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // Checks of readings use what some instruments have besides.
    let packs = packs.filter(|path| !path.ends_with("weir-validity.toml"));
    let packs: Vec<String> = packs.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    // What is judged, and what is checked; what tests play has neither.
    let wanted: BTreeSet<(String, String)> = packs
        .iter()
        .flat_map(|pack| pack.split("parameter = ").skip(1))
        .filter_map(|text| text.split(['}', '\n']).next())
        .filter_map(|input| Some((word(input)?, quoted(input, "unit = ")?)))
        .collect();
    assert!(wanted.len() > 10, "{wanted:?}");
    let found: BTreeSet<(String, String)> = every_point()
        .map(|(_, point)| (point.parameter.to_string(), point.unit.symbol().to_owned()))
        .collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for (parameter, unit) in &wanted {
        let other = found.iter().find(|(name, symbol)| name == parameter && symbol != unit);
        assert_eq!(other, None, "a pack wants {parameter} in {unit}");
    }
}

fn word(text: &str) -> Option<String> {
    quoted(text, "")
}

fn quoted(line: &str, key: &str) -> Option<String> {
    let rest = line.split_once(key)?.1.strip_prefix('"')?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[test]
fn every_class_has_a_model_and_every_model_a_class() {
    assert!(CLASSES.len() >= CLASSES_MIN, "{}", CLASSES.len());
    let listed: Vec<&str> = CLASSES.iter().flat_map(|class| class.models).copied().collect();
    let known: Vec<String> = builtin_profiles().iter().map(|p| p.id.to_string()).collect();
    for id in &listed {
        assert!(known.iter().any(|known| known == id), "a class names {id}, which is no model");
    }
    for id in &known {
        assert_eq!(listed.iter().filter(|listed| *listed == id).count(), 1, "{id} has one class");
    }
}

/// What a parser or a decoder knows is worth little if no instrument of the library uses it.
#[test]
fn the_models_exercise_the_whole_form() {
    let registers: Vec<_> = every_point()
        .filter_map(|(_, point)| match point.source {
            Source::Register(register) => Some(register),
            Source::Field(_) => None,
        })
        .collect();
    let kinds = [
        RegisterKind::Coil,
        RegisterKind::DiscreteInput,
        RegisterKind::InputRegister,
        RegisterKind::HoldingRegister,
    ];
    for kind in kinds {
        assert!(registers.iter().any(|register| register.kind == kind), "{kind:?}");
    }
    let types = [
        DataType::U16,
        DataType::I16,
        DataType::U32,
        DataType::I32,
        DataType::U64,
        DataType::F16,
        DataType::F32,
        DataType::F64,
        DataType::Bcd16,
        DataType::Bcd32,
    ];
    for data_type in types {
        assert!(registers.iter().any(|r| r.data_type == data_type), "{data_type:?}");
    }
    for (what, is_it) in [
        ("bits", (|t| matches!(t, DataType::Bits { .. })) as fn(DataType) -> bool),
        ("a byte", |t| matches!(t, DataType::U8(_))),
        ("a text", |t| matches!(t, DataType::Text(_))),
    ] {
        assert!(registers.iter().any(|register| is_it(register.data_type)), "{what}");
    }
    let profiles = builtin_profiles();
    let quirk = |quirk: fn(&weir_profiles::ModbusAccess) -> bool| {
        profiles.iter().any(|p| matches!(&p.access, Access::Modbus(access) if quirk(access)))
    };
    assert!(quirk(|access| access.any_answer_unit) && quirk(|access| access.one_by_one));
    assert!(quirk(|access| access.bits_from_zero) && quirk(|access| access.close_after_scan));
    assert!(quirk(|access| !access.forbidden.is_empty()));
    let format = |format: fn(&MessageFormat) -> bool| {
        profiles.iter().any(|p| matches!(&p.access, Access::Mqtt(access) if format(&access.format)))
    };
    assert!(format(|f| *f == MessageFormat::Weir) && format(|f| *f == MessageFormat::Plain));
    assert!(format(|f| *f == MessageFormat::Sparkplug));
    assert!(format(|f| matches!(f, MessageFormat::Json { time: Some(_), .. })));
}

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/instruments.md");
    let now = page::of(&builtin_profiles());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let differs = page.lines().zip(now.lines()).position(|(page, now)| page != now);
    assert!(page == now, "from line {differs:?} on; UPDATE_EXPECT=1 writes it anew");
}
