//! When what goes wrong: the week before a demonstration, and the demonstration itself.

use crate::{
    Device, Incident, IncidentKind,
    calendar::{DAY, HOUR, at_local, local_day, moment, second_of, second_of_day},
    noise::Noise,
};
use std::{collections::VecDeque, time::Duration};
use weir_domain::Timestamp;

const MINUTE: i64 = 60;
/// Hours of the pool, in seconds of the local day.
const POOL_HOURS: (i64, i64) = (6 * HOUR, 22 * HOUR);
/// A history has no incident in its first hours, so that there is an ordinary state to leave.
const QUIET_AT_START: Duration = Duration::from_secs(3 * 3_600);
/// Nor in its last hours, so that every consequence is over before the live part begins.
const QUIET_AT_END: Duration = Duration::from_secs(2 * 3_600);
/// How long after its cause an incident of the contact tank may still be seen.
const TANK_CLEARS: Duration = Duration::from_secs(5 * 3_600);
/// A cabinet's cycle may begin so long after it was ordered to go wrong, and takes its time.
const CYCLE_COMES: Duration = Duration::from_secs(3 * 3_600 + 1_800);
/// When the live part's first cabinet cycle begins.
const LIVE_CYCLE: Duration = Duration::from_secs(60);

/// Incidents in the order of time; may be endless.
#[derive(Debug, Clone, Default)]
pub struct Script {
    fixed: VecDeque<Incident>,
    streams: Vec<Stream>,
    cycle: Option<Timestamp>,
}

/// One kind of incident, again and again for ever.
#[derive(Debug, Clone)]
struct Stream {
    kind: IncidentKind,
    duration: i64,
    /// Second of the next one.
    next: i64,
    /// Seconds from one beginning to the next.
    distance: (i64, i64),
    /// Only within these seconds of the local day.
    hours: Option<(i64, i64)>,
    chance: Noise,
    drawn: i64,
}

impl Script {
    /// Nothing goes wrong.
    pub fn quiet() -> Self {
        Self::default()
    }

    /// These incidents.
    pub fn of(incidents: impl IntoIterator<Item = Incident>) -> Self {
        let mut fixed: Vec<Incident> = incidents.into_iter().collect();
        fixed.sort_by_key(|incident| incident.at);
        Self { fixed: fixed.into(), ..Self::default() }
    }

    /// A week with something to see in every area: of the incidents below, those that lie at least
    /// three hours after `start` and are over, with all that follows from them, two hours before
    /// `end`. A span of seven days or more has them all, in its last six whole days.
    pub fn history(seed: u64, start: Timestamp, end: Timestamp) -> Self {
        let chance = Noise::new(seed, "script/history");
        let today = local_day(second_of(end));
        let incidents = PLAN.iter().zip(0..).map(|(planned, nth)| {
            let shift = chance.whole(nth, -planned.shift, planned.shift);
            Incident {
                at: moment(at_local(today - planned.days_ago, planned.at + shift)),
                kind: planned.kind,
                duration: seconds(planned.duration),
            }
        });
        Self::of(incidents.filter(|incident| {
            incident.at >= start + QUIET_AT_START
                && incident.until() + aftermath(incident.kind) + QUIET_AT_END <= end
        }))
    }

    /// What the audience of a live demonstration sees, for as long as it stays: see the table in
    /// the source. A cycle of cabinet-2 begins a minute after `start`, and is the first to fail.
    pub fn live(start: Timestamp) -> Self {
        let first = second_of(start);
        let streams = LIVE.iter().map(|(kind, after, duration, distance, hours)| {
            let chance = Noise::new(0, kind.as_str());
            let next = within(first + after, *duration, *hours);
            let (kind, duration, distance, hours) = (*kind, *duration, *distance, *hours);
            Stream { kind, duration, next, distance, hours, chance, drawn: 0 }
        });
        Self { streams: streams.collect(), cycle: Some(start + LIVE_CYCLE), ..Self::default() }
    }

    /// [`Script::history`] until `now`, and [`Script::live`] from then on.
    pub fn demo(seed: u64, start: Timestamp, now: Timestamp) -> Self {
        Self::history(seed, start, now).and(Self::live(now))
    }

    /// Both scripts together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let fixed = self.fixed.into_iter().chain(other.fixed);
        let streams = self.streams.into_iter().chain(other.streams).collect();
        Self { streams, cycle: other.cycle.or(self.cycle), ..Self::of(fixed) }
    }

    /// A moment at which a cycle of cabinet-2 is to begin; the others are counted from it.
    pub(crate) fn round_cycle(&self) -> Option<Timestamp> {
        self.cycle
    }

    /// The next incident if it begins before a moment.
    pub(crate) fn next_before(&mut self, end: Timestamp) -> Option<Incident> {
        let stream = (0..self.streams.len()).min_by_key(|i| self.streams[*i].next);
        let stream = stream.map(|i| &mut self.streams[i]);
        let fixed_at = self.fixed.front().map(|incident| incident.at);
        let stream_at = stream.as_ref().map(|stream| moment(stream.next));
        match (fixed_at, stream_at) {
            (Some(fixed), other) if fixed < end && other.is_none_or(|other| fixed <= other) => {
                self.fixed.pop_front()
            }
            (_, Some(at)) if at < end => stream.map(Stream::take),
            _ => None,
        }
    }
}

impl Iterator for Script {
    type Item = Incident;

    fn next(&mut self) -> Option<Incident> {
        self.next_before(Timestamp::from_millis(i64::MAX))
    }
}

impl Stream {
    fn take(&mut self) -> Incident {
        let at = moment(self.next);
        let (low, high) = self.distance;
        let distance = self.chance.whole(self.drawn, low, high);
        self.drawn += 1;
        self.next = within(self.next + distance, self.duration, self.hours);
        Incident { at, kind: self.kind, duration: seconds(self.duration) }
    }
}

/// The second, or the first opening after it if the incident would not fit into the day.
fn within(second: i64, duration: i64, hours: Option<(i64, i64)>) -> i64 {
    let Some((opens, closes)) = hours else { return second };
    match second_of_day(second) {
        now if now < opens => second + opens - now,
        now if now + duration <= closes => second,
        now => second + DAY + opens - now,
    }
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

/// How long after its cause an incident may still be seen.
fn aftermath(kind: IncidentKind) -> Duration {
    match kind {
        IncidentKind::ChlorineDoseStop | IncidentKind::ChlorineOverdose => TANK_CLEARS,
        IncidentKind::CabinetWeakHeater(_) | IncidentKind::CabinetDoorOpenedEarly(_) => CYCLE_COMES,
        kind if kind.is_of_the_device() => Duration::ZERO,
        _ => Duration::from_secs(1_800),
    }
}

/// The live part: kind, first after the start, duration, distance from one to the next, hours.
type Live = (IncidentKind, i64, i64, (i64, i64), Option<(i64, i64)>);
const LIVE: &[Live] = &[
    (IncidentKind::ExposureDoorOpen, 20, 5, (120, 180), None),
    (IncidentKind::DeviceSilent(Device::Turb1), 40, 75, (340, 380), None),
    (
        IncidentKind::CabinetWeakHeater(Device::Cabinet2),
        30,
        70 * MINUTE,
        (12 * HOUR, 12 * HOUR),
        None,
    ),
    (
        IncidentKind::PoolChlorineDip,
        3 * MINUTE,
        45 * MINUTE,
        (2 * HOUR, 2 * HOUR),
        Some(POOL_HOURS),
    ),
    (IncidentKind::ChlorineDoseStop, 10 * MINUTE, 90 * MINUTE, (5 * HOUR, 5 * HOUR), None),
];

/// An incident of the week: whole local days before the end, second of the day, how far it may be
/// shifted either way, duration.
struct Planned {
    kind: IncidentKind,
    days_ago: i64,
    at: i64,
    shift: i64,
    duration: i64,
}

const fn planned(kind: IncidentKind, days_ago: i64, hour: i64, duration: i64) -> Planned {
    Planned { kind, days_ago, at: hour * HOUR, shift: 20 * MINUTE, duration }
}

const PLAN: &[Planned] = &[
    planned(IncidentKind::ChlorineOverdose, 6, 18, 2 * HOUR),
    planned(IncidentKind::DeviceSilent(Device::Dose1), 6, 13, 6 * MINUTE),
    planned(IncidentKind::PoolChlorineWarningDip, 6, 11, 15 * MINUTE),
    planned(IncidentKind::ChlorineDoseStop, 5, 9, 150 * MINUTE),
    planned(IncidentKind::ExposureDoorOpen, 5, 15, 5),
    planned(IncidentKind::DeviceSilent(Device::Cabinet1), 5, 20, 25 * MINUTE),
    planned(IncidentKind::PoolChlorineDip, 4, 16, 70 * MINUTE),
    planned(IncidentKind::ExposureLampOff, 4, 10, 6),
    planned(IncidentKind::DeviceSensorFault(Device::Ph1), 4, 2, 40 * MINUTE),
    planned(IncidentKind::CabinetWeakHeater(Device::Cabinet1), 3, 10, 70 * MINUTE),
    planned(IncidentKind::OutfallDechlorinationFailure, 3, 14, 100 * MINUTE),
    planned(IncidentKind::PhExcursion, 2, 5, 80 * MINUTE),
    planned(IncidentKind::DeviceSilent(Device::Turb1), 2, 12, 20 * MINUTE),
    planned(IncidentKind::ExposureDoorOpen, 2, 11, 4),
    planned(IncidentKind::CabinetDoorOpenedEarly(Device::Cabinet2), 2, 16, 70 * MINUTE),
    planned(IncidentKind::DoseRateHigh, 1, 14, 20 * MINUTE),
    planned(IncidentKind::PoolTurbidity, 1, 18, 90 * MINUTE),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Area;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const WEEK: Duration = Duration::from_secs(7 * 86_400);

    #[test]
    fn a_week_has_at_least_two_for_each_area_and_ends_in_peace() {
        for hours in [0, 1, 5, 9, 13, 17, 20, 23] {
            for seed in 0..20 {
                let end = at("2026-11-22T00:00:00+08:00") + Duration::from_secs(hours * 3_600);
                let incidents: Vec<_> = Script::history(seed, end - WEEK, end).collect();
                for area in Area::ALL {
                    let here = incidents.iter().filter(|i| i.kind.area() == *area).count();
                    assert!(here >= 2, "{area} at hour {hours}: {here}");
                }
                assert_eq!(incidents.len(), PLAN.len(), "at hour {hours}");
                assert!(incidents.iter().all(|i| i.until() + QUIET_AT_END <= end));
                assert!(incidents.is_sorted_by_key(|i| i.at));
            }
        }
    }

    #[test]
    fn no_two_incidents_of_a_device_overlap() {
        for seed in 0..50 {
            let end = at("2026-11-22T09:00:00Z");
            let incidents: Vec<_> = Script::history(seed, end - WEEK, end).collect();
            for (nth, one) in incidents.iter().enumerate() {
                for other in &incidents[nth + 1..] {
                    let apart = one.until() + aftermath(one.kind) <= other.at;
                    assert!(apart || one.kind.device() != other.kind.device(), "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_short_history_keeps_only_what_fits() {
        let end = at("2026-11-22T09:00:00Z");
        let start = end - Duration::from_secs(2 * 86_400);
        let incidents: Vec<_> = Script::history(1, start, end).collect();
        assert!(!incidents.is_empty() && incidents.len() < PLAN.len());
        assert!(incidents.iter().all(|i| i.at >= start + QUIET_AT_START));
        assert_eq!(Script::history(1, end, end).count(), 0);
    }

    #[test]
    fn the_live_part_begins_as_promised_and_never_ends() {
        let start = at("2026-11-22T10:00:00+08:00");
        let incidents: Vec<_> = Script::live(start).take(2_000).collect();
        assert!(incidents.is_sorted_by_key(|i| i.at));
        let of = |kind| {
            incidents.iter().filter(move |i| i.kind == kind).map(|i| i.at.since(start).as_secs())
        };
        let doors: Vec<u64> = of(IncidentKind::ExposureDoorOpen).collect();
        assert_eq!(doors[0], 20);
        assert!(doors.windows(2).all(|pair| (120..=180).contains(&(pair[1] - pair[0]))));
        assert_eq!(of(IncidentKind::DeviceSilent(Device::Turb1)).next(), Some(40));
        assert_eq!(
            of(IncidentKind::PoolChlorineDip).take(3).collect::<Vec<_>>(),
            [180, 7_380, 14_580]
        );
        assert_eq!(of(IncidentKind::ChlorineDoseStop).next(), Some(600));
        assert!(of(IncidentKind::CabinetWeakHeater(Device::Cabinet2)).next().unwrap() < 60);
    }

    #[test]
    fn the_pool_dips_only_while_it_is_open() {
        for (now, first) in [
            ("2026-11-22T03:00:00+08:00", "2026-11-22T06:00:00+08:00"),
            ("2026-11-22T21:10:00+08:00", "2026-11-22T21:13:00+08:00"),
            ("2026-11-22T21:20:00+08:00", "2026-11-23T06:00:00+08:00"),
            ("2026-11-22T23:59:00+08:00", "2026-11-23T06:00:00+08:00"),
        ] {
            let dip = Script::live(at(now)).find(|i| i.kind == IncidentKind::PoolChlorineDip);
            assert_eq!(dip.map(|i| i.at), Some(at(first)), "{now}");
        }
        let dips = Script::live(at("2026-11-22T10:00:00+08:00"));
        for dip in dips.filter(|i| i.kind == IncidentKind::PoolChlorineDip).take(40) {
            let day = second_of_day(second_of(dip.at));
            assert!((6 * HOUR..=22 * HOUR - 45 * MINUTE).contains(&day), "{}", dip.at);
        }
    }

    #[test]
    fn scripts_are_merged_in_the_order_of_time() {
        let now = at("2026-11-22T10:00:00+08:00");
        let demo = Script::demo(1, now - WEEK, now);
        assert_eq!(demo.round_cycle(), Some(now + LIVE_CYCLE));
        let incidents: Vec<_> = demo.take(100).collect();
        assert!(incidents.is_sorted_by_key(|i| i.at));
        assert!(incidents[0].at < now && incidents[99].at > now);
    }
}
