//! The page on instruments, written from the models.

use crate::classes::CLASSES;
use std::fmt::Write;
use std::sync::Arc;
use weir_profiles::{
    Access, DataType, InfoDef, MessageFormat, ModbusAccess, PointDef, Profile, RegisterKind,
    RegisterSource, Source, lookup,
};

const HEAD: &str = "\
# Instruments

The models that come with the gateway, by kind; a site file names one with `profile = \"…\"`. Each is a file in
`gateway/profiles/models/`, whose head says what was checked against the source and what was not; how such a file is written is in
[profiles.md](profiles.md). A **made-up** model is of no maker: it stands for its kind, in demonstrations and tests, and is a start
for a profile of your own. An instrument of another model often has the same map; compare its display with `weir read … --explain`.

Addresses are those on the wire, counted from 0. This page is written from the models (`cargo test -p weir-profiles` fails if it is
not up to date).

";

pub(crate) fn of(profiles: &[Arc<Profile>]) -> String {
    let mut page = HEAD.to_owned();
    page += "| kind | 类别 | models |\n| --- | --- | --- |\n";
    for class in CLASSES {
        let models: Vec<_> = class.models.iter().map(|id| format!("[`{id}`](#{id})")).collect();
        writeln!(page, "| {} | {} | {} |", class.en, class.zh, models.join(", ")).unwrap();
    }
    for class in CLASSES {
        write!(page, "\n## {} · {}\n", class.en, class.zh).unwrap();
        for id in class.models {
            model(&mut page, lookup(profiles, id).unwrap());
        }
    }
    page
}

fn model(page: &mut String, profile: &Profile) {
    write!(page, "\n### {}\n\n", profile.id).unwrap();
    writeln!(page, "{} · {}  ", profile.name.en, profile.name.zh).unwrap();
    writeln!(page, "Reached by {}.  ", reached(&profile.access)).unwrap();
    let source = match profile.source.starts_with("generic") {
        true => "made up".to_owned(),
        false => profile.source.clone(),
    };
    writeln!(page, "Source: {source}.\n").unwrap();
    page.push_str("| point | name | 名称 | parameter | unit | range or states | where |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for point in &profile.points {
        let PointDef { id, name, parameter, unit, .. } = point;
        let (extent, place) = (extent(point), place(&point.source));
        let (zh, en, unit) = (&name.zh, &name.en, unit.symbol());
        writeln!(page, "| {id} | {en} | {zh} | {parameter} | {unit} | {extent} | {place} |")
            .unwrap();
    }
    if !profile.info.is_empty() {
        let info = |info: &InfoDef| format!("{} ({})", info.name.en, register(&info.source));
        let list: Vec<String> = profile.info.iter().map(info).collect();
        writeln!(page, "\nSays of itself: {}.", list.join(", ")).unwrap();
    }
}

fn reached(access: &Access) -> String {
    match access {
        Access::Modbus(access) => format!("Modbus{}", quirks(access)),
        Access::Mqtt(access) => {
            let format = match &access.format {
                MessageFormat::Weir => "Weir's own messages",
                MessageFormat::Json { .. } => "JSON",
                MessageFormat::Plain => "plain text, a topic for each point",
                MessageFormat::Sparkplug => "Sparkplug B",
            };
            match access.topic.is_empty()
                || matches!(access.format, MessageFormat::Sparkplug | MessageFormat::Plain)
            {
                true => format!("MQTT: {format}"),
                false => format!("MQTT: {format} on `{}`", access.topic),
            }
        }
    }
}

fn quirks(access: &ModbusAccess) -> String {
    let mut quirks = vec![format!("at most {} registers a request", access.registers_max)];
    let mut note = |is: bool, what: &str| is.then(|| quirks.push(what.to_owned()));
    note(access.one_by_one, "one value a request");
    note(access.any_answer_unit, "may answer as another unit");
    note(access.bits_from_zero, "bits only from 0");
    note(access.close_after_scan, "one client at a time");
    note(!access.forbidden.is_empty(), "with addresses that are never read");
    for (time, what) in
        [(access.request_gap, "rest between requests"), (access.connect_delay, "after connecting")]
    {
        if !time.is_zero() {
            quirks.push(format!("{} ms {what}", time.as_millis()));
        }
    }
    format!(", {}", quirks.join(", "))
}

fn extent(point: &PointDef) -> String {
    if let Some((least, most)) = point.range {
        return format!("{least} to {most}");
    }
    let states = point.states.iter().map(|state| match &state.word {
        Some(word) => format!("{} {} (`{word}`)", state.value, state.name.en),
        None => format!("{} {}", state.value, state.name.en),
    });
    states.collect::<Vec<_>>().join(", ")
}

fn place(source: &Source) -> String {
    match source {
        Source::Register(source) => register(source),
        Source::Field(field) => {
            let name = match (field.name.as_str(), &field.topic) {
                ("", Some(topic)) => topic,
                (name, _) => name,
            };
            format!("`{}`{}", name.replace('|', "\\|"), scaled(field.scale, field.offset))
        }
    }
}

fn register(source: &RegisterSource) -> String {
    let table = match source.kind {
        RegisterKind::Coil => "coil",
        RegisterKind::DiscreteInput => "discrete",
        RegisterKind::InputRegister => "input",
        RegisterKind::HoldingRegister => "holding",
    };
    let is_bit = matches!(source.kind, RegisterKind::Coil | RegisterKind::DiscreteInput);
    let data_type = match source.data_type {
        _ if is_bit => String::new(),
        DataType::Bit(bit) => format!(" bit {bit}"),
        DataType::Bits { low, high, .. } => format!(" bits {low} to {high}"),
        DataType::U8(half) => format!(" u8 {half:?}").to_lowercase(),
        DataType::I8(half) => format!(" i8 {half:?}").to_lowercase(),
        DataType::Text(registers) => format!(" text of {registers}"),
        other => format!(" {other:?}").to_lowercase(),
    };
    let order = match source.data_type.registers() > 1 && !is_bit {
        true if !matches!(source.data_type, DataType::Bits { .. }) => {
            format!(" {:?}", source.order).to_lowercase()
        }
        _ => String::new(),
    };
    let place = format!("{table} {}{data_type}{order}", source.address.0);
    place + &scaled(source.scale, source.offset)
}

fn scaled(scale: f64, offset: f64) -> String {
    let mut text = String::new();
    if scale != 1.0 {
        write!(text, " × {scale}").unwrap();
    }
    if offset != 0.0 {
        write!(text, " {} {}", if offset < 0.0 { '−' } else { '+' }, offset.abs()).unwrap();
    }
    text
}
