//! How long water stays in a tank: the time in which as much has flowed as the tank holds.
//!
//! At `t` the water that leaves has been in the tank for τ with ∫ Q dt = βV from t - τ to t. It is
//! taken at every full minute, and when the flow begins. While nothing flows there is nothing to be
//! judged. Where the flow is missing, what is known of it is a least amount: if that alone fills
//! the tank in less than the required time, the time is surely too short.
//!
//! Of a time of half an hour or more the flow is remembered in pieces of several seconds, a 180th of
//! the time at most: how much has flowed is exact at their ends, and between them off by a part of
//! what the flow varies within one.

use super::{Course, Past};
use core::time::Duration;
use weir_domain::Timestamp;

const MINUTE_MS: i64 = 60_000;
/// Pieces of the past are joined up to this part of the time, in whole ten seconds.
const GRAIN_SHARE: u64 = 180;

/// The time that water stays in a tank, in minutes.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    /// What flows through in cubic metres until the water is new.
    volume: f64,
    /// How long it must stay.
    needed: Duration,
    /// Pieces up to this length are joined.
    grain: Duration,
    state: ContactState,
}

/// All that a [`Contact`] remembers.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactState {
    past: Past,
    /// What it was when it was taken last.
    minutes: Option<f64>,
    /// When it is taken next.
    due: Timestamp,
}

impl Contact {
    pub(crate) fn new(volume: f64, needed: Duration, start: Timestamp) -> Self {
        let state = ContactState { past: Past::default(), minutes: None, due: start };
        let grain = Duration::from_secs(needed.as_secs() / GRAIN_SHARE / 10 * 10);
        Self { volume, needed, grain, state }
    }

    /// The flow in m³/h.
    fn flow(&self) -> Option<f64> {
        self.state.past.last()
    }

    /// Looks back from `t` until the tank is full.
    fn look_back(&self, t: Timestamp) -> Option<f64> {
        let (horizon, needed) = (self.needed * 2, self.needed);
        let (mut volume, mut end, mut gap) = (0.0, t, false);
        for (from, flow) in self.state.past.0.iter().rev() {
            let from = (*from).max(t - horizon);
            if end <= from {
                continue;
            }
            let hours = end.since(from).as_secs_f64() / 3_600.0;
            match *flow {
                None if t.since(end) < needed => gap = true,
                None if !gap => return Some(t.since(end).as_secs_f64() / 60.0),
                None => {}
                Some(flow) if volume + flow * hours >= self.volume => {
                    let hours = if flow > 0.0 { (self.volume - volume) / flow } else { 0.0 };
                    let minutes = t.since(end).as_secs_f64() / 60.0 + hours * 60.0;
                    let short = minutes * 60.0 < needed.as_secs_f64();
                    return (short || !gap).then_some(rounded(minutes));
                }
                Some(flow) => volume += flow * hours,
            }
            end = from;
            if t.since(end) >= horizon {
                break;
            }
        }
        // Nobody knows what was before; it is enough if the water stays for as long as it must.
        let seen = t.since(end);
        (!gap && seen >= needed).then_some(seen.as_secs_f64() / 60.0)
    }
}

/// To a nanominute: what is beyond is the error of binary fractions.
fn rounded(minutes: f64) -> f64 {
    (minutes * 1e9).round() / 1e9
}

impl Course for Contact {
    type State = ContactState;

    fn enter(&mut self, t: Timestamp, value: Option<f64>) {
        let before = self.flow();
        // What flows back does not make the water younger.
        self.state.past.join(t, self.grain);
        self.state.past.enter(t, value.map(|flow| flow.max(0.0)));
        let flows = |flow: Option<f64>| flow.map(|flow| flow > 0.0);
        if flows(before) != flows(self.flow()) {
            self.state.due = self.state.due.min(t);
        }
    }

    fn next(&self) -> Option<Timestamp> {
        Some(self.state.due)
    }

    fn at(&mut self, t: Timestamp) -> Option<f64> {
        if self.state.due <= t {
            self.state.past.forget(t - self.needed * 2);
            self.state.minutes = self.look_back(t);
            let minute = t.as_millis().div_euclid(MINUTE_MS) + 1;
            self.state.due = Timestamp::from_millis(minute * MINUTE_MS);
        }
        self.flow().and(self.state.minutes)
    }

    fn applies(&self) -> bool {
        self.flow().is_none_or(|flow| flow > 0.0)
    }

    fn state(&self) -> ContactState {
        self.state.clone()
    }

    fn restore(&mut self, state: ContactState) {
        self.state = state;
    }
}
