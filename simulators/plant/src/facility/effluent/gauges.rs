//! The instruments of the works.

use super::{
    AMMONIA, COD, CONDUCTIVITY, CONTACT, DOSING, DRUM, Design, ENCLOSURE, FLOW_IN, FLOW_OUT,
    OUTFALL, PH, SOLIDS, TEMPERATURE, TEST_CHLORINE, TEST_PH, VOLUME,
};
use crate::{
    dice::Dice,
    facility::{instrument::Gauge, panel::Panel},
};

pub(super) fn instruments(panel: &mut Panel, dice: &mut Dice, design: Design, wanted: (f64, f64)) {
    let scan = dice.one_of(&[5, 10, 15, 30]);
    let chlorine = Gauge {
        lag: dice.between(60.0, 300.0),
        share: dice.between(0.006, 0.02),
        floor: 0.01,
        range: (0.0, 20.0),
        wanted,
        typical: design.target,
        scale: design.target,
        tap: dice.between(0.3, 0.5),
        standard: 2.0,
        // A colorimeter draws a sample every few minutes; a membrane measures all the time.
        renew: dice.one_of(&[0, 0, 180, 300]),
        drift: dice.between(0.0, 0.008),
        ..Gauge::new(CONTACT, scan, 2)
    };
    let temperature = Gauge {
        lag: 60.0,
        floor: 0.04,
        range: (-5.0, 60.0),
        wanted: (5.0, 35.0),
        typical: 20.0,
        tap: 19.5,
        air: 22.0,
        standard: 22.0,
        ..Gauge::new(TEMPERATURE, scan, 1)
    };
    panel.device("trc-1", "contact_tank_outlet");
    panel.signal("total_residual_chlorine", chlorine).signal("temperature", temperature);
    if design.dechlorinates {
        let low = Gauge {
            range: (0.0, 5.0),
            wanted: (0.0, 0.5),
            typical: 0.2,
            scale: 0.5,
            floor: 0.006,
            standard: 1.0,
            ..chlorine
        };
        panel.device("trc-2", "final_outfall");
        panel.signal("total_residual_chlorine", Gauge { series: OUTFALL, ..low });
    }
    let scan = dice.one_of(&[5, 10, 30]);
    let ph = Gauge {
        lag: dice.between(20.0, 120.0),
        floor: dice.between(0.006, 0.015),
        range: (0.0, 14.0),
        wanted: (6.0, 9.0),
        typical: 7.3,
        tap: 7.6,
        air: 7.0,
        standard: 4.0,
        ..Gauge::new(PH, scan, 2)
    };
    panel.device("ph-1", "final_outfall");
    panel.signal("ph", ph).signal("temperature", Gauge { scan_secs: scan, ..temperature });
    panel.device("lab-1", "manual_test");
    let test = Gauge { share: 0.03, ..Gauge::event(TEST_CHLORINE, 1) };
    panel.signal("total_residual_chlorine", test);
    panel.signal("ph", Gauge { floor: 0.05, ..Gauge::event(TEST_PH, 1) });
    flow_and_quality(panel, dice, design);
    panel.enclosure(ENCLOSURE);
}

fn flow_and_quality(panel: &mut Panel, dice: &mut Dice, design: Design) {
    let scan = dice.one_of(&[5, 10, 30]);
    let flow = Gauge {
        lag: 10.0,
        share: dice.between(0.004, 0.012),
        range: (0.0, design.flow * 20.0),
        wanted: (0.0, design.tank_m3 / design.contact_h),
        typical: design.flow,
        scale: design.flow,
        ..Gauge::new(FLOW_OUT, scan, 2)
    };
    let volume = Gauge { range: (0.0, 1e9), ..Gauge::new(VOLUME, scan, 2) };
    panel.device("flow-1", "final_outfall").signal("flow", flow).signal("volume_total", volume);
    panel.device("flow-2", "inlet").signal("flow", Gauge { series: FLOW_IN, ..flow });
    let analyser = |series, typical: f64, limit: f64| Gauge {
        lag: 60.0,
        share: 0.02,
        floor: typical * 0.005,
        range: (0.0, typical * 25.0),
        wanted: (0.0, limit),
        typical,
        scale: typical,
        tap: typical * 0.1,
        standard: typical * 2.0,
        renew: 3_600,
        ..Gauge::new(series, 60, 1)
    };
    let worst = if design.dechlorinates { 60.0 } else { 250.0 };
    panel.device("cod-1", "final_outfall").signal("cod", analyser(COD, design.cod, worst));
    let ammonia = analyser(AMMONIA, design.ammonia, 15.0);
    panel
        .device("nh3-1", "final_outfall")
        .signal("ammonia_nitrogen", Gauge { decimals: 2, ..ammonia });
    let solids = Gauge { renew: 0, floor: 0.2, ..analyser(SOLIDS, design.solids, 20.0) };
    panel.device("ss-1", "final_outfall").signal("suspended_solids", solids);
    let conductivity = Gauge {
        lag: 10.0,
        share: 0.005,
        range: (0.0, 5_000.0),
        wanted: (400.0, 2_000.0),
        typical: design.conductivity,
        scale: design.conductivity,
        tap: 300.0,
        standard: 1_413.0,
        ..Gauge::new(CONDUCTIVITY, scan, 0)
    };
    panel.device("cond-1", "final_outfall").signal("conductivity", conductivity);
    let level = Gauge { floor: 0.1, range: (0.0, 100.0), ..Gauge::new(DRUM, 60, 1) };
    panel
        .device("dose-1", "chlorine_dosing")
        .signal("pump_running", Gauge::switch(DOSING, 60))
        .signal("tank_level", level);
}
