//! Where the time comes from: an argument, so that a week is a test of a second.

use crate::Timestamp;

/// A wall clock. The binaries implement it with the system's clock, simulations with a virtual one.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}
