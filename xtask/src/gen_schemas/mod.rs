//! `gen-schemas`: writes `schemas/` from the types of the law and of the judge's own formats. What is below
//! `schemas/released/` is frozen: this command must not touch it.

mod asyncapi;
mod diff;
mod folder;
pub(crate) mod layout;
mod text;
mod typescript;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use relayspec::family::FAMILIES;
use relayspec::schema;

use crate::{cargo, workspace};
use diff::Difference;

/// What to do with the schemas.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail where a file is missing, different or left over
    #[arg(long)]
    check: bool,
}

/// Files by their path below `schemas/`.
type Files = BTreeMap<String, String>;

/// Writes the schemas, or checks that they are what it would write.
///
/// # Errors
/// Where the judge does not print its formats, a file cannot be read or written, or the check finds a difference.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check { check() } else { write() }
}

/// Fails where `schemas/` is not what the types make of it, and says where it differs.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<()> {
    let differences = differences()?;
    for difference in &differences {
        println!("{difference}");
    }
    if !differences.is_empty() {
        bail!("schemas/ is out of date: run 'cargo xtask gen-schemas' and commit the result");
    }
    println!("schemas/ is up to date");
    Ok(())
}

fn write() -> Result<()> {
    let differences = differences()?;
    for difference in &differences {
        folder::apply(&schemas(), difference)?;
        println!("{}", difference.done());
    }
    if differences.is_empty() {
        println!("schemas/ is up to date");
    }
    Ok(())
}

fn differences() -> Result<Vec<Difference>> {
    let mut wanted = of_families();
    wanted.extend(asyncapi::files()?);
    wanted.extend(typescript::files()?);
    wanted.extend(of_tools()?);
    Ok(diff::between(&folder::read(&schemas())?, &wanted))
}

fn schemas() -> std::path::PathBuf {
    workspace::root().join("schemas")
}

/// The messages and directions of all families.
fn of_families() -> Files {
    FAMILIES.iter().flat_map(schema::files).map(|file| (file.path, text::pretty(&file.schema))).collect()
}

/// The formats of the tools. They belong to the judge, which this crate must not link; so the judge prints them.
fn of_tools() -> Result<Files> {
    let list = judge_prints(&["schema", "--list"])?;
    let names: Vec<_> = list.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    // Otherwise a judge that says nothing would have its schemas removed.
    ensure!(!names.is_empty(), "`conformance schema --list` names no format");
    names
        .into_iter()
        .map(|name| {
            let printed = judge_prints(&["schema", name])?;
            let schema = serde_json::from_str(&printed)
                .with_context(|| format!("what `conformance schema {name}` printed is no JSON"))?;
            Ok((format!("{name}.json"), text::pretty(&schema)))
        })
        .collect()
}

fn judge_prints(arguments: &[&str]) -> Result<String> {
    cargo::output(cargo::cargo(["run", "--quiet", "--bin", "conformance", "--"]).args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_files_for_its_messages_and_directions() {
        let files = of_families();
        for family in FAMILIES {
            for channel in family.channels {
                let path = format!("{}/{}.json", family.name, channel.direction);
                assert!(files.contains_key(&path), "{path} is missing");
            }
        }
        assert!(files.contains_key("pairing/registered.json"));
    }

    #[test]
    fn a_file_opens_with_its_dialect_its_id_and_what_it_is() {
        let files = of_families();
        let opening: Vec<_> = files["pairing/join.json"].lines().take(5).map(str::trim_start).collect();
        assert_eq!(opening[0], "{");
        for (line, member) in opening[1..].iter().zip(["$schema", "$id", "title", "description"]) {
            assert!(line.starts_with(&format!("\"{member}\": ")), "{line} is not `{member}`");
        }
    }
}
