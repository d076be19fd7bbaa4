//! What every kind of rule needs to be read: the faults found so far, and the classes of the pack.

use crate::{
    ClassDef, InputSpec, Pack,
    pack::fault::{Faults, shape},
};
use core::ops::Range;
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Spanned, de::DeValue};
use weir_domain::{Class, Parameter, Role, Unit};

/// The fact that every pack knows: the volume of the contact tank in cubic metres.
pub(crate) const CONTACT_TANK: &str = "contact_tank_m3";
/// No persistence, hold or delay may be longer: an excursion is kept open for so long.
pub(crate) const SECONDS_MAX: u64 = 24 * 3_600;

/// Reads the rule of a requirement.
#[derive(Debug)]
pub(crate) struct Reader<'a, 't> {
    faults: &'a mut Faults<'t>,
    header: Option<&'a Pack>,
    names_classes: bool,
}

/// An input as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInput {
    role: Option<Role>,
    parameter: Parameter,
    unit: Unit,
}

impl RawInput {
    pub(crate) fn spec(&self) -> InputSpec {
        InputSpec { role: self.role.clone(), parameter: self.parameter.clone(), unit: self.unit }
    }
}

impl<'a, 't> Reader<'a, 't> {
    /// `header` is the pack without its requirements, if it could be read; `names_classes` is whether
    /// the requirement names some of its classes for itself.
    pub(crate) fn new(
        faults: &'a mut Faults<'t>,
        header: Option<&'a Pack>,
        names_classes: bool,
    ) -> Self {
        Self { faults, header, names_classes }
    }

    /// Reads a part of the text into its raw shape.
    pub(crate) fn shape<T: DeserializeOwned>(&mut self, part: Spanned<DeValue<'_>>) -> Option<T> {
        shape(part, self.faults)
    }

    pub(crate) fn fault(
        &mut self,
        span: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.faults.add(span, problem, hint);
    }

    /// Whether the requirement names the classes it is for, so that a rule must not.
    pub(crate) fn names_classes(&self) -> bool {
        self.names_classes
    }

    fn classes(&self) -> Option<&'a [ClassDef]> {
        self.header.map(|header| &header.classes[..])
    }

    /// The facts that an area may have.
    pub(crate) fn facts(&self) -> Vec<&'a str> {
        facts_of(self.header)
    }

    /// Where the classes themselves could not be read, nothing can be said of their names.
    pub(crate) fn check_class(&mut self, class: &Class, span: Range<usize>) {
        let Some(known) = self.classes() else { return };
        if !known.iter().any(|def| def.id == *class) {
            let names: Vec<&str> = known.iter().map(|def| def.id.as_str()).collect();
            let hint = match names[..] {
                [] => "this pack has no classes".into(),
                [..] => format!("the classes of this pack are: {}", names.join(", ")),
            };
            self.faults.add(span, format!("class {class} is unknown"), hint);
        }
    }

    /// What is said for each class, in the order of the pack's classes.
    pub(crate) fn by_class<'r, T>(
        &mut self,
        said: impl IntoIterator<Item = (&'r Class, &'r Spanned<T>)>,
    ) -> Vec<(&'r Class, &'r Spanned<T>)>
    where
        T: 'r,
    {
        let mut said: Vec<_> = said.into_iter().collect();
        for (class, what) in &said {
            self.check_class(class, what.span());
        }
        let known = self.classes();
        said.sort_by_key(|(class, _)| {
            known.and_then(|all| all.iter().position(|d| d.id == **class))
        });
        said
    }
}

/// The facts that an area of a pack may have.
pub(crate) fn facts_of(header: Option<&Pack>) -> Vec<&str> {
    let own = header.into_iter().flat_map(|header| &header.facts);
    own.map(|fact| fact.id.as_str()).chain([CONTACT_TANK]).collect()
}
