//! Steps that act as the server for a client under test: start it, and accept its connection attempts or make them fail.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::{MAX_FRAGMENTS, StepError, in_range, one_of};
use crate::scenario::scope::{Scope, valid_name};
use crate::scenario::term::given;
use crate::scenario::{CheckName, Span, Term};

/// The most attempts in a row that a step can turn away.
const MAX_ATTEMPTS: u32 = 1000;

/// Starts the client under test, at an address of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The name of the client in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// Parameters to pass beside the timing parameters and the policy, such as `code`.
    #[serde(default, rename = "with", skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Term>,
    /// The number of failed attempts in a row after which it must give up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
}

impl StepDefinition for Start {
    const EXAMPLE: &'static str = "{ as: client }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        valid_name(&self.name)?;
        self.params.values().try_for_each(|term| scope.can_fill(term))?;
        if self.max_attempts == Some(0) {
            return Err(StepError::Range("max_attempts", "at least 1".to_owned()));
        }
        scope.clients.insert(self.name.clone());
        Ok(())
    }
}

/// Waits for the client's next connection attempt, and accepts it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The client.
    pub of: String,
    /// The pattern for the request target; its path must be that of the role in any case.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub target: Option<Term>,
    /// The deadline; by default the latest time that the policy allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that the attempt decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Accept {
    const EXAMPLE: &'static str = "{ as: first, of: client }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        self.target.iter().for_each(|target| scope.bind(target));
        valid_name(&self.name)?;
        scope.connections.insert(self.name.clone());
        Ok(())
    }
}

/// Waits for the client's next connection attempt, accepts it, and completes the family's opening.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The client.
    pub of: String,
    /// Members to add to each message of the server.
    #[serde(default, rename = "with", skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Term>,
    /// The number of fragments of each message of the server; a Ping with the text `between` follows the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = MAX_FRAGMENTS))]
    pub fragments: Option<usize>,
    /// The deadline for the attempt; by default the latest time that the policy allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Welcome {
    const EXAMPLE: &'static str = "{ as: first, of: client, check: comes-back }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn websocket_only(&self) -> Option<&'static str> {
        self.fragments.map(|_| "`fragments` of a welcome")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        self.members.values().try_for_each(|term| scope.can_fill(term))?;
        self.fragments.map_or(Ok(()), |fragments| in_range("fragments", fragments, 2..=MAX_FRAGMENTS))?;
        valid_name(&self.name)?;
        scope.connections.insert(self.name.clone());
        Ok(())
    }
}

/// Waits for the client's next connection attempt, and makes it fail. Exactly one of `status` and `by` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnAway {
    /// The client.
    pub of: String,
    /// The HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it fails without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<FailBy>,
    /// The number of attempts in a row; one by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// As many attempts in a row as bring the delay to its cap, and this many more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_cap: Option<u32>,
    /// The deadline for each; by default the latest time that the policy allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that the attempts decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for TurnAway {
    const EXAMPLE: &'static str = "{ of: client, status: 503, times: 3 }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn websocket_only(&self) -> Option<&'static str> {
        self.status.map(|_| "an HTTP `status`")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        one_of(&[("status", self.status.is_some()), ("by", self.by.is_some())])?;
        // 101 would accept.
        self.status.map_or(Ok(()), |status| in_range("status", status, 200..=599))?;
        if self.times.is_some() && self.past_cap.is_some() {
            return Err(StepError::Exclusive("`times`", "`past_cap`"));
        }
        self.times.map_or(Ok(()), |times| in_range("times", times, 1..=MAX_ATTEMPTS))?;
        self.past_cap.map_or(Ok(()), |more| in_range("past_cap", more, 1..=MAX_ATTEMPTS))
    }
}

/// How an attempt fails without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailBy {
    /// By a TCP reset instead of an answer.
    Reset,
    /// By the end of the stream instead of an answer.
    Fin,
    /// As a server that is not ready refuses: by HTTP 503, or by the end of the stream if there is no handshake.
    Refusal,
    /// No answer comes; the client must give up.
    Hang,
    /// The handshake succeeds, and the connection is closed at once with code 1011.
    Close,
    /// The handshake succeeds, and the connection ends at once without a Close frame.
    Drop,
    /// The handshake succeeds, and nothing follows; the client must give up.
    Silence,
}
