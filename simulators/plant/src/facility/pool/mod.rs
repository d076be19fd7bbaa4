//! An indoor swimming pool: how large, how full, when open, and what measures it.

mod gauges;
mod water;

use super::{
    Kind, Series,
    panel::{Built, Panel},
};
use crate::{calendar::HOUR, dice::Dice};
use gauges::instruments;
use water::Water;
use weir_domain::Unit;

/// How the pool is built and run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    pub(crate) water_m3: f64,
    pub(crate) turnover_h: f64,
    /// Seconds of the local day between which it is open.
    pub(crate) opens: i64,
    pub(crate) closes: i64,
    /// Bathers at the fullest ordinary hour.
    pub(crate) crowd: f64,
    pub(crate) target: f64,
    pub(crate) decay: f64,
    /// Acid comes at the upper mark and stops at the lower.
    pub(crate) acid: (f64, f64),
    /// pH rises so much an hour.
    pub(crate) rise: f64,
    pub(crate) celsius: f64,
    /// Fresh water of a day, as a share of the pool, beside what each bather brings.
    pub(crate) fresh: f64,
    pub(crate) clear: f64,
    /// The foot bath is renewed after so many seconds.
    pub(crate) foot_bath: i64,
    /// Tests by hand during a session, seconds apart.
    pub(crate) tests: i64,
}

pub(crate) const FREE: usize = 0;
pub(crate) const COMBINED: usize = 1;
pub(crate) const TOTAL: usize = 2;
pub(crate) const PH: usize = 3;
pub(crate) const ORP: usize = 4;
pub(crate) const TURBIDITY: usize = 5;
pub(crate) const TEMPERATURE: usize = 6;
pub(crate) const UREA: usize = 7;
pub(crate) const BATHERS: usize = 8;
pub(crate) const CIRCULATION: usize = 9;
pub(crate) const SAMPLE_FLOW: usize = 10;
pub(crate) const FOOT_BATH: usize = 11;
pub(crate) const MAKE_UP: usize = 12;
pub(crate) const CELL_FREE: usize = 13;
pub(crate) const CELL_TOTAL: usize = 14;
pub(crate) const ENCLOSURE: usize = 15;
pub(crate) const TEST_FREE: usize = 16;
pub(crate) const TEST_PH: usize = 17;
pub(crate) const OPEN: usize = 18;

const SERIES: &[Series] = &[
    Series { id: "free_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "combined_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "total_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "ph", unit: Unit::One },
    Series { id: "orp", unit: Unit::Millivolt },
    Series { id: "turbidity", unit: Unit::Ntu },
    Series { id: "temperature", unit: Unit::DegreeCelsius },
    Series { id: "urea", unit: Unit::MilligramPerLitre },
    Series { id: "bathers", unit: Unit::One },
    Series { id: "circulation", unit: Unit::CubicMetrePerHour },
    Series { id: "sample_flow", unit: Unit::One },
    Series { id: "foot_bath_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "make_up_total", unit: Unit::CubicMetre },
    // What is at the probes, which is the pool's water only while it flows.
    Series { id: "cell_free_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "cell_total_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "enclosure_open", unit: Unit::One },
    Series { id: "test_free_chlorine", unit: Unit::MilligramPerLitre },
    Series { id: "test_ph", unit: Unit::One },
    Series { id: "open", unit: Unit::One },
];

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "pool/design");
    let (class, area, depth, turnover, celsius) = match dice.whole(0, 3) {
        0 => ("training", dice.between(80.0, 200.0), 1.0, (2.0, 3.0), (28.0, 29.5)),
        1 => ("competition", dice.between(800.0, 1_250.0), 2.0, (4.5, 6.0), (25.8, 27.5)),
        _ => ("public", dice.between(250.0, 500.0), 1.5, (4.0, 5.5), (26.5, 28.0)),
    };
    let water_m3 = (area * depth).round();
    let opens = dice.whole(12, 18) * 1_800;
    let closes = dice.whole(40, 44) * 1_800;
    let design = Design {
        water_m3,
        turnover_h: dice.between(turnover.0, turnover.1),
        opens,
        closes,
        crowd: water_m3 * dice.between(0.09, 0.13),
        target: dice.between(0.58, 0.7),
        decay: dice.between(0.02, 0.05),
        acid: (dice.between(7.42, 7.55), dice.between(7.25, 7.35)),
        rise: dice.between(0.02, 0.05),
        celsius: dice.between(celsius.0, celsius.1),
        fresh: dice.between(0.04, 0.08),
        clear: dice.between(0.1, 0.25),
        foot_bath: dice.whole(2 * HOUR, 3 * HOUR + 1_200),
        tests: dice.whole(2, 4) * HOUR,
    };
    let mut panel = Panel::new(Kind::Pool, seed, 5, SERIES);
    let clock = |second: i64| format!("{:02}:{:02}", second / HOUR, second % HOUR / 60);
    panel
        .class(class)
        .fact("pool_m3", water_m3)
        .fact("pool_area_m2", area.round())
        .fact("turnover_h", design.turnover_h)
        .open(format!("mon-sun {}-{}", clock(opens), clock(closes)));
    instruments(&mut panel, &mut dice, &design);
    panel.build(Water::new(seed, design), 60)
}
