//! A radiotherapy room: a linear accelerator, or a source that comes out of its safe.

use super::{
    Kind,
    instrument::Gauge,
    panel::{Built, Panel},
    rays::{
        ALARM, CHECK, CONSOLE, CONTACT, DOSE, Design, EXAM, INSIDE, LAMP, RETRACTED, Room, SERIES,
    },
    xray::monitor,
};
use crate::dice::Dice;

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "radiotherapy/design");
    let class = dice.one_of(&["linac", "afterloader", "gamma_knife"]);
    let usual = Design::draw(&mut dice);
    let design = Design {
        exposures: if class == "linac" { (1, 4) } else { (1, 1) },
        exposure_ms: if class == "linac" { (60_000, 240_000) } else { (180_000, 600_000) },
        gap_ms: (15_000, 60_000),
        setting_up: (180, 480),
        pause: (120, 900),
        inside: dice.between(1e4, 1e5),
        leakage: dice.between(0.2, 0.6),
        source: class != "linac",
        ..usual
    };
    let mut panel = Panel::new(Kind::Radiotherapy, seed, 1, SERIES);
    panel.class(class).fact("background_usv_h", design.background);
    design.hours(&mut panel);
    panel
        .device("room-1", "treatment_room")
        .signal("door_open", Gauge::switch(CONTACT, 10))
        .signal("lamp_on", Gauge::switch(LAMP, 10))
        .signal("exposure", Gauge::switch(CONSOLE, 10));
    if design.source {
        panel.signal("source_retracted", Gauge::switch(RETRACTED, 10));
    }
    let inside = Gauge {
        range: (0.01, 1e6),
        wanted: (0.05, 100.0),
        lag: 1.0,
        series: INSIDE,
        ..monitor(&mut dice, 2, &design)
    };
    panel
        .device("area-1", "inside_room")
        .signal("dose_rate", inside)
        .signal("radiation_alarm", Gauge::switch(ALARM, 10));
    let scan = dice.one_of(&[1, 2, 5]);
    panel.device("dose-1", "outside_room").signal("dose_rate", monitor(&mut dice, scan, &design));
    panel.signal("dose_total", Gauge { range: (0.0, 1e9), ..Gauge::new(DOSE, 60, 3) });
    panel.device("rv-1", "register").signal("exams", Gauge::event(EXAM, 0));
    panel.device("check-1", "manual_test").signal("daily_check", Gauge::event(CHECK, 0));
    panel.build(Room::new(seed, design), 24)
}
