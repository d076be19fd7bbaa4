//! What the examiner asks for, in the examiner's own words: the limits of the standards as numbers,
//! beside the requirement that has to find their violation. Nothing here comes from a pack.
//!
//! Every duty has two windows. What is beyond the **sure** one, for longer than the persistence and
//! a margin, has to be found. What is inside the **safe** one must never be called a violation.
//! Between the two, instruments may err, and either verdict is fair.

use std::time::Duration;
use weir_plant::facility::{Cause, Kind, Site};

/// One thing that has to be found, and must not be found where it is not.
#[derive(Debug, Clone)]
pub(crate) struct Duty {
    /// The requirement, as the pack names it.
    pub(crate) requirement: &'static str,
    /// How the truth is known.
    pub(crate) truth: Ground,
    /// Whether only opening hours count.
    pub(crate) open_only: bool,
}

/// How the truth is known.
#[derive(Debug, Clone)]
pub(crate) enum Ground {
    /// By a true value.
    Value {
        /// Which of the site's series.
        series: usize,
        /// The limits.
        low: Option<f64>,
        high: Option<f64>,
        /// How far an instrument may be off, in the value's unit.
        error: f64,
        /// How long it must last.
        persistence: Duration,
        /// Only while this series is at least so much.
        when: Option<(usize, f64)>,
    },
    /// By a mean of a true value over local days.
    DailyMean { series: usize, high: f64, error: f64, weight: usize },
    /// By what a cause did: each of its acts has to be found.
    Acts(&'static [Cause]),
}
