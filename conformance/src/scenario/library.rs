//! The scenarios that are built into the binary: all files below `scenarios/`.

use std::sync::LazyLock;

use super::{LoadError, Scenario, load};

// `SCENARIOS: &[(&str, &str)]`, path and text of each file, made by the build script.
include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The built-in scenarios, in the order of their ids.
///
/// # Errors
/// Where one of them cannot be loaded; the tests of this crate load all of them.
pub fn built_in() -> Result<&'static [Scenario], LoadError> {
    static LOADED: LazyLock<Result<Vec<Scenario>, LoadError>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (file, text) in SCENARIOS {
            all.extend(load(file, text)?);
        }
        all.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(all)
    });
    LOADED.as_deref().map_err(Clone::clone)
}
