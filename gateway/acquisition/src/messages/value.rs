//! A value in a message as a reading: words and sentinels here, all else by the rules of registers
//! ([`weir_engine::decode`]).

use weir_domain::{BadReason, Reading};
use weir_engine::decode::{decode_number, decode_value};
use weir_profiles::{FieldSource, PointDef, Source};

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
            decode_value(def, value.unwrap_or(if on { 1.0 } else { 0.0 }))
        }
        Raw::Number(number) => read_number(def, field, number, None),
        Raw::Rounded(number) => read_number(def, field, number, Some(false)),
        Raw::Text(text) => read_text(def, field, text),
    }
}

fn read_number(def: &PointDef, field: &FieldSource, number: f64, held: Option<bool>) -> Reading {
    if field.sentinels.contains(&number) {
        return Reading::Bad(None, BadReason::SensorFailure);
    }
    decode_number(def, (field.scale, field.offset), number, held)
}

/// A word of one of the point's states, a number, or "true" and "false".
fn read_text(def: &PointDef, field: &FieldSource, text: &str) -> Reading {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    if let Some(value) = state(def, text) {
        return decode_value(def, value);
    }
    match (text.parse::<f64>(), text) {
        (Ok(number), _) => read_number(def, field, number, None),
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
