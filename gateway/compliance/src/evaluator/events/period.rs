//! The windows in which events are counted: local days, weeks, months, quarters and years, and the
//! time before each opening.

use crate::{Period, Window, calendar::Calendar};
use core::time::Duration;
use jiff::tz::TimeZone;
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
            Self::Calendar(zone, period) => {
                let calendar = Calendar { time_zone: zone.clone(), schedule: None };
                let window = Window::Per(*period);
                Some((calendar.window_before(t, window), calendar.window_after(t, window)))
            }
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
