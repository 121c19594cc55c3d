//! The scenarios that are built into the binary: all files below `scenarios/`.

use std::sync::LazyLock;

use relayspec::family::Family;

use super::load::load_for;
use super::{LoadError, Scenario};

// `SCENARIOS: &[(&str, &str)]`, path and text of each file, made by the build script.
include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The built-in scenarios, in the order of their ids.
///
/// # Errors
/// Where one of them cannot be loaded; the tests of this crate load all of them.
pub fn built_in() -> Result<&'static [Scenario], LoadError> {
    static LOADED: LazyLock<Result<Vec<Scenario>, LoadError>> = LazyLock::new(|| built_in_of(|_, _| true));
    LOADED.as_deref().map_err(Clone::clone)
}

/// The built-in scenarios of some roles, in the order of their ids. The files of others are not read, which is most of the time that
/// [`built_in`] takes.
///
/// # Errors
/// Where one of them cannot be loaded.
pub fn built_in_of(is_wanted: impl Fn(&Family, &str) -> bool) -> Result<Vec<Scenario>, LoadError> {
    let mut all = Vec::new();
    for (file, text) in SCENARIOS {
        all.extend(load_for(file, text, &is_wanted)?);
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use relayspec::family::FAMILIES;

    use super::*;

    #[test]
    fn what_is_read_for_a_role_is_all_that_judges_it() {
        let ids = |scenarios: Vec<&Scenario>| scenarios.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
        let all = built_in().expect("the built-in scenarios");
        for family in FAMILIES {
            for role in std::iter::once(&family.server).chain(family.clients) {
                let is_seat = |other: &Family, under_test: &str| (other.name, under_test) == (family.name, *role);
                let own = built_in_of(is_seat).expect("the scenarios of a role");
                let judging = all.iter().filter(|one| is_seat(one.family, &one.script.under_test)).collect();
                assert_eq!(ids(own.iter().collect()), ids(judging), "{} {role}", family.name);
            }
        }
    }
}
