//! Numbers as decimals. What instruments say has few digits, and the decoder keeps decimals
//! decimals: 7.25 is 725 with two places, in two bytes rather than eight. A number is taken for a
//! decimal only if exactly the same bits come back.

/// Most decimal places.
pub(crate) const PLACES_MAX: u8 = 9;

/// Of ten.
const POWERS: [f64; PLACES_MAX as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Whole numbers below this are floats exactly.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// `digits` divided by ten to the power of `places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) digits: i64,
    pub(crate) places: u8,
}

impl Decimal {
    /// The number with as few places as will do, if it is a decimal. `usual` places are tried
    /// before others.
    pub(crate) fn of(number: f64, usual: u8) -> Option<Self> {
        let others = || (1..=PLACES_MAX).find_map(|places| Self::with_places(number, places));
        Self::with_places(number, 0).or_else(|| Self::with_places(number, usual)).or_else(others)
    }

    /// The number with so many places, if it has no more.
    pub(crate) fn with_places(number: f64, places: u8) -> Option<Self> {
        let scaled = number * POWERS.get(usize::from(places))?;
        // Also false for what is no number.
        let is_small = scaled.abs() < WHOLE_MAX;
        let digits = (scaled + 0.5_f64.copysign(scaled)) as i64;
        let decimal = Self { digits, places };
        (is_small && decimal.number().to_bits() == number.to_bits()).then_some(decimal)
    }

    /// The number.
    pub(crate) fn number(self) -> f64 {
        self.digits as f64 / POWERS.get(usize::from(self.places)).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::any_value;
    use proptest::prelude::*;

    #[test]
    fn few_digits_are_kept_as_few_digits() {
        let cases = [
            (0.0, 0, 0),
            (-3.0, -3, 0),
            (7.25, 725, 2),
            (0.3, 3, 1),
            (1e-9, 1, 9),
            (65535.0, 65535, 0),
        ];
        for (number, digits, places) in cases {
            assert_eq!(Decimal::of(number, 0), Some(Decimal { digits, places }), "{number}");
        }
        assert_eq!(Decimal::with_places(7.0, 2), Some(Decimal { digits: 700, places: 2 }));
        for number in
            [-0.0, 0.1 + 0.2, core::f64::consts::PI, 1e300, 5e-324, f64::NAN, f64::INFINITY]
        {
            assert_eq!(Decimal::of(number, 3), None, "{number}");
        }
    }

    proptest! {
        #[test]
        fn no_bit_is_lost(value in any_value(), usual in 0..=PLACES_MAX) {
            if let Some(decimal) = Decimal::of(value.get(), usual) {
                prop_assert_eq!(decimal.number().to_bits(), value.get().to_bits());
            }
        }

        #[test]
        fn every_decimal_is_seen(digits in -10_000_000_i64..10_000_000, places in 0..=6_u8) {
            let number = Decimal { digits, places }.number();
            let found = Decimal::of(number, 0).map(|d| d.places);
            prop_assert!(found.is_some_and(|found| found <= places), "{number}: {found:?}");
        }
    }
}
