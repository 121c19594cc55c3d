//! What every type of step defines beside its form.

use crate::scenario::check_name::CheckName;
use crate::scenario::scope::Scope;
use crate::scenario::traits::Trait;

use super::error::StepError;

/// What every type of step defines beside its form. The engine adds how it is executed.
pub(crate) trait StepDefinition {
    /// The keys of a step, as a scenario writes them.
    const EXAMPLE: &'static str;
    /// The side that must be under test; `None` if the step works with either.
    const UNDER_TEST: Option<UnderTest> = None;
    /// The trait that a scenario with such a step must have, if any.
    const TRAIT: Option<Trait> = None;

    /// The check that the step decides, if any; see [`decides_check`].
    fn check(&self) -> Option<&CheckName> {
        None
    }

    /// The trait that a scenario with this very step must have, if any.
    fn required_trait(&self) -> Option<Trait> {
        Self::TRAIT
    }

    /// What in the step needs a WebSocket, if anything does.
    fn websocket_only(&self) -> Option<&'static str> {
        None
    }

    /// Validates the step where it is, and adds the names that it introduces to the scope.
    ///
    /// # Errors
    /// If the step could not run.
    fn validate(&self, scope: &mut Scope) -> Result<(), StepError>;
}

/// Implements [`StepDefinition::check`] for a step with the key `check`, whether that is required or not.
macro_rules! decides_check {
    () => {
        fn check(&self) -> Option<&CheckName> {
            Into::into(&self.check)
        }
    };
}
pub(super) use decides_check;

/// The side of the protocol that a scenario tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderTest {
    /// The runner acts as a client.
    Server,
    /// The runner acts as the server.
    Client,
}

/// A kind of step, for documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepKind {
    /// Its name in scenarios.
    pub keyword: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its keys, as a scenario writes them.
    pub example: &'static str,
}
