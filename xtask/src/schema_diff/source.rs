//! Where schemas come from: a folder, a release, or a revision of git. It reads files and starts git; it compares nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{cargo, workspace};

/// The file of a family's behaviour.
pub(crate) const BEHAVIOUR: &str = "behaviour.json";
/// Folders below `schemas/` that hold something else.
const OTHERS: &[&str] = &["released", "fixtures", "asyncapi", "typescript"];

/// One state of the schemas.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// What it is called in reports.
    pub(crate) name: String,
    /// Where it was read, where that is no folder of its own.
    pub(crate) files: BTreeMap<String, Value>,
}

/// The folder of the schemas of today.
pub(crate) fn schemas() -> PathBuf {
    workspace::root().join("schemas")
}

/// The released versions, the latest last.
///
/// # Errors
/// Where the folder of the releases cannot be read.
pub(crate) fn releases() -> Result<Vec<String>> {
    let folder = schemas().join("released");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(numbers(&name).map(|numbers| (numbers, name)));
    }
    names.sort();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// The three numbers of a version.
pub(crate) fn numbers(version: &str) -> Option<[u64; 3]> {
    let parts: Vec<_> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// What `--against` names: a release, a folder, or a revision.
///
/// # Errors
/// Where it is none of them, or cannot be read.
pub(crate) fn named(name: &str) -> Result<Snapshot> {
    let version = name.strip_prefix("released/").unwrap_or(name);
    let release = schemas().join("released").join(version);
    if numbers(version).is_some() && release.is_dir() {
        return folder(&release, &format!("released/{version}"));
    }
    if name.starts_with("released/") {
        let known = releases()?.join(", ");
        bail!(
            "there is no release {version}: {}",
            if known.is_empty() { "none has been made".into() } else { format!("there are {known}") }
        );
    }
    let path = Path::new(name);
    let below = if path.join("schemas").is_dir() { path.join("schemas") } else { path.to_owned() };
    if below.is_dir() {
        return folder(&below, name);
    }
    revision(name)
}

/// The schemas in a folder.
///
/// # Errors
/// Where a file cannot be read or is no JSON, or there is none.
pub(crate) fn folder(folder: &Path, name: &str) -> Result<Snapshot> {
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files)?;
    ensure!(!files.is_empty(), "{} holds no schemas", folder.display());
    Ok(Snapshot { name: name.to_owned(), files })
}

fn collect(folder: &Path, below: &str, files: &mut BTreeMap<String, Value>) -> Result<()> {
    let context = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().with_context(context)?.is_dir() {
            if below.is_empty() && !OTHERS.contains(&path.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if is_compared(&path) {
            files.insert(path, read(&entry.path())?);
        }
    }
    Ok(())
}

/// Whether a file is compared: directions, formats of tools, and behaviour. A message's own file says what its directions say.
pub(crate) fn is_compared(path: &str) -> bool {
    let Some(name) = path.strip_suffix(".json") else { return false };
    match name.split_once('/') {
        None => true,
        Some((family, name)) => !OTHERS.contains(&family) && (name.contains("-to-") || name == "behaviour"),
    }
}

/// One file of JSON.
///
/// # Errors
/// Where it cannot be read or is no JSON.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

fn revision(name: &str) -> Result<Snapshot> {
    let trust = format!("safe.directory={}", workspace::root().display());
    let git = |arguments: &[&str]| {
        let mut command = cargo::program("git");
        command.args(["-c", &trust]).args(arguments).stderr(Stdio::null());
        command.output().context("`git` does not start")
    };
    ensure!(
        git(&["rev-parse", "--git-dir"])?.status.success(),
        "`{name}` is no folder, and this checkout is no repository of git"
    );
    ensure!(!name.starts_with('-'), "`{name}` is no revision");
    let commit = git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])?;
    ensure!(
        commit.status.success(),
        "`{name}` is no release, no folder and no revision that git knows here; in CI fetch it first (`fetch-depth: 0`)"
    );
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let list = git(&["ls-tree", "-r", "-z", "--name-only", &commit, "schemas/"])?;
    let mut files = BTreeMap::new();
    for path in String::from_utf8_lossy(&list.stdout).split_terminator('\0') {
        let Some(below) = path.strip_prefix("schemas/").filter(|below| is_compared(below)) else { continue };
        let text = git(&["show", &format!("{commit}:{path}")])?;
        let value = serde_json::from_slice(&text.stdout).with_context(|| format!("{path} of `{name}` is no JSON"))?;
        files.insert(below.to_owned(), value);
    }
    ensure!(!files.is_empty(), "revision `{name}` has no schemas");
    Ok(Snapshot { name: name.to_owned(), files })
}
