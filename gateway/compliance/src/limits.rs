//! A closed interval of allowed values: the limits themselves are allowed.

use core::cmp::Ordering;
use weir_domain::{Text, Unit};

/// Fewest and most decimals of a number in an explanation.
const DECIMALS: core::ops::RangeInclusive<usize> = 2..=12;

/// Least and greatest allowed value; a missing one allows everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

impl Limits {
    /// `Less` below, `Greater` above, `Equal` within.
    pub(crate) fn side(&self, value: f64) -> Ordering {
        if self.low.is_some_and(|low| value < low) {
            Ordering::Less
        } else if self.high.is_some_and(|high| value > high) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    pub(crate) fn holds(&self, value: f64) -> bool {
        self.side(value) == Ordering::Equal
    }

    /// Whether the value is so far inside that an alarm may return to normal.
    pub(crate) fn holds_by(&self, value: f64, deadband: f64) -> bool {
        self.low.is_none_or(|low| value >= low + deadband)
            && self.high.is_none_or(|high| value <= high - deadband)
    }

    /// How far outside the value is; negative inside.
    fn excess(&self, value: f64) -> f64 {
        let below = self.low.map_or(f64::NEG_INFINITY, |low| low - value);
        let above = self.high.map_or(f64::NEG_INFINITY, |high| value - high);
        below.max(above)
    }

    /// The worse of what was seen so far and a new value.
    pub(crate) fn worse(&self, so_far: Option<f64>, value: f64) -> Option<f64> {
        match so_far {
            Some(worst) if self.excess(worst) >= self.excess(value) => Some(worst),
            _ => Some(value),
        }
    }

    /// The interval without a unit: `[3, 10]`, `≤ 0.5`, `≥ 650`.
    pub(crate) fn interval(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("[{low}, {high}]"),
            (None, Some(high)) => format!("≤ {high}"),
            (Some(low), None) => format!("≥ {low}"),
            (None, None) => String::new(),
        }
    }

    /// The interval with its unit, to be read by people.
    pub(crate) fn text(&self, unit: Unit) -> Text {
        let unit = unit.suffix();
        match (self.low, self.high) {
            (Some(low), Some(high)) => {
                Text { zh: format!("{low}～{high}{unit}"), en: format!("{low} to {high}{unit}") }
            }
            _ => Text {
                zh: format!("{}{unit}", self.interval()),
                en: format!("{}{unit}", self.interval()),
            },
        }
    }

    /// The value with its unit, with as many decimals as show on which side of the limits it is.
    pub(crate) fn number(&self, value: f64, unit: Unit) -> String {
        let side = self.side(value);
        let shown = DECIMALS
            .map(|decimals| format!("{value:.decimals$}"))
            .find(|text| text.parse().is_ok_and(|shown| self.side(shown) == side));
        format!("{}{}", shown.unwrap_or_else(|| value.to_string()), unit.suffix())
    }

    /// `低于 3 mg/L`, `above 10 mg/L`, `within 3 to 10 mg/L`.
    pub(crate) fn finding(&self, value: f64, unit: Unit) -> Text {
        let unit_suffix = unit.suffix();
        match (self.side(value), self.low, self.high) {
            (Ordering::Less, Some(low), _) => Text {
                zh: format!("低于 {low}{unit_suffix}"),
                en: format!("below {low}{unit_suffix}"),
            },
            (Ordering::Greater, _, Some(high)) => Text {
                zh: format!("高于 {high}{unit_suffix}"),
                en: format!("above {high}{unit_suffix}"),
            },
            _ => {
                let limits = self.text(unit);
                Text { zh: format!("符合 {}", limits.zh), en: format!("within {}", limits.en) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: Limits = Limits { low: Some(0.3), high: Some(1.0) };

    #[test]
    fn the_limits_themselves_are_allowed() {
        for (value, side) in [
            (0.3, Ordering::Equal),
            (1.0, Ordering::Equal),
            (0.299_999_999, Ordering::Less),
            (0.29, Ordering::Less),
            (1.01, Ordering::Greater),
        ] {
            assert_eq!(POOL.side(value), side, "{value}");
        }
    }

    #[test]
    fn a_number_is_shown_on_its_side_of_the_limit() {
        for (value, shown) in [
            (0.3, "0.30 mg/L"),
            (0.29, "0.29 mg/L"),
            (0.299_9, "0.2999 mg/L"),
            (1.000_01, "1.00001 mg/L"),
        ] {
            assert_eq!(POOL.number(value, Unit::MilligramPerLitre), shown);
        }
    }

    #[test]
    fn the_worst_value_is_the_one_nearest_to_or_farthest_beyond_a_limit() {
        let worst = |values: &[f64]| values.iter().fold(None, |worst, v| POOL.worse(worst, *v));
        assert_eq!(worst(&[0.5, 0.9, 0.6]), Some(0.9));
        assert_eq!(worst(&[0.5, 0.31, 0.6]), Some(0.31));
        assert_eq!(worst(&[1.3, 0.1, 0.6]), Some(1.3));
        assert_eq!(worst(&[1.1, 0.1, 0.6]), Some(0.1));
    }

    #[test]
    fn intervals_are_written_as_in_verdicts() {
        assert_eq!(POOL.interval(), "[0.3, 1]");
        assert_eq!(Limits { low: None, high: Some(0.5) }.interval(), "≤ 0.5");
        let orp = Limits { low: Some(650.0), high: None };
        assert_eq!(orp.text(Unit::Millivolt).zh, "≥ 650 mV");
        assert_eq!(orp.finding(600.0, Unit::Millivolt).en, "below 650 mV");
        assert_eq!(POOL.finding(0.5, Unit::MilligramPerLitre).zh, "符合 0.3～1 mg/L");
    }
}
