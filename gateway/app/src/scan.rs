//! `weir scan`: what is on a line or behind an address. It only reads (Modbus functions 1 to 4).
//!
//! Units are asked one after the other for a single value. An answer proves a unit, and so does a
//! refusal; bytes that are no frame prove that somebody talks, only not so; silence proves nothing.
//! On a serial line each line setting is tried, for the usual units first, until one gives clean
//! answers.

mod examine;
mod lines;
mod print;
mod sweep;

use crate::{
    cli,
    exit::{Exit, Failure},
    site,
};
use lines::Lines;
use serde::Serialize;
use std::{path::Path, time::Duration};
use sweep::Sweep;
use weir_config::Library;
use weir_wire::modbus::{Function, Request};

pub(crate) use lines::Units;

/// How long one answer may take, unless said otherwise: devices on serial lines take up to 200 ms.
const TIMEOUT_SERIAL: Duration = Duration::from_millis(300);
const TIMEOUT_TCP: Duration = Duration::from_millis(1_000);

/// What a scan brought.
#[derive(Debug, Serialize)]
struct Report {
    units: Vec<FoundUnit>,
    /// Line settings under which bytes came that are no frame: how often, of how many questions.
    noise: Vec<Noise>,
    /// Questions asked.
    asked: usize,
    /// Whether all that was to be asked was asked.
    whole: bool,
    /// What else was noticed.
    remarks: Vec<String>,
}

/// A unit that is there.
#[derive(Debug, Serialize)]
struct FoundUnit {
    unit: u8,
    /// The transport as the site file writes it.
    transport: String,
    /// How it answered: `answers`, or its refusal.
    said: String,
    round_trip_ms: f64,
    tables: Vec<TableSaid>,
    /// Profiles that fit what it says.
    profiles: Vec<examine::Fit>,
}

/// What a table of a unit says.
#[derive(Debug, Serialize)]
struct TableSaid {
    table: &'static str,
    said: String,
}

/// Bytes that are no frame.
#[derive(Debug, Serialize)]
struct Noise {
    transport: String,
    times: usize,
    of: usize,
}

pub(crate) async fn run(options: &cli::Scan) -> Result<Exit, Failure> {
    let timeout = options.timeout_ms.map(Duration::from_millis);
    let lines = Lines::of(options)?;
    let usual = if lines.are_serial() { TIMEOUT_SERIAL } else { TIMEOUT_TCP };
    let library = if options.profiles { Some(library(&options.library)?) } else { None };
    let function = match options.table {
        cli::Table::Coil => Function::ReadCoils,
        cli::Table::Discrete => Function::ReadDiscreteInputs,
        cli::Table::Holding => Function::ReadHoldingRegisters,
        cli::Table::Input => Function::ReadInputRegisters,
    };
    let question = Request::new(function, options.address, 1)
        .expect("one value at any address is within the protocol's limits");
    let mut sweep = Sweep::new(lines, timeout.unwrap_or(usual), question, options.all);
    let interrupted = tokio::select! {
        swept = sweep.run(library.as_ref()) => { swept?; false }
        _ = tokio::signal::ctrl_c() => true,
    };
    let report = sweep.report(!interrupted);
    match options.json {
        true => print::json(&report)?,
        false => print::table(&report),
    }
    Ok(if report.units.is_empty() { Exit::Problem } else { Exit::Done })
}

/// The models that come with the program, and those in `profiles` in a folder.
fn library(folder: &Path) -> Result<Library, Failure> {
    site::library(&folder.join("site.toml"))
}
