//! What a process is to the rest of the facility.

use super::{Cause, active::Active};

/// The physics of a facility.
pub(crate) trait Process: std::fmt::Debug + Send {
    /// One step passes and ends at `second`; `values` gets what is true then.
    fn step(&mut self, second: i64, active: &Active, values: &mut Values);
}

/// What is true, and what has just changed.
#[derive(Debug)]
pub(crate) struct Values {
    /// The true value of every series.
    pub(crate) now: Vec<f64>,
    /// What changed within the step, in the order of time.
    pub(crate) edges: Vec<Edge>,
    /// What a cause did, in milliseconds.
    pub(crate) acts: Vec<Act>,
}

/// A change, or an event, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edge {
    pub(crate) series: usize,
    pub(crate) ms: i64,
    pub(crate) value: f64,
}

/// Something that a cause did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Act {
    pub(crate) cause: Cause,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Values {
    pub(crate) fn new(series: usize) -> Self {
        Self { now: vec![0.0; series], edges: Vec::new(), acts: Vec::new() }
    }

    /// Sets a switch or another value that only changes now and then, and tells if it is another.
    pub(crate) fn change(&mut self, series: usize, ms: i64, value: f64) {
        if self.now[series] != value {
            self.now[series] = value;
            self.edges.push(Edge { series, ms, value });
        }
    }

    /// Something happens that has a value.
    pub(crate) fn event(&mut self, series: usize, ms: i64, value: f64) {
        self.now[series] = value;
        self.edges.push(Edge { series, ms, value });
    }

    pub(crate) fn act(&mut self, cause: Cause, from_ms: i64, to_ms: i64) {
        self.acts.push(Act { cause, from_ms, to_ms });
    }
}

pub(crate) fn switch(on: bool) -> f64 {
    f64::from(u8::from(on))
}
