//! Numbers that travelled as an IEEE 754 single.

use alloc::format;

/// The double with the shortest decimal that the single stands for.
///
/// An instrument that means 0.3 mg/L sends the single nearest to 0.3. Widened bit by bit that is
/// 0.300000011920929, and above a limit of 0.3: an innocent would be fined. The shortest decimal
/// that names the same single is what the instrument meant, within half of its last place.
///
/// ```
/// assert_eq!(weir_wire::widen(0.3_f32), 0.3_f64);
/// assert!(f64::from(0.3_f32) > 0.3);
/// ```
pub fn widen(single: f32) -> f64 {
    match format!("{single:e}").parse() {
        Ok(double) if single.is_finite() => double,
        _ => f64::from(single),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_meant_comes_out() {
        for text in ["0.3", "7.1", "-273.15", "0.01", "1.0e-38", "3.4e38", "16777216", "0"] {
            let (single, double): (f32, f64) = (text.parse().unwrap(), text.parse().unwrap());
            assert_eq!(widen(single), double, "{text}");
        }
        assert!(widen(f32::NAN).is_nan());
        assert_eq!(widen(f32::NEG_INFINITY), f64::NEG_INFINITY);
        assert!(widen(-0.0).is_sign_negative());
    }

    proptest! {
        #[test]
        fn the_single_is_not_changed(bits in any::<u32>()) {
            let single = f32::from_bits(bits);
            prop_assume!(!single.is_nan());
            prop_assert_eq!((widen(single) as f32).to_bits(), bits);
        }
    }
}
