//! What packs may reckon with besides arithmetic: saturated steam and the acid of chlorine.

/// Where IAPWS-IF97 region 4 ends, in kPa: the triple point and the critical point.
const SATURATION: core::ops::RangeInclusive<f64> = 0.611_213..=22_064.0;

/// The temperature in °C at which steam of a pressure in kPa (absolute) is saturated, by the
/// backward equation of IAPWS-IF97 region 4; none outside its range.
pub(crate) fn t_sat(kilopascals: f64) -> Option<f64> {
    if !SATURATION.contains(&kilopascals) {
        return None;
    }
    let beta = (kilopascals / 1_000.0).powf(0.25);
    let quadratic = |a: f64, b: f64, c: f64| (a * beta + b) * beta + c;
    let e = quadratic(1.0, -17.073_846_940_092, 14.915_108_613_53);
    let f = quadratic(1_167.052_145_276_7, 12_020.824_702_47, -4_823.265_736_159_1);
    let g = quadratic(-724_213.167_032_06, -3_232_555.032_233_3, 405_113.405_420_57);
    let d = 2.0 * g / (-f - (f * f - 4.0 * e * g).sqrt());
    let (n9, n10) = (-0.238_555_575_678_49, 650.175_348_447_98);
    let sum: f64 = n10 + d;
    Some((sum - (sum * sum - 4.0 * (n9 + n10 * d)).sqrt()) / 2.0 - 273.15)
}

/// Hypochlorous acid, in the unit of the free chlorine: the part of it that is not dissociated at
/// this pH and temperature. pKa = 3000/T - 10.0686 + 0.0253 T, with T in kelvin (Morris 1966);
/// water is between 0 and 100 °C, and no pH is outside 0 to 14.
pub(super) fn hocl(free: f64, ph: f64, celsius: f64) -> f64 {
    if !(0.0..=100.0).contains(&celsius) || !(0.0..=14.0).contains(&ph) {
        return f64::NAN;
    }
    let kelvin = celsius + 273.15;
    let pka = 3_000.0 / kelvin - 10.0686 + 0.0253 * kelvin;
    free / (1.0 + 10.0_f64.powf(ph - pka))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturation_by_the_tables() {
        // The check values of IAPWS-IF97, table 36.
        for (kilopascals, kelvin) in [(100.0, 372.755_919), (1e3, 453.035_632), (1e4, 584.149_488)]
        {
            assert!(
                (t_sat(kilopascals).unwrap() + 273.15 - kelvin).abs() < 1e-5,
                "{}",
                t_sat(kilopascals).unwrap()
            );
        }
        assert!((t_sat(101.325).unwrap() - 99.97).abs() < 0.01);
        // Gauge pressures of a sterilizer.
        for (celsius, gauge) in [
            (121.0, 103.7),
            (124.0, 123.8),
            (132.0, 185.5),
            (134.0, 202.9),
            (135.0, 211.9),
            (137.0, 230.5),
        ] {
            assert!(
                (t_sat(gauge + 101.325).unwrap() - celsius).abs() < 0.05,
                "{}",
                t_sat(gauge + 101.325).unwrap()
            );
        }
        for outside in [-5.0, 0.0, 0.6, 22_065.0, f64::NAN] {
            assert!(t_sat(outside).is_none());
        }
    }

    #[test]
    fn the_share_of_hypochlorous_acid_at_27_degrees() {
        for (ph, share) in [(7.0, 0.77), (7.2, 0.68), (7.4, 0.57), (7.6, 0.45), (7.8, 0.34)] {
            assert!((hocl(1.0, ph, 27.0) - share).abs() < 0.005, "{}", hocl(1.0, ph, 27.0));
        }
        assert!((hocl(0.3, 7.8, 27.0) - 0.10).abs() < 0.005);
        assert!(hocl(1.0, 7.0, -1.0).is_nan() && hocl(1.0, 15.0, 20.0).is_nan());
    }
}
