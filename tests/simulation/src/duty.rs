//! What the examiner asks for, in the examiner's own words: the limits of the standards as numbers,
//! beside the requirement that has to find their violation. Nothing here comes from a pack.
//!
//! What is asked has two readings. What is **sure** (beyond the limit by more than the instruments
//! may err, for longer than the persistence) has to be found. What is not even **fair** (within
//! the limit by more than the instruments may err) must never be called a violation. In between,
//! either verdict is just.

use crate::span::{Span, any_meets};
use std::time::Duration;
use weir_domain::Timestamp;
use weir_plant::facility::{Cause, Incident, Nature, Site, Target, Truth};

/// One thing that has to be found, and must not be found where it is not.
#[derive(Debug, Clone)]
pub(crate) struct Duty {
    /// The requirement, as its pack names it.
    pub(crate) requirement: &'static str,
    /// Only this device of it, if there are several.
    pub(crate) device: Option<String>,
    /// Whether only opening hours count.
    pub(crate) open_only: bool,
    /// How long it must last.
    pub(crate) persistence: Duration,
    /// How long the slowest part between the water and the verdict may take.
    pub(crate) lag: Duration,
    /// How the truth is known.
    pub(crate) ground: Ground,
    /// Causes during which, and in whose aftermath, a violation is no false alarm either.
    pub(crate) excuse: &'static [Cause],
}

/// A window of values: the limit, and how far instruments may be off it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Band {
    pub(crate) inside: (f64, f64),
    /// Share of the limit, and beside it an amount.
    pub(crate) share: f64,
    pub(crate) amount: f64,
}

impl Band {
    fn error(&self, limit: f64) -> f64 {
        limit.abs() * self.share + self.amount
    }

    /// Beyond the limit whatever the instruments do.
    pub(crate) fn is_surely_beyond(&self, value: f64) -> bool {
        let (low, high) = self.inside;
        value < low - self.error(low) || value > high + self.error(high)
    }

    /// An instrument may see it beyond the limit.
    pub(crate) fn may_be_beyond(&self, value: f64) -> bool {
        let (low, high) = self.inside;
        value < low + self.error(low) || value > high - self.error(high)
    }
}

/// What is looked at: a series of the plant, or something made of several.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quantity {
    /// As it is.
    Of(&'static str),
    /// Hypochlorous acid in free chlorine, by pH and °C.
    Hocl(&'static str, &'static str, &'static str),
    /// By how much a temperature (°C) is above that of saturated steam of a pressure (kPa gauge).
    AboveSaturation(&'static str, &'static str),
}

/// How the truth is known. Series are those of the plant.
#[derive(Debug, Clone)]
pub(crate) enum Ground {
    /// By a true value that leaves the band, while another series is at least so much.
    Value { of: Quantity, band: Band, when: Option<(&'static str, f64)> },
    /// By the mean of a true value over hours of the clock or local days, weighted by another.
    Mean { series: &'static str, band: Band, hours: i64, weight: Option<&'static str> },
    /// By what a product of two true values comes to over a number of hours, an hour being one.
    Sum { series: &'static str, times: Option<&'static str>, band: Band, hours: i64 },
    /// By each heating of a chamber: from `begins` on, it must stay at `least` for `hold`.
    Cycle {
        heat: String,
        door: Option<String>,
        begins: f64,
        least: f64,
        error: f64,
        hold: Duration,
    },
    /// By what a cause did: each of its acts has to be found, somewhere in its local day if `daily`.
    /// What `also` says (a switch at on and another at on or off) is fair, too.
    Acts { causes: &'static [Cause], daily: bool, also: Option<(&'static str, &'static str, bool)> },
    /// By counting what happened in each local day, or before each opening.
    Events { signal: (&'static str, &'static str), least: usize, before_opening: Option<Duration> },
    /// By what was counted of one thing for each of another, in a local day.
    /// Of a left side of nothing, only a warning can be asked: nobody may have told.
    Ratio {
        left: (&'static str, &'static str),
        right: (&'static str, &'static str),
        least: f64,
        from_nothing: bool,
    },
}

/// What is true of a duty in a week.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) duty: Duty,
    /// What has to be found.
    pub(crate) sure: Vec<Span>,
    /// Where finding it is no mistake.
    pub(crate) fair: Vec<Span>,
}

/// The signals that an incident touches, and from when to when. Nothing for what happens to the
/// facility itself.
pub(crate) fn spoils(site: &Site, incident: &Incident) -> (Vec<usize>, Span) {
    let about = incident.cause.about();
    let role = |role: &str, parameters: &[&str]| -> Vec<usize> {
        let those = site.signals.iter().enumerate();
        let fits = |s: &weir_plant::facility::Signal| {
            s.role == role && (parameters.is_empty() || parameters.contains(&s.parameter))
        };
        those.filter(|(_, s)| fits(s)).map(|(place, _)| place).collect()
    };
    let signals = match (about.target, incident.cause) {
        (Target::Site, _) => (0..site.signals.len()).collect(),
        (Target::Signal, _) => incident.signal.into_iter().collect(),
        (Target::Device, _) => incident
            .signal
            .map(|signal| site.signals_of(&site.signals[signal].device).collect())
            .unwrap_or_default(),
        // While the pool's pump stands, no water comes to the probes either.
        (_, Cause::SampleFlowLoss | Cause::RecirculationStop | Cause::OverfeedStandstill) => {
            role("pool_water", &["free_chlorine", "total_chlorine"])
        }
        (_, Cause::ReedFlapping) => {
            [role("xray_room", &["door_open"]), role("treatment_room", &["door_open"])].concat()
        }
        _ => Vec::new(),
    };
    let after = Duration::from_secs_f64(about.aftermath * 60.0);
    (signals, Span::new(incident.at, incident.until() + after))
}

/// Where the instruments behind a requirement do not show what is true: by any cause, and by what
/// is not in the order of a good week.
pub(crate) fn spoilt(site: &Site, incidents: &[Incident], of: &[usize]) -> (Vec<Span>, Vec<Span>) {
    let mut any = Vec::new();
    let mut unusual = Vec::new();
    for incident in incidents {
        let (signals, span) = spoils(site, incident);
        if signals.iter().any(|signal| of.contains(signal)) {
            any.push(span);
            if !matches!(incident.cause.about().nature, Nature::Normal | Nature::Fault) {
                unusual.push(span);
            }
        }
    }
    (any, unusual)
}

/// From what is true to what is asked: without closed hours and blind instruments.
pub(crate) fn ask(
    duty: Duty,
    (mut sure, mut fair): (Vec<Span>, Vec<Span>),
    (site, incidents, truth): (&Site, &[Incident], &[Truth]),
    of: &[usize],
    (start, end): (Timestamp, Timestamp),
) -> Asked {
    if let Ground::Acts { causes, daily, .. } = &duty.ground {
        let acts = truth.iter().filter(|truth| causes.contains(&truth.incident.cause));
        let instant = Duration::from_millis(1);
        let acts =
            acts.flat_map(|t| &t.acts).map(|a| Span::new(a.start, a.end.max(a.start + instant)));
        let acts: Vec<Span> = if *daily {
            acts.flat_map(|act| days((act.from, act.to))).collect()
        } else {
            acts.collect()
        };
        fair.extend(&acts);
        sure = acts;
    }
    for incident in incidents.iter().filter(|incident| duty.excuse.contains(&incident.cause)) {
        let after = Duration::from_secs_f64(incident.cause.about().aftermath * 60.0);
        fair.push(Span::new(incident.at, incident.until() + after));
    }
    let closed = if duty.open_only { closed(site, (start, end)) } else { Vec::new() };
    let (blind, _) = spoilt(site, incidents, of);
    let long = duty.persistence + duty.lag * 2;
    let whole = |span: &Span| !any_meets(&blind, span) && span.to + duty.lag * 2 <= end;
    let sure = match duty.ground {
        Ground::Value { .. } => {
            let open = sure.iter().flat_map(|span| span.without(&closed));
            let seen = open.flat_map(|span| span.without(&blind));
            seen.filter(|span| span.length() > long).collect()
        }
        // What is known in part is something else.
        _ => sure.into_iter().filter(whole).filter(|s| s.length() >= duty.persistence).collect(),
    };
    let fair = fair.iter().map(|span| span.widened(duty.lag, duty.lag * 4)).collect();
    Asked { duty, sure, fair }
}

const DAY: i64 = 86_400_000;
/// The exam's sites are in Shanghai.
const EAST: i64 = 8 * 3_600_000;

/// The local days that a stretch touches.
pub(crate) fn days((start, end): (Timestamp, Timestamp)) -> Vec<Span> {
    let day = |t: Timestamp| (t.as_millis() + EAST).div_euclid(DAY);
    let at = |day: i64| Timestamp::from_millis(day * DAY - EAST);
    (day(start)..=day(end - Duration::from_millis(1)))
        .map(|d| Span::new(at(d), at(d + 1)))
        .collect()
}

/// When a site is open, from hours of the form `mon-sat 06:00-22:00`; each local day if always.
pub(crate) fn openings(site: &Site, (start, end): (Timestamp, Timestamp)) -> Vec<Span> {
    let days = days((start, end));
    let Some((which, clocks)) = site.opening_hours.as_deref().and_then(|h| h.split_once(' '))
    else {
        return days;
    };
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        Some((hour.parse::<u64>().ok()? * 60 + minute.parse::<u64>().ok()?) * 60)
    };
    let Some((opens, closes)) =
        clocks.split_once('-').and_then(|(a, b)| Some((minutes(a)?, minutes(b)?)))
    else {
        return days;
    };
    let last = match which {
        "mon-fri" => 4,
        "mon-sat" => 5,
        _ => 6,
    };
    // 1970-01-01 was a Thursday.
    let weekday = |day: &Span| ((day.from.as_millis() + EAST).div_euclid(DAY) + 3).rem_euclid(7);
    let open = days.into_iter().filter(|day| weekday(day) <= last);
    let at = |day: &Span, secs: u64| day.from + Duration::from_secs(secs);
    open.map(|day| Span::new(at(&day, opens), at(&day, closes))).collect()
}

fn closed(site: &Site, (start, end): (Timestamp, Timestamp)) -> Vec<Span> {
    Span::new(start, end).without(&openings(site, (start, end)))
}
