//! A scan as a message: `{"boot":…,"seq":…,"t":…,"points":{"ph":7.21,"chlorine":{…}}}`.
//!
//! It is what `weir run` takes from a node that publishes. `boot` is another one after every start
//! of the bridge, `seq` counts the messages of the device since, so that a hole is seen; `t` is
//! when the first answer of the scan was measured, in ms since 1970 UTC. A good value stands
//! alone; any other is `{"value":…,"quality":"uncertain:…"}`, and a bad one has the value null.
//!
//! Numbers are exact and short: whole ones without a fraction, others with the fewest digits that
//! give the same number back.

use weir_domain::{Reading, Value, ValueKind};
use weir_engine::{DeviceSpec, Row};

/// Whole numbers up to here are exact in a float.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What things are called, by series.
pub(super) struct Wording {
    boot: i64,
    points: Vec<Place>,
    /// How many messages of each device there were.
    said: Vec<u64>,
    scratch: Vec<u8>,
}

/// A point's place in the messages.
struct Place {
    device: usize,
    /// The name as a key of JSON with its colon. Names need no escapes.
    key: Box<str>,
    kind: ValueKind,
}

impl Wording {
    /// The words of a site whose series count from 0, in the order of devices and points.
    pub(super) fn new(devices: &[DeviceSpec], boot: i64) -> Self {
        let places = |(device, spec): (usize, &DeviceSpec)| {
            let place = |def: &weir_profiles::PointDef| Place {
                device,
                key: format!("\"{}\":", def.id.as_str()).into(),
                kind: def.kind,
            };
            spec.profile.points.iter().map(place).collect::<Vec<_>>()
        };
        let points = devices.iter().enumerate().flat_map(places).collect();
        Self { boot, points, said: vec![0; devices.len()], scratch: Vec::new() }
    }

    /// Puts rows into words: a message for each run of rows of one device, handed to `emit` with
    /// the device's number.
    pub(super) fn put(&mut self, rows: &[Row], mut emit: impl FnMut(usize, &[u8])) {
        let mut open = None;
        for row in rows {
            let Some(place) = self.points.get(row.series.0 as usize) else { continue };
            let out = &mut self.scratch;
            match open {
                Some(device) if device == place.device => out.push(b','),
                before => {
                    if let Some(device) = before {
                        out.extend_from_slice(b"}}");
                        emit(device, out);
                    }
                    open = Some(place.device);
                    let seq = &mut self.said[place.device];
                    begin(out, self.boot, *seq, row.sample.source_time.as_millis());
                    *seq += 1;
                }
            }
            out.extend_from_slice(place.key.as_bytes());
            put_reading(out, &row.sample.reading, place.kind);
        }
        if let Some(device) = open {
            self.scratch.extend_from_slice(b"}}");
            emit(device, &self.scratch);
        }
    }
}

fn begin(out: &mut Vec<u8>, boot: i64, seq: u64, t: i64) {
    let mut number = itoa::Buffer::new();
    out.clear();
    out.extend_from_slice(b"{\"boot\":");
    out.extend_from_slice(number.format(boot).as_bytes());
    out.extend_from_slice(b",\"seq\":");
    out.extend_from_slice(number.format(seq).as_bytes());
    out.extend_from_slice(b",\"t\":");
    out.extend_from_slice(number.format(t).as_bytes());
    out.extend_from_slice(b",\"points\":{");
}

fn put_reading(out: &mut Vec<u8>, reading: &Reading, kind: ValueKind) {
    match reading {
        Reading::Good(value) => put_value(out, *value, kind),
        Reading::Uncertain(value, reason) => {
            out.extend_from_slice(b"{\"value\":");
            put_value(out, *value, kind);
            out.extend_from_slice(b",\"quality\":\"uncertain:");
            out.extend_from_slice(reason.as_str().as_bytes());
            out.extend_from_slice(b"\"}");
        }
        Reading::Bad(_, reason) => {
            out.extend_from_slice(b"{\"value\":null,\"quality\":\"bad:");
            out.extend_from_slice(reason.as_str().as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
}

fn put_value(out: &mut Vec<u8>, value: Value, kind: ValueKind) {
    let number = value.get();
    match kind {
        ValueKind::Boolean if value.is_on() => out.extend_from_slice(b"true"),
        ValueKind::Boolean => out.extend_from_slice(b"false"),
        ValueKind::Number if number.trunc() == number && number.abs() < WHOLE_MAX => {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the bound")]
            out.extend_from_slice(itoa::Buffer::new().format(number as i64).as_bytes());
        }
        ValueKind::Number => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
