//! The `mqtt = { … }` of a profile: topic and format of its messages; and what a topic and a path
//! in JSON may be.

use super::register::refuse;
use crate::form::{Faults, Fields, Found, Spot};
use crate::{MessageFormat, MqttAccess, TimeForm};
use serde_json_path::JsonPath;

/// Where a device publishes unless its profile says otherwise.
const TOPIC: &str = "weir/v1/{site}/{device}/telemetry";
/// Longest topic, in bytes; MQTT has 65535, but nobody reads that.
const TOPIC_MAX: usize = 1000;
/// Longest path in JSON, in bytes.
const PATH_MAX: usize = 500;
/// Most brackets and parentheses within each other: the parser of paths goes down with each.
const PATH_DEPTH_MAX: usize = 8;

const FORMATS: [(&str, Format); 4] = [
    ("weir", Format::Weir),
    ("json", Format::Json),
    ("plain", Format::Plain),
    ("sparkplug", Format::Sparkplug),
];

const TIME_FORMS: [(&str, TimeForm); 3] = [
    ("seconds", TimeForm::Seconds),
    ("milliseconds", TimeForm::Milliseconds),
    ("rfc3339", TimeForm::Rfc3339),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Weir,
    Json,
    Plain,
    Sparkplug,
}

pub(super) fn access(mut fields: Fields<'_, '_>, faults: &Faults<'_>) -> Option<MqttAccess> {
    let format_there = fields.has("format");
    let format = fields.choice("format", &FORMATS);
    let time = fields.text("time");
    let time_form = fields.choice("time_form", &TIME_FORMS);
    let written = fields.text("topic");
    let occasional = fields.flag("occasional").is_some_and(|found| found.value);
    if format_there && format.is_none() {
        return None;
    }
    let format = format.map_or(Format::Weir, |found| found.value);
    if format != Format::Json {
        refuse(&fields, &["time", "time_form"], "a format other than json", faults);
    }
    match format {
        Format::Plain => {
            let what = "a plain value says nothing of itself: each point has a topic of its own, \
                        the profile";
            refuse(&fields, &["topic"], what, faults);
        }
        Format::Sparkplug => {
            let what = "Sparkplug has topics of its own: the profile";
            refuse(&fields, &["topic"], what, faults);
        }
        Format::Weir | Format::Json => {}
    }
    let has_topic = matches!(format, Format::Weir | Format::Json);
    let topic = match written {
        Some(topic) if has_topic => self::topic(&topic, faults)?,
        None if fields.has("topic") => return None,
        _ if has_topic => TOPIC.to_owned(),
        _ => String::new(),
    };
    let format = match format {
        Format::Weir => MessageFormat::Weir,
        Format::Plain => MessageFormat::Plain,
        Format::Sparkplug => MessageFormat::Sparkplug,
        Format::Json => {
            if let Some(form) = time_form.as_ref().filter(|_| !fields.has("time")) {
                faults.note(&form.spot, "`time_form` without `time`: the path of the time");
            }
            let time_form = time_form.map_or(TimeForm::default(), |found| found.value);
            let time = match time {
                Some(time) => Some(path(&time.value, &time.spot, faults)?),
                None => None,
            };
            MessageFormat::Json { time, time_form }
        }
    };
    Some(MqttAccess { topic, format, occasional })
}

/// A topic on which a device publishes, perhaps with wildcards.
pub(super) fn topic(topic: &Found<String>, faults: &Faults<'_>) -> Option<String> {
    let text = topic.value.as_str();
    let bare = text.replace("{site}", "").replace("{device}", "").replace("{address}", "");
    let hint = |problem: String, hint: String| {
        faults.hint(&topic.spot, problem, hint);
        None
    };
    if let Some(character) = bare.chars().find(|c| "{}\0".contains(*c)) {
        let filled = "only {site}, {device} and {address} are filled in";
        return hint(format!("{character:?} may not stand in a topic"), filled.into());
    }
    if text.len() > TOPIC_MAX {
        return hint(format!("longer than {TOPIC_MAX} bytes"), "topics are short".into());
    }
    if text.starts_with('$') {
        let shared = "a shared subscription is set up in the site file";
        return hint("topics with `$` are the broker's own".into(), shared.into());
    }
    let levels: Vec<&str> = text.split('/').collect();
    for (nth, level) in levels.iter().enumerate() {
        if level.contains(['+', '#']) && level.len() > 1 {
            let problem =
                format!("a wildcard stands for a whole level, not for a part of {level:?}");
            return hint(problem, "as in \"plant/+/{device}\"".into());
        }
        if *level == "#" && nth + 1 < levels.len() {
            return hint("`#` is the last level".into(), "for one level write `+`".into());
        }
    }
    if !text.contains("{device}") && !text.contains("{address}") {
        let put = "put {device} or {address} into it";
        let problem = "the topic does not tell one device from another";
        return hint(problem.into(), format!("{put}, as in \"{TOPIC}\""));
    }
    Some(topic.value.clone())
}

/// A path in JSON by RFC 9535.
pub(super) fn path(text: &str, spot: &Spot, faults: &Faults<'_>) -> Option<String> {
    if !text.starts_with('$') {
        let hint = format!("a path begins with $, as in \"$.{text}\"");
        faults.hint(spot, format!("\"{text}\" is no path in JSON"), hint);
        return None;
    }
    if text.len() > PATH_MAX || depth(text) > PATH_DEPTH_MAX {
        let most = format!("{PATH_MAX} bytes, {PATH_DEPTH_MAX} brackets within each other");
        faults.hint(spot, "the path is too long or too deep", format!("at most {most}"));
        return None;
    }
    match JsonPath::parse(text) {
        Ok(_) => Some(text.to_owned()),
        Err(error) => {
            let place = text.get(..error.position()).unwrap_or(text);
            let problem = format!("not a path in JSON by RFC 9535, after \"{place}\"");
            faults.hint(spot, problem, error.message().to_owned());
            None
        }
    }
}

/// The deepest brackets. Those within quoted names count, too; nobody writes so many.
fn depth(path: &str) -> usize {
    let steps = path.bytes().scan(0_usize, |open, byte| {
        match byte {
            b'(' | b'[' => *open += 1,
            b')' | b']' => *open = open.saturating_sub(1),
            _ => {}
        }
        Some(*open)
    });
    steps.max().unwrap_or(0)
}
