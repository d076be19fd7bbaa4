//! Physical units. A closed list: a unit that is not here cannot be measured in.

use alloc::string::String;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! units {
    ($($(#[$doc:meta])* $variant:ident = $symbol:literal)*) => {
        /// The unit of a point.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Unit { $($(#[$doc])* $variant,)* }

        impl Unit {
            /// Every unit.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// How it is written, in profiles, packs and on the screen.
            pub fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol,)* }
            }
        }
    };
}

units! {
    /// A pure number: pH, a count, a ratio, a switch.
    One = "1"
    /// Mass concentration.
    MilligramPerLitre = "mg/L"
    /// Temperature.
    DegreeCelsius = "°C"
    /// Volume flow.
    CubicMetrePerHour = "m³/h"
    /// Volume flow.
    LitrePerHour = "L/h"
    /// Volume.
    CubicMetre = "m³"
    /// Turbidity.
    Ntu = "NTU"
    /// Potential, e.g. ORP.
    Millivolt = "mV"
    /// Ambient dose equivalent rate.
    MicrosievertPerHour = "µSv/h"
    /// Ambient dose equivalent.
    Microsievert = "µSv"
    /// Pressure.
    Kilopascal = "kPa"
    /// Electric power.
    Watt = "W"
    /// Electric energy.
    KilowattHour = "kWh"
    /// Conductivity.
    MicrosiemensPerCentimetre = "µS/cm"
    /// Length, e.g. a level.
    Metre = "m"
    /// Time.
    Second = "s"
    /// A share of a hundred.
    Percent = "%"
    /// Concentration in air.
    MilligramPerCubicMetre = "mg/m³"
    /// Electric voltage.
    Volt = "V"
    /// Electric current.
    Ampere = "A"
    /// Electric current, e.g. of a 4 to 20 mA loop.
    Milliampere = "mA"
    /// Frequency.
    Hertz = "Hz"
    /// Speed, e.g. of water in a pipe.
    MetrePerSecond = "m/s"
    /// Irradiance, e.g. of an ultraviolet lamp.
    WattPerSquareMetre = "W/m²"
    /// Mass flow, e.g. of chlorine dioxide.
    GramPerHour = "g/h"
    /// Bacteria in water: the most probable number.
    MpnPerLitre = "MPN/L"
    /// Activity concentration.
    BecquerelPerLitre = "Bq/L"
    /// Mass, e.g. of what was discharged in a day.
    Gram = "g"
    /// Time, e.g. that water stays in a tank.
    Minute = "min"
}

impl Unit {
    /// What stands behind a number for people: a blank and the symbol; nothing behind a bare number.
    pub fn suffix(self) -> impl fmt::Display {
        let (blank, symbol) = if self == Self::One { ("", "") } else { (" ", self.symbol()) };
        fmt::from_fn(move |f| write!(f, "{blank}{symbol}"))
    }
}

/// A text that is no unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitError(String);

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown unit {:?}; known are", self.0)?;
        for unit in Unit::ALL {
            write!(f, " {}", unit.symbol())?;
        }
        Ok(())
    }
}

impl core::error::Error for UnitError {}

impl FromStr for Unit {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::ALL
            .iter()
            .find(|unit| unit.symbol() == text)
            .copied()
            .ok_or_else(|| UnitError(text.into()))
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_symbol_is_read_back_and_others_are_refused_by_name() {
        for unit in Unit::ALL {
            assert_eq!(unit.symbol().parse(), Ok(*unit));
        }
        let refusal = "ppm".parse::<Unit>().unwrap_err().to_string();
        assert!(refusal.contains("ppm") && refusal.contains("mg/L"), "{refusal}");
    }
}
