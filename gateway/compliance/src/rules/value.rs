//! The number that a rule judges: an input as it is, or one made of several.

use super::{Bound, RawInput, Reader};
use crate::{InputSpec, expr::Expr, timeline::Channel};
use core::{fmt, ops::Range, time::Duration};
use serde::{Deserialize, Deserializer, de};
use std::marker::PhantomData;
use toml::Spanned;
use weir_domain::Unit;

/// The number that a rule judges.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// What an input says.
    Input(InputSpec),
    /// What an expression makes of several inputs.
    Formula(Formula),
}

/// An expression with the inputs it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    expr: Expr,
    /// In the order of the file: the first one is the subject.
    inputs: Vec<InputSpec>,
    /// Samples further apart than this do not make a value.
    within: Option<Duration>,
    unit: Unit,
}

/// When a rule applies: while all of these hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gate {
    on: Option<InputSpec>,
    holds: Option<Formula>,
}

/// A number of a rule: given, or a fact of the area.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// The number itself.
    Given(f64),
    /// The id of a fact.
    Fact(String),
}

/// An expression as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFormula {
    expr: Spanned<String>,
    unit: Option<Unit>,
    within_secs: Option<u64>,
    of: Ordered<RawInput>,
}

/// A number, or the id of a fact.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum RawNumber {
    Given(f64),
    Fact(String),
}

/// A table in the order of the file.
#[derive(Debug)]
pub(crate) struct Ordered<T>(Vec<(Spanned<String>, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<Spanned<String>, T>()? {
                    entries.push(entry);
                }
                entries.sort_by_key(|(key, _)| key.span().start);
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl Value {
    /// Reads exactly one of `input` and `value`.
    pub(crate) fn read(
        input: Option<&RawInput>,
        value: Option<&Spanned<RawFormula>>,
        span: Range<usize>,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Self> {
        match (input, value) {
            (Some(input), None) => Some(Self::Input(input.spec())),
            (None, Some(value)) => {
                let unit = value.get_ref().unit;
                if unit.is_none() {
                    reader.fault(value.span(), "missing field `unit`", "say what the value is in");
                }
                Formula::read(value.get_ref(), unit?, reader).map(Self::Formula)
            }
            _ => {
                reader.fault(span, "not exactly one of input and value", "give one of them");
                None
            }
        }
    }

    pub(crate) fn unit(&self) -> Unit {
        match self {
            Self::Input(input) => input.unit,
            Self::Formula(formula) => formula.unit,
        }
    }

    /// The expression, where there is one.
    pub(crate) fn expr(&self) -> Option<&str> {
        match self {
            Self::Input(_) => None,
            Self::Formula(formula) => Some(formula.expr.text()),
        }
    }

    pub(crate) fn facts(&self) -> Vec<&str> {
        match self {
            Self::Input(_) => Vec::new(),
            Self::Formula(formula) => formula.expr.facts().collect(),
        }
    }

    pub(crate) fn wire<'a>(&'a self, wiring: &mut Wiring<'a>) {
        match self {
            Self::Input(input) => {
                wiring.slot(input);
            }
            Self::Formula(formula) => formula.wire(wiring),
        }
    }

    pub(crate) fn channel<'a>(&'a self, wiring: &mut Wiring<'a>, bound: &Bound<'_>) -> Channel {
        match self {
            Self::Input(input) => Channel::Input(wiring.slot(input)),
            Self::Formula(formula) => formula.channel(wiring, bound),
        }
    }
}

impl Formula {
    fn read(raw: &RawFormula, unit: Unit, reader: &mut Reader<'_, '_>) -> Option<Self> {
        if raw.of.0.is_empty() {
            reader.fault(raw.expr.span(), "the expression has no inputs", "name them in `of`");
            return None;
        }
        let mut named = true;
        for (name, _) in &raw.of.0 {
            if !is_name(name.get_ref()) {
                let hint = "write a-z, 0-9 and _, beginning with a letter";
                reader.fault(name.span(), format!("{:?} is no name", name.get_ref()), hint);
                named = false;
            } else if reader.facts().contains(&name.get_ref().as_str()) {
                let problem = format!("{} is the name of a fact", name.get_ref());
                reader.fault(name.span(), problem, "take another name for the input");
                named = false;
            }
        }
        if !named {
            return None;
        }
        let names: Vec<&str> = raw.of.0.iter().map(|(name, _)| name.get_ref().as_str()).collect();
        match Expr::parse(raw.expr.get_ref(), &names, &reader.facts()) {
            Ok(expr) => Some(Self {
                expr,
                inputs: raw.of.0.iter().map(|(_, input)| input.spec()).collect(),
                within: raw.within_secs.map(Duration::from_secs),
                unit,
            }),
            Err(error) => {
                reader.fault(raw.expr.span(), error.problem, error.hint);
                None
            }
        }
    }

    fn wire<'a>(&'a self, wiring: &mut Wiring<'a>) {
        self.inputs.iter().for_each(|input| {
            wiring.slot(input);
        });
    }

    fn channel<'a>(&'a self, wiring: &mut Wiring<'a>, bound: &Bound<'_>) -> Channel {
        Channel::Made {
            program: self.expr.program(|fact| bound.fact(fact)),
            inputs: self.inputs.iter().map(|input| wiring.slot(input)).collect(),
            within: self.within,
        }
    }
}

impl Gate {
    /// Reads `while_on` and `while`.
    pub(crate) fn read(
        on: Option<&RawInput>,
        holds: Option<&Spanned<RawFormula>>,
        reader: &mut Reader<'_, '_>,
    ) -> Self {
        let holds = holds.and_then(|raw| {
            if raw.get_ref().unit.is_some() {
                reader.fault(raw.span(), "a condition has no unit", "leave unit out");
            }
            Formula::read(raw.get_ref(), Unit::One, reader)
        });
        Self { on: on.map(RawInput::spec), holds }
    }

    /// Open while this is on.
    #[cfg(test)]
    pub(crate) fn on(input: InputSpec) -> Self {
        Self { on: Some(input), holds: None }
    }

    /// Whether there is an input that must be on, if that is all that is asked.
    pub(crate) fn input_only(&self) -> Option<bool> {
        self.holds.is_none().then_some(self.on.is_some())
    }

    /// Whether the rule always applies.
    pub(crate) fn is_open(&self) -> bool {
        self.on.is_none() && self.holds.is_none()
    }

    pub(crate) fn facts(&self) -> Vec<&str> {
        self.holds.iter().flat_map(|formula| formula.expr.facts()).collect()
    }

    pub(crate) fn wire<'a>(&'a self, wiring: &mut Wiring<'a>) {
        self.on.iter().for_each(|input| {
            wiring.slot(input);
        });
        self.holds.iter().for_each(|formula| formula.wire(wiring));
    }

    pub(crate) fn channels<'a>(
        &'a self,
        wiring: &mut Wiring<'a>,
        bound: &Bound<'_>,
    ) -> Vec<Channel> {
        let on = self.on.iter().map(|input| Channel::Input(wiring.slot(input)));
        let mut channels: Vec<Channel> = on.collect();
        channels.extend(self.holds.iter().map(|formula| formula.channel(wiring, bound)));
        channels
    }
}

impl Number {
    /// A number that is finite and not negative, or a fact that the pack knows.
    pub(crate) fn read(
        raw: &RawNumber,
        span: Range<usize>,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Self> {
        match raw {
            RawNumber::Given(number) if number.is_finite() && *number >= 0.0 => {
                Some(Self::Given(*number))
            }
            RawNumber::Given(number) => {
                reader.fault(span, format!("{number} is not a number of 0 or more"), "");
                None
            }
            RawNumber::Fact(id) if reader.facts().contains(&id.as_str()) => {
                Some(Self::Fact(id.clone()))
            }
            RawNumber::Fact(id) => {
                let hint = format!("the facts are: {}", reader.facts().join(", "));
                reader.fault(span, format!("there is no fact {id}"), hint);
                None
            }
        }
    }

    pub(crate) fn fact(&self) -> Option<&str> {
        match self {
            Self::Given(_) => None,
            Self::Fact(id) => Some(id),
        }
    }

    /// Its value in an area; a binding is made only where every fact is known.
    pub(crate) fn of(&self, bound: &Bound<'_>) -> f64 {
        match self {
            Self::Given(number) => *number,
            Self::Fact(id) => bound.fact(id).unwrap_or(f64::NAN),
        }
    }
}

/// The inputs of a rule, each once, in the order in which it speaks of them.
#[derive(Debug, Default)]
pub(crate) struct Wiring<'a> {
    pub(crate) inputs: Vec<&'a InputSpec>,
}

impl<'a> Wiring<'a> {
    pub(crate) fn slot(&mut self, input: &'a InputSpec) -> u8 {
        let at = self.inputs.iter().position(|known| *known == input).unwrap_or_else(|| {
            self.inputs.push(input);
            self.inputs.len() - 1
        });
        // A pack with more inputs than a rule may have is refused.
        u8::try_from(at).unwrap_or(u8::MAX)
    }
}

/// Whether a text may stand in an expression.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
}
