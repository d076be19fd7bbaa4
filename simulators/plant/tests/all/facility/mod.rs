//! Facilities of every kind: ordinary weeks, what causes do to the physics and to the instruments,
//! and that nothing depends on how time is chopped.

mod effluent;
mod instruments;
mod lodging;
mod pool;
mod rays;
mod sterilizer;
mod time;

use crate::minutes;
use std::{ops::Range, time::Duration};
use weir_domain::Timestamp;
use weir_plant::facility::{Cause, Facility, Incident, Kind, Shown, Site, Target, Window, outside};

pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Monday, midnight at the site.
pub(crate) fn monday() -> Timestamp {
    "2026-11-23T00:00:00+08:00".parse().expect("a moment")
}

pub(crate) fn after(hours: f64) -> Timestamp {
    monday() + Duration::from_secs_f64(hours * 3_600.0)
}

/// A cause of middling size, some hours after the Monday's midnight.
pub(crate) fn incident(cause: Cause, hours: f64, long_mins: u64) -> Incident {
    let about = cause.about();
    assert!(matches!(about.target, Target::Process | Target::Site), "{cause}");
    let size = (about.size.0 + about.size.1) / 2.0;
    Incident { cause, at: after(hours), duration: minutes(long_mins), size, signal: None }
}

/// The same, at an instrument.
pub(crate) fn at_signal(signal: usize, cause: Cause, hours: f64, long_mins: u64) -> Incident {
    let size = (cause.about().size.0 + cause.about().size.1) / 2.0;
    let (at, duration) = (after(hours), minutes(long_mins));
    Incident { cause, at, duration, size, signal: Some(signal) }
}

/// The least and the greatest of each true value in a week.
pub(crate) fn extremes(kind: Kind, seed: u64, incidents: Vec<Incident>) -> Vec<(f64, f64)> {
    let mut facility = Facility::new(kind, seed, monday(), incidents);
    let mut seen = vec![(f64::MAX, f64::MIN); facility.site().series.len()];
    facility.advance_unseen(monday() + WEEK, |_, values| {
        for ((least, most), value) in seen.iter_mut().zip(values) {
            (*least, *most) = (least.min(*value), most.max(*value));
        }
    });
    seen
}

/// Every true value stays inside its bounds in an undisturbed week.
pub(crate) fn stays_inside(kind: Kind, seed: u64, bounds: &[(&str, f64, f64)]) {
    let site = Site::draw(kind, seed);
    let seen = extremes(kind, seed, Vec::new());
    for (id, low, high) in bounds {
        let (least, most) = seen[site.series(id).expect("a series")];
        assert!(
            *low <= least && most <= *high,
            "{kind} of seed {seed} ({}): {id} went from {least} to {most}",
            site.class
        );
    }
}

/// Minutes of the week in which a true value was outside of a window.
pub(crate) fn minutes_outside(
    kind: Kind,
    seed: u64,
    incidents: &[Incident],
    id: &str,
    inside: (f64, f64),
) -> f64 {
    let series = Site::draw(kind, seed).series(id).expect("a series");
    let window = Window { series, inside, when: None };
    let spans = outside((kind, seed), incidents, monday()..monday() + WEEK, &[window]);
    spans[0].iter().map(|span| span.end.since(span.start).as_secs_f64() / 60.0).sum()
}

/// Everything that arrives in a span.
pub(crate) fn arrivals(
    kind: Kind,
    seed: u64,
    incidents: Vec<Incident>,
    hours: Range<f64>,
) -> (Facility, Vec<Shown>) {
    let mut facility = Facility::new(kind, seed, monday(), incidents);
    let mut shown = Vec::new();
    facility.advance(after(hours.start), |_| {});
    facility.advance(after(hours.end), |one| shown.push(one));
    (facility, shown)
}
