//! Puts a message together key by key, and watches over its limits, whatever the format.

use super::{Boot, FIELDS_MAX, Field, Scalar, TEXT_MAX, Telemetry};
use alloc::{borrow::ToOwned, collections::BTreeSet, string::String, vec::Vec};
use core::fmt;

/// What is wrong with the content of a message.
#[derive(Debug)]
pub(super) enum Fault {
    Missing(&'static str),
    Twice(String),
    TextTooLong(&'static str),
    NoName,
    TooManyFields,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "missing key {key:?}"),
            Self::Twice(key) => write!(f, "key {key:?} twice"),
            Self::TextTooLong(what) => write!(f, "{what} of more than {TEXT_MAX} bytes"),
            Self::NoName => f.write_str("an empty field name"),
            Self::TooManyFields => write!(f, "more than {FIELDS_MAX} fields"),
        }
    }
}

/// A message in the making.
#[derive(Default)]
pub(super) struct Collector {
    boot: Option<Boot>,
    seq: Option<u64>,
    t: Option<Option<i64>>,
    fields: Option<Vec<Field>>,
}

/// Fields in the making.
#[derive(Default)]
pub(super) struct Fields {
    names: BTreeSet<String>,
    list: Vec<Field>,
}

/// A text within its limit.
pub(super) fn text(text: &str, what: &'static str) -> Result<String, Fault> {
    if text.len() > TEXT_MAX { Err(Fault::TextTooLong(what)) } else { Ok(text.to_owned()) }
}

fn set<T>(place: &mut Option<T>, value: T, key: &'static str) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::Twice(key.to_owned())),
    }
}

impl Collector {
    pub(super) fn boot(&mut self, boot: Boot) -> Result<(), Fault> {
        set(&mut self.boot, boot, "boot")
    }

    pub(super) fn seq(&mut self, seq: u64) -> Result<(), Fault> {
        set(&mut self.seq, seq, "seq")
    }

    pub(super) fn t(&mut self, t: Option<i64>) -> Result<(), Fault> {
        set(&mut self.t, t, "t")
    }

    pub(super) fn fields(&mut self, fields: Fields) -> Result<(), Fault> {
        set(&mut self.fields, fields.list, "points")
    }

    pub(super) fn finish(self) -> Result<Telemetry, Fault> {
        Ok(Telemetry {
            boot: self.boot.ok_or(Fault::Missing("boot"))?,
            seq: self.seq.ok_or(Fault::Missing("seq"))?,
            t: self.t.flatten(),
            fields: self.fields.ok_or(Fault::Missing("points"))?,
        })
    }
}

impl Fields {
    /// Takes a name in before its value is read, so that a limit is seen before memory is spent.
    pub(super) fn name(&mut self, name: &str) -> Result<String, Fault> {
        if name.is_empty() {
            return Err(Fault::NoName);
        }
        if self.list.len() == FIELDS_MAX {
            return Err(Fault::TooManyFields);
        }
        let name = text(name, "a field name")?;
        if !self.names.insert(name.clone()) {
            return Err(Fault::Twice(name));
        }
        Ok(name)
    }

    pub(super) fn push(&mut self, name: String, (value, quality): (Scalar, Option<String>)) {
        self.list.push(Field { name, value, quality });
    }
}

/// The content of a field with a quality of its own.
#[derive(Default)]
pub(super) struct Qualified {
    value: Option<Scalar>,
    quality: Option<Option<String>>,
}

impl Qualified {
    pub(super) fn value(&mut self, value: Scalar) -> Result<(), Fault> {
        set(&mut self.value, value, "value")
    }

    pub(super) fn quality(&mut self, quality: Option<&str>) -> Result<(), Fault> {
        let quality = quality.map(|quality| text(quality, "a quality")).transpose()?;
        set(&mut self.quality, quality, "quality")
    }

    pub(super) fn finish(self) -> (Scalar, Option<String>) {
        (self.value.unwrap_or(Scalar::Null), self.quality.flatten())
    }
}
