//! What can go wrong, and when.

use crate::{Area, Device};
use serde::Serialize;
use std::{fmt, time::Duration};
use weir_domain::Timestamp;

/// Something that goes wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// When its cause begins.
    pub at: Timestamp,
    /// What it is.
    pub kind: IncidentKind,
    /// How long its cause lasts. The cabinets' incidents last as long as the cycle they spoil.
    pub duration: Duration,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "device")]
#[non_exhaustive]
pub enum IncidentKind {
    /// The hypochlorite pump stands still: what is in the contact tank is used up by what flows
    /// in, and falls below 3 mg/L within one to three hours.
    ChlorineDoseStop,
    /// The hypochlorite pump runs wild: 12 to 18 mg/L.
    ChlorineOverdose,
    /// No bisulphite: what leaves the contact tank reaches the river.
    OutfallDechlorinationFailure,
    /// An acid from a laboratory: pH about 5 at the outfall.
    PhExcursion,
    /// A storm in the sewer: twice the flow, so that the contact time is under an hour although
    /// the chlorine is right.
    StormInflow,
    /// Free chlorine falls below 0.3 mg/L within three minutes and stays there.
    PoolChlorineDip,
    /// The same, but so short (12 to 20 minutes) that it is a warning.
    PoolChlorineWarningDip,
    /// A filter breaks through: about 2 NTU.
    PoolTurbidity,
    /// The thermostat cuts out at 110 to 118 °C for the next cycle.
    CabinetWeakHeater(Device),
    /// Somebody opens the door eight minutes into the hold of the next cycle.
    CabinetDoorOpenedEarly(Device),
    /// An exposure while the door stands open.
    ExposureDoorOpen,
    /// An exposure while the warning lamp is dark.
    ExposureLampOff,
    /// A gap in the shielding, and exposure after exposure: 6 to 9 µSv/h outside the room.
    DoseRateHigh,
    /// A device answers nothing and publishes nothing.
    DeviceSilent(Device),
    /// A device answers that it measures nothing (NaN, or its sentinel).
    DeviceSensorFault(Device),
}

impl IncidentKind {
    /// The device that shows it.
    pub fn device(self) -> Device {
        match self {
            Self::ChlorineDoseStop | Self::ChlorineOverdose => Device::Trc1,
            Self::OutfallDechlorinationFailure => Device::Trc2,
            Self::PhExcursion => Device::Ph1,
            Self::StormInflow => Device::Flow1,
            Self::PoolChlorineDip | Self::PoolChlorineWarningDip => Device::Pool1,
            Self::PoolTurbidity => Device::Turb1,
            Self::ExposureDoorOpen | Self::ExposureLampOff => Device::Room1,
            Self::DoseRateHigh => Device::Dose1,
            Self::CabinetWeakHeater(device)
            | Self::CabinetDoorOpenedEarly(device)
            | Self::DeviceSilent(device)
            | Self::DeviceSensorFault(device) => device,
        }
    }

    /// The area it belongs to.
    pub fn area(self) -> Area {
        self.device().area()
    }

    /// Whether the instrument fails and the facility does not.
    pub fn is_of_the_device(self) -> bool {
        matches!(self, Self::DeviceSilent(_) | Self::DeviceSensorFault(_))
    }

    /// Its name, as in the truth log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChlorineDoseStop => "chlorine_dose_stop",
            Self::ChlorineOverdose => "chlorine_overdose",
            Self::OutfallDechlorinationFailure => "outfall_dechlorination_failure",
            Self::PhExcursion => "ph_excursion",
            Self::StormInflow => "storm_inflow",
            Self::PoolChlorineDip => "pool_chlorine_dip",
            Self::PoolChlorineWarningDip => "pool_chlorine_warning_dip",
            Self::PoolTurbidity => "pool_turbidity",
            Self::CabinetWeakHeater(_) => "cabinet_weak_heater",
            Self::CabinetDoorOpenedEarly(_) => "cabinet_door_opened_early",
            Self::ExposureDoorOpen => "exposure_door_open",
            Self::ExposureLampOff => "exposure_lamp_off",
            Self::DoseRateHigh => "dose_rate_high",
            Self::DeviceSilent(_) => "device_silent",
            Self::DeviceSensorFault(_) => "device_sensor_fault",
        }
    }
}

impl fmt::Display for IncidentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.as_str(), self.device())
    }
}

impl Incident {
    /// When its cause ends.
    pub fn until(&self) -> Timestamp {
        self.at + self.duration
    }
}
