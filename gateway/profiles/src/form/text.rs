//! A whole text, and what is found in it.

use super::{Faults, Fields, Spot, faults::TEXT_MAX};
use toml::de::DeTable;

/// A parsed text, before anything in it is understood.
#[derive(Debug)]
pub struct Form<'i> {
    root: toml::Spanned<DeTable<'i>>,
}

/// Something read, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub spot: Spot,
}

impl<'i> Form<'i> {
    /// Parses the text; a text that is not TOML is one fault, at its first mistake.
    pub fn parse(text: &'i str, faults: &Faults<'_>) -> Option<Self> {
        if text.len() > TEXT_MAX {
            faults.note(&Spot::default(), format!("longer than {} MiB", TEXT_MAX >> 20));
            return None;
        }
        match DeTable::parse(text) {
            Ok(root) => Some(Self { root }),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                faults.note(&Spot { span, path: String::new() }, error.message());
                None
            }
        }
    }

    /// The outermost table.
    pub fn fields<'a>(&'a self, faults: &'a Faults<'i>) -> Fields<'a, 'i> {
        Fields::new(faults, self.root.get_ref(), Spot::default())
    }
}

impl<T> Found<T> {
    /// The same place with something made of the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Found<U> {
        Found { value: make(self.value), spot: self.spot }
    }
}
