//! A value in a message as a reading: words, scale, sentinels, states, range. The rules are those
//! of registers (see `weir_engine::decode`).

use weir_domain::{BadReason, Reading, UncertainReason, Value, ValueKind};
use weir_profiles::{FieldSource, PointDef, Source};

/// Share of a step that is no more than rounding.
const SLACK: f64 = 1e-6;

/// A value as it stands in a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Raw<'a> {
    /// There is none.
    Null,
    /// Off or on.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// An integer of so many digits that this is only near it.
    Rounded(f64),
    /// A text, which may be a number or a word.
    Text(&'a str),
    /// Nothing that a point could be: a list, an object, bytes.
    Other,
}

/// What a point reads. Whatever comes, the end is a reading with a quality.
pub(crate) fn read(def: &PointDef, raw: Raw<'_>) -> Reading {
    let Source::Field(field) = &def.source else {
        return Reading::Bad(None, BadReason::ConfigurationError);
    };
    match raw {
        Raw::Null => Reading::Bad(None, BadReason::SensorFailure),
        Raw::Other => Reading::Bad(None, BadReason::ConfigurationError),
        // A contact that is `true` while a door is closed says so by the words of its states.
        Raw::Boolean(on) => {
            let value = state(def, if on { "true" } else { "false" });
            grade(def, (value.unwrap_or(if on { 1.0 } else { 0.0 }), 0.0))
        }
        Raw::Number(number) => read_number(def, field, number),
        // What is not exact is not called good.
        Raw::Rounded(number) => match read_number(def, field, number) {
            Reading::Good(value) => Reading::Uncertain(value, UncertainReason::Unspecified),
            reading => reading,
        },
        Raw::Text(text) => read_text(def, field, text),
    }
}

fn read_number(def: &PointDef, field: &FieldSource, number: f64) -> Reading {
    if field.sentinels.contains(&number) {
        return Reading::Bad(None, BadReason::SensorFailure);
    }
    if def.kind == ValueKind::Boolean {
        let on = Value::new(number).map(|value| Value::from(value.is_on()));
        return on.map_or(Reading::Bad(None, BadReason::SensorFailure), Reading::Good);
    }
    grade(def, scaled(field, number))
}

/// A word of one of the point's states, a number, or "true" and "false".
fn read_text(def: &PointDef, field: &FieldSource, text: &str) -> Reading {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    if let Some(value) = state(def, text) {
        return grade(def, (value, 0.0));
    }
    match (text.parse::<f64>(), text) {
        (Ok(number), _) => read_number(def, field, number),
        (_, "true") => read(def, Raw::Boolean(true)),
        (_, "false") => read(def, Raw::Boolean(false)),
        _ => Reading::Bad(None, BadReason::SensorFailure),
    }
}

/// The value of the state that a word means.
fn state(def: &PointDef, word: &str) -> Option<f64> {
    let state = def.states.iter().find(|state| state.word.as_deref() == Some(word));
    state.map(|state| state.value)
}

/// A number in the point's unit as a reading.
fn grade(def: &PointDef, (number, slack): (f64, f64)) -> Reading {
    let Some(value) = Value::new(number) else {
        return Reading::Bad(None, BadReason::SensorFailure);
    };
    let within = |low: f64, high: f64| (low - slack..=high + slack).contains(&number);
    let is_state =
        def.states.is_empty() || def.states.iter().any(|state| within(state.value, state.value));
    let in_range = def.range.is_none_or(|(low, high)| within(low, high));
    if is_state && in_range {
        Reading::Good(value)
    } else {
        Reading::Uncertain(value, UncertainReason::EngineeringUnitsExceeded)
    }
}

/// The number in the point's unit, and how far arithmetic may have moved it.
fn scaled(field: &FieldSource, number: f64) -> (f64, f64) {
    let (scale, offset) = (field.scale, field.offset);
    if scale == 1.0 && offset == 0.0 {
        return (number, 0.0);
    }
    let steps = (1.0 / scale).round();
    let zero = (offset * steps).round();
    // A scale such as 0.1 is 1/10, and an offset such as -40 is -400 of such steps: then there is
    // one division, and it is exact to the last place.
    let value = if 1.0 / steps == scale && zero / steps == offset {
        (number + zero) / steps
    } else {
        number * scale + offset
    };
    (value, (scale * SLACK).abs())
}
