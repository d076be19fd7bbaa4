//! Verdicts of the past, and how they were reached.

use super::Json;
use crate::{
    dto::{Explanation, PointSamples, Sample, Verdict},
    limits,
    problem::Problem,
    query::{self, Params, Range, Segment},
    state::{Shared, WebState},
    view::find_requirement,
};
use axum::extract::State;
use serde::Deserialize;
use std::time::Duration;
use weir_domain::{AreaId, PointId, Text};
use weir_engine::{Description, VerdictRecord, ports::VerdictFilter};

/// How far back verdicts go if nothing is said.
const DEFAULT: Duration = Duration::from_secs(86_400);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictsQuery {
    from: Option<String>,
    to: Option<String>,
    area: Option<String>,
    superseded: Option<String>,
    limit: Option<String>,
}

/// Oldest first; the latest ones if there are more than asked for. Each stretch of time once, unless
/// verdicts that do not stand any more are asked for too.
pub(crate) async fn verdicts(
    State(app): Shared,
    Params(asked): Params<VerdictsQuery>,
) -> Result<Json, Problem> {
    let now = app.web.clock.now();
    let Range { from, to } =
        query::range(asked.from.as_deref(), asked.to.as_deref(), now, DEFAULT)?;
    let limit = query::limit(asked.limit.as_deref(), limits::VERDICTS_DEFAULT, limits::VERDICTS)?;
    let filter = match asked.superseded.as_deref() {
        None | Some("no") => VerdictFilter::InForce,
        Some("yes") => VerdictFilter::All,
        Some(other) => {
            let detail = format!("`superseded` is {other:?}; write yes or no");
            return Err(Problem::bad("bad_superseded", detail));
        }
    };
    let area = asked.area.map(|area| find_area(&app.web, &area)).transpose()?;
    app.ask(move |web| {
        let stored = web.records.verdicts(filter, from, to, area.as_ref(), limit)?;
        let verdicts: Vec<_> = stored.iter().map(Verdict::stored).collect();
        Json::of(&verdicts)
    })
    .await
}

fn find_area(web: &WebState, id: &str) -> Result<AreaId, Problem> {
    let view = web.view();
    let area = view.site().areas.iter().find(|area| area.id.as_str() == id);
    area.map(|area| area.id.clone()).ok_or_else(|| {
        let detail = format!("there is no area {id:?}; /api/v1/areas lists them");
        Problem::bad("unknown_area", detail)
    })
}

pub(crate) async fn explain(State(app): Shared, Segment(id): Segment) -> Result<Json, Problem> {
    let unknown = {
        let detail = format!("there is no verdict {id:?}; /api/v1/verdicts lists them");
        Problem::unknown("unknown_verdict", detail)
    };
    let Ok(id) = id.parse() else { return Err(unknown) };
    app.ask(move |web| {
        let Some(stored) = web.records.verdict(id)? else { return Err(unknown) };
        let record = &stored.record;
        let view = web.view();
        let site = view.site();
        let inputs = record.points.iter().map(|point| inputs(web, site, record, point));
        let samples = inputs.collect::<Result<Vec<_>, _>>()?;
        Json::of(&Explanation {
            verdict: Verdict::stored(&stored),
            explanation: &record.explanation,
            requirement_title: title(site, record),
            truncated: samples.iter().any(|samples| samples.truncated),
            samples,
        })
    })
    .await
}

fn title(site: &Description, record: &VerdictRecord) -> Text {
    match find_requirement(site, &record.area, &record.requirement, record.points.first()) {
        Some(info) => info.title.clone(),
        None => Text { zh: record.requirement.to_string(), en: record.requirement.to_string() },
    }
}

/// What a point said during the stretch that was judged.
fn inputs<'a>(
    web: &WebState,
    site: &Description,
    record: &VerdictRecord,
    point: &'a PointId,
) -> Result<PointSamples<'a>, Problem> {
    let Some(info) = site.points.iter().find(|info| info.id == *point) else {
        return Ok(PointSamples { point, known: false, truncated: false, samples: Vec::new() });
    };
    let most = limits::EXPLAIN_SAMPLES;
    let mut samples = web.history.samples(info.series, record.from, record.to, most + 1)?;
    let truncated = samples.len() > most;
    samples.truncate(most);
    let samples = samples.iter().map(Sample::from).collect();
    Ok(PointSamples { point, known: true, truncated, samples })
}
