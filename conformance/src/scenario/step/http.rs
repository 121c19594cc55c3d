//! A step that asks an address which a server has for tests alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::given;
use crate::scenario::{CheckName, Term};

/// POSTs JSON by HTTP, and reads the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The URL, as `http://${param_control}/chats`.
    pub post: Term,
    /// What is sent.
    pub json: Term,
    /// The status that has to be answered.
    pub status: u16,
    /// What the answer has to match, where it matters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub answer: Option<Term>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}
