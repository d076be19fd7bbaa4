//! An MQTT link: listens for its devices' messages, and acknowledges what is on disk.

mod link;
mod message;
mod publisher;
mod seen;
mod session;

pub(crate) use link::{Link, Surroundings};
