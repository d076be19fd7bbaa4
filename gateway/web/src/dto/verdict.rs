//! Verdicts and their explanation.

use super::Sample;
use serde::Serialize;
use weir_domain::{AreaId, PointId, RequirementId, Text, Timestamp};
use weir_engine::{RejudgeReason, VerdictRecord, ports::StoredVerdict};

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
    /// When it became known.
    known_at: Timestamp,
    /// The verdicts in whose place it stands.
    revises: &'a [i64],
    /// Why it was passed once more.
    revised_for: Option<Why<'a>>,
    /// Whether it stands.
    in_force: bool,
    /// The verdicts that took its place.
    revised_by: &'a [i64],
    /// When it ceased to stand.
    superseded_at: Option<Timestamp>,
    /// Why it does not stand any more.
    superseded_for: Option<Why<'a>>,
}

/// Why time was judged again: `mark` with the mark's id, or `late_data`.
#[derive(Serialize)]
pub(crate) struct Why<'a> {
    kind: &'static str,
    mark: Option<&'a str>,
}

impl<'a> Why<'a> {
    fn of(reason: &'a RejudgeReason) -> Self {
        match reason {
            RejudgeReason::Mark(id) => Self { kind: "mark", mark: Some(id.as_str()) },
            RejudgeReason::LateData => Self { kind: "late_data", mark: None },
        }
    }
}

/// The event `revised`: verdicts do not stand any more, and others took their place.
#[derive(Serialize)]
pub(crate) struct Revised<'a> {
    pub(crate) superseded: &'a [i64],
    pub(crate) verdicts: Vec<Verdict<'a>>,
}

impl<'a> Verdict<'a> {
    /// A verdict as the store has it, with what became of it.
    pub(crate) fn stored(stored: &'a StoredVerdict) -> Self {
        let superseded = stored.superseded.as_ref();
        Self {
            revises: &stored.revises,
            revised_for: stored.revised_for.as_ref().map(Why::of),
            in_force: stored.is_in_force(),
            revised_by: superseded.map_or(&[], |superseded| &superseded.by),
            superseded_at: superseded.map(|superseded| superseded.at),
            superseded_for: superseded.map(|superseded| Why::of(&superseded.why)),
            ..Self::of(stored.id, &stored.record)
        }
    }

    /// A verdict with its number in the store, that was passed just now.
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
            known_at: record.t,
            revises: &[],
            revised_for: None,
            in_force: true,
            revised_by: &[],
            superseded_at: None,
            superseded_for: None,
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
