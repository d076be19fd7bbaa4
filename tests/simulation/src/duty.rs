//! What the examiner asks for, in the examiner's own words: the limits of the standards as numbers,
//! beside the requirement that has to find their violation. Nothing here comes from a pack.
//!
//! Every limit has two windows. A true value beyond the **sure** one (the limit and an instrument's
//! error) for longer than the persistence has to be found. A true value inside the **safe** one
//! (the limit less the error) must never be called a violation. In between, instruments may err,
//! and either verdict is fair.

use crate::span::{Span, any_meets};
use std::{ops::Range, time::Duration};
use weir_domain::Timestamp;
use weir_plant::facility::{
    Facility, Incident, Kind, Nature, Site, Target, Truth, Window, outside,
};

/// One thing that has to be found, and must not be found where it is not.
#[derive(Debug, Clone)]
pub(crate) struct Duty {
    /// The requirement, as its pack names it.
    pub(crate) requirement: &'static str,
    /// Whether it passes verdicts; else it only raises alarms.
    pub(crate) is_law: bool,
    /// Whether only opening hours count.
    pub(crate) open_only: bool,
    /// How long it must last.
    pub(crate) persistence: Duration,
    /// How long the slowest part between the water and the verdict may take.
    pub(crate) lag: Duration,
    /// How the truth is known.
    pub(crate) ground: Ground,
}

/// How the truth is known.
#[derive(Debug, Clone)]
pub(crate) enum Ground {
    /// By a true value that leaves `[low, high]`, as an instrument that is off by `error` may see
    /// it; only while another series is at least so much.
    Value {
        series: &'static str,
        inside: (f64, f64),
        error: f64,
        when: Option<(&'static str, f64)>,
    },
    /// By the mean of a true value over hours of the clock or local days, weighted by another
    /// series if one is named.
    Mean {
        series: &'static str,
        inside: (f64, f64),
        error: f64,
        hours: i64,
        weight: Option<&'static str>,
    },
    /// By what a cause did: each of its acts has to be found.
    Acts(&'static [&'static str]),
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

/// What is true of each duty: from the physics alone.
pub(crate) fn ask(
    duties: Vec<Duty>,
    site: &Site,
    incidents: &[Incident],
    span: &Range<Timestamp>,
    truth: &[Truth],
) -> anyhow::Result<Vec<Asked>> {
    let place = |name: &str| {
        site.series(name).ok_or_else(|| anyhow::anyhow!("{} has no series {name}", site.kind))
    };
    let mut windows = Vec::new();
    for duty in &duties {
        let Ground::Value { series, inside: (low, high), error, when } = &duty.ground else {
            continue;
        };
        let series = place(series)?;
        let when = when.map(|(name, least)| Ok::<_, anyhow::Error>((place(name)?, least)));
        let when = when.transpose()?;
        windows.push(Window { series, inside: (low - error, high + error), when });
        windows.push(Window { series, inside: (low + error, high - error), when });
    }
    let mut found = outside((site.kind, site.seed), incidents, span.clone(), &windows).into_iter();
    let closed = closed(site, span);
    let spoilt = spoilt(site, incidents);
    let mut asked = Vec::new();
    for duty in duties {
        let (sure, fair) = match &duty.ground {
            Ground::Value { .. } => {
                let mut next = || {
                    let spans = found.next().unwrap_or_default();
                    spans.into_iter().map(|s| Span::new(s.start, s.end)).collect::<Vec<_>>()
                };
                (next(), next())
            }
            Ground::Mean { series, inside, error, hours, weight } => {
                let weight = weight.map(place).transpose()?;
                let means =
                    means((site.kind, site.seed), incidents, span, place(series)?, weight, *hours);
                let beyond = |error: f64| {
                    let inside = inside.0 - error..=inside.1 + error;
                    let out = means.iter().filter(|(_, mean)| !inside.contains(mean));
                    out.map(|(span, _)| *span).collect::<Vec<_>>()
                };
                (beyond(*error), beyond(-*error))
            }
            Ground::Acts(causes) => {
                let acts = truth.iter().filter(|t| causes.contains(&t.incident.cause.about().name));
                let acts: Vec<Span> =
                    acts.flat_map(|t| &t.acts).map(|a| Span::new(a.start, a.end)).collect();
                (acts.clone(), acts)
            }
        };
        let out = if duty.open_only { closed.clone() } else { Vec::new() };
        let long = duty.persistence + duty.lag * 2;
        let sure = sure.iter().flat_map(|span| span.without(&out));
        let sure = sure.flat_map(|span| span.without(&spoilt)).filter(|s| match duty.ground {
            Ground::Value { .. } => s.length() > long,
            // A mean that is spoilt in part is another mean.
            Ground::Mean { hours, .. } => s.length().as_secs() == hours.unsigned_abs() * 3600,
            Ground::Acts(_) => !any_meets(&out, s),
        });
        let sure = sure.collect();
        let fair = fair.iter().map(|span| span.widened(Duration::ZERO, duty.lag * 4)).collect();
        asked.push(Asked { duty, sure, fair });
    }
    Ok(asked)
}

/// The true means of a series over windows of local time.
fn means(
    (kind, seed): (Kind, u64),
    incidents: &[Incident],
    span: &Range<Timestamp>,
    series: usize,
    weight: Option<usize>,
    hours: i64,
) -> Vec<(Span, f64)> {
    const EAST: i64 = 8 * 3_600_000;
    let length = hours * 3_600_000;
    let mut facility = Facility::new(kind, seed, span.start, incidents.to_vec());
    let mut sums = std::collections::BTreeMap::<i64, (f64, f64)>::new();
    facility.advance_unseen(span.end, |now, values| {
        let weight = weight.map_or(1.0, |weight| values[weight]);
        let sum = sums.entry((now.as_millis() - 1 + EAST).div_euclid(length)).or_default();
        *sum = (sum.0 + values[series] * weight, sum.1 + weight);
    });
    let window = |nth: i64| {
        let at = |nth: i64| Timestamp::from_millis(nth * length - EAST);
        Span::new(at(nth), at(nth + 1))
    };
    let means = sums.into_iter().map(|(nth, (sum, weight))| (window(nth), sum / weight));
    means.filter(|(window, mean)| window.to <= span.end && mean.is_finite()).collect()
}

/// Where instruments do not show what is true: nothing has to be found there, and what is found is
/// not held against anybody.
pub(crate) fn spoilt(site: &Site, incidents: &[Incident]) -> Vec<Span> {
    let _ = site;
    let blind = incidents.iter().filter(|incident| {
        let about = incident.cause.about();
        about.nature != Nature::Fault && about.target != Target::Process
    });
    let span = |incident: &Incident| {
        let after = Duration::from_secs_f64(incident.cause.about().aftermath * 60.0);
        Span::new(incident.at, incident.until() + after)
    };
    blind.map(span).collect()
}

/// When a site is closed, from opening hours of the form `mon-sun 06:00-22:00` in Shanghai.
fn closed(site: &Site, span: &Range<Timestamp>) -> Vec<Span> {
    const DAY: i64 = 86_400_000;
    const EAST: i64 = 8 * 3_600_000;
    let Some(hours) = &site.opening_hours else { return Vec::new() };
    let times = hours.split_whitespace().next_back().unwrap_or_default();
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        Some((hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?) * 60_000)
    };
    let Some((opens, closes)) =
        times.split_once('-').and_then(|(a, b)| Some((minutes(a)?, minutes(b)?)))
    else {
        return Vec::new();
    };
    let mut closed = Vec::new();
    let first = (span.start.as_millis() + EAST).div_euclid(DAY);
    let last = (span.end.as_millis() + EAST).div_euclid(DAY);
    for day in first - 1..=last {
        let at = |ms: i64| Timestamp::from_millis(day * DAY - EAST + ms);
        closed.push(Span::new(at(closes), at(DAY + opens)));
    }
    closed
}

/// The duties of a kind of facility.
pub(crate) fn duties(site: &Site) -> Vec<Duty> {
    match site.kind {
        Kind::Effluent => effluent(site.class),
        _ => Vec::new(),
    }
}

const NONE: f64 = f64::INFINITY;

fn law(requirement: &'static str, minutes: u64, lag: u64, ground: Ground) -> Duty {
    Duty {
        requirement,
        is_law: true,
        open_only: false,
        persistence: Duration::from_secs(minutes * 60),
        lag: Duration::from_secs(lag * 60),
        ground,
    }
}

fn value(series: &'static str, inside: (f64, f64), error: f64) -> Ground {
    Ground::Value { series, inside, error, when: None }
}

fn mean(series: &'static str, high: f64, error: f64, hours: i64) -> Ground {
    Ground::Mean { series, inside: (-NONE, high), error, hours, weight: None }
}

/// GB 18466-2005, tables 1 and 2.
fn effluent(class: &str) -> Vec<Duty> {
    let (low, high, outfall) = match class {
        "infectious_tb" => (6.5, 10.0, Some(0.5)),
        "general_direct" => (3.0, 10.0, Some(0.5)),
        _ => (2.0, 8.0, None),
    };
    let (cod, solids) = if class == "general_sewer" { (250.0, 60.0) } else { (60.0, 20.0) };
    let contact = Ground::Mean {
        series: "contact_chlorine",
        inside: (low, high),
        error: 0.3,
        hours: 1,
        weight: None,
    };
    let mut duties = vec![
        law("trc-contact", 0, 10, contact),
        law("ph", 10, 10, value("ph", (6.0, 9.0), 0.15)),
        law("cod", 0, 10, mean("cod", cod, cod * 0.08, 24)),
        law("suspended-solids", 0, 10, mean("solids", solids, solids * 0.08, 24)),
    ];
    if let Some(high) = outfall {
        duties.push(law("trc-outfall", 0, 10, mean("outfall_chlorine", high, 0.08, 1)));
        duties.push(law("ammonia", 0, 10, mean("ammonia", 15.0, 1.2, 24)));
    }
    duties
}
