//! The JSON Schema of the driver protocol: one document that defines commands, events and parameters.

use serde_json::{Map, Value, json};

use super::{Command, Event, Params};
use crate::schema::{self, MessageSchema};

/// The schema of a line, command or event, without `$schema` and `$id`; `$defs` has `command`, `event` and `params` on their own.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let about = "What the runner writes to the client's standard input.";
    define(&mut definitions, "command", "do", about, Command::schemas());
    define(&mut definitions, "event", "event", "What the client writes to its standard output.", Event::schemas());
    if let Some(result) = definitions.get_mut("event-result") {
        result["oneOf"] = json!([{ "required": ["ok"] }, { "required": ["error"] }]);
    }
    let mut params = schema::of::<Params>();
    params["title"] = "params".into();
    params["description"] =
        "The parameters of a scenario, in the variable CONFORMANCE_PARAMS; unknown members are ignored.".into();
    definitions.insert("params".to_owned(), params);
    json!({
        "title": "driver",
        "description": "A line of the driver protocol: a command from the runner, or an event from the client under test.",
        "type": "object",
        "oneOf": [{ "$ref": "#/$defs/command" }, { "$ref": "#/$defs/event" }],
        "$defs": definitions,
    })
}

fn define(definitions: &mut Map<String, Value>, title: &str, tag: &str, description: &str, lines: Vec<MessageSchema>) {
    let names: Vec<_> = lines.iter().map(|line| line.name).collect();
    let id = |name: &str| format!("{title}-{name}");
    let choices: Vec<_> = names.iter().map(|name| json!({ "$ref": format!("#/$defs/{}", id(name)) })).collect();
    let set = json!({
        "title": title,
        "description": description,
        "type": "object",
        "properties": { tag: { "description": "The kind of line.", "enum": names } },
        "required": [tag],
        "oneOf": choices,
    });
    definitions.insert(title.to_owned(), set);
    definitions.extend(lines.into_iter().map(|line| (id(line.name), line.schema)));
}
