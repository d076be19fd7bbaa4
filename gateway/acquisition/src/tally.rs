//! What the last while was like: outcomes of exchanges, round trips, and how busy a link was.

use core::time::Duration;
use std::collections::VecDeque;
use tokio::time::Instant;
use weir_engine::ports::RoundTrip;
use weir_wire::modbus::Exception;

/// Exchanges that are looked at.
const RECENT: usize = 32;
/// Round trips that are looked at.
const ROUND_TRIPS: usize = 64;
/// A minute, in pieces.
const PIECES: usize = 6;
const PIECE: Duration = Duration::from_secs(10);

/// What came of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Silent,
    Noise,
    Invalid,
    Refused(Exception),
    /// It says nothing of the device.
    NotAsked,
}

/// The last exchanges of a device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    outcomes: VecDeque<Outcome>,
    /// Late answers and skipped scans, each fading by one with every exchange that goes well.
    late: u32,
    skipped: u32,
}

impl Tally {
    pub(crate) fn push(&mut self, outcome: Outcome) {
        if self.outcomes.len() == RECENT {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(outcome);
        if outcome == Outcome::Answered {
            self.late = self.late.saturating_sub(1);
            self.skipped = self.skipped.saturating_sub(1);
        }
    }

    pub(crate) fn late(&mut self) {
        self.late = (self.late + 8).min(64);
    }

    pub(crate) fn skip(&mut self) {
        self.skipped = (self.skipped + 8).min(64);
    }

    /// Whether answers came late not long ago, more than by chance.
    pub(crate) fn lates(&self) -> u32 {
        self.late / 8
    }

    /// Whether scans were skipped not long ago, more than by chance.
    pub(crate) fn skipped(&self) -> u32 {
        self.skipped / 16
    }

    /// How many of the last exchanges ended like this.
    pub(crate) fn count(&self, which: impl Fn(Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| which(**outcome)).count()
    }

    pub(crate) fn answered(&self) -> usize {
        self.count(|outcome| outcome == Outcome::Answered)
    }

    /// What the last exchanges were, the newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Outcome> {
        self.outcomes.iter().rev().copied()
    }
}

/// The last round trips of a device, in microseconds.
#[derive(Debug)]
pub(crate) struct RoundTrips {
    micros: [u32; ROUND_TRIPS],
    len: usize,
    next: usize,
}

impl Default for RoundTrips {
    fn default() -> Self {
        Self { micros: [0; ROUND_TRIPS], len: 0, next: 0 }
    }
}

impl RoundTrips {
    pub(crate) fn push(&mut self, took: Duration) {
        if let Some(place) = self.micros.get_mut(self.next) {
            *place = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        }
        self.next = (self.next + 1) % ROUND_TRIPS;
        self.len = (self.len + 1).min(ROUND_TRIPS);
    }

    pub(crate) fn read(&self) -> Option<RoundTrip> {
        let last = self.micros.get((self.next + ROUND_TRIPS - 1) % ROUND_TRIPS)?;
        let mut sorted = self.micros.get(..self.len)?.to_vec();
        sorted.sort_unstable();
        // The least that so many hundredths are not above.
        let share = |hundredths: usize| {
            let rank = (self.len * hundredths).div_ceil(100).saturating_sub(1);
            sorted.get(rank).map(|micros| f64::from(*micros) / 1000.0)
        };
        Some(RoundTrip {
            last_ms: f64::from(*last) / 1000.0,
            median_ms: share(50)?,
            p95_ms: share(95)?,
            max_ms: share(100)?,
        })
    }
}

/// How busy a link was over the last minute.
#[derive(Debug)]
pub(crate) struct Busy {
    since: Instant,
    pieces: [Duration; PIECES],
    /// The piece that is being filled, counted from `since`.
    piece: u128,
}

impl Busy {
    pub(crate) fn new(since: Instant) -> Self {
        Self { since, pieces: [Duration::ZERO; PIECES], piece: 0 }
    }

    /// It was busy for so long until now.
    pub(crate) fn add(&mut self, now: Instant, took: Duration) {
        let piece = self.piece_of(now);
        for empty in self.piece + 1..=piece.min(self.piece + PIECES as u128) {
            self.pieces[(empty % PIECES as u128) as usize] = Duration::ZERO;
        }
        self.piece = self.piece.max(piece);
        self.pieces[(piece % PIECES as u128) as usize] += took;
    }

    /// The share, 0 to 1.
    pub(crate) fn share(&self, now: Instant) -> f64 {
        let piece = self.piece_of(now);
        let passed = piece.saturating_sub(self.piece);
        let kept = (PIECES as u128).saturating_sub(passed);
        let busy: Duration = (0..kept)
            .filter_map(|back| self.piece.checked_sub(back))
            .map(|piece| self.pieces[(piece % PIECES as u128) as usize])
            .sum();
        let into_piece = now.saturating_duration_since(self.since).as_nanos() % PIECE.as_nanos();
        let full = PIECE * (PIECES as u32 - 1);
        let window = now.saturating_duration_since(self.since);
        let window = window.min(full + Duration::from_nanos(into_piece as u64));
        if window.is_zero() {
            return 0.0;
        }
        (busy.as_secs_f64() / window.as_secs_f64()).min(1.0)
    }

    fn piece_of(&self, now: Instant) -> u128 {
        now.saturating_duration_since(self.since).as_nanos() / PIECE.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_of_the_last_64() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.read(), None);
        for ms in 1..=200 {
            trips.push(Duration::from_millis(ms));
        }
        let read = trips.read().unwrap();
        // 137 to 200.
        assert_eq!((read.last_ms, read.max_ms), (200.0, 200.0));
        assert_eq!((read.median_ms, read.p95_ms), (168.0, 197.0));
    }

    #[test]
    fn the_busy_share_is_that_of_the_last_minute() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut busy = Busy::new(start);
        assert_eq!(busy.share(start), 0.0);
        for s in 1..=300 {
            busy.add(at(s), Duration::from_millis(250));
            assert!((busy.share(at(s)) - 0.25).abs() < 0.03, "{s} s: {}", busy.share(at(s)));
        }
        assert!(busy.share(at(330)) < 0.15 && busy.share(at(330)) > 0.05);
        assert_eq!(busy.share(at(400)), 0.0);
        busy.add(at(1000), Duration::from_secs(3));
        assert!(busy.share(at(1001)) < 0.07);
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut tally = Tally::default();
        tally.late();
        assert_eq!(tally.lates(), 1);
        for _ in 0..100 {
            tally.push(Outcome::Answered);
        }
        assert_eq!((tally.lates(), tally.answered()), (0, RECENT));
        tally.push(Outcome::Silent);
        assert_eq!(tally.newest().next(), Some(Outcome::Silent));
    }
}
