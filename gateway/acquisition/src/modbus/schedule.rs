//! Whose turn it is on a link: the one that is due longest; and those of whom nobody knows whether
//! they answer, where they disturb nobody.
//!
//! Each device has a grid of due times that never drifts. All grids have one origin, so that
//! devices of the same interval, on whatever link, are due at the same moments, and the gateway
//! wakes up once for all of them. A tick that could not be kept before the next one came is
//! skipped and counted. An interval of nothing means: again at once, when nobody else is due.
//!
//! A unit that has never answered, or did not when it was last asked, is **doubtful**. Asking it
//! may cost the whole timeout, and on a serial line nobody can be asked meanwhile. So it is asked
//! in the **gap** before the next device that does answer is due, with no more patience than the
//! gap has; only when there has been no fit gap for long it is asked anyway. After a silence that
//! was cut short it gets the whole timeout, as it may be slow and not dead. That a unit is dead
//! costs the others nothing as long as the line has room, from the first second on.

use super::unit::Unit;
use core::time::Duration;
use tokio::time::Instant;

/// So much of a gap is left unused, as answers are not of one length.
const MARGIN: Duration = Duration::from_millis(5);
/// A gap that lacks no more than one part in so many of the timeout is as good as one that does not.
const OVERSHOOT: u32 = 16;
/// A doubtful unit is asked anyway after so many of its intervals (or timeouts) without a gap.
const WAITS_MAX: u32 = 8;
/// The same for one that was never asked.
const WAITS_FIRST: u32 = 3;
/// A slow unit rests for no more ticks than this for the sake of the others.
const REST_MAX: u32 = 10;

/// One device's place in the schedule.
#[derive(Debug)]
pub(super) struct Turn {
    /// Index of the unit it is read from.
    pub(super) unit: usize,
    interval: Duration,
    origin: Instant,
    due: Instant,
    skipped: u64,
}

impl Turn {
    /// Due at once, and then on the grid of its interval.
    pub(super) fn new(unit: usize, interval: Duration, origin: Instant, first: Instant) -> Self {
        Self { unit, interval, origin, due: first, skipped: 0 }
    }

    /// When it is due.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Ticks that could not be kept since the last call.
    pub(super) fn take_skipped(&mut self) -> u64 {
        core::mem::take(&mut self.skipped)
    }

    /// It had its turn, or could not have it and that is on record: on to the next tick of the
    /// grid. Ticks that have gone by altogether are skipped.
    pub(super) fn advance(&mut self, now: Instant) {
        if self.interval.is_zero() {
            self.due = now;
            return;
        }
        let into = self.due.saturating_duration_since(self.origin).as_nanos();
        let into = into % self.interval.as_nanos();
        // Less than an interval, and so a number of nanoseconds as small as the interval's.
        let into = Duration::from_nanos(u64::try_from(into).unwrap_or(u64::MAX));
        self.due += self.interval - into;
        self.skipped += self.pass(now);
    }

    /// Passes over ticks whose successor is due already; says how many.
    pub(super) fn pass(&mut self, now: Instant) -> u64 {
        if self.interval.is_zero() {
            return 0;
        }
        let late = now.saturating_duration_since(self.due);
        let ticks = u32::try_from(late.as_nanos() / self.interval.as_nanos()).unwrap_or(u32::MAX);
        self.due += self.interval * ticks;
        u64::from(ticks)
    }

    /// Leaves ticks out until `until`, as others are to have the line.
    fn rest(&mut self, until: Instant) {
        while self.due < until && !self.interval.is_zero() {
            self.due += self.interval;
            self.skipped += 1;
        }
    }
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Read this device, and wait for its first answer no longer than this.
    Scan(usize, Duration),
    /// Nothing before this moment.
    Wait(Instant),
}

/// The earliest of some turns.
#[derive(Default)]
struct Earliest(Option<(Instant, usize)>);

impl Earliest {
    fn look(&mut self, at: Instant, device: usize) {
        if self.0.is_none_or(|(earliest, _)| at < earliest) {
            self.0 = Some((at, device));
        }
    }

    fn due(&self, now: Instant) -> Option<usize> {
        self.0.filter(|(at, _)| *at <= now).map(|(_, device)| device)
    }
}

/// Chooses. `timeout` is how long an answer may take at most.
pub(super) fn next(turns: &[Turn], units: &[Unit], timeout: Duration, now: Instant) -> Step {
    let (mut steady, mut eager) = (Earliest::default(), Earliest::default());
    let (mut doubtful, mut forced) = (Earliest::default(), Earliest::default());
    for (device, turn) in turns.iter().enumerate() {
        let Some(unit) = units.get(turn.unit) else { continue };
        if let Some(open) = unit.breaker.open() {
            doubtful.look(open.probe_at, device);
            forced.look(open.probe_by, device);
        } else if unit.is_doubtful() {
            let at = unit.not_before(turn.due);
            doubtful.look(at, device);
            let waits = if unit.failure.is_none() { WAITS_FIRST } else { WAITS_MAX };
            forced.look(at + waits * turn.interval.max(timeout), device);
        } else if turn.interval.is_zero() {
            eager.look(unit.not_before(turn.due), device);
        } else {
            steady.look(unit.not_before(turn.due), device);
        }
    }
    // One that must be asked now is asked where the gap begins, if there is one at all.
    let pressing = forced.due(now.checked_sub(2 * timeout).unwrap_or(now));
    if let Some(device) = pressing.or(steady.due(now)).or(forced.due(now)) {
        return Step::Scan(device, timeout);
    }
    let gap = steady.0.map_or(Duration::MAX, |(due, _)| (due - now).saturating_sub(MARGIN));
    let mut wait = [steady.0, eager.0, forced.0, doubtful.0];
    if let Some(device) = doubtful.due(now) {
        let needed = turns.get(device).and_then(|turn| units.get(turn.unit));
        let needed = needed.map_or(timeout, |unit| unit.patience_needed(timeout));
        if timeout <= gap.saturating_add(timeout / OVERSHOOT) {
            return Step::Scan(device, timeout);
        }
        if needed <= gap {
            return Step::Scan(device, gap);
        }
        // There is no room before the next one is due.
        wait[3] = None;
    }
    if let Some(device) = eager.due(now) {
        return Step::Scan(device, timeout);
    }
    let moments = wait.into_iter().flatten().map(|(at, _)| at);
    Step::Wait(moments.min().unwrap_or_else(|| now + Duration::from_secs(3600)))
}

/// After a scan that was answered and kept the line for `took`: if others are late now, and it took more than its
/// share, it leaves ticks out until each of the others can have had as much.
pub(super) fn share_out(turns: &mut [Turn], device: usize, took: Duration, now: Instant) {
    let Some(mine) = turns.get(device) else { return };
    let (unit, interval) = (mine.unit, mine.interval);
    let others = turns.iter().filter(|turn| turn.unit != unit);
    let late = others.clone().any(|turn| !turn.interval.is_zero() && turn.due < now);
    let others = u32::try_from(others.count()).unwrap_or(u32::MAX);
    if late && took > 2 * interval / (others + 1) && !interval.is_zero() {
        let rest = took.saturating_mul(others).min(interval * REST_MAX);
        if let Some(turn) = turns.get_mut(device) {
            turn.rest(now + rest);
        }
    }
}

#[cfg(test)]
mod tests;
