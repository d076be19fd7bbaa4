//! The store through its public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "all of it is test"
)]

mod common;
mod conservation;
mod delivery;
mod folder;
mod full_disk;
mod kill;
mod marks;
mod outbox;
mod records;
