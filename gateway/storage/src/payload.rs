//! Records as bytes: what a row of the journal holds.
//!
//! A version byte, then one item after the other: a **frame** of readings or a command. A frame is
//! what a device says in one answer: readings of series with consecutive numbers and with the same
//! times and quality, written once: a tag, the quality's code, the first series, both times (each
//! as a difference: received time to the item before, source time to received time), how many
//! readings, then their values, if they have any. A value that is a [decimal](Decimal) is one
//! integer with its places in the low four bits; any other is the integer 15 and eight bytes. So a
//! reading takes two or three bytes. A command is a tag, its time and its act as JSON. The check
//! sum is the [journal](crate::journal)'s.
//!
//! Version 1, which is still read, had no frames: each reading has its own times and quality, and
//! eight bytes of value.

use crate::{
    bytes::{Input, from_zigzag, put_signed, put_unsigned, zigzag},
    decimal::{Decimal, PLACES_MAX},
};
use weir_domain::{Quality, Reading, Sample, SeriesId, Timestamp, Value};
use weir_engine::{Act, Command, Record, Row};

/// The version that is written, and the one before.
const VERSION: u8 = 2;
const VERSION_WITHOUT_FRAMES: u8 = 1;

/// Tag of a reading without a value, in version 1.
const READING: u8 = 0;
/// Tag of a reading with a value, in version 1.
const READING_VALUE: u8 = 1;
/// Tag of a command.
const COMMAND: u8 = 2;
/// Tag of a frame of readings without values.
const FRAME: u8 = 3;
/// Tag of a frame of readings with values.
const FRAME_VALUES: u8 = 4;

/// Most readings of a frame. It bounds what a few false bytes can make of themselves.
const FRAME_MAX: usize = 1024;

/// Bits of a value that are its places, and what they are if eight bytes follow.
const PLACES_BITS: u32 = 4;
const NO_DECIMAL: u64 = 15;

/// Bytes that a reading takes at most times, to reserve room.
const READING_BYTES: usize = 4;

/// Writes records one after the other, behind `room` bytes that are left for a check sum.
///
/// # Errors
/// When an act has no JSON.
pub(crate) fn encode(records: &[Record], room: usize) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::with_capacity(room + 1 + records.len() * READING_BYTES);
    out.resize(room, 0);
    out.push(VERSION);
    let mut before = 0_i64;
    let mut places = 0;
    let mut rest = records;
    while let Some(record) = rest.first() {
        let taken = match record {
            Record::Reading(row) => {
                let count = frame(row, rest);
                let (frame, _) = rest.split_at(count);
                encode_frame(&mut out, row, frame, &mut before, &mut places);
                count
            }
            Record::Command(command) => {
                out.push(COMMAND);
                put_step(&mut out, &mut before, command.at);
                let act = serde_json::to_vec(&command.act)?;
                put_unsigned(&mut out, act.len() as u64);
                out.extend_from_slice(&act);
                1
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(out)
}

/// How many records, the first of which is a reading of `first`, make a frame.
fn frame(first: &Row, records: &[Record]) -> usize {
    let Sample { source_time, received_time, reading } = first.sample;
    let (quality, has_value) = (reading.quality(), reading.value().is_some());
    let belongs = |(series, record): (u32, &Record)| match record {
        Record::Reading(row) => {
            row.series.0 == series
                && row.sample.source_time == source_time
                && row.sample.received_time == received_time
                && row.sample.reading.quality() == quality
                && row.sample.reading.value().is_some() == has_value
        }
        Record::Command(_) => false,
    };
    let numbered = (first.series.0..=u32::MAX).zip(records).take(FRAME_MAX);
    numbered.take_while(|pair| belongs(*pair)).count().max(1)
}

fn encode_frame(
    out: &mut Vec<u8>,
    first: &Row,
    frame: &[Record],
    before: &mut i64,
    places: &mut u8,
) {
    let Sample { source_time, received_time, reading } = first.sample;
    out.push(if reading.value().is_some() { FRAME_VALUES } else { FRAME });
    out.push(reading.quality().code());
    put_unsigned(out, u64::from(first.series.0));
    put_step(out, before, received_time);
    put_signed(out, source_time.as_millis().wrapping_sub(received_time.as_millis()));
    put_unsigned(out, frame.len() as u64);
    for record in frame {
        let Record::Reading(row) = record else { continue };
        if let Some(value) = row.sample.reading.value() {
            put_value(out, value.get(), places);
        }
    }
}

/// `places` are those of the value before, and most likely of this one.
fn put_value(out: &mut Vec<u8>, value: f64, places: &mut u8) {
    match Decimal::of(value, *places) {
        Some(decimal) => {
            if decimal.places > 0 {
                *places = decimal.places;
            }
            put_unsigned(out, zigzag(decimal.digits) << PLACES_BITS | u64::from(decimal.places));
        }
        None => {
            put_unsigned(out, NO_DECIMAL);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

fn value(input: &mut Input<'_>) -> Result<Value, String> {
    let number = input.unsigned()?;
    let places = number & ((1 << PLACES_BITS) - 1);
    let digits = from_zigzag(number >> PLACES_BITS);
    let number = match u8::try_from(places) {
        Ok(places) if places <= PLACES_MAX => Decimal { digits, places }.number(),
        _ if number == NO_DECIMAL => input.float()?,
        _ => return Err(format!("a value with {places} places")),
    };
    Value::new(number).ok_or_else(|| "a value that is no number".into())
}

/// Reads `count` records, which have to be all there is.
///
/// # Errors
/// What is wrong with the bytes.
pub(crate) fn decode(bytes: &[u8], count: u64) -> Result<Vec<Record>, String> {
    let mut input = Input { bytes };
    let version = input.byte()?;
    if version != VERSION && version != VERSION_WITHOUT_FRAMES {
        return Err(format!("records of version {version} are unknown"));
    }
    // A false count cannot make us reserve more than the bytes could hold.
    let count = usize::try_from(count).map_err(|e| e.to_string())?;
    let mut records = Vec::with_capacity(count.min(bytes.len()));
    let mut before = 0_i64;
    while records.len() < count {
        decode_item(&mut input, version, &mut before, count, &mut records)?;
    }
    match input.bytes.len() {
        0 => Ok(records),
        rest => Err(format!("{rest} bytes after the last record")),
    }
}

fn decode_item(
    input: &mut Input<'_>,
    version: u8,
    before: &mut i64,
    count: usize,
    records: &mut Vec<Record>,
) -> Result<(), String> {
    match (version, input.byte()?) {
        (_, COMMAND) => {
            let at = step(input, before)?;
            let length = usize::try_from(input.unsigned()?).map_err(|e| e.to_string())?;
            let act: Act =
                serde_json::from_slice(input.take(length)?).map_err(|e| format!("no act: {e}"))?;
            records.push(Record::Command(Box::new(Command { at, act })));
        }
        (VERSION_WITHOUT_FRAMES, tag @ (READING | READING_VALUE)) => {
            let head = decode_head(input, before)?;
            let number = if tag == READING_VALUE { Some(input.float()?) } else { None };
            let no_number = || "a value that is no number".to_owned();
            let value = number.map(|n| Value::new(n).ok_or_else(no_number)).transpose()?;
            records.push(head.record(0, value)?);
        }
        (VERSION, tag @ (FRAME | FRAME_VALUES)) => {
            let head = decode_head(input, before)?;
            let length = usize::try_from(input.unsigned()?).map_err(|e| e.to_string())?;
            if length == 0 || length > FRAME_MAX.min(count - records.len()) {
                return Err(format!("a frame of {length} readings"));
            }
            for index in (0..).take(length) {
                let value = if tag == FRAME_VALUES { Some(value(input)?) } else { None };
                records.push(head.record(index, value)?);
            }
        }
        (_, tag) => return Err(format!("records of kind {tag} are unknown")),
    }
    Ok(())
}

/// What the readings of a frame have in common.
struct Head {
    quality: Quality,
    series: u32,
    source_time: Timestamp,
    received_time: Timestamp,
}

fn decode_head(input: &mut Input<'_>, before: &mut i64) -> Result<Head, String> {
    let code = input.byte()?;
    let quality = Quality::from_code(code).map_err(|_| format!("no quality: {code}"))?;
    let series = u32::try_from(input.unsigned()?).map_err(|e| format!("no series: {e}"))?;
    let received_time = step(input, before)?;
    let source = received_time.as_millis().wrapping_add(input.signed()?);
    Ok(Head { quality, series, source_time: Timestamp::from_millis(source), received_time })
}

impl Head {
    fn record(&self, index: u32, value: Option<Value>) -> Result<Record, String> {
        let Self { quality, series, source_time, received_time } = *self;
        let series = series.checked_add(index).ok_or("a series beyond all numbers")?;
        let reading = Reading::from_parts(value, quality);
        let sample = Sample { source_time, received_time, reading };
        Ok(Record::Reading(Row { series: SeriesId(series), sample }))
    }
}

fn put_step(out: &mut Vec<u8>, before: &mut i64, time: Timestamp) {
    put_signed(out, time.as_millis().wrapping_sub(*before));
    *before = time.as_millis();
}

fn step(input: &mut Input<'_>, before: &mut i64) -> Result<Timestamp, String> {
    *before = before.wrapping_add(input.signed()?);
    Ok(Timestamp::from_millis(*before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_record, any_sample, any_value, same_records};
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn what_was_written_is_read(records in vec(any_record(), 0..40)) {
            let bytes = encode(&records, 0).unwrap();
            let back = decode(&bytes, records.len() as u64).unwrap();
            prop_assert!(same_records(&records, &back), "{records:?} became {back:?}");
        }

        #[test]
        fn nothing_but_what_was_written_is_read(records in vec(any_record(), 1..10), cut in any::<prop::sample::Index>()) {
            let bytes = encode(&records, 0).unwrap();
            let count = records.len() as u64;
            prop_assert!(decode(&bytes[..cut.index(bytes.len())], count).is_err());
            prop_assert!(decode(&bytes, count - 1).is_err());
            prop_assert!(decode(&bytes, count + 1).is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200), count in any::<u64>()) {
            let _ = decode(&bytes, count);
            for version in [VERSION, VERSION_WITHOUT_FRAMES] {
                let known = [&[version], &bytes[..]].concat();
                let _ = decode(&known, count);
            }
        }
    }

    /// Readings as devices say them: several at once, some bad, some without a value.
    fn frames() -> impl Strategy<Value = Vec<Record>> {
        let frame = (0..3_000_u32, 0..4_usize, vec(any_value(), 1..300), any_sample());
        let rows = |(first, holes, values, like): (u32, usize, Vec<Value>, Sample)| {
            let row = move |(i, value): (u32, Value)| {
                let hole = holes > 0 && (i as usize + 1).is_multiple_of(holes * 7);
                let value = like.reading.value().map(|_| value).filter(|_| !hole);
                let reading = Reading::from_parts(value, like.reading.quality());
                let series = SeriesId(first + i + u32::from(hole));
                Record::Reading(Row { series, sample: Sample { reading, ..like } })
            };
            (0..).zip(values).map(row).collect::<Vec<_>>()
        };
        vec(frame.prop_map(rows), 1..5).prop_map(|frames| frames.concat())
    }

    proptest! {
        #[test]
        fn frames_are_read_as_they_were_written(records in frames()) {
            let bytes = encode(&records, 0).unwrap();
            let back = decode(&bytes, records.len() as u64).unwrap();
            prop_assert!(same_records(&records, &back));
        }
    }

    fn rows() -> Vec<Record> {
        let start = 1_795_341_600_000;
        let row = |i: i64| {
            let received_time = Timestamp::from_millis(start + i / 100);
            let reading = Reading::from_number((i * 37 % 10_000) as f64 / 100.0);
            let source_time = received_time - core::time::Duration::from_millis(40);
            let sample = Sample { source_time, received_time, reading };
            Record::Reading(Row { series: SeriesId(i as u32), sample })
        };
        (0..1000).map(row).collect()
    }

    #[test]
    fn a_usual_reading_takes_at_most_4_bytes() {
        let bytes = encode(&rows(), 0).unwrap().len();
        assert!(bytes <= 4 * 1000, "{bytes} bytes");
    }

    #[test]
    fn readings_of_version_1_are_read() {
        let records = rows();
        let mut bytes = vec![VERSION_WITHOUT_FRAMES];
        let mut before = 0;
        for record in &records {
            let Record::Reading(Row { series, sample }) = record else { unreachable!() };
            bytes.extend([READING_VALUE, sample.reading.quality().code()]);
            put_unsigned(&mut bytes, u64::from(series.0));
            put_step(&mut bytes, &mut before, sample.received_time);
            put_signed(&mut bytes, -40);
            bytes.extend(sample.reading.value().unwrap().get().to_le_bytes());
        }
        assert!(same_records(&decode(&bytes, 1000).unwrap(), &records));
    }
}
