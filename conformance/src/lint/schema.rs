//! Validates messages against the schemas of their direction. The schema is selected by the message's tag, so that errors are exact.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use relayspec::family::{Channel, Family};
use relayspec::wire::Direction;
use serde_json::Value;

use crate::outcome::Finding;

/// Compiled schemas, shared by every connection of a run.
#[derive(Debug, Default)]
pub struct Schemas {
    /// By family and direction: two families may use the same names for roles.
    compiled: Mutex<BTreeMap<(&'static str, Direction), Arc<ByTag>>>,
}

/// Schemas by the tags of their messages.
type ByTag = BTreeMap<&'static str, CompiledSchema>;

#[derive(Debug)]
struct CompiledSchema {
    schema: Value,
    validator: Validator,
}

/// The violated requirement if the schema names none.
const DEFAULT_REQUIREMENT: &str = "WIRE-01";

impl Schemas {
    /// What is wrong with a message of a direction.
    #[must_use]
    pub fn check(&self, family: &Family, channel: &Channel, message: &Value) -> Vec<Finding> {
        let compiled = self.of(family, channel);
        let known = || compiled.keys().copied().collect::<Vec<_>>().join(", ");
        let Some(name) = (family.naming.name)(message) else {
            return vec![violation(
                DEFAULT_REQUIREMENT,
                "a message without a name",
                &format!("one of {}", known()),
                message,
            )];
        };
        let Some(found) = compiled.get(name) else {
            let direction = channel.direction;
            let what = format!("a `{name}` from the {} to the {}", direction.from, direction.to);
            return vec![violation(DEFAULT_REQUIREMENT, &what, &format!("one of {}", known()), message)];
        };
        let Err(error) = found.validator.validate(message) else { return Vec::new() };
        let at = error.instance_path().as_str().to_owned();
        let place = if at.is_empty() { String::new() } else { format!(" at {at}") };
        let what = format!("`{name}` does not match its schema{place}: {error}");
        let expected = format!("schemas: {name}.json{}", error.schema_path().as_str());
        vec![violation(&requirement(&found.schema, error.schema_path().as_str()), &what, &expected, message)]
    }

    fn of(&self, family: &Family, channel: &Channel) -> Arc<ByTag> {
        let mut all = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((family.name, channel.direction)).or_insert_with(|| Arc::new(compile(channel))))
    }
}

fn compile(channel: &Channel) -> ByTag {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    let compiled = (channel.schemas)().into_iter().filter_map(|message| {
        let validator = options.build(&message.schema).ok()?;
        Some((message.name, CompiledSchema { schema: message.schema, validator }))
    });
    compiled.collect()
}

/// The requirement that the schema names closest to the failed keyword.
fn requirement(schema: &Value, path: &str) -> String {
    let mut nearest = schema["x-requirement"].as_str();
    let mut here = schema;
    for step in path.split('/').skip(1) {
        let index = step.parse::<usize>().ok();
        let Some(inner) = here.get(step).or_else(|| here.get(index?)) else { break };
        here = inner;
        nearest = here["x-requirement"].as_str().or(nearest);
    }
    nearest.unwrap_or(DEFAULT_REQUIREMENT).to_owned()
}

fn violation(requirement: &str, what: &str, expected: &str, got: &Value) -> Finding {
    super::finding(requirement, what, expected, super::shorten(&got.to_string()))
}
