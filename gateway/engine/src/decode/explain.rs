//! A raw value under every order of its bytes, side by side: the order is the first thing that is
//! wrong when a new instrument is connected, and one look at the numbers tells which is right.

use super::{Cells, cells, in_range, scaled};
use crate::plan::ReadRequest;
use weir_domain::Value;
use weir_profiles::{PointDef, RegisterSource, Source, WordOrder};
use weir_wire::modbus::Answer;

/// What stands in the registers of a point, and all it could mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The registers as they came, in hexadecimal, `4120 0000`; a bit as `0` or `1`; empty if the
    /// answer does not have them.
    pub raw: String,
    /// One for each order that makes a difference.
    pub orders: Vec<Candidate>,
}

/// What the registers mean in one order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The order, as a profile writes it: `abcd`, `cdab`, `badc` or `dcba`.
    pub order: &'static str,
    /// The number in the point's unit; none if it is no number, or a sentinel.
    pub value: Option<f64>,
    /// Whether it is a number within the instrument's measuring range.
    pub in_range: bool,
    /// Whether it is the profile's order.
    pub chosen: bool,
}

/// Explains an answer. Where two orders mean the same (of a single register, only the order of
/// bytes matters), the second is left out.
pub fn explain(def: &PointDef, request: &ReadRequest, answer: &Answer) -> Explanation {
    let nothing = Explanation { raw: String::new(), orders: Vec::new() };
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
    let orders = orders(&cells).iter().map(|order| candidate(def, source, &cells, *order));
    Explanation { raw, orders: orders.collect() }
}

fn orders(cells: &Cells<'_>) -> &'static [WordOrder] {
    match cells {
        Cells::Bit(_) => &[WordOrder::Abcd],
        Cells::Registers([_]) => &[WordOrder::Abcd, WordOrder::Badc],
        Cells::Registers(_) => {
            &[WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba]
        }
    }
}

fn candidate(
    def: &PointDef,
    source: &RegisterSource,
    cells: &Cells<'_>,
    order: WordOrder,
) -> Candidate {
    let raw = cells.raw(source.data_type, order);
    let number = raw.filter(|raw| !raw.is_any_of(&source.sentinels));
    let number = number.map(|raw| scaled(def, source, raw));
    let number = number.filter(|(number, _)| Value::new(*number).is_some());
    let chosen = match cells {
        Cells::Bit(_) => true,
        Cells::Registers([_]) => bytes_swapped(order) == bytes_swapped(source.order),
        Cells::Registers(_) => order == source.order,
    };
    Candidate {
        order: name(order),
        value: number.map(|(number, _)| number),
        in_range: number.is_some_and(|(number, slack)| in_range(def, number, slack)),
        chosen,
    }
}

fn bytes_swapped(order: WordOrder) -> bool {
    matches!(order, WordOrder::Badc | WordOrder::Dcba)
}

fn name(order: WordOrder) -> &'static str {
    match order {
        WordOrder::Abcd => "abcd",
        WordOrder::Cdab => "cdab",
        WordOrder::Badc => "badc",
        WordOrder::Dcba => "dcba",
    }
}
