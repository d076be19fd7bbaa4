//! A unit that was found, looked at: which tables it has, and which model it may be.

use super::{TableSaid, print::Progress};
use crate::read::function;
use serde::Serialize;
use weir_acquisition::{Failure, Probe};
use weir_config::Library;
use weir_domain::Reading;
use weir_engine::{
    decode,
    plan::{ReadRequest, Timing, plan},
};
use weir_profiles::{Access, Profile, RegisterKind};
use weir_wire::modbus::{Answer, Function, Request};

const TABLES: [Function; 4] = [
    Function::ReadCoils,
    Function::ReadDiscreteInputs,
    Function::ReadHoldingRegisters,
    Function::ReadInputRegisters,
];
/// Most requests of a profile that are made to see whether it fits.
const REQUESTS_MAX: usize = 3;
/// Anything smaller that is not zero is hardly a measurement.
const TINY: f64 = 1e-6;
/// Most profiles that are named.
const FITS_MAX: usize = 5;

/// A profile that fits what a unit says.
#[derive(Debug, Serialize)]
pub(super) struct Fit {
    pub(super) profile: String,
    /// Points that were read, all of them good and within their range.
    pub(super) points: usize,
    /// Share of them that are measurements other than zero: what is zero is within every range.
    pub(super) telling: f64,
    /// Some of the values, in words.
    pub(super) says: String,
}

/// Which tables a unit has, and which profiles fit.
pub(super) async fn examine(
    probe: &mut Probe,
    unit: u8,
    library: Option<&Library>,
    progress: &mut Progress,
) -> (Vec<TableSaid>, Vec<Fit>) {
    let mut tables = Vec::new();
    for function in TABLES {
        let request = Request { function, start: 0, count: 1 };
        let said = match probe.ask(unit, request).await {
            Ok(answered) => format!("0 = {}", first(&answered.answer)),
            Err(Failure::Exception { exception, .. }) => exception.to_string(),
            Err(Failure::Timeout { .. }) => "silent".to_owned(),
            Err(failure) => failure.to_string(),
        };
        tables.push(TableSaid { table: table_of(function), said });
    }
    let mut fits = Vec::new();
    for profile in library.into_iter().flat_map(|library| &library.profiles) {
        progress.trying(unit, profile.id.as_str());
        fits.extend(fit(probe, unit, profile).await);
    }
    fits.sort_by(|a: &Fit, b: &Fit| b.telling.total_cmp(&a.telling).then(b.points.cmp(&a.points)));
    fits.truncate(FITS_MAX);
    (tables, fits)
}

/// A table as profiles write it.
pub(super) fn table_of(function: Function) -> &'static str {
    crate::plan::table(match function {
        Function::ReadCoils => RegisterKind::Coil,
        Function::ReadDiscreteInputs => RegisterKind::DiscreteInput,
        Function::ReadHoldingRegisters => RegisterKind::HoldingRegister,
        Function::ReadInputRegisters => RegisterKind::InputRegister,
    })
}

fn first(answer: &Answer) -> u16 {
    match answer {
        Answer::Registers(registers) => registers.first().copied().unwrap_or_default(),
        Answer::Bits(bits) => bits.first().copied().map(u16::from).unwrap_or_default(),
    }
}

/// Reads the first points as the profile says. It fits if all of them are good, and at least one is
/// a measurement with a range to be within that is not zero: anything "fits" bare numbers.
async fn fit(probe: &mut Probe, unit: u8, profile: &Profile) -> Option<Fit> {
    let Access::Modbus(access) = &profile.access else { return None };
    let mut values = Vec::new();
    let mut measured = 0_usize;
    for request in plan(profile, Timing::tcp(access.turnaround), &[]).iter().take(REQUESTS_MAX) {
        tokio::time::sleep(access.request_gap).await;
        let answer = probe.ask(unit, wire(request)?).await.ok()?.answer;
        for point in request.points.iter().map(|at| &profile.points[*at]) {
            let Reading::Good(value) = decode::decode(point, request, &answer) else {
                return None;
            };
            measured += usize::from(point.range.is_some() && value.get() != 0.0);
            values.push((point.id.to_string(), value.get(), point.unit));
        }
    }
    // What is next to nothing is no measurement, but other numbers read as a float.
    let fits =
        measured > 0 && values.iter().all(|(_, value, _)| *value == 0.0 || value.abs() > TINY);
    let says = values.iter().take(3);
    let says: Vec<_> =
        says.map(|(id, value, unit)| format!("{id} {value}{}", unit.suffix())).collect();
    fits.then(|| Fit {
        profile: profile.id.to_string(),
        points: values.len(),
        telling: measured as f64 / values.len() as f64,
        says: says.join(", "),
    })
}

fn wire(request: &ReadRequest) -> Option<Request> {
    Request::new(function(request.kind), request.start.0, request.count).ok()
}
