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
        "generic-area-radiation-monitor.toml"
        "generic-cod-analyser.toml"
        "generic-disinfection-cabinet.toml"
        "generic-flow-meter.toml"
        "generic-ph.toml"
        "generic-pool-controller.toml"
        "generic-residual-chlorine.toml"
        "generic-room-interlock.toml"
        "generic-turbidity-meter.toml"
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
