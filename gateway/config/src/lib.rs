//! The site file: text to a validated [`Site`], or every reason why not.
//!
//! * A **site file** (`site.toml`, `docs/reference/site-file.md`) says what is installed: areas,
//!   links, devices, sinks. It is one of three kinds of file; device profiles and rule packs are
//!   the other two and come in a [`Library`].
//! * [`Site::parse`] answers with a [`Site`] in which every reference is resolved and every bound
//!   holds, so nothing downstream checks again, or with all faults of the text at once.
//! * A [`Reason`] is one fault with its place and, where it can be said, how to put it right. A
//!   **warning** is a reason that does not stop the gateway, such as a rule that nothing watches.
//! * [`render`] shows reasons the way a compiler does.
//!
//! The work has two steps. `read` goes over the text and takes what has the right form, wherever it
//! stands; `check` resolves references and compares things with each other. Both note every fault
//! and go on. A key that nobody asked for is a fault (see [`weir_profiles::form`]).
//!
//! This crate reads no file, no environment and no clock: a [`Secret`] only says where it is kept.

#![forbid(unsafe_code)]

mod check;
mod defaults;
mod facts;
mod read;
mod reason;
mod render;
mod secret;
mod site;

pub use check::{Checked, Library, SYSTEM_PACKS};
pub use facts::area_facts;
pub use reason::ConfigError;
pub use render::{render, render_warnings};
pub use secret::Secret;
pub use site::{
    Alarms, Area, Device, Endpoint, FacilityKind, Framing, Link, Mqtt, MqttVersion, Parity, Sink,
    SinkKind, Site, Storage, Tls, Transport, Web,
};
pub use weir_profiles::form::Reason;
