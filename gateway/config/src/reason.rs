//! The error of a site file: every reason at once.

use weir_profiles::form::Reason;

/// A text that is no valid site file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.reasons))]
pub struct ConfigError {
    /// Every fault, in the order of the text; never empty.
    pub reasons: Vec<Reason>,
}

impl AsRef<[Reason]> for ConfigError {
    fn as_ref(&self) -> &[Reason] {
        &self.reasons
    }
}

fn summary(reasons: &[Reason]) -> String {
    match reasons {
        [] => "the site file is not valid".to_owned(),
        [only] => format!("the site file has a fault: {only}"),
        [first, ..] => format!("the site file has {} faults, the first: {first}", reasons.len()),
    }
}
