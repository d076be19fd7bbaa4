//! Marks, findings, and what a person does to marks.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_domain::{AreaId, PointId, Quality, Text, Timestamp};
use weir_engine::{Capacity, MarkEvent, MarkReason, Origin};

/// A mark as it stands.
#[derive(Serialize)]
pub(crate) struct Mark<'a> {
    id: &'a str,
    points: &'a [PointId],
    from: Timestamp,
    to: Option<Timestamp>,
    quality: String,
    reason: &'static str,
    reason_text: Text,
    /// Whether a person made it; else a check of a pack did.
    manual: bool,
    by: Option<&'a str>,
    role: Option<&'static str>,
    check: Option<String>,
    comment: &'a str,
    evidence: &'a [String],
    value: Option<f64>,
    made_at: Timestamp,
    void: bool,
    review: Option<Review<'a>>,
}

#[derive(Serialize)]
struct Review<'a> {
    outcome: &'static str,
    by: &'a str,
    at: Timestamp,
    comment: &'a str,
}

impl<'a> Mark<'a> {
    pub(crate) fn of(mark: &'a weir_engine::Mark) -> Self {
        let (person, check) = match &mark.origin {
            Origin::Person(person) => (Some(person), None),
            Origin::Check(check) => (None, Some(format!("{}/{}", check.pack, check.check))),
        };
        Self {
            id: mark.id.as_str(),
            points: &mark.points,
            from: mark.from,
            to: mark.to,
            quality: mark.quality.to_string(),
            reason: mark.reason.as_str(),
            reason_text: mark.reason.text(),
            manual: mark.is_manual(),
            by: person.map(|person| person.name.as_str()),
            role: person.map(|person| person.role.as_str()),
            check,
            comment: &mark.comment,
            evidence: &mark.evidence,
            value: mark.value.map(weir_domain::Value::get),
            made_at: mark.made_at,
            void: mark.is_void(),
            review: mark.review.as_ref().map(|review| Review {
                outcome: review.outcome.as_str(),
                by: &review.by.name,
                at: review.at,
                comment: &review.comment,
            }),
        }
    }
}

/// The event `mark`: a mark has changed.
#[derive(Serialize)]
pub(crate) struct MarkEventBody<'a> {
    t: Timestamp,
    change: &'static str,
    by: Option<&'a str>,
    mark: Mark<'a>,
}

impl<'a> From<&'a MarkEvent> for MarkEventBody<'a> {
    fn from(event: &'a MarkEvent) -> Self {
        Self {
            t: event.t,
            change: event.change.as_str(),
            by: event.by.as_ref().map(|by| by.name.as_str()),
            mark: Mark::of(&event.mark),
        }
    }
}

/// Something in the data that somebody should look at; also the event `finding`.
#[derive(Serialize)]
pub(crate) struct Finding<'a> {
    id: i64,
    t: Timestamp,
    area: &'a AreaId,
    points: &'a [PointId],
    check: String,
    kind: &'a str,
    from: Timestamp,
    to: Timestamp,
    numbers: &'a BTreeMap<String, f64>,
    explanation: &'a Text,
    confidence: f64,
}

impl<'a> Finding<'a> {
    pub(crate) fn of(id: i64, finding: &'a weir_engine::Finding) -> Self {
        Self {
            id,
            t: finding.t,
            area: &finding.area,
            points: &finding.points,
            check: format!("{}/{}", finding.check.pack, finding.check.check),
            kind: &finding.kind,
            from: finding.from,
            to: finding.to,
            numbers: &finding.numbers,
            explanation: &finding.explanation,
            confidence: finding.confidence,
        }
    }
}

/// What a person sends to mark readings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkAct {
    pub(crate) by: String,
    pub(crate) role: Capacity,
    pub(crate) points: Vec<PointId>,
    pub(crate) from: Timestamp,
    #[serde(default)]
    pub(crate) to: Option<Timestamp>,
    pub(crate) reason: MarkReason,
    /// `bad:maintenance`; if it is not said, what the reason says.
    #[serde(default)]
    pub(crate) quality: Option<String>,
    pub(crate) comment: String,
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    /// The value measured by hand, where the reason is `manual_value`.
    #[serde(default)]
    pub(crate) value: Option<f64>,
}

impl MarkAct {
    /// The quality that was asked for.
    pub(crate) fn quality(&self) -> Result<Option<Quality>, weir_domain::QualityError> {
        self.quality.as_deref().map(str::parse).transpose()
    }
}

/// What a person sends to end a mark.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndMarkAct {
    pub(crate) by: String,
    pub(crate) role: Capacity,
    /// Now, if it is not said.
    #[serde(default)]
    pub(crate) to: Option<Timestamp>,
    #[serde(default)]
    pub(crate) comment: String,
}

/// What a supervisor sends about a mark.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewMarkAct {
    pub(crate) by: String,
    pub(crate) role: Capacity,
    pub(crate) outcome: weir_engine::ReviewOutcome,
    pub(crate) comment: String,
}

/// What a person sends about a check with a standard.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalibrationAct {
    pub(crate) by: String,
    pub(crate) role: Capacity,
    pub(crate) point: PointId,
    /// Now, if it is not said.
    #[serde(default)]
    pub(crate) done_at: Option<Timestamp>,
    pub(crate) passed: bool,
    pub(crate) reference: f64,
    pub(crate) reading: f64,
    #[serde(default)]
    pub(crate) comment: String,
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
}
