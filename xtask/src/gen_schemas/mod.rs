//! `gen-schemas`: generates `schemas/` from the types of the specification and from the runner's formats. It never touches
//! `schemas/released/`, which is frozen.

mod asyncapi;
mod behaviour;
mod diff;
mod folder;
pub(crate) mod layout;
mod order;
mod protocol;
mod typescript;

use anyhow::{Context, Result, bail, ensure};
use relayspec::family::FAMILIES;
use relayspec::schema;

use crate::schema_diff::source::schemas;
use crate::{cargo, runner};
use diff::{Difference, Files};

/// What to do with the schemas.
#[derive(Debug, clap::Args)]
pub(crate) struct GenSchemasOptions {
    /// Write nothing; fail if a file is missing, different or left over
    #[arg(long)]
    check: bool,
}

/// Writes the schemas, or checks that they are up to date.
///
/// # Errors
/// If the runner does not print its formats, a file cannot be read or written, or the check finds a difference.
pub(crate) fn run(options: &GenSchemasOptions) -> Result<()> {
    if options.check {
        return check();
    }
    let differences = differences()?;
    for difference in &differences {
        folder::apply(&schemas(), difference)?;
        println!("{} schemas/{}", difference.remedy(), difference.path);
    }
    if differences.is_empty() {
        println!("schemas/ is up to date");
    }
    Ok(())
}

/// Fails if `schemas/` differs from what the types generate, and prints the differences.
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

fn differences() -> Result<Vec<Difference>> {
    let mut wanted = of_families();
    wanted.extend(asyncapi::files()?);
    wanted.extend(typescript::files()?);
    wanted.extend(of_tools()?);
    wanted.extend(behaviour::files());
    wanted.extend(protocol::files()?);
    Ok(diff::between(&folder::read(&schemas())?, &wanted))
}

/// The messages and directions of all families.
fn of_families() -> Files {
    FAMILIES.iter().flat_map(schema::files).map(|file| (file.path, order::pretty(&file.schema))).collect()
}

/// The formats of the tools. They belong to the runner, which this crate must not link, so the runner prints them.
fn of_tools() -> Result<Files> {
    let printed = |arguments: &[&str]| cargo::output(runner::in_tree().arg("schema").args(arguments));
    let list = printed(&["--list"])?;
    let names: Vec<_> = list.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    // Without this check, an empty list would remove all of these schemas.
    ensure!(!names.is_empty(), "`conformance schema --list` lists no format");
    let file = |name: &str| {
        let schema = serde_json::from_str(&printed(&[name])?)
            .with_context(|| format!("`conformance schema {name}` printed invalid JSON"))?;
        Ok((format!("{name}.json"), order::pretty(&schema)))
    };
    names.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn each_family_has_files_for_its_messages_and_directions() {
        let files = of_families();
        for (family, channel) in vectors::channels() {
            let path = vectors::path(family, channel);
            assert!(files.contains_key(&path), "{path} is missing");
        }
        assert!(files.contains_key("pairing/registered.json"));
    }

    #[test]
    fn file_begins_with_dialect_id_title_and_description() {
        let files = of_families();
        let lines: Vec<_> = files["pairing/join.json"].lines().take(5).map(str::trim_start).collect();
        assert_eq!(lines[0], "{");
        for (line, member) in lines[1..].iter().zip(["$schema", "$id", "title", "description"]) {
            assert!(line.starts_with(&format!("\"{member}\": ")), "{line} is not `{member}`");
        }
    }
}
