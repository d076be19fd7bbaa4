//! The description of one facility, drawn from a seed.

use super::{
    Series, Signal, effluent, lodging, panel::Built, pool, radiotherapy, sterilizer, xray,
};
use std::fmt;

/// What kind of facility it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A hospital's effluent works with chlorination.
    Effluent,
    /// An indoor swimming pool.
    Pool,
    /// A hotel with its disinfection room.
    Lodging,
    /// A diagnostic X-ray room.
    Xray,
    /// A radiotherapy room.
    Radiotherapy,
    /// A steam sterilizer of class B.
    Sterilizer,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Effluent,
        Self::Pool,
        Self::Lodging,
        Self::Xray,
        Self::Radiotherapy,
        Self::Sterilizer,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Effluent => "effluent",
            Self::Pool => "pool",
            Self::Lodging => "lodging",
            Self::Xray => "xray",
            Self::Radiotherapy => "radiotherapy",
            Self::Sterilizer => "sterilizer",
        }
    }

    pub(crate) fn build(self, seed: u64) -> Built {
        match self {
            Self::Effluent => effluent::build(seed),
            Self::Pool => pool::build(seed),
            Self::Xray => xray::build(seed),
            Self::Radiotherapy => radiotherapy::build(seed),
            Self::Sterilizer => sterilizer::build(seed),
            Self::Lodging => lodging::build(seed),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of a facility before anything is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// What kind of facility it is.
    pub kind: Kind,
    /// What it was drawn from.
    pub seed: u64,
    /// Its class within the kind, e.g. `general_direct`.
    pub class: &'static str,
    /// Named numbers, e.g. `beds`, `contact_tank_m3`.
    pub facts: Vec<(&'static str, f64)>,
    /// When it is open, as in `mon-sun 06:00-22:00`; `None` is always.
    pub opening_hours: Option<String>,
    /// What can be read.
    pub signals: Vec<Signal>,
    /// What is true.
    pub series: &'static [Series],
    /// Seconds of a step of the physics.
    pub step_secs: u32,
}

impl Site {
    /// The site of a seed: the same every time.
    pub fn draw(kind: Kind, seed: u64) -> Self {
        kind.build(seed).site
    }

    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<f64> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The place of the first signal with this role and parameter.
    pub fn signal(&self, role: &str, parameter: &str) -> Option<usize> {
        self.signals.iter().position(|one| one.role == role && one.parameter == parameter)
    }

    /// The place of a true series by its name.
    pub fn series(&self, id: &str) -> Option<usize> {
        self.series.iter().position(|one| one.id == id)
    }

    /// The places of all signals of a device.
    pub fn signals_of<'a>(&'a self, device: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.signals.iter().enumerate().filter(move |(_, s)| s.device == device).map(|(at, _)| at)
    }
}
