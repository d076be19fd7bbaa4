//! `weir replay`: the engine over readings of the past, as fast as they can be read.
//!
//! What people said of readings is known from the start, so every verdict is as it must be, and
//! printed once. Of a data folder the marks are those that stand in it, and readings are taken as
//! if none had come late; of a file they come as it says.

mod acts;
mod csv;
mod journal;
mod output;

use crate::{
    cli,
    exit::{Exit, Failure},
    packs, site,
};
use acts::Acts;
use anyhow::anyhow;
use output::{Output, Span};
use std::sync::Arc;
use weir_compliance::Pack;
use weir_domain::{SeriesId, Timestamp};
use weir_engine::{Command, Engine, Mark, Record, Row, SiteSpec, rejudge::LEAD};

/// How far it has come is told after so many readings.
const TELL_EVERY: u64 = 1_000_000;

/// What is judged again, and what is known beside the readings.
struct Past {
    acts: Vec<(u64, Command)>,
    /// Every mark there is, of people and of checks; none if the checks have to run.
    marks: Option<Vec<Mark>>,
}

pub(crate) fn run(options: &cli::Replay) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let points = site::point_ids(&loaded.site);
    let numbered = (0..).map(SeriesId).take(points.len()).collect::<Vec<_>>();
    let mut spec = site::spec(&loaded, &numbered);
    for pack in packs::read_all(&options.packs)? {
        put(&mut spec, &pack);
    }
    let zone = &loaded.site.time_zone;
    let moment = |text: &Option<String>| {
        text.as_deref().map(|text| self::moment(text, zone)).transpose().map_err(Failure::usage)
    };
    let span = Span { from: moment(&options.from)?, to: moment(&options.to)? };
    let mut acts = Vec::new();
    for file in &options.acts {
        acts.append(&mut acts::read(file)?);
    }
    // What is told of a stretch begins with what went before it.
    let read = Span { from: span.from.map(|from| from - LEAD), to: span.to };
    match (&options.source.samples, &options.source.journal) {
        (Some(file), _) => {
            let past = Past { acts, marks: None };
            replay(&spec, csv::rows(file, &points)?, past, read, span)
        }
        (None, Some(dir)) => {
            let journal = journal::Journal::open(dir)?;
            acts.append(&mut journal.acts()?);
            let past = Past { acts, marks: Some(journal.marks()?) };
            replay(&spec, journal.rows(&points, read)?, past, read, span)
        }
        (None, None) => {
            Err(Failure::usage(anyhow!("name a file with --samples or a folder with --journal")))
        }
    }
}

/// Puts a pack in the place of those of its name, or, where there is none, beside the others of
/// every area.
fn put(spec: &mut SiteSpec, pack: &Arc<Pack>) {
    let has_it = |spec: &SiteSpec| {
        spec.areas.iter().any(|area| area.packs.iter().any(|other| other.id == pack.id))
    };
    let is_known = has_it(spec);
    for area in &mut spec.areas {
        match area.packs.iter_mut().find(|other| other.id == pack.id) {
            Some(other) => *other = Arc::clone(pack),
            None if !is_known => area.packs.push(Arc::clone(pack)),
            None => {}
        }
    }
}

/// A moment in RFC 3339, or as the site's clocks show it: `2026-03-02`, `2026-03-02T08:00`.
fn moment(text: &str, zone: &jiff::tz::TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let local = text.parse::<jiff::civil::DateTime>().map_err(|error| {
        anyhow!("{text:?} is no time: {error}; write 2026-03-02T08:00 or 2026-03-02T08:00:00+08:00")
    })?;
    let moment = zone.to_ambiguous_timestamp(local).compatible();
    moment.map(Into::into).map_err(|error| anyhow!("{text:?} is no time: {error}"))
}

/// Judges rows in their order of arrival. The clock starts with the first row.
fn replay(
    spec: &SiteSpec,
    rows: impl Iterator<Item = Result<Row, Failure>>,
    past: Past,
    read: Span,
    span: Span,
) -> Result<Exit, Failure> {
    let mut output = Output::new(span);
    let mut effects = Vec::new();
    let mut engine: Option<Engine> = None;
    let mut acts = Acts::new(spec, past.acts);
    let mut arrived = Timestamp::from_millis(i64::MIN);
    let mut count = 0;
    for row in rows {
        let mut row = row?;
        if !read.holds(row.sample.source_time) {
            continue;
        }
        // Rows stand in order of arrival: none arrives before the one above it.
        arrived = arrived.max(row.sample.received_time);
        row.sample.received_time = arrived;
        let engine = engine.get_or_insert_with(|| {
            let (mut engine, faults) = Engine::new(spec.clone(), arrived);
            faults.iter().for_each(|fault| tracing::info!("{fault}"));
            match &past.marks {
                Some(all) => engine.know_marks(all.iter().chain(acts.marks()).cloned()),
                None => engine.foretell_marks(acts.marks().cloned()),
            }
            engine
        });
        acts.until(arrived, engine, &mut effects);
        count += 1;
        // A reading is never refused.
        let _ = engine.handle(count, &Record::Reading(row), &mut effects);
        output.write(&mut effects)?;
        if count % TELL_EVERY == 0 {
            tracing::info!("{count} readings replayed, up to {arrived}");
        }
    }
    if let Some(engine) = &mut engine {
        acts.until(read.to.unwrap_or(arrived), engine, &mut effects);
        engine.finish(&mut effects);
        output.write(&mut effects)?;
    }
    output.finish()?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_absolute_or_as_the_clocks_of_the_site_show_them() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        for text in ["2026-03-02T00:00:00Z", "2026-03-02T08:00:00+08:00", "2026-03-02T08:00"] {
            assert_eq!(moment(text, &zone).unwrap().to_string(), "2026-03-02T00:00:00.000Z");
        }
        let midnight = moment("2026-03-02", &zone).unwrap();
        assert_eq!(midnight.to_string(), "2026-03-01T16:00:00.000Z");
        assert!(moment("yesterday", &zone).is_err());
    }
}
