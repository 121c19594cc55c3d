//! Loads scenarios. Every error has a file, a line and a column.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use relayspec::family::{FAMILIES, Family};
use relayspec::requirement::{self, WIRE};

use super::at::Place;
use super::check::{self, ScriptError};
use super::header::Header;
use super::id::ScenarioId;
use super::script::{Scenario, Script, each_step};
use super::yaml::{bare_step, parse};

/// Why a scenario could not be loaded.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}{}: {cause}", if .place.line > 0 { format!(":{}", .place) } else { String::new() })]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// Where in it; 0 if the whole file is concerned.
    pub place: Place,
    /// What is wrong, and what to write instead.
    #[source]
    pub cause: LoadCause,
}

/// What is wrong with a scenario file.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum LoadCause {
    #[error("cannot be read: {0}")]
    Read(#[source] Arc<std::io::Error>),
    #[error("{0}")]
    Yaml(String),
    #[error("unknown family `{0}`: the folder of a scenario is named after one of {families}", families = family_names())]
    Family(String),
    #[error(transparent)]
    Script(ScriptError),
}

fn family_names() -> String {
    FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ")
}

/// Whether scenarios for a role of a family are wanted.
type RoleFilter<'a> = &'a dyn Fn(&Family, &str) -> bool;

/// Loads a scenario from text. The id comes from the file's name, the family from the id. A scenario for every client,
/// `under_test: client`, becomes one scenario for each client role of each family.
///
/// # Errors
/// If the text is not a valid scenario.
pub fn load(file: &str, text: &str) -> Result<Vec<Scenario>, LoadError> {
    load_for(file, text, &|_, _| true)
}

/// The same, for some roles only; each is given with its family.
pub(super) fn load_for(file: &str, text: &str, wanted: RoleFilter<'_>) -> Result<Vec<Scenario>, LoadError> {
    let id = ScenarioId::of_path(file);
    let family = Family::named(id.family());
    let is_wanted = match (role_under_test(text), family) {
        (None, _) => true,
        (Some(role), Some(family)) if role != EVERY_CLIENT || has_client_role(family) => wanted(family, role),
        _ => FAMILIES.iter().any(|family| family.clients.iter().any(|role| wanted(family, role))),
    };
    if is_wanted { load_as(file, id, text, family, wanted) } else { Ok(Vec::new()) }
}

/// Whether a family has a role called `client`, which `client` then means in its folder.
fn has_client_role(family: &Family) -> bool {
    family.clients.contains(&EVERY_CLIENT)
}

/// The role under test, if it stands on a line of its own.
fn role_under_test(text: &str) -> Option<&str> {
    let role = text.lines().find_map(|line| line.strip_prefix("under_test: "))?;
    role.bytes().all(|byte| byte.is_ascii_lowercase()).then_some(role)
}

/// Loads a scenario from a file. The id is the same however the path is written: it comes from the real folder of the file and
/// its name. A file outside a family's folder belongs to the first family.
///
/// # Errors
/// If the file cannot be read or is not a valid scenario.
pub fn load_file(path: &Path) -> Result<Vec<Scenario>, LoadError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| LoadError {
        file: file.clone(),
        place: Place::default(),
        cause: LoadCause::Read(Arc::new(error)),
    })?;
    let id = ScenarioId::of_path(&with_real_folder(path).display().to_string());
    let family = Family::named(id.family()).or_else(|| FAMILIES.first());
    load_as(&file, id, &text, family, &|_, _| true)
}

/// The path with its folder resolved, and the name as given.
fn with_real_folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn load_as(
    file: &str,
    id: ScenarioId,
    text: &str,
    family: Option<&'static Family>,
    wanted: RoleFilter<'_>,
) -> Result<Vec<Scenario>, LoadError> {
    let failed = |place, cause| LoadError { file: file.to_owned(), place, cause };
    let script: Script = parse(text).map_err(|error| {
        let (place, message) = bare_step(text).unwrap_or(error);
        failed(place, LoadCause::Yaml(message))
    })?;
    if script.under_test == EVERY_CLIENT && !family.is_some_and(has_client_role) {
        return every_client(file, text, &id, &script, wanted);
    }
    let family = family.ok_or_else(|| failed(Place::default(), LoadCause::Family(id.family().to_owned())))?;
    let scenario = Scenario { id, file: file.into(), script, family };
    checked(scenario, text).map(|scenario| vec![scenario])
}

fn checked(scenario: Scenario, text: &str) -> Result<Scenario, LoadError> {
    if check::check(&scenario, &Header::default()).is_err() {
        // Only an invalid script is parsed a second time, for the places of its parts.
        let header = parse(text).unwrap_or_default();
        check::check(&scenario, &header).map_err(|(place, error)| LoadError {
            file: scenario.file.to_string(),
            place,
            cause: LoadCause::Script(error),
        })?;
    }
    Ok(scenario)
}

/// A shared script, once for each client role that it applies to and can run for.
fn every_client(
    file: &str,
    text: &str,
    id: &ScenarioId,
    script: &Script,
    wanted: RoleFilter<'_>,
) -> Result<Vec<Scenario>, LoadError> {
    let roles = FAMILIES.iter().flat_map(|family| family.clients.iter().map(move |role| (family, *role)));
    let roles = roles.filter(|(family, role)| wanted(family, role));
    let mut needs_websocket = false;
    each_step(&script.steps, &mut |step| needs_websocket |= step.value.websocket_only().is_some());
    let applies = |family: &Family, role| {
        let has = |id: &String| family.requirements(role).any(|requirement| requirement.id == id);
        // A requirement that applies to no role is an error, which `check` reports.
        script.covers.iter().all(|id| has(id) || requirement::find(id).is_none_or(|found| found.chapter != WIRE))
    };
    let roles = roles.filter(|(family, role)| !family.is_framed() || !needs_websocket && applies(family, role));
    let scenarios = roles.map(|(family, role)| {
        let script = Script { under_test: role.to_owned(), ..script.clone() };
        checked(Scenario { id: id.of_role(family.name, role), file: file.into(), script, family }, text)
    });
    scenarios.collect()
}

/// The role that stands for every client role.
const EVERY_CLIENT: &str = "client";
