//! HTTP steps beside the connections of the family: servers of the script, requests to other servers, and the subject's output.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, decides_check};
use super::error::{StepError, in_range, one_of};
use crate::scenario::scope::{Scope, valid_name};
use crate::scenario::term::given;
use crate::scenario::{Bytes, CheckName, Span, Term};

/// Opens an HTTP server on loopback, whose answers the script gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The name of the server in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The variable to set to its URL.
    pub url: String,
    /// The variable to set to its host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The address that it listens on; 127.0.0.1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl StepDefinition for Serve {
    const EXAMPLE: &'static str = "{ as: backend, url: backend_url }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        valid_name(&self.name)?;
        scope.set(&self.url)?;
        self.authority.iter().try_for_each(|name| scope.set(name))?;
        let is_loopback = |address: &String| address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if let Some(address) = self.address.as_ref().filter(|address| !is_loopback(address)) {
            return Err(StepError::Address(address.clone()));
        }
        scope.servers.insert(self.name.clone());
        Ok(())
    }
}

/// Waits for a request to a server of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The name of the request in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The server.
    pub at: String,
    /// The pattern that selects the request among those that come in any order; the next request by default.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub pick: Option<Term>,
    /// The pattern that it must match: `method`, `target`, `headers`, `body` (base64).
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub like: Option<Term>,
    /// The deadline; `notify_deadline` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Request {
    const EXAMPLE: &'static str = "{ as: request, at: backend, like: { method: GET }, check: forwards }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.server(&self.at)?;
        valid_name(&self.name)?;
        [&self.pick, &self.like].into_iter().flatten().for_each(|term| scope.bind(term));
        scope.requests.insert(self.name.clone());
        Ok(())
    }
}

/// Answers a request. Exactly one of `status` and `raw` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// The request.
    pub to: String,
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// The reason phrase.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Header lines beside those of the framing: an object from names to a string or a list of strings.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub headers: Option<Term>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// How the end of the body is marked.
    #[serde(default, skip_serializing_if = "Framing::is_length")]
    pub framing: Framing,
    /// Bytes as they are, possibly an incomplete answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
}

impl StepDefinition for Respond {
    const EXAMPLE: &'static str = "{ to: request, status: 200, body: hello }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.request(&self.to)?;
        let Self { status, reason, headers, body, raw, .. } = self;
        one_of(&[("status", status.is_some()), ("raw", raw.is_some())])?;
        status.map_or(Ok(()), |status| in_range("status", status, 100..=599))?;
        if raw.is_some() && (!reason.is_empty() || headers.is_some() || body.is_some()) {
            return Err(StepError::Exclusive("`raw`", "the other keys of an answer"));
        }
        headers.iter().try_for_each(|term| scope.can_fill(term))?;
        Ok(body.iter().chain(raw).try_for_each(|bytes| scope.can_send(bytes))?)
    }
}

/// How the end of a body is marked (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// By `content-length`.
    #[default]
    Length,
    /// In chunks.
    Chunked,
    /// By the end of the connection; only for answers.
    End,
}

impl Framing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_length(&self) -> bool {
        *self == Self::Length
    }
}

/// Sends a request to an HTTP server, on a connection of its own. Exactly one of `target` and `raw` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The name of the request in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The base URL of the server.
    pub from: Term,
    /// The method; `GET` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The request target.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub target: Option<Term>,
    /// Header lines beside `host` and those of the framing: an object from names to a string or a list of strings.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub headers: Option<Term>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// How the end of the body is marked.
    #[serde(default, skip_serializing_if = "Framing::is_length")]
    pub framing: Framing,
    /// Bytes as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
}

impl StepDefinition for Fetch {
    const EXAMPLE: &'static str = "{ as: fetched, from: $public_url, target: /hello }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        valid_name(&self.name)?;
        let Self { from, method, target, headers, body, raw, .. } = self;
        one_of(&[("target", target.is_some()), ("raw", raw.is_some())])?;
        if raw.is_some() && (method.is_some() || headers.is_some() || body.is_some()) {
            return Err(StepError::Exclusive("`raw`", "the other keys of a request"));
        }
        [target, headers].into_iter().flatten().chain([from]).try_for_each(|term| scope.can_fill(term))?;
        body.iter().chain(raw).try_for_each(|bytes| scope.can_send(bytes))?;
        scope.requests.insert(self.name.clone());
        Ok(())
    }
}

/// Waits for the answer to a request that was sent with `fetch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The request.
    pub of: String,
    /// The pattern that it must match: `status`, `reason`, `headers`, `body` (base64).
    pub like: Term,
    /// The deadline; `notify_deadline` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Answer {
    const EXAMPLE: &'static str = "{ of: fetched, like: { status: 200 }, check: answered }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.request(&self.of)?;
        scope.bind(&self.like);
        Ok(())
    }
}

/// Requires that no connection is made to a server of the script for some time, nor was made before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unvisited {
    /// The server.
    pub at: String,
    /// How long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Unvisited {
    const EXAMPLE: &'static str = "{ at: backend, for: 250ms, check: no-request }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.server(&self.at)?)
    }
}

/// Requires the output of the subject's process not to contain a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The text.
    pub lacks: Term,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Output {
    const EXAMPLE: &'static str = "{ lacks: $token, check: keeps-secret }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.can_fill(&self.lacks)?)
    }
}
