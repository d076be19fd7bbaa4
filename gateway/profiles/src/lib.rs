//! Device models as data: which register or message field is which point.
//!
//! A **profile** describes an instrument model and is shared by every installed device of that
//! model. It knows addresses, types, scales and quirks; it knows no site, no limit and no link.
//!
//! * [`Profile::parse`] reads the TOML form (`docs/reference/profiles.md`) and answers with a
//!   checked profile or with every fault of the text at once.
//! * [`builtin_profiles`] are the models that come with the gateway, from `models/*.toml`.
//! * [`form`] is how such texts are read, with places and hints; the site file uses it too.
//!
//! This crate decodes nothing and reads no file: the engine turns registers into values, the
//! application brings the texts.
//!
//! ```
//! let profiles = weir_profiles::builtin_profiles();
//! let ph = weir_profiles::lookup(&profiles, "generic-ph").unwrap();
//! assert_eq!(ph.points[0].unit, weir_domain::Unit::One);
//! let slip = weir_profiles::lookup(&profiles, "generic-hp").unwrap_err();
//! assert_eq!(slip.closest.unwrap().as_str(), "generic-ph");
//! ```

#![forbid(unsafe_code)]

mod catalogue;
pub mod form;
mod parse;
mod profile;
mod register;

pub use catalogue::{UnknownProfile, builtin, builtin_profiles, lookup};
pub use parse::ProfileError;
pub use profile::{
    Access, AddressRange, FieldSource, InfoDef, MessageFormat, ModbusAccess, MqttAccess, PointDef,
    Profile, Source, State, TimeForm,
};
pub use register::{DataType, Half, RegisterAddress, RegisterKind, RegisterSource, WordOrder};
