//! A diagnostic X-ray room: CT, radiography, fluoroscopy, mammography or dental.

use super::{
    Kind,
    instrument::Gauge,
    panel::{Built, Panel},
    rays::{BEAM, CHECK, CONTACT, DOSE, Design, EXAM, INSIDE, LAMP, OUTSIDE, Room, SERIES},
};
use crate::dice::Dice;

pub(crate) fn build(seed: u64) -> Built {
    let mut dice = Dice::new(seed, "xray/design");
    let class = dice.one_of(&["ct", "ct", "dr", "dr", "fluoroscopy", "mammography", "dental"]);
    let usual = Design::draw(&mut dice);
    let design = match class {
        "dr" => Design {
            exposure_ms: (10, 300),
            gap_ms: (20_000, 60_000),
            leakage: dice.between(1.5, 4.0),
            ..usual
        },
        "fluoroscopy" => Design {
            exposures: (4, 12),
            exposure_ms: (5_000, 60_000),
            pause: (900, 3_600),
            ..usual
        },
        "mammography" => Design { exposures: (4, 4), exposure_ms: (500, 2_000), ..usual },
        "dental" => {
            Design { exposures: (1, 2), exposure_ms: (80, 500), pause: (300, 1_800), ..usual }
        }
        _ => usual,
    };
    let mut panel = Panel::new(Kind::Xray, seed, 1, SERIES);
    panel.class(class).fact("background_usv_h", design.background);
    design.hours(&mut panel);
    panel
        .device("room-1", "xray_room")
        .signal("door_open", Gauge::switch(CONTACT, 10))
        .signal("lamp_on", Gauge::switch(LAMP, 10))
        .signal("exposure", Gauge::switch(BEAM, 10));
    let scan = dice.one_of(&[1, 2, 5]);
    panel.device("dose-1", "outside_room").signal("dose_rate", monitor(&mut dice, scan, &design));
    let dose = Gauge { range: (0.0, 1e9), ..Gauge::new(DOSE, 60, 3) };
    panel.signal("dose_total", dose);
    let inside = Gauge { series: INSIDE, range: (0.01, 1e5), ..monitor(&mut dice, 5, &design) };
    panel.device("dose-2", "inside_room").signal("dose_rate", inside);
    panel.device("ris-1", "register").signal("exams", Gauge::event(EXAM, 0));
    panel.device("check-1", "manual_test").signal("daily_check", Gauge::event(CHECK, 0));
    panel.build(Room::new(seed, design), 24)
}

/// A dose rate monitor outside: a GM tube, or a scintillator that counts much more.
pub(crate) fn monitor(dice: &mut Dice, scan: u32, design: &Design) -> Gauge {
    let tube = dice.chance(0.3);
    let counts = if tube { dice.between(1.8, 2.2) } else { dice.between(100.0, 400.0) };
    Gauge {
        lag: if tube { dice.between(20.0, 40.0) } else { dice.between(2.0, 5.0) },
        counts,
        range: (0.01, 1e4),
        wanted: (0.05, 0.5),
        typical: design.background,
        scale: design.background,
        ..Gauge::new(OUTSIDE, scan, 3)
    }
}
