//! Whose turn it is on a link: the one that is due longest, and probes where they disturb nobody.
//!
//! Each device has a grid of due times that never drifts. A tick that could not be kept before the
//! next one came is skipped and counted. A unit with an open breaker is off the grid: it is probed
//! where nothing else is due while the probe may last, and after twice its wait in any case.

use super::unit::Unit;
use core::time::Duration;
use tokio::time::Instant;

/// One device's place in the schedule.
#[derive(Debug)]
pub(super) struct Turn {
    /// Index of the unit it is read from.
    pub(super) unit: usize,
    interval: Duration,
    due: Instant,
    skipped: u64,
}

impl Turn {
    pub(super) fn new(unit: usize, interval: Duration, first: Instant) -> Self {
        // An interval of nothing would never let the grid come past now.
        Self { unit, interval: interval.max(Duration::from_millis(1)), due: first, skipped: 0 }
    }

    /// When it is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Ticks that could not be kept.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    /// It had its turn, or could not have it and that is on record: on to the next tick of the
    /// grid. Ticks that have gone by altogether are skipped.
    pub(super) fn advance(&mut self, now: Instant) {
        self.due += self.interval;
        self.skipped += self.pass(now);
    }

    /// Passes over ticks whose successor is due already; says how many.
    pub(super) fn pass(&mut self, now: Instant) -> u64 {
        let late = now.saturating_duration_since(self.due);
        let ticks = u32::try_from(late.as_nanos() / self.interval.as_nanos()).unwrap_or(u32::MAX);
        self.due += self.interval * ticks;
        u64::from(ticks)
    }
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Read this device.
    Scan(usize),
    /// Nothing before this moment.
    Wait(Instant),
}

/// Chooses. `probe_cost` is how long a probe may keep the link busy.
pub(super) fn next(turns: &[Turn], units: &[Unit], probe_cost: Duration, now: Instant) -> Step {
    let mut healthy = None;
    let mut probe = None;
    for (device, turn) in turns.iter().enumerate() {
        let Some(unit) = units.get(turn.unit) else { continue };
        let (best, at, by) = match unit.breaker.open() {
            None => {
                let at = unit.not_before(turn.due);
                (&mut healthy, at, at)
            }
            Some(open) => (&mut probe, open.probe_at, open.probe_by),
        };
        if best.is_none_or(|(_, _, earliest)| by < earliest) {
            *best = Some((device, at, by));
        }
    }
    match (healthy, probe) {
        (_, Some((device, _, by))) if by <= now => Step::Scan(device),
        (Some((device, at, _)), _) if at <= now => Step::Scan(device),
        (Some((_, due, _)), Some((device, at, _))) if at <= now && now + probe_cost <= due => {
            Step::Scan(device)
        }
        (Some((_, due, _)), Some((_, at, by))) => {
            // Before the probe's moment: wait for it. After it: there is no room before `due`.
            Step::Wait(if at > now { due.min(at) } else { due.min(by) })
        }
        (Some((_, due, _)), None) => Step::Wait(due),
        (None, Some((device, at, _))) if at <= now => Step::Scan(device),
        (None, Some((_, at, _))) => Step::Wait(at),
        (None, None) => Step::Wait(now + Duration::from_secs(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn units(n: u8) -> Vec<Unit> {
        (0..n).map(Unit::new).collect()
    }

    #[test]
    fn the_one_due_longest_comes_first_and_nothing_drifts() {
        let start = Instant::now();
        let units = units(2);
        let mut turns = [Turn::new(0, SECOND, start), Turn::new(1, 2 * SECOND, start)];
        let mut log = Vec::new();
        let mut now = start;
        while now < start + 4 * SECOND {
            match next(&turns, &units, SECOND, now) {
                Step::Wait(until) => now = until,
                Step::Scan(device) => {
                    log.push((device, (now - start).as_millis()));
                    now += Duration::from_millis(150);
                    turns[device].advance(now);
                }
            }
        }
        let expected = [(0, 0), (1, 150), (0, 1000), (0, 2000), (1, 2150), (0, 3000)];
        assert_eq!(log, expected);
        assert_eq!(turns[0].skipped() + turns[1].skipped(), 0);
    }

    #[test]
    fn a_late_tick_is_kept_and_a_lost_one_is_counted() {
        let start = Instant::now();
        let mut turn = Turn::new(0, SECOND, start);
        turn.advance(start + Duration::from_millis(1900));
        assert_eq!((turn.due() - start, turn.skipped()), (SECOND, 0), "late, but kept");
        turn.advance(start + Duration::from_millis(4500));
        assert_eq!((turn.due() - start, turn.skipped()), (4 * SECOND, 2));
        turn.advance(start + Duration::from_millis(4600));
        assert_eq!(turn.due() - start, 5 * SECOND, "on the grid still");
    }

    #[test]
    fn a_probe_waits_for_a_gap_but_not_for_ever() {
        let start = Instant::now();
        let mut units = units(2);
        units[1].breaker.failure(start, SECOND);
        units[1].breaker.failure(start, SECOND);
        let open = units[1].breaker.open().expect("two failures");
        let turns = |due| [Turn::new(0, SECOND, due), Turn::new(1, SECOND, start)];

        let soon = open.probe_at + SECOND / 2;
        assert_eq!(next(&turns(soon), &units, SECOND, open.probe_at), Step::Wait(soon));
        assert_eq!(next(&turns(soon), &units, SECOND / 4, open.probe_at), Step::Scan(1));
        assert_eq!(next(&turns(open.probe_by), &units, SECOND, open.probe_by), Step::Scan(1));
        let early = open.probe_at - SECOND;
        let late = open.probe_at + 5 * SECOND;
        assert_eq!(next(&turns(late), &units, SECOND, early), Step::Wait(open.probe_at));
        assert_eq!(next(&turns(early), &units, SECOND, early), Step::Scan(0));
    }

    /// W6: one dead unit among ten, the timeout as long as the interval, for an hour.
    #[test]
    fn a_dead_unit_costs_the_others_less_than_one_poll_in_a_hundred() {
        let start = Instant::now();
        let mut units = units(10);
        let mut turns: Vec<Turn> = (0..10).map(|unit| Turn::new(unit, SECOND, start)).collect();
        let (mut now, mut polls) = (start, 0_u64);
        while now < start + 3600 * SECOND {
            match next(&turns, &units, SECOND, now) {
                Step::Wait(until) => now = until.max(now + Duration::from_nanos(1)),
                Step::Scan(device) => {
                    let dead = device == 9;
                    now += if dead { SECOND } else { Duration::from_millis(20) };
                    let breaker = &mut units[turns[device].unit].breaker;
                    if dead {
                        breaker.failure(now, SECOND);
                    } else {
                        breaker.success();
                        polls += 1;
                    }
                    turns[device].advance(now);
                }
            }
        }
        assert!(polls as f64 >= 0.99 * 9.0 * 3600.0, "{polls} of {}", 9 * 3600);
    }
}
