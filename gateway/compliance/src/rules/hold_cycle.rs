//! Each cycle holds a value for a time: a disinfection cabinet at 125 °C for a quarter of an hour,
//! a sterilizer at 134 °C in saturated steam for four minutes, cups in chlorine for half an hour.

use super::{AnyJudge, Bound, Kind, RawInput, Reader, Watches, reader::SECONDS_MAX};
use crate::{InputSpec, evaluator::HoldCycle, limits::Limits, timeline::Judged, wording};
use core::{ops::Range, time::Duration};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use weir_domain::{Class, Text, Unit};

/// The pressure of the atmosphere at sea level, in kPa.
const ATMOSPHERE_KPA: f64 = 101.325;
/// Evacuations are looked for so long before the value is reached, in minutes.
const PULSES_WITHIN_MINS: u64 = 60;
/// More evacuations than this are no program.
const PULSES_MAX: usize = 16;

/// Each cycle holds a value for a time.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldCycleRule {
    /// The value.
    pub input: InputSpec,
    /// What must be reached.
    pub threshold: f64,
    /// How far above the threshold it may go; none = as far as it likes.
    pub band_above: Option<f64>,
    /// For how long.
    pub hold: Duration,
    /// So long after the threshold was reached nothing is looked at, and the time does not count.
    pub equilibration: Duration,
    /// How far below the threshold one dip may go.
    pub dip_depth: f64,
    /// How long that dip may last.
    pub dip_time: Duration,
    /// Above this a cycle starts.
    pub starts_above: f64,
    /// Below this it ends.
    pub ends_below: f64,
    /// While this is on, nothing is held.
    pub door: Option<InputSpec>,
    /// The pressure in the chamber.
    pub pressure: Option<InputSpec>,
    /// Least and greatest pressure while the value is held.
    pub pressure_band: (Option<f64>, Option<f64>),
    /// How near to saturated steam pressure and value must be.
    pub steam: Option<SteamSpec>,
    /// The evacuations before.
    pub pulses: Option<PulsesSpec>,
    /// What heats: a cycle without it is none.
    pub power: Option<PowerSpec>,
    /// Only cycles of this program are judged.
    pub program: Option<ProgramSpec>,
}

/// How near to saturated steam it must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteamSpec {
    /// In kelvin, above and below.
    pub tolerance_k: f64,
    /// Whether the pressure is one above that of the atmosphere.
    pub gauge: bool,
    /// The pressure of the atmosphere in kPa.
    pub atmosphere_kpa: f64,
}

/// Evacuations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PulsesSpec {
    /// How many.
    pub at_least: usize,
    /// How low the pressure must go.
    pub below: f64,
    /// How high it must come before the next one.
    pub above: f64,
    /// How long before the value is reached they may be.
    pub within: Duration,
}

/// What heats.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerSpec {
    /// Its power, current or switch.
    pub input: InputSpec,
    /// Above this it heats.
    pub above: f64,
}

/// Which program is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramSpec {
    /// The number of the program.
    pub input: InputSpec,
    /// The least of its numbers.
    pub low: f64,
    /// The greatest of its numbers.
    pub high: f64,
}

/// The rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHoldCycle {
    input: RawInput,
    threshold: Option<f64>,
    hold_secs: Option<u64>,
    by_class: Option<BTreeMap<Class, Spanned<RawHold>>>,
    band_above: Option<f64>,
    #[serde(default)]
    equilibration_secs: u64,
    #[serde(default)]
    dip_depth: f64,
    #[serde(default)]
    dip_secs: u64,
    starts_above: f64,
    ends_below: f64,
    door: Option<RawInput>,
    pressure: Option<RawInput>,
    pressure_low: Option<f64>,
    pressure_high: Option<f64>,
    steam: Option<RawSteam>,
    pulses: Option<RawPulses>,
    power: Option<RawInput>,
    power_above: Option<f64>,
    program: Option<RawProgram>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHold {
    threshold: f64,
    hold_secs: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSteam {
    tolerance_k: f64,
    #[serde(default = "yes")]
    gauge: bool,
    #[serde(default = "atmosphere_kpa")]
    atmosphere_kpa: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPulses {
    at_least: usize,
    below: f64,
    #[serde(default)]
    above: f64,
    #[serde(default = "pulses_within_mins")]
    within_mins: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProgram {
    input: RawInput,
    low: f64,
    high: f64,
}

fn yes() -> bool {
    true
}

fn atmosphere_kpa() -> f64 {
    ATMOSPHERE_KPA
}

fn pulses_within_mins() -> u64 {
    PULSES_WITHIN_MINS
}

impl ProgramSpec {
    pub(crate) fn limits(&self) -> Limits {
        Limits { low: Some(self.low), high: Some(self.high) }
    }
}

impl HoldCycleRule {
    pub(crate) fn limits(&self) -> Limits {
        let high = self.band_above.map(|band| self.threshold + band);
        Limits { low: Some(self.threshold), high }
    }

    pub(crate) fn pressure_limits(&self) -> Limits {
        Limits { low: self.pressure_band.0, high: self.pressure_band.1 }
    }
}

impl RawHoldCycle {
    fn rule(&self, hold: RawHold) -> HoldCycleRule {
        let within = |mins: u64| Duration::from_secs(mins.min(SECONDS_MAX / 60) * 60);
        HoldCycleRule {
            input: self.input.spec(),
            threshold: hold.threshold,
            band_above: self.band_above,
            hold: Duration::from_secs(hold.hold_secs),
            equilibration: Duration::from_secs(self.equilibration_secs),
            dip_depth: self.dip_depth,
            dip_time: Duration::from_secs(self.dip_secs),
            starts_above: self.starts_above,
            ends_below: self.ends_below,
            door: self.door.as_ref().map(RawInput::spec),
            pressure: self.pressure.as_ref().map(RawInput::spec),
            pressure_band: (self.pressure_low, self.pressure_high),
            steam: self.steam.map(|steam| SteamSpec {
                tolerance_k: steam.tolerance_k,
                gauge: steam.gauge,
                atmosphere_kpa: steam.atmosphere_kpa,
            }),
            pulses: self.pulses.map(|pulses| PulsesSpec {
                at_least: pulses.at_least,
                below: pulses.below,
                above: pulses.above,
                within: within(pulses.within_mins),
            }),
            power: self.power.as_ref().map(|power| PowerSpec {
                input: power.spec(),
                above: self.power_above.unwrap_or_default(),
            }),
            program: self.program.as_ref().map(|program| ProgramSpec {
                input: program.input.spec(),
                low: program.low,
                high: program.high,
            }),
        }
    }

    /// What is wrong with one hold of a rule.
    fn check_hold(&self, hold: RawHold, span: Range<usize>, reader: &mut Reader<'_, '_>) {
        if !(self.ends_below <= self.starts_above && self.starts_above < hold.threshold) {
            let hint = "they must rise: ends_below, starts_above, threshold";
            reader.fault(span.clone(), "a cycle could not begin, hold and end", hint);
        } else if !(self.dip_depth >= 0.0 && hold.threshold - self.dip_depth > self.starts_above) {
            let problem = "dip_depth is negative or reaches below starts_above";
            reader.fault(span.clone(), problem, "");
        }
        let none = self.dip_secs == 0 && self.dip_depth == 0.0;
        let fits = none || self.dip_secs < hold.hold_secs;
        if hold.hold_secs == 0 || hold.hold_secs > SECONDS_MAX || !fits {
            let hint = "hold_secs is at most a day, and longer than dip_secs";
            reader.fault(span, "hold_secs and dip_secs do not fit", hint);
        }
    }

    /// What is wrong with the rest.
    fn check(&self, span: &Range<usize>, reader: &mut Reader<'_, '_>) {
        let mut fault = |wrong: bool, problem: &str, hint: &str| {
            if wrong {
                reader.fault(span.clone(), problem, hint);
            }
        };
        let not_above_0 = |number: f64| !(number.is_finite() && number > 0.0);
        let band = self.band_above.is_some_and(not_above_0);
        fault(band, "band_above is not above 0", "");
        let long = self.equilibration_secs > SECONDS_MAX;
        fault(long, "equilibration_secs is longer than a day", "");
        let pressed = self.steam.is_some()
            || self.pulses.is_some()
            || self.pressure_low.or(self.pressure_high).is_some();
        let hint =
            "steam, pulses, pressure_low and pressure_high need it, and it needs one of them";
        fault(pressed != self.pressure.is_some(), "pressure does not fit", hint);
        let limits = [self.pressure_low, self.pressure_high].into_iter().flatten();
        let crossed =
            self.pressure_low.zip(self.pressure_high).is_some_and(|(low, high)| low > high);
        fault(crossed || limits.into_iter().any(|p| !p.is_finite()), "no pressure is allowed", "");
        let pressure = self.pressure.as_ref().map(|pressure| pressure.spec().unit);
        let units =
            self.input.spec().unit == Unit::DegreeCelsius && pressure == Some(Unit::Kilopascal);
        let hint = "give the input in °C and the pressure in kPa";
        fault(self.steam.is_some() && !units, "steam does not fit the units", hint);
        let steam = self.steam.is_some_and(|steam| {
            not_above_0(steam.tolerance_k) || not_above_0(steam.atmosphere_kpa)
        });
        fault(steam, "tolerance_k and atmosphere_kpa are not above 0", "");
        let pulses = self.pulses.is_some_and(|pulses| {
            pulses.at_least == 0
                || pulses.at_least > PULSES_MAX
                || pulses.within_mins == 0
                || !(pulses.below < pulses.above && pulses.above.is_finite())
        });
        let hint = "give 1 to 16 pulses, below lower than above, and within_mins";
        fault(pulses, "no such pulses", hint);
        let power = self.power_above.is_some_and(|above| !above.is_finite())
            || (self.power_above.is_some() && self.power.is_none());
        fault(power, "power_above does not fit", "it needs power");
        let program = self.program.as_ref().is_some_and(|program| {
            !(program.low.is_finite() && program.low <= program.high && program.high.is_finite())
        });
        fault(program, "no program is between low and high", "");
    }
}

impl Kind for HoldCycleRule {
    type Raw = RawHoldCycle;

    fn read(raw: Spanned<RawHoldCycle>, reader: &mut Reader<'_, '_>) -> Vec<(Option<Class>, Self)> {
        let (span, raw) = (raw.span(), raw.get_ref());
        raw.check(&span, reader);
        match (&raw.by_class, raw.threshold, raw.hold_secs) {
            (None, Some(threshold), Some(hold_secs)) => {
                let hold = RawHold { threshold, hold_secs };
                raw.check_hold(hold, span, reader);
                vec![(None, raw.rule(hold))]
            }
            (Some(by_class), None, None) if !by_class.is_empty() && !reader.names_classes() => {
                let mut rules = Vec::new();
                for (class, hold) in reader.by_class(by_class) {
                    raw.check_hold(*hold.get_ref(), hold.span(), reader);
                    rules.push((Some(class.clone()), raw.rule(*hold.get_ref())));
                }
                rules
            }
            _ => {
                let hint = "give threshold and hold_secs, or both for each class in by_class";
                reader.fault(span, "not exactly one hold", hint);
                Vec::new()
            }
        }
    }

    fn watches(&self) -> Watches<'_> {
        let inputs = [&self.input].into_iter().chain(&self.door).chain(&self.pressure);
        let inputs = inputs.chain(self.power.as_ref().map(|power| &power.input));
        let inputs = inputs.chain(self.program.as_ref().map(|program| &program.input));
        Watches::Inputs(inputs.collect())
    }

    fn limit_text(&self) -> Text {
        let limit = self.limits().text(self.input.unit);
        let hold = wording::duration(self.hold);
        let steam = self.steam.map(|steam| steam.tolerance_k);
        let (steam_zh, steam_en) = steam.map_or_else(Default::default, |kelvin| {
            (
                format!("，与饱和温度相差不超过 {kelvin} K"),
                format!(", within {kelvin} K of saturated steam"),
            )
        });
        Text {
            zh: format!("{}，保持 {hold}{steam_zh}", limit.zh),
            en: format!("{} for {hold}{steam_en}", limit.en),
        }
    }

    fn low_high(&self) -> (Option<f64>, Option<f64>) {
        (self.limits().low, self.limits().high)
    }

    fn judge(&self, bound: &Bound<'_>) -> AnyJudge {
        let cycle = HoldCycle::new(self.clone(), bound.area.time_zone.clone(), bound.start);
        AnyJudge::HoldCycle(Judged::new(cycle, bound.max_gaps(), bound.start))
    }
}
