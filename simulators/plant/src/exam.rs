//! Weeks in the life of facilities, for an examiner of those who watch them.
//!
//! A week has the ordinary disturbances of its kind in any case, and up to six incidents beside
//! them, or none. Nothing of it overlaps, unless it is asked to: an incident begins when all that
//! followed from the one before is over. The same exam always has the same weeks.

mod ground;

use crate::{
    calendar::{HOUR, moment, second_of},
    dice::Dice,
    facility::{Cause, Facility, Incident, Kind, Nature, Target},
};
use ground::Ground;
use std::time::Duration;
use weir_domain::Timestamp;

/// How long a week is.
pub const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Nothing happens in the first and the last hours, so that there is an ordinary state to leave and
/// to come back to.
const QUIET: i64 = 3 * HOUR;
/// Between the aftermath of one and the next, s.
const APART: i64 = HOUR;
/// How often a place is looked for before an incident is left out.
const TRIES: usize = 60;
/// Most incidents of a week, and the share of weeks without any.
const MOST: i64 = 6;
const WITHOUT: f64 = 0.25;

/// Draws weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exam {
    /// What everything is drawn from.
    pub seed: u64,
    /// When the weeks begin.
    pub start: Timestamp,
    /// Incidents may overlap and mask each other.
    pub masking: bool,
}

/// A week of one facility, and what is to happen in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// What kind of facility it is.
    pub kind: Kind,
    /// What the facility is drawn from.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// What happens, in the order of time; ordinary disturbances included.
    pub incidents: Vec<Incident>,
}

impl Exam {
    /// An exam whose incidents do not mask each other.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self { seed, start, masking: false }
    }

    /// The week of a number and kind: another site every time.
    pub fn week(&self, number: u64, kind: Kind) -> Week {
        let mut draw = self.draw(number, kind);
        let wanted = if draw.chance(WITHOUT) { 0 } else { draw.whole(1, MOST) };
        let mut week = self.empty(&mut draw, kind);
        let ground = Ground::of(&week);
        for _ in 0..wanted {
            let nature = match draw.between(0.0, 1.0) {
                ..0.55 => Nature::Fault,
                ..0.72 => Nature::Instrument,
                ..0.88 => Nature::Tampering,
                _ => Nature::Delivery,
            };
            self.place(&mut week, &ground, &mut draw, nature);
        }
        self.disturb(&mut week, &ground, &mut draw);
        week
    }

    /// A week of the same site with its ordinary disturbances alone.
    pub fn undisturbed_week(&self, number: u64, kind: Kind) -> Week {
        let mut draw = self.draw(number, kind);
        let mut week = self.empty(&mut draw, kind);
        let ground = Ground::of(&week);
        self.disturb(&mut week, &ground, &mut draw);
        week
    }

    /// So many weeks, of every kind in turn.
    pub fn weeks(&self, count: u64) -> impl Iterator<Item = Week> + '_ {
        let kinds = Kind::ALL.iter().copied().cycle();
        (0..count).zip(kinds).map(|(number, kind)| self.week(number, kind))
    }

    fn draw(&self, number: u64, kind: Kind) -> Dice {
        Dice::new(self.seed, &format!("exam/{kind}/{number}"))
    }

    fn empty(&self, draw: &mut Dice, kind: Kind) -> Week {
        let seed = draw.bits();
        Week { kind, seed, start: self.start, incidents: Vec::new() }
    }

    /// Ordinary disturbances, so many of each.
    fn disturb(&self, week: &mut Week, ground: &Ground, draw: &mut Dice) {
        for cause in Cause::ALL {
            let about = cause.about();
            if about.nature != Nature::Normal || !ground.has(*cause) {
                continue;
            }
            let times = match cause {
                Cause::PowerCut => i64::from(draw.chance(0.15)),
                Cause::GatewayRestart => draw.whole(0, 2),
                Cause::Backwash | Cause::Rain => draw.whole(1, 3),
                _ => draw.whole(0, 1),
            };
            for _ in 0..times {
                self.try_to_place(week, ground, draw, *cause);
            }
        }
    }

    fn place(&self, week: &mut Week, ground: &Ground, draw: &mut Dice, nature: Nature) {
        let causes: Vec<Cause> = Cause::ALL
            .iter()
            .copied()
            .filter(|cause| cause.about().nature == nature && ground.has(*cause))
            .collect();
        if !causes.is_empty() {
            let cause = draw.one_of(&causes);
            self.try_to_place(week, ground, draw, cause);
        }
    }

    /// Looks for a time at which it disturbs nothing else.
    fn try_to_place(&self, week: &mut Week, ground: &Ground, draw: &mut Dice, cause: Cause) {
        let about = cause.about();
        let signals = ground.signals_for(cause);
        let signal = match about.target {
            Target::Process | Target::Site => None,
            _ if signals.is_empty() => return,
            _ => Some(draw.one_of(&signals)),
        };
        let size = draw.between(about.size.0, about.size.1);
        for _ in 0..TRIES {
            let secs = (draw.between(about.minutes.0, about.minutes.1) * 60.0) as i64;
            let Some(second) = ground.time_for(cause, secs, draw) else { continue };
            let duration = Duration::from_secs(secs.unsigned_abs());
            let incident = Incident { cause, at: moment(second), duration, size, signal };
            if self.masking || week.has_room_for(&incident) {
                week.incidents.push(incident);
                week.incidents.sort_by_key(|incident| incident.at);
                return;
            }
        }
    }
}

/// With all that follows from it.
fn span(incident: &Incident) -> (i64, i64) {
    let aftermath = (incident.cause.about().aftermath * 60.0) as i64;
    (second_of(incident.at), second_of(incident.until()) + aftermath)
}

impl Week {
    /// When it is over.
    pub fn end(&self) -> Timestamp {
        self.start + WEEK
    }

    /// The facility at the week's beginning.
    pub fn facility(&self) -> Facility {
        Facility::new(self.kind, self.seed, self.start, self.incidents.clone())
    }

    /// Whether nothing but ordinary disturbances happens.
    pub fn is_undisturbed(&self) -> bool {
        self.incidents.iter().all(|incident| incident.cause.about().nature == Nature::Normal)
    }

    fn has_room_for(&self, new: &Incident) -> bool {
        let (from, to) = span(new);
        self.incidents.iter().all(|old| {
            let (begins, ends) = span(old);
            to + APART <= begins || ends + APART <= from
        })
    }
}
