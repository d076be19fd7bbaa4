//! What really happened, and when a true value was beyond a window that the asker names.

use super::{Facility, Incident, Kind};
use serde::Serialize;
use std::ops::Range;
use weir_domain::Timestamp;

/// A cause that has acted, and what it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// What it was, from when to when.
    pub incident: Incident,
    /// What it did in particular, each with its time: cycles that it spoilt, exposures, tests that
    /// were missed. Empty where the true values say it all.
    pub acts: Vec<Range<Timestamp>>,
}

/// A window of true values. What is beyond it is for the asker to judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Which of the site's series.
    pub series: usize,
    /// The least and the greatest value inside.
    pub inside: (f64, f64),
    /// Asked only while this series is at least so much.
    pub when: Option<(usize, f64)>,
}

impl Window {
    fn is_beyond(&self, values: &[f64]) -> bool {
        let (low, high) = self.inside;
        let asked = self.when.is_none_or(|(series, least)| values[series] >= least);
        asked && !(low..=high).contains(&values[self.series])
    }
}

/// When the true values were outside of windows, each with its spans, to a step of the physics.
/// Runs the physics alone, without the instruments.
pub fn outside(
    (kind, seed): (Kind, u64),
    incidents: &[Incident],
    span: Range<Timestamp>,
    windows: &[Window],
) -> Vec<Vec<Range<Timestamp>>> {
    let mut facility = Facility::new(kind, seed, span.start, incidents.to_vec());
    let mut spans: Vec<Vec<Range<Timestamp>>> = vec![Vec::new(); windows.len()];
    let mut since: Vec<Option<Timestamp>> = vec![None; windows.len()];
    facility.advance_unseen(span.end, |now, values| {
        for ((window, since), spans) in windows.iter().zip(&mut since).zip(&mut spans) {
            match (window.is_beyond(values), *since) {
                (true, None) => *since = Some(now),
                (false, Some(from)) => {
                    spans.push(from..now);
                    *since = None;
                }
                _ => {}
            }
        }
    });
    for (since, spans) in since.iter().zip(&mut spans) {
        spans.extend(since.map(|from| from..span.end));
    }
    spans
}
