//! A hospital's effluent works: who sends how much, how large everything is, and what measures it.
//!
//! Equalisation tank, pumps (steady or in cycles), hypochlorite from a drum, a baffled contact
//! tank, dechlorination where the class asks for it, and the outfall with its instruments.

mod batch;
mod gauges;
mod works;

use super::{
    Kind, Series,
    instrument::Gauge,
    panel::{Built, Panel},
};
use crate::dice::Dice;
use batch::Batch;
use gauges::instruments;
use weir_domain::Unit;
use works::Works;

/// How the works are built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    /// Mean of a day, m³/h.
    pub(crate) flow: f64,
    /// How much of the day's rhythm passes the equalisation, and how late, h.
    pub(crate) swing: f64,
    pub(crate) equalisation_h: f64,
    /// Pumps switch on and off instead of following the flow.
    pub(crate) cycles: bool,
    pub(crate) tank_m3: f64,
    pub(crate) cells: usize,
    /// Contact time that the tank was designed for, at its largest flow, h.
    pub(crate) contact_h: f64,
    pub(crate) target: f64,
    pub(crate) demand: f64,
    pub(crate) decay: f64,
    pub(crate) drum_l: f64,
    pub(crate) dechlorinates: bool,
    pub(crate) cod: f64,
    pub(crate) ammonia: f64,
    pub(crate) solids: f64,
    pub(crate) conductivity: f64,
    pub(crate) ph: f64,
    /// Tests by hand a day.
    pub(crate) tests: i64,
}

pub(crate) const CONTACT: usize = 0;
pub(crate) const OUTFALL: usize = 1;
pub(crate) const MINUTES: usize = 2;
pub(crate) const PH: usize = 3;
pub(crate) const COD: usize = 4;
pub(crate) const AMMONIA: usize = 5;
pub(crate) const SOLIDS: usize = 6;
pub(crate) const FLOW_OUT: usize = 7;
pub(crate) const FLOW_IN: usize = 8;
pub(crate) const VOLUME: usize = 9;
pub(crate) const CONDUCTIVITY: usize = 10;
pub(crate) const TEMPERATURE: usize = 11;
pub(crate) const DOSING: usize = 12;
pub(crate) const DRUM: usize = 13;
pub(crate) const ENCLOSURE: usize = 14;
pub(crate) const BYPASS: usize = 15;
pub(crate) const DOSE: usize = 16;
pub(crate) const LOG_KILL: usize = 17;
pub(crate) const TEST_CHLORINE: usize = 18;
pub(crate) const TEST_PH: usize = 19;
pub(crate) const VALVE: usize = 20;

const SERIES: &[Series] = &[
    Series { id: "contact_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "outfall_chlorine", unit: Unit::MilligramPerLitre },
    // How long what leaves the contact tank has been in it.
    Series { id: "contact_minutes", unit: Unit::One },
    Series { id: "ph", unit: Unit::One },
    Series { id: "cod", unit: Unit::MilligramPerLitre },
    Series { id: "ammonia", unit: Unit::MilligramPerLitre },
    Series { id: "solids", unit: Unit::MilligramPerLitre },
    Series { id: "flow_out", unit: Unit::CubicMetrePerHour },
    Series { id: "flow_in", unit: Unit::CubicMetrePerHour },
    Series { id: "volume_out", unit: Unit::CubicMetre },
    Series { id: "conductivity", unit: Unit::MicrosiemensPerCentimetre },
    Series { id: "temperature", unit: Unit::DegreeCelsius },
    Series { id: "dosing", unit: Unit::One },
    Series { id: "drum_level", unit: Unit::Percent },
    Series { id: "enclosure_open", unit: Unit::One },
    // What goes round tank and meter.
    Series { id: "bypass_flow", unit: Unit::CubicMetrePerHour },
    // What the pump really adds to the flow.
    Series { id: "dose", unit: Unit::MilligramPerLitre },
    // Decades of coliforms killed, by Collins and Selleck.
    Series { id: "log_kill", unit: Unit::One },
    Series { id: "test_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "test_ph", unit: Unit::One },
    // Of works that treat batch by batch.
    Series { id: "valve_open", unit: Unit::One },
];

/// Class, contact time (h), residual aimed at, window that people like to see, COD.
type ClassOf = (&'static str, f64, (f64, f64), (f64, f64), (f64, f64));
const CLASSES: &[ClassOf] = &[
    ("general_direct", 1.0, (5.0, 6.2), (3.0, 10.0), (24.0, 36.0)),
    ("general_sewer", 1.0, (4.2, 5.4), (2.0, 8.0), (70.0, 140.0)),
    ("infectious_tb", 1.5, (7.8, 8.4), (6.5, 10.0), (22.0, 32.0)),
];

/// Share of works that treat batch by batch.
const BATCHES: f64 = 0.15;

/// What the works can be asked for on top of the largest ordinary hour: noise, showers.
const PEAK: f64 = 1.1 * 1.35;

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "effluent/design");
    if dice.chance(BATCHES) {
        return batches(seed, &mut dice);
    }
    let (class, contact_h, target, wanted, cod) = dice.one_of(CLASSES);
    let beds = dice.between(50.0, 800.0).round();
    let litres = match beds {
        500.0.. => dice.between(400.0, 600.0),
        100.0.. => dice.between(300.0, 400.0),
        _ => dice.between(250.0, 300.0),
    };
    let flow = beds * litres / 24_000.0;
    // Works with a narrow window have the larger equalisation tank.
    let narrow = class == "infectious_tb";
    let swing = if narrow { dice.between(0.2, 0.35) } else { dice.between(0.3, 0.7) };
    let tank = contact_h * flow * (1.0 + swing) * PEAK * dice.between(1.1, 1.4);
    let dechlorinates = class != "general_sewer";
    let design = Design {
        flow,
        swing,
        equalisation_h: dice.between(0.3, 1.5),
        cycles: dice.chance(0.5),
        tank_m3: (tank * 2.0).ceil() / 2.0,
        cells: usize::try_from(dice.whole(3, 6)).unwrap_or(3),
        contact_h,
        target: dice.between(target.0, target.1),
        demand: if narrow { dice.between(4.0, 6.0) } else { dice.between(5.0, 8.5) },
        decay: dice.between(0.06, 0.14),
        drum_l: (flow * 24.0 * 20.0 / 100.0 * dice.between(3.0, 6.0)).max(50.0).round(),
        dechlorinates,
        cod: dice.between(cod.0, cod.1),
        ammonia: dice.between(3.5, 6.0),
        solids: dice.between(5.0, 10.0),
        conductivity: dice.between(800.0, 1_400.0),
        ph: dice.between(7.1, 7.6),
        tests: dice.whole(2, 4),
    };
    let mut panel = Panel::new(Kind::Effluent, seed, 5, SERIES);
    panel
        .class(class)
        .fact("beds", beds)
        .fact("contact_tank_m3", design.tank_m3)
        .fact("drum_l", design.drum_l);
    instruments(&mut panel, &mut dice, design, wanted);
    panel.build(Works::new(seed, design), 12)
}

/// Small works: a tank is filled and dosed, waits, is tested and let out, twice a day.
fn batches(seed: u64, dice: &mut Dice) -> Built {
    let beds = dice.between(8.0, 60.0).round();
    let class = if beds < 20.0 { "small" } else { "general_sewer" };
    let flow = beds * dice.between(250.0, 300.0) / 24_000.0;
    let design = Design {
        flow,
        swing: 1.0,
        equalisation_h: 1.0,
        cycles: false,
        tank_m3: (flow * 12.0 * 1.4 * 2.0).ceil() / 2.0,
        cells: 1,
        contact_h: dice.between(1.2, 1.8),
        target: dice.between(5.0, 6.5),
        demand: dice.between(5.0, 8.0),
        decay: dice.between(0.05, 0.12),
        drum_l: dice.between(20.0, 60.0).round(),
        dechlorinates: false,
        cod: dice.between(70.0, 120.0),
        ammonia: dice.between(5.0, 15.0),
        solids: dice.between(5.0, 10.0),
        conductivity: dice.between(800.0, 1_400.0),
        ph: dice.between(7.1, 7.6),
        tests: 2,
    };
    let mut panel = Panel::new(Kind::Effluent, seed, 5, SERIES);
    panel
        .class(class)
        .fact("beds", beds)
        .fact("contact_tank_m3", design.tank_m3)
        .fact("drum_l", design.drum_l)
        .fact("batches", 2.0);
    instruments(&mut panel, dice, design, (2.0, 8.0));
    panel.device("valve-1", "discharge_valve").signal("valve_open", Gauge::switch(VALVE, 60));
    panel.build(Batch::new(seed, design), 24)
}
