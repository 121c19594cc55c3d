//! Type names are unique within a crate, its tests included, so that a name in a message or a search has one meaning.

use std::collections::BTreeMap;

use super::tree::{Finding, Tree};

/// Message types carry the names of the wire, which several protocols share.
const PROTOCOLS: &[&str] = &["pairing", "rpc", "sync", "terminal", "tunnel"];

/// Types that share their name with an earlier one of the same crate.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut first = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension(&["rs"]) {
        let Some(package) = ["spec", "conformance", "reference", "xtask/src"].iter().find(|own| is_below(path, own))
        else {
            continue;
        };
        if PROTOCOLS.iter().any(|protocol| is_below(path, &format!("spec/src/{protocol}"))) {
            continue;
        }
        for (line, name) in declared(text) {
            let (earlier, number) = *first.entry((package, name)).or_insert((path, line));
            // In one file the compiler refuses all but variants for different platforms.
            if earlier != path {
                let message = format!("`{name}` is also the name of a type at {earlier}:{number}");
                findings.push(Finding::new(path, line, "type", message));
            }
        }
    }
    findings
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(['/', '.']))
}

/// The types that a source declares, with their lines. Relies on the indentation of rustfmt to tell associated types.
fn declared(text: &str) -> Vec<(usize, &str)> {
    let mut types = Vec::new();
    // The indented blocks around a line, by their first line.
    let mut blocks: Vec<(usize, &str)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if code.is_empty()
            || code.starts_with("//")
            || code.starts_with(['{', '}', ')', '#'])
            || code.starts_with("where")
        {
            continue;
        }
        blocks.retain(|(own, _)| *own < indent);
        let item = code.split_once(") ").filter(|_| code.starts_with("pub(")).map_or(code, |(_, item)| item);
        let item = item.strip_prefix("pub ").unwrap_or(item);
        if let Some((keyword @ ("struct" | "enum" | "trait" | "type"), rest)) = item.split_once(' ') {
            let is_associated = keyword == "type"
                && blocks.last().is_some_and(|(_, block)| block.contains("impl") || block.contains("trait "));
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if !is_associated && name.starts_with(char::is_uppercase) {
                types.push((number, name));
            }
        }
        blocks.push((indent, code));
    }
    types
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::check;

    const PLAIN: &str = "pub(crate) struct Place<'a>(&'a str);\n";

    #[test]
    fn accepts_other_crates_wire_messages_and_associated_types() {
        let associated =
            "impl<T> Iterator for Places<T>\nwhere\n    T: A,\n{\n    /// Text.\n    type Place = u8;\n}\n";
        let platforms = "#[cfg(unix)]\nstruct Owner;\n#[cfg(not(unix))]\nstruct Owner;\n// struct Place\n";
        let files = [("spec/src/a.rs", PLAIN), ("reference/src/a.rs", PLAIN), ("spec/src/pairing/a.rs", PLAIN)];
        assert_eq!(found(check, &files), [""; 0]);
        assert_eq!(found(check, &[("spec/src/a.rs", PLAIN), ("spec/src/b.rs", associated)]), [""; 0]);
        assert_eq!(found(check, &[("spec/src/a.rs", PLAIN), ("spec/src/b.rs", platforms)]), [""; 0]);
    }

    #[test]
    fn rejects_names_used_twice_in_a_crate() {
        let test = "mod tests {\n    #[derive(Debug)]\n    pub enum Place {}\n    type Other = u8;\n}\n";
        assert_eq!(
            found(
                check,
                &[("spec/src/a.rs", PLAIN), ("spec/src/b.rs", "trait Other {}\n"), ("spec/tests/it/c.rs", test)]
            ),
            [
                "spec/tests/it/c.rs:3: `Place` is also the name of a type at spec/src/a.rs:1 [type]",
                "spec/tests/it/c.rs:4: `Other` is also the name of a type at spec/src/b.rs:1 [type]",
            ]
        );
    }
}
