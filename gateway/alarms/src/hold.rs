//! What keeps an alarm from being heard: shelved, suppressed, out of service. Each by somebody or
//! something, with a reason, and all but the last with an end that comes by itself.

use crate::Quiet;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// No alarm is suppressed by a person's decision for longer; what takes longer is out of service.
pub const SUPPRESS_MAX: Duration = Duration::from_secs(7 * 86_400);

/// Who or what holds an alarm, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Since when.
    pub since: Timestamp,
    /// Until when, if it ends by itself at a time.
    pub until: Option<Timestamp>,
    /// Who; for what is by design, the alarm whose condition suppresses this one.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Everything that holds an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Holds {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shelved: Option<Hold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suppressed: Option<Hold>,
    /// By design: one for each cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) design: Vec<Hold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) out_of_service: Option<Hold>,
}

impl Holds {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The strongest reason why nobody hears of it.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        if self.out_of_service.is_some() {
            Some(Quiet::OutOfService)
        } else if self.suppressed.is_some() || !self.design.is_empty() {
            Some(Quiet::Suppressed)
        } else {
            self.shelved.as_ref().map(|_| Quiet::Shelved)
        }
    }
}
