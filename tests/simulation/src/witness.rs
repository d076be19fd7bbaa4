//! Who sees the true values: one pass over the physics, without instruments, for all duties.

use crate::{
    duty::{Band, Duty, Ground, Quantity, days, openings},
    span::Span,
};
use anyhow::anyhow;
use std::{collections::BTreeMap, time::Duration};
use weir_domain::Timestamp;
use weir_plant::{
    exam::Week,
    facility::{Facility, Incident, Nature, Report, Site, Target},
};

/// Where a duty is surely violated, and where it may be called so.
pub(crate) type Seen = (Vec<Span>, Vec<Span>);

/// What is true of each duty.
pub(crate) fn testify(week: &Week, site: &Site, duties: &[Duty]) -> anyhow::Result<Vec<Seen>> {
    let mut witnesses = Vec::new();
    for duty in duties {
        witnesses.push(Witness::of(&duty.ground, site)?);
    }
    let mut facility = week.facility();
    facility.advance_unseen(week.end(), |now, values| {
        for witness in &mut witnesses {
            witness.see(now, values);
        }
    });
    let counted =
        duties.iter().any(|d| matches!(d.ground, Ground::Events { .. } | Ground::Ratio { .. }));
    let events = if counted { Some(Events::of(week)) } else { None };
    let each = duties.iter().zip(witnesses);
    Ok(each
        .map(|(duty, witness)| match (&events, &duty.ground) {
            (Some(events), Ground::Events { signal, least, before_opening }) => {
                events.too_few(site, week, *signal, *least, *before_opening)
            }
            (Some(events), Ground::Ratio { left, right, least, from_nothing }) => {
                events.too_little(site, week, (*left, *right), *least, *from_nothing)
            }
            _ => witness.end(week.end()),
        })
        .collect())
}

/// Stretches in which something is so.
#[derive(Debug, Default)]
struct Stretches {
    since: Option<Timestamp>,
    spans: Vec<Span>,
}

impl Stretches {
    fn see(&mut self, now: Timestamp, is_so: bool) {
        match (is_so, self.since) {
            (true, None) => self.since = Some(now),
            (false, Some(from)) => {
                self.spans.push(Span::new(from, now));
                self.since = None;
            }
            _ => {}
        }
    }

    fn end(mut self, end: Timestamp) -> Vec<Span> {
        self.see(end, false);
        self.spans
    }
}

/// For each window: the sum of values by weights, of weights, and of moments.
type Sums = BTreeMap<i64, (f64, f64, f64)>;

/// A quantity with the places of its series.
#[derive(Debug, Clone, Copy)]
enum Look {
    Of(usize),
    Hocl(usize, usize, usize),
    AboveSaturation(usize, usize),
}

impl Look {
    fn at(self, values: &[f64]) -> f64 {
        match self {
            Self::Of(series) => values[series],
            Self::Hocl(free, ph, celsius) => {
                let kelvin = values[celsius] + 273.15;
                let pka = 3_000.0 / kelvin - 10.0686 + 0.0253 * kelvin;
                values[free] / (1.0 + 10_f64.powf(values[ph] - pka))
            }
            // Antoine's equation.
            Self::AboveSaturation(celsius, gauge) => {
                let absolute = (values[gauge] + 101.325).max(1.0);
                values[celsius] - (4_030.183 / (16.6536 - absolute.ln()) - 235.0)
            }
        }
    }
}

#[derive(Debug)]
enum Witness {
    Value { of: Look, band: Band, when: Option<(usize, f64)>, sure: Stretches, fair: Stretches },
    Mean { series: usize, weight: Option<usize>, is_sum: bool, band: Band, millis: i64, sums: Sums },
    Cycle(Box<Cycle>),
    Both { on: usize, other: usize, is_on: bool, fair: Stretches },
    Nobody,
}

impl Witness {
    fn of(ground: &Ground, site: &Site) -> anyhow::Result<Self> {
        let place = |name: &str| {
            site.series(name).ok_or_else(|| anyhow!("{} has no series {name}", site.kind))
        };
        let (sure, fair) = (Stretches::default(), Stretches::default());
        Ok(match ground {
            Ground::Value { of, band, when } => {
                let when = when.map(|(name, least)| place(name).map(|place| (place, least)));
                let of = match of {
                    Quantity::Of(series) => Look::Of(place(series)?),
                    Quantity::Hocl(a, b, c) => Look::Hocl(place(a)?, place(b)?, place(c)?),
                    Quantity::AboveSaturation(a, b) => Look::AboveSaturation(place(a)?, place(b)?),
                };
                Self::Value { of, band: *band, when: when.transpose()?, sure, fair }
            }
            Ground::Mean { series, band, hours, weight }
            | Ground::Sum { series, band, hours, times: weight } => Self::Mean {
                series: place(series)?,
                weight: weight.map(place).transpose()?,
                is_sum: matches!(ground, Ground::Sum { .. }),
                band: *band,
                millis: hours * 3_600_000,
                sums: BTreeMap::new(),
            },
            Ground::Cycle { heat, door, begins, least, error, hold } => {
                Self::Cycle(Box::new(Cycle {
                    heat: place(heat)?,
                    door: door.as_deref().map(place).transpose()?,
                    begins: *begins,
                    least: *least,
                    error: *error,
                    hold: *hold,
                    since: None,
                    sure: Run::default(),
                    fair: Run::default(),
                    seen: Seen::default(),
                }))
            }
            Ground::Acts { also: Some((on, other, is_on)), .. } => {
                Self::Both { on: place(on)?, other: place(other)?, is_on: *is_on, fair }
            }
            _ => Self::Nobody,
        })
    }

    fn see(&mut self, now: Timestamp, values: &[f64]) {
        match self {
            Self::Value { of, band, when, sure, fair } => {
                let asked = when.is_none_or(|(series, least)| values[series] >= least);
                sure.see(now, asked && band.is_surely_beyond(of.at(values)));
                fair.see(now, asked && band.may_be_beyond(of.at(values)));
            }
            Self::Mean { series, weight, millis, sums, .. } => {
                let nth = (now.as_millis() - 1 - begins(*millis)).div_euclid(*millis);
                let sum = sums.entry(nth).or_default();
                let weight = weight.map_or(1.0, |weight| values[weight]);
                *sum = (sum.0 + values[*series] * weight, sum.1 + weight, sum.2 + 1.0);
            }
            Self::Cycle(cycle) => cycle.see(now, values),
            Self::Both { on, other, is_on, fair } => {
                fair.see(now, values[*on] != 0.0 && (values[*other] != 0.0) == *is_on);
            }
            Self::Nobody => {}
        }
    }

    fn end(self, end: Timestamp) -> Seen {
        match self {
            Self::Value { sure, fair, .. } => (sure.end(end), fair.end(end)),
            Self::Mean { band, millis, sums, is_sum, .. } => {
                let window = |nth: i64| {
                    let at = |nth: i64| Timestamp::from_millis(nth * millis + begins(millis));
                    Span::new(at(nth), at(nth + 1))
                };
                let means: Vec<_> = sums
                    .into_iter()
                    .map(|(n, (sum, weights, moments))| match is_sum {
                        // The mean, for so many hours.
                        true => (window(n), sum / moments * (millis / 3_600_000) as f64),
                        false => (window(n), sum / weights),
                    })
                    .collect();
                let those = |is_so: &dyn Fn(f64) -> bool| {
                    let so = means.iter().filter(|(window, mean)| window.to <= end && is_so(*mean));
                    so.map(|(window, _)| *window).collect()
                };
                (
                    those(&|mean| band.is_surely_beyond(mean)),
                    those(&|mean| band.may_be_beyond(mean)),
                )
            }
            Self::Cycle(cycle) => cycle.seen,
            Self::Both { fair, .. } => (Vec::new(), fair.end(end)),
            Self::Nobody => Seen::default(),
        }
    }
}

/// When the first window of so many milliseconds begins, in Shanghai: weeks on Mondays, and
/// 1970-01-01 was a Thursday.
fn begins(millis: i64) -> i64 {
    const HOUR: i64 = 3_600_000;
    if millis == 168 * HOUR { (4 * 24 - 8) * HOUR } else { -8 * HOUR }
}

/// A chamber that is heated.
#[derive(Debug)]
struct Cycle {
    heat: usize,
    door: Option<usize>,
    begins: f64,
    least: f64,
    error: f64,
    hold: Duration,
    since: Option<Timestamp>,
    sure: Run,
    fair: Run,
    seen: Seen,
}

/// The longest time in a stretch in which something was so.
#[derive(Debug, Default, Clone, Copy)]
struct Run {
    since: Option<Timestamp>,
    longest: Duration,
}

impl Run {
    fn see(&mut self, now: Timestamp, is_so: bool) {
        match (is_so, self.since) {
            (true, None) => self.since = Some(now),
            (true, Some(since)) => self.longest = self.longest.max(now.since(since)),
            (false, _) => self.since = None,
        }
    }
}

impl Cycle {
    fn see(&mut self, now: Timestamp, values: &[f64]) {
        let heat = values[self.heat];
        let shut = self.door.is_none_or(|door| values[door] == 0.0);
        match self.since {
            None if heat > self.begins => {
                self.since = Some(now);
                (self.sure, self.fair) = Default::default();
            }
            // Well below: a chamber that hovers there has one cycle.
            Some(from) if heat < self.begins - 15.0 => {
                self.since = None;
                let slack = Duration::from_secs(25) + self.hold / 50;
                let span = Span::new(from, now);
                if self.sure.longest + slack < self.hold {
                    self.seen.0.push(span);
                }
                if self.fair.longest < self.hold + slack {
                    self.seen.1.push(span);
                }
            }
            _ => {}
        }
        // A small dip may be forgiven, or not seen.
        self.sure.see(now, shut && heat >= self.least - self.error - 3.5);
        self.fair.see(now, shut && heat >= self.least + self.error);
        if heat < self.least - self.error && self.sure.longest.is_zero() {
            self.sure.since = None;
        }
    }
}

/// What people and readers told, without what instruments and links made of it: as it was without
/// interruption, and as it is with power cuts and restarts of the gateway.
struct Events {
    whole: BTreeMap<usize, Vec<(Timestamp, f64)>>,
    cut: BTreeMap<usize, Vec<(Timestamp, f64)>>,
}

impl Events {
    fn of(week: &Week) -> Self {
        let told = |keep: &dyn Fn(&Incident) -> bool| {
            let incidents = week.incidents.iter().filter(|i| keep(i)).copied().collect();
            let mut facility = Facility::new(week.kind, week.seed, week.start, incidents);
            let is_event: Vec<bool> =
                facility.signals().iter().map(|signal| signal.report == Report::Event).collect();
            let mut told = BTreeMap::<usize, Vec<(Timestamp, f64)>>::new();
            facility.advance(week.end(), |shown| {
                if is_event[shown.signal] {
                    let value = shown.sample.reading.good().map_or(f64::NAN, |value| value.get());
                    told.entry(shown.signal).or_default().push((shown.sample.source_time, value));
                }
            });
            told
        };
        let of_process = |i: &Incident| {
            i.cause.about().target == Target::Process
                && i.cause.about().nature != Nature::Instrument
        };
        let whole = told(&of_process);
        let has_cuts = week.incidents.iter().any(|i| i.cause.about().target == Target::Site);
        let with_cuts = |i: &Incident| of_process(i) || i.cause.about().target == Target::Site;
        let cut = if has_cuts { told(&with_cuts) } else { whole.clone() };
        Self { whole, cut }
    }

    fn too_few(
        &self,
        site: &Site,
        week: &Week,
        signal: (&str, &str),
        least: usize,
        before: Option<Duration>,
    ) -> Seen {
        let Some(signal) = site.signal(signal.0, signal.1) else { return Seen::default() };
        let span = (week.start, week.end());
        let windows = match before {
            Some(before) => {
                let before =
                    openings(site, span).into_iter().map(|o| Span::new(o.from - before, o.from));
                before.filter(|window| window.from >= week.start).collect()
            }
            None => {
                let open = openings(site, span);
                let day = |day: &Span| open.iter().any(|open| open.meets(day));
                days(span).into_iter().filter(day).collect::<Vec<_>>()
            }
        };
        let few = |events: &BTreeMap<usize, Vec<(Timestamp, f64)>>| {
            let count = |window: &Span| {
                let those = events.get(&signal).into_iter().flatten();
                those.filter(|(at, _)| window.from <= *at && *at < window.to).count()
            };
            windows.iter().filter(|window| count(window) < least).copied().collect::<Vec<_>>()
        };
        let (sure, mut fair) = (few(&self.whole), few(&self.cut));
        fair.extend(&sure);
        (sure, fair)
    }

    fn too_little(
        &self,
        site: &Site,
        week: &Week,
        (left, right): ((&str, &str), (&str, &str)),
        least: f64,
        from_nothing: bool,
    ) -> Seen {
        let mut seen = Seen::default();
        let (Some(left), Some(right)) =
            (site.signal(left.0, left.1), site.signal(right.0, right.1))
        else {
            return seen;
        };
        for day in days((week.start, week.end())) {
            let sum = |events: &BTreeMap<usize, Vec<(Timestamp, f64)>>, signal: usize| {
                let those = events.get(&signal).into_iter().flatten();
                those.filter(|(at, _)| day.from <= *at && *at < day.to).map(|(_, n)| n).sum::<f64>()
            };
            let done = sum(&self.whole, left);
            let is_told = from_nothing || done > 0.0;
            if is_told && done < sum(&self.whole, right) * least * 0.97 {
                seen.0.push(day);
            }
            if sum(&self.cut, left) < sum(&self.cut, right) * least * 1.03 {
                seen.1.push(day);
            }
        }
        seen
    }
}
