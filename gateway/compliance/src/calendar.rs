//! Where the days and hours of a site begin: local time, safe over changes of the zone's offset.

use crate::Schedule;
use core::time::Duration;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY_MS: i64 = 24 * 3_600_000;

/// A stretch of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three months, from January, April, July or October.
    Quarter,
    /// From January to December.
    Year,
}

/// A window of local time; windows follow one another without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Of this length, at most a day, counted from midnight.
    Length(Duration),
    /// A stretch of the calendar.
    Per(Period),
}

/// The local time of an area and its opening hours.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) time_zone: TimeZone,
    /// None where opening hours make no difference.
    pub(crate) schedule: Option<Schedule>,
}

impl Calendar {
    /// The first full local hour after `t`.
    pub(crate) fn hour_after(&self, t: Timestamp) -> Timestamp {
        self.boundary_after(t, HOUR)
    }

    /// The first boundary of windows of this length after `t`. Windows begin at local midnight.
    pub(crate) fn boundary_after(&self, t: Timestamp, window: Duration) -> Timestamp {
        let (into, length) = self.within_window(t, window);
        let plain = Timestamp::from_millis(t.as_millis() + length - into);
        if window <= HOUR {
            return plain;
        }
        // A change of the offset may lie between: the boundary is where the local clock shows it.
        let local = self.time_zone.to_datetime(t.to_jiff());
        let step = jiff::SignedDuration::from_millis(length - into);
        let boundary = local
            .checked_add(step)
            .and_then(|local| self.time_zone.to_ambiguous_timestamp(local).compatible());
        boundary.map_or(plain, Timestamp::from).max(t + Duration::from_millis(1))
    }

    /// The last boundary of windows of this length at or before `t`.
    pub(crate) fn boundary_before(&self, t: Timestamp, window: Duration) -> Timestamp {
        let (into, _) = self.within_window(t, window);
        let plain = Timestamp::from_millis(t.as_millis() - into);
        if window <= HOUR {
            return plain;
        }
        let local = self.time_zone.to_datetime(t.to_jiff());
        let boundary = local
            .checked_sub(jiff::SignedDuration::from_millis(into))
            .and_then(|local| self.time_zone.to_ambiguous_timestamp(local).compatible());
        boundary.map_or(plain, Timestamp::from).min(t)
    }

    /// The first boundary of such windows after `t`.
    pub(crate) fn window_after(&self, t: Timestamp, window: Window) -> Timestamp {
        match window {
            Window::Length(length) => self.boundary_after(t, length),
            Window::Per(period) => {
                let today = self.time_zone.to_datetime(t.to_jiff()).date();
                let boundary = period.start(today).and_then(|start| period.next(start));
                // The calendar ends in the year 9999.
                let boundary = boundary.and_then(|date| self.midnight(date));
                boundary.unwrap_or(t + Duration::from_secs(366 * 24 * 3_600))
            }
        }
    }

    /// The last boundary of such windows at or before `t`.
    pub(crate) fn window_before(&self, t: Timestamp, window: Window) -> Timestamp {
        match window {
            Window::Length(length) => self.boundary_before(t, length),
            Window::Per(period) => {
                let today = self.time_zone.to_datetime(t.to_jiff()).date();
                let boundary = period.start(today).and_then(|date| self.midnight(date));
                boundary.map_or(t, |boundary| boundary.min(t))
            }
        }
    }

    /// When a local day begins: at midnight, or where the clocks jump over it just after.
    fn midnight(&self, date: Date) -> Option<Timestamp> {
        Some(date.to_zoned(self.time_zone.clone()).ok()?.timestamp().into())
    }

    /// How far the local clock is into its window, and how long the window is; in milliseconds.
    fn within_window(&self, t: Timestamp, window: Duration) -> (i64, i64) {
        let length = i64::try_from(window.as_millis()).unwrap_or(DAY_MS).clamp(1, DAY_MS);
        let offset = i64::from(self.time_zone.to_offset(t.to_jiff()).seconds()) * 1_000;
        let of_day = (t.as_millis() + offset).rem_euclid(DAY_MS);
        (of_day % length, length)
    }

    /// Whether the area is open.
    pub(crate) fn is_open(&self, t: Timestamp) -> bool {
        let local = || self.time_zone.to_datetime(t.to_jiff());
        self.schedule.as_ref().is_none_or(|schedule| schedule.is_open(local()))
    }

    /// When it opens or closes next.
    pub(crate) fn change_after(&self, t: Timestamp) -> Option<Timestamp> {
        self.schedule.as_ref()?.next_change(t, &self.time_zone)
    }

    /// The stretches of a window during which the area is open.
    pub(crate) fn open_within(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<(Timestamp, Timestamp)> {
        let (mut open, mut at) = (Vec::new(), from);
        while at < to {
            let next = self.change_after(at).map_or(to, |change| change.min(to));
            if self.is_open(at) {
                open.push((at, next));
            }
            at = next;
        }
        open
    }
}

impl Period {
    /// The first day of the one that a day is in.
    fn start(self, day: Date) -> Option<Date> {
        let monday_back = i64::from(day.weekday().to_monday_zero_offset());
        match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub(monday_back.days()).ok(),
            Self::Month => Some(day.first_of_month()),
            Self::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok(),
            Self::Year => Some(day.first_of_year()),
        }
    }

    /// The first day of the next one.
    fn next(self, start: Date) -> Option<Date> {
        let length = match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        };
        start.checked_add(length).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar { time_zone: TimeZone::get(zone).unwrap(), schedule: None }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_lie_where_the_local_clock_shows_them() {
        let minutes = |m: u64| Duration::from_secs(m * 60);
        for (zone, window, t, from, to) in [
            (
                "Asia/Shanghai",
                60,
                "2026-11-22T10:20:07Z",
                "2026-11-22T10:00:00Z",
                "2026-11-22T11:00:00Z",
            ),
            (
                "Asia/Shanghai",
                60,
                "2026-11-22T10:00:00Z",
                "2026-11-22T10:00:00Z",
                "2026-11-22T11:00:00Z",
            ),
            (
                "Asia/Shanghai",
                1440,
                "2026-11-22T10:00:00Z",
                "2026-11-21T16:00:00Z",
                "2026-11-22T16:00:00Z",
            ),
            (
                "Asia/Kolkata",
                60,
                "2026-11-22T10:20:00Z",
                "2026-11-22T09:30:00Z",
                "2026-11-22T10:30:00Z",
            ),
            (
                "Asia/Shanghai",
                240,
                "2026-11-22T10:00:00Z",
                "2026-11-22T08:00:00Z",
                "2026-11-22T12:00:00Z",
            ),
            // A day of 23 hours, one of 25, and the hour that comes twice.
            (
                "Europe/Berlin",
                1440,
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "Europe/Berlin",
                1440,
                "2026-10-25T12:00:00Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
            ),
            (
                "Europe/Berlin",
                60,
                "2026-10-25T00:30:00Z",
                "2026-10-25T00:00:00Z",
                "2026-10-25T01:00:00Z",
            ),
            (
                "Europe/Berlin",
                60,
                "2026-10-25T01:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
            ),
        ] {
            let calendar = calendar(zone);
            assert_eq!(calendar.boundary_before(at(t), minutes(window)), at(from), "{zone} {t}");
            assert_eq!(calendar.boundary_after(at(t), minutes(window)), at(to), "{zone} {t}");
        }
    }

    #[test]
    fn windows_of_the_calendar_begin_at_local_midnight() {
        use Period::{Day, Month, Quarter, Week, Year};
        for (zone, period, t, from, to) in [
            (
                "Europe/Berlin",
                Day,
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "Europe/Berlin",
                Week,
                "2026-10-25T12:00:00Z",
                "2026-10-18T22:00:00Z",
                "2026-10-25T23:00:00Z",
            ),
            (
                "Europe/Berlin",
                Month,
                "2026-03-31T22:00:00Z",
                "2026-03-31T22:00:00Z",
                "2026-04-30T22:00:00Z",
            ),
            (
                "Asia/Shanghai",
                Month,
                "2028-02-29T15:00:00Z",
                "2028-01-31T16:00:00Z",
                "2028-02-29T16:00:00Z",
            ),
            (
                "Asia/Shanghai",
                Quarter,
                "2026-11-22T00:00:00Z",
                "2026-09-30T16:00:00Z",
                "2026-12-31T16:00:00Z",
            ),
            (
                "Asia/Shanghai",
                Year,
                "2026-12-31T16:00:00Z",
                "2026-12-31T16:00:00Z",
                "2027-12-31T16:00:00Z",
            ),
            // The clocks once jumped over midnight: the day began at one o'clock.
            (
                "America/Sao_Paulo",
                Day,
                "2018-11-04T12:00:00Z",
                "2018-11-04T03:00:00Z",
                "2018-11-05T02:00:00Z",
            ),
        ] {
            let (calendar, window) = (calendar(zone), Window::Per(period));
            assert_eq!(calendar.window_before(at(t), window), at(from), "{zone} {period:?} {t}");
            assert_eq!(calendar.window_after(at(t), window), at(to), "{zone} {period:?} {t}");
        }
    }

    #[test]
    fn windows_follow_one_another_without_a_gap_over_a_year() {
        for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "America/Sao_Paulo"] {
            let calendar = calendar(zone);
            for period in [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year]
            {
                let (mut t, window) = (at("2026-01-01T00:00:00Z"), Window::Per(period));
                while t < at("2029-01-01T00:00:00Z") {
                    let next = calendar.window_after(t, window);
                    assert!(next > t, "{zone} {t} {next}");
                    assert_eq!(calendar.window_before(next, window), next);
                    assert_eq!(
                        calendar.window_before(next - Duration::from_millis(1), window),
                        calendar.window_before(t, window)
                    );
                    t = next;
                }
            }
            for hours in [1, 6, 24] {
                let window = HOUR * hours;
                let (mut t, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
                while t < end {
                    let next = calendar.boundary_after(t, window);
                    assert!(next > t && next.since(t) <= window + HOUR, "{zone} {t} {next}");
                    t = next;
                }
            }
        }
    }

    #[test]
    fn a_day_has_its_open_stretches() {
        let schedule = Schedule::parse(&["mon-sun 06:00-12:00,14:00-22:00".into()]).unwrap();
        let calendar = Calendar { schedule: Some(schedule), ..calendar("Asia/Shanghai") };
        let (from, to) = (at("2026-11-22T00:00:00+08:00"), at("2026-11-23T00:00:00+08:00"));
        let hours: Vec<u64> = calendar
            .open_within(from, to)
            .iter()
            .map(|(from, to)| to.since(*from).as_secs() / 3_600)
            .collect();
        assert_eq!(hours, [6, 8]);
    }
}
