//! What the checks must know of the point they look at, and how they put its values into words.

use core::time::Duration;
use jiff::tz::TimeZone;
use weir_domain::{Timestamp, Unit};

/// The point behind a watch.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) unit: Unit,
    pub(crate) decimals: u8,
    /// The smallest difference that means anything: the step of an integer register, or one of the
    /// last decimal.
    pub(crate) step: f64,
    /// Whether it is known to come in whole steps.
    pub(crate) is_stepped: bool,
    /// Milliseconds for which a sample speaks.
    pub(crate) max_gap: i64,
    /// Limits of requirements that are no mere warnings.
    pub(crate) limits: Vec<(Option<f64>, Option<f64>)>,
    pub(crate) zone: TimeZone,
}

impl Point {
    /// Whether the value stands on a whole step, as a rounded number does. A float that does not has
    /// a resolution far below its decimals.
    pub(crate) fn is_on_step(&self, value: f64) -> bool {
        /// Above what a single float loses of a number of five digits.
        const SLACK: f64 = 0.01;
        let steps = value / self.step;
        self.is_stepped || (steps - steps.round()).abs() < SLACK
    }

    /// A value with its unit.
    pub(crate) fn number(&self, value: f64) -> String {
        format!("{value:.*}{}", usize::from(self.decimals), self.unit.suffix())
    }

    /// A small difference with its unit: two digits more than the value is shown with.
    pub(crate) fn difference(&self, value: f64) -> String {
        format!("{value:.*}{}", usize::from(self.decimals) + 2, self.unit.suffix())
    }

    /// A local date and time, to the second.
    pub(crate) fn when(&self, t: Timestamp) -> String {
        self.zone.to_datetime(t.to_jiff()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// Minutes as milliseconds.
pub(crate) fn minutes(minutes: u64) -> i64 {
    i64::try_from(minutes.saturating_mul(60_000)).unwrap_or(i64::MAX)
}

/// Seconds as milliseconds.
pub(crate) fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

/// Milliseconds in words.
pub(crate) fn length(millis: i64) -> String {
    let whole = u64::try_from(millis / 1_000).unwrap_or(0);
    crate::wording::duration(Duration::from_secs(whole))
}
