//! The instruments of the pool.

use super::{
    BATHERS, CELL_FREE, CELL_TOTAL, CIRCULATION, Design, ENCLOSURE, FOOT_BATH, MAKE_UP, ORP, PH,
    SAMPLE_FLOW, TEMPERATURE, TEST_FREE, TEST_PH, TURBIDITY, UREA,
};
use crate::{
    calendar::HOUR,
    dice::Dice,
    facility::{instrument::Gauge, panel::Panel},
};

pub(super) fn instruments(panel: &mut Panel, dice: &mut Dice, design: &Design) {
    let scan = dice.one_of(&[5, 10, 30]);
    let free = Gauge {
        lag: dice.between(20.0, 60.0),
        share: 0.004,
        floor: dice.between(0.003, 0.008),
        range: (0.0, 5.0),
        wanted: (0.3, 1.0),
        typical: design.target,
        scale: design.target,
        tap: 0.08,
        standard: 1.0,
        drift: dice.between(0.0, 0.006),
        ..Gauge::new(CELL_FREE, scan, 2)
    };
    let ph = Gauge {
        lag: dice.between(20.0, 60.0),
        floor: 0.006,
        range: (0.0, 14.0),
        wanted: (7.0, 7.8),
        typical: 7.4,
        tap: 7.6,
        air: 7.0,
        standard: 6.86,
        ..Gauge::new(PH, scan, 2)
    };
    let orp = Gauge {
        lag: dice.between(120.0, 300.0),
        floor: 0.8,
        range: (0.0, 1_000.0),
        wanted: (650.0, 850.0),
        typical: 700.0,
        scale: 150.0,
        tap: 420.0,
        air: 250.0,
        standard: 468.0,
        ..Gauge::new(ORP, scan, 0)
    };
    let temperature = Gauge {
        lag: 40.0,
        floor: 0.03,
        range: (-5.0, 60.0),
        wanted: (23.0, 30.0),
        typical: design.celsius,
        tap: 19.0,
        air: 26.0,
        standard: 24.0,
        ..Gauge::new(TEMPERATURE, scan, 1)
    };
    panel
        .device("pool-1", "pool_water")
        .signal("free_chlorine", free)
        .signal("total_chlorine", Gauge { series: CELL_TOTAL, ..free })
        .signal("ph", ph)
        .signal("orp", orp)
        .signal("temperature", temperature)
        .signal("sample_flow", Gauge::switch(SAMPLE_FLOW, 60));
    let turbidity = Gauge {
        lag: dice.between(60.0, 200.0),
        share: 0.015,
        floor: 0.004,
        range: (0.0, 10.0),
        wanted: (0.0, 1.0),
        typical: 0.25,
        scale: 0.5,
        tap: 0.1,
        standard: 2.0,
        ..Gauge::new(TURBIDITY, scan, 2)
    };
    panel.device("turb-1", "pool_water").signal("turbidity", turbidity);
    works(panel, dice, design);
    panel
        .device("dpd-1", "manual_test")
        .signal("free_chlorine", Gauge { floor: 0.03, ..Gauge::event(TEST_FREE, 2) })
        .signal("ph", Gauge { floor: 0.05, ..Gauge::event(TEST_PH, 1) });
    panel.enclosure(ENCLOSURE);
}

fn works(panel: &mut Panel, dice: &mut Dice, design: &Design) {
    let foot = Gauge {
        lag: 60.0,
        share: 0.02,
        range: (0.0, 20.0),
        wanted: (5.0, 10.0),
        typical: 7.0,
        scale: 7.0,
        tap: 0.1,
        standard: 5.0,
        ..Gauge::new(FOOT_BATH, 60, 1)
    };
    panel.device("foot-1", "foot_bath").signal("free_chlorine", foot);
    let urea = Gauge {
        share: 0.03,
        range: (0.0, 10.0),
        wanted: (0.0, 3.5),
        typical: 2.0,
        scale: 2.0,
        standard: 3.0,
        renew: 4 * HOUR,
        ..Gauge::new(UREA, 600, 2)
    };
    panel.device("urea-1", "pool_water").signal("urea", urea);
    let rate = design.water_m3 / design.turnover_h;
    let flow = Gauge {
        lag: 5.0,
        share: dice.between(0.003, 0.01),
        range: (0.0, rate * 2.0),
        wanted: (rate * 0.9, rate * 1.2),
        typical: rate,
        scale: rate,
        ..Gauge::new(CIRCULATION, 30, 1)
    };
    panel.device("circ-1", "circulation").signal("flow", flow);
    let volume = Gauge { range: (0.0, 1e9), ..Gauge::new(MAKE_UP, 300, 2) };
    panel.device("fill-1", "make_up").signal("volume_total", volume);
    panel
        .device("gate-1", "entrance")
        .signal("bathers", Gauge { range: (0.0, 5_000.0), ..Gauge::new(BATHERS, 60, 0) });
}
