//! Where the days and hours of a site begin: local time, safe over changes of the zone's offset.

use crate::Schedule;
use core::time::Duration;
use jiff::tz::TimeZone;
use weir_domain::Timestamp;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY_MS: i64 = 24 * 3_600_000;

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
    fn windows_follow_one_another_without_a_gap_over_a_year() {
        for zone in ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "America/Sao_Paulo"] {
            let calendar = calendar(zone);
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
