//! What a site allows to happen, and when.

use super::{QUIET, Week};
use crate::{
    calendar::{DAY, HOUR, at_local, is_weekend, local_day, second_of},
    dice::Dice,
    facility::{Cause, Gauge, Kind, Report, Site, Target},
};

/// What a site allows to happen, and when.
pub(super) struct Ground {
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
    pub(super) fn of(week: &Week) -> Self {
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

    pub(super) fn has(&self, cause: Cause) -> bool {
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

    pub(super) fn signals_for(&self, cause: Cause) -> Vec<usize> {
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
    pub(super) fn time_for(&self, cause: Cause, secs: i64, draw: &mut Dice) -> Option<i64> {
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
