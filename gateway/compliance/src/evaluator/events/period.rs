//! The windows in which events are counted: local days, weeks, months, quarters and years, and the
//! time before each opening.

use crate::{Period, calendar::Calendar};
use core::time::Duration;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use weir_domain::Timestamp;

/// How the windows of a rule follow one another.
#[derive(Debug, Clone)]
pub(crate) enum Windows {
    /// Periods of the local calendar, one after the other.
    Calendar(TimeZone, Period),
    /// So long before each opening.
    Opening(Calendar, Duration),
}

impl Windows {
    /// The first window that ends after `t`; none if there is no such opening. Where openings
    /// follow closely, a window may begin before the one before it has ended.
    pub(crate) fn after(&self, t: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Calendar(zone, period) => Some(calendar_window(zone, *period, t)),
            Self::Opening(calendar, before) => {
                let opening = opening_after(calendar, t)?;
                Some((opening - *before, opening))
            }
        }
    }
}

/// The next moment after `t` at which it opens.
fn opening_after(calendar: &Calendar, t: Timestamp) -> Option<Timestamp> {
    let change = calendar.change_after(t)?;
    if calendar.is_open(change) { Some(change) } else { calendar.change_after(change) }
}

fn calendar_window(zone: &TimeZone, period: Period, t: Timestamp) -> (Timestamp, Timestamp) {
    let today = zone.to_datetime(t.to_jiff()).date();
    let first = first_day(period, today);
    let next = match period {
        Period::Day => first.saturating_add(1.day()),
        Period::Week => first.saturating_add(1.week()),
        Period::Month => first.saturating_add(1.month()),
        Period::Quarter => first.saturating_add(3.months()),
        Period::Year => first.saturating_add(1.year()),
    };
    let (from, to) = (midnight(zone, first, t), midnight(zone, next, t));
    (from.min(t), to.max(t + Duration::from_millis(1)))
}

fn first_day(period: Period, date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    match period {
        Period::Day => date,
        Period::Week => date.saturating_sub(back.days()),
        Period::Month => date.first_of_month(),
        Period::Quarter => {
            date.first_of_month().saturating_sub(i64::from((date.month() - 1) % 3).months())
        }
        Period::Year => date.first_of_year(),
    }
}

/// Where the local clock shows midnight; `t` at the ends of time.
fn midnight(zone: &TimeZone, date: Date, t: Timestamp) -> Timestamp {
    let moment = zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible();
    moment.map_or(t, Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schedule;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn periods_lie_where_the_local_calendar_shows_them() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (period, from, to) in [
            (Period::Day, "2026-11-22", "2026-11-23"),
            (Period::Week, "2026-11-16", "2026-11-23"),
            (Period::Month, "2026-11-01", "2026-12-01"),
            (Period::Quarter, "2026-10-01", "2027-01-01"),
            (Period::Year, "2026-01-01", "2027-01-01"),
        ] {
            let midnight = |day: &str| at(&format!("{day}T00:00:00+08:00"));
            for t in ["2026-11-22T00:00:00+08:00", "2026-11-22T23:59:59.999+08:00"] {
                let window = Windows::Calendar(zone.clone(), period).after(at(t));
                assert_eq!(window, Some((midnight(from), midnight(to))), "{period:?} {t}");
            }
        }
    }

    #[test]
    fn windows_follow_one_another_without_a_gap_in_every_zone() {
        for zone in ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"] {
            let windows = Windows::Calendar(TimeZone::get(zone).unwrap(), Period::Day);
            let (mut t, mut days) = (at("2026-01-01T12:00:00Z"), 0);
            while let Some((from, to)) = windows.after(t).filter(|_| days < 400) {
                assert!(from <= t && t < to, "{zone}");
                let next = windows.after(to).unwrap();
                assert_eq!(next.0, to, "{zone}");
                (t, days) = (to, days + 1);
            }
        }
    }

    #[test]
    fn the_time_before_an_opening_is_a_window() {
        let schedule = Schedule::parse(&["mon-sun 06:00-12:00,12:30-22:00".into()]).unwrap();
        let calendar = Calendar {
            time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
            schedule: Some(schedule),
        };
        let windows = Windows::Opening(calendar, Duration::from_secs(3_600));
        let clock = |time: &str| at(&format!("2026-11-22T{time}:00+08:00"));
        assert_eq!(windows.after(clock("00:00")), Some((clock("05:00"), clock("06:00"))));
        assert_eq!(windows.after(clock("06:00")), Some((clock("11:30"), clock("12:30"))));
        let always = Calendar { time_zone: TimeZone::UTC, schedule: Some(Schedule::default()) };
        assert_eq!(Windows::Opening(always, Duration::from_secs(1)).after(clock("06:00")), None);
    }
}
