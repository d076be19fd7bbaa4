//! An instrument: one true value in, what it shows out.

use super::{Cause, Report};
use crate::{calendar::DAY, noise::Noise};
use std::collections::VecDeque;
use weir_domain::{BadReason, Reading, Value};

/// How an instrument is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gauge {
    /// The true value that it looks at.
    pub(crate) series: usize,
    pub(crate) scan_secs: u32,
    pub(crate) decimals: u8,
    pub(crate) report: Report,
    /// Time constant, s.
    pub(crate) lag: f64,
    /// Noise: a share of the value, and what is always there.
    pub(crate) share: f64,
    pub(crate) floor: f64,
    /// Counts a second for each unit; 0 for what does not count.
    pub(crate) counts: f64,
    /// What it can show at all.
    pub(crate) range: (f64, f64),
    /// What its owner likes to see.
    pub(crate) wanted: (f64, f64),
    /// What it usually shows, and by how much errors are measured.
    pub(crate) typical: f64,
    pub(crate) scale: f64,
    /// What it shows in tap water, in the air, and in the standard solution.
    pub(crate) tap: f64,
    pub(crate) air: f64,
    pub(crate) standard: f64,
    /// Seconds for which an analyser shows one result; 0 if it measures all the time.
    pub(crate) renew: i64,
    /// Share of the value that is lost each day until the weekly calibration.
    pub(crate) drift: f64,
}

impl Gauge {
    pub(crate) fn new(series: usize, scan_secs: u32, decimals: u8) -> Self {
        Self {
            series,
            scan_secs,
            decimals,
            report: Report::Scanned,
            lag: 0.0,
            share: 0.0,
            floor: 0.0,
            counts: 0.0,
            range: (f64::MIN, f64::MAX),
            wanted: (f64::MIN, f64::MAX),
            typical: 1.0,
            scale: 1.0,
            tap: 0.0,
            air: 0.0,
            standard: 1.0,
            renew: 0,
            drift: 0.0,
        }
    }

    /// A switch that says when it changes, and its state at every scan.
    pub(crate) fn switch(series: usize, scan_secs: u32) -> Self {
        Self { report: Report::Changed, range: (0.0, 1.0), ..Self::new(series, scan_secs, 0) }
    }

    /// Something that is only said when it happens.
    pub(crate) fn event(series: usize, decimals: u8) -> Self {
        Self { report: Report::Event, ..Self::new(series, 60, decimals) }
    }
}

/// A cause that acts upon an instrument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acting {
    pub(crate) cause: Cause,
    pub(crate) size: f64,
    /// Its first second, and the one after its last.
    pub(crate) since: i64,
    pub(crate) until: i64,
}

#[derive(Debug)]
pub(crate) struct Instrument {
    pub(crate) gauge: Gauge,
    noise: Noise,
    /// The share of the way that the sensor goes in a step.
    alpha: f64,
    state: Option<f64>,
    result: Option<(i64, f64)>,
    power_of_ten: f64,
    shown: f64,
    pub(crate) acting: Vec<Acting>,
    /// The last day, kept only if somebody will replay it.
    day: Option<VecDeque<f64>>,
}

/// Seconds until a tampered value is in place after the cabinet's door was opened.
pub(crate) const HANDS: i64 = 60;

impl Instrument {
    pub(crate) fn new(gauge: Gauge, noise: Noise, step_secs: u32) -> Self {
        let alpha =
            if gauge.lag > 0.0 { 1.0 - (-f64::from(step_secs) / gauge.lag).exp() } else { 1.0 };
        Self {
            gauge,
            noise,
            alpha,
            state: None,
            result: None,
            power_of_ten: 10_f64.powi(i32::from(gauge.decimals)),
            shown: 0.0,
            acting: Vec::new(),
            day: None,
        }
    }

    pub(crate) fn keep_a_day(&mut self) {
        self.day = Some(VecDeque::new());
    }

    /// Its sensor follows what is around it.
    pub(crate) fn follow(&mut self, second: i64, truth: f64) {
        let around = if self.acting.is_empty() { truth } else { self.around(second, truth) };
        let state = self.state.unwrap_or(around);
        self.state = Some(state + (around - state) * self.alpha);
    }

    fn around(&self, second: i64, truth: f64) -> f64 {
        let gauge = &self.gauge;
        self.acting.iter().fold(truth, |around, acting| match acting.cause {
            Cause::TapWaterCup if second >= acting.since + HANDS => gauge.tap,
            Cause::Bottle if second >= acting.since + HANDS => gauge.typical * acting.size,
            Cause::Maintenance | Cause::MaintenanceUnmarked => gauge.air,
            Cause::Calibration | Cause::CalibrationUnmarked => gauge.standard,
            _ => around,
        })
    }

    /// Whether it is its time to say something.
    pub(crate) fn is_due(&self, second: i64) -> bool {
        self.gauge.report != Report::Event
            && second.rem_euclid(i64::from(self.gauge.scan_secs)) == 0
    }

    /// What it says of its own state; `None` if nothing.
    pub(crate) fn read(&mut self, second: i64) -> Option<Reading> {
        let state = self.state?;
        let state = if self.gauge.renew > 0 { self.analysed(second, state) } else { state };
        self.say(second, second, state)
    }

    /// What it says of a change or an event.
    pub(crate) fn tell(&mut self, second: i64, ms: i64, value: f64) -> Option<Reading> {
        self.state = Some(value);
        self.say(second, ms, value)
    }

    fn analysed(&mut self, second: i64, state: f64) -> f64 {
        let nth = second.div_euclid(self.gauge.renew);
        match self.result {
            Some((known, result)) if known == nth => result,
            _ => {
                let result = state + self.deviation(state) * self.noise.gauss(-nth);
                self.result = Some((nth, result));
                result
            }
        }
    }

    fn deviation(&self, value: f64) -> f64 {
        let gauge = &self.gauge;
        let counting = if gauge.counts > 0.0 {
            (value.abs() / (gauge.counts * 2.0 * gauge.lag.max(0.5))).sqrt()
        } else {
            0.0
        };
        gauge.share * value.abs() + gauge.floor + counting
    }

    fn say(&mut self, second: i64, index: i64, state: f64) -> Option<Reading> {
        let mut value = state;
        if self.gauge.drift != 0.0 {
            let days = second.rem_euclid(7 * DAY) as f64 / DAY as f64;
            value *= 1.0 - self.gauge.drift * days;
        }
        // An analyser's result has its noise already, and shows it until the next.
        let noise = if self.gauge.renew > 0 {
            0.0
        } else {
            self.deviation(value) * self.noise.gauss(index)
        };
        let reading = if self.acting.is_empty() {
            Some((value + noise, None))
        } else {
            self.spoilt(second, value, noise)
        };
        let (value, bad) = reading?;
        let (low, high) = self.gauge.range;
        let value = (value.clamp(low, high) * self.power_of_ten).round() / self.power_of_ten;
        // Never minus zero.
        let value = value + 0.0;
        self.shown = value;
        if let Some(day) = &mut self.day {
            day.push_back(value);
            if day.len() as i64 > DAY / i64::from(self.gauge.scan_secs) {
                day.pop_front();
            }
        }
        Some(match bad {
            None => Reading::from_number(value),
            Some(BadReason::SensorFailure) => Reading::Bad(None, BadReason::SensorFailure),
            Some(reason) => Reading::Bad(Value::new(value), reason),
        })
    }

    /// What the causes that act make of it.
    fn spoilt(&self, second: i64, value: f64, noise: f64) -> Option<(f64, Option<BadReason>)> {
        let gauge = &self.gauge;
        let (mut value, mut noise, mut bad) = (value, noise, None);
        for acting in &self.acting {
            let size = acting.size;
            let elapsed = (second - acting.since).max(0) as f64;
            match acting.cause {
                Cause::Silent => return None,
                Cause::SensorFault => bad = Some(BadReason::SensorFailure),
                Cause::Maintenance => bad = Some(BadReason::Maintenance),
                Cause::Calibration => bad = Some(BadReason::Calibration),
                Cause::Stuck | Cause::Frozen => (value, noise) = (self.shown, 0.0),
                Cause::Drift => value += size * gauge.scale * elapsed / DAY as f64,
                Cause::Fouling => value *= 1.0 - size * (1.0 - (-elapsed / 43_200.0).exp()),
                Cause::Offset => value += size * gauge.scale,
                Cause::Spikes if self.noise.bits(second ^ 0x5157).is_multiple_of(23) => {
                    value += size * gauge.scale;
                }
                Cause::Dead => (value, noise) = (0.0, 0.0),
                Cause::Replay => {
                    if let Some(old) = self.day.as_ref().and_then(|day| day.front()) {
                        (value, noise) = (*old, 0.0);
                    }
                }
                Cause::Clipped => {
                    let (low, high) = gauge.wanted;
                    let inside = 0.02 * (high - low).min(gauge.scale) + noise.abs();
                    if value + noise < low + inside {
                        (value, noise) = (low + inside, 0.0);
                    } else if value + noise > high - inside {
                        (value, noise) = (high - inside, 0.0);
                    }
                }
                Cause::Adjusted if second >= acting.since + HANDS => {
                    let (low, high) = gauge.wanted;
                    let towards = if value > (low + high) / 2.0 { -1.0 } else { 1.0 };
                    value += towards * size * gauge.scale;
                }
                Cause::Smoothed => noise *= 0.02,
                _ => {}
            }
        }
        Some((value + noise, bad))
    }
}
