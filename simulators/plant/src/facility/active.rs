//! Which causes act just now.

use super::{Cause, Incident};

/// The causes that act in a step, and how badly.
#[derive(Debug, Clone)]
pub(crate) struct Active {
    sizes: Vec<Option<f64>>,
    since: Vec<i64>,
}

impl Active {
    pub(crate) fn none() -> Self {
        Self { sizes: vec![None; Cause::ALL.len()], since: vec![0; Cause::ALL.len()] }
    }

    pub(crate) fn clear(&mut self) {
        self.sizes.fill(None);
    }

    pub(crate) fn add(&mut self, incident: &Incident) {
        self.sizes[incident.cause as usize] = Some(incident.size);
        self.since[incident.cause as usize] = incident.at.as_millis().div_euclid(1_000);
    }

    /// Whether a cause acts.
    pub(crate) fn on(&self, cause: Cause) -> bool {
        self.sizes[cause as usize].is_some()
    }

    /// How badly, if it acts.
    pub(crate) fn size(&self, cause: Cause) -> Option<f64> {
        self.sizes[cause as usize]
    }

    /// The second in which it began, if it acts.
    pub(crate) fn since(&self, cause: Cause) -> Option<i64> {
        self.sizes[cause as usize].map(|_| self.since[cause as usize])
    }
}
