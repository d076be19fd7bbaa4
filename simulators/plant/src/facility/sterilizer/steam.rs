//! Saturated steam.

/// Standard atmosphere, kPa.
pub(super) const ATMOSPHERE: f64 = 101.325;

/// Pressure of saturated steam, kPa absolute, by the equation of Wagner and Pruß (IAPWS 1992).
pub(super) fn pressure(celsius: f64) -> f64 {
    const CRITICAL_K: f64 = 647.096;
    const CRITICAL_KPA: f64 = 22_064.0;
    let kelvin = celsius + 273.15;
    let x = 1.0 - kelvin / CRITICAL_K;
    let half = x.sqrt();
    let x3 = x * x * x;
    let sum = -7.859_517_83 * x + 1.844_082_59 * x * half - 11.786_649_7 * x3
        + 22.680_741_1 * x3 * half
        - 15.961_871_9 * x3 * x
        + 1.801_225_02 * x3 * x3 * x * half;
    CRITICAL_KPA * (CRITICAL_K / kelvin * sum).exp()
}

/// Temperature at which steam of a pressure (kPa absolute) condenses, to a kelvin; by Antoine.
pub(super) fn rough_celsius(kpa: f64) -> f64 {
    1_810.94 / (8.140_19 - (kpa.max(1.0) * 7.500_62).log10()) - 244.485
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steam_tables_say_the_same() {
        // Gauge pressures of standard tables.
        for (celsius, gauge) in
            [(121.0, 103.7), (124.0, 123.8), (132.0, 185.5), (134.0, 202.9), (137.0, 230.5)]
        {
            let kpa = pressure(celsius);
            assert!((kpa - ATMOSPHERE - gauge).abs() < 0.2, "{celsius} °C: {kpa}");
            assert!((rough_celsius(kpa) - celsius).abs() < 1.0);
        }
        assert!((pressure(100.0) - 101.4).abs() < 0.1);
    }
}
