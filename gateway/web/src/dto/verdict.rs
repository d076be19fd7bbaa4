//! Verdicts and their explanation.

use super::Sample;
use serde::Serialize;
use weir_domain::{AreaId, PointId, RequirementId, Text, Timestamp};
use weir_engine::VerdictRecord;

/// A verdict on a stretch of time; also the event `verdict`.
#[derive(Serialize)]
pub(crate) struct Verdict<'a> {
    id: i64,
    t: Timestamp,
    area: &'a AreaId,
    pack: &'a str,
    requirement: &'a RequirementId,
    points: &'a [PointId],
    verdict: weir_domain::Verdict,
    from: Timestamp,
    to: Timestamp,
    value: Option<f64>,
    limit: &'a str,
    clause: &'a str,
    coverage: f64,
}

impl<'a> Verdict<'a> {
    /// A verdict with its number in the store.
    pub(crate) fn of(id: i64, record: &'a VerdictRecord) -> Self {
        Self {
            id,
            t: record.t,
            area: &record.area,
            pack: &record.pack,
            requirement: &record.requirement,
            points: &record.points,
            verdict: record.verdict,
            from: record.from,
            to: record.to,
            value: record.value,
            limit: &record.limit,
            clause: &record.clause,
            coverage: record.coverage,
        }
    }
}

/// A verdict with how it was reached, and from what.
#[derive(Serialize)]
pub(crate) struct Explanation<'a> {
    #[serde(flatten)]
    pub(crate) verdict: Verdict<'a>,
    pub(crate) explanation: &'a Text,
    pub(crate) requirement_title: Text,
    pub(crate) samples: Vec<PointSamples<'a>>,
    /// Whether any point has more samples than are shown.
    pub(crate) truncated: bool,
}

/// What a point contributed.
#[derive(Serialize)]
pub(crate) struct PointSamples<'a> {
    pub(crate) point: &'a PointId,
    /// False when the site has no such point any more; then its samples cannot be shown.
    pub(crate) known: bool,
    pub(crate) truncated: bool,
    pub(crate) samples: Vec<Sample>,
}
