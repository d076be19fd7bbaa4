//! Seconds of the virtual clock and the local calendar of the site, China Standard Time.

use weir_domain::Timestamp;

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3_600;
/// Seconds of a day.
pub(crate) const DAY: i64 = 24 * HOUR;
/// China has one time zone and no summer time.
const OFFSET: i64 = 8 * HOUR;

/// The last whole second at or before a moment, counted from 1970 UTC.
pub(crate) fn second_of(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1_000)
}

/// The moment of a whole second.
pub(crate) fn moment(second: i64) -> Timestamp {
    Timestamp::from_millis(second.saturating_mul(1_000))
}

/// The number of the local day.
pub(crate) fn local_day(second: i64) -> i64 {
    (second + OFFSET).div_euclid(DAY)
}

/// Seconds since local midnight.
pub(crate) fn second_of_day(second: i64) -> i64 {
    (second + OFFSET).rem_euclid(DAY)
}

/// Local hours since midnight, with their fraction.
pub(crate) fn hour_of_day(second: i64) -> f64 {
    second_of_day(second) as f64 / HOUR as f64
}

/// The second at which a local day has so many seconds.
pub(crate) fn at_local(day: i64, second_of_day: i64) -> i64 {
    day * DAY + second_of_day - OFFSET
}

/// Whether a local day is a Saturday or Sunday.
pub(crate) fn is_weekend(day: i64) -> bool {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7) >= 5
}

/// A curve through 24 hourly values, at an hour of the day.
pub(crate) fn hourly(values: &[f64; 24], hour: f64) -> f64 {
    let floor = hour.floor();
    let at = (floor as usize) % 24;
    values[at] + (values[(at + 1) % 24] - values[at]) * (hour - floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_eight_hours_ahead() {
        // Sunday 2026-11-22, 18:30:05 local.
        let second = second_of("2026-11-22T10:30:05.900Z".parse().unwrap());
        assert_eq!(second_of_day(second), 18 * HOUR + 30 * 60 + 5);
        assert!(is_weekend(local_day(second)));
        assert!(!is_weekend(local_day(second + DAY)));
        assert_eq!(at_local(local_day(second), second_of_day(second)), second);
        assert_eq!(moment(second).to_string(), "2026-11-22T10:30:05.000Z");
        assert_eq!(second_of(Timestamp::from_millis(-1)), -1);
    }

    #[test]
    fn a_curve_goes_through_its_values_and_round_midnight() {
        let mut values = [1.0; 24];
        values[23] = 3.0;
        assert!((hourly(&values, 23.0) - 3.0).abs() < 1e-12);
        assert!((hourly(&values, 23.5) - 2.0).abs() < 1e-12);
        assert!((hourly(&values, 22.5) - 2.0).abs() < 1e-12);
    }
}
