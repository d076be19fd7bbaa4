//! A robust straight line through the recent past, and how likely it is to cross a limit.
//!
//! The slope is the median of the slopes between every two points (Theil and Sen), so that a third
//! of them may be wrong; the scatter is the median absolute residual. Neighbouring residuals that go
//! together count as fewer points than they are. The further the line is drawn on, the less it is
//! believed: no process goes straight for ever.

use serde::{Deserialize, Serialize};
use weir_domain::Text;

/// How near and how sure a violation to come is. The further down, the nearer and the surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningLevel {
    /// Likely within the horizon.
    Blue,
    /// Likely within half of the horizon.
    Yellow,
    /// Within a quarter of it, and at least 90 % likely.
    Orange,
    /// Within an eighth of it, and at least 95 % likely.
    Red,
}

impl WarningLevel {
    /// The level of a crossing that is likely enough to be told.
    pub(crate) fn of(crossing: &Crossing, horizon: f64) -> Self {
        let share = crossing.after.map_or(1.0, |after| after / horizon);
        match crossing.probability {
            p if share <= 0.125 && p >= 0.95 => Self::Red,
            p if share <= 0.25 && p >= 0.9 => Self::Orange,
            _ if share <= 0.5 => Self::Yellow,
            _ => Self::Blue,
        }
    }

    /// The level's word in every interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// The level in both languages.
    pub fn text(self) -> Text {
        let zh = match self {
            Self::Blue => "蓝色预警",
            Self::Yellow => "黄色预警",
            Self::Orange => "橙色预警",
            Self::Red => "红色预警",
        };
        Text { zh: zh.into(), en: format!("{} warning", self.as_str()) }
    }
}

/// Points of a line; every two of them are compared.
pub(crate) const POINTS_MAX: usize = 48;
/// Fewer points make no line.
pub(crate) const POINTS_MIN: usize = 8;
/// Median absolute deviation to standard deviation, of normal scatter.
const NORMAL: f64 = 1.482_6;
/// A process bends: the change to come is uncertain by this share of itself.
const BEND: f64 = 0.25;
/// Residuals never count as going together more than this.
const KINSHIP_MAX: f64 = 0.9;

/// A straight line and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// Change a second.
    pub(crate) slope: f64,
    /// Where it is at the last point.
    pub(crate) level: f64,
    /// Standard deviation of the scatter around it.
    pub(crate) scatter: f64,
    /// Points that are worth one each.
    worth: f64,
    slope_error: f64,
    /// From the middle of the points to the last one, s.
    lever: f64,
}

/// When and how likely a limit is crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crossing {
    /// Likelihood that the level is beyond the limit at the horizon, 0 to 1.
    pub(crate) probability: f64,
    /// Until the line crosses it, s; none if it leads away from it.
    pub(crate) after: Option<f64>,
}

impl Line {
    /// The line through points of time (s, rising) and value; none through too few.
    pub(crate) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let points = &points[points.len().saturating_sub(POINTS_MAX)..];
        if points.len() < POINTS_MIN {
            return None;
        }
        let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
        for (nth, (t, value)) in points.iter().enumerate() {
            let later = points[nth + 1..].iter().filter(|(later, _)| later > t);
            slopes.extend(later.map(|(later, then)| (then - value) / (later - t)));
        }
        let slope = median(&mut slopes)?;
        let last = points.last()?.0;
        let mut levels: Vec<f64> =
            points.iter().map(|(t, value)| value + slope * (last - t)).collect();
        let level = median(&mut levels)?;
        let residuals: Vec<f64> =
            points.iter().map(|(t, value)| value + slope * (last - t) - level).collect();
        let mut sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
        let scatter = NORMAL * median(&mut sizes)?;
        let n = points.len() as f64;
        let kinship = kinship(&residuals);
        let worth = (n * (1.0 - kinship) / (1.0 + kinship)).max(3.0);
        let middle = points.iter().map(|(t, _)| t).sum::<f64>() / n;
        let spread = (points.iter().map(|(t, _)| (t - middle).powi(2)).sum::<f64>() / n).sqrt();
        let slope_error = scatter / (worth.sqrt() * spread.max(f64::MIN_POSITIVE));
        Some(Self { slope, level, scatter, worth, slope_error, lever: last - middle })
    }

    /// How likely a level above `high`, or below `low`, is in `horizon` seconds; the likelier one.
    pub(crate) fn crossing(
        &self,
        low: Option<f64>,
        high: Option<f64>,
        horizon: f64,
    ) -> Option<Crossing> {
        let above = high.map(|high| self.beyond(high, 1.0, horizon));
        let below = low.map(|low| self.beyond(low, -1.0, horizon));
        let likelier = |a: &Crossing, b: &Crossing| a.probability.total_cmp(&b.probability);
        above.into_iter().chain(below).max_by(likelier)
    }

    fn beyond(&self, limit: f64, outward: f64, horizon: f64) -> Crossing {
        let change = self.slope * horizon;
        let turn = self.slope_error * (horizon + self.lever);
        let error =
            (self.scatter.powi(2) / self.worth + turn.powi(2) + (BEND * change).powi(2)).sqrt();
        let excess = (self.level + change - limit) * outward;
        let probability =
            if error > 0.0 { normal(excess / error) } else { f64::from(excess > 0.0) };
        let away = (limit - self.level) * outward;
        let speed = self.slope * outward;
        let after = (speed > 0.0).then(|| (away / speed).max(0.0));
        Crossing { probability, after }
    }
}

/// How much neighbouring residuals go together, 0 to [`KINSHIP_MAX`].
fn kinship(residuals: &[f64]) -> f64 {
    let all: f64 = residuals.iter().map(|r| r * r).sum();
    let pairs: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    if all > 0.0 { (pairs / all).clamp(0.0, KINSHIP_MAX) } else { 0.0 }
}

fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}

/// The normal distribution, to four digits (Abramowitz and Stegun 26.2.17).
fn normal(z: f64) -> f64 {
    const B: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    let tail = (-z * z / 2.0).exp() / (2.0 * core::f64::consts::PI).sqrt() * sum;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scatter that looks like chance, between -1 and 1.
    fn scatter(n: usize) -> f64 {
        let mixed = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 40) as f64 / 8_388_608.0 - 1.0
    }

    fn points(value: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
        (0..48).map(|n| (n as f64 * 60.0, value(n as f64 * 60.0, scatter(n)))).collect()
    }

    #[test]
    fn a_third_of_wild_points_does_not_turn_the_line() {
        let clean = points(|t, noise| 0.6 - 0.0001 * t + 0.005 * noise);
        let mut wild = clean.clone();
        wild.iter_mut().step_by(4).for_each(|(_, value)| *value = 9.0);
        let (clean, wild) = (Line::through(&clean).unwrap(), Line::through(&wild).unwrap());
        assert!((clean.slope + 0.0001).abs() < 5e-6, "{clean:?}");
        assert!((wild.slope + 0.0001).abs() < 3e-5, "{wild:?}");
        assert!((clean.level - (0.6 - 0.0001 * 47.0 * 60.0)).abs() < 0.01);
    }

    #[test]
    fn a_falling_value_crosses_and_a_still_one_does_not() {
        let falling = Line::through(&points(|t, noise| 0.6 - 0.0001 * t + 0.005 * noise)).unwrap();
        let crossing = falling.crossing(Some(0.3), Some(1.0), 1_800.0).unwrap();
        assert!(crossing.probability > 0.99, "{crossing:?}");
        assert!((crossing.after.unwrap() - 180.0).abs() < 60.0, "{crossing:?}");
        let still = Line::through(&points(|_, noise| 0.6 + 0.02 * noise)).unwrap();
        let crossing = still.crossing(Some(0.3), Some(1.0), 1_800.0).unwrap();
        assert!(crossing.probability < 0.001, "{crossing:?}");
        let slow = Line::through(&points(|t, noise| 0.6 - 0.00005 * t + 0.005 * noise)).unwrap();
        let crossing = slow.crossing(Some(0.3), None, 1_200.0).unwrap();
        assert!(crossing.probability < 0.05, "{crossing:?}");
    }

    #[test]
    fn few_points_make_no_line_and_the_normal_distribution_is_one() {
        assert_eq!(Line::through(&[(0.0, 1.0); 3]), None);
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_345), (-1.959_964, 0.025), (4.0, 0.999_968)] {
            assert!((normal(z) - p).abs() < 1e-5, "{z}");
        }
    }
}
