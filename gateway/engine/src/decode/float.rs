//! Halves and singles as the decimals that were meant.

use weir_wire::widen;

/// Powers of ten that a single with so many decimals is tried with; all are exact.
const POWERS: [f64; 8] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
/// Below this, a single times 1e7 is exact in a double.
const SMALL: f64 = 16_777_216.0;

/// A single as the shortest decimal that is no other single: the same as [`widen`], which prints
/// and parses, but by arithmetic where the decimal is short, as measured values are.
pub(super) fn single(bits: u32) -> f64 {
    let single = f32::from_bits(bits);
    let exact = f64::from(single);
    if exact.abs() >= 1e-3 && exact.abs() < SMALL {
        for power in POWERS {
            let decimal = (exact * power).round() / power;
            if decimal as f32 == single {
                return decimal;
            }
        }
    }
    if exact == 0.0 { exact } else { widen(single) }
}

/// An IEEE 754 half: 1 bit of sign, 5 of exponent, 10 of fraction; as the shortest decimal, of so
/// many places, that is no other half.
pub(super) fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    let (size, step) = match exponent {
        0x1F if fraction == 0.0 => (f64::INFINITY, 0.0),
        0x1F => return f64::NAN,
        0 => (fraction * 2_f64.powi(-24), 2_f64.powi(-24)),
        _ => ((1024.0 + fraction) * 2_f64.powi(exponent - 25), 2_f64.powi(exponent - 25)),
    };
    // Below a power of two the next half is only half a step away.
    let near = if fraction == 0.0 && exponent > 1 { step / 4.0 } else { step / 2.0 };
    let decimal = |places| {
        let power = 10_f64.powi(places);
        Some((size * power).round() / power).filter(|decimal| (decimal - size).abs() < near)
    };
    let size = (0..=10).find_map(decimal).unwrap_or(size);
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_by_the_standard() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65504.0),
            (0x3555, 0.3333),
            (0x471A, 7.1),
            (0x2E66, 0.1),
            (0x5640, 100.0),
            (0x0001, 6e-8),
            (0x0400, 0.00006104),
            (0x7C00, f64::INFINITY),
            (0xFC00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:04X}");
        }
        assert!(half(0x7E00).is_nan() && half(0xFC01).is_nan());
        assert!(half(0x8000).is_sign_negative());
    }

    #[test]
    fn every_half_is_another_number_in_order() {
        let numbers: Vec<f64> = (0..0x7C00).map(half).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        // And lies where the standard has it.
        for (bits, number) in (0_u32..).zip(&numbers).skip(0x400) {
            let exact = f64::from(f32::from_bits((bits << 13) + (112 << 23)));
            assert!(
                (number - exact).abs() <= exact * 2_f64.powi(-11),
                "{bits:04X} {number} {exact}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn a_single_is_what_printing_and_parsing_makes_of_it(bits: u32) {
            let wide = widen(f32::from_bits(bits));
            prop_assert!(single(bits) == wide || wide.is_nan());
        }

        #[test]
        fn a_decimal_of_a_display_too(digits in -9_999_999..9_999_999_i32, places in 0..5_i32) {
            let shown = f64::from(digits) / 10_f64.powi(places);
            let bits = (shown as f32).to_bits();
            prop_assert_eq!(single(bits), widen(shown as f32));
            prop_assert_eq!(single(bits), shown);
        }
    }
}
