//! A room with rays: patients, door, warning lamp, beam, and the dose rates inside and outside.
//!
//! Door, lamp and beam change to the millisecond; the dose rates are means of a second.

mod room;

use super::{Series, panel::Panel};
use crate::{calendar::HOUR, dice::Dice};
pub(crate) use room::Room;
use weir_domain::Unit;

/// How a room is built and run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    /// Seconds of the local day between which patients come.
    pub(crate) opens: i64,
    pub(crate) closes: i64,
    pub(crate) saturdays: bool,
    /// Seconds from one patient to the next.
    pub(crate) pause: (i64, i64),
    /// Exposures of a patient, how long each is, and how far apart they are, ms.
    pub(crate) exposures: (i64, i64),
    pub(crate) exposure_ms: (i64, i64),
    pub(crate) gap_ms: (i64, i64),
    /// Setting up, s.
    pub(crate) setting_up: (i64, i64),
    pub(crate) background: f64,
    /// What the walls let through while the beam is on, µSv/h.
    pub(crate) leakage: f64,
    /// Times the leakage while the door is open.
    pub(crate) door_factor: f64,
    /// What is inside while the beam is on, µSv/h.
    pub(crate) inside: f64,
    /// The area monitor's own threshold, µSv/h.
    pub(crate) alarm_at: f64,
    /// A source in a safe, not a tube.
    pub(crate) source: bool,
}

pub(crate) const DOOR: usize = 0;
pub(crate) const LAMP: usize = 1;
pub(crate) const BEAM: usize = 2;
pub(crate) const OUTSIDE: usize = 3;
pub(crate) const INSIDE: usize = 4;
pub(crate) const DOSE: usize = 5;
pub(crate) const CONTACT: usize = 6;
pub(crate) const EXAM: usize = 7;
pub(crate) const CHECK: usize = 8;
pub(crate) const BEAM_RATE: usize = 9;
pub(crate) const CONSOLE: usize = 10;
pub(crate) const RETRACTED: usize = 11;
pub(crate) const ALARM: usize = 12;
pub(crate) const OPEN: usize = 13;

pub(crate) const SERIES: &[Series] = &[
    Series { id: "door_open", unit: Unit::One },
    Series { id: "lamp_on", unit: Unit::One },
    // Rays are in the room.
    Series { id: "beam", unit: Unit::One },
    Series { id: "dose_rate_outside", unit: Unit::MicrosievertPerHour },
    Series { id: "dose_rate_inside", unit: Unit::MicrosievertPerHour },
    // Outside, of the facility alone, without the background.
    Series { id: "dose_outside", unit: Unit::Microsievert },
    // What the door's contact says.
    Series { id: "door_contact", unit: Unit::One },
    // An entry in the register; its value is the number of exposures.
    Series { id: "exam", unit: Unit::One },
    // Somebody has tried lamp and door.
    Series { id: "daily_check", unit: Unit::One },
    // Dose rate outside while the beam is on, else 0.
    Series { id: "beam_rate_outside", unit: Unit::MicrosievertPerHour },
    // The console says that it irradiates.
    Series { id: "console", unit: Unit::One },
    Series { id: "source_retracted", unit: Unit::One },
    Series { id: "area_alarm", unit: Unit::One },
    Series { id: "open", unit: Unit::One },
];

impl Design {
    /// Hours and numbers that every room has.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        Self {
            opens: dice.whole(15, 17) * 1_800,
            closes: dice.whole(34, 37) * 1_800,
            saturdays: dice.chance(0.5),
            pause: (90, 540),
            exposures: (1, 3),
            exposure_ms: (4_000, 15_000),
            gap_ms: (12_000, 30_000),
            setting_up: (40, 90),
            background: dice.between(0.08, 0.15),
            leakage: dice.between(0.3, 0.8),
            door_factor: dice.between(50.0, 150.0),
            inside: dice.between(500.0, 5_000.0),
            alarm_at: 100.0,
            source: false,
        }
    }

    /// The panel's words for its hours, half an hour wider than patients come.
    pub(crate) fn hours(&self, panel: &mut Panel) {
        let clock = |second: i64| format!("{:02}:{:02}", second / HOUR, second % HOUR / 60);
        let days = if self.saturdays { "mon-sat" } else { "mon-fri" };
        let (opens, closes) = (clock(self.opens - 1_800), clock(self.closes + 1_800));
        panel.open(format!("{days} {opens}-{closes}"));
    }
}
