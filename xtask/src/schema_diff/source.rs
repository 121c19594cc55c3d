//! Where schemas come from: a folder, a release, or a git revision. It reads files and starts git, and compares nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{cargo, files, workspace};

/// The file with a family's behaviour.
pub(crate) const BEHAVIOUR: &str = "behaviour.json";
/// Folders below `schemas/` that hold something else.
const OTHERS: &[&str] = &["released", "fixtures", "asyncapi", "typescript"];

/// One state of the schemas.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// Its name in reports.
    pub(crate) name: String,
    /// The files by their paths below `schemas/`.
    pub(crate) files: BTreeMap<String, Value>,
}

/// The folder of the current schemas.
pub(crate) fn schemas() -> PathBuf {
    workspace::root().join("schemas")
}

/// The released versions, the latest last.
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

/// The state that `--against` names: a release, a folder, or a revision.
pub(crate) fn named(name: &str) -> Result<Snapshot> {
    let version = name.strip_prefix("released/").unwrap_or(name);
    let release = schemas().join("released").join(version);
    if numbers(version).is_some() && release.is_dir() {
        return folder(&release, &format!("released/{version}"));
    }
    if name.starts_with("released/") {
        match releases()?.join(", ").as_str() {
            "" => bail!("unknown release {version}: there are no releases yet"),
            known => bail!("unknown release {version}: the releases are {known}"),
        }
    }
    let path = Path::new(name);
    let below = if path.join("schemas").is_dir() { path.join("schemas") } else { path.to_owned() };
    if below.is_dir() { folder(&below, name) } else { revision(name) }
}

/// The schemas in a folder.
pub(crate) fn folder(folder: &Path, name: &str) -> Result<Snapshot> {
    let paths = files::below(folder, &|path| path.matches('/').count() < 2 && !OTHERS.contains(&path))?;
    let compared = paths.into_iter().filter(|path| is_compared(path));
    let files: BTreeMap<_, _> =
        compared.map(|path| read(&folder.join(&path)).map(|value| (path, value))).collect::<Result<_>>()?;
    ensure!(!files.is_empty(), "{} holds no schemas", folder.display());
    Ok(Snapshot { name: name.to_owned(), files })
}

/// Whether a file is compared: directions, formats of tools, and behaviour. A message's own file repeats what its directions contain.
pub(crate) fn is_compared(path: &str) -> bool {
    let Some(name) = path.strip_suffix(".json") else { return false };
    match name.split_once('/') {
        None => true,
        Some((family, name)) => !OTHERS.contains(&family) && (name.contains("-to-") || name == "behaviour"),
    }
}

/// A JSON file.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not valid JSON", path.display()))
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
        "`{name}` is not a folder, and this checkout is not a git repository"
    );
    ensure!(!name.starts_with('-'), "invalid revision `{name}`");
    let commit = git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])?;
    ensure!(
        commit.status.success(),
        "`{name}` is not a release, a folder or a git revision known here; in CI, fetch it first (`fetch-depth: 0`)"
    );
    let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
    let list = git(&["ls-tree", "-r", "-z", "--name-only", &commit, "schemas/"])?;
    let mut files = BTreeMap::new();
    for path in String::from_utf8_lossy(&list.stdout).split_terminator('\0') {
        let Some(below) = path.strip_prefix("schemas/").filter(|below| is_compared(below)) else { continue };
        let text = git(&["show", &format!("{commit}:{path}")])?;
        let value =
            serde_json::from_slice(&text.stdout).with_context(|| format!("{path} of `{name}` is not valid JSON"))?;
        files.insert(below.to_owned(), value);
    }
    ensure!(!files.is_empty(), "revision `{name}` has no schemas");
    Ok(Snapshot { name: name.to_owned(), files })
}
