//! A hotel: rooms, guests, cups, linen, and the cabinets of the disinfection room.

mod cabinet;
mod house;

use super::{
    Kind, Series,
    instrument::Gauge,
    panel::{Built, Panel},
};
use crate::dice::Dice;
use house::House;
use weir_domain::Unit;

/// How the hotel is built and run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    pub(crate) rooms: i64,
    /// Mean share of the rooms that are taken.
    pub(crate) occupancy: f64,
    /// Cups of a room.
    pub(crate) cups: i64,
    pub(crate) cabinets: usize,
    pub(crate) oven: Oven,
    /// Share of the linen's tags that a reader misses.
    pub(crate) missed: f64,
}

/// How the cabinets are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Oven {
    pub(crate) steam: bool,
    /// Cups of a load.
    pub(crate) capacity: i64,
    /// Power, W.
    pub(crate) power: f64,
    /// How far above the room the heater alone would get, K.
    pub(crate) rise: f64,
    /// Time constants, s: door closed, and door open.
    pub(crate) closed: f64,
    pub(crate) open: f64,
    /// The thermostat's band, °C.
    pub(crate) band: (f64, f64),
    /// Hold, s.
    pub(crate) hold: i64,
}

/// Cabinets that a house may have, and the series of each.
pub(crate) const CABINETS: usize = 3;
pub(crate) const OF_CABINET: usize = 3;
pub(crate) const TEMPERATURE: usize = 0;
pub(crate) const DOOR: usize = 1;
pub(crate) const POWER: usize = 2;
pub(crate) const OCCUPIED: usize = 9;
pub(crate) const CHECK_OUT: usize = 10;
pub(crate) const CHECK_IN: usize = 11;
pub(crate) const LOADED: usize = 12;
pub(crate) const ISSUED: usize = 13;
pub(crate) const LINEN_OUT: usize = 14;
pub(crate) const LINEN_IN: usize = 15;
pub(crate) const DIRTY: usize = 16;
pub(crate) const CLEAN: usize = 17;
pub(crate) const DISINFECTED: usize = 18;
pub(crate) const NEEDED: usize = 19;

const SERIES: &[Series] = &[
    Series { id: "cabinet_1_temperature", unit: Unit::DegreeCelsius },
    Series { id: "cabinet_1_door_open", unit: Unit::One },
    Series { id: "cabinet_1_power", unit: Unit::Watt },
    Series { id: "cabinet_2_temperature", unit: Unit::DegreeCelsius },
    Series { id: "cabinet_2_door_open", unit: Unit::One },
    Series { id: "cabinet_2_power", unit: Unit::Watt },
    Series { id: "cabinet_3_temperature", unit: Unit::DegreeCelsius },
    Series { id: "cabinet_3_door_open", unit: Unit::One },
    Series { id: "cabinet_3_power", unit: Unit::Watt },
    Series { id: "occupied_rooms", unit: Unit::One },
    // Events; the value is the room.
    Series { id: "check_out", unit: Unit::One },
    Series { id: "check_in", unit: Unit::One },
    // Events; the value is the number of cups, as the register has it.
    Series { id: "cups_loaded", unit: Unit::One },
    Series { id: "cups_issued", unit: Unit::One },
    // Tags read at the laundry's door; the value is the room.
    Series { id: "linen_out", unit: Unit::One },
    Series { id: "linen_in", unit: Unit::One },
    Series { id: "dirty_cups", unit: Unit::One },
    Series { id: "clean_cups", unit: Unit::One },
    // Since the simulation began: cups that went through a whole cycle, and cups that were used.
    Series { id: "cups_disinfected", unit: Unit::One },
    Series { id: "cups_needed", unit: Unit::One },
];

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "lodging/design");
    let steam = dice.chance(0.35);
    let oven = if steam {
        Oven {
            steam,
            capacity: dice.whole(60, 120),
            power: dice.between(3_000.0, 6_000.0),
            rise: dice.between(150.0, 220.0),
            closed: dice.between(700.0, 1_000.0),
            open: 70.0,
            band: (100.5, dice.between(100.9, 101.3)),
            hold: dice.whole(1_380, 1_560),
        }
    } else {
        Oven {
            steam,
            capacity: dice.whole(60, 120),
            power: dice.between(600.0, 1_500.0),
            rise: dice.between(220.0, 270.0),
            closed: dice.between(1_200.0, 1_600.0),
            open: dice.between(60.0, 90.0),
            band: (dice.between(127.5, 129.0), dice.between(131.0, 134.0)),
            hold: dice.whole(1_020, 1_200),
        }
    };
    let design = Design {
        rooms: dice.whole(40, 200),
        occupancy: dice.between(0.55, 0.85),
        cups: dice.whole(2, 3),
        cabinets: usize::try_from(dice.whole(1, 3)).unwrap_or(1),
        oven,
        missed: dice.between(0.01, 0.03),
    };
    let mut panel = Panel::new(Kind::Lodging, seed, 5, SERIES);
    panel
        .class(if steam { "steam" } else { "infrared" })
        .fact("rooms", design.rooms as f64)
        .fact("cups_per_room", design.cups as f64)
        .fact("cabinet_capacity", oven.capacity as f64);
    instruments(&mut panel, &mut dice, &design);
    panel.build(House::new(seed, design), 48)
}

fn instruments(panel: &mut Panel, dice: &mut Dice, design: &Design) {
    let oven = design.oven;
    let role = if oven.steam { "cup_steaming" } else { "cup_disinfection" };
    let scan = dice.one_of(&[5, 10, 30]);
    for cabinet in 0..design.cabinets {
        let first = cabinet * OF_CABINET;
        let temperature = Gauge {
            lag: 10.0,
            floor: if oven.steam { 0.05 } else { dice.between(0.1, 0.25) },
            range: (-10.0, 200.0),
            typical: 100.0,
            scale: 20.0,
            ..Gauge::new(first + TEMPERATURE, scan, 1)
        };
        let power = Gauge {
            share: 0.005,
            range: (0.0, 10_000.0),
            typical: oven.power,
            scale: oven.power,
            ..Gauge::new(first + POWER, scan, 0)
        };
        panel
            .device(&format!("cabinet-{}", cabinet + 1), role)
            .signal("chamber_temperature", temperature)
            .signal("door_open", Gauge::switch(first + DOOR, 60))
            .signal("heater_power", power);
    }
    panel
        .device("pms-1", "front_desk")
        .signal("occupied_rooms", Gauge { range: (0.0, 1e4), ..Gauge::new(OCCUPIED, 900, 0) })
        .signal("check_out", Gauge::event(CHECK_OUT, 0))
        .signal("check_in", Gauge::event(CHECK_IN, 0));
    panel
        .device("cups-1", "cup_store")
        .signal("cups_loaded", Gauge::event(LOADED, 0))
        .signal("cups_issued", Gauge::event(ISSUED, 0));
    panel
        .device("rfid-1", "laundry")
        .signal("linen_out", Gauge::event(LINEN_OUT, 0))
        .signal("linen_in", Gauge::event(LINEN_IN, 0));
}
