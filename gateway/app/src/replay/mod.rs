//! `weir replay`: the engine over readings of the past, as fast as they can be read.

mod csv;
mod journal;
mod output;

use crate::{
    cli,
    exit::{Exit, Failure},
    site,
};
use anyhow::anyhow;
use output::Output;
use weir_domain::{SeriesId, Timestamp};
use weir_engine::{Engine, Record, Row};

pub(crate) fn run(options: &cli::Replay) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let points = site::point_ids(&loaded.site);
    let numbered = (0..).map(SeriesId).take(points.len()).collect::<Vec<_>>();
    let spec = site::spec(&loaded, &numbered);
    match (&options.source.samples, &options.source.journal) {
        (Some(file), _) => replay(spec, csv::rows(file, &points)?),
        (None, Some(dir)) => replay(spec, journal::rows(dir, &points)?),
        (None, None) => {
            Err(Failure::usage(anyhow!("name a file with --samples or a folder with --journal")))
        }
    }
}

/// Judges rows in their order of arrival. The clock starts with the first row.
fn replay(
    spec: weir_engine::SiteSpec,
    rows: impl Iterator<Item = Result<Row, Failure>>,
) -> Result<Exit, Failure> {
    let mut output = Output::new();
    let mut effects = Vec::new();
    let mut engine: Option<Engine> = None;
    let mut arrived = Timestamp::from_millis(i64::MIN);
    for (seq, row) in (1..).zip(rows) {
        let mut row = row?;
        // Rows stand in order of arrival: none arrives before the one above it.
        arrived = arrived.max(row.sample.received_time);
        row.sample.received_time = arrived;
        let engine = engine.get_or_insert_with(|| Engine::new(spec.clone(), arrived).0);
        // Only acts can be refused, and a file holds none.
        let _ = engine.handle(seq, &Record::Reading(row), &mut effects);
        output.write(&mut effects)?;
    }
    if let Some(engine) = &mut engine {
        engine.finish(&mut effects);
        output.write(&mut effects)?;
    }
    output.finish()?;
    Ok(Exit::Done)
}
