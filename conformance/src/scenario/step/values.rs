//! Steps that judge values which a story has collected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{CheckName, Term};

/// All values of a list have to differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distinct {
    /// The list.
    pub values: Term,
    /// The check that this decides.
    pub check: CheckName,
}

/// All values of a list have to be the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Same {
    /// The list.
    pub values: Term,
    /// The check that this decides.
    pub check: CheckName,
}

/// No value of one list may occur in another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disjoint {
    /// The one list.
    pub values: Term,
    /// The other list.
    pub from: Term,
    /// The check that this decides.
    pub check: CheckName,
}

/// The values of a list have to occur this often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The list.
    pub values: Term,
    /// Each value with its number; no other value may occur, unless `at_least` is given instead.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub to: std::collections::BTreeMap<String, usize>,
    /// Values with the least number of times that each has to occur.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub at_least: std::collections::BTreeMap<String, usize>,
    /// The check that this decides.
    pub check: CheckName,
}

/// Characters of a list of strings have to look random: chi-square tests of evenness and independence, whose total error rate
/// for a truly random source is below one in a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpredictable {
    /// The list of strings, in the order in which they were handed out.
    pub values: Term,
    /// The characters that each position draws from.
    pub alphabet: String,
    /// The check that this decides.
    pub check: CheckName,
}
