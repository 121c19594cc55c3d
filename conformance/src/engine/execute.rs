//! How a step is executed: what the engine adds to its definition.

use super::executor::Executor;
use super::failure::StepFailure;
use crate::scenario::step::StepDefinition;

/// A step that the engine can execute.
pub(super) trait Execute: StepDefinition {
    /// Executes the step.
    ///
    /// # Errors
    /// If the subject does not do what the step requires, or the step is not possible.
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure>;
}
