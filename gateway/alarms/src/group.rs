//! First-out: of alarms that come together, the one that came first names the cause.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_domain::Timestamp;

/// So long after the last raise of a group, with nothing of it active, the next one is a first
/// one again.
pub const FIRST_OUT_WINDOW: Duration = Duration::from_secs(300);

/// A group of alarms that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FirstOut {
    active: BTreeSet<String>,
    first: Option<String>,
    last: Option<Timestamp>,
}

impl FirstOut {
    /// An alarm of the group was raised. True if it is the first one of what happens now.
    pub fn raised(&mut self, at: Timestamp, alarm: &str) -> bool {
        let is_over = self.active.is_empty()
            && self.last.is_none_or(|last| at.since(last) > FIRST_OUT_WINDOW);
        if is_over || self.first.is_none() {
            self.first = Some(alarm.to_owned());
        }
        self.active.insert(alarm.to_owned());
        self.last = self.last.max(Some(at));
        self.first.as_deref() == Some(alarm)
    }

    /// An alarm of the group has returned, or is watched no more.
    pub fn returned(&mut self, alarm: &str) {
        self.active.remove(alarm);
    }

    /// Forgets alarms that are not among these.
    pub fn keep(&mut self, active: &BTreeSet<&str>) {
        self.active.retain(|alarm| active.contains(alarm.as_str()));
    }
}
