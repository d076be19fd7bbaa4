//! `weir read`: asks one device once, and shows what it said and how it was understood.

use crate::{
    cli,
    exit::{Exit, Failure},
    site,
};
use anyhow::anyhow;
use serde_json::{Value, json};
use weir_acquisition::read_once;
use weir_config::Device;
use weir_domain::Reading;
use weir_engine::{decode, plan::ReadRequest};
use weir_profiles::PointDef;

/// What one point said.
struct Row<'a> {
    point: &'a PointDef,
    outcome: Result<(Reading, decode::Explanation), String>,
}

pub(crate) async fn run(options: &cli::Read) -> Result<Exit, Failure> {
    let loaded = site::load(&options.site)?;
    let site = &loaded.site;
    let device =
        site.devices.iter().find(|d| d.id.as_str() == options.device).ok_or_else(|| {
            let known: Vec<_> = site.devices.iter().map(|d| d.id.as_str()).collect();
            Failure::usage(anyhow!(
                "the site has no device {:?}; it has {}",
                options.device,
                known.join(", ")
            ))
        })?;
    let link = site.links.iter().find(|link| link.id == device.link);
    let link =
        link.ok_or_else(|| Failure::usage(anyhow!("the device's link is not in the site file")))?;
    let unit = device.unit_id.ok_or_else(|| {
        Failure::usage(anyhow!(
            "{} publishes over MQTT by itself; only Modbus devices can be asked",
            device.id
        ))
    })?;
    let transport = site::transport(&loaded, link)?;
    let answers = read_once(&transport, link.timeout, unit, &device.profile).await?;
    let mut rows = Vec::new();
    for (request, answer) in &answers {
        for index in &request.points {
            let point = &device.profile.points[*index];
            let outcome = match answer {
                Ok(answer) => Ok((
                    decode::decode(point, request, answer),
                    decode::explain(point, request, answer),
                )),
                Err(failure) => Err(failure.to_string()),
            };
            rows.push(Row { point, outcome });
        }
    }
    print(
        options,
        device,
        &answers.iter().map(|(request, _)| request.clone()).collect::<Vec<_>>(),
        &rows,
    )?;
    let failed = rows.iter().any(|row| row.outcome.is_err());
    Ok(if failed { Exit::Problem } else { Exit::Done })
}

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
fn print(
    options: &cli::Read,
    device: &Device,
    requests: &[ReadRequest],
    rows: &[Row<'_>],
) -> Result<(), Failure> {
    if options.json {
        let rows: Vec<Value> = rows.iter().map(as_json).collect();
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({"device": device.id, "points": rows}))?
        );
        return Ok(());
    }
    println!("{} ({}), {} requests", device.id, device.profile.id, requests.len());
    for row in rows {
        match &row.outcome {
            Err(failure) => println!("  {:28} {failure}", row.point.id.as_str()),
            Ok((reading, explanation)) => {
                println!("  {:28} {}", row.point.id.as_str(), in_words(row.point, reading));
                if options.explain {
                    explain(explanation);
                }
            }
        }
    }
    Ok(())
}

fn in_words(point: &PointDef, reading: &Reading) -> String {
    let quality = reading.quality();
    match reading.value() {
        Some(value) => format!("{} {}  {quality}", value.get(), point.unit.symbol()),
        None => quality.to_string(),
    }
}

#[expect(clippy::print_stdout, reason = "what the device said is the data")]
fn explain(explanation: &decode::Explanation) {
    println!("      raw {}", explanation.raw);
    for candidate in &explanation.orders {
        let value = candidate.value.map_or_else(|| "no number".to_owned(), |v| v.to_string());
        let value = candidate.text.as_ref().map_or(value, |text| format!("\"{text}\""));
        let fits = if candidate.in_range { "  fits the range" } else { "" };
        let chosen = if candidate.chosen { "  <- profile" } else { "" };
        println!("      {:5} {value}{fits}{chosen}", candidate.order);
    }
    if let Some(suggestion) = &explanation.suggestion {
        println!("      {suggestion}");
    }
}

fn as_json(row: &Row<'_>) -> Value {
    match &row.outcome {
        Err(failure) => json!({"point": row.point.id, "error": failure}),
        Ok((reading, explanation)) => json!({
            "point": row.point.id,
            "unit": row.point.unit,
            "value": reading.value(),
            "quality": reading.quality().grade(),
            "reason": reading.quality().reason(),
            "raw": explanation.raw,
        }),
    }
}
