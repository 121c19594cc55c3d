//! Reads scenarios. Every error has a file, a line and a column.

use std::path::{Path, PathBuf};

use relayspec::family::{FAMILIES, Family};
use relayspec::requirement::{self, WIRE};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter as _};

use super::at::{At, Place};
use super::{Scenario, ScenarioId, Script, check, each_step};

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

/// Whether scenarios for a role of a family are wanted.
type Wanted<'a> = &'a dyn Fn(&Family, &str) -> bool;

/// Reads a scenario from text. The id comes from the file's name, the family from the id. One that judges every client, `under_test: client`,
/// becomes one scenario for each client role of each family.
///
/// # Errors
/// Where the text is no scenario, or one that cannot be played.
pub fn load(file: &str, text: &str) -> Result<Vec<Scenario>, LoadError> {
    load_for(file, text, &|_, _| true)
}

/// The same for some roles alone; each is named with its family.
pub(super) fn load_for(file: &str, text: &str, wanted: Wanted<'_>) -> Result<Vec<Scenario>, LoadError> {
    let id = ScenarioId::of_path(file);
    let family = Family::named(id.family());
    let is_wanted = match (plainly_judged(text), family) {
        (None, _) => true,
        (Some(role), Some(family)) if role != EVERY_CLIENT || has_that_role(family) => wanted(family, role),
        _ => FAMILIES.iter().any(|family| family.clients.iter().any(|role| wanted(family, role))),
    };
    if is_wanted { load_as(file, id, text, family, wanted) } else { Ok(Vec::new()) }
}

/// Whether a family has a role that is called as all clients are, which is then meant in its folder.
fn has_that_role(family: &Family) -> bool {
    family.clients.contains(&EVERY_CLIENT)
}

/// The role that a script judges, where that stands in a line of its own.
fn plainly_judged(text: &str) -> Option<&str> {
    let role = text.lines().find_map(|line| line.strip_prefix("under_test: "))?;
    role.bytes().all(|byte| byte.is_ascii_lowercase()).then_some(role)
}

/// Reads a scenario from a file. The id is the same however the path is written: it comes from the folder that the file stands
/// in, and its name. A file outside a family's folder belongs to the first family.
///
/// # Errors
/// Where the file cannot be read, or holds no scenario.
pub fn load_file(path: &Path) -> Result<Vec<Scenario>, LoadError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| LoadError {
        file: file.clone(),
        place: Place::default(),
        problem: format!("cannot be read: {error}"),
    })?;
    let id = ScenarioId::of_path(&whole(path).display().to_string());
    let family = Family::named(id.family()).or_else(|| FAMILIES.first());
    load_as(&file, id, &text, family, &|_, _| true)
}

/// The path with its real folder, and the name as it is given.
fn whole(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Where the parts of a script stand. What is missing or unknown is told by the script itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub(super) summary: At<IgnoredAny>,
    pub(super) covers: At<Vec<At<IgnoredAny>>>,
    pub(super) under_test: At<IgnoredAny>,
    pub(super) params: At<IgnoredAny>,
    pub(super) steps: At<Vec<At<Value>>>,
}

impl Header {
    /// Where a requirement of `covers` stands.
    pub(super) fn requirement(&self, at: usize) -> Place {
        self.covers.value.get(at).map(|named| named.place).unwrap_or_default()
    }
}

fn load_as(
    file: &str,
    id: ScenarioId,
    text: &str,
    family: Option<&'static Family>,
    wanted: Wanted<'_>,
) -> Result<Vec<Scenario>, LoadError> {
    let failed = |place, problem| LoadError { file: file.to_owned(), place, problem };
    let script: Script = parse(text).map_err(|error| {
        let (place, problem) = mere_word(text).unwrap_or(error);
        failed(place, problem)
    })?;
    if script.under_test == EVERY_CLIENT && !family.is_some_and(has_that_role) {
        return every_client(file, text, &id, &script, wanted);
    }
    let known = || FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ");
    let family = family.ok_or_else(|| {
        failed(
            Place::default(),
            format!("`{}` is no family; the folder of a scenario names one of {}", id.family(), known()),
        )
    })?;
    let scenario = Scenario { id, file: file.into(), script, family };
    checked(scenario, text).map(|scenario| vec![scenario])
}

fn checked(scenario: Scenario, text: &str) -> Result<Scenario, LoadError> {
    if check::check(&scenario, &Header::default()).is_err() {
        // Only a script that is wrong is read a second time, for the places of its parts.
        let header = parse(text).unwrap_or_default();
        check::check(&scenario, &header).map_err(|(place, problem)| LoadError {
            file: scenario.file.to_string(),
            place,
            problem,
        })?;
    }
    Ok(scenario)
}

/// A script of shared rules, once for each client role that it binds and that it can be played for.
fn every_client(
    file: &str,
    text: &str,
    id: &ScenarioId,
    script: &Script,
    wanted: Wanted<'_>,
) -> Result<Vec<Scenario>, LoadError> {
    let roles = FAMILIES.iter().flat_map(|family| family.clients.iter().map(move |role| (family, *role)));
    let roles = roles.filter(|(family, role)| wanted(family, role));
    let mut needs_websocket = false;
    each_step(&script.steps, &mut |step| needs_websocket |= check::websocket(&step.value).is_some());
    let binds = |family: &Family, role| {
        let has = |id: &String| family.requirements(role).any(|requirement| requirement.id == id);
        // What binds nobody is a mistake, and told.
        script.covers.iter().all(|id| has(id) || requirement::find(id).is_none_or(|found| found.chapter != WIRE))
    };
    let roles = roles.filter(|(family, role)| !family.is_framed() || !needs_websocket && binds(family, role));
    let scenarios = roles.map(|(family, role)| {
        let script = Script { under_test: role.to_owned(), ..script.clone() };
        checked(Scenario { id: id.of_role(family.name, role), file: file.into(), script, family }, text)
    });
    scenarios.collect()
}

/// The role that stands for every client role.
const EVERY_CLIENT: &str = "client";

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (Place, String)> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error
            .location()
            .map_or_else(Place::default, |location| Place { line: location.line(), column: location.column() });
        (place, plainly(error.without_snippet()))
    })
}

/// What the YAML reader says, in the words of those who write scenarios.
fn plainly(error: &Error) -> String {
    match error {
        Error::Eof { .. } => {
            "the file is empty: a scenario has `summary`, `covers`, `under_test` and `steps`".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "a second YAML document begins here: write each scenario to a file of its own".to_owned()
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands here for the second time"),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            "a step has one name: open the next one with `- `".to_owned()
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            "expected a map, as `key: value` or `{ key: value }`".to_owned()
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            "expected a list, as `[value]` or lines that begin with `- `".to_owned()
        }
        Error::InvalidScalar { ty: "u8", .. } => format!("expected a whole number from 0 to {}", u8::MAX),
        Error::InvalidScalar { ty: "u16", .. } => format!("expected a whole number from 0 to {}", u16::MAX),
        Error::InvalidScalar { ty: "u32" | "u64", .. } => "expected a whole number, 0 or more".to_owned(),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is unknown here; there are {}", expected.join(", "))
        }
        Error::SerdeUnknownField { field, expected, .. } => match &**expected {
            [] => format!("unknown key `{field}`, expected none: write `{{}}`"),
            known => format!("unknown key `{field}`, expected {}", known.join(", ")),
        },
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        other => DefaultMessageFormatter.format_message(other).lines().next().unwrap_or_default().to_owned(),
    }
}

/// A step that is a mere word, which the YAML reader blames on the next step.
fn mere_word(text: &str) -> Option<(Place, String)> {
    let header: Header = parse(text).ok()?;
    header.steps.value.iter().find_map(|step| {
        let word = bare_word(std::slice::from_ref(&step.value))?;
        let problem = format!("{word} is no step: write `- name: {{ … }}`, and `{{}}` where there is nothing to say");
        Some((step.place, problem))
    })
}

/// The first mere word among steps, or those inside them.
fn bare_word(steps: &[Value]) -> Option<&Value> {
    steps.iter().find_map(|step| match step {
        Value::Object(members) => bare_word(members.get("many")?.get("steps")?.as_array()?),
        Value::String(_) => Some(step),
        _ => None,
    })
}
