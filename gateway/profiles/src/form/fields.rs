//! A table of the form, read key by key.

use super::value::{
    Pattern, as_flag, as_number, as_pattern, as_text, as_whole, expected, mismatch,
};
use super::{Faults, Found, Spot, closest};
use core::fmt::Display;
use core::ops::RangeInclusive;
use core::str::FromStr;
use toml::de::{DeTable, DeValue};
use weir_domain::Text;

/// Most keys that a hint lists; beyond that it is no help.
const KEYS_LISTED_MAX: usize = 12;

/// A table being read. Every method that takes a key makes the key known; what is still unknown
/// when the `Fields` is dropped is noted as a fault.
#[derive(Debug)]
pub struct Fields<'a, 'i> {
    faults: &'a Faults<'i>,
    table: &'a DeTable<'i>,
    spot: Spot,
    known: Vec<&'static str>,
}

impl<'a, 'i> Fields<'a, 'i> {
    /// A table, of which no key is known yet.
    pub(super) fn new(faults: &'a Faults<'i>, table: &'a DeTable<'i>, spot: Spot) -> Self {
        Self { faults, table, spot, known: Vec::new() }
    }

    /// Where the table stands.
    pub fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where the key's value stands, or the table if the key is not there.
    pub fn at(&self, key: &str) -> Spot {
        let span = self.table.get(key).map_or_else(|| self.spot.span.clone(), |v| v.span());
        self.spot.within(key, span)
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether the key is there, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a text stands at the key.
    pub fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Makes the key known without reading it.
    pub fn know(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Notes a fault for each of these keys that is missing.
    pub fn require(&self, keys: &[&str]) {
        for key in keys.iter().filter(|key| !self.has(key)) {
            self.faults.note(&self.at(key), format!("missing key `{key}`"));
        }
    }

    /// A text that is not blank.
    pub fn text(&mut self, key: &'static str) -> Option<Found<String>> {
        let (value, spot) = self.take(key)?;
        as_text(value, &spot, self.faults).map(|text| Found { value: text.to_owned(), spot })
    }

    /// A text with a form of its own, such as an id.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<Found<T>> {
        let (value, spot) = self.take(key)?;
        match as_text(value, &spot, self.faults)?.parse() {
            Ok(value) => Some(Found { value, spot }),
            Err(error) => {
                self.faults.note(&spot, error.to_string());
                None
            }
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<Found<T>> {
        let (value, spot) = self.take(key)?;
        let text = as_text(value, &spot, self.faults)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(Found { value: *value, spot });
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = match closest(text, known.iter().copied()) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => format!("use one of: {}", known.join(", ")),
        };
        self.faults.hint(&spot, format!("unknown {key} \"{text}\""), hint);
        None
    }

    /// A whole number within bounds.
    pub fn whole(&mut self, key: &'static str, bounds: RangeInclusive<i64>) -> Option<Found<i64>> {
        let (value, spot) = self.take(key)?;
        let number = as_whole(value, &spot, self.faults)?;
        if !bounds.contains(&number) {
            let (least, most) = bounds.into_inner();
            self.faults.note(&spot, format!("{number} is not between {least} and {most}"));
            return None;
        }
        Some(Found { value: number, spot })
    }

    /// A finite number, whole or not.
    pub fn number(&mut self, key: &'static str) -> Option<Found<f64>> {
        let (value, spot) = self.take(key)?;
        as_number(value, &spot, self.faults).map(|value| Found { value, spot })
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> Option<Found<bool>> {
        let (value, spot) = self.take(key)?;
        as_flag(value, &spot, self.faults).map(|value| Found { value, spot })
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str) -> Option<Found<Vec<Found<String>>>> {
        self.list(key, |value, spot, faults| as_text(value, spot, faults).map(str::to_owned))
    }

    /// A list of whole numbers.
    pub fn wholes(&mut self, key: &'static str) -> Option<Found<Vec<Found<i64>>>> {
        self.list(key, as_whole)
    }

    /// A list of whole numbers of up to 64 bits, signed or not, with how they are written.
    pub fn patterns(&mut self, key: &'static str) -> Option<Found<Vec<Found<Pattern>>>> {
        self.list(key, as_pattern)
    }

    /// A list of finite numbers.
    pub fn numbers(&mut self, key: &'static str) -> Option<Found<Vec<Found<f64>>>> {
        self.list(key, as_number)
    }

    /// A table of finite numbers, whose keys nobody knows beforehand; each with where its key is.
    pub fn named_numbers(&mut self, key: &'static str) -> Option<Vec<(Found<String>, f64)>> {
        let (value, spot) = self.take(key)?;
        let DeValue::Table(table) = value else {
            return mismatch(value, &spot, "a table of numbers", self.faults);
        };
        let read = |(name, value): (&toml::Spanned<_>, &'a toml::Spanned<DeValue<'i>>)| {
            let name: &toml::Spanned<std::borrow::Cow<'i, str>> = name;
            let text: &str = name.get_ref();
            let number = as_number(value.get_ref(), &spot.within(text, value.span()), self.faults)?;
            let spot = spot.within(text, name.span());
            Some((Found { value: text.to_owned(), spot }, number))
        };
        Some(table.iter().filter_map(read).collect())
    }

    /// A name: `{ zh = "…", en = "…" }`, or one text for both languages.
    pub fn name(&mut self, key: &'static str) -> Option<Found<Text>> {
        let (value, spot) = self.take(key)?;
        let text = match value {
            DeValue::Table(table) => {
                let mut fields = self.inner(table, spot.clone());
                fields.require(&["zh", "en"]);
                let (zh, en) = (fields.text("zh"), fields.text("en"));
                Text { zh: zh?.value, en: en?.value }
            }
            DeValue::String(_) => {
                let text = as_text(value, &spot, self.faults)?;
                Text { zh: text.to_owned(), en: text.to_owned() }
            }
            _ => {
                return mismatch(
                    value,
                    &spot,
                    "a text or { zh = \"...\", en = \"...\" }",
                    self.faults,
                );
            }
        };
        Some(Found { value: text, spot })
    }

    /// A table within this one.
    pub fn fields(&mut self, key: &'static str) -> Option<Fields<'a, 'i>> {
        let (value, spot) = self.take(key)?;
        match value {
            DeValue::Table(table) => Some(self.inner(table, spot)),
            _ => mismatch(value, &spot, "a table", self.faults),
        }
    }

    /// The tables of a list, `[[key]]` or inline, in their order; none if the key is not there or no list.
    pub fn list_of_fields(&mut self, key: &'static str) -> Option<Vec<Fields<'a, 'i>>> {
        let (value, spot) = self.take(key)?;
        let DeValue::Array(items) = value else {
            let hint = format!("there may be several: write [[{key}]], or {key} = [{{ ... }}]");
            self.faults.hint(&spot, expected("a list of tables", value), hint);
            return None;
        };
        let read = |(index, item): (usize, &'a toml::Spanned<DeValue<'i>>)| {
            let spot = spot.item(index, item.span());
            match item.get_ref() {
                DeValue::Table(table) => Some(self.inner(table, spot)),
                other => mismatch(other, &spot, "a table", self.faults),
            }
        };
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    fn inner(&self, table: &'a DeTable<'i>, spot: Spot) -> Fields<'a, 'i> {
        Fields::new(self.faults, table, spot)
    }

    /// What stands at the key; marks the key as known.
    fn take(&mut self, key: &'static str) -> Option<(&'a DeValue<'i>, Spot)> {
        self.known.push(key);
        let value = self.table.get(key)?;
        Some((value.get_ref(), self.spot.within(key, value.span())))
    }

    fn list<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&'a DeValue<'i>, &Spot, &Faults<'i>) -> Option<T>,
    ) -> Option<Found<Vec<Found<T>>>> {
        let (value, spot) = self.take(key)?;
        let DeValue::Array(items) = value else {
            return mismatch(value, &spot, "a list", self.faults);
        };
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let spot = spot.item(index, item.span());
            if let Some(value) = read(item.get_ref(), &spot, self.faults) {
                found.push(Found { value, spot });
            }
        }
        Some(Found { value: found, spot })
    }
}

impl Drop for Fields<'_, '_> {
    fn drop(&mut self) {
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let spot = self.spot.within(name, key.span());
            let hint = match closest(name, self.known.iter().copied()) {
                Some(known) => Some(format!("did you mean `{known}`?")),
                None if self.known.len() <= KEYS_LISTED_MAX => {
                    Some(format!("known here: {}", self.known.join(", ")))
                }
                None => None,
            };
            self.faults.maybe_hint(&spot, format!("unknown key `{name}`"), hint);
        }
    }
}
