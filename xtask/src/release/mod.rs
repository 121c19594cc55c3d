//! `release`: freezes the protocol as a version. Schemas, behaviour and the accepted vectors of today are copied to
//! `schemas/released/<version>/`, which nothing changes afterwards; the changelog's Protocol part moves below that version, and approvals,
//! which were about changes since the last version, are over.

mod changelog;
#[cfg(test)]
mod tests;
mod vectors;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::schema_diff::{self, source};
use crate::{gen_schemas, workspace};

/// Which version to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The version, as `0.2.0`; later than all that were released
    version: String,
    /// The day that the changelog names, instead of today's in UTC
    #[arg(long, value_name = "DAY")]
    today: Option<schema_diff::Day>,
}

/// What stands in the file of approvals when nothing is approved.
const APPROVALS: &str = "# Changes of the protocol that break somebody and are right all the same, since the latest release: docs/compatibility.md.\n";

/// Freezes a version.
///
/// # Errors
/// Where the version is no later one, the schemas are out of date, a change breaks somebody and nobody has approved it, or a file cannot
/// be read or written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let version = &options.version;
    let numbers = source::numbers(version);
    ensure!(numbers.is_some(), "`{version}` is no version: write it as `0.2.0`");
    let releases = source::releases()?;
    if let Some(latest) = releases.last() {
        ensure!(numbers > source::numbers(latest), "{version} is not later than {latest}, the latest release");
    }
    gen_schemas::check()?;
    if !releases.is_empty() {
        schema_diff::check().context("a release has no break that nobody approved")?;
    }
    let root = workspace::root();
    let changelog = root.join("CHANGELOG.md");
    let text = fs::read_to_string(&changelog).with_context(|| format!("cannot read {}", changelog.display()))?;
    let day = options.today.unwrap_or_else(schema_diff::now);
    // All that can fail comes first: a release is whole, or is none.
    let text = changelog::moved(&text, version, &day.to_string())?;
    let files = frozen(root)?;
    let folder = source::schemas().join("released").join(version);
    for (path, text) in &files {
        write(&folder.join(path), text)?;
    }
    write(&source::schemas().join("approved-breaks.toml"), APPROVALS)?;
    write(&changelog, &text)?;
    println!(
        "released {version}: {} files in schemas/released/{version}; commit them together with CHANGELOG.md",
        files.len()
    );
    Ok(())
}

/// The files of a release, by path below its folder.
fn frozen(root: &Path) -> Result<Vec<(String, String)>> {
    let schemas = source::folder(&root.join("schemas"), "schemas")?;
    let mut files = Vec::new();
    for path in schemas.files.keys() {
        let place = root.join("schemas").join(path);
        files.push((
            path.clone(),
            fs::read_to_string(&place).with_context(|| format!("cannot read {}", place.display()))?,
        ));
    }
    files.extend(vectors::accepted(&root.join("fixtures"))?);
    Ok(files)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
