//! The texts that people write: device profiles and site files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use weir_config::{Library, Site, render};
use weir_profiles::Profile;

fuzz_target!(|text: &str| {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    let _ = Profile::parse(text);
    if let Err(error) = Site::parse(text, LIBRARY.get_or_init(Library::builtin)) {
        assert!(!error.reasons.is_empty(), "a refusal has a reason");
        assert!(!render(&error.reasons, "site.toml", text).is_empty());
    }
});
