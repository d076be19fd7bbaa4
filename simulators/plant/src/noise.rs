//! Chance without a state: every number is a hash of seed, stream and index, so that it does not
//! matter who asks, how often, or in which order.

use std::f64::consts::PI;

/// A stream of chance, numbered by whoever draws from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise(u64);

/// The odd constant and the finaliser of SplitMix64.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl Noise {
    /// The stream of a name under a seed.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let start = mix(seed.wrapping_add(GOLDEN));
        Self(
            name.bytes().fold(start, |hash, byte| mix(hash.wrapping_add(GOLDEN) ^ u64::from(byte))),
        )
    }

    /// 64 even bits.
    pub(crate) fn bits(self, index: i64) -> u64 {
        mix(self.0.wrapping_add(index.cast_unsigned().wrapping_mul(GOLDEN)))
    }

    /// An even number between two.
    pub(crate) fn between(self, index: i64, low: f64, high: f64) -> f64 {
        low + (high - low) * unit(self.bits(index) >> 11)
    }

    /// An even whole number of `low..=high`.
    pub(crate) fn whole(self, index: i64, low: i64, high: i64) -> i64 {
        let span = low.abs_diff(high) + 1;
        low + i64::try_from(self.bits(index) % span).unwrap_or(0)
    }

    /// Mean 0, deviation 1, nearly normal, and never beyond 3.5: a simulator must not invent an
    /// outlier that no script ordered.
    pub(crate) fn gauss(self, index: i64) -> f64 {
        let bits = self.bits(index);
        let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xFFFF).sum();
        (sum as f64 / 65_535.0 - 2.0) * 3.0_f64.sqrt()
    }

    /// A smooth wandering between -1 and 1 that turns about once every `period` seconds.
    pub(crate) fn wander(self, second: i64, period: i64) -> f64 {
        let (knot, within) = (second.div_euclid(period), second.rem_euclid(period));
        let (a, b) = (self.between(knot, -1.0, 1.0), self.between(knot + 1, -1.0, 1.0));
        let share = (1.0 - (PI * within as f64 / period as f64).cos()) / 2.0;
        a + (b - a) * share
    }
}

/// 53 bits as a number from 0 to just under 1.
fn unit(bits: u64) -> f64 {
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_as_promised() {
        let noise = Noise::new(7, "test");
        let n = 100_000_i64;
        let draws: Vec<f64> = (0..n).map(|i| noise.gauss(i)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let deviation = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!(mean.abs() < 0.02 && (deviation - 1.0).abs() < 0.02, "{mean} {deviation}");
        assert!(draws.iter().all(|d| d.abs() < 3.5));
        let even = (0..n).map(|i| noise.between(i, 2.0, 4.0)).sum::<f64>() / n as f64;
        assert!((even - 3.0).abs() < 0.02, "{even}");
    }

    #[test]
    fn streams_and_seeds_differ_and_repeat() {
        let of = |seed, name| (0..50).map(|i| Noise::new(seed, name).bits(i)).collect::<Vec<_>>();
        assert_eq!(of(1, "a"), of(1, "a"));
        assert_ne!(of(1, "a"), of(2, "a"));
        assert_ne!(of(1, "a"), of(1, "b"));
    }

    #[test]
    fn wandering_is_smooth_and_bounded() {
        let noise = Noise::new(3, "w");
        for second in -5_000..5_000 {
            let (a, b) = (noise.wander(second, 600), noise.wander(second + 1, 600));
            assert!(a.abs() <= 1.0 && (a - b).abs() < 0.006, "{second}: {a} {b}");
        }
    }

    #[test]
    fn whole_numbers_reach_both_ends() {
        let noise = Noise::new(3, "n");
        let draws: Vec<i64> = (0..200).map(|i| noise.whole(i, -2, 2)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&-2), Some(&2)));
    }
}
