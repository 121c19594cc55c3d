//! Order as data: which message may come next on a connection, what else violates which requirement, and which answers are due.
//!
//! These rules see one connection only, as an observer on the wire does. What needs two connections is for scenarios and models.

mod exchange;
mod observed;
mod observer;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names::{Names, Violated};

pub use observed::{Observed, OrderViolation, Sender};
pub use observer::{BuiltIn, Observer};

/// The order rules of a protocol, by the role of the client. `"*"` holds for a client whose role is not known before it has sent something.
pub type Order = BTreeMap<String, Conversation>;

/// The order rules of the connections of one client role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The state of a new connection. States are the names that rules use; there is no other list of them.
    pub start: String,
    /// Which message leads to which state, and which violates what. The first rule that matches a message applies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Requests and their answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// Values that one message begins and another ends, such as the ids of connected peers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifetimes: Vec<Lifetime>,
    /// Numbers that never fall from one message to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<Counter>,
    /// Rules that are part of the runner, by name, for what data cannot say well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub built_in: Vec<String>,
}

/// One rule: a message in a state, and what follows from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Who sends which message.
    pub on: Sent,
    /// In which states; in all of them by default.
    #[serde(default, rename = "in", skip_serializing_if = "Names::is_empty")]
    pub states: Names,
    /// Members that the message has; any by default. Objects may have more members, `null` is a member that is missing or null, everything else
    /// is equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Value>,
    /// Only an answer to a request of one of these names, as `exchanges` pair them.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub answers: Names,
    /// Only while no request of these names is unanswered.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub settled: Names,
    /// Only from the second such message on the connection on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// The state that follows; the same by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The role whose rules hold from this message on, which they see too: for a client that is known by what it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// The requirement that the sender violates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<Violated>,
    /// Why, in a few words that can end a sentence; `{name}` stands for the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Messages of one side, or of either. `"*"` stands for every message with a JSON form, `"<binary>"` for binary ones that have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// What the client sends.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub client: Names,
    /// What the server sends.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub server: Names,
}

/// Requests of one side, and the answers of the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The requests.
    pub requests: Sent,
    /// Where a request has its id, as a JSON Pointer. Without one, answers belong to requests in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The answers, each with the JSON Pointer to the id of its request, `null` if that is where requests have it. `"*"` stands for all others.
    pub answers: BTreeMap<String, Option<String>>,
    /// Only in these states; in all of them by default.
    #[serde(default, rename = "in", skip_serializing_if = "Names::is_empty")]
    pub states: Names,
    /// Which answers are due to which requests; the first entry that matches a request applies. Any answer to any request by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<Due>,
    /// What an answer violates to which no request is unanswered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stray: Option<Violated>,
    /// What a request violates whose id an unanswered request has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_id: Option<Violated>,
    /// What a request violates whose id an earlier request of the connection had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_id: Option<Violated>,
    /// What must not be asked again once it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// The answers that are due to a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// The requests.
    pub to: Names,
    /// Only to those that were sent in these states; in all of them by default.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub asked_in: Names,
    /// Only to those that have these members, or lack them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Value>,
    /// The answers.
    pub by: BTreeMap<String, Form>,
    /// What any other answer violates.
    pub otherwise: Violated,
}

/// What an answer is like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Members that it has; another answer is not the one that is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<Value>,
    /// JSON Pointers to members that are those of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<String>,
    /// What it violates if they are not; `otherwise` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<String>,
}

/// A value that was refused: a code, a PIN, a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The answers that refuse it.
    pub by: Names,
    /// Where the request has it, as a JSON Pointer.
    pub value: String,
    /// Whether upper and lower case are the same to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// What the next request violates if it has the same value.
    pub violates: String,
}

/// A value that one message begins and another ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    /// What begins it.
    pub begins: Sent,
    /// What ends it.
    pub ends: Sent,
    /// Where both have it, as a JSON Pointer.
    pub value: String,
    /// What a beginning violates before the end of the same value.
    pub twice: String,
    /// What an end violates without a beginning.
    pub unknown: String,
}

/// Numbers that never fall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// The messages that have them.
    pub on: Sent,
    /// Where, as JSON Pointers.
    pub at: Vec<String>,
    /// What a smaller number than before violates.
    pub violates: String,
}
