//! A unit id on a link: what is silent, or answers, is the unit, whatever devices are read from it.

use crate::{Failure, breaker::Breaker};
use tokio::time::Instant;

/// One unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// Its id.
    pub(super) id: u8,
    /// Its breaker.
    pub(super) breaker: Breaker,
    /// Why its breaker is open.
    pub(super) failure: Option<Failure>,
    /// Not to be asked before: an answer to an earlier request may still be under way.
    pub(super) hold_until: Option<Instant>,
    /// When it was last asked.
    pub(super) last_asked: Option<Instant>,
}

impl Unit {
    pub(super) fn new(id: u8) -> Self {
        Self { id, breaker: Breaker::new(), failure: None, hold_until: None, last_asked: None }
    }

    /// The moment itself, or when the unit may be asked again if that is later.
    pub(super) fn not_before(&self, moment: Instant) -> Instant {
        self.hold_until.map_or(moment, |until| until.max(moment))
    }
}
