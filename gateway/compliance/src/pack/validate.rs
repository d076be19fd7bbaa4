//! From the text of a pack to the pack, or to all its faults.

use super::{
    ClassDef, FactDef, Pack, PackError, Requirement, Seal, TestCase,
    fault::{Faults, shape},
    raw::{RawFact, RawHeader, RawRequirement, RawTest},
    requirement, script,
};
use crate::rules::{CONTACT_TANK, is_name};
use crate::validity::{Validity, check_section};
use core::ops::Range;
use jiff::civil::Date;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) fn pack(text: &str) -> Result<Pack, PackError> {
    let mut faults = Faults::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        faults.add_toml(error, 0..0);
    }
    if !faults.is_empty() {
        return Err(faults.into_error());
    }
    let mut table = table.into_inner();
    let validity = match table.contains_key("validity") {
        true => read_validity(items(&mut table, "validity", &mut faults), &mut faults),
        false => Vec::new(),
    };
    // A pack may consist of checks of readings alone.
    let requires = validity.is_empty() || table.contains_key("requirement");
    let requirements =
        if requires { items(&mut table, "requirement", &mut faults) } else { Vec::new() };
    let tests = items(&mut table, "test", &mut faults);
    let header: Option<RawHeader> = shape(Spanned::new(0..0, DeValue::Table(table)), &mut faults);
    let header = header.map(|raw| self::header(raw, &mut faults));
    let before = faults.len();
    let requirements = read_requirements(requirements, header.as_ref(), &mut faults);
    let known = (faults.len() == before).then_some(&requirements[..]);
    let tests = read_tests(tests, known, header.as_ref(), &mut faults);
    match header {
        Some(header) if faults.is_empty() => Ok(Pack { requirements, validity, tests, ..header }),
        _ => Err(faults.into_error()),
    }
}

/// Takes an array of tables out, so that a fault in one does not hide those of the next.
fn items<'t>(
    table: &mut DeTable<'t>,
    key: &str,
    faults: &mut Faults<'_>,
) -> Vec<Spanned<DeValue<'t>>> {
    let found = table.remove(key);
    let span = found.as_ref().map_or(0..0, Spanned::span);
    match found.map(Spanned::into_inner) {
        Some(DeValue::Array(items)) if !items.is_empty() => items.into_iter().collect(),
        None | Some(DeValue::Array(_)) => {
            let why = match key {
                "test" => "a pack without tests proves nothing",
                _ => "a pack without requirements requires nothing",
            };
            faults.add(span, format!("no [[{key}]]"), why);
            Vec::new()
        }
        Some(_) => {
            faults.add(span, format!("{key} is not a list"), format!("write [[{key}]]"));
            Vec::new()
        }
    }
}

fn header(raw: RawHeader, faults: &mut Faults<'_>) -> Pack {
    for (span, text) in
        [(raw.version.span(), raw.version.get_ref()), (raw.source.span(), raw.source.get_ref())]
    {
        if text.trim().is_empty() {
            faults.add(span, "must not be empty", "");
        }
    }
    requirement::check_text(&raw.title, faults);
    let effective_from = date(raw.effective_from.as_ref(), faults);
    let effective_to = date(raw.effective_to.as_ref(), faults);
    if let (Some(from), Some(to), Some(raw)) = (effective_from, effective_to, &raw.effective_to)
        && to < from
    {
        faults.add(raw.span(), "effective_to is before effective_from", "");
    }
    let mut classes: Vec<ClassDef> = Vec::new();
    for class in raw.classes {
        let (span, class) = (class.span(), class.into_inner());
        if classes.iter().any(|known| known.id == class.id) {
            faults.add(span, format!("class {} stands here twice", class.id), "");
        }
        classes.push(ClassDef { id: class.id, name: class.name });
    }
    Pack {
        id: raw.id,
        version: raw.version.into_inner(),
        title: raw.title.into_inner(),
        source: raw.source.into_inner(),
        notes: raw.notes,
        effective_from,
        effective_to,
        seal: Seal::Unsigned,
        classes,
        facts: self::facts(raw.facts, faults),
        requirements: Vec::new(),
        validity: Vec::new(),
        tests: Vec::new(),
    }
}

fn facts(raw: Vec<Spanned<RawFact>>, faults: &mut Faults<'_>) -> Vec<FactDef> {
    let mut facts: Vec<FactDef> = Vec::new();
    for fact in raw {
        let (span, RawFact { id, name, unit, default }) = (fact.span(), fact.into_inner());
        if !is_name(&id) {
            let hint = "write a-z, 0-9 and _, beginning with a letter";
            faults.add(span.clone(), format!("{id:?} is no name of a fact"), hint);
        }
        if id == CONTACT_TANK || facts.iter().any(|known| known.id == id) {
            faults.add(span.clone(), format!("fact {id} stands here twice"), "");
        }
        if default.is_some_and(|default| !default.is_finite()) {
            faults.add(span, "the default is not a finite number", "");
        }
        facts.push(FactDef { id, name, unit, default });
    }
    facts
}

fn date(raw: Option<&Spanned<toml::value::Datetime>>, faults: &mut Faults<'_>) -> Option<Date> {
    let raw = raw?;
    let is_date = raw.get_ref().time.is_none();
    let date = raw.get_ref().to_string().parse().ok().filter(|_| is_date);
    if date.is_none() {
        faults.add(raw.span(), format!("{} is no date", raw.get_ref()), "write 2006-01-01");
    }
    date
}

fn read_validity(items: Vec<Spanned<DeValue<'_>>>, faults: &mut Faults<'_>) -> Vec<Validity> {
    let mut sections = Vec::new();
    for item in items {
        let Some(section) = shape::<Spanned<Validity>>(item, faults) else { continue };
        check_section(&section, faults);
        sections.push(section.into_inner());
    }
    sections
}

fn read_requirements(
    items: Vec<Spanned<DeValue<'_>>>,
    header: Option<&Pack>,
    faults: &mut Faults<'_>,
) -> Vec<Requirement> {
    let mut requirements: Vec<Requirement> = Vec::new();
    let limits = crate::rules::limits_by_id(&items);
    for mut item in items {
        if let DeValue::Table(table) = item.get_mut() {
            crate::rules::tell_forecast(table, &limits, faults);
        }
        let rules = match item.get_mut() {
            DeValue::Table(table) => requirement::take_rules(table),
            _ => Vec::new(),
        };
        let Some(raw) = shape::<RawRequirement>(item, faults) else { continue };
        let id_span: Range<usize> = raw.id.span();
        for new in requirement::requirements(&raw, rules, header, faults) {
            let clash = |known: &&Requirement| known.id == new.id && overlap(known, &new);
            if requirements.iter().any(|known| clash(&known)) {
                let problem = format!("requirement {} stands here twice for a class", new.id);
                faults.add(id_span.clone(), problem, "name the classes, or take another id");
            }
            requirements.push(new);
        }
    }
    requirements
}

fn overlap(a: &Requirement, b: &Requirement) -> bool {
    a.classes.is_empty() || b.classes.is_empty() || a.classes.iter().any(|c| b.classes.contains(c))
}

fn read_tests(
    items: Vec<Spanned<DeValue<'_>>>,
    requirements: Option<&[Requirement]>,
    header: Option<&Pack>,
    faults: &mut Faults<'_>,
) -> Vec<TestCase> {
    let raw =
        items.into_iter().filter_map(|item| shape::<RawTest>(item, faults)).collect::<Vec<_>>();
    raw.into_iter().filter_map(|raw| script::test_case(raw, requirements, header, faults)).collect()
}

#[cfg(test)]
mod tests;
