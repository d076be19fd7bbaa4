//! Whether a value may be relied on, and if not, why.
//!
//! Three grades after OPC, each with its reason, and the flag of HJ 212-2017 table 8 derived from
//! them. Only good samples count towards a verdict.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal $flag:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The reason's word in every interface.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            const fn flag(self) -> HjFlag {
                match self { $(Self::$variant => HjFlag::$flag,)* }
            }
        }
    };
}

reasons! {
    /// Why a value is uncertain: shown and stored, but no ground for a verdict.
    UncertainReason {
        /// No reason was given.
        Unspecified = 64 "unspecified" D,
        /// The instrument says that its accuracy is not assured.
        SensorNotAccurate = 80 "sensor_not_accurate" D,
        /// The value is outside the instrument's measuring range.
        EngineeringUnitsExceeded = 84 "engineering_units_exceeded" T,
        /// Fewer sources than needed stand behind the value.
        SubNormal = 88 "sub_normal" D,
        /// Set by hand, not measured.
        ManualValue = 92 "manual_value" S,
        /// The instrument's clock cannot be trusted.
        ClockUncertain = 96 "clock_uncertain" D,
        /// It has not moved for longer than this instrument ever rests: to be investigated.
        SuspectConstant = 100 "suspect_constant" D,
        /// One value far from those before and after it, or one that nothing came to confirm.
        SuspectSpike = 104 "suspect_spike" D,
        /// It changed faster than the process can.
        SuspectRate = 108 "suspect_rate" D,
        /// A person holds that somebody interfered with the instrument. Signs that a program
        /// finds are findings, and change no quality.
        SuspectTampering = 112 "suspect_tampering" D,
    }
}

reasons! {
    /// Why there is no usable value.
    BadReason {
        /// No reason was given.
        Unspecified = 0 "unspecified" D,
        /// The device is not what the configuration says (e.g. illegal address).
        ConfigurationError = 4 "configuration_error" D,
        /// The link or the broker cannot be reached.
        NotConnected = 8 "not_connected" B,
        /// The device itself reports a failure.
        DeviceFailure = 12 "device_failure" D,
        /// The sensor's value is NaN, a sentinel, or impossible.
        SensorFailure = 16 "sensor_failure" D,
        /// No answer, or an answer that fails its checks.
        CommFailure = 24 "comm_failure" B,
        /// Taken out of service, or switched off.
        OutOfService = 28 "out_of_service" F,
        /// Nothing received yet.
        WaitingForInitialData = 32 "waiting_for_initial_data" B,
        /// Nothing received for longer than the point allows.
        Stale = 36 "stale" B,
        /// Under maintenance.
        Maintenance = 40 "maintenance" M,
        /// Being calibrated.
        Calibration = 44 "calibration" C,
        /// Above or below what can physically be.
        OutOfRange = 48 "out_of_range" T,
        /// What the measurement rests on was not there, e.g. no sample flow through the probe.
        DependencyFailed = 52 "dependency_failed" D,
        /// A check against a standard failed, and none has passed since.
        CalibrationFailed = 56 "calibration_failed" D,
    }
}

/// The record flag of HJ 212-2017, table 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HjFlag {
    /// Normal.
    N,
    /// Instrument stopped.
    F,
    /// Under maintenance.
    M,
    /// Set by hand.
    S,
    /// Instrument fault.
    D,
    /// Calibration.
    C,
    /// Over the measuring range.
    T,
    /// No communication with the instrument.
    B,
}

impl HjFlag {
    /// The flag's letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::N => "N",
            Self::F => "F",
            Self::M => "M",
            Self::S => "S",
            Self::D => "D",
            Self::C => "C",
            Self::T => "T",
            Self::B => "B",
        }
    }
}

/// The quality of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// May be relied on.
    Good,
    /// A value that must not decide anything.
    Uncertain(UncertainReason),
    /// No usable value.
    Bad(BadReason),
}

/// Code of [`Quality::Good`], as in OPC DA.
const GOOD: u8 = 192;

/// A text or code that is no quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityError;

impl fmt::Display for QualityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a quality: use good, uncertain, bad, or with a reason such as bad:calibration",
        )
    }
}

impl core::error::Error for QualityError {}

impl Quality {
    /// `good`, `uncertain` or `bad`.
    pub fn grade(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Uncertain(_) => "uncertain",
            Self::Bad(_) => "bad",
        }
    }

    /// The reason's word, if the quality is not good.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Good => None,
            Self::Uncertain(reason) => Some(reason.as_str()),
            Self::Bad(reason) => Some(reason.as_str()),
        }
    }

    /// Whether the sample may count towards a verdict.
    pub fn is_good(self) -> bool {
        self == Self::Good
    }

    /// The flag that HJ 212 would carry.
    pub fn flag(self) -> HjFlag {
        match self {
            Self::Good => HjFlag::N,
            Self::Uncertain(reason) => reason.flag(),
            Self::Bad(reason) => reason.flag(),
        }
    }

    /// One byte for the store; OPC DA's numbers where it has one.
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => GOOD,
            Self::Uncertain(reason) => reason.code(),
            Self::Bad(reason) => reason.code(),
        }
    }

    /// The quality of a stored byte.
    ///
    /// # Errors
    /// A byte that no quality has.
    pub fn from_code(code: u8) -> Result<Self, QualityError> {
        if code == GOOD {
            return Ok(Self::Good);
        }
        let uncertain = UncertainReason::ALL.iter().find(|r| r.code() == code);
        let bad = BadReason::ALL.iter().find(|r| r.code() == code);
        uncertain.map(|r| Self::Uncertain(*r)).or(bad.map(|r| Self::Bad(*r))).ok_or(QualityError)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            None => f.write_str(self.grade()),
            Some(reason) => write!(f, "{}:{reason}", self.grade()),
        }
    }
}

impl FromStr for Quality {
    type Err = QualityError;

    /// Reads `good`, `uncertain`, `bad`, `bad:calibration`, …; an empty text is good.
    fn from_str(text: &str) -> Result<Self, QualityError> {
        let (grade, reason) = text.split_once(':').unwrap_or((text, "unspecified"));
        match grade {
            "" | "good" => Ok(Self::Good),
            "uncertain" => UncertainReason::ALL
                .iter()
                .find(|r| r.as_str() == reason)
                .map(|r| Self::Uncertain(*r))
                .ok_or(QualityError),
            "bad" => BadReason::ALL
                .iter()
                .find(|r| r.as_str() == reason)
                .map(|r| Self::Bad(*r))
                .ok_or(QualityError),
            _ => Err(QualityError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    fn all() -> Vec<Quality> {
        let mut all = alloc::vec![Quality::Good];
        all.extend(UncertainReason::ALL.iter().map(|r| Quality::Uncertain(*r)));
        all.extend(BadReason::ALL.iter().map(|r| Quality::Bad(*r)));
        all
    }

    #[test]
    fn every_quality_survives_its_code_and_its_text() {
        for quality in all() {
            assert_eq!(Quality::from_code(quality.code()), Ok(quality));
            assert_eq!(quality.to_string().parse(), Ok(quality));
        }
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<u8> = all().into_iter().map(Quality::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all().len());
    }

    #[test]
    fn stored_codes_never_change() {
        for (text, code) in [
            ("uncertain:clock_uncertain", 96),
            ("uncertain:suspect_constant", 100),
            ("uncertain:suspect_spike", 104),
            ("uncertain:suspect_rate", 108),
            ("uncertain:suspect_tampering", 112),
            ("bad:out_of_range", 48),
            ("bad:dependency_failed", 52),
            ("bad:calibration_failed", 56),
        ] {
            assert_eq!(text.parse().map(Quality::code), Ok(code), "{text}");
        }
    }

    #[test]
    fn empty_is_good_and_nonsense_is_refused() {
        assert_eq!("".parse(), Ok(Quality::Good));
        assert_eq!("bad:calibration".parse(), Ok(Quality::Bad(BadReason::Calibration)));
        assert_eq!("bad".parse(), Ok(Quality::Bad(BadReason::Unspecified)));
        assert_eq!("fine".parse::<Quality>(), Err(QualityError));
        assert_eq!("bad:luck".parse::<Quality>(), Err(QualityError));
    }

    #[test]
    fn flags_follow_hj_212() {
        assert_eq!(Quality::Good.flag(), HjFlag::N);
        assert_eq!(Quality::Bad(BadReason::CommFailure).flag(), HjFlag::B);
        assert_eq!(Quality::Bad(BadReason::Calibration).flag(), HjFlag::C);
        assert_eq!(Quality::Uncertain(UncertainReason::ManualValue).flag(), HjFlag::S);
    }
}
