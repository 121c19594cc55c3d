//! The parameters that a scenario passes to a client under test, as a JSON object in its environment.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::number::seconds;
use crate::reconnect::Policy;
use crate::timing::{Parameter, Timing};
use crate::wire::{self, DecodeError, ObjectOnly};

/// The parameters of a scenario (chapter `driver`, "How a client is started"). Any member may be absent or null; unknown ones are ignored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    /// The code to join with.
    pub code: Option<String>,
    /// The token to authenticate with.
    pub token: Option<String>,
    /// The PIN to authenticate with.
    pub pin: Option<String>,
    /// The address of the HTTP server behind an agent.
    pub local_url: Option<String>,
    /// The session to report about.
    pub session_id: Option<String>,
    /// The timing parameters to run with, each a member of that name, in seconds.
    pub timing: Timing,
    /// How to reconnect after a loss.
    pub reconnect: Option<Policy>,
}

const RECONNECT: &str = "reconnect";

const TEXTS: [(&str, &str); 5] = [
    ("code", "The code to join with."),
    ("token", "The token to authenticate with."),
    ("pin", "The PIN to authenticate with."),
    ("local_url", "The address of the HTTP server behind an agent."),
    ("session_id", "The session to report about."),
];

impl Params {
    /// Parses the object; fails if the text is not a JSON object, or a known member has the wrong type; the error names the place.
    pub fn read(text: &str) -> Result<Self, DecodeError> {
        wire::object_of(text, "params")
    }

    /// Writes the object, without members that have no value.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn texts(&self) -> [&Option<String>; TEXTS.len()] {
        [&self.code, &self.token, &self.pin, &self.local_url, &self.session_id]
    }

    fn text(&mut self, name: &str) -> Option<&mut Option<String>> {
        let at = TEXTS.iter().position(|(known, _)| *known == name)?;
        let texts = [&mut self.code, &mut self.token, &mut self.pin, &mut self.local_url, &mut self.session_id];
        texts.into_iter().nth(at)
    }
}

#[derive(Serialize, Deserialize)]
struct Seconds(#[serde(with = "seconds")] Duration);

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for ((name, _), text) in TEXTS.iter().zip(self.texts()) {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        for (parameter, value) in self.timing.declared() {
            map.serialize_entry(parameter.name(), &Seconds(value))?;
        }
        if let Some(policy) = &self.reconnect {
            map.serialize_entry(RECONNECT, policy)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ParamsVisitor;

        impl<'de> Visitor<'de> for ParamsVisitor {
            type Value = Params;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
                let mut params = Params::default();
                while let Some(name) = map.next_key::<String>()? {
                    if let Some(text) = params.text(&name) {
                        *text = map.next_value()?;
                    } else if let Some(parameter) = Parameter::named(&name) {
                        if let Some(Seconds(value)) = map.next_value()? {
                            params.timing.declare(parameter, value);
                        }
                    } else if name == RECONNECT {
                        params.reconnect = map.next_value::<Option<ObjectOnly<Policy>>>()?.map(|object| object.0);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(params)
            }
        }

        deserializer.deserialize_map(ParamsVisitor)
    }
}

impl JsonSchema for Params {
    fn schema_name() -> Cow<'static, str> {
        "Params".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for (name, description) in TEXTS {
            properties.insert(name.to_owned(), json!({ "description": description, "type": ["string", "null"] }));
        }
        for parameter in Parameter::ALL {
            let mut schema = seconds::schema(generator);
            schema.insert("type".to_owned(), json!(["number", "null"]));
            let description = "The timing parameter of this name, in seconds (chapter `wire`).";
            schema.insert("description".to_owned(), description.into());
            properties.insert(parameter.name().to_owned(), schema.to_value());
        }
        let policy: Value = generator.subschema_for::<Policy>().to_value();
        let description = "How to reconnect after a loss (chapter `reconnect`).";
        let either = json!({ "description": description, "anyOf": [policy, { "type": "null" }] });
        properties.insert(RECONNECT.to_owned(), either);
        json_schema!({ "type": "object", "properties": properties })
    }
}
