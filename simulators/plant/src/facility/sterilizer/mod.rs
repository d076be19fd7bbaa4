//! A small or large steam sterilizer of class B: its programme, its day, and what records it.

mod chamber;
mod day;
mod steam;

use super::{
    Kind, Series,
    instrument::Gauge,
    panel::{Built, Panel},
};
use crate::{calendar::HOUR, dice::Dice};
use day::Day;
use weir_domain::Unit;

/// How the sterilizer is built and used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    /// Programme: pulses, their depth and top (kPa gauge), temperature held, hold, drying (s).
    pub(crate) pulses: i64,
    pub(crate) depth: f64,
    pub(crate) top: f64,
    pub(crate) celsius: f64,
    pub(crate) hold: i64,
    pub(crate) drying: i64,
    pub(crate) preheating: i64,
    /// Seconds for the way down and up of a pulse, and for the ramp.
    pub(crate) pulse: (i64, i64),
    pub(crate) ramp: i64,
    /// Rise of pressure in the leak test, kPa/min.
    pub(crate) leak: f64,
    /// Working hours, seconds of the local day, and cycles of a day.
    pub(crate) opens: i64,
    pub(crate) closes: i64,
    pub(crate) cycles: i64,
    /// Packs of a load.
    pub(crate) packs: (i64, i64),
}

pub(crate) const TEMPERATURE: usize = 0;
pub(crate) const PRESSURE: usize = 1;
pub(crate) const DOOR: usize = 2;
pub(crate) const PHASE: usize = 3;
pub(crate) const AIR: usize = 4;
pub(crate) const STOCK: usize = 5;
pub(crate) const LOADED: usize = 6;
pub(crate) const RELEASED: usize = 7;
pub(crate) const USED: usize = 8;
pub(crate) const BD_TEST: usize = 9;
pub(crate) const LEAK_TEST: usize = 10;
pub(crate) const POWER: usize = 11;
pub(crate) const HELD: usize = 12;

const SERIES: &[Series] = &[
    Series { id: "chamber_temperature", unit: Unit::DegreeCelsius },
    // Gauge.
    Series { id: "chamber_pressure", unit: Unit::Kilopascal },
    Series { id: "door_open", unit: Unit::One },
    // 0 idle, 1 preheating, 2 pulses, 3 ramp, 4 hold, 5 exhaust, 6 drying, 7 leak test, 8 aborted.
    Series { id: "phase", unit: Unit::One },
    // Partial pressure of the air that is left.
    Series { id: "residual_air", unit: Unit::Kilopascal },
    // Packs that are sterile and not used.
    Series { id: "sterile_packs", unit: Unit::One },
    Series { id: "packs_loaded", unit: Unit::One },
    Series { id: "packs_released", unit: Unit::One },
    Series { id: "packs_used", unit: Unit::One },
    Series { id: "bd_test", unit: Unit::One },
    // kPa in a minute.
    Series { id: "leak_rate", unit: Unit::Kilopascal },
    Series { id: "power", unit: Unit::Watt },
    // How long the hold of this cycle has lasted.
    Series { id: "held", unit: Unit::Second },
];

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "sterilizer/design");
    let (class, celsius, hold) = match dice.whole(0, 3) {
        0 => ("prevac_121", dice.between(121.8, 122.4), dice.whole(960, 1_080)),
        1 => ("prevac_132", dice.between(132.7, 133.4), dice.whole(250, 300)),
        2 => ("cssd_134", dice.between(134.7, 135.5), dice.whole(250, 300)),
        _ => ("small_134", dice.between(134.7, 135.5), dice.whole(200, 300)),
    };
    let large = class == "cssd_134" || class == "prevac_132";
    let design = Design {
        pulses: dice.whole(3, 4),
        depth: -dice.between(84.0, 90.0),
        top: dice.between(50.0, 90.0),
        celsius,
        hold,
        drying: dice.whole(480, 1_000),
        preheating: dice.whole(240, 480),
        pulse: (dice.whole(60, 90), dice.whole(40, 70)),
        ramp: dice.whole(140, 240),
        leak: dice.between(0.01, 0.06),
        opens: dice.whole(15, 17) * 1_800,
        closes: dice.whole(34, 36) * 1_800,
        cycles: dice.whole(4, 8),
        packs: if large { (20, 60) } else { (6, 16) },
    };
    let mut panel = Panel::new(Kind::Sterilizer, seed, 1, SERIES);
    let clock = |second: i64| format!("{:02}:{:02}", second / HOUR, second % HOUR / 60);
    panel
        .class(class)
        .fact("pulses", design.pulses as f64)
        .fact("hold_secs", hold as f64)
        .open(format!("mon-sat {}-{}", clock(design.opens), clock(design.closes)));
    instruments(&mut panel, &mut dice, &design);
    panel.build(Day::new(seed, design), 20)
}

fn instruments(panel: &mut Panel, dice: &mut Dice, design: &Design) {
    let scan = dice.one_of(&[1, 2, 2, 5]);
    let temperature = Gauge {
        lag: dice.between(0.5, 2.0),
        floor: dice.between(0.02, 0.06),
        range: (0.0, 160.0),
        wanted: (design.celsius - 0.5, design.celsius + 2.0),
        typical: design.celsius,
        scale: 5.0,
        ..Gauge::new(TEMPERATURE, scan, 2)
    };
    let pressure = Gauge {
        lag: 0.5,
        floor: dice.between(0.1, 0.3),
        range: (-101.3, 400.0),
        typical: 200.0,
        scale: 25.0,
        ..Gauge::new(PRESSURE, scan, 1)
    };
    panel
        .device("ster-1", "sterilizer")
        .signal("chamber_temperature", temperature)
        .signal("chamber_pressure", pressure)
        .signal("door_open", Gauge::switch(DOOR, 30))
        .signal("phase", Gauge { range: (0.0, 9.0), ..Gauge::switch(PHASE, 30) })
        .signal("power", Gauge { range: (0.0, 5e4), ..Gauge::switch(POWER, 30) });
    panel
        .device("packs-1", "pack_register")
        .signal("packs_loaded", Gauge::event(LOADED, 0))
        .signal("packs_released", Gauge::event(RELEASED, 0))
        .signal("packs_used", Gauge::event(USED, 0));
    panel
        .device("tests-1", "manual_test")
        .signal("bd_test", Gauge::event(BD_TEST, 0))
        .signal("leak_rate", Gauge { floor: 0.003, ..Gauge::event(LEAK_TEST, 3) });
}
