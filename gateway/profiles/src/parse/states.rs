//! The `states` of a point: the few values it may have, and what they mean.

use crate::form::{Faults, Fields, Found, Spot};
use crate::{DataType, Source, State};

/// Most states of one point.
const STATES_MAX: usize = 200;

/// The states; none if they are at fault, an empty list if there are none.
pub(super) fn read(fields: &mut Fields<'_, '_>, faults: &Faults<'_>) -> Option<Vec<State>> {
    let spot = fields.at("states");
    if !fields.has("states") {
        fields.know("states");
        return Some(Vec::new());
    }
    let list = fields.list_of_fields("states")?;
    if list.is_empty() || list.len() > STATES_MAX {
        let hint = format!("there are 1 to {STATES_MAX}, or no key `states`");
        faults.hint(&spot, format!("{} states", list.len()), hint);
        return None;
    }
    let mut values: Vec<Found<f64>> = Vec::new();
    let mut words: Vec<Found<String>> = Vec::new();
    let states: Vec<Option<State>> =
        list.into_iter().map(|fields| state(fields, &mut values, &mut words, faults)).collect();
    states.into_iter().collect()
}

fn state(
    mut fields: Fields<'_, '_>,
    values: &mut Vec<Found<f64>>,
    words: &mut Vec<Found<String>>,
    faults: &Faults<'_>,
) -> Option<State> {
    fields.require(&["value", "name"]);
    let (value, name, word) = (fields.number("value"), fields.name("name"), fields.text("word"));
    let word = word.map(|word| word.map(|word| word.trim().to_owned()));
    let twice = |spot: &Spot, what: String, first: &Spot| {
        let hint = format!("the first is on line {}", faults.line(first));
        faults.hint(spot, format!("a second state with {what}"), hint);
    };
    if let Some(value) = &value {
        match values.iter().find(|other| other.value == value.value) {
            Some(first) => twice(&value.spot, format!("the value {}", value.value), &first.spot),
            None => values.push(value.clone()),
        }
    }
    if let Some(word) = &word {
        match words.iter().find(|other| other.value == word.value) {
            Some(first) => twice(&word.spot, format!("the word \"{}\"", word.value), &first.spot),
            None => words.push(word.clone()),
        }
    }
    Some(State { value: value?.value, name: name?.value, word: word.map(|word| word.value) })
}

/// A text is no number: only its states' words make it one.
pub(super) fn check_text(
    source: &Source,
    spot: &Spot,
    states: Option<&[State]>,
    faults: &Faults<'_>,
) {
    let Source::Register(register) = source else { return };
    let (DataType::Text(registers), Some(states)) = (register.data_type, states) else { return };
    let words: Vec<&str> = states.iter().filter_map(|state| state.word.as_deref()).collect();
    if words.is_empty() || words.len() < states.len() {
        let hint =
            "write states = [{ value = 0, name = \"...\", word = \"...\" }], or make it [[info]]";
        faults.hint(spot, "a point that is a text needs `states`, each with its `word`", hint);
    }
    let room = 2 * usize::from(registers);
    if let Some(word) = words.iter().find(|word| word.len() > room) {
        let hint = format!("{registers} registers have room for {room} bytes");
        faults.hint(spot, format!("the word \"{word}\" never fits"), hint);
    }
}
