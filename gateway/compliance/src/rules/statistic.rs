//! How a limit looks at the values: at each of them, or at what a window makes of all.

use super::{Bound, Number, RawInput, Reader, reader::SECONDS_MAX, value::RawNumber};
use crate::{InputSpec, Period, Window, evaluator::WindowStatistic, wording};
use core::{ops::Range, time::Duration};
use serde::Deserialize;
use toml::Spanned;
use weir_domain::{Text, Unit};

const MINUTES_OF_DAY: u64 = 24 * 60;
/// Samples are kept in order for so long.
const LATENESS_MAX_SECS: u64 = 3_600;
/// A total waits so long for late samples, unless the pack says otherwise.
const TOTAL_LATENESS_SECS: u64 = 300;
/// Days of a rolling total.
const ROLLING_DAYS: core::ops::RangeInclusive<u16> = 7..=366;

/// How a limit looks at the values.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic {
    /// Every value, once it has been outside the limits for the persistence.
    Instant {
        /// How long a violation must last in good data.
        persistence: Duration,
    },
    /// The mean over windows of local time, by time and weight.
    Mean {
        /// The windows.
        window: Window,
        /// Values count as much as this says, and not at all while it is 0 or less.
        weight: Option<InputSpec>,
        /// When a window is judged.
        settling: Settling,
    },
    /// What the values do not exceed for so many percent of a window.
    Percentile {
        /// Percent, above 0 and at most 100.
        p: f64,
        /// The windows.
        window: Window,
        /// When a window is judged.
        settling: Settling,
    },
    /// How much the value changes per minute, up or down.
    Rate {
        /// The change is taken over this time.
        over: Duration,
        /// How long a violation must last in good data.
        persistence: Duration,
    },
    /// The integral of what is above the background.
    Total {
        /// Over which time.
        span: Span,
        /// What is not counted.
        background: Option<Background>,
        /// Whether the values are per hour, or per second.
        per_hour: bool,
        /// What the total is in.
        unit: Unit,
        /// When a window is judged.
        settling: Settling,
    },
}

/// When a window is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settling {
    /// Least share of the window that must be covered by good data.
    pub coverage_min: f64,
    /// How long after the end of the window samples may still come.
    pub lateness: Duration,
}

/// The time of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One stretch of the calendar after the other.
    Per(Period),
    /// So many days, moving on by a day.
    RollingDays(u16),
}

/// What a total does not count.
#[derive(Debug, Clone, PartialEq)]
pub enum Background {
    /// A number.
    Number(Number),
    /// What another input says at the same time.
    Input(InputSpec),
}

/// The statistic as it is written: exactly one of them.
#[derive(Debug)]
pub(crate) struct RawStatistic {
    pub(crate) instant: Option<RawInstant>,
    pub(crate) mean: Option<Spanned<RawMean>>,
    pub(crate) percentile: Option<Spanned<RawPercentile>>,
    pub(crate) rate: Option<Spanned<RawRate>>,
    pub(crate) total: Option<Spanned<RawTotal>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInstant {
    persistence_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMean {
    window_mins: Option<u64>,
    per: Option<Period>,
    #[serde(default = "coverage_min")]
    coverage_min: f64,
    lateness_secs: u64,
    weight: Option<RawInput>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPercentile {
    p: f64,
    window_mins: Option<u64>,
    per: Option<Period>,
    #[serde(default = "coverage_min")]
    coverage_min: f64,
    lateness_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRate {
    over_secs: u64,
    persistence_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTotal {
    per: Option<Period>,
    rolling_days: Option<u16>,
    unit: Unit,
    background: Option<Spanned<RawBackground>>,
    #[serde(default = "per_hour")]
    per_hour: bool,
    #[serde(default = "coverage_min")]
    coverage_min: f64,
    #[serde(default = "total_lateness")]
    lateness_secs: u64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawBackground {
    Input(RawInput),
    Number(RawNumber),
}

/// Three quarters, as HJ 356 and its like ask of an hour and a day.
fn coverage_min() -> f64 {
    0.75
}

fn per_hour() -> bool {
    true
}

fn total_lateness() -> u64 {
    TOTAL_LATENESS_SECS
}

impl Statistic {
    pub(crate) fn read(
        raw: &RawStatistic,
        span: Range<usize>,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Self> {
        let RawStatistic { instant, mean, percentile, rate, total } = raw;
        match (instant, mean, percentile, rate, total) {
            (Some(instant), None, None, None, None) => {
                let persistence = persistence(instant.persistence_secs, span, reader);
                Some(Self::Instant { persistence })
            }
            (None, Some(mean), None, None, None) => {
                let (span, mean) = (mean.span(), mean.get_ref());
                Some(Self::Mean {
                    window: window(mean.window_mins, mean.per, span.clone(), reader)?,
                    weight: mean.weight.as_ref().map(RawInput::spec),
                    settling: Settling::read(mean.coverage_min, mean.lateness_secs, span, reader),
                })
            }
            (None, None, Some(raw), None, None) => {
                let (span, raw) = (raw.span(), raw.get_ref());
                let decimals = raw.p * 10.0;
                if !(0.1..=100.0).contains(&raw.p) || (decimals - decimals.round()).abs() > 1e-9 {
                    let hint = "write a percentage with at most one decimal, such as 95";
                    reader.fault(span.clone(), format!("no percentile {}", raw.p), hint);
                }
                Some(Self::Percentile {
                    p: raw.p,
                    window: window(raw.window_mins, raw.per, span.clone(), reader)?,
                    settling: Settling::read(raw.coverage_min, raw.lateness_secs, span, reader),
                })
            }
            (None, None, None, Some(rate), None) => {
                let (span, rate) = (rate.span(), rate.get_ref());
                if rate.over_secs == 0 || rate.over_secs > 3_600 {
                    reader.fault(span.clone(), "over_secs is not 1 to 3600", "");
                }
                let persistence = persistence(rate.persistence_secs, span, reader);
                Some(Self::Rate { over: Duration::from_secs(rate.over_secs), persistence })
            }
            (None, None, None, None, Some(total)) => self::total(total, reader),
            _ => {
                let hint = "give either instant or mean, percentile, rate or total";
                reader.fault(span, "not exactly one statistic", hint);
                None
            }
        }
    }

    /// Whether it says something of every value as it is measured.
    pub(crate) fn is_of_values(&self) -> bool {
        matches!(self, Self::Instant { .. } | Self::Mean { .. } | Self::Percentile { .. })
    }

    pub(crate) fn facts(&self) -> Option<&str> {
        match self {
            Self::Total { background: Some(Background::Number(number)), .. } => number.fact(),
            _ => None,
        }
    }

    /// What a window makes of the values, and what that is called; none of single values.
    pub(crate) fn of_window(&self) -> Option<(WindowStatistic, Text)> {
        let name = |zh: &str, en: &str| Text { zh: zh.into(), en: en.into() };
        Some(match self {
            Self::Instant { .. } | Self::Rate { .. } => return None,
            Self::Mean { weight: None, .. } => (WindowStatistic::Mean, name("均值", "mean")),
            Self::Mean { weight: Some(weight), .. } => {
                let by = &weight.parameter;
                let (zh, en) = (format!("按 {by} 加权均值"), format!("mean weighted by {by}"));
                (WindowStatistic::WeightedMean, Text { zh, en })
            }
            Self::Percentile { p, .. } => {
                let (zh, en) = (format!("第 {p} 百分位数"), format!("percentile {p}"));
                (WindowStatistic::Percentile(*p), Text { zh, en })
            }
            Self::Total { span, background, per_hour, .. } => {
                let (of_zh, of_en) = match span {
                    Span::Per(_) => (String::new(), String::new()),
                    Span::RollingDays(days) => {
                        (format!("近 {days} 天"), format!(" of {days} days"))
                    }
                };
                let (less_zh, less_en) = match background {
                    Some(_) => ("（已扣除本底）", " above background"),
                    None => ("", ""),
                };
                let (per_hour, background) = (*per_hour, background.is_some());
                let name = Text {
                    zh: format!("{of_zh}累计{less_zh}"),
                    en: format!("total{of_en}{less_en}"),
                };
                (WindowStatistic::Total { per_hour, background }, name)
            }
        })
    }

    /// Beside the limit, in words.
    pub(crate) fn words(&self) -> Option<Text> {
        let text = |zh: String, en: String| Some(Text { zh, en });
        match self {
            Self::Instant { .. } | Self::Mean { weight: None, .. } => None,
            Self::Mean { .. } | Self::Percentile { .. } | Self::Total { .. } => {
                self.of_window().map(|(_, name)| name)
            }
            Self::Rate { over, .. } => {
                let over = wording::duration(*over);
                text(
                    format!("每分钟变化（按 {over} 计）"),
                    format!("change per minute over {over}"),
                )
            }
        }
    }
}

impl Background {
    pub(crate) fn of(&self, bound: &Bound<'_>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.of(bound)),
            Self::Input(_) => None,
        }
    }
}

impl Settling {
    pub(crate) fn read(
        coverage_min: f64,
        lateness_secs: u64,
        span: Range<usize>,
        reader: &mut Reader<'_, '_>,
    ) -> Self {
        if !(coverage_min > 0.0 && coverage_min <= 1.0) {
            reader.fault(span.clone(), "coverage_min is not above 0 and at most 1", "");
        }
        if lateness_secs > LATENESS_MAX_SECS {
            reader.fault(span, "lateness is longer than an hour", "");
        }
        Self { coverage_min, lateness: Duration::from_secs(lateness_secs) }
    }
}

pub(crate) fn persistence(
    seconds: u64,
    span: Range<usize>,
    reader: &mut Reader<'_, '_>,
) -> Duration {
    if seconds > SECONDS_MAX {
        reader.fault(span, "persistence is longer than a day", "");
    }
    Duration::from_secs(seconds)
}

fn window(
    minutes: Option<u64>,
    per: Option<Period>,
    span: Range<usize>,
    reader: &mut Reader<'_, '_>,
) -> Option<Window> {
    match (minutes, per) {
        (Some(minutes), None) => {
            if minutes == 0 || !MINUTES_OF_DAY.is_multiple_of(minutes) {
                let hint = "a window is a day or a part of it that fits in a whole number of times";
                reader.fault(span, format!("no window of {minutes} min"), hint);
            }
            Some(Window::Length(Duration::from_secs(minutes.saturating_mul(60))))
        }
        (None, Some(per)) => Some(Window::Per(per)),
        _ => {
            reader.fault(span, "not exactly one of window_mins and per", "give one of them");
            None
        }
    }
}

fn total(raw: &Spanned<RawTotal>, reader: &mut Reader<'_, '_>) -> Option<Statistic> {
    let (place, raw) = (raw.span(), raw.get_ref());
    let span = match (raw.per, raw.rolling_days) {
        (Some(per), None) => Span::Per(per),
        (None, Some(days)) => {
            if !ROLLING_DAYS.contains(&days) {
                reader.fault(place.clone(), "rolling_days is not 7 to 366", "");
            }
            Span::RollingDays(days.max(1))
        }
        _ => {
            reader.fault(place, "not exactly one of per and rolling_days", "give one of them");
            return None;
        }
    };
    let background = raw.background.as_ref().and_then(|raw| match raw.get_ref() {
        RawBackground::Input(input) => Some(Background::Input(input.spec())),
        RawBackground::Number(number) => {
            Number::read(number, raw.span(), reader).map(Background::Number)
        }
    });
    let settling = Settling::read(raw.coverage_min, raw.lateness_secs, place, reader);
    let (per_hour, unit) = (raw.per_hour, raw.unit);
    Some(Statistic::Total { span, background, per_hour, unit, settling })
}
