//! Steps that open, change and end connections.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::StepError;
use crate::scenario::scope::{Scope, valid_name};
use crate::scenario::term::given;
use crate::scenario::{CheckName, Size, Term};

/// Opens a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The request target, such as `/mac`; omitted if there is no handshake.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// The role of the client, if the path does not determine it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A small receive buffer, so that the peer soon notices a stalled reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_buffer: Option<Size>,
    /// A loopback address other than 127.0.0.1 to connect from: a variable, which is set to a random address if it is unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The check that the handshake decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Connect {
    const EXAMPLE: &'static str = "{ as: host, to: /mac }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        valid_name(&self.name)?;
        valid_path(&self.to, scope)?;
        if let Some(role) = self.role.as_deref().filter(|role| !scope.roles.contains(role)) {
            return Err(StepError::Role(role.to_owned(), scope.roles.join(", ")));
        }
        self.from.iter().try_for_each(|name| scope.set(name))?;
        scope.connections.insert(self.name.clone());
        Ok(())
    }
}

/// Tries to open a connection, which must be refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The request target; omitted if there is no handshake.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// As for `connect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The connection may also be opened, and must then be closed with code 1008 after this message.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub after: Option<Term>,
    /// Text messages that may come before the close.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Refused {
    const EXAMPLE: &'static str = "{ to: /unknown, check: unknown-path-refused }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        valid_path(&self.to, scope)?;
        self.from.iter().try_for_each(|name| scope.set(name))?;
        self.after.iter().try_for_each(|term| scope.can_fill(term))?;
        if self.skipping.is_some() && self.after.is_none() {
            return Err(StepError::Needs("`skipping`", "`after`"));
        }
        Ok(())
    }
}

/// Sends a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The connection.
    pub on: String,
    /// The close code; omitted for an empty Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl StepDefinition for Close {
    const EXAMPLE: &'static str = "{ on: host, code: 1000 }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.connection(&self.on)?)
    }
}

/// Ends a connection without a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The connection.
    pub on: String,
    /// How it ends.
    pub by: CutBy,
}

impl StepDefinition for Cut {
    const EXAMPLE: &'static str = "{ on: host, by: reset }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        if scope.requests.contains(&self.on) { Ok(()) } else { Ok(scope.connection(&self.on)?) }
    }
}

/// How TCP ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutBy {
    /// By a reset (RST).
    Reset,
    /// By an orderly end of the stream (FIN) without a Close frame.
    Fin,
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The connection.
    pub on: String,
}

/// Steps whose only key is the connection; their schema is that of [`On`].
macro_rules! on_steps {
    ($($(#[$doc:meta])+ $name:ident, websocket: $websocket:expr;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub On);

        impl StepDefinition for $name {
            const EXAMPLE: &'static str = "{ on: host }";

            fn websocket_only(&self) -> Option<&'static str> {
                $websocket
            }

            fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
                Ok(scope.connection(&self.0.on)?)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                On::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                On::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                On::json_schema(generator)
            }
        }
    )+};
}

on_steps! {
    /// Stops answering Pings and Close frames.
    Mute, websocket: None;
    /// Answers the last Ping.
    Pong, websocket: Some("`pong`");
    /// Discards what is received from here on.
    Ignore, websocket: None;
    /// Stops reading.
    Stall, websocket: None;
    /// Reads again.
    Resume, websocket: None;
}

fn valid_path(target: &str, scope: &Scope) -> Result<(), StepError> {
    match (scope.has_paths, target) {
        (false, "") => Ok(()),
        (false, _) => Err(StepError::Path),
        (true, "") => Err(StepError::NoPath),
        (true, _) if target.starts_with('/') && target.chars().all(|c| c.is_ascii_graphic()) => Ok(()),
        (true, _) => Err(StepError::Target(target.to_owned())),
    }
}
