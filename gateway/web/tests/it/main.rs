//! The API, the live events and the console through real sockets, with a gateway in memory behind.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod acts;
mod answers;
mod console;
mod devices;
mod events;
mod gateway;
mod harness;
mod marks;
mod refusals;
mod reload;
mod schema;
mod site;
