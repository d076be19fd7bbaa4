//! An alarm that comes and goes says nothing, and hides what does.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// So many transitions in [`CHATTER_WINDOW`] are chattering.
pub const CHATTER_TRANSITIONS: usize = 3;
/// See [`CHATTER_TRANSITIONS`].
pub const CHATTER_WINDOW: Duration = Duration::from_secs(60);
/// An alarm without a transition for so long chatters no more.
pub const CHATTER_QUIET: Duration = Duration::from_secs(600);

/// The last transitions of an alarm, and whether they are too many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Chatter {
    /// The last ones, oldest first.
    recent: Vec<Timestamp>,
    pub(crate) is_chattering: bool,
}

impl Chatter {
    pub(crate) fn is_idle(&self) -> bool {
        *self == Self::default()
    }

    /// The alarm was raised or returned. True if that makes it chatter.
    pub(crate) fn turned(&mut self, at: Timestamp) -> bool {
        if self.recent.len() == CHATTER_TRANSITIONS {
            self.recent.remove(0);
        }
        self.recent.push(at);
        let is_many =
            self.recent.len() == CHATTER_TRANSITIONS && at.since(self.recent[0]) <= CHATTER_WINDOW;
        let begins = is_many && !self.is_chattering;
        self.is_chattering |= is_many;
        begins
    }

    /// When it will have been quiet for long enough.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let last = *self.recent.last()?;
        self.is_chattering.then(|| last + CHATTER_QUIET)
    }

    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }
}
