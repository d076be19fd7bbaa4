//! What can be read: areas, devices and their signals, by the names of the demonstration site.

use serde::Serialize;
use std::fmt;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The id, as the site's configuration has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of that id.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// A part of the site.
    Area {
        /// The hospital's effluent works.
        Effluent = "effluent",
        /// The swimming pool.
        Pool = "pool",
        /// The hotel's disinfection room.
        Lodging = "lodging",
        /// The CT room.
        Radiology = "radiology",
    }
}

names! {
    /// An instrument of the site.
    Device {
        /// Residual chlorine at the contact tank's outlet.
        Trc1 = "trc-1",
        /// Residual chlorine at the final outfall.
        Trc2 = "trc-2",
        /// pH at the final outfall.
        Ph1 = "ph-1",
        /// Flow at the final outfall.
        Flow1 = "flow-1",
        /// Chemical oxygen demand at the final outfall, one value an hour.
        Cod1 = "cod-1",
        /// The pool's controller.
        Pool1 = "pool-1",
        /// The pool's turbidity meter.
        Turb1 = "turb-1",
        /// A disinfection cabinet used around noon.
        Cabinet1 = "cabinet-1",
        /// A disinfection cabinet used around the clock.
        Cabinet2 = "cabinet-2",
        /// Door, lamp and exposure of the CT room.
        Room1 = "room-1",
        /// Dose rate outside the CT room.
        Dose1 = "dose-1",
    }
}

macro_rules! signals {
    ($($(#[$doc:meta])* $variant:ident = $device:ident $point:literal,)*) => {
        /// One value that a device shows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Signal { $($(#[$doc])* $variant,)* }

        impl Signal {
            /// Every signal, in the order of the devices.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Whose signal it is.
            pub fn device(self) -> Device {
                match self { $(Self::$variant => Device::$device,)* }
            }

            /// The point's name within its device.
            pub fn point(self) -> &'static str {
                match self { $(Self::$variant => $point,)* }
            }
        }
    };
}

signals! {
    /// mg/L.
    Trc1Chlorine = Trc1 "total_residual_chlorine",
    /// °C.
    Trc1Temperature = Trc1 "temperature",
    /// mg/L.
    Trc2Chlorine = Trc2 "total_residual_chlorine",
    /// °C.
    Trc2Temperature = Trc2 "temperature",
    /// pH.
    Ph1Ph = Ph1 "ph",
    /// °C.
    Ph1Temperature = Ph1 "temperature",
    /// m³/h.
    Flow1Flow = Flow1 "flow",
    /// m³.
    Flow1Total = Flow1 "volume_total",
    /// mg/L.
    Cod1Cod = Cod1 "cod",
    /// mg/L.
    Pool1FreeChlorine = Pool1 "free_chlorine",
    /// mg/L.
    Pool1CombinedChlorine = Pool1 "combined_chlorine",
    /// pH.
    Pool1Ph = Pool1 "ph",
    /// mV.
    Pool1Orp = Pool1 "orp",
    /// °C.
    Pool1Temperature = Pool1 "temperature",
    /// NTU.
    Turb1Turbidity = Turb1 "turbidity",
    /// °C.
    Cabinet1Temperature = Cabinet1 "chamber_temperature",
    /// Switch.
    Cabinet1Door = Cabinet1 "door_open",
    /// W.
    Cabinet1Power = Cabinet1 "heater_power",
    /// °C.
    Cabinet2Temperature = Cabinet2 "chamber_temperature",
    /// Switch.
    Cabinet2Door = Cabinet2 "door_open",
    /// W.
    Cabinet2Power = Cabinet2 "heater_power",
    /// Switch.
    Room1Door = Room1 "door_open",
    /// Switch.
    Room1Lamp = Room1 "lamp_on",
    /// Switch.
    Room1Exposure = Room1 "exposure",
    /// µSv/h.
    Dose1Rate = Dose1 "dose_rate",
}

impl Device {
    /// The part of the site it belongs to.
    pub fn area(self) -> Area {
        match self {
            Self::Trc1 | Self::Trc2 | Self::Ph1 | Self::Flow1 | Self::Cod1 => Area::Effluent,
            Self::Pool1 | Self::Turb1 => Area::Pool,
            Self::Cabinet1 | Self::Cabinet2 => Area::Lodging,
            Self::Room1 | Self::Dose1 => Area::Radiology,
        }
    }

    /// What it shows.
    pub fn signals(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.iter().copied().filter(move |signal| signal.device() == self)
    }
}

impl Signal {
    /// The signal of a device and point.
    pub fn find(device: Device, point: &str) -> Option<Self> {
        device.signals().find(|signal| signal.point() == point)
    }
}

/// What a signal is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Measured {
    /// A number in the signal's unit.
    Number(f64),
    /// A switch.
    Switch(bool),
}

impl Measured {
    /// As a number; a switch is 0 or 1.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Switch(on) => f64::from(u8::from(on)),
        }
    }

    /// Whether a switch is on (a number: whether it is not 0).
    pub fn is_on(self) -> bool {
        self.as_f64() != 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_and_unique() {
        for signal in Signal::ALL {
            assert_eq!(Signal::find(signal.device(), signal.point()), Some(*signal));
        }
        for device in Device::ALL {
            assert_eq!(Device::from_id(device.as_str()), Some(*device));
            assert!(device.signals().count() > 0, "{device}");
        }
        assert_eq!(Signal::find(Device::Trc1, "ph"), None);
        assert_eq!(Device::from_id("trc-9"), None);
    }
}
