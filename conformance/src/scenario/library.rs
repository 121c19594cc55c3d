//! The scenarios that are built into the binary: all files below `scenarios/`.

use std::sync::LazyLock;

use relayspec::family::Family;

use super::{LoadError, Scenario, ScenarioId, load};

// `SCENARIOS: &[(&str, &str)]`, path and text of each file, made by the build script.
include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The built-in scenarios, in the order of their ids.
///
/// # Errors
/// Where one of them cannot be loaded; the tests of this crate load all of them.
pub fn built_in() -> Result<&'static [Scenario], LoadError> {
    static LOADED: LazyLock<Result<Vec<Scenario>, LoadError>> = LazyLock::new(|| read(SCENARIOS));
    LOADED.as_deref().map_err(Clone::clone)
}

/// The built-in scenarios of a family, in the order of their ids. The files of other families are not read, which is most of the time that
/// [`built_in`] takes.
///
/// # Errors
/// Where one of them cannot be loaded.
pub fn built_in_of(family: &Family) -> Result<Vec<Scenario>, LoadError> {
    let folder = |file: &str| Family::named(ScenarioId::of_path(file).family());
    let files = SCENARIOS.iter().filter(|(file, _)| folder(file).is_none_or(|named| named.name == family.name));
    let mut all = read(files)?;
    all.retain(|scenario| scenario.family.name == family.name);
    Ok(all)
}

fn read<'a>(files: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Result<Vec<Scenario>, LoadError> {
    let mut all = Vec::new();
    for (file, text) in files {
        all.extend(load(file, text)?);
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(all)
}
