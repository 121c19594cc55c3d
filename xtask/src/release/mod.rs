//! `release`: freezes the protocol as a version. It copies the current schemas, behaviour and accepted vectors to
//! `schemas/released/<version>/`, which never changes afterwards, moves the Protocol part of the changelog below that version, and removes
//! all approvals, which concerned changes since the previous release.

mod changelog;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::schema_diff::{self, source};
use crate::vectors::{self, Validity, Vector};
use crate::{files, gen_schemas, workspace};

/// Which version to make.
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseOptions {
    /// The version, such as `0.2.0`; later than all released ones
    version: String,
    /// The day that the changelog names, instead of today in UTC
    #[arg(long, value_parser = schema_diff::day, value_name = "DAY")]
    today: Option<Date>,
}

/// The file of approvals without an entry.
const APPROVALS: &str =
    "# Breaking changes since the latest release that are acceptable. How to approve one: docs/compatibility.md.\n";

/// Freezes a version.
///
/// # Errors
/// If the version is not later than all others, the schemas are out of date, a breaking change is not approved, or a file cannot be read or
/// written.
pub(crate) fn run(options: &ReleaseOptions) -> Result<()> {
    let version = &options.version;
    let numbers = source::numbers(version);
    ensure!(numbers.is_some(), "invalid version `{version}`: expected three numbers, such as `0.2.0`");
    let releases = source::releases()?;
    if let Some(latest) = releases.last() {
        ensure!(numbers > source::numbers(latest), "{version} is not later than {latest}, the latest release");
    }
    gen_schemas::check()?;
    if !releases.is_empty() {
        schema_diff::check().context("a release must not contain unapproved breaks")?;
    }
    let root = workspace::root();
    let changelog = root.join("CHANGELOG.md");
    let text = fs::read_to_string(&changelog).with_context(|| format!("cannot read {}", changelog.display()))?;
    let day = options.today.unwrap_or_else(schema_diff::today);
    // Everything that can fail comes before the first write.
    let text = changelog::moved(&text, version, &day.to_string())?;
    let released = frozen(root)?;
    let folder = source::schemas().join("released").join(version);
    for (path, text) in &released {
        files::write(&folder.join(path), text)?;
    }
    files::write(&source::schemas().join("approved-breaks.toml"), APPROVALS)?;
    files::write(&changelog, &text)?;
    let count = released.len();
    println!("released {version}: {count} files in schemas/released/{version}; commit them together with CHANGELOG.md");
    Ok(())
}

/// The files of a release, by path below its folder.
fn frozen(root: &Path) -> Result<Vec<(String, String)>> {
    let mut released = Vec::new();
    for path in source::folder(&root.join("schemas"), "schemas")?.files.into_keys() {
        let text = fs::read_to_string(root.join("schemas").join(&path))
            .with_context(|| format!("cannot read schemas/{path}"))?;
        released.push((path, text));
    }
    released.extend(accepted()?);
    Ok(released)
}

/// A message that a peer may send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasedVector {
    id: String,
    /// A text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// A binary message, as hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    binary: Option<String>,
}

/// The files to release, by path below the release's folder. Vectors that are written in parts are left out for their size.
fn accepted() -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (family, channel) in vectors::channels() {
        let all = vectors::of(family, channel)?;
        let kept = all.iter().filter(|vector| vector.validity == Validity::Accept).filter_map(released);
        let lines: Vec<_> = kept.map(|vector| serde_json::to_string(&vector)).collect::<Result<_, _>>()?;
        let path = format!("fixtures/{}", vectors::path(family, channel));
        files.push((path, format!("[\n  {}\n]\n", lines.join(",\n  "))));
    }
    Ok(files)
}

fn released(vector: &Vector) -> Option<ReleasedVector> {
    let (text, binary) = (vector.text().map(str::to_owned), vector.hex().map(str::to_owned));
    (text.is_some() || binary.is_some()).then(|| ReleasedVector { id: vector.id.clone(), text, binary })
}
