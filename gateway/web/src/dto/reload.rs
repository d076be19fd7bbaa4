//! Reading the site file again.

use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;
use weir_engine::ports::{self, ReloadOutcome};

/// What a person sends to have the site file read again. What is to be done must be said: a body
/// without it changes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReloadAct {
    pub(crate) check_only: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Reload {
    at: Timestamp,
    config_hash: String,
    outcome: &'static str,
    changes: Vec<String>,
    faults: Vec<String>,
}

impl From<ports::Reload> for Reload {
    fn from(reload: ports::Reload) -> Self {
        Self {
            at: reload.at,
            config_hash: reload.config_hash,
            outcome: match reload.outcome {
                ReloadOutcome::Unchanged => "unchanged",
                ReloadOutcome::Checked => "checked",
                ReloadOutcome::Applied => "applied",
                ReloadOutcome::Refused => "refused",
                ReloadOutcome::RolledBack => "rolled_back",
            },
            changes: reload.changes,
            faults: reload.faults,
        }
    }
}
