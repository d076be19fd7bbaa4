//! What a device said, for people and for programs.

use super::{Read, Row};
use crate::{exit::Failure, plan::table as table_word};
use serde_json::{Value, json};
use weir_config::{Device, Link};
use weir_domain::Reading;
use weir_engine::decode::Explanation;
use weir_profiles::PointDef;

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
pub(super) fn json(device: &Device, reads: &[Read<'_>]) -> Result<(), Failure> {
    let rows: Vec<Value> = reads.iter().flat_map(|read| &read.points).map(point).collect();
    let requests: Vec<Value> = reads.iter().map(request).collect();
    let all = json!({"device": device.id, "points": rows, "requests": requests});
    println!("{}", serde_json::to_string_pretty(&all)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
pub(super) fn table(device: &Device, link: &Link, reads: &[Read<'_>], explain: bool) {
    let unit = device.unit_id.unwrap_or_default();
    println!("{} ({}), unit {unit} on {}", device.id, device.profile.id, link.transport);
    if explain {
        println!(
            "Bytes are unit, function and data; the header or checksum around them is left out."
        );
    }
    for read in reads {
        if explain {
            frames(read);
        }
        for row in &read.points {
            match &row.outcome {
                Err(failure) => println!("  {:28} {failure}", row.point.id.as_str()),
                Ok((reading, explanation)) => {
                    println!("  {:28} {}", row.point.id.as_str(), in_words(row.point, reading));
                    if explain {
                        self::explain(explanation);
                    }
                }
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
fn frames(read: &Read<'_>) {
    let request = &read.request;
    let (kind, start) = (table_word(request.kind), request.start.0);
    println!("\n{kind} {start}, {} of them", request.count);
    println!("  -> {}", hex(&read.asked));
    match &read.answered {
        Ok(answer) => println!("  <- {}", hex(answer)),
        Err((Some(refusal), why)) => println!("  <- {}  {why}", hex(refusal)),
        Err((None, why)) => println!("  <- nothing of use: {why}"),
    }
}

fn in_words(point: &PointDef, reading: &Reading) -> String {
    let quality = reading.quality();
    let Some(value) = reading.value() else { return quality.to_string() };
    let state = point.states.iter().find(|state| state.value == value.get());
    let state = state.map(|state| format!(" ({})", state.name.en)).unwrap_or_default();
    format!("{}{}{state}  {quality}", value.get(), point.unit.suffix())
}

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
fn explain(explanation: &Explanation) {
    println!("      raw      {}", explanation.raw);
    for candidate in &explanation.orders {
        let number = candidate.value.map(|value| value.to_string());
        let text = candidate.text.as_ref().map(|text| format!("{text:?}"));
        let value = number.or(text).unwrap_or_else(|| "no number".to_owned());
        let fits = if candidate.in_range { "  fits the range" } else { "" };
        let chosen = if candidate.chosen { "  <- profile" } else { "" };
        println!("      {:8} {value}{fits}{chosen}", candidate.order);
    }
    if let Some(suggestion) = &explanation.suggestion {
        println!("      suggestion: {suggestion}");
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(" ")
}

fn request(read: &Read<'_>) -> Value {
    let (answer, error) = match &read.answered {
        Ok(answer) => (Some(hex(answer)), None),
        Err((refusal, why)) => (refusal.as_deref().map(hex), Some(why)),
    };
    json!({
        "table": table_word(read.request.kind),
        "start": read.request.start.0,
        "count": read.request.count,
        "request": hex(&read.asked),
        "answer": answer,
        "error": error,
    })
}

fn point(row: &Row<'_>) -> Value {
    let (reading, explanation) = match &row.outcome {
        Err(failure) => return json!({"point": row.point.id, "error": failure}),
        Ok(outcome) => outcome,
    };
    let orders = explanation.orders.iter().map(|candidate| {
        json!({
            "order": candidate.order,
            "value": candidate.value,
            "text": candidate.text,
            "in_range": candidate.in_range,
            "chosen": candidate.chosen,
        })
    });
    json!({
        "point": row.point.id,
        "unit": row.point.unit,
        "value": reading.value(),
        "quality": reading.quality().grade(),
        "reason": reading.quality().reason(),
        "raw": explanation.raw,
        "orders": Value::from_iter(orders),
        "suggestion": explanation.suggestion,
    })
}
