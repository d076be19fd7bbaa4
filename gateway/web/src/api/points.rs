//! Points as they stand, and their past.

use super::Json;
use crate::{
    dto::{Buckets, Point, Sample, Samples},
    limits,
    problem::Problem,
    query::{self, Params, Segment},
    state::{App, Shared},
};
use axum::extract::State;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use weir_engine::{Description, PointInfo};

/// How far back samples go if nothing is said.
const DEFAULT: Duration = Duration::from_secs(3_600);

pub(crate) async fn points(State(app): Shared) -> Result<Json, Problem> {
    let view = app.web.view();
    let points = view.site().points.iter().enumerate();
    let points: Vec<_> = points.map(|(index, info)| Point::of(&view, index, info)).collect();
    Json::of(&points)
}

pub(crate) async fn point(State(app): Shared, Segment(id): Segment) -> Result<Json, Problem> {
    let view = app.web.view();
    let (index, info) = find(view.site(), &id)?;
    Json::of(&Point::of(&view, index, info))
}

/// A point, with its index.
fn find<'a>(site: &'a Description, id: &str) -> Result<(usize, &'a PointInfo), Problem> {
    let found = id.parse().ok().and_then(|id: weir_domain::PointId| {
        site.points.iter().enumerate().find(|(_, point)| point.id == id)
    });
    found.ok_or_else(|| {
        let detail = format!("there is no point {id:?}; /api/v1/points lists them");
        Problem::unknown("unknown_point", detail)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplesQuery {
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
    limit: Option<String>,
}

pub(crate) async fn samples(
    State(app): Shared,
    Segment(id): Segment,
    Params(asked): Params<SamplesQuery>,
) -> Result<Json, Problem> {
    let view = app.web.view();
    let info = find(view.site(), &id)?.1.clone();
    let range = query::range(asked.from.as_deref(), asked.to.as_deref(), view.now, DEFAULT)?;
    let limit = query::limit(asked.limit.as_deref(), limits::SAMPLES, limits::SAMPLES)?;
    match asked.step {
        None => raw(&app, info, range, limit).await,
        Some(_) if asked.limit.is_some() => {
            let detail = "`limit` is for raw samples; with `step`, choose a longer step";
            Err(Problem::bad("bad_limit", detail))
        }
        Some(step) => {
            let length = query::step(&step)?;
            query::check_steps(range, length)?;
            buckets(&app, info, range, (step, length)).await
        }
    }
}

async fn raw(
    app: &Arc<App>,
    info: PointInfo,
    query::Range { from, to }: query::Range,
    limit: usize,
) -> Result<Json, Problem> {
    app.ask(move |web| {
        // One more than is shown tells whether there are more.
        let mut samples = web.history.samples(info.series, from, to, limit + 1)?;
        let truncated = samples.len() > limit;
        samples.truncate(limit);
        Json::of(&Samples {
            point: &info.id,
            from,
            to,
            step: None,
            unit: info.unit.symbol(),
            truncated,
            samples: samples.iter().map(Sample::from).collect(),
        })
    })
    .await
}

async fn buckets(
    app: &Arc<App>,
    info: PointInfo,
    query::Range { from, to }: query::Range,
    (step, length): (String, Duration),
) -> Result<Json, Problem> {
    app.ask(move |web| {
        let buckets = web.history.buckets(info.series, from, to, length)?;
        Json::of(&Buckets {
            point: &info.id,
            from,
            to,
            step: &step,
            unit: info.unit.symbol(),
            buckets: buckets.into_iter().map(Into::into).collect(),
        })
    })
    .await
}
