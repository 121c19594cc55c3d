//! The sessions that a question is about: words and a list, of which derived code would read and describe more than there is.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use wincode::{SchemaRead, SchemaWrite};

use super::form::one_of;

/// The sessions that a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, SchemaWrite, SchemaRead)]
pub enum Scope {
    /// The one from which it is asked.
    CurrentSession,
    /// All of them.
    AllSessions,
    /// Those with these ids.
    Sessions(Vec<String>),
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Named {
            Sessions(Vec<String>),
        }
        let words = &[("CurrentSession", Self::CurrentSession), ("AllSessions", Self::AllSessions)];
        one_of(deserializer, words, |Named::Sessions(ids)| Self::Sessions(ids))
    }
}

impl JsonSchema for Scope {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids = json!({ "description": "Those with these ids.", "type": "array", "items": { "type": "string" } });
        json_schema!({
            "oneOf": [
                { "type": "string", "enum": ["CurrentSession", "AllSessions"] },
                {
                    "type": "object",
                    "properties": { "Sessions": ids },
                    "required": ["Sessions"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
