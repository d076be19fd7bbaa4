//! The longest time a value was held during a cycle, with one short dip forgiven.

use core::time::Duration;
use serde::{Deserialize, Serialize};
use weir_domain::Timestamp;

/// Where the value is, seen from the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// At the threshold or above.
    Held,
    /// Below it, but no further than a dip may go.
    Dip,
    /// Too far below, or nothing is held because a door is open.
    Down,
}

/// Measures one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    at: Timestamp,
    level: Level,
    /// Since when it is held.
    run: Option<Timestamp>,
    /// The dip that is going on.
    dip: Option<Timestamp>,
    /// Where the run would begin if its forgiven dip were not forgiven: at the end of that dip.
    second_chance: Option<Timestamp>,
    longest: Duration,
}

impl Hold {
    pub(crate) fn new(at: Timestamp, level: Level) -> Self {
        let mut hold = Self {
            at,
            level: Level::Down,
            run: None,
            dip: None,
            second_chance: None,
            longest: Duration::ZERO,
        };
        hold.enter(level, Duration::ZERO);
        hold
    }

    /// Lets the time pass until `t`, at which the level becomes `level`.
    pub(crate) fn step(&mut self, t: Timestamp, level: Level, dip_time: Duration) {
        self.at = self.at.max(t);
        if let (Level::Held, Some(run)) = (self.level, self.run) {
            self.longest = self.longest.max(self.at.since(run));
        }
        self.enter(level, dip_time);
    }

    fn enter(&mut self, level: Level, dip_time: Duration) {
        let at = self.at;
        if self.dip.is_some_and(|dip| at.since(dip) > dip_time) {
            (self.run, self.dip, self.second_chance) = (None, None, None);
        }
        self.level = level;
        match level {
            Level::Held => {
                self.run.get_or_insert(at);
                if self.dip.take().is_some() {
                    self.second_chance = Some(at);
                }
            }
            Level::Dip if self.run.is_some() && self.dip.is_none() => {
                // Only one dip is forgiven: a second one takes the first out of the run.
                self.run = self.second_chance.take().or(self.run);
                self.dip = Some(at);
            }
            Level::Dip => {}
            Level::Down => (self.run, self.dip, self.second_chance) = (None, None, None),
        }
    }

    /// Since when it is held, if it is.
    pub(crate) fn run(&self) -> Option<Timestamp> {
        self.run
    }

    /// Where the run would begin if its dip were not forgiven.
    pub(crate) fn second_chance(&self) -> Option<Timestamp> {
        self.second_chance
    }

    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// The longest time it was held so far.
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels with the seconds they last: `=` held, `v` dip, `.` down.
    fn longest(levels: &[(char, u64)]) -> u64 {
        let level = |c| match c {
            '=' => Level::Held,
            'v' => Level::Dip,
            _ => Level::Down,
        };
        let mut t = Timestamp::from_millis(0);
        let mut hold = Hold::new(t, level(levels[0].0));
        for pair in levels.windows(2) {
            t = t + Duration::from_secs(pair[0].1);
            hold.step(t, level(pair[1].0), Duration::from_secs(30));
        }
        let (last, seconds) = levels[levels.len() - 1];
        hold.step(t + Duration::from_secs(seconds), level(last), Duration::from_secs(30));
        hold.longest().as_secs()
    }

    #[test]
    fn one_short_dip_is_forgiven_and_counts_as_held() {
        for (levels, seconds) in [
            (&[('=', 900)][..], 900),
            (&[('.', 60), ('=', 899), ('.', 60)], 899),
            (&[('=', 400), ('v', 30), ('=', 400)], 830),
            (&[('=', 400), ('v', 31), ('=', 410)], 410),
            (&[('=', 400), ('.', 5), ('=', 300)], 400),
            (&[('=', 400), ('v', 5), ('.', 5), ('=', 300)], 400),
            (&[('=', 400), ('v', 10)], 400),
            (&[('v', 10), ('=', 400)], 400),
            (&[('=', 400), ('.', 1), ('v', 10), ('=', 300)], 400),
        ] {
            assert_eq!(longest(levels), seconds, "{levels:?}");
        }
    }

    #[test]
    fn a_second_dip_takes_the_first_out() {
        for (levels, seconds) in [
            (&[('=', 100), ('v', 10), ('=', 200), ('v', 10), ('=', 300)][..], 510),
            (&[('=', 300), ('v', 10), ('=', 200), ('v', 10), ('=', 100)], 510),
            (&[('=', 100), ('v', 9), ('=', 100), ('v', 9), ('=', 100), ('v', 9), ('=', 100)], 209),
        ] {
            assert_eq!(longest(levels), seconds, "{levels:?}");
        }
    }

    #[test]
    fn looking_more_often_changes_nothing() {
        let dip_time = Duration::from_secs(30);
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let levels = [(0, Level::Held), (100, Level::Dip), (125, Level::Held), (300, Level::Dip)];
        let (mut coarse, mut fine) = (Hold::new(at(0), Level::Held), Hold::new(at(0), Level::Held));
        for (second, level) in levels {
            for between in (second - 20..second).filter(|s| *s > 0) {
                let same = fine.level;
                fine.step(at(between), same, dip_time);
            }
            coarse.step(at(second), level, dip_time);
            fine.step(at(second), level, dip_time);
        }
        assert_eq!(coarse, fine);
    }
}
