//! Steps that control a client under test by the driver protocol.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::StepError;
use crate::scenario::scope::Scope;
use crate::scenario::traits::Trait;
use crate::scenario::{CheckName, Span, Term};

/// Sends a command of the driver protocol to the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// The client.
    pub to: String,
    /// The command.
    pub json: Term,
}

impl StepDefinition for Tell {
    const EXAMPLE: &'static str = "{ to: client, json: { do: stop } }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    const TRAIT: Option<Trait> = Some(Trait::Driver);

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.to)?;
        Ok(scope.can_fill(&self.json)?)
    }
}

/// Waits for an event of the driver protocol. Earlier events of other names remain for other steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventStep {
    /// The client.
    pub of: String,
    /// The pattern for the event; its `event` is a plain name.
    pub json: Term,
    /// Whether it must be the very next event of any name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub next: bool,
    /// The deadline; `notify_deadline` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl EventStep {
    /// The name of the event.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.json.member("event")
    }
}

impl StepDefinition for EventStep {
    const EXAMPLE: &'static str = "{ of: client, json: { event: registered, code: $code }, check: reports-code }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    const TRAIT: Option<Trait> = Some(Trait::Driver);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        if self.name().is_none() {
            return Err(StepError::EventName);
        }
        scope.bind(&self.json);
        Ok(())
    }
}

/// Requires that no event of these names comes for some time, nor has come without a step that took it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoEvent {
    /// The client.
    pub of: String,
    /// The names.
    pub named: Vec<String>,
    /// How long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for NoEvent {
    const EXAMPLE: &'static str = "{ of: client, named: [gave_up], for: 1s, check: keeps-trying }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    const TRAIT: Option<Trait> = Some(Trait::Driver);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        if self.named.is_empty() { Err(StepError::NoEvents) } else { Ok(()) }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}
