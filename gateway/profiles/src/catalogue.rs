//! The profiles that come with the gateway, and how one is found by its id.

use crate::{Profile, form::closest};
use std::sync::{Arc, LazyLock};
use weir_domain::ProfileId;

macro_rules! models {
    ($($file:literal)*) => {
        &[$(($file, include_str!(concat!("../models/", $file)))),*]
    };
}

/// The files of `models/`, with their texts.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    models! {
        "abb-aquamaster-3.toml"
        "abb-b23.toml"
        "carlo-gavazzi-em24.toml"
        "eastron-sdm120.toml"
        "eastron-sdm630.toml"
        "evoqua-blu-sentinel-se.toml"
        "generic-afterloader.toml"
        "generic-ammonia-analyser.toml"
        "generic-analog-input-8.toml"
        "generic-area-radiation-monitor.toml"
        "generic-bather-counter.toml"
        "generic-chlorine-dioxide-generator.toml"
        "generic-chlorine-duo.toml"
        "generic-cod-analyser.toml"
        "generic-conductivity.toml"
        "generic-cup-room.toml"
        "generic-cup-store.toml"
        "generic-discharge-valve.toml"
        "generic-dishwasher.toml"
        "generic-disinfection-cabinet.toml"
        "generic-dissolved-oxygen.toml"
        "generic-dosing-pump.toml"
        "generic-flow-meter.toml"
        "generic-foot-bath-record.toml"
        "generic-front-desk.toml"
        "generic-gas-leak-monitor.toml"
        "generic-guest-room.toml"
        "generic-laboratory-water.toml"
        "generic-level-meter.toml"
        "generic-linen-store.toml"
        "generic-magmeter-f64.toml"
        "generic-manual-test-pool.toml"
        "generic-manual-test-wastewater.toml"
        "generic-open-channel-flow-meter.toml"
        "generic-orp.toml"
        "generic-pack-register.toml"
        "generic-ph.toml"
        "generic-plain-sensor.toml"
        "generic-pool-analyser.toml"
        "generic-pool-controller.toml"
        "generic-pool-plant.toml"
        "generic-radiology-register.toml"
        "generic-residual-chlorine.toml"
        "generic-rfid-linen-reader.toml"
        "generic-room-interlock.toml"
        "generic-soaking-basin.toml"
        "generic-soaking-record.toml"
        "generic-sparkplug-node.toml"
        "generic-steam-sterilizer.toml"
        "generic-sterilizer-record.toml"
        "generic-suspended-solids.toml"
        "generic-turbidity-meter.toml"
        "generic-uv-reactor.toml"
        "generic-washer-disinfector.toml"
        "generic-water-meter.toml"
        "generic-water-quality-probe.toml"
        "generic-worker-dosimeter.toml"
        "generic-xray-dose-monitor.toml"
        "gf-u3000-v2.toml"
        "hach-3400-sc.toml"
        "hach-tss-sc.toml"
        "hach-uvas-sc.toml"
        "hamilton-ph-arc.toml"
        "insitu-aqua-troll-400.toml"
        "keller-acculevel.toml"
        "moxa-iologik-e1210.toml"
        "seko-kontrol-800.toml"
        "shelly-gen2-plug.toml"
        "sugarvalley-neopool.toml"
        "supmea-sup-do7013.toml"
        "supmea-sup-ph8001.toml"
        "syclope-oditouch.toml"
        "tasmota-ds18b20.toml"
        "tasmota-plug.toml"
        "tuf-2000m.toml"
        "wirenboard-wb-m1w2.toml"
        "xy-md02.toml"
        "xylem-cl500-free.toml"
        "xylem-cl500-total.toml"
        "yosemitech-y532.toml"
        "zigbee2mqtt-climate.toml"
        "zigbee2mqtt-door-contact.toml"
    }
}

/// The profiles that come with the gateway, in the order of their ids.
pub fn builtin_profiles() -> Vec<Arc<Profile>> {
    static PROFILES: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
        let parse = |(_, text): &(&str, &str)| {
            Arc::new(Profile::parse(text).expect("the tests parse every built-in profile"))
        };
        builtin().iter().map(parse).collect()
    });
    PROFILES.clone()
}

/// There is no profile of this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile \"{id}\"")]
pub struct UnknownProfile {
    /// The id that was asked for.
    pub id: String,
    /// The known id that was probably meant.
    pub closest: Option<ProfileId>,
}

/// The profile of an id, which need not be a well-formed one.
///
/// # Errors
/// When there is none, with the id that was probably meant.
pub fn lookup<'a>(
    profiles: &'a [Arc<Profile>],
    id: &str,
) -> Result<&'a Arc<Profile>, UnknownProfile> {
    profiles.iter().find(|profile| profile.id.as_str() == id).ok_or_else(|| {
        let known = profiles.iter().map(|profile| profile.id.as_str());
        let closest = closest(id, known).and_then(|known| known.parse().ok());
        UnknownProfile { id: id.to_owned(), closest }
    })
}
