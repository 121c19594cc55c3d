//! Reads scenarios. Every error has a file, a line and a column.

use std::path::Path;

use relayspec::family::{FAMILIES, Family};

use super::at::Place;
use super::{Scenario, ScenarioId, Script, check};

/// Why a scenario could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {problem}", if .place.line > 0 { format!(":{}", .place) } else { String::new() })]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// Where in it; 0 where the whole file is meant.
    pub place: Place,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

/// Reads a scenario from text. The id comes from the file's name, the family from the id.
///
/// # Errors
/// Where the text is no scenario, or one that cannot be played.
pub fn load(file: &str, text: &str) -> Result<Scenario, LoadError> {
    let family = |id: &ScenarioId| Family::named(id.family());
    load_as(file, text, family)
}

/// Reads a scenario from a file. A file outside a family's folder belongs to the first family that has its role.
///
/// # Errors
/// Where the file cannot be read, or holds no scenario.
pub fn load_file(path: &Path) -> Result<Scenario, LoadError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| LoadError {
        file: file.clone(),
        place: Place::default(),
        problem: format!("cannot be read: {error}"),
    })?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    load_as(&file, &text, |_| {
        Family::named(ScenarioId::of_path(&absolute.display().to_string()).family()).or_else(|| FAMILIES.first())
    })
}

fn load_as(
    file: &str,
    text: &str,
    family: impl FnOnce(&ScenarioId) -> Option<&'static Family>,
) -> Result<Scenario, LoadError> {
    let failed = |place, problem| LoadError { file: file.to_owned(), place, problem };
    let script = parse(text).map_err(|(place, problem)| failed(place, problem))?;
    let id = ScenarioId::of_path(file);
    let known = || FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ");
    let family = family(&id).ok_or_else(|| {
        failed(Place::default(), format!("`{}` is no family; the folder of a scenario names one of {}", id.family(), known()))
    })?;
    let scenario = Scenario { id, file: file.into(), script, family };
    check::check(&scenario).map_err(|(place, problem)| failed(place, problem))?;
    Ok(scenario)
}

fn parse(text: &str) -> Result<Script, (Place, String)> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map_or_else(Place::default, |location| Place { line: location.line(), column: location.column() });
        let plain = error.without_snippet().to_string();
        let problem = plain.lines().next().unwrap_or_default();
        let problem = problem.split(" at line ").next().unwrap_or(problem);
        (place, problem.to_owned())
    })
}
