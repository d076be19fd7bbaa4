//! One `[[point]]` of a profile.

use super::{Head, field::field, register::register, states};
use crate::form::{Faults, Fields, Found, Spot};
use crate::{DataType, PointDef, Source};
use weir_domain::{PointName, Unit, ValueKind};

/// Most decimals worth showing.
const DECIMALS_MAX: i64 = 9;
/// Decimals of a number whose point does not say.
const DECIMALS: u8 = 2;

const KINDS: [(&str, ValueKind); 2] =
    [("number", ValueKind::Number), ("boolean", ValueKind::Boolean)];

/// What was read of a point, whole or in part, for the checks between points.
pub(super) struct ReadPoint {
    /// Its id, if that much is right.
    pub(super) id: Option<Found<PointName>>,
    /// Where its place on the wire is said.
    pub(super) source: Option<(Source, Spot)>,
    /// All of it, if all is right.
    pub(super) point: Option<PointDef>,
}

pub(super) fn point(mut fields: Fields<'_, '_>, access: &Head, faults: &Faults<'_>) -> ReadPoint {
    fields.require(&["id", "name", "parameter", "unit"]);
    let id = fields.parsed::<PointName>("id");
    let (name, parameter) = (fields.name("name"), fields.parsed("parameter"));
    let unit = fields.text("unit").and_then(|text| self::unit(&text, faults));
    let kind = fields.choice("kind", &KINDS);
    let range = fields.numbers("range");
    let decimals = fields.whole("decimals", 0..=DECIMALS_MAX);
    let states = states::read(&mut fields, faults);
    let source = source(&mut fields, access, faults);
    if let Some((source, spot)) = &source {
        states::check_text(source, spot, states.as_deref(), faults);
    }

    let kind = kind_of(kind, source.as_ref().map(|(source, _)| source), faults);
    let range = range.map(|range| self::range(&range, faults));
    let natural = if kind == ValueKind::Boolean { 0 } else { DECIMALS };
    let decimals = decimals.map_or(natural, |found| u8::try_from(found.value).unwrap_or(natural));
    let point = (|| {
        Some(PointDef {
            id: id.clone()?.value,
            name: name?.value,
            parameter: parameter?.value,
            unit: unit?,
            kind,
            range: range.flatten(),
            decimals,
            states: states?,
            source: source.clone()?.0,
        })
    })();
    ReadPoint { id, source, point }
}

/// The point's place on the wire: the key must go with how the profile is reached.
fn source(
    fields: &mut Fields<'_, '_>,
    access: &Head,
    faults: &Faults<'_>,
) -> Option<(Source, Spot)> {
    let of_register = fields.fields("register").and_then(|fields| {
        let spot = fields.spot().clone();
        register(fields, access, faults).map(|register| (Source::Register(register), spot))
    });
    let of_field =
        field(fields, access, faults).map(|found| (Source::Field(found.value), found.spot));
    let (wanted, other, found) = match access {
        Head::Modbus(..) => ("register", "field", of_register),
        Head::Mqtt(_) => ("field", "register", of_field),
        Head::Unknown => return of_register.or(of_field),
    };
    fields.require(&[wanted]);
    if fields.has(other) {
        let reached = if wanted == "register" { "modbus" } else { "mqtt" };
        let problem = format!("a point of a profile with `{reached}` has no `{other}`");
        faults.note(&fields.at(other), problem);
        return None;
    }
    found
}

/// A bit is a boolean; everything else is a number unless it says otherwise.
fn kind_of(
    said: Option<Found<ValueKind>>,
    source: Option<&Source>,
    faults: &Faults<'_>,
) -> ValueKind {
    let is_bit =
        matches!(source, Some(Source::Register(r)) if matches!(r.data_type, DataType::Bit(_)));
    match said {
        Some(said) if is_bit && said.value == ValueKind::Number => {
            faults.note(&said.spot, "a single bit is a boolean, not a number");
            ValueKind::Boolean
        }
        Some(said) => said.value,
        None if is_bit => ValueKind::Boolean,
        None => ValueKind::Number,
    }
}

/// The unit by its symbol. A symbol is too short to guess at, but keyboards have their ways of
/// writing one.
fn unit(text: &Found<String>, faults: &Faults<'_>) -> Option<Unit> {
    let plain = |symbol: &str| {
        let symbol = symbol.to_lowercase().replace('℃', "°c").replace('³', "3");
        symbol.replace(['µ', 'μ'], "u").replace('°', "")
    };
    let unit = text.value.parse::<Unit>();
    if let Err(error) = &unit {
        let meant = Unit::ALL.iter().find(|unit| plain(unit.symbol()) == plain(&text.value));
        match meant {
            Some(unit) => {
                let problem = format!("unknown unit \"{}\"", text.value);
                faults.hint(&text.spot, problem, format!("it is written \"{}\"", unit.symbol()));
            }
            None => faults.note(&text.spot, error.to_string()),
        }
    }
    unit.ok()
}

fn range(range: &Found<Vec<Found<f64>>>, faults: &Faults<'_>) -> Option<(f64, f64)> {
    match range.value.as_slice() {
        [low, high] if low.value < high.value => Some((low.value, high.value)),
        _ => {
            let problem = "a range is a least and a greatest value, in this order";
            faults.hint(&range.spot, problem, "as in [0, 5]");
            None
        }
    }
}
