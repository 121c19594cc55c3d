//! Steps that wait for messages, and steps that require that none come.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, decides_check};
use super::error::{MAX_MESSAGES, StepError, in_range, one_of};
use super::send::Encoding;
use crate::scenario::scope::Scope;
use crate::scenario::term::given;
use crate::scenario::traits::Trait;
use crate::scenario::{Bytes, CheckName, Span, Term};

/// Waits for what comes next. Exactly one of `json`, `binary`, `ping`, `pong`, `close`, `end`, `loss` and `any_of` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The connection.
    pub on: String,
    /// A message that matches, in any encoding of the family.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// The encoding that `json` must have, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// A binary message of exactly these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// A Ping frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<Any>,
    /// A Pong frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<String>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the TCP connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Any>,
    /// The end of the connection by any means: a Close frame with any code, FIN or RST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
    /// One of several alternatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Choice>,
    /// The variable that is set to the name of the alternative that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Text messages that may come first and are skipped.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Binary messages that may come first and are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping_binary: Option<Bytes>,
    /// The deadline; `notify_deadline` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Expect {
    const EXAMPLE: &'static str = "{ on: host, json: { type: registered, code: $code }, check: registers }";
    decides_check!();

    fn required_trait(&self) -> Option<Trait> {
        self.any_of.iter().any(|choice| choice.event.is_some()).then_some(Trait::Driver)
    }

    fn websocket_only(&self) -> Option<&'static str> {
        (self.ping.is_some() || self.pong.is_some()).then_some("expecting Ping or Pong")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        one_of(&[
            ("json", self.json.is_some()),
            ("binary", self.binary.is_some()),
            ("ping", self.ping.is_some()),
            ("pong", self.pong.is_some()),
            ("close", self.close.is_some()),
            ("end", self.end.is_some()),
            ("loss", self.loss.is_some()),
            ("any_of", !self.any_of.is_empty()),
        ])?;
        for Choice { json, binary, close, loss, event, .. } in &self.any_of {
            one_of(&[
                ("json", json.is_some()),
                ("binary", binary.is_some()),
                ("close", close.is_some()),
                ("loss", loss.is_some()),
                ("event", event.is_some()),
            ])?;
            event.iter().try_for_each(|event| scope.client(&event.of))?;
        }
        if let Some(name) = &self.bind {
            if self.any_of.is_empty() || self.any_of.iter().any(|choice| choice.named.is_none()) {
                return Err(StepError::UnnamedChoice);
            }
            scope.set(name)?;
        }
        let choices = self.any_of.iter().filter_map(|choice| choice.binary.as_ref());
        let mut binary = self.binary.iter().chain(&self.skipping_binary).chain(choices);
        binary.try_for_each(|bytes| scope.can_expect(bytes))?;
        let choices = self.any_of.iter();
        let terms = choices.filter_map(|one| one.json.as_ref().or(one.event.as_ref().map(|event| &event.json)));
        self.json.iter().chain(terms).for_each(|term| scope.bind(term));
        Ok(())
    }
}

/// Waits for several messages, in any order. Variables that the pattern sets become lists, in order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The connection.
    pub on: String,
    /// The number of messages.
    #[schemars(range(min = 1, max = MAX_MESSAGES))]
    pub count: usize,
    /// The pattern that each of them must match.
    pub json: Term,
    /// Messages that may come between them and are skipped.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// The deadline for all of them; `notify_deadline` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Collect {
    const EXAMPLE: &'static str =
        "{ on: viewer, count: 3, json: { type: data, payload: $payload }, check: all-arrive }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        in_range("count", self.count, 1..=MAX_MESSAGES)?;
        scope.bind(&self.json);
        Ok(())
    }
}

/// One of several alternatives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name, for `bind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// A text message that matches.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A binary message of exactly these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the connection by any means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
    /// An event of a client's driver protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventIs>,
}

/// What an event of the driver protocol must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventIs {
    /// The client.
    pub of: String,
    /// The pattern that the event must match.
    pub json: Term,
}

/// Anything of its kind; written `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Any {}

/// What a Close frame must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIs {
    /// The accepted codes; any code if omitted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<u16>,
    /// The reason, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Requires that nothing comes for some time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The connection.
    pub on: String,
    /// How long.
    #[serde(rename = "for")]
    pub span: Span,
    /// Text messages that may come nevertheless.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Binary messages that may come nevertheless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping_binary: Option<Bytes>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Quiet {
    const EXAMPLE: &'static str = "{ on: host, for: 250ms, check: stays-quiet }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        Ok(self.skipping_binary.iter().try_for_each(|bytes| scope.can_expect(bytes))?)
    }
}
