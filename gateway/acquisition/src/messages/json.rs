//! JSON of any shape: values by path (RFC 9535), numbers in texts, words, time by path.

use super::{Measured, Place, Points, Raw, Understood, in_short};
use serde_json::Value as Json;
use serde_json_path::JsonPath;
use weir_domain::Timestamp;
use weir_profiles::TimeForm;

/// A path, ready for use.
#[derive(Debug)]
pub(super) struct Path {
    text: String,
    form: PathForm,
}

#[derive(Debug)]
enum PathForm {
    /// Names and indices only, as most paths are: followed directly.
    Steps(Vec<Step>),
    /// Anything else.
    Query(JsonPath),
}

#[derive(Debug, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

/// What a path finds.
#[derive(Debug, PartialEq)]
enum Found<'a> {
    Nothing,
    One(&'a Json),
    Several,
}

/// Where the time stands, and how it is written.
#[derive(Debug)]
pub(super) struct Time {
    pub(super) path: Path,
    pub(super) form: TimeForm,
}

impl Path {
    /// # Errors
    /// In words, when the text is no path.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let query = JsonPath::parse(text)
            .map_err(|error| format!("{text} is not a JSON path (RFC 9535): {error}"))?;
        let form = steps(text).map_or(PathForm::Query(query), PathForm::Steps);
        Ok(Self { text: text.to_owned(), form })
    }

    fn find<'a>(&self, document: &'a Json) -> Found<'a> {
        match &self.form {
            PathForm::Steps(steps) => {
                let step = |node: &'a Json, step: &Step| match step {
                    Step::Name(name) => node.as_object()?.get(name),
                    Step::Index(index) => node.as_array()?.get(*index),
                };
                steps.iter().try_fold(document, step).map_or(Found::Nothing, Found::One)
            }
            PathForm::Query(query) => {
                let mut nodes = query.query(document).into_iter();
                match (nodes.next(), nodes.next()) {
                    (None, _) => Found::Nothing,
                    (Some(node), None) => Found::One(node),
                    (Some(_), Some(_)) => Found::Several,
                }
            }
        }
    }
}

/// The steps of a path that is known to be right; none if there is anything special in it.
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        (step, rest) = if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            (Step::Name(plain(&behind[..end])?), &behind[end..])
        } else if let Some((quote, behind)) = quoted(rest) {
            let (name, behind) = behind.split_once(quote)?;
            (Step::Name(plain(name)?), behind.strip_prefix(']')?)
        } else {
            let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
            (Step::Index(index.parse().ok()?), behind)
        };
        steps.push(step);
    }
    Some(steps)
}

fn quoted(rest: &str) -> Option<(char, &str)> {
    let behind = rest.strip_prefix('[')?;
    let quote = behind.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    Some((quote, &behind[1..]))
}

/// A name without anything that would have to be understood first.
fn plain(name: &str) -> Option<String> {
    let special = |c: char| matches!(c, '*' | '\\' | '\'' | '"' | '?' | '@') || c.is_whitespace();
    (!name.is_empty() && !name.contains(special)).then(|| name.to_owned())
}

impl Time {
    /// The time in the message, if it can be read.
    fn read(&self, document: &Json) -> Option<Timestamp> {
        let Found::One(node) = self.path.find(document) else { return None };
        if self.form == TimeForm::Rfc3339 {
            return node.as_str()?.trim().parse().ok();
        }
        let per_unit = if self.form == TimeForm::Seconds { 1000.0 } else { 1.0 };
        let number = match node {
            Json::Number(number) => number.as_f64()?,
            Json::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        // A cast of what is not a number, or too large, ends at a time that nobody believes.
        number.is_finite().then(|| Timestamp::from_millis((number * per_unit).round() as i64))
    }
}

pub(super) fn read(
    document: &Json,
    time: Option<&Time>,
    places: &[Place<Path>],
    points: &Points<'_>,
) -> Understood {
    let (mut told, mut measured) = (None, Measured::Untold);
    if let Some(time) = time {
        told = Some(time.read(document));
        let trusted = told.flatten().filter(|t| points.receipt.trusts(*t));
        measured = trusted.map_or(Measured::Unknown, Measured::At);
    }
    let (mut rows, mut several) = (Vec::with_capacity(places.len()), Vec::new());
    for place in places {
        let raw = match place.at.find(document) {
            Found::Nothing => continue,
            Found::One(node) => raw(node),
            Found::Several => {
                several.push(place.at.text.as_str());
                Raw::Other
            }
        };
        rows.extend(points.row(place.index, raw, measured));
    }
    let mut remarks = Vec::new();
    if !several.is_empty() {
        remarks.push(format!("more than one value at {}", in_short(&several)));
    }
    match told {
        Some(Some(t)) if measured == Measured::Unknown => {
            remarks.push(format!("its clock says {t}"));
        }
        Some(None) if !rows.is_empty() => remarks.push("no time that can be read".to_owned()),
        _ => {}
    }
    let remark = (!remarks.is_empty()).then(|| format!("message with {}", remarks.join("; ")));
    Understood { rows, remark }
}

fn raw(node: &Json) -> Raw<'_> {
    match node {
        Json::Null => Raw::Null,
        Json::Bool(on) => Raw::Boolean(*on),
        Json::Number(number) => {
            let double = number.as_f64().unwrap_or(f64::NAN);
            let is_held = number.as_i64().is_none_or(|n| n != i64::MAX && double as i64 == n)
                && number.as_u64().is_none_or(|n| n != u64::MAX && double as u64 == n);
            if is_held { Raw::Number(double) } else { Raw::Rounded(double) }
        }
        Json::String(text) => Raw::Text(text),
        Json::Array(_) | Json::Object(_) => Raw::Other,
    }
}
