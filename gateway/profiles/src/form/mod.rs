//! TOML text as a form: read field by field, every fault noted with its place, none of them fatal.
//!
//! Deserialising stops at the first fault; an integrator on a ladder wants all of them. So the text
//! is parsed to a tree that remembers where everything stands, and read through [`Fields`], which
//! answers `None` for what is missing or wrong, writes a [`Reason`] into [`Faults`], and goes on. A
//! key that nobody asked for is a fault when its `Fields` is dropped, so no reader can forget to
//! refuse unknown keys.
//!
//! Device profiles are read this way here, and the site file in `weir-config`.

mod faults;
mod fields;
mod suggest;
mod value;

pub use faults::{Faults, Reason, Spot, TEXT_MAX};
pub use fields::{Fields, Form, Found};
pub use suggest::closest;
pub use value::Pattern;
