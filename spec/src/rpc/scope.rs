//! The sessions that a query is about: derived code would accept and describe more than the chapter allows.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use wincode::{SchemaRead, SchemaWrite};

use super::form::one_of;

/// The sessions that a query is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, SchemaWrite, SchemaRead)]
pub enum Scope {
    /// The session that the query comes from.
    CurrentSession,
    /// All sessions.
    AllSessions,
    /// The sessions with these ids.
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
        let ids =
            json!({ "description": "The sessions with these ids.", "type": "array", "items": { "type": "string" } });
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
