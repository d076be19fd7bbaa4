//! Points, samples and steps.

use crate::view::View;
use serde::Serialize;
use weir_domain::{
    AreaId, DeviceId, Parameter, PointId, RequirementId, Role, Text, Timestamp, ValueKind, Verdict,
};
use weir_engine::{LimitInfo, PointInfo, ports};

/// One reading of a point.
#[derive(Serialize)]
pub(crate) struct Sample {
    t: Timestamp,
    value: Option<f64>,
    quality: &'static str,
    reason: Option<&'static str>,
    flag: &'static str,
}

impl From<&weir_domain::Sample> for Sample {
    fn from(sample: &weir_domain::Sample) -> Self {
        let quality = sample.reading.quality();
        Self {
            t: sample.source_time,
            value: sample.reading.value().map(weir_domain::Value::get),
            quality: quality.grade(),
            reason: quality.reason(),
            flag: quality.flag().as_str(),
        }
    }
}

/// A point as it stands.
#[derive(Serialize)]
pub(crate) struct Point<'a> {
    id: &'a PointId,
    device: &'a DeviceId,
    area: &'a AreaId,
    role: &'a Role,
    parameter: &'a Parameter,
    name: &'a Text,
    unit: &'static str,
    kind: &'static str,
    decimals: u8,
    range: Option<[f64; 2]>,
    states: Vec<StateName<'a>>,
    sample: Option<Sample>,
    received_at: Option<Timestamp>,
    age_ms: Option<u128>,
    stale: bool,
    stale_after_ms: u128,
    limits: Vec<Limit<'a>>,
    verdict: Option<Verdict>,
}

/// One of the few values of a point, and what it means.
#[derive(Serialize)]
struct StateName<'a> {
    value: f64,
    name: &'a Text,
}

#[derive(Serialize)]
struct Limit<'a> {
    requirement: &'a RequirementId,
    low: Option<f64>,
    high: Option<f64>,
    warning: bool,
}

impl<'a> Point<'a> {
    /// A point given by its index.
    pub(crate) fn of(view: &'a View, index: usize, info: &'a PointInfo) -> Self {
        let state = view.point(index, info);
        let limit = |limit: &LimitInfo| {
            let requirement = &view.site().requirements.get(limit.requirement)?.id;
            let LimitInfo { low, high, warning, .. } = *limit;
            Some(Limit { requirement, low, high, warning })
        };
        Self {
            id: &info.id,
            device: info.id.device(),
            area: &info.area,
            role: &info.role,
            parameter: &info.parameter,
            name: &info.name,
            unit: info.unit.symbol(),
            kind: match info.kind {
                ValueKind::Number => "number",
                ValueKind::Boolean => "boolean",
            },
            decimals: info.decimals,
            range: info.range.map(|(low, high)| [low, high]),
            states: info
                .states
                .iter()
                .map(|(value, name)| StateName { value: *value, name })
                .collect(),
            sample: state.sample.as_ref().map(Sample::from),
            received_at: state.sample.map(|sample| sample.received_time),
            age_ms: state.sample.map(|s| view.now.since(s.source_time).as_millis()),
            stale: state.stale,
            stale_after_ms: info.stale_after.as_millis(),
            limits: info.limits.iter().filter_map(limit).collect(),
            verdict: view.point_verdict(index),
        }
    }
}

/// The samples of a stretch of time, as they were taken.
#[derive(Serialize)]
pub(crate) struct Samples<'a> {
    pub(crate) point: &'a PointId,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Always none: the mark of raw samples.
    pub(crate) step: Option<&'a str>,
    pub(crate) unit: &'static str,
    pub(crate) truncated: bool,
    pub(crate) samples: Vec<Sample>,
}

/// The samples of a stretch of time, step by step. A step without any is left out.
#[derive(Serialize)]
pub(crate) struct Buckets<'a> {
    pub(crate) point: &'a PointId,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) step: &'a str,
    pub(crate) unit: &'static str,
    pub(crate) buckets: Vec<Bucket>,
}

/// What the good samples of a step come to.
#[derive(Serialize)]
pub(crate) struct Bucket {
    t: Timestamp,
    min: Option<f64>,
    mean: Option<f64>,
    max: Option<f64>,
    good: u64,
    not_good: u64,
}

impl From<ports::Bucket> for Bucket {
    fn from(bucket: ports::Bucket) -> Self {
        let ports::Bucket { t, good, not_good, min, mean, max } = bucket;
        Self { t, min, mean, max, good, not_good }
    }
}

/// One entry of the event `samples`: a new latest sample.
#[derive(Serialize)]
pub(crate) struct SampleEvent<'a> {
    pub(crate) point: &'a PointId,
    pub(crate) sample: Sample,
    pub(crate) received_at: Timestamp,
}
