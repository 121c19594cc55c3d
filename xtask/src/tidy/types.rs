//! Type names are unique within a crate, its tests included, so that a name in a message or a search has one meaning.

use std::collections::BTreeMap;

use super::tree::{SourceTree, TidyFinding, finding};

/// Messages that several protocols have under the same name on the wire.
const WIRE: &[&str] = &["Auth", "AuthFailed", "AuthSuccess", "Data", "Error", "Ping", "Pong", "Register", "Registered"];

/// Types that share their name with an earlier one of the same crate.
pub(super) fn check(tree: &SourceTree) -> Vec<TidyFinding> {
    let mut first = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension(&["rs"]) {
        let package = ["spec/", "conformance/", "reference/", "xtask/src/"].iter().find(|own| path.starts_with(**own));
        let types = package.iter().flat_map(|_| declared(text));
        for (line, name) in types.filter(|(_, name)| !path.starts_with("spec/src/") || !WIRE.contains(name)) {
            let (earlier, number) = *first.entry((package, name)).or_insert((path, line));
            // In one file the compiler refuses all but variants for different platforms.
            if earlier != path {
                let message = format!("`{name}` is also the name of a type at {earlier}:{number}");
                findings.push(finding(path, line, "type", message));
            }
        }
    }
    findings
}

/// The types that a source declares, with their lines. Relies on the indentation of rustfmt to tell associated types.
fn declared(text: &str) -> Vec<(usize, &str)> {
    let mut types = Vec::new();
    // The first lines of the blocks around a line.
    let mut blocks: Vec<(usize, &str)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.trim_start();
        if !code.starts_with(char::is_alphabetic) || code.starts_with("where") {
            continue;
        }
        blocks.retain(|(indent, _)| *indent < line.len() - code.len());
        let item = if code.starts_with("pub") { code.split_once(' ').map_or("", |(_, item)| item) } else { code };
        if let Some((keyword @ ("struct" | "enum" | "trait" | "type"), rest)) = item.split_once(' ') {
            let is_block = |(_, block): &(usize, &str)| block.contains("impl") || block.contains("trait ");
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if name.starts_with(char::is_uppercase) && !(keyword == "type" && blocks.last().is_some_and(is_block)) {
                types.push((number, name));
            }
        }
        blocks.push((line.len() - code.len(), code));
    }
    types
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::check;

    const PLAIN: (&str, &str) = ("spec/src/a.rs", "pub(crate) struct Place<'a>(&'a str);\npub struct Ping;\n");

    #[test]
    fn accepts_other_crates_wire_messages_and_associated_types() {
        let associated =
            "impl<T> Iterator for Places<T>\nwhere\n    T: A,\n{\n    /// Text.\n    type Place = u8;\n}\n";
        let platforms =
            "#[cfg(unix)]\nstruct Owner;\n#[cfg(not(unix))]\nstruct Owner;\n// struct Place\nstruct Ping;\n";
        for other in [("reference/src/a.rs", PLAIN.1), ("spec/src/b.rs", associated), ("spec/src/b.rs", platforms)] {
            assert_eq!(found(check, &[PLAIN, other]), [""; 0]);
        }
    }

    #[test]
    fn rejects_names_used_twice_in_a_crate() {
        let test = ("spec/tests/it/c.rs", "mod tests {\n    #[derive(Debug)]\n    pub enum Place {}\n}\n");
        let message = "spec/tests/it/c.rs:3: `Place` is also the name of a type at spec/src/a.rs:1 [type]";
        assert_eq!(found(check, &[PLAIN, test]), [message]);
    }
}
