//! A raw value under every order of its bytes, side by side: the order is the first thing that is
//! wrong when a new instrument is connected, and one look at the numbers tells which is right.

use super::{Cells, Scaled, cells, fits, raw::Raw, scale, text};
use crate::plan::ReadRequest;
use weir_domain::{Value, ValueKind};
use weir_profiles::{DataType, PointDef, RegisterSource, Source, WordOrder};
use weir_wire::modbus::Answer;

/// What stands in the registers of a point, and all it could mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The registers as they came, in hexadecimal, `4120 0000`; a bit as `0` or `1`; empty if the
    /// answer does not have them.
    pub raw: String,
    /// One for each order that makes a difference; of 64 bits, those that instruments have, and
    /// the profile's.
    pub orders: Vec<Candidate>,
    /// What to write into the profile, e.g. `order = "cdab" fits the range`: if the profile's
    /// order does not fit range and states, and exactly one other does.
    pub suggestion: Option<String>,
}

/// What the registers mean in one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The order, as a profile writes it: `abcd`, `cdab`, `badc`, `dcba` or `efghabcd`.
    pub order: String,
    /// The number in the point's unit; none if it is no number, or a sentinel.
    pub value: Option<f64>,
    /// The text, if the point is one; what is no UTF-8 shows as a replacement.
    pub text: Option<String>,
    /// Whether it is a number within the instrument's measuring range, and one of its states.
    pub in_range: bool,
    /// Whether it is the profile's order.
    pub chosen: bool,
}

/// Explains an answer. Where two orders mean the same (of a single register, only the order of
/// bytes matters), the second is left out.
pub fn explain(def: &PointDef, request: &ReadRequest, answer: &Answer) -> Explanation {
    let nothing = Explanation { raw: String::new(), orders: Vec::new(), suggestion: None };
    let Source::Register(source) = &def.source else {
        return nothing;
    };
    let Some(cells) = cells(source, request, answer) else {
        return nothing;
    };
    let raw = match cells {
        Cells::Bit(on) => u8::from(on).to_string(),
        Cells::Registers(registers) => {
            let words: Vec<String> = registers.iter().map(|word| format!("{word:04X}")).collect();
            words.join(" ")
        }
    };
    let chosen = canonical(source);
    let candidate = |order: WordOrder| candidate(def, source, &cells, order, order == chosen);
    let orders: Vec<Candidate> = orders(source).into_iter().map(candidate).collect();
    let suggestion = suggestion(def, source, &cells, &orders);
    Explanation { raw, orders, suggestion }
}

/// The orders that make a difference, with the profile's.
fn orders(source: &RegisterSource) -> Vec<WordOrder> {
    use WordOrder::{Abcd, Badc, Cdab, Dcba, Words};
    let mut orders = match (source.data_type, source.data_type.registers()) {
        (DataType::Bit(_) | DataType::U8(_) | DataType::I8(_), _) => vec![Abcd],
        (DataType::Text(_), _) | (_, 1) => vec![Abcd, Badc],
        (_, 2) => vec![Abcd, Cdab, Badc, Dcba],
        // Two values of 32 bits in the wrong order, and each with its words swapped.
        _ => {
            let of = |words, swapped| Words { words, swapped };
            let (halves, within) = ([2, 3, 0, 1], [1, 0, 3, 2]);
            let plain = [of(halves, false), of(within, false)];
            let swapped = [of(halves, true), of(within, true)];
            [Abcd, Cdab, Badc, Dcba].into_iter().chain(plain).chain(swapped).collect()
        }
    };
    let chosen = canonical(source);
    if !orders.contains(&chosen) {
        orders.push(chosen);
    }
    orders
}

/// The profile's order, as the first of those that mean the same.
fn canonical(source: &RegisterSource) -> WordOrder {
    let is_text = matches!(source.data_type, DataType::Text(_));
    match source.data_type {
        DataType::U8(_) | DataType::I8(_) => source.order,
        _ if !is_text && source.data_type.registers() > 1 => source.order,
        _ if source.order.swaps_bytes() => WordOrder::Badc,
        _ => WordOrder::Abcd,
    }
}

fn candidate(
    def: &PointDef,
    source: &RegisterSource,
    cells: &Cells<'_>,
    order: WordOrder,
    chosen: bool,
) -> Candidate {
    let mut text = None;
    let scaled = match cells {
        Cells::Registers(registers) if matches!(source.data_type, DataType::Text(_)) => {
            let mut buffer = [0; text::BYTES_MAX];
            let word = String::from_utf8_lossy(text::word(registers, order, &mut buffer));
            let state = def.states.iter().find(|state| state.word.as_deref() == Some(&*word));
            text = Some(word.escape_debug().to_string());
            state.map(|state| Scaled::exact(state.value))
        }
        _ => raw(source, cells, order).filter(|raw| !raw.is_any_of(&source.sentinels)).and_then(
            |raw| match def.kind {
                ValueKind::Boolean => raw.number().map(|_| Scaled::exact(raw.as_switch())),
                ValueKind::Number => {
                    Some(scale::scaled((source.scale, source.offset), raw.number()?, raw.is_held()))
                }
            },
        ),
    };
    let scaled = scaled.filter(|scaled| Value::new(scaled.number).is_some());
    Candidate {
        order: order.to_string(),
        value: scaled.map(|scaled| scaled.number),
        text,
        in_range: scaled.is_some_and(|scaled| fits(def, scaled)),
        chosen,
    }
}

fn raw(source: &RegisterSource, cells: &Cells<'_>, order: WordOrder) -> Option<Raw> {
    match cells {
        Cells::Bit(on) => Some(Raw::bit(*on)),
        Cells::Registers(registers) => Raw::read(registers, source.data_type, order),
    }
}

/// The other order, if it alone fits. Where the instrument says that it measures nothing, or every
/// number would fit, there is nothing to tell by.
fn suggestion(
    def: &PointDef,
    source: &RegisterSource,
    cells: &Cells<'_>,
    orders: &[Candidate],
) -> Option<String> {
    let tells = def.range.is_some() || !def.states.is_empty();
    let is_sentinel =
        raw(source, cells, source.order).is_some_and(|raw| raw.is_any_of(&source.sentinels));
    if !tells || is_sentinel || orders.iter().any(|order| order.chosen && order.in_range) {
        return None;
    }
    let mut fitting = orders.iter().filter(|order| order.in_range);
    let (Some(only), None) = (fitting.next(), fitting.next()) else { return None };
    let what = if def.states.is_empty() { "fits the range" } else { "is one of the states" };
    Some(format!("order = \"{}\" {what}", only.order))
}
