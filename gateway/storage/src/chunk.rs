//! Samples of one series as compressed columns: what a row of the history holds.
//!
//! A version byte, a CRC-32 of all that follows, the count, and four columns, each with its length
//! in front: source times, received minus source times, qualities, and the values of those samples
//! that have one. Numbers are compressed by `pco` without loss, to the bit; qualities are runs of
//! (code, has a value, length). The journal's codec is row by row instead because its batches hold
//! few samples of each series.

use crate::{
    bytes::{Input, put_unsigned},
    decimal::Decimal,
};
use pco::{
    ChunkConfig, DeltaSpec, ModeSpec,
    data_types::Number,
    errors::PcoError,
    standalone::{simple_compress, simple_decompress},
};
use weir_domain::{Quality, Reading, Sample, Timestamp, Value};

/// The only version so far.
const VERSION: u8 = 1;

/// The level beyond which measurements showed no gain.
const LEVEL: usize = 6;

/// Version and check sum.
const FRAME_BYTES: usize = 5;

/// Compresses samples. The registers of a device are read together, so one series after the other
/// often has the same times: what was compressed last is kept.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    times: Column,
    delays: Column,
}

/// Whole numbers, and what they are compressed.
#[derive(Debug, Default)]
struct Column {
    numbers: Vec<i64>,
    compressed: Vec<u8>,
}

impl Encoder {
    /// Compresses samples, whatever their order.
    ///
    /// # Errors
    /// When `pco` cannot, which only a wrong setting could bring about.
    pub(crate) fn encode(&mut self, samples: &[Sample]) -> Result<Vec<u8>, PcoError> {
        let source = |s: &Sample| s.source_time.as_millis();
        let times = samples.iter().map(source);
        let delays = samples.iter().map(|s| s.received_time.as_millis().wrapping_sub(source(s)));
        let times = self.times.compress(times, DeltaSpec::TryConsecutive(1))?;
        let delays = self.delays.compress(delays, DeltaSpec::NoOp)?;
        let values: Vec<f64> =
            samples.iter().filter_map(|s| s.reading.value()).map(Value::get).collect();

        let mut out = Vec::with_capacity(FRAME_BYTES + 64 + samples.len() * 2);
        out.push(VERSION);
        out.resize(FRAME_BYTES, 0);
        put_unsigned(&mut out, samples.len() as u64);
        put_column(&mut out, times);
        put_column(&mut out, delays);
        put_column(&mut out, &qualities(samples));
        put_column(&mut out, &compress_values(&values)?);
        let (frame, body) = out.split_at_mut(FRAME_BYTES);
        frame[1..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        Ok(out)
    }
}

impl Column {
    fn compress(
        &mut self,
        numbers: impl Iterator<Item = i64> + Clone,
        delta: DeltaSpec,
    ) -> Result<&[u8], PcoError> {
        if self.compressed.is_empty() || !numbers.clone().eq(self.numbers.iter().copied()) {
            self.numbers.clear();
            self.numbers.extend(numbers);
            let config = config().with_mode_spec(ModeSpec::Classic).with_delta_spec(delta);
            self.compressed = simple_compress(&self.numbers, &config)?;
        }
        Ok(&self.compressed)
    }
}

fn config() -> ChunkConfig {
    ChunkConfig::default().with_compression_level(LEVEL)
}

/// Tells `pco` what it would find out by trying: whether the values are decimals, and whether they
/// are nearer to the one before than to each other.
fn compress_values(values: &[f64]) -> Result<Vec<u8>, PcoError> {
    let places = values.iter().try_fold(0, |most: u8, value| {
        Decimal::with_places(*value, most)
            .map(|_| most)
            .or_else(|| Decimal::of(*value, most).map(|decimal| decimal.places.max(most)))
    });
    let mode = match places {
        Some(places) => ModeSpec::TryFloatMult(Decimal { digits: 1, places }.number()),
        None => ModeSpec::Auto,
    };
    let mean = values.iter().map(|v| v / values.len() as f64).sum::<f64>();
    let apart: f64 = values.iter().map(|value| (value - mean).abs()).sum();
    let steps: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    let order = usize::from(steps < apart);
    let delta = DeltaSpec::TryConsecutive(order);
    simple_compress(values, &config().with_mode_spec(mode).with_delta_spec(delta))
}

fn put_column(body: &mut Vec<u8>, column: &[u8]) {
    put_unsigned(body, column.len() as u64);
    body.extend_from_slice(column);
}

fn qualities(samples: &[Sample]) -> Vec<u8> {
    let key = |s: &Sample| (s.reading.quality().code(), s.reading.value().is_some());
    let mut column = Vec::new();
    for run in samples.chunk_by(|a, b| key(a) == key(b)) {
        let (code, has_value) = key(&run[0]);
        column.extend([code, u8::from(has_value)]);
        put_unsigned(&mut column, run.len() as u64);
    }
    column
}

/// Restores samples.
///
/// # Errors
/// What is wrong with the bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Sample>, String> {
    let mut input = Input { bytes };
    let version = input.byte()?;
    if version != VERSION {
        return Err(format!("chunks of version {version} are unknown"));
    }
    let crc = u32::from_le_bytes(input.take(4)?.try_into().expect("four bytes were taken"));
    if crc != crc32fast::hash(input.bytes) {
        return Err("the check sum is wrong".into());
    }
    let count = usize::try_from(input.unsigned()?).map_err(|e| e.to_string())?;
    let times = numbers::<i64>(&mut input)?;
    let delays = numbers::<i64>(&mut input)?;
    let qualities = column(&mut input)?;
    let values = numbers::<f64>(&mut input)?;
    if times.len() != count || delays.len() != count {
        return Err(format!("{} times and {} delays of {count}", times.len(), delays.len()));
    }
    join(&times, &delays, qualities, &values)
}

fn column<'a>(input: &mut Input<'a>) -> Result<&'a [u8], String> {
    let length = usize::try_from(input.unsigned()?).map_err(|e| e.to_string())?;
    input.take(length)
}

fn numbers<T: Number>(input: &mut Input<'_>) -> Result<Vec<T>, String> {
    simple_decompress(column(input)?).map_err(|e| e.to_string())
}

fn join(times: &[i64], delays: &[i64], runs: &[u8], values: &[f64]) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::with_capacity(times.len());
    let mut values = values.iter().copied();
    let mut moments = times.iter().zip(delays);
    let mut input = Input { bytes: runs };
    while !input.bytes.is_empty() {
        let code = input.byte()?;
        let quality = Quality::from_code(code).map_err(|_| format!("no quality: {code}"))?;
        let has_value = input.byte()? != 0;
        for _ in 0..input.unsigned()? {
            let (time, delay) = moments.next().ok_or("more qualities than times")?;
            let number =
                if has_value { Some(values.next().ok_or("too few values")?) } else { None };
            samples.push(Sample {
                source_time: Timestamp::from_millis(*time),
                received_time: Timestamp::from_millis(time.wrapping_add(*delay)),
                reading: Reading::from_parts(number.and_then(Value::new), quality),
            });
        }
    }
    if samples.len() != times.len() || values.next().is_some() {
        return Err("the columns differ in length".into());
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_sample, same_samples};
    use core::time::Duration;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn no_bit_is_lost(samples in vec(any_sample(), 0..300)) {
            let bytes = Encoder::default().encode(&samples).unwrap();
            let back = decode(&bytes).unwrap();
            prop_assert!(same_samples(&samples, &back), "{samples:?} became {back:?}");
        }

        #[test]
        fn every_flipped_bit_is_seen(samples in vec(any_sample(), 1..20), at in any::<prop::sample::Index>()) {
            let mut bytes = Encoder::default().encode(&samples).unwrap();
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(&bytes).is_err());
        }
    }

    #[test]
    fn a_day_of_a_register_takes_less_than_two_bytes_a_sample() {
        let sample = |i: i64| {
            let jitter = (i * 7919) % 40;
            let source = Timestamp::from_millis(1_795_341_600_000 + i * 1000 + jitter);
            let reading = Reading::from_number(f64::from(30 + (i * 31 % 17) as i32) / 10.0);
            let received_time = source + Duration::from_millis((i * 13 % 9) as u64);
            Sample { source_time: source, received_time, reading }
        };
        let samples: Vec<Sample> = (0..8192).map(sample).collect();
        let bytes = Encoder::default().encode(&samples).unwrap().len();
        assert!(bytes < 2 * samples.len(), "{bytes} bytes for {} samples", samples.len());
    }
}
