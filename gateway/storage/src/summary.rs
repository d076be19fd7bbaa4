//! What a chunk says of its samples without being decoded: enough for a bucket that it lies in.

use rusqlite::Row;
use weir_domain::{Sample, SeriesId, Timestamp, Value};

/// The columns of a chunk beside its data. They have a check sum of their own, since they are used
/// without the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// Whose samples.
    pub(crate) series: SeriesId,
    /// Source time of the first.
    pub(crate) first: Timestamp,
    /// Source time of the last.
    pub(crate) last: Timestamp,
    /// How many.
    pub(crate) count: u64,
    /// How many of them are good. The rest of the fields are about these.
    pub(crate) good: u64,
    /// Least value.
    pub(crate) min: Option<f64>,
    /// Greatest value.
    pub(crate) max: Option<f64>,
    /// Sum of the values; none if there is no good one, or if it is beyond all numbers.
    pub(crate) sum: Option<f64>,
}

impl Summary {
    /// The names of the columns, as [`Self::read`] expects them.
    pub(crate) const COLUMNS: &str = "series, t0, t1, n, good, vmin, vmax, vsum, summary_crc";

    /// Sums samples up, which are in order of source time; none for none.
    pub(crate) fn of(series: SeriesId, samples: &[Sample]) -> Option<Self> {
        let (first, last) = (samples.first()?.source_time, samples.last()?.source_time);
        let (mut good, mut sum) = (0_u64, 0.0);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in samples.iter().filter_map(|s| s.reading.good()).map(Value::get) {
            good += 1;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
        // SQLite stores -0 as 0, so that is what is kept; adding 0 makes the one the other.
        let of_good = |number: f64| (good > 0).then_some(number + 0.0);
        Some(Self {
            series,
            first,
            last,
            count: samples.len() as u64,
            good,
            min: of_good(min),
            max: of_good(max),
            sum: of_good(sum).filter(|sum| sum.is_finite()),
        })
    }

    /// A check sum over every field.
    pub(crate) fn crc(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.series.0.to_le_bytes());
        for number in [self.first.as_millis(), self.last.as_millis()] {
            crc.update(&number.to_le_bytes());
        }
        for number in [self.count, self.good] {
            crc.update(&number.to_le_bytes());
        }
        for number in [self.min, self.max, self.sum] {
            crc.update(&[u8::from(number.is_some())]);
            crc.update(&number.unwrap_or_default().to_le_bytes());
        }
        crc.finalize()
    }

    /// Reads [`Self::COLUMNS`], the first of which is column `at`; none if they are not as they
    /// were written.
    pub(crate) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let summary = Self {
            series: SeriesId(row.get(at)?),
            first: Timestamp::from_millis(row.get(at + 1)?),
            last: Timestamp::from_millis(row.get(at + 2)?),
            count: row.get(at + 3)?,
            good: row.get(at + 4)?,
            min: row.get(at + 5)?,
            max: row.get(at + 6)?,
            sum: row.get(at + 7)?,
        };
        let crc: u32 = row.get(at + 8)?;
        Ok((summary.crc() == crc).then_some(summary))
    }
}
