//! The macro that declares the lines of the driver protocol: an enum with parser, writer and schemas.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::schema::{self, MessageSchema};

pub(super) fn schema_of<T: JsonSchema>(tag: &str, name: &'static str, description: &str) -> MessageSchema {
    let members = schema::of::<T>();
    let (properties, required) = schema::tagged(tag, name, &members["properties"], &members["required"]);
    let description = description.trim();
    let schema = json!({
        "title": name, "description": description, "type": "object", "properties": properties, "required": required,
    });
    MessageSchema { name, schema }
}

/// Distinguishes null from an absent member.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Declares lines: `Name (in module) tagged "do" { Variant = "tag" { member: Type, … }, … }`. The module gets a struct for the members of
/// each line. Unknown members are ignored.
macro_rules! lines {
    (
        $(#[$doc:meta])*
        $name:ident (in $module:ident) tagged $tag:literal {
            $(#[doc = $about:literal] $variant:ident = $value:literal { $($(#[$attribute:meta])* $member:ident: $type:ty,)* },)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = $tag)]
        pub enum $name {
            $(
                #[doc = $about]
                #[serde(rename = $value)]
                $variant { $($(#[$attribute])* $member: $type,)* },
            )+
        }

        mod $module {
            use super::*;

            $(
                #[derive(serde::Deserialize, schemars::JsonSchema)]
                pub(super) struct $variant { $($(#[$attribute])* pub(super) $member: $type,)* }
            )+
        }

        impl $name {
            /// The tag: the name of this command or event.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $value,)+
                }
            }

            /// Writes the line, without the trailing line feed.
            pub fn encode(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }

            fn members(name: &str, text: &str) -> Option<Result<Self, $crate::wire::DecodeError>> {
                $(if name == $value {
                    let members = $crate::wire::members_of::<$module::$variant>(text, $value);
                    return Some(members.map(|$module::$variant { $($member,)* }| Self::$variant { $($member,)* }));
                })+
                None
            }

            pub(super) fn schemas() -> Vec<$crate::schema::MessageSchema> {
                vec![$($crate::driver::line::schema_of::<$module::$variant>($tag, $value, $about),)+]
            }
        }
    };
}

pub(super) use lines;
