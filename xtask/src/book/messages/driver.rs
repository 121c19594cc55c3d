//! The lines of the driver protocol as a page.

use anyhow::{Context, Result};
use relayspec::driver;
use serde_json::Value;

use super::section::{self, MessageEntry};
use crate::vectors::{self, Vector};

/// The kinds of lines: definition in the schema, member with the name, vectors, and direction.
const LINES: &[(&str, &str, &str, &str)] = &[
    ("command", "do", "driver/commands.json", "runner to client"),
    ("event", "event", "driver/events.json", "client to runner"),
];

/// The page.
pub(super) fn page() -> Result<String> {
    let mut page = "# Lines of the driver protocol\n\nAll lines with their members, from the types that the runner and the reference clients use, and examples \
                    from `fixtures/driver/`. The chapter [driver](../text/driver.md) states when they are written. `schemas/driver.json` has the same as JSON Schema.\n"
        .to_owned();
    let schema = driver::schema();
    let mut add = |name: &str, schema: &Value, sent: &str, own: Vec<Vector>| {
        let (name, schema) = (name.to_owned(), schema.clone());
        section::write(&mut page, &MessageEntry { name, schema, sent: vec![sent.to_owned()], vectors: vec![own] });
    };
    for (kind, tag, file, sent) in LINES {
        let vectors = vectors::at(file)?;
        let names = schema["$defs"][kind]["properties"][tag]["enum"].as_array();
        let names = names.context("the schema of the driver protocol lists no lines")?;
        for name in names.iter().filter_map(Value::as_str) {
            let is_named = |vector: &&Vector| vector.value().is_some_and(|value| value[tag] == name);
            let own = vectors.iter().filter(is_named).cloned().collect();
            add(name, &schema["$defs"][format!("{kind}-{name}")], sent, own);
        }
    }
    let params = vectors::at("driver/params.json")?;
    add("CONFORMANCE_PARAMS", &schema["$defs"]["params"], "runner to client", params);
    Ok(page)
}
