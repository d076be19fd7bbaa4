//! Weeks in the life of facilities, for an examiner of those who watch them.
//!
//! A week has the ordinary disturbances of its kind in any case, and up to six incidents beside
//! them, or none. Nothing of it overlaps, unless it is asked to: an incident begins when all that
//! followed from the one before is over. The same exam always has the same weeks.

use crate::{
    calendar::{DAY, HOUR, at_local, is_weekend, local_day, moment, second_of},
    dice::Dice,
    facility::{Cause, Facility, Gauge, Incident, Kind, Nature, Report, Site, Target},
};
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

/// What a site allows to happen, and when.
struct Ground {
    site: Site,
    start: i64,
    /// Hours of the local day between which it is open.
    open: (f64, f64),
    /// Signals by what can be done to them.
    analog: Vec<usize>,
    noisy: Vec<usize>,
    wanted: Vec<usize>,
    wet: Vec<usize>,
    talking: Vec<usize>,
}

impl Ground {
    fn of(week: &Week) -> Self {
        let built = week.kind.build(week.seed);
        let those = |fits: &dyn Fn(&Gauge) -> bool| -> Vec<usize> {
            let all = built.instruments.iter().map(|instrument| &instrument.gauge);
            all.enumerate().filter(|(_, gauge)| fits(gauge)).map(|(at, _)| at).collect()
        };
        let scanned = |gauge: &Gauge| gauge.report == Report::Scanned && gauge.range.1 < 1e8;
        let has_window = |gauge: &Gauge| {
            scanned(gauge) && gauge.wanted.0 > f64::MIN && gauge.wanted.1 < f64::MAX
        };
        Self {
            start: second_of(week.start),
            open: hours(built.site.opening_hours.as_deref()),
            analog: those(&scanned),
            noisy: those(&|gauge| {
                scanned(gauge)
                    && gauge.renew == 0
                    && gauge.share * gauge.typical + gauge.floor + gauge.counts > 0.0
            }),
            wanted: those(&has_window),
            wet: those(&|gauge| has_window(gauge) && gauge.tap > 0.0),
            talking: those(&|gauge| gauge.report != Report::Event),
            site: built.site,
        }
    }

    fn has(&self, cause: Cause) -> bool {
        let batches = self.site.fact("batches").is_some();
        let fits = match cause {
            // Works that treat batch by batch have neither storm nor way round, nor analysers' shocks.
            Cause::StormInflow
            | Cause::Bypass
            | Cause::Dilution
            | Cause::CodShock
            | Cause::AmmoniaShock
            | Cause::SolidsShock
            | Cause::Rain => !batches,
            Cause::EarlyDischarge => batches,
            Cause::DechlorFailure => {
                self.site.signal("final_outfall", "total_residual_chlorine").is_some()
            }
            Cause::SourceStuck => self.site.class != "linac",
            // What is heated by steam cannot be told from a full one.
            Cause::EmptyRun => self.site.class != "steam",
            _ => true,
        };
        fits && cause.happens_in(self.site.kind)
    }

    fn signals_for(&self, cause: Cause) -> Vec<usize> {
        let signals = match cause {
            Cause::Smoothed => &self.noisy,
            Cause::Clipped | Cause::Adjusted => &self.wanted,
            Cause::TapWaterCup
            | Cause::Bottle
            | Cause::Fouling
            | Cause::Maintenance
            | Cause::MaintenanceUnmarked
            | Cause::Calibration
            | Cause::CalibrationUnmarked => &self.wet,
            _ if cause.about().target == Target::Signal => &self.analog,
            _ => &self.talking,
        };
        signals.clone()
    }

    /// A second at which a cause may begin, or none in this draw.
    fn time_for(&self, cause: Cause, secs: i64, draw: &mut Dice) -> Option<i64> {
        let (opens, closes) = self.open;
        let hours = secs as f64 / HOUR as f64;
        let about = cause.about();
        let (from, to) = match cause {
            Cause::Superchlorination | Cause::Backwash => (closes + 0.2, closes + 0.8),
            Cause::OutOfHours => (closes + 1.5, closes + 3.0),
            Cause::Bypass => (21.0, 23.9),
            Cause::MissedTests
            | Cause::CupsWithoutCycle
            | Cause::CapacityShortfall
            | Cause::LinenNotChanged
            | Cause::UsedWithoutCycle
            | Cause::Unregistered
            | Cause::EarlyDischarge => (0.0, 4.0),
            Cause::Maintenance
            | Cause::MaintenanceUnmarked
            | Cause::Calibration
            | Cause::CalibrationUnmarked => (8.0, 17.0),
            _ if about.target != Target::Process => (0.0, 24.0),
            // The first batch of the day is dosed from seven on.
            _ if self.site.fact("batches").is_some() => (5.5, 6.9),
            _ if self.site.kind == Kind::Lodging => (10.5, 13.0),
            _ if self.site.kind == Kind::Effluent => (7.0, 20.0),
            _ => (opens + 1.0, (closes - hours.min(4.0)).max(opens + 1.5)),
        };
        let day = draw.whole(0, 6);
        let today = local_day(self.start) + day;
        let works_every_day = matches!(self.site.kind, Kind::Effluent | Kind::Pool | Kind::Lodging)
            || about.target != Target::Process;
        if !works_every_day && is_weekend(today) {
            return None;
        }
        let second = at_local(today, (draw.between(from, to) * HOUR as f64) as i64);
        // Yesterday is shown again only when there was one.
        let first = if cause == Cause::Replay { DAY + HOUR } else { QUIET };
        let last = self.start + 7 * DAY - QUIET / 3;
        (second >= self.start + first && second + secs <= last).then_some(second)
    }
}

/// The hours out of `mon-sat 07:30-18:00`; the whole day if there are none.
fn hours(text: Option<&str>) -> (f64, f64) {
    let read = |clock: &str| -> Option<f64> {
        let (hour, minute) = clock.split_once(':')?;
        Some(hour.parse::<f64>().ok()? + minute.parse::<f64>().ok()? / 60.0)
    };
    let parse = |text: &str| -> Option<(f64, f64)> {
        let (_, clocks) = text.split_once(' ')?;
        let (opens, closes) = clocks.split_once('-')?;
        Some((read(opens)?, read(closes)?))
    };
    text.and_then(parse).unwrap_or((0.0, 24.0))
}
