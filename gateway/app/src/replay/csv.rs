//! Samples from a CSV file: `time,point,value,quality` and optionally `received`.

use crate::exit::Failure;
use anyhow::{Context as _, anyhow};
use std::{collections::HashMap, fs::File, io::Read, path::Path};
use weir_domain::{
    BadReason, PointId, Quality, Reading, Sample, SeriesId, Timestamp, UncertainReason, Value,
};
use weir_engine::Row;

/// Where each column stands.
struct Columns {
    time: usize,
    point: usize,
    value: usize,
    quality: Option<usize>,
    received: Option<usize>,
}

/// The rows of a file, or of standard input for `-`.
pub(super) fn rows(
    path: &Path,
    points: &[PointId],
) -> Result<impl Iterator<Item = Result<Row, Failure>>, Failure> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = File::open(path).with_context(|| format!("could not open {}", path.display()));
        Box::new(file.map_err(Failure::usage)?)
    };
    let mut reader =
        ::csv::ReaderBuilder::new().trim(::csv::Trim::All).flexible(true).from_reader(input);
    let headers =
        reader.headers().context("could not read the header line").map_err(Failure::usage)?;
    let columns = Columns::find(headers).map_err(Failure::usage)?;
    let series: HashMap<String, SeriesId> =
        points.iter().zip((0..).map(SeriesId)).map(|(id, s)| (id.to_string(), s)).collect();
    let file = path.display().to_string();
    // One record for all rows: most of the time would be spent on making room for them.
    let mut record = ::csv::StringRecord::new();
    Ok(std::iter::from_fn(move || {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                let error = anyhow!(error).context(format!("could not read {file}"));
                return Some(Err(Failure::usage(error)));
            }
        }
        let line = record.position().map_or(0, ::csv::Position::line);
        let row = row(&record, &columns, &series)
            .with_context(|| format!("{file}:{line}: this row cannot be read"))
            .map_err(Failure::usage);
        Some(row)
    }))
}

impl Columns {
    fn find(headers: &::csv::StringRecord) -> anyhow::Result<Self> {
        let find =
            |name: &str| headers.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
        let need = |name: &str| {
            find(name).ok_or_else(|| {
                anyhow!("the header has no column {name:?}; it must be time,point,value,quality[,received]")
            })
        };
        Ok(Self {
            time: need("time")?,
            point: need("point")?,
            value: need("value")?,
            quality: find("quality"),
            received: find("received"),
        })
    }
}

fn row(
    record: &::csv::StringRecord,
    columns: &Columns,
    series: &HashMap<String, SeriesId>,
) -> anyhow::Result<Row> {
    let cell = |column: usize| record.get(column).unwrap_or_default();
    let source_time: Timestamp = cell(columns.time).parse()?;
    let received = columns.received.map_or("", cell);
    // They are mostly the same, and reading a time costs more than judging it.
    let is_same = received.is_empty() || received == cell(columns.time);
    let received_time = if is_same { source_time } else { received.parse()? };
    let point = cell(columns.point);
    let series = *series.get(point).ok_or_else(|| {
        let known = if series.len() > 12 { "see the site file".into() } else { names(series) };
        anyhow!("the site has no point {point:?} ({known})")
    })?;
    let quality = quality(columns.quality.map_or("", cell))?;
    let value = value(cell(columns.value))?;
    if value.is_none() && quality.is_good() {
        return Err(anyhow!(
            "a good sample needs a value; for a missing one write the quality bad"
        ));
    }
    let reading = Reading::from_parts(value.and_then(Value::new), quality);
    Ok(Row { series, sample: Sample { source_time, received_time, reading } })
}

fn names(series: &HashMap<String, SeriesId>) -> String {
    let mut names: Vec<_> = series.keys().map(String::as_str).collect();
    names.sort_unstable();
    format!("it has {}", names.join(", "))
}

/// A number; `true`, `on` and so on for boolean points. NaN and infinities become failures of the
/// sensor further on.
fn value(text: &str) -> anyhow::Result<Option<f64>> {
    Ok(match text {
        "" => None,
        "true" | "on" => Some(1.0),
        "false" | "off" => Some(0.0),
        number => Some(number.parse().with_context(|| format!("{number:?} is not a number"))?),
    })
}

/// A quality. A reason that we have no word for keeps its grade: bad stays bad.
fn quality(text: &str) -> anyhow::Result<Quality> {
    if text.is_empty() || text == "good" {
        return Ok(Quality::Good);
    }
    let lower = text.to_ascii_lowercase();
    lower.parse().or_else(|error: weir_domain::QualityError| match lower.split_once(':') {
        Some(("bad", _)) => Ok(Quality::Bad(BadReason::Unspecified)),
        Some(("uncertain", _)) => Ok(Quality::Uncertain(UncertainReason::Unspecified)),
        _ => Err(anyhow!("{text:?} is {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities_are_read_and_unknown_reasons_keep_their_grade() {
        assert_eq!(quality("").unwrap(), Quality::Good);
        assert_eq!(quality("bad:calibration").unwrap(), Quality::Bad(BadReason::Calibration));
        assert_eq!(quality("Bad:cable eaten").unwrap(), Quality::Bad(BadReason::Unspecified));
        assert!(quality("so-so").is_err());
    }

    #[test]
    fn values_are_numbers_switches_or_nothing() {
        assert_eq!(value("0.30").unwrap(), Some(0.3));
        assert_eq!(value("true").unwrap(), Some(1.0));
        assert_eq!(value("").unwrap(), None);
        assert!(value("0,3").is_err());
    }
}
