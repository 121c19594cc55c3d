//! Who may depend on whom: the table of ARCHITECTURE.md, read in the manifests. What the sources name is in `imports.rs`.

use toml::{Table, Value};

use super::finding::Finding;
use super::tree::Tree;

/// A crate's manifest, what may not stand in it, and why.
const TABLE: &[(&str, &[&str], &str)] = &[
    (
        "spec/Cargo.toml",
        &["relayspec-reference", "relayspec-conformance", "xtask", "tokio"],
        "the law stands on no other crate of the workspace and on no runtime",
    ),
    ("reference/Cargo.toml", &["relayspec-conformance", "xtask"], "the example shares no code with the judge"),
    ("conformance/Cargo.toml", &["xtask"], "chores are no library"),
    ("xtask/Cargo.toml", &["relayspec-conformance", "relayspec-reference"], "xtask starts the binaries instead"),
];

/// The dependencies that break the table.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let root = tree.text("Cargo.toml").and_then(|text| text.parse().ok()).unwrap_or_default();
    let manifests = TABLE.iter().filter_map(|(path, banned, why)| Some((*path, *banned, *why, tree.text(path)?)));
    manifests.flat_map(|(path, banned, why, text)| breaches(&root, path, text, banned, why)).collect()
}

fn breaches(root: &Table, path: &str, text: &str, banned: &[&str], why: &str) -> Vec<Finding> {
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::at(path, 1, format!("is no TOML: {error}"))],
    };
    let mut findings: Vec<_> = dependencies(&manifest)
        .into_iter()
        .map(|(name, value)| (name, package(root, name, value)))
        .filter(|(_, package)| banned.contains(package))
        .map(|(name, package)| Finding::at(path, line_of(text, name), format!("depends on `{package}`: {why}")))
        .collect();
    if path.starts_with("spec/") && manifest.contains_key("features") {
        findings.push(Finding::at(path, line_of(text, "[features]"), "has feature flags: there is one law"));
    }
    findings
}

/// All dependencies: of the crate, its tests and its build script, for all targets.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables =
        std::iter::once(manifest).chain(targets.into_iter().flat_map(Table::values).filter_map(Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let lists = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    lists.flatten().map(|(name, value)| (name.as_str(), value)).collect()
}

/// The package behind a dependency's name, which the manifest or the workspace may have changed.
fn package<'a>(root: &'a Table, name: &'a str, value: &'a Value) -> &'a str {
    let shared = || root.get("workspace")?.get("dependencies")?.get(name)?.get("package");
    value.get("package").or_else(shared).and_then(Value::as_str).unwrap_or(name)
}

fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(start)).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    #[test]
    fn the_table_holds() {
        let tree = Tree::of(&[
            ("spec/Cargo.toml", "[dependencies]\nserde = \"1\"\n"),
            (
                "conformance/Cargo.toml",
                "[dependencies]\nrelayspec.workspace = true\nrelayspec-reference.workspace = true\n",
            ),
            ("reference/Cargo.toml", "[dependencies]\nrelayspec.workspace = true\ntokio.workspace = true\n"),
            ("xtask/Cargo.toml", "[dependencies]\nrelayspec.workspace = true\n"),
        ]);
        assert_eq!(shown(&check(&tree)), [""; 0]);
    }

    #[test]
    fn a_dependency_against_the_table_is_found_under_any_name() {
        let tree = Tree::of(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\njudge = { package = \"relayspec-conformance\", path = \"conformance\" }\n",
            ),
            ("spec/Cargo.toml", "[features]\nfast = []\n[dev-dependencies]\ntokio = \"1\"\n"),
            ("reference/Cargo.toml", "[dependencies]\njudge.workspace = true\n"),
            (
                "xtask/Cargo.toml",
                "[target.'cfg(unix)'.dependencies]\nexample = { package = \"relayspec-reference\" }\n",
            ),
        ]);
        assert_eq!(
            shown(&check(&tree)),
            [
                "spec/Cargo.toml:4: depends on `tokio`: the law stands on no other crate of the workspace and on no runtime",
                "spec/Cargo.toml:1: has feature flags: there is one law",
                "reference/Cargo.toml:2: depends on `relayspec-conformance`: the example shares no code with the judge",
                "xtask/Cargo.toml:2: depends on `relayspec-reference`: xtask starts the binaries instead",
            ]
        );
    }
}
