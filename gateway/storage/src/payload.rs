//! Records as bytes: what a row of the journal holds.
//!
//! A version byte, then one record after the other. A reading is a tag, its quality's code, its
//! series, both times (each as a difference: received time to the record before, source time to
//! received time) and eight bytes of value, about 14 bytes in all. A command is a tag, its time and
//! its act as JSON. Integers are variable-length, seven bits a byte, low bits first; signed ones in
//! zigzag. The check sum is the [journal](crate::journal)'s.

use weir_domain::{Quality, Reading, Sample, SeriesId, Timestamp, Value};
use weir_engine::{Act, Command, Record, Row};

/// The only version so far.
const VERSION: u8 = 1;

/// Tag of a reading without a value.
const READING: u8 = 0;
/// Tag of a reading with a value.
const READING_VALUE: u8 = 1;
/// Tag of a command.
const COMMAND: u8 = 2;

/// Bytes that a reading takes at most times, to reserve room.
const READING_BYTES: usize = 16;

/// Writes records one after the other.
///
/// # Errors
/// When an act has no JSON.
pub(crate) fn encode(records: &[Record]) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(1 + records.len() * READING_BYTES);
    out.push(VERSION);
    let mut before = 0_i64;
    for record in records {
        match record {
            Record::Reading(row) => encode_reading(&mut out, row, &mut before),
            Record::Command(command) => {
                out.push(COMMAND);
                put_step(&mut out, &mut before, command.at);
                let act = serde_json::to_vec(&command.act)?;
                put_unsigned(&mut out, act.len() as u64);
                out.extend_from_slice(&act);
            }
        }
    }
    Ok(out)
}

fn encode_reading(out: &mut Vec<u8>, row: &Row, before: &mut i64) {
    let Sample { source_time, received_time, reading } = row.sample;
    let value = reading.value();
    out.push(if value.is_some() { READING_VALUE } else { READING });
    out.push(reading.quality().code());
    put_unsigned(out, u64::from(row.series.0));
    put_step(out, before, received_time);
    put_signed(out, source_time.as_millis().wrapping_sub(received_time.as_millis()));
    if let Some(value) = value {
        out.extend_from_slice(&value.get().to_le_bytes());
    }
}

/// Reads `count` records, which have to be all there is.
///
/// # Errors
/// What is wrong with the bytes.
pub(crate) fn decode(bytes: &[u8], count: u64) -> Result<Vec<Record>, String> {
    let mut input = Input { bytes };
    let version = input.byte()?;
    if version != VERSION {
        return Err(format!("records of version {version} are unknown"));
    }
    // No record is shorter than four bytes: a false count cannot make us reserve more than that.
    let room = usize::try_from(count).unwrap_or(usize::MAX).min(bytes.len() / 4);
    let mut records = Vec::with_capacity(room);
    let mut before = 0_i64;
    for _ in 0..count {
        records.push(decode_record(&mut input, &mut before)?);
    }
    match input.bytes.len() {
        0 => Ok(records),
        rest => Err(format!("{rest} bytes after the last record")),
    }
}

fn decode_record(input: &mut Input<'_>, before: &mut i64) -> Result<Record, String> {
    match input.byte()? {
        COMMAND => {
            let at = input.step(before)?;
            let length = usize::try_from(input.unsigned()?).map_err(|e| e.to_string())?;
            let act: Act =
                serde_json::from_slice(input.take(length)?).map_err(|e| format!("no act: {e}"))?;
            Ok(Record::Command(Command { at, act }))
        }
        tag @ (READING | READING_VALUE) => {
            let code = input.byte()?;
            let quality = Quality::from_code(code).map_err(|_| format!("no quality: {code}"))?;
            let series = u32::try_from(input.unsigned()?).map_err(|e| format!("no series: {e}"))?;
            let received_time = input.step(before)?;
            let source = received_time.as_millis().wrapping_add(input.signed()?);
            let value = if tag == READING_VALUE { Some(input.value()?) } else { None };
            let sample = Sample {
                source_time: Timestamp::from_millis(source),
                received_time,
                reading: Reading::from_parts(value, quality),
            };
            Ok(Record::Reading(Row { series: SeriesId(series), sample }))
        }
        tag => Err(format!("records of kind {tag} are unknown")),
    }
}

fn put_step(out: &mut Vec<u8>, before: &mut i64, time: Timestamp) {
    put_signed(out, time.as_millis().wrapping_sub(*before));
    *before = time.as_millis();
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_unsigned(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Seven bits a byte, low bits first.
pub(crate) fn put_unsigned(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Bytes yet to be read.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| format!("{} bytes short", length - self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// An integer of [`put_unsigned`].
    pub(crate) fn unsigned(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("an integer of more than ten bytes".into())
    }

    fn signed(&mut self) -> Result<i64, String> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn step(&mut self, before: &mut i64) -> Result<Timestamp, String> {
        *before = before.wrapping_add(self.signed()?);
        Ok(Timestamp::from_millis(*before))
    }

    fn value(&mut self) -> Result<Value, String> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        Value::new(f64::from_le_bytes(bytes)).ok_or_else(|| "a value that is no number".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_record, same_records};
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn what_was_written_is_read(records in vec(any_record(), 0..40)) {
            let bytes = encode(&records).unwrap();
            let back = decode(&bytes, records.len() as u64).unwrap();
            prop_assert!(same_records(&records, &back), "{records:?} became {back:?}");
        }

        #[test]
        fn nothing_but_what_was_written_is_read(records in vec(any_record(), 1..10), cut in any::<prop::sample::Index>()) {
            let bytes = encode(&records).unwrap();
            let count = records.len() as u64;
            prop_assert!(decode(&bytes[..cut.index(bytes.len())], count).is_err());
            prop_assert!(decode(&bytes, count - 1).is_err());
            prop_assert!(decode(&bytes, count + 1).is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200), count in any::<u64>()) {
            let _ = decode(&bytes, count);
            let mut known = vec![VERSION];
            known.extend(&bytes);
            let _ = decode(&known, count);
        }
    }

    #[test]
    fn a_usual_reading_takes_at_most_16_bytes() {
        let start = 1_795_341_600_000;
        let row = |i: i64| {
            let received = Timestamp::from_millis(start + i);
            let reading = Reading::from_number(0.1 * i as f64);
            let sample = Sample {
                source_time: received - core::time::Duration::from_millis(40),
                received_time: received,
                reading,
            };
            Record::Reading(Row { series: SeriesId(i as u32), sample })
        };
        let records: Vec<Record> = (0..1000).map(row).collect();
        let bytes = encode(&records).unwrap().len();
        assert!(bytes <= 16 * records.len(), "{bytes} bytes");
    }
}
