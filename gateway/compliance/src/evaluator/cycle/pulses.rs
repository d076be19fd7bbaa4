//! The evacuations before steam is held: how often, and how deep.

use crate::PulsesSpec;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use weir_domain::Timestamp;

/// Pulses that are remembered; nobody asks for more.
const PULSES_MAX: usize = 32;

/// The evacuations since the last cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pulses {
    times: VecDeque<Timestamp>,
    /// Whether the pressure has been up again since the last one.
    armed: bool,
    /// The last moment at which the pressure was not known.
    unseen: Timestamp,
    /// What is known of the pressure at the moment.
    known: bool,
}

/// What was counted before a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    pub(super) pulses: usize,
    /// Whether there may have been more.
    pub(super) unsure: bool,
}

impl Pulses {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { times: VecDeque::new(), armed: true, unseen: start, known: false }
    }

    /// The pressure from `at` on.
    pub(super) fn enter(&mut self, at: Timestamp, pressure: Option<f64>, spec: PulsesSpec) {
        if !self.known {
            self.unseen = self.unseen.max(at);
        }
        self.known = pressure.is_some();
        match pressure {
            Some(pressure) if pressure <= spec.below && self.armed => {
                self.armed = false;
                self.times.push_back(at);
                if self.times.len() > PULSES_MAX {
                    self.times.pop_front();
                }
            }
            Some(pressure) if pressure >= spec.above => self.armed = true,
            _ => {}
        }
    }

    /// What came within so long before `at`.
    pub(super) fn counted(&self, at: Timestamp, within: Duration) -> Counted {
        let from = at - within;
        let pulses = self.times.iter().filter(|time| **time >= from && **time <= at).count();
        Counted { pulses, unsure: !self.known || self.unseen > from }
    }

    /// A new load begins. One that goes on is none of its own.
    pub(super) fn clear(&mut self) {
        self.times.clear();
    }
}
