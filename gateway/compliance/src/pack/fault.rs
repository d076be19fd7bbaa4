//! What is wrong with a pack, all at once, each with its place.

use core::{fmt, ops::Range};
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

/// Every fault of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError {
    /// At least one, in the order of the file.
    pub faults: Vec<PackFault>,
}

/// One fault of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFault {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for PackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.problem)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "; {}", self.hint) }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule pack with {} fault(s)", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

impl core::error::Error for PackError {}

/// Collects the faults of a text.
#[derive(Debug)]
pub(crate) struct Faults<'a> {
    text: &'a str,
    found: Vec<PackFault>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        span: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let start = span.start.min(self.text.len());
        let before = &self.text.as_bytes()[..start];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&before[line_start..]).chars().count();
        let (problem, hint) = (problem.into(), hint.into());
        self.found.push(PackFault { line, column, problem, hint });
    }

    /// A fault that the TOML reader found, with `span` where it does not say where.
    pub(crate) fn add_toml(&mut self, error: &toml::de::Error, span: Range<usize>) {
        self.add(error.span().unwrap_or(span), error.message().replace('\n', ": "), "");
    }

    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn into_error(mut self) -> PackError {
        self.found.sort_by_key(|fault| (fault.line, fault.column));
        PackError { faults: self.found }
    }
}

/// Reads a part of the text into its raw shape.
pub(crate) fn shape<T: DeserializeOwned>(
    part: Spanned<DeValue<'_>>,
    faults: &mut Faults<'_>,
) -> Option<T> {
    let span = part.span();
    match T::deserialize(ValueDeserializer::from(part)) {
        Ok(raw) => Some(raw),
        Err(error) => {
            faults.add_toml(&error, span);
            None
        }
    }
}
