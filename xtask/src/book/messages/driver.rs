//! The lines of the driver protocol as a page, as the messages of a family are.

use anyhow::{Context, Result};
use relayspec::driver;
use serde_json::Value;

use super::{Entry, section};
use crate::vectors::{self, Vector};

/// What lines there are: the definition of the schema, the member that tells them apart, their vectors, and who writes them.
const LINES: &[(&str, &str, &str, &str)] = &[
    ("command", "do", "driver/commands.json", "runner to client"),
    ("event", "event", "driver/events.json", "client to runner"),
];

/// The page.
///
/// # Errors
/// Where vectors cannot be read.
pub(super) fn page() -> Result<String> {
    let mut page = "# Lines of the driver protocol\n\nThe forms of all lines, from the types that the judge and the reference's clients read, and examples \
                    from `fixtures/driver/`. The chapter [driver](../text/driver.md) says when they are written. The same stands in `schemas/driver.json`.\n"
        .to_owned();
    let schema = driver::schema();
    for (kind, tag, file, sent) in LINES {
        let vectors = vectors::at(file)?;
        let names = schema["$defs"][kind]["properties"][tag]["enum"].as_array();
        for name in names.context("the schema of the driver protocol names no lines")?.iter().filter_map(Value::as_str)
        {
            let is = |vector: &&Vector| vector.value().is_some_and(|value| value[tag] == name);
            let entry = Entry {
                name: name.to_owned(),
                schema: schema["$defs"][format!("{kind}-{name}")].clone(),
                sent: vec![(*sent).to_owned()],
                vectors: vec![vectors.iter().filter(is).cloned().collect()],
            };
            section(&mut page, &entry);
        }
    }
    let entry = Entry {
        name: "CONFORMANCE_PARAMS".to_owned(),
        schema: schema["$defs"]["params"].clone(),
        sent: vec!["runner to client".to_owned()],
        vectors: vec![vectors::at("driver/params.json")?],
    };
    section(&mut page, &entry);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_members_and_an_example() {
        let page = page().expect("a page");
        for name in ["send", "stop", "connected", "unsupported", "CONFORMANCE_PARAMS"] {
            let (_, section) = page.split_once(&format!("\n## {name}\n")).expect("a section");
            let section = section.split("\n## ").next().expect("its text");
            assert!(section.contains("\nValid: ") && section.contains("| member |"), "{section}");
        }
    }
}
