//! Web: the HTTP API, the live events and the console of one gateway.
//!
//! * The **API** is under `/api/v1`, described by `docs/reference/openapi.json`. It has its own
//!   types for what it sends (`dto`), so that a change inside never changes the contract unseen.
//! * The **live events** are server-sent events with increasing ids; a client that was away resumes
//!   from the last 1,024, or is told to load everything anew.
//! * The **console** is a set of files built into the binary.
//!
//! A person can acknowledge an alarm, comment on it, and have the site file read again; a device can
//! post what it measured. Nothing else can be changed here, and no write ever leaves for a device.
//!
//! What this crate does not do: judge anything, or remember anything.

#![forbid(unsafe_code)]

mod api;
mod connections;
mod console;
mod dto;
mod error;
mod events;
mod exposition;
mod guard;
mod limits;
mod problem;
mod query;
mod router;
mod server;
mod state;
mod view;

pub use error::WebError;
pub use server::{bind, serve};
pub use state::WebState;
