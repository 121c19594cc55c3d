//! Steps that set variables, and steps that check collected values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, decides_check};
use super::error::{StepError, one_of};
use crate::scenario::scope::Scope;
use crate::scenario::{CheckName, Term};

/// Sets variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Let(pub BTreeMap<String, Term>);

impl StepDefinition for Let {
    const EXAMPLE: &'static str = "{ greeting: \"hello ${name}\" }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        for (name, term) in &self.0 {
            scope.can_fill(term)?;
            scope.set(name)?;
        }
        Ok(())
    }
}

impl JsonSchema for Let {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Let".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Term>::json_schema(generator)
    }
}

/// Requires all values of a list to be different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distinct {
    /// The list.
    pub values: Term,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Distinct {
    const EXAMPLE: &'static str = "{ values: $codes, check: codes-differ }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.can_fill(&self.values)?)
    }
}

/// Requires all values of a list to be equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Same {
    /// The list.
    pub values: Term,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Same {
    const EXAMPLE: &'static str = "{ values: $orders, check: same-order }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.can_fill(&self.values)?)
    }
}

/// Requires two lists to have no value in common.
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

impl StepDefinition for Disjoint {
    const EXAMPLE: &'static str = "{ values: $new, from: $old, check: no-reuse }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.can_fill(&self.values)?;
        Ok(scope.can_fill(&self.from)?)
    }
}

/// Requires the values of a list to occur this often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The list.
    pub values: Term,
    /// How often each value occurs; no other value may occur.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub to: BTreeMap<String, usize>,
    /// How often each value occurs at least.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, usize>,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Tally {
    const EXAMPLE: &'static str = "{ values: $outcomes, to: { joined: 1, refused: 19 }, check: one-joins }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.can_fill(&self.values)?;
        one_of(&[("to", !self.to.is_empty()), ("at_least", !self.at_least.is_empty())])
    }
}

/// Requires the characters of a list of strings to look random: chi-square tests of uniformity and independence, whose total
/// error rate for a truly random source is below one in a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpredictable {
    /// The list of strings, in the order in which they were issued.
    pub values: Term,
    /// The characters that may occur at each position.
    pub alphabet: String,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Unpredictable {
    const EXAMPLE: &'static str = "{ values: $codes, alphabet: ABC123, check: random-codes }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.can_fill(&self.values)?;
        if self.alphabet.chars().count() < 2 { Err(StepError::Alphabet) } else { Ok(()) }
    }
}
