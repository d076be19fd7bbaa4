//! The `field` of a point: its place in a message.

use super::{Head, mqtt, register::refuse};
use crate::form::{Faults, Fields, Found, Spot};
use crate::{FieldSource, MessageFormat};

/// The key that names the field, in a table.
fn key(format: &MessageFormat) -> Option<&'static str> {
    match format {
        MessageFormat::Weir | MessageFormat::Sparkplug => Some("name"),
        MessageFormat::Json { .. } => Some("path"),
        MessageFormat::Plain => None,
    }
}

/// A text, or a table with all that can be said.
pub(super) fn field(
    fields: &mut Fields<'_, '_>,
    head: &Head,
    faults: &Faults<'_>,
) -> Option<Found<FieldSource>> {
    let format = match head {
        Head::Mqtt(access) => Some(&access.format),
        Head::Modbus(..) | Head::Unknown => None,
    };
    if !fields.has("field") {
        fields.know("field");
        return None;
    }
    let found = if fields.is_text("field") {
        let Found { value, spot } = fields.text("field")?;
        if let Some(MessageFormat::Plain) = format {
            let problem = "a plain value has no name, but a topic";
            faults.hint(&spot, problem, "write field = { topic = \"...\" }");
            return None;
        }
        Found { value: FieldSource::named(value), spot }
    } else {
        table(fields.fields("field")?, format, faults)?
    };
    named(found, format, faults)
}

/// Checks the name by the format.
fn named(
    mut found: Found<FieldSource>,
    format: Option<&MessageFormat>,
    faults: &Faults<'_>,
) -> Option<Found<FieldSource>> {
    if let Some(MessageFormat::Json { .. }) = format {
        found.value.name = mqtt::path(&found.value.name, &found.spot, faults)?;
    }
    Some(found)
}

fn table(
    mut fields: Fields<'_, '_>,
    format: Option<&MessageFormat>,
    faults: &Faults<'_>,
) -> Option<Found<FieldSource>> {
    let spot: Spot = fields.spot().clone();
    let (name, path) = (fields.text("name"), fields.text("path"));
    let topic = fields.text("topic");
    let (scale, offset) = (fields.number("scale"), fields.number("offset"));
    let sentinels = fields.numbers("sentinels");
    if let Some(scale) = scale.as_ref().filter(|scale| scale.value == 0.0) {
        faults.note(&scale.spot, "a scale of 0 makes every value 0");
    }
    let format = format?;
    let key = key(format);
    for other in ["name", "path"].into_iter().filter(|other| key != Some(*other)) {
        refuse(&fields, &[other], "a field of this format", faults);
    }
    fields.require(key.as_slice());
    match format {
        MessageFormat::Plain => fields.require(&["topic"]),
        MessageFormat::Sparkplug => refuse(&fields, &["topic"], "a metric of Sparkplug", faults),
        MessageFormat::Weir | MessageFormat::Json { .. } => {}
    }
    let topic = match topic {
        Some(topic) => Some(mqtt::topic(&topic, faults)?),
        None if *format == MessageFormat::Plain => return None,
        None => None,
    };
    let name = match key {
        Some("path") => path?.value,
        Some(_) => name?.value,
        None => String::new(),
    };
    let value = FieldSource {
        name,
        topic,
        scale: scale.map_or(1.0, |found| found.value),
        offset: offset.map_or(0.0, |found| found.value),
        sentinels: sentinels
            .map_or(Vec::new(), |list| list.value.into_iter().map(|found| found.value).collect()),
    };
    Some(Found { value, spot })
}
