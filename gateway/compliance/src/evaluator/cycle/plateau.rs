//! What was measured while a value was held for the longest time of a cycle.

use super::conditions::Look;
use crate::evaluator::hold::{Hold, Level};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// Least and greatest values of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stats {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) value: Option<(f64, f64)>,
    pub(super) pressure: Option<(f64, f64)>,
    /// The greatest distance from saturated steam, with its sign.
    pub(super) superheat: Option<f64>,
}

/// The stretch that goes on, and the longest one so far.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plateau {
    run: Option<Stats>,
    /// The same since its dip, for the case that the dip is not forgiven.
    tail: Option<Stats>,
    longest: Option<Stats>,
}

impl Stats {
    fn new(from: Timestamp) -> Self {
        Self { from, to: from, value: None, pressure: None, superheat: None }
    }

    fn add(&mut self, to: Timestamp, look: &Look) {
        let wider = |range: Option<(f64, f64)>, new: Option<f64>| match (range, new) {
            (Some((least, most)), Some(new)) => Some((least.min(new), most.max(new))),
            (None, Some(new)) => Some((new, new)),
            (range, None) => range,
        };
        self.to = to;
        self.value = wider(self.value, look.value);
        self.pressure = wider(self.pressure, look.pressure);
        self.superheat = farther(self.superheat, look.superheat);
    }
}

impl Plateau {
    /// The time until `to` has passed with the inputs as they were; `before` is what was held until
    /// then, and `after` with that time.
    pub(super) fn pass(&mut self, to: Timestamp, look: &Look, before: &Hold, after: &Hold) {
        let Some(from) = before.run() else { return };
        if self.run.is_none_or(|run| run.from != from) {
            self.run = self.tail.filter(|tail| tail.from == from).or(Some(Stats::new(from)));
            self.tail = None;
        }
        if before.level() == Level::Held && before.second_chance().is_some() {
            let since = before.second_chance().unwrap_or(from);
            let tail = self.tail.filter(|tail| tail.from == since);
            let mut tail = tail.unwrap_or(Stats::new(since));
            tail.add(to, look);
            self.tail = Some(tail);
        }
        if let Some(run) = &mut self.run {
            run.add(to, look);
            if after.longest() > before.longest() {
                self.longest = Some(*run);
            }
        }
    }

    pub(super) fn longest(&self) -> Option<&Stats> {
        self.longest.as_ref()
    }
}

/// The one that is farther from zero.
pub(super) fn farther(so_far: Option<f64>, new: Option<f64>) -> Option<f64> {
    match (so_far, new) {
        (Some(so_far), Some(new)) if so_far.abs() >= new.abs() => Some(so_far),
        (so_far, new) => new.or(so_far),
    }
}
