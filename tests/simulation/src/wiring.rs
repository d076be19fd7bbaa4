//! How an integrator would install the plant's instruments: the packs of each kind of facility, the
//! name of its class in them, and under which role and parameter each signal is connected.

use weir_domain::Unit;
use weir_plant::facility::{Kind, Signal, Site};

/// The packs that every area has, as in the gateway.
pub(crate) const ALWAYS: [&str; 2] = ["weir-system", "weir-validity"];

/// Minutes of a vacuum leak test: the plant tells the rise of one minute, the standard asks for
/// that of all.
const LEAK_TEST_MINUTES: f64 = 15.0;

/// What an area is told to be.
pub(crate) struct Law {
    /// The kind of facility in the site file.
    pub(crate) kind: &'static str,
    pub(crate) packs: &'static [&'static str],
    pub(crate) class: Option<&'static str>,
}

/// The law of a site.
pub(crate) fn law(site: &Site) -> Law {
    let (kind, packs): (_, &[&str]) = match site.kind {
        Kind::Effluent => ("hospital_wastewater", &["gb18466-2005"]),
        Kind::Pool => ("pool", &["gb37488-2019"]),
        Kind::Lodging => ("lodging", &["lodging-cups"]),
        Kind::Xray => ("radiation", &["gbz130-2020"]),
        Kind::Radiotherapy => ("radiation", &["gbz121-2020"]),
        Kind::Sterilizer if site.class == "cssd_134" => ("sterilization", &["ws310-2016"]),
        // A gravity programme has no pulses, this one has: no pack has a class for it.
        Kind::Sterilizer if site.class == "prevac_121" => ("sterilization", &[]),
        Kind::Sterilizer => ("sterilization", &["ws506-2016"]),
    };
    let class = match site.class {
        "dr" => Some("photography"),
        "cssd_134" => Some("prevac_134"),
        "small_134" => Some("b134"),
        "prevac_132" => Some("b132"),
        class if matches!(site.kind, Kind::Effluent | Kind::Xray) => Some(class),
        _ => None,
    };
    Law { kind, packs, class }
}

/// A signal as it is connected.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wire {
    pub(crate) role: &'static str,
    pub(crate) parameter: &'static str,
    pub(crate) unit: Unit,
    /// Times the number that the instrument gives.
    pub(crate) factor: f64,
}

/// How a signal of a site is connected.
pub(crate) fn wire(site: &Site, signal: &Signal) -> Wire {
    let batches = site.fact("batches").is_some();
    let (role, parameter) = match (site.kind, signal.role, signal.parameter) {
        // Works that treat batch by batch test what they let out; their tank has no outlet that
        // runs all the time.
        (Kind::Effluent, "contact_tank_outlet", parameter) if batches => ("batch_tank", parameter),
        (Kind::Effluent, "final_outfall", "flow" | "volume_total") if batches => {
            ("batch_discharge", signal.parameter)
        }
        (Kind::Pool, "circulation", parameter) => ("pool_circulation", parameter),
        (Kind::Pool, "entrance", parameter) => ("pool_hall", parameter),
        (Kind::Effluent, "discharge_valve", _) => ("batch_tank", "discharge_valve_open"),
        (Kind::Effluent, "chlorine_dosing", "pump_running") => ("dosing", "running"),
        (Kind::Lodging, "cup_store", "cups_loaded") => ("cup_disinfection", "cups_disinfected"),
        (Kind::Lodging, "cup_store", "cups_issued") => ("front_desk", "cups_needed"),
        (Kind::Xray, "manual_test", "daily_check") => ("records", "lamp_door_check"),
        (Kind::Sterilizer, "sterilizer", parameter) => ("steam_sterilizer", parameter),
        (Kind::Sterilizer, "pack_register", "packs_released") => {
            ("steam_sterilizer", "load_released")
        }
        (Kind::Sterilizer, "manual_test", "bd_test") => ("steam_sterilizer", "bowie_dick"),
        (Kind::Sterilizer, "manual_test", "leak_rate") => ("steam_sterilizer", "leak_rise"),
        (_, role, parameter) => (role, parameter),
    };
    let factor = if parameter == "leak_rise" { LEAK_TEST_MINUTES } else { 1.0 };
    Wire { role, parameter, unit: signal.unit, factor }
}

/// The facts of a site by the names that the packs have for them.
pub(crate) fn facts(site: &Site) -> Vec<(&'static str, f64)> {
    let named = site.facts.iter().map(|(name, value)| match *name {
        "pool_m3" => ("pool_volume_m3", *value),
        "turnover_h" => ("turnover_hours", *value),
        name => (name, *value),
    });
    // A tank that is filled and let out has no contact time of its flow.
    let batches = site.fact("batches").is_some();
    named.filter(|(name, _)| !(batches && *name == "contact_tank_m3")).collect()
}
