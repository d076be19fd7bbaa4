//! An MQTT link: listens for its devices' messages, and acknowledges what is on disk.

mod batch;
mod client;
mod filter;
mod link;
mod routes;
mod session;
mod sparkplug;
mod tls;

pub(crate) use link::{Link, Surroundings};
