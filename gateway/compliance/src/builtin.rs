//! The packs that come with the gateway.

use crate::{Pack, Seal};
use std::sync::{Arc, LazyLock};

macro_rules! packs {
    ($($name:literal)*) => {
        &[$((concat!($name, ".toml"), include_str!(concat!("../packs/", $name, ".toml"))),)*]
    };
}

/// File name and text of every pack that comes with the gateway.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    packs!(
        "cjt244-2016" "din19643-2023" "gb18466-2005" "gb18871-2002" "gb37488-2019" "gbz121-2020"
        "gbz130-2020"
        "lodging-cups" "mahc-2023" "weir-system" "weir-validity" "who-pools-2006" "ws310-2016" "ws506-2016"
    )
}

/// Every pack that comes with the gateway. `weir-system` and `weir-validity` apply to every
/// area. They are read once.
pub fn builtin_packs() -> Vec<Arc<Pack>> {
    static PACKS: LazyLock<Vec<Arc<Pack>>> = LazyLock::new(|| {
        let parse = |(_, text): &(&str, &str)| {
            let pack = Pack::parse(text).expect("built-in packs are tested");
            Arc::new(Pack { seal: Seal::BuiltIn, ..pack })
        };
        builtin().iter().map(parse).collect()
    });
    PACKS.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_tests;

    #[test]
    fn every_pack_is_read_and_is_named_like_its_file() {
        for (name, text) in builtin() {
            let pack = Pack::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(*name, format!("{}.toml", pack.id));
        }
    }

    #[test]
    fn every_pack_passes_its_own_tests() {
        let mut failures = String::new();
        for pack in builtin_packs() {
            for outcome in run_tests(&pack) {
                if let Some(failure) = outcome.failure {
                    failures += &format!("{}: {}: {failure}\n", pack.id, outcome.name);
                }
            }
        }
        assert!(failures.is_empty(), "{failures}");
    }

    #[test]
    fn every_requirement_is_exercised_by_a_test() {
        for pack in builtin_packs() {
            for requirement in &pack.requirements {
                let expects = |id| pack.tests.iter().any(|test| test.expects(id));
                assert!(expects(&requirement.id), "{}: {}", pack.id, requirement.id);
            }
        }
    }
}
