//! The JSON Schema of the driver protocol: one document with definitions for commands, events and params.

use serde_json::{Map, Value, json};

use super::line::LineSchema;
use super::{Command, Event, Params};
use crate::schema;

/// The schema of a line, command or event; `$defs` has those of `command`, `event` and `params` by themselves. Without `$schema` and
/// `$id`.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    define(
        &mut definitions,
        "command",
        "do",
        "What the runner writes to the client's standard input.",
        Command::schemas(),
    );
    define(&mut definitions, "event", "event", "What the client writes to its standard output.", Event::schemas());
    if let Some(result) = definitions.get_mut("event-result") {
        result["oneOf"] = json!([{ "required": ["ok"] }, { "required": ["error"] }]);
    }
    let mut params = schema::of::<Params>();
    params["title"] = "params".into();
    params["description"] =
        "What a scenario hands over, in the variable CONFORMANCE_PARAMS; unknown members are ignored.".into();
    definitions.insert("params".to_owned(), params);
    json!({
        "title": "driver",
        "description": "A line of the driver protocol: a command of the runner, or an event of the client under test.",
        "type": "object",
        "oneOf": [{ "$ref": "#/$defs/command" }, { "$ref": "#/$defs/event" }],
        "$defs": definitions,
    })
}

fn define(definitions: &mut Map<String, Value>, title: &str, tag: &str, description: &str, lines: Vec<LineSchema>) {
    let names: Vec<_> = lines.iter().map(|line| line.name).collect();
    let place = |name: &str| format!("{title}-{name}");
    let choices: Vec<_> = names.iter().map(|name| json!({ "$ref": format!("#/$defs/{}", place(name)) })).collect();
    let set = json!({
        "title": title,
        "description": description,
        "type": "object",
        "properties": { tag: { "description": "Which line it is.", "enum": names } },
        "required": [tag],
        "oneOf": choices,
    });
    definitions.insert(title.to_owned(), set);
    definitions.extend(lines.into_iter().map(|line| (place(line.name), line.schema)));
}
