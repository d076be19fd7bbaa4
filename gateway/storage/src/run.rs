//! The samples of one series in little memory: some four bytes each instead of forty.
//!
//! They stand in blocks, in strict order of source time. In a block each sample is told by what is
//! different from the one before: a byte of flags, then what the flags say has changed. A sample
//! that is later than all others, as nearly every one is, is written behind the last; any other
//! has its block written anew.

use crate::{
    bytes::{Input, put_signed},
    decimal::{Decimal, PLACES_MAX},
};
use core::mem;
use weir_domain::{Quality, Reading, Sample, SeriesId, Timestamp, Value};

/// Samples of a block: few, so that it is quickly searched and written anew.
const BLOCK_ROWS: usize = 256;

/// The time since the sample before is what it was for that one.
const SAME_STEP: u8 = 1;
/// Received as long after it was measured as the sample before.
const SAME_DELAY: u8 = 2;
/// Of the same quality.
const SAME_QUALITY: u8 = 4;
/// The rest of the flags tells how the value is written: not at all, ...
const NO_VALUE: u8 = 0 << 3;
/// ... because it is the last one again, ...
const SAME_VALUE: u8 = 1 << 3;
/// ... as the difference to the last decimal, with as many places, ...
const STEP: u8 = 2 << 3;
/// ... as a decimal: places, digits, ...
const DECIMAL: u8 = 3 << 3;
/// ... or as eight bytes.
const FLOAT: u8 = 4 << 3;
const VALUE: u8 = 7 << 3;

/// The samples of a series.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) series: SeriesId,
    blocks: Vec<Block>,
    /// What the next sample of the last block is told by.
    last: Before,
    /// The last block without its last sample, if it is known: how many bytes it had, and what that
    /// sample was told by. An instrument that is read several times in a millisecond has the last
    /// one replaced again and again.
    undo: Option<(usize, Before)>,
}

#[derive(Debug)]
struct Block {
    /// Source times of the first and the last sample.
    first: Timestamp,
    last: Timestamp,
    count: usize,
    bytes: Vec<u8>,
}

/// The sample before, as far as the next one is told by it.
#[derive(Debug, Clone, Copy)]
struct Before {
    time: i64,
    step: i64,
    delay: i64,
    quality: u8,
    places: u8,
    digits: i64,
    bits: u64,
}

/// What became of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Put {
    /// It took the place of another one of the same source time.
    pub(crate) replaced: bool,
    /// Bytes that the run is longer by.
    pub(crate) bytes: isize,
}

impl Run {
    pub(crate) fn new(series: SeriesId) -> Self {
        Self { series, blocks: Vec::new(), last: Before::NOTHING, undo: None }
    }

    /// Puts a sample where it belongs.
    pub(crate) fn put(&mut self, sample: &Sample) -> Put {
        match self.blocks.last_mut() {
            Some(block)
                if sample.source_time == block.last
                    && let Some(undo) = self.undo =>
            {
                let before = block.bytes.len();
                block.bytes.truncate(undo.0);
                self.last = undo.1;
                block.append(sample, &mut self.last);
                block.count -= 1;
                let bytes = block.bytes.len().cast_signed() - before.cast_signed();
                Put { replaced: true, bytes }
            }
            Some(block) if sample.source_time <= block.last => self.put_late(sample),
            Some(block) if block.count < BLOCK_ROWS => {
                let before = block.bytes.len();
                self.undo = Some((before, self.last));
                block.append(sample, &mut self.last);
                Put { replaced: false, bytes: (block.bytes.len() - before).cast_signed() }
            }
            full => {
                if let Some(full) = full {
                    full.bytes.shrink_to_fit();
                }
                let (block, last) = Block::of(core::slice::from_ref(sample));
                let bytes = block.size();
                self.blocks.push(block);
                self.last = last;
                self.undo = Some((0, Before::NOTHING));
                Put { replaced: false, bytes }
            }
        }
    }

    fn put_late(&mut self, sample: &Sample) -> Put {
        let time = sample.source_time;
        let index = self.blocks.partition_point(|block| block.last < time);
        let mut samples = Vec::with_capacity(BLOCK_ROWS + 1);
        let old = &self.blocks[index];
        let before = old.size();
        old.read(&mut samples);
        let found = samples.binary_search_by_key(&time, |s| s.source_time);
        match found {
            Ok(at) => samples[at] = *sample,
            Err(at) => samples.insert(at, *sample),
        }
        let pieces = samples.len().div_ceil(BLOCK_ROWS);
        let blocks = samples.chunks(samples.len().div_ceil(pieces)).map(Block::of);
        let (blocks, befores): (Vec<_>, Vec<_>) = blocks.unzip();
        if index + 1 == self.blocks.len() {
            self.last = befores.last().copied().unwrap_or(Before::NOTHING);
            self.undo = None;
        }
        let after: isize = blocks.iter().map(Block::size).sum();
        self.blocks.splice(index..=index, blocks);
        Put { replaced: found.is_ok(), bytes: after - before }
    }

    /// All samples, in strict order of source time, behind what is in `out`.
    pub(crate) fn read(&self, out: &mut Vec<Sample>) {
        self.blocks.iter().for_each(|block| block.read(out));
    }

    /// The first `limit` samples with `from ≤ source time < to`.
    pub(crate) fn range(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Sample> {
        let mut found = Vec::new();
        let blocks = self.blocks.iter().skip_while(|block| block.last < from);
        for block in blocks.take_while(|block| block.first < to) {
            let start = found.len();
            block.read(&mut found);
            let before = found[start..].partition_point(|s| s.source_time < from);
            found.drain(start..start + before);
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(found.partition_point(|s| s.source_time < to).min(limit));
        found
    }
}

impl Block {
    /// A block of some samples, at least one.
    fn of(samples: &[Sample]) -> (Self, Before) {
        let nothing = Timestamp::from_millis(0);
        let first = samples.first().map_or(nothing, |s| s.source_time);
        let mut block = Self { first, last: first, count: 0, bytes: Vec::new() };
        let mut before = Before::NOTHING;
        for sample in samples {
            block.append(sample, &mut before);
        }
        (block, before)
    }

    fn append(&mut self, sample: &Sample, before: &mut Before) {
        before.write(&mut self.bytes, sample);
        self.last = sample.source_time;
        self.count += 1;
    }

    fn read(&self, out: &mut Vec<Sample>) {
        let mut input = Input { bytes: &self.bytes };
        let mut before = Before::NOTHING;
        out.reserve(self.count);
        for _ in 0..self.count {
            let sample = before.read(&mut input);
            out.push(sample.expect("what was written in this process is read"));
        }
    }

    /// Bytes in memory, nearly.
    fn size(&self) -> isize {
        (mem::size_of::<Self>() + self.bytes.len()).cast_signed()
    }
}

impl Before {
    /// Before the first sample of a block.
    const NOTHING: Self =
        Self { time: 0, step: 0, delay: 0, quality: 0, places: 0, digits: 0, bits: 0 };

    fn write(&mut self, out: &mut Vec<u8>, sample: &Sample) {
        let time = sample.source_time.as_millis();
        let step = time.wrapping_sub(self.time);
        let delay = sample.received_time.as_millis().wrapping_sub(time);
        let quality = sample.reading.quality().code();
        let value = sample.reading.value().map(Value::get);
        let (kind, decimal) = self.kind(value);
        let mut flags = kind;
        flags |= if step == self.step { SAME_STEP } else { 0 };
        flags |= if delay == self.delay { SAME_DELAY } else { 0 };
        flags |= if quality == self.quality { SAME_QUALITY } else { 0 };
        out.push(flags);
        if step != self.step {
            put_signed(out, step.wrapping_sub(self.step));
        }
        if delay != self.delay {
            put_signed(out, delay.wrapping_sub(self.delay));
        }
        if quality != self.quality {
            out.push(quality);
        }
        (self.time, self.step, self.delay, self.quality) = (time, step, delay, quality);
        match (kind, decimal, value) {
            (STEP, Some(decimal), _) => put_signed(out, decimal.digits.wrapping_sub(self.digits)),
            (DECIMAL, Some(decimal), _) => {
                out.push(decimal.places);
                put_signed(out, decimal.digits);
            }
            (FLOAT, _, Some(value)) => out.extend_from_slice(&value.to_le_bytes()),
            _ => {}
        }
        if let Some(Decimal { digits, places }) = decimal {
            (self.digits, self.places) = (digits, places);
        }
        self.bits = value.map_or(self.bits, f64::to_bits);
    }

    fn kind(&self, value: Option<f64>) -> (u8, Option<Decimal>) {
        let Some(value) = value else { return (NO_VALUE, None) };
        if value.to_bits() == self.bits {
            return (SAME_VALUE, None);
        }
        match Decimal::with_places(value, self.places).or_else(|| Decimal::of(value, 0)) {
            Some(decimal) if decimal.places == self.places => (STEP, Some(decimal)),
            Some(decimal) => (DECIMAL, Some(decimal)),
            None => (FLOAT, None),
        }
    }

    fn read(&mut self, input: &mut Input<'_>) -> Result<Sample, String> {
        let flags = input.byte()?;
        if flags & SAME_STEP == 0 {
            self.step = self.step.wrapping_add(input.signed()?);
        }
        if flags & SAME_DELAY == 0 {
            self.delay = self.delay.wrapping_add(input.signed()?);
        }
        if flags & SAME_QUALITY == 0 {
            self.quality = input.byte()?;
        }
        self.time = self.time.wrapping_add(self.step);
        let value = match flags & VALUE {
            NO_VALUE => None,
            SAME_VALUE => Some(f64::from_bits(self.bits)),
            FLOAT => Some(input.float()?),
            kind => {
                if kind == DECIMAL {
                    self.places = input.byte()?.min(PLACES_MAX);
                    self.digits = 0;
                }
                self.digits = self.digits.wrapping_add(input.signed()?);
                Some(Decimal { digits: self.digits, places: self.places }.number())
            }
        };
        self.bits = value.map_or(self.bits, f64::to_bits);
        let quality = Quality::from_code(self.quality).map_err(|e| e.to_string())?;
        Ok(Sample {
            source_time: Timestamp::from_millis(self.time),
            received_time: Timestamp::from_millis(self.time.wrapping_add(self.delay)),
            reading: Reading::from_parts(value.and_then(Value::new), quality),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_sample, same_samples};
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;

    /// Samples in and out of order, some at the same time.
    fn crowded() -> impl Strategy<Value = Vec<Sample>> {
        let sample = (any_sample(), 0_i64..400, any::<bool>());
        vec(sample, 0..1200).prop_map(|list| {
            let at = |(i, (sample, t, is_late)): (i64, (Sample, i64, bool))| {
                // Several in a row have the same time.
                let t = if is_late { t } else { i / 3 };
                Sample { source_time: Timestamp::from_millis(t * 1000), ..sample }
            };
            (0..).zip(list).map(at).collect()
        })
    }

    proptest! {
        #[test]
        fn a_run_is_a_map_by_source_time(
            samples in prop_oneof![crowded(), vec(any_sample(), 0..300)],
            (a, b) in (-10_000_i64..1_300_000, -10_000_i64..1_300_000),
            limit in prop_oneof![0..20_usize, Just(usize::MAX)],
        ) {
            let mut run = Run::new(SeriesId(1));
            let mut map = BTreeMap::new();
            let mut bytes = 0;
            for sample in &samples {
                let put = run.put(sample);
                bytes += put.bytes;
                prop_assert_eq!(put.replaced, map.insert(sample.source_time, *sample).is_some());
            }
            let mut all = Vec::new();
            run.read(&mut all);
            prop_assert!(same_samples(&all, &map.values().copied().collect::<Vec<_>>()));
            prop_assert_eq!(bytes, run.blocks.iter().map(Block::size).sum::<isize>());
            let (from, to) = (Timestamp::from_millis(a.min(b)), Timestamp::from_millis(a.max(b)));
            let expected: Vec<Sample> = map.range(from..to).map(|(_, s)| *s).take(limit).collect();
            prop_assert!(same_samples(&run.range(from, to, limit), &expected));
        }
    }

    #[test]
    fn a_usual_sample_takes_at_most_five_bytes() {
        let mut run = Run::new(SeriesId(1));
        let bytes: isize = (0..10_000_i64)
            .map(|i| {
                let source_time =
                    Timestamp::from_millis(1_795_341_600_000 + i * 1000 + i * 7919 % 5);
                let received_time = source_time + core::time::Duration::from_millis((i % 3) as u64);
                let reading = Reading::from_number((i * 31 % 400) as f64 / 100.0);
                run.put(&Sample { source_time, received_time, reading }).bytes
            })
            .sum();
        assert!(bytes <= 56_000, "{bytes}");
    }
}
